import Dispatch
import Domain
import Storage
import Synchronization
import Testing

@Suite("SQLite: writes that are committed together")
struct WaitingWritesTests {
    private struct Undo: Error, Equatable {}

    /// The store with its writer held until so many writes wait for it, and how often it has committed since.
    private struct Held {
        let store: Store
        let commits = Commits()
        let isBroken = Flag()

        init() async throws {
            let (commits, isBroken) = (commits, isBroken)
            store = try await Store(.pool) {
                commits.add()
                if isBroken.value { throw StorageError(.diskFull, "planted") }
            }
            commits.clear()
        }

        final class Commits: Sendable {
            private let count = Atomic<Int>(0)
            func add() { count.wrappingAdd(1, ordering: .relaxed) }
            func clear() { count.store(0, ordering: .relaxed) }
            var value: Int { count.load(ordering: .relaxed) }
        }

        /// What each of them ended with, by its number.
        func run(
            _ count: Int, _ body: @escaping @Sendable (Int, any SQLConnection) throws -> Void
        ) async throws -> [Int: Result<Void, any Error>] {
            let database = try store.sqlite
            let release = DispatchSemaphore(value: 0)
            let (entered, signal) = AsyncStream.makeStream(of: Void.self)
            async let holder: DispatchTimeoutResult = database.write { _ in
                signal.finish()
                return release.wait(timeout: .now() + 20)
            }
            for await _ in entered {}
            let results = await withTaskGroup(of: (Int, Result<Void, any Error>).self) { group in
                for number in 0..<count {
                    group.addTask {
                        do {
                            try await database.write { try body(number, $0) }
                            return (number, .success(()))
                        } catch {
                            return (number, .failure(error))
                        }
                    }
                }
                while database.waitingCount < count { await Task.yield() }
                commits.clear()
                release.signal()
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            #expect(try await holder == .success)
            return results
        }

        static func subject(_ number: Int) -> Subject {
            .document(DocumentRef(type: .invoice, number: String(number)))
        }

        static func dirty(_ number: Int, _ db: any SQLConnection) throws {
            try WorkTable.dirty(db, tenant: nord, subject: subject(number), cause: "poll", dueAt: now)
        }

        /// The numbers of those that are in the database.
        func stored() async throws -> Set<Int> {
            let items = try await store.database.read { try WorkTable.dirtyList($0, tenant: nord, limit: 1000) }
            return Set(
                items.compactMap { item in
                    guard case .document(let document) = item.subject else { return nil }
                    return Int(document.number)
                })
        }
    }

    @Test("what waits together takes few commits, and one that fails is undone alone, with its own error")
    func together() async throws {
        let held = try await Held()
        let results = try await held.run(150) { number, db in
            try Held.dirty(number, db)
            if number % 10 == 3 { throw Undo() }
            // Refused by the engine, and the closure goes on all the same.
            if number % 10 == 7 {
                _ = try? WorkTable.dirty(
                    db, tenant: TenantID("nobody"), subject: Held.subject(number), cause: "poll", dueAt: now)
            }
        }
        for (number, result) in results {
            switch (number % 10, result) {
            case (3, .failure(let error)): #expect(error is Undo)
            case (7, .failure(let error)): #expect((error as? StorageError)?.code == .foreignKeyViolation)
            case (3, .success), (7, .success): Issue.record("\(number) did not fail")
            case (_, .failure(let error)): Issue.record("\(number): \(error)")
            case (_, .success): break
            }
        }
        #expect(try await held.stored() == Set((0..<150).filter { ![3, 7].contains($0 % 10) }))
        // One is the holder's own; the others are 64 at most.
        #expect(held.commits.value == 4)
    }

    @Test("when the commit fails, each of them hears it and nothing of any is there")
    func failedCommit() async throws {
        let held = try await Held()
        let again = try await held.run(10) { number, db in
            if number == 5 { held.isBroken.value = true }
            try Held.dirty(number, db)
        }
        for (number, result) in again {
            #expect(code { try result.get() } == .diskFull, "\(number)")
        }
        held.isBroken.value = false
        #expect(try await held.stored() == [])
        try await held.store.database.write { try Held.dirty(1, $0) }
        #expect(try await held.stored() == [1])
    }

    @Test("when the disk is full for one of them, what was told to be committed is there and nothing else")
    func diskFull() async throws {
        let held = try await Held()
        let pages = try #require(Int(try await held.store.sqlite.pragma("page_count")))
        let results = try await held.run(20) { number, db in
            try Held.dirty(number, db)
            guard number == 10 else { return }
            try db.executeScript("PRAGMA max_page_count = \(pages + 2)")
            for event in 0..<200 {
                _ = try EventsTable.insert(
                    db, tenant: nord,
                    StoredEvent(
                        eventID: "evt_\(event)", type: "charge.failed", objectID: nil, isLive: false,
                        body: [UInt8](repeating: 1, count: 3000), receivedAt: now))
            }
        }
        let told = results.filter { result in code { try result.value.get() } == nil }.keys
        #expect(try await held.stored() == Set(told))
        #expect(code { try results[10]?.get() } == .diskFull)
        #expect(try await held.store.database.read { try EventsTable.countByState($0, tenant: nord) } == [:])
    }
}
