import Domain
import Sandbox
import Simulation
import Storage
import Sync
import Testing

@Suite("Stored events are received again when a person asks")
struct ReplayTests {
    private static let ever = EventReplay(from: .moment(Timestamp(unixSeconds: 0)))

    private func replays(_ world: World) async throws -> [AuditEntry] {
        let tenant = world.nord.tenant
        return try await world.database.read { try AuditTable.list($0, tenant: tenant, subjects: ["events"]) }
    }

    /// Events of nothing of ours, a second apart from `first`.
    private func plant(_ count: Int, from first: Timestamp, _ world: World, type: String = "charge.failed") async throws
    {
        let tenant = world.nord.tenant
        try await world.database.write { db in
            for number in 0..<count {
                let event = StoredEvent(
                    eventID: "evt_\(type)_\(number)", type: type, objectID: "ch_other", isLive: false, body: [1],
                    receivedAt: first.adding(seconds: Int64(number)), state: .ignored, reason: "not ours")
                _ = try EventsTable.insert(db, tenant: tenant, event)
            }
        }
    }

    @Test("All events of what was paid and refunded, received again, post and tell nothing a second time")
    func nothingTwice() async throws {
        let world = try await World(seed: 3)
        let (document, made) = try await world.pushAndPay()
        try world.stripe.dispute(charge: made.charge)
        try await world.quiet()
        let events = try await world.events()
        let (payments, writes) = (world.vismaRows("payment"), world.writeCount())
        try #require(payments.count == 1)
        let outcome = try await world.admin().replay(Self.ever, of: world.nord.tenant)
        #expect(Set(outcome.events.map(\.eventID)) == Set(events.map(\.eventID)))
        #expect(outcome.left == 0)
        #expect(try await world.events().allSatisfy { $0.state == .received && $0.reason == nil })
        // What waits to be looked at is not received once more.
        #expect(try await world.admin().replay(Self.ever, of: world.nord.tenant).events.isEmpty)
        try await world.quiet()
        let after = try await world.events()
        #expect(after.map(\.eventID) == events.map(\.eventID))
        #expect(after.map(\.state) == events.map(\.state))
        #expect(after.map(\.deliveries) == events.map(\.deliveries))
        #expect(world.vismaRows("payment") == payments)
        #expect(world.writeCount() == writes)
        #expect(try await world.link(document)?.state == .settled)
        try await Soundness.expect(world, "all events received again")
        let entries = try await replays(world)
        #expect(entries.map(\.actor) == ["cli:proof"])
        #expect(entries.first?.details.contains("\"events\":\"\(events.count)\"") == true)
    }

    @Test("What was ignored and is of use after all is booked once it is received again, and once only")
    func redrive() async throws {
        let world = try await World(seed: 3)
        let document = try world.addInvoice()
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id)
        await world.deliverAll()
        let tenant = world.nord.tenant
        let lost = try await world.database.write { db in
            let unread = try EventsTable.nextReceived(db, tenant: tenant, limit: 100)
            for event in unread {
                try EventsTable.markIgnored(db, tenant: tenant, eventID: event.eventID, reason: "a defect")
            }
            return unread.map(\.eventID)
        }
        try #require(!lost.isEmpty)
        try await world.quiet()
        #expect(world.vismaRows("payment").isEmpty)
        for _ in 0..<2 {
            let replay = EventReplay(ids: lost)
            #expect(try await world.admin().replay(replay, of: tenant).events.map(\.eventID).sorted() == lost.sorted())
            try await world.quiet()
            #expect(world.vismaRows("payment").count == 1)
        }
        try await Soundness.expect(world, "received again")
    }

    @Test("A minute lets so many through, oldest first, and says how many are left")
    func limit() async throws {
        let world = try await World(seed: 3)
        let (tenant, most) = (world.nord.tenant, TenantAdmin.replayedPerMinuteMax)
        try await plant(most + 30, from: world.now().adding(seconds: -86_400), world)
        let ignored = EventReplay(state: .ignored)
        #expect(try await world.admin().countReplayable(ignored, of: tenant) == most + 30)
        #expect(try await world.admin().replay(EventReplay(ids: ["evt_charge.failed_7"]), of: tenant).left == 0)
        let first = try await world.admin().replay(ignored, of: tenant)
        #expect(first.events.count == most - 1)
        #expect(first.events.map(\.receivedAt) == first.events.map(\.receivedAt).sorted())
        #expect(first.left == 30)
        let error = await #expect(throws: ConnectorError.self) {
            try await world.admin().replay(ignored, of: tenant)
        }
        #expect(error?.code == "replay.too_many")
        world.clock.advance(bySeconds: 61)
        var rest = ignored
        rest.after = first.events.last?.eventID
        #expect(try await world.admin().replay(rest, of: tenant).events.count == 30)
        #expect(try await world.admin().countReplayable(ignored, of: tenant) == 0)
        #expect(try await replays(world).count == 3)
    }

    @Test("A day is the company's own, and its end is the next one's beginning; a time is exact")
    func range() async throws {
        let world = try await World(seed: 3)
        let tenant = world.nord.tenant
        // Midnight in Oslo, in winter.
        let midnight = try #require(Timestamp("2026-11-01T23:00:00Z"))
        let day = try #require(LocalDate("2026-11-02"))
        for (type, offset) in [("before", -1), ("first", 0), ("last", 86_399), ("after", 86_400)] as [(String, Int64)] {
            try await plant(1, from: midnight.adding(seconds: offset), world, type: type)
        }
        func found(_ replay: EventReplay) async throws -> Int {
            try await world.admin().countReplayable(replay, of: tenant)
        }
        #expect(try await found(EventReplay(from: .day(day), until: .day(day))) == 2)
        #expect(try await found(EventReplay(from: .day(day))) == 3)
        #expect(try await found(EventReplay(until: .day(day))) == 3)
        #expect(try await found(EventReplay(from: .moment(midnight), until: .moment(midnight))) == 0)
        #expect(try await found(EventReplay(until: .moment(midnight.adding(seconds: 1)))) == 2)
        #expect(try await found(EventReplay(from: .day(day), type: "last", state: .ignored)) == 1)
        #expect(try await found(EventReplay(type: "last", state: .resolved)) == 0)
    }

    @Test("An event that is not there, another company's, and a company that is not active: nothing is changed")
    func refused() async throws {
        let world = try await World(seed: 3)
        try await plant(2, from: world.now(), world)
        let kyst = world.kyst.tenant
        for replay in [EventReplay(ids: ["evt_charge.failed_0"]), EventReplay(state: .ignored, after: "evt_none")] {
            let error = await #expect(throws: ConnectorError.self) {
                try await world.admin().replay(replay, of: kyst)
            }
            #expect(error?.code == "replay.unknown")
        }
        #expect(try await world.admin().replay(EventReplay(state: .ignored), of: kyst).events.isEmpty)
        try await world.apply(state: "paused")
        let error = await #expect(throws: ConnectorError.self) {
            try await world.admin().replay(EventReplay(state: .ignored), of: world.nord.tenant)
        }
        #expect(error?.code == "tenant.not_active")
        #expect(try await world.events().filter { $0.state == .ignored }.count == 2)
        #expect(try await replays(world).isEmpty)
    }
}
