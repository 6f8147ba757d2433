import LibCrypto
import Storage

/// A database as `serve` opens it, with what it says of its own durability.
protocol StageEngine: Sendable {
    var name: String { get }
    var database: any Database { get }
    /// Times so far that it has waited for its log to be on disk.
    func syncs() async throws -> Int
    func end() throws
}

/// A file, with `synchronous=FULL`.
struct SQLiteStage: StageEngine {
    let name = "sqlite"
    private let file: SQLiteDatabase
    private let commits: Stage.Counter

    init(_ directory: String) throws {
        let commits = Stage.Counter()
        self.commits = commits
        file = try SQLiteDatabase(.pool(path: directory + "/ml-connector.sqlite"), beforeCommit: { commits.add() })
    }

    var database: any Database { file }
    /// Each transaction is a sync of the log, or more where the log is moved into the file.
    func syncs() async throws -> Int { commits.value }
    func end() throws { try file.shutDown() }
}

#if POSTGRES
    /// A server of its own with the settings that a server has.
    struct PostgresStage: StageEngine {
        let name = "postgres"
        private let cluster: PrivateCluster
        private let server: PostgresDatabase

        init() throws {
            cluster = try PrivateCluster(.full, password: hex(try secureRandomBytes(16)))
            server = PostgresDatabase(try PostgresAddress(url: try cluster.makeDatabase("bench")))
        }

        var database: any Database { server }

        /// As the server counts them; a session's last second may be missing.
        func syncs() async throws -> Int {
            try await server.read { try $0.query("SELECT wal_sync FROM pg_stat_wal").first?.int("wal_sync") ?? 0 }
        }

        func end() {
            server.shutDown()
            cluster.stop()
        }
    }
#endif
