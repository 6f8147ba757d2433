import Domain
import Sandbox
import Simulation
import Storage
import Sync
import Testing

@Suite("One invoice from Visma to Stripe and its payment back")
struct ThinSliceTests {
    @Test("It is pushed with exactly three Stripe writes and the books' own amounts, to the minor unit")
    func push() async throws {
        let world = try await World(seed: 1)
        let document = try world.addInvoice("1000.40")
        try await world.turn(world.nord.tenant)

        let invoice = try world.live(document)
        #expect(invoice.status == "open")
        #expect(invoice.currency == "nok")
        // 1000.40 and 25 % VAT.
        #expect(invoice.total == 125_050)
        #expect(invoice.amountRemaining == 125_050)
        #expect(
            world.stripeWrites() == [
                "POST /v1/webhook_endpoints": 1, "POST /v1/customers": 1, "POST /v1/invoices": 1,
                "POST /v1/invoices/{invoice}/add_lines": 1, "POST /v1/invoices/{invoice}/finalize": 1,
            ])
        #expect(try await world.link(document)?.state == .collecting)
        #expect(try await world.link(document)?.pushedAmount == 125_050)
        try await Soundness.expect(world, "after the push")
    }

    @Test("The second invoice of a customer costs three writes and no search for the customer")
    func second() async throws {
        let world = try await World(seed: 1)
        let customer = try world.addCustomer()
        _ = try world.addInvoice(of: customer)
        try await world.quiet()
        let before = world.stripeWrites().values.reduce(0, +)
        let searches = world.stripe.calls()[world.nord.account]?["GET /v1/customers/search"]
        let document = try world.addInvoice("55", of: customer)
        try await world.quiet()
        #expect(world.stripeWrites().values.reduce(0, +) == before + 3)
        #expect(world.stripe.calls()[world.nord.account]?["GET /v1/customers/search"] == searches)
        #expect(try world.live(document).total == 6_875)
    }

    @Test("Paid in Stripe: one released Visma payment, the invoice closed, the link settled, no drift")
    func payment() async throws {
        let world = try await World(seed: 1)
        let document = try world.addInvoice("1000.40")
        try await world.turn(world.nord.tenant)
        // Killed and started again between push and payment.
        try await world.boot()
        let made = try world.stripe.pay(invoice: world.live(document).id)
        await world.deliverAll()
        try await world.boot()
        try await world.quiet()

        let payments = world.vismaRows("payment")
        #expect(payments.count == 1)
        #expect(payments.first?["reference"]?.stringValue == made.paymentIntent)
        #expect(payments.first?["amount"]?.stringValue == "1250.50")
        #expect(payments.first?["status"]?.stringValue == "Closed")
        #expect(payments.first?["cash_account"]?.stringValue == "15NOK")
        #expect(world.vismaDocument(document)?["status"]?.stringValue == "Closed")
        #expect(try await world.link(document)?.state == .settled)
        #expect(try await world.openReviews().isEmpty)
        #expect(try await world.drift().drift == 0)
        try await Soundness.expect(world, "after the payment")
    }

    @Test("A release that Visma queues is believed only when Visma reads it back", arguments: [0, 20, 7200])
    func queuedRelease(seconds: Int64) async throws {
        let world = try await World(seed: 1)
        try world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.releaseDelaySeconds = seconds }
        let document = try world.addInvoice()
        try await world.turn(world.nord.tenant)
        try world.stripe.pay(invoice: world.live(document).id)
        await world.deliverAll()
        try await world.turn(world.nord.tenant)
        if seconds > 0 { #expect(try await world.link(document)?.state == .collecting) }
        for _ in 0..<40 {
            world.clock.advance(bySeconds: 301)
            try await world.turn(world.nord.tenant)
        }
        #expect(try await world.link(document)?.state == .settled)
        // After an hour a person is told; once it is done that review closes by itself.
        #expect(try await world.openReviews().isEmpty)
        try await Soundness.expect(world, "released after \(seconds) s")
    }

    @Test("Prices with VAT inside, zero-rated lines and a currency without minor units come to the same total")
    func taxes() async throws {
        let world = try await World(seed: 1)
        let inclusive = try world.addInvoice { seed in
            seed.lines = [
                VismaLineSeed("A", quantity: "3", unitPrice: "33.33"),
                VismaLineSeed("B", unitPrice: "100", vat: .zero),
                VismaLineSeed("C", unitPrice: "12.50", vat: .middle15),
            ]
            seed.pricesIncludeVAT = true
        }
        let yen = try world.addInvoice("12345", in: world.kyst) {
            $0.currency = "JPY"
            $0.exchangeRate = "0.05"
        }
        try await world.quiet()
        #expect(try world.live(inclusive).total == 21_249)
        #expect(try world.live(yen, in: world.kyst).total == 15_431)
        try await Soundness.expect(world, "unusual taxes")
    }
}
