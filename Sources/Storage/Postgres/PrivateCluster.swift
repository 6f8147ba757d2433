import Foundation
import Synchronization

/// A PostgreSQL server of one's own, for a demo or for tests: on a free port of this machine's loopback address and on
/// a socket, with its files in a directory of its own.
///
/// It ends with `stop`, and with this process however that dies: the server is the child of a shell that waits for the
/// end of a pipe which only this process holds.
package final class PrivateCluster: Sendable {
    package enum Durability: Sendable {
        /// As a server is.
        case full
        /// Nothing is forced to disk: for data that nobody keeps.
        case none
    }

    /// Another process may take a port between its choice and its use.
    private static let startsMax = 3
    private static let connectionsMax = 200
    private static let user = "connector"

    /// The database `postgres`, by the loopback port and a password.
    package let url: String
    /// The same by the socket, which only this user reaches, without a password.
    package let socketURL: String

    private let files: ClusterFiles

    /// - Parameter password: of letters and digits, for connections by the port.
    package init(_ durability: Durability, password: String) throws {
        let tools = try Self.tools()
        var attempt = 1
        while true {
            let files = try ClusterFiles(password: password)
            do {
                let port = try Self.freePort()
                try Self.start(files, tools, port, durability)
                self.files = files
                url = "postgres://\(Self.user):\(password)@127.0.0.1:\(port)/postgres"
                socketURL = "postgres://\(Self.user)@/postgres?host=\(files.path)&port=\(port)"
                return
            } catch {
                files.letGo()
                attempt += 1
                if attempt > Self.startsMax { throw error }
            }
        }
    }

    /// Ends the server at once and removes its files.
    package func stop() { files.letGo() }

    /// Makes a database, as a copy of `template` where one is given, and answers its URL by the socket. Waits on the
    /// caller's thread.
    @discardableResult
    package func makeDatabase(_ name: String, from template: String = "template1") throws -> String {
        let session = PostgresSession(try PostgresAddress(url: socketURL), limits: PostgresDatabase.Limits())
        do {
            try session.open()
            try session.script("CREATE DATABASE \(Self.checked(name)) TEMPLATE \(Self.checked(template))")
        } catch let failure as PostgresFailure {
            throw failure.error
        }
        return url(of: name)
    }

    /// By the socket.
    package func url(of name: String) -> String { socketURL.replacing("@/postgres?", with: "@/\(name)?") }

    /// A database's name cannot be an argument of a statement.
    private static func checked(_ name: String) throws -> String {
        guard name.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil else {
            throw StorageError(.invalidArgument, "a database's name here is lower-case letters, digits and underscores")
        }
        return name
    }

    private static func start(
        _ files: ClusterFiles, _ tools: String, _ port: UInt16, _ durability: Durability
    ) throws {
        let initdb = [
            tools + "/initdb", "--pgdata", files.data, "--username", user, "--pwfile", files.passwordFile,
            "--encoding", "UTF8", "--locale", "C", "--auth-local", "trust", "--auth-host", "scram-sha-256",
            "--no-sync",
        ]
        var options = [
            "listen_addresses=127.0.0.1", "port=\(port)", "unix_socket_directories=\(files.path)",
            "max_connections=\(connectionsMax)",
        ]
        if durability == .none { options += ["fsync=off", "full_page_writes=off"] }
        try files.keep(initdb, then: [tools + "/postgres", "-D", files.data] + options.flatMap { ["-c", $0] })
    }

    /// Where a distribution puts the server's programs; the newest version that is there.
    private static func tools() throws -> String {
        let manager = FileManager.default
        let debian = "/usr/lib/postgresql"
        // DROPPED: where there is no such directory there is no server of Debian's.
        let versions = ((try? manager.contentsOfDirectory(atPath: debian)) ?? [])
            .sorted { $0.compare($1, options: .numeric) == .orderedDescending }.map { "\(debian)/\($0)/bin" }
        let found = (versions + ["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"])
            .first { manager.isExecutableFile(atPath: $0 + "/initdb") }
        guard let found else {
            throw StorageError(.other, "there is no initdb on this machine: install PostgreSQL's server (ops/setup.sh)")
        }
        return found
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw StorageError(.other, "no free port on 127.0.0.1") }
        return UInt16(bigEndian: address.sin_port)
    }
}

/// The directory of a cluster, and the programs that are run in it: as another user when this one is root, which
/// PostgreSQL refuses to run as.
private final class ClusterFiles: Sendable {
    private static let startSecondsMax = 60

