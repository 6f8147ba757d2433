import Foundation
import Testing

#if POSTGRES
    import Storage
#endif

/// What keeps the rows of the server that is killed.
enum KillEngine: String {
    case sqlite
    #if POSTGRES
        case postgres
    #endif

    /// By the environment of the test run: `make prove` plays everything on PostgreSQL too.
    static func chosen() throws -> KillEngine {
        let name = ProcessInfo.processInfo.environment["ML_CONNECTOR_KILL_ENGINE"] ?? sqlite.rawValue
        return try #require(KillEngine(rawValue: name), "ML_CONNECTOR_KILL_ENGINE is '\(name)'")
    }
}

/// The rows of one bench, on either engine, as another program reads them.
final class KillRows {
    /// What `MLC_DATABASE` is: a file, or a server's socket, where no password is needed.
    let database: String
    /// Lines of Python that define `rows(text)`, which answers what a query finds in `database`, the first argument.
    let reader: String
    private let end: () -> Void

    init(_ engine: KillEngine, _ tool: Tool) throws {
        switch engine {
        case .sqlite:
            database = tool.database
            reader = """
                import sqlite3
                db = sqlite3.connect(sys.argv[1], timeout=10)
                rows = lambda text: db.execute(text).fetchall()
                """
            end = {}
        #if POSTGRES
            case .postgres:
                let cluster = try PrivateCluster(.full, password: tool.directory.lastPathComponent.filter(\.isHexDigit))
                database = cluster.socketURL
                // A distribution's `psql` on the path may be a slow wrapper.
                reader = """
                    import csv, glob, io, shutil, subprocess
                    psql = sorted(glob.glob("/usr/lib/postgresql/*/bin/psql")) or [shutil.which("psql")]
                    def rows(text):
                        command = [psql[-1], "-X", "-t", "--csv", "-d", sys.argv[1], "-c", text]
                        done = subprocess.run(command, check=True, capture_output=True, text=True)
                        return list(csv.reader(io.StringIO(done.stdout)))
                    """
                end = { cluster.stop() }
        #endif
        }
    }

    deinit { end() }
}
