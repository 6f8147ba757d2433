import Foundation
import GRDB
package import Migrations

/// SQLite through GRDB.
///
/// `.pool` is the production engine: one writer and a few readers on threads of their own, so that SQLite never
/// blocks the cooperative pool, WAL, and a commit that is on disk when `write` returns. What waits for the writer
/// together is committed together, as the disk takes longer to confirm a commit than most of them take to be made.
///
/// `.inline` runs the same SQL on the caller, without a thread hop and without suspending, for deterministic
/// simulation. A file survives its handles, and several may be open on one file; without a path the store is in
/// memory and belongs to its handle. It outlives a crash of the process but not of the machine (`synchronous=OFF`).
package final class SQLiteDatabase: Database {
    package enum Mode: Hashable, Sendable {
        case pool(path: String)
        /// Nil: in memory.
        case inline(path: String?)
    }

    package struct Limits: Hashable, Sendable {
        /// How long a statement waits for another connection's lock before `.busy`.
        package var busyTimeoutMilliseconds = 5000
        package var readersMax = 4
        /// 4 KiB pages. SQLite's default of 1,000 costs a quarter of the grouped inserts (facts: storage).
        package var walAutocheckpointPages = 10_000
        /// Of each connection. Events of many tenants touch many index pages at once, which SQLite's default of 2 MiB
        /// does not hold.
        package var cacheKibibytes = 16 * 1024
        package init() {}
    }

    private enum Engine {
        case pool(DatabasePool)
        case queue(DatabaseQueue)
    }

    package var dialect: MigrationFile.Dialect { .sqlite }

    private let engine: Engine
    private let waiting = WaitingWrites()
    private let beforeCommit: (@Sendable () throws -> Void)?

    /// Opens the store, creating its file with mode 0600 when there is none. `beforeCommit` is a seam for tests: it
    /// runs after the bodies of what is committed together, and what it throws makes the commit fail.
    package init(
        _ mode: Mode, limits: Limits = Limits(), beforeCommit: (@Sendable () throws -> Void)? = nil
    ) throws {
        self.beforeCommit = beforeCommit
        let configuration = Self.configuration(mode, limits: limits)
        do {
            switch mode {
            case .pool(let path):
                try Self.createFile(path)
                let pool = try DatabasePool(path: path, configuration: configuration)
                // GRDB sets NORMAL on the writer after `prepareDatabase`: without this line a commit that was
                // answered with 2xx could be lost with the machine's power.
                try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
                engine = .pool(pool)
            case .inline(let path?):
                try Self.createFile(path)
                let queue = try DatabaseQueue(path: path, configuration: configuration)
                try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = OFF") }
                engine = .queue(queue)
            case .inline(nil):
                engine = .queue(try DatabaseQueue(configuration: configuration))
            }
        } catch {
            throw Self.understood(error, while: "opening the database")
        }
    }

    private static func configuration(_ mode: Mode, limits: Limits) -> Configuration {
        var configuration = Configuration()
        configuration.label = "storage"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(TimeInterval(limits.busyTimeoutMilliseconds) / 1000)
        configuration.maximumReaderCount = limits.readersMax
        if mode != .inline(path: nil) { configuration.journalMode = .wal }
        let pages = limits.walAutocheckpointPages
        let cache = limits.cacheKibibytes
        configuration.prepareDatabase {
            try $0.execute(sql: "PRAGMA wal_autocheckpoint = \(pages)")
            try $0.execute(sql: "PRAGMA cache_size = -\(cache)")
        }
        return configuration
    }

    /// SQLite gives its `-wal` and `-shm` files the mode of the database file.
    private static func createFile(_ path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw StorageError(.notWritable, "cannot open the database file \(path): \(reason)")
        }
        close(descriptor)
    }

    package nonisolated(nonsending) func read<R: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> R
    ) async throws -> R {
        switch engine {
        case .queue(let queue): return try Self.readInline(queue, body)
        case .pool(let pool):
            return try await withCheckedThrowingContinuation { continuation in
                pool.asyncRead { opened in
                    continuation.resume(with: Self.outcome { try body(SQLiteConnection(opened.get())) })
                }
            }
        }
    }

    @discardableResult
    package nonisolated(nonsending) func write<R: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> R
    ) async throws -> R {
        switch engine {
        case .queue(let queue): return try writeInline(queue, body)
        case .pool(let pool):
            return try await withCheckedThrowingContinuation { continuation in
                waiting.add(WaitingWrite(body, continuation))
                pool.asyncWriteWithoutTransaction { [waiting, beforeCommit] database in
                    Self.transact(database, waiting.next(), beforeCommit: beforeCommit)
                }
            }
        }
    }

    /// Writes that have not begun.
    package var waitingCount: Int { waiting.count }

    /// What `PRAGMA name` answers on the writer that is in use.
    package nonisolated(nonsending) func pragma(_ name: String) async throws -> String {
        guard !name.isEmpty, name.utf8.allSatisfy({ (97...122).contains($0) || $0 == 95 }) else {
            throw StorageError(.invalidArgument, "a pragma's name is lower-case letters and underscores")
        }
        let ask: @Sendable (GRDB.Database) throws -> String = { database in
            try String.fetchOne(database, sql: "PRAGMA \(name)") ?? ""
        }
        switch engine {
        case .queue(let queue): return try Self.pragmaInline(queue, ask)
        case .pool(let pool):
            return try await withCheckedThrowingContinuation { continuation in
                pool.asyncWriteWithoutTransaction { database in
                    continuation.resume(with: Self.outcome { try ask(database) })
                }
            }
        }
    }

    package nonisolated(nonsending) func durability() async throws -> [DurabilitySetting] {
        let fault = "this is a fault of the connector, please report it"
        return [
            try await setting("synchronous", good: "2", "a commit could be lost with the power: \(fault)"),
            try await setting("journal_mode", good: "wal", "readers would wait for the writer: \(fault)"),
        ]
    }

    private nonisolated(nonsending) func setting(
        _ name: String, good: String, _ remedy: String
    ) async throws -> DurabilitySetting {
        let value = try await pragma(name)
        return DurabilitySetting(
            check: "sqlite_\(name)", name: name, value: value, isGood: value == good, remedy: remedy)
    }

    /// Waits for what is under way and closes all connections; later use throws.
    package func shutDown() throws {
        switch engine {
        case .pool(let pool): try pool.close()
        case .queue(let queue): try queue.close()
        }
    }
}