    let path: String
    private let owner: (user: uid_t, group: gid_t)?
    /// The shell that keeps the server, and the pipe whose end it waits for.
    private let keeper = Mutex<(process: Process, lifeline: Pipe)?>(nil)

    var data: String { path + "/data" }
    var passwordFile: String { path + "/password" }
    private var log: String { path + "/log" }
    /// Made when the server's process has ended.
    private var ended: String { path + "/ended" }

    init(password: String) throws {
        // Not under TMPDIR: a socket's path may have some hundred characters only, and another user must get there.
        var template = Array("/tmp/ml-connector-postgres-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw StorageError(.ioFailure, "cannot make a directory in /tmp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if geteuid() == 0 {
            guard let entry = getpwnam("postgres") ?? getpwnam("nobody") else {
                throw StorageError(.other, "there is neither a user 'postgres' nor 'nobody' to run PostgreSQL as")
            }
            owner = (entry.pointee.pw_uid, entry.pointee.pw_gid)
        } else {
            owner = nil
        }
        for (file, text) in [(passwordFile, password + "\n"), (log, "")] {
            let isMade = FileManager.default.createFile(
                atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
            guard isMade else { throw StorageError(.ioFailure, "cannot write to \(path)") }
        }
        if let owner {
            for file in [passwordFile, log, path] where chown(file, owner.user, owner.group) != 0 {
                throw StorageError(.ioFailure, "cannot give \(file) to another user")
            }
        }
    }

    /// Starts `preparation` and then `server` under a shell that ends them, and removes the directory, once nobody
    /// holds the pipe any more; waits until the server takes connections. A shell's background job does not hear the
    /// signal, so the preparation comes to its end, and the server is asked until it is up and hears.
    func keep(_ preparation: [String], then server: [String]) throws {
        let script = """
            trap '' INT TERM HUP
            exec 3<&0 </dev/null
            (\(command(preparation)) && exec \(command(server))) 3<&- &
            job=$!
            (cat <&3 >/dev/null; while [ ! -e '\(ended)' ] && kill -QUIT $job; do sleep 0.1; done) 2>/dev/null &
            watch=$!
            wait $job
            : >'\(ended)'
            wait $watch
            rm -rf '\(path)'
            """
        let lifeline = Pipe()
        // Another child of this process must not hold it.
        _ = fcntl(lifeline.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        let process = try shell(script)
        process.standardInput = lifeline
        try Self.start(process)
        keeper.withLock { $0 = (process, lifeline) }
        let patience = ContinuousClock.now + .seconds(Self.startSecondsMax)
        while !isReady() {
            if FileManager.default.fileExists(atPath: ended) || ContinuousClock.now > patience {
                throw failure(server[0])
            }
            usleep(20_000)
        }
    }

    /// Ends the server, if one runs, and removes everything.
    func letGo() {
        if let (process, lifeline) = keeper.withLock({ $0 }) {
            try? lifeline.fileHandleForWriting.close()
            process.waitUntilExit()
        }
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The last line of the server's own file says how it is. While it is being written there may be none.
    private func isReady() -> Bool {
        guard let bytes = FileManager.default.contents(atPath: data + "/postmaster.pid") else { return false }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").last?.hasPrefix("ready") == true
    }

    private func failure(_ program: String) -> StorageError {
        let text = FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let lines = text.split(separator: "\n").suffix(3).joined(separator: " / ")
        return StorageError(.other, "\(program) failed: \(lines)")
    }

    /// A child inherits the thread's blocked signals; a thread of a pool has all blocked, and a shell that hears
    /// nothing of its children waits for ever.
    private static func start(_ process: Process) throws {
        var none = sigset_t()
        var former = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &former)
        defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
        try process.run()
    }

    /// As the owner of the files. No word here has a quote in it.
    private func command(_ words: [String]) -> String {
        var all = words
        if let owner {
            all = ["setpriv", "--reuid=\(owner.user)", "--regid=\(owner.group)", "--clear-groups", "--"] + words
        }
        return all.map { "'\($0)'" }.joined(separator: " ")
    }

    private func shell(_ script: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        process.currentDirectoryURL = URL(fileURLWithPath: path)
        process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C"]
        guard let output = FileHandle(forWritingAtPath: log) else {
            throw StorageError(.ioFailure, "cannot write to \(log)")
        }
        try output.seekToEnd()
        process.standardOutput = output
        process.standardError = output
        return process
    }
}
