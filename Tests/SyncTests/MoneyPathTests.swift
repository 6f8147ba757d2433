import Domain
import Sandbox
import Simulation
import Storage
import Testing

@testable import Sync

@Suite("Where money could go astray")
struct MoneyPathTests {
    @Test("Two Visma customers with one mailbox do not share a Stripe customer")
    func sharedMailbox() async throws {
        let world = try await World(seed: 21)
        let existing = try world.addStripeCustomer(["name": "Konsern", "email": "faktura@konsern.invalid"])
        var documents: [DocumentRef] = []
        for name in ["Konsern Nord AS", "Konsern Sør AS"] {
            let customer = try world.visma.addCustomer(
                VismaCustomerSeed(name: name, invoiceEmail: "faktura@konsern.invalid"), in: world.nord.vismaTenant)
            documents.append(try world.addInvoice(of: customer))
        }
        try await world.quiet()
        var customers: [String] = []
        for document in documents {
            customers.append(try #require(try await world.link(document)?.stripeCustomer).rawValue)
        }
        #expect(Set(customers).count == 2)
        #expect(customers.contains(existing))
    }

    @Test("A payment that a person voids while its outcome is unknown is a review, never booked again")
    func voidedMeanwhile() async throws {
        let world = try await World(seed: 22)
        let document = try world.addInvoice()
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id)
        let aimed = AimedFault(.lostAnswer, on: Step.createPayment)
        world.transport.aim { aimed.strike($0) }
        await world.deliverAll()
        try await world.turn(world.nord.tenant)
        #expect(aimed.didStrike)
        world.transport.aim(nil)
        let number = try #require(world.vismaRows("payment").first?["number"]?.stringValue)
        try world.visma.releasePayment(number, in: world.nord.vismaTenant)
        try world.visma.voidPayment(number, in: world.nord.vismaTenant)
        try await world.quiet()
        let made = world.vismaRows("payment").filter { $0["type"]?.stringValue == "Payment" }
        #expect(made.count == 1)
        #expect(try await !world.openReviews().isEmpty)
    }

    @Test("A payment whose webhooks are all lost is booked once, when Stripe's events are caught up with")
    func lostWebhooks() async throws {
        let world = try await World(seed: 23)
        let document = try world.addInvoice()
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id)
        // Stripe believes them delivered: it will not send them again.
        for delivery in world.stripe.takeDeliveries() { world.stripe.report(delivery, status: 200) }
        try await world.turn(world.nord.tenant)
        #expect(world.vismaRows("payment").isEmpty)
        for _ in 0..<2 {
            world.clock.advance(bySeconds: CatchUp.sweepSeconds + 1)
            try await world.turn(world.nord.tenant)
        }
        #expect(world.vismaRows("payment").count == 1)
        try await world.quiet()
        try await Soundness.expect(world, "webhooks lost")
    }
}
