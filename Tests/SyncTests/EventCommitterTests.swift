import Dispatch
import Domain
import Foundation
import Simulation
import Storage
import Synchronization
import Testing

@testable import Sync

@Suite("Events committed in groups")
struct EventCommitterTests {
    /// A database whose commits are counted, and one of which can be held.
    private final class Gate: Sendable {
        private let commits = Mutex((count: 0, isHeld: false))
        private let opened = DispatchSemaphore(value: 0)
        private let arrived: AsyncStream<Void>.Continuation
        let arrivals: AsyncStream<Void>

        init() { (arrivals, arrived) = AsyncStream.makeStream(of: Void.self) }

        var count: Int { commits.withLock { $0.count } }
        func hold() { commits.withLock { $0.isHeld = true } }
        func open() { opened.signal() }

        func pass() {
            let waits = commits.withLock { commits in
                commits.count += 1
                defer { commits.isHeld = false }
                return commits.isHeld
            }
            guard waits else { return }
            arrived.yield()
            opened.wait()
        }
    }

    private static let tenants = (0..<3).map { TenantID("door-\($0)") }

    private func event(_ id: String, live: Bool = false, bytes: Int = 20) -> StoredEvent {
        StoredEvent(
            eventID: id, type: "invoice.paid", objectID: "in_1", isLive: live,
            body: [UInt8](repeating: 0x20, count: bytes), receivedAt: World.start)
    }

    private func bench(
        _ body: (EventCommitter, any Database, Gate, World) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "commits-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let gate = Gate()
        let database = try SQLiteDatabase(
            .pool(path: folder.appending(path: "db").path), beforeCommit: { gate.pass() })
        let world = try await World(seed: 1, database: database)
        for tenant in Self.tenants {
            try await database.write {
                try TenantsTable.insert(
                    $0,
                    TenantRecord(
                        id: tenant, name: "\(tenant)", vismaTenant: "v-\(tenant)", mode: .test, state: .active,
                        createdAt: World.start, updatedAt: World.start))
            }
        }
        try await body(EventCommitter(environment: try world.environment()), database, gate, world)
        try database.shutDown()
    }

    /// The outcomes of arrivals that all come while a commit is under way, in order; and how many commits they took.
    private func together(
        _ arrivals: [EventCommitter.Arrival], _ committer: EventCommitter, _ gate: Gate
    ) async -> (outcomes: [EventCommitter.Outcome], commits: Int) {
        gate.hold()
        return await withTaskGroup(of: (Int, EventCommitter.Outcome).self) { group in
            group.addTask {
                (-1, await committer.commit(.init(tenant: Self.tenants[0], event: event("evt_first"))))
            }
            var iterator = gate.arrivals.makeAsyncIterator()
            await iterator.next()
            let before = gate.count
            for (index, arrival) in arrivals.enumerated() {
                group.addTask { (index, await committer.commit(arrival)) }
            }
            while committer.waitingCount < arrivals.count { await Task.yield() }
            gate.open()
            var outcomes = [EventCommitter.Outcome](repeating: .refused, count: arrivals.count)
            for await (index, outcome) in group where index >= 0 { outcomes[index] = outcome }
            return (outcomes, gate.count - before)
        }
    }

    @Test("What comes while a commit is under way shares the next one, and each is told its own outcome")
    func shares() async throws {
        try await bench { committer, database, gate, world in
            let now = world.now()
            try await database.write {
                try TenantsTable.setState($0, tenant: Self.tenants[1], .paused, now: now)
                try TenantsTable.setState($0, tenant: Self.tenants[2], .offboarded, now: now)
            }
            var arrivals = (0..<40).map {
                EventCommitter.Arrival(tenant: Self.tenants[0], event: event("evt_\($0)"))
            }
            arrivals.append(.init(tenant: Self.tenants[0], event: event("evt_7")))
            arrivals.append(.init(tenant: Self.tenants[0], event: event("evt_live", live: true)))
            arrivals.append(.init(tenant: Self.tenants[1], event: event("evt_1")))
            arrivals.append(.init(tenant: Self.tenants[2], event: event("evt_1")))
            arrivals.append(.init(tenant: TenantID("nobody"), event: event("evt_1")))
            let (outcomes, commits) = await together(arrivals, committer, gate)
            #expect(commits == 1)
            #expect(outcomes.enumerated().filter { $0.element == .duplicate }.count == 1)
            #expect(outcomes.filter { $0 == .stored }.count == 42)
            #expect(outcomes.suffix(2) == [.gone, .gone])
            try await database.read { db in
                #expect(try EventsTable.find(db, tenant: Self.tenants[0], eventID: "evt_7")?.deliveries == 2)
                let live = try EventsTable.find(db, tenant: Self.tenants[0], eventID: "evt_live")
                #expect(live?.state == .ignored)
                #expect(live?.reason == "its mode is not the tenant's: live")
                let paused = try EventsTable.find(db, tenant: Self.tenants[1], eventID: "evt_1")
                #expect(paused?.reason == "it waits: the tenant is paused")
                #expect(try EventsTable.list(db, tenant: Self.tenants[2], limit: 5).isEmpty)
            }
        }
    }

    @Test("A row that cannot be stored fails alone")
    func badRow() async throws {
        try await bench { committer, database, gate, _ in
            var arrivals = (0..<5).map {
                EventCommitter.Arrival(tenant: Self.tenants[0], event: event("evt_\($0)"))
            }
            arrivals[2].event.eventID = ""
            let (outcomes, _) = await together(arrivals, committer, gate)
            #expect(outcomes == [.stored, .stored, .notDurable, .stored, .stored])
            let ids = try await database.read { try EventsTable.list($0, tenant: Self.tenants[0], limit: 9) }
            #expect(Set(ids.map(\.eventID)) == ["evt_first", "evt_0", "evt_1", "evt_3", "evt_4"])
        }
    }

    @Test("Beyond its bytes the queue refuses, and takes again once it is empty")
    func bounded() async throws {
        try await bench { committer, _, gate, _ in
            let large = EventCommitter.waitingBytesMax / 2
            gate.hold()
            await withTaskGroup(of: EventCommitter.Outcome.self) { group in
                group.addTask {
                    await committer.commit(.init(tenant: Self.tenants[0], event: event("evt_1", bytes: large)))
                }
                var iterator = gate.arrivals.makeAsyncIterator()
                await iterator.next()
                let refused = await committer.commit(
                    .init(tenant: Self.tenants[0], event: event("evt_2", bytes: large + 1)))
                #expect(refused == .refused)
                gate.open()
                #expect(await group.next() == .stored)
            }
            let taken = await committer.commit(
                .init(tenant: Self.tenants[0], event: event("evt_2", bytes: large + 1)))
            #expect(taken == .stored)
        }
    }
}
