import Domain
import Foundation
import Storage
import Testing

@Suite("SQLite")
struct SQLiteDatabaseTests {
    @Test("the writer in use is durable: WAL, synchronous=FULL, a long autocheckpoint")
    func durability() async throws {
        let store = try await Store(.pool)
        #expect(try await store.sqlite.pragma("synchronous") == "2")
        #expect(try await store.sqlite.pragma("journal_mode") == "wal")
        #expect(try await store.sqlite.pragma("wal_autocheckpoint") == "10000")
        #expect(try await store.sqlite.pragma("busy_timeout") == "5000")
    }

    @Test("a pragma's name cannot carry SQL")
    func pragmaName() async throws {
        let store = try await Store(.inline)
        for name in ["", "synchronous=OFF", "x; DROP TABLE work", "Synchronous"] {
            #expect(await asyncCode { _ = try await store.sqlite.pragma(name) } == .invalidArgument)
        }
    }

    @Test("the file and what lies beside it can be read by their owner only")
    func fileMode() async throws {
        let store = try await Store(.pool)
        for suffix in ["", "-wal", "-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: store.path + suffix)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(suffix)")
        }
    }

    @Test("a path that cannot be opened is named in the error")
    func cannotOpen() throws {
        let error = #expect(throws: StorageError.self) {
            _ = try SQLiteDatabase(.pool(path: "/nonexistent/directory/store.sqlite"))
        }
        #expect(error?.code == .notWritable)
        #expect(error?.text.contains("/nonexistent/directory/store.sqlite") == true)
    }

    @Test("a file that is not a database is told apart")
    func damaged() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/store.sqlite"
        try Data(repeating: 65, count: 8192).write(to: URL(fileURLWithPath: path))
        #expect(throws: StorageError.self) { _ = try SQLiteDatabase(.pool(path: path)) }
        #expect(code { _ = try SQLiteDatabase(.pool(path: path)) } == .damaged)
    }

    @Test("another connection's lock is reported as busy after the timeout, and the write can be run again")
    func busy() async throws {
        let store = try await Store(.pool)
        var limits = SQLiteDatabase.Limits()
        limits.busyTimeoutMilliseconds = 1
        let other = try SQLiteDatabase(.inline(path: store.path), limits: limits)
        let release = DispatchSemaphore(value: 0)
        let (entered, signal) = AsyncStream.makeStream(of: Void.self)
        async let holder: DispatchTimeoutResult = store.database.write { _ in
            signal.finish()
            return release.wait(timeout: .now() + 20)
        }
        for await _ in entered {}
        let failure = await asyncCode { try await other.write { _ in } }
        release.signal()
        #expect(failure == .busy)
        #expect(try await holder == .success)
        try await other.write { db in
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: now)
        }
    }

    @Test("two inline handles on one file see each other's commits")
    func twoHandles() async throws {
        let store = try await Store(.inline)
        let other = try SQLiteDatabase(.inline(path: store.path))
        try await store.database.write { db in
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: now)
        }
        #expect(try await other.read { try WorkTable.find($0, tenant: nord, subject: invoice)?.generation } == 1)
    }

    @Test("inline runs on the caller's thread and never suspends")
    func inline() async throws {
        let database = try SQLiteDatabase(.inline(path: nil))
        let probe = Probe(database)
        #expect(try await probe.staysOnItsThread())
    }

    @Test("SQLite holds no cooperative thread: with every connection blocked, other tasks still run")
    func pool() async throws {
        let store = try await Store(.pool)
        let database = store.database
        let connections = SQLiteDatabase.Limits().readersMax + 1
        let release = DispatchSemaphore(value: 0)
        try await withThrowingTaskGroup(of: DispatchTimeoutResult.self) { group in
            group.addTask { try await database.write { _ in release.wait(timeout: .now() + 20) } }
            for _ in 1..<connections {
                group.addTask { try await database.read { _ in release.wait(timeout: .now() + 20) } }
            }
            group.addTask {
                for _ in 0..<connections { release.signal() }
                return .success
            }
            for try await outcome in group { #expect(outcome == .success) }
        }
    }

    @Test("a full disk is told apart")
    func diskFull() async throws {
        let store = try await Store(.inline)
        let pages = try #require(Int(try await store.sqlite.pragma("page_count")))
        let limited = try SQLiteDatabase(.inline(path: store.path))
        let failure = await asyncCode {
            try await limited.write { db in
                try db.executeScript("PRAGMA max_page_count = \(pages)")
                for number in 0..<200 {
                    _ = try EventsTable.insert(
                        db, tenant: nord,
                        StoredEvent(
                            eventID: "evt_\(number)", type: "charge.failed", objectID: nil, isLive: false,
                            body: [UInt8](repeating: 1, count: 3000), receivedAt: now))
                }
            }
        }
        #expect(failure == .diskFull)
        #expect(try await limited.read { try EventsTable.countByState($0, tenant: nord) } == [:])
    }
}

/// An actor that looks whether a database call leaves it.
private actor Probe {
    private let database: SQLiteDatabase
    private var entered = 0

    init(_ database: SQLiteDatabase) { self.database = database }

    func staysOnItsThread() async throws -> Bool {
        let before = pthread_self()
        var stayed = true
        for _ in 0..<200 {
            let inside = try await database.write { _ in pthread_self() }
            let after = pthread_self()
            stayed = stayed && pthread_equal(before, inside) != 0 && pthread_equal(before, after) != 0
        }
        return stayed
    }
}
