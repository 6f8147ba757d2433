import Domain
import Sandbox
import Simulation
import Storage
import Testing

@testable import Sync

@Suite("Visma's lists are read again from a date when a person asks")
struct BackfillTests {
    private func set(_ value: String, _ world: World) async throws {
        let (tenant, now) = (world.nord.tenant, world.now())
        try await world.database.write { db in
            for stream in Poller.streams {
                try CursorsTable.set(db, tenant: tenant, stream: stream, StreamCursor(value: value, sweptAt: now))
            }
        }
    }

    private func day(_ text: String) throws -> LocalDate { try #require(LocalDate(text)) }

    @Test("What a poll has missed is found and pushed once; what is known makes no work")
    func missed() async throws {
        let world = try await World(seed: 5)
        let known = try world.addInvoice()
        try await world.quiet()
        try await set("2026-12-31T00:00:00", world)
        let document = try world.addInvoice()
        world.clock.advance(bySeconds: 3600)
        try await world.quiet()
        #expect(world.pushed(document).isEmpty)
        let moved = try await world.admin().backfill(world.nord.tenant, from: day("2026-11-20"))
        #expect(moved == Poller.streams)
        let report = try #require(try await world.turn(world.nord.tenant))
        #expect(report.rowsChanged == 1)
        try await world.quiet()
        #expect(world.pushed(document).count == 1)
        #expect(world.pushed(known).count == 1)
        #expect(try await world.cursor(.vismaInvoices)?.value.hasPrefix("2026-11") == true)
        let tenant = world.nord.tenant
        let asked = try await world.database.read { try AuditTable.list($0, tenant: tenant, limit: 1000) }
            .filter { $0.action == "sync.backfill" }
        #expect(asked.map(\.actor) == ["cli:proof"])
        #expect(asked.first?.details.contains("2026-11-20") == true)
        try await Soundness.expect(world, "backfilled")
    }

    @Test("No list is moved forward, and one that is being read does not forget what was asked")
    func cursors() async throws {
        let world = try await World(seed: 5)
        _ = try world.addInvoice()
        try await world.quiet()
        let before = try await world.cursor(.vismaInvoices)?.value
        #expect(try await world.admin().backfill(world.nord.tenant, from: day("2027-01-01")) == [])
        #expect(try await world.cursor(.vismaInvoices)?.value == before)

        let (tenant, admin) = (world.nord.tenant, try world.admin())
        let early = try day("2026-10-02")
        let isAsked = Countdown(1)
        world.interlude { checkpoint in
            guard checkpoint == .pageStored, isAsked.next() else { return }
            _ = try await admin.backfill(tenant, from: early)
        }
        try await world.turn(tenant)
        world.interlude(nil)
        let cursors = try await [world.cursor(.vismaInvoices), world.cursor(.vismaPayments)]
        #expect(cursors.contains { $0?.value == "2026-10-01T00:00:00" && $0?.sweptAt == nil })
        try await world.quiet()
        #expect(try await world.cursor(.vismaInvoices)?.value == before)
    }
}
