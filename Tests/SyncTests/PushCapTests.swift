import Domain
import Sandbox
import Simulation
import Storage
import Sync
import Testing

/// More pushes than the policy lets go within an hour.
@Suite("The cap on pushes, and a person's word")
struct PushCapTests {
    private func held(_ world: World) async throws -> [DocumentRef] {
        try await world.openReviews().filter { $0.code == "push_cap" }.compactMap { review in
            if case .document(let document) = review.subject { document } else { nil }
        }
    }

    @Test("What is over it waits for a person, not for the hour; confirmed it goes, once, and the next hour is free")
    func confirmed() async throws {
        let world = try await World(seed: 71, policy: ["push_cap: {invoices_per_hour: 3}"])
        let customer = try world.addCustomer()
        let documents = try (0..<8).map { _ in try world.addInvoice(of: customer) }
        try await world.quiet()
        let waiting = try await held(world)
        #expect(waiting.count == 5)
        #expect(world.stripe.invoices().count == 3)

        // Neither time nor a change in Visma lets one go.
        world.clock.advance(bySeconds: 2 * 3600)
        try world.visma.editNote(of: waiting[0].number, to: "Ring først", in: world.nord.vismaTenant)
        try await world.admin().syncNow(world.nord.tenant, document: waiting[1])
        try await world.quiet()
        #expect(try await held(world) == waiting)

        // What comes in another hour has that hour's room.
        let next = try world.addInvoice(of: customer)
        try await world.quiet()
        #expect(world.pushed(next).count == 1)

        try await world.admin().push(waiting[0], of: world.nord.tenant, reason: "this one")
        try await world.quiet()
        #expect(world.pushed(waiting[0]).count == 1)
        #expect(try await held(world).count == 4)

        #expect(try await world.admin().confirmPushes(of: world.nord.tenant, reason: "looked through") == 4)
        #expect(try await world.admin().confirmPushes(of: world.nord.tenant, reason: "again") == 0)
        try await world.quiet()
        for document in documents { #expect(world.pushed(document).count == 1) }
        #expect(try await Soundness.reviewCodes(world) == [])
        let trail = try await world.database.read { [tenant = world.nord.tenant] db in
            try AuditTable.list(db, tenant: tenant, limit: 1000).filter { $0.action == "push.confirm" }
        }
        #expect(trail.count == 4)
        #expect(trail.allSatisfy { $0.actor == "cli:simulation" || $0.actor.hasPrefix("cli:") })

        // What was confirmed counts: there is no room in this hour for another.
        let late = try world.addInvoice(of: customer)
        try await world.quiet()
        #expect(try await held(world) == [late])
        #expect(try await world.admin().confirmPushes(of: world.nord.tenant, reason: "that too") == 1)
        try await world.quiet()
        try await Soundness.expect(world, "confirmed")
    }

    @Test("The sum of a currency is held against its own cap")
    func amounts() async throws {
        let world = try await World(seed: 72, policy: ["push_cap: {amount_per_hour: {NOK: \"3000\"}}"])
        let customer = try world.addCustomer()
        for _ in 0..<4 { _ = try world.addInvoice("1000", of: customer) }
        let euros = try world.addInvoice("9000", of: customer) { $0.currency = "EUR" }
        try await world.quiet()
        #expect(try await held(world).count == 2)
        #expect(world.pushed(euros).count == 1)
        let found = try await world.openReviews().map(\.found)
        #expect(
            found.allSatisfy { $0.hasPrefix("2500.00 NOK was pushed within the hour; with 1250.00 NOK") }, "\(found)")
        #expect(try await world.admin().confirmPushes(of: world.nord.tenant, reason: "fine") == 2)
        try await world.quiet()
        #expect(try await held(world).isEmpty)
        try await Soundness.expect(world, "two sums")
    }

    @Test("A push that Stripe refuses takes no room, and one whose answer is lost takes it once")
    func counted() async throws {
        let world = try await World(seed: 73, policy: ["push_cap: {invoices_per_hour: 2}"])
        let customer = try world.addCustomer()
        let refused = try world.addInvoice(of: customer) { $0.currency = "GBP" }
        try await world.quiet()
        #expect(world.pushed(refused).isEmpty)
        let lost = AimedFault(.lostAnswer, on: Step.createInvoice)
        world.transport.aim { lost.strike($0) }
        let documents = try (0..<3).map { _ in try world.addInvoice(of: customer) }
        try await world.quiet()
        #expect(lost.didStrike)
        #expect(documents.filter { world.pushed($0).count == 1 }.count == 2)
        #expect(try await held(world).count == 1)
        let tally = try await world.database.read { [tenant = world.nord.tenant] db in
            try PushesTable.tally(db, tenant: tenant, since: World.start)
        }
        #expect(tally == PushTally(invoices: 2, amounts: [.nok: 250_000, Currency("GBP")!: 0]))
    }
}