// The synchronous half: functions of their own, as GRDB's asynchronous overloads would be preferred in an async one.
extension SQLiteDatabase {
    private static func readInline<R: Sendable>(
        _ queue: DatabaseQueue, _ body: (any SQLConnection) throws -> R
    ) throws -> R {
        try outcome { try queue.read { try body(SQLiteConnection($0)) } }.get()
    }

    private func writeInline<R: Sendable>(
        _ queue: DatabaseQueue, _ body: (any SQLConnection) throws -> R
    ) throws -> R {
        try Self.outcome {
            try queue.writeWithoutTransaction { try Self.transact($0, body, beforeCommit: beforeCommit) }
        }.get()
    }

    private static func pragmaInline(
        _ queue: DatabaseQueue, _ ask: (GRDB.Database) throws -> String
    ) throws -> String {
        try outcome { try queue.writeWithoutTransaction(ask) }.get()
    }

    /// One transaction for all of them, in which each is a savepoint: what one does is undone when it throws, and the
    /// others do not notice. When the whole cannot be committed nothing of any is, and each hears why.
    private static func transact(
        _ database: GRDB.Database, _ writes: [WaitingWrite], beforeCommit: (() throws -> Void)?
    ) {
        guard !writes.isEmpty else { return }
        var ended: [WaitingWrite.Ended] = []
        do {
            try database.beginTransaction(.immediate)
            for write in writes { ended.append(try run(write, isAlone: writes.count == 1, database)) }
            if ended.contains(where: { $0.failure == nil }) { try beforeCommit?() }
            try database.commit()
            for one in ended { one.tell(nil) }
        } catch {
            // The first error is the one to tell.
            if database.isInsideTransaction { try? database.rollback() }
            let reason = understood(error, while: "using the database")
            for one in ended { one.tell(reason) }
            for write in writes.dropFirst(ended.count) { write.refuse(reason) }
        }
    }

    /// Throws when the transaction of all is gone with it.
    private static func run(
        _ write: WaitingWrite, isAlone: Bool, _ database: GRDB.Database
    ) throws -> WaitingWrite.Ended {
        if !isAlone { try database.execute(sql: "SAVEPOINT one_write") }
        let ended = write.run(SQLiteConnection(database))
        if let failure = ended.failure {
            // SQLite rolls some failures back by itself, all of the transaction (disk full).
            guard !isAlone, database.isInsideTransaction else { throw failure }
            try database.execute(sql: "ROLLBACK TO SAVEPOINT one_write")
        }
        if !isAlone { try database.execute(sql: "RELEASE SAVEPOINT one_write") }
        return ended
    }

    private static func transact<R>(
        _ database: GRDB.Database, _ body: (any SQLConnection) throws -> R, beforeCommit: (() throws -> Void)?
    ) throws -> R {
        // Immediate: a transaction that reads first and writes later must not find another writer in between.
        try database.beginTransaction(.immediate)
        do {
            let connection = SQLiteConnection(database)
            let result = try body(connection)
            if let failure = connection.failure { throw failure }
            try beforeCommit?()
            try database.commit()
            return result
        } catch {
            // SQLite rolls some failures back by itself (disk full); the first error is the one to tell.
            if database.isInsideTransaction { try? database.rollback() }
            throw error
        }
    }

    private static func outcome<R>(_ body: () throws -> R) -> Result<R, any Error> {
        do {
            return .success(try body())
        } catch {
            return .failure(understood(error, while: "using the database"))
        }
    }

    /// GRDB's errors as ours; all others as they are.
    private static func understood(_ error: any Error, while doing: String) -> any Error {
        guard let failure = error as? DatabaseError else { return error }
        return StorageError(sqlite: failure, while: doing)
    }
}
