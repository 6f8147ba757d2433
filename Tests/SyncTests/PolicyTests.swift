import Domain
import Outbound
import Sandbox
import Simulation
import Storage
import Sync
import Testing

@Suite("What a company's policy decides")
struct PolicyTests {
    private func pushedAndPaid(_ policy: [String]) async throws -> (World, DocumentRef) {
        let world = try await World(seed: 9, policy: policy)
        let document = try world.addInvoice()
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id)
        try await world.quiet()
        return (world, document)
    }

    @Test("Booking on hold: the payment waits unreleased until a person releases it, then all is settled")
    func hold() async throws {
        let (world, document) = try await pushedAndPaid(["booking: hold"])
        #expect(world.vismaRows("payment").map { $0["status"]?.stringValue } == ["Hold"])
        #expect(try await world.link(document)?.state == .collecting)
        #expect(try await world.openReviews().isEmpty)
        let number = world.vismaRows("payment").first?["number"]?.stringValue ?? ""
        try world.visma.releasePayment(number, in: world.nord.vismaTenant)
        try await world.quiet()
        #expect(try await world.link(document)?.state == .settled)
        #expect(world.vismaRows("payment").count == 1)
        try await Soundness.expect(world, "released by a person")
    }

    @Test("An excluded customer, branch or currency is left alone, without a review")
    func excluded() async throws {
        let world = try await World(seed: 9)
        let customer = try world.addCustomer("Utenfor AS")
        try await world.apply(
            policy: [
                "exclude:\n    customers: [\"\(customer)\"]\n    branches: [\"2\"]\n    currencies: [EUR]"
            ])
        try world.visma.changeCompany(world.nord.vismaTenant) { $0.branches.append(.init(number: "2", name: "Sør")) }
        let other = try world.addCustomer("Innenfor AS")
        let left = [
            try world.addInvoice(of: customer), try world.addInvoice(of: other) { $0.branch = "2" },
            try world.addInvoice(of: other) {
                $0.currency = "EUR"
                $0.exchangeRate = "11.5"
            },
        ]
        let taken = try world.addInvoice(of: other)
        try await world.quiet()
        for document in left {
            #expect(world.pushed(document).isEmpty)
            #expect(try await world.link(document)?.state == .stopped)
        }
        #expect(world.pushed(taken).count == 1)
        #expect(try await world.openReviews().isEmpty)
    }

    @Test("A policy that lets a document in again is followed without anything new happening to the document")
    func included() async throws {
        let world = try await World(seed: 9, policy: ["exclude:\n    currencies: [NOK]"])
        let document = try world.addInvoice()
        try await world.quiet()
        #expect(world.pushed(document).isEmpty)
        try await world.apply()
        try await world.quiet()
        #expect(try await world.link(document)?.state == .collecting)
    }

    @Test("An earlier start date finds documents that no sweep has read yet")
    func earlierStart() async throws {
        let world = try await World(seed: 9, policy: ["start_date: \"2026-11-01\""])
        let customer = try world.addCustomer()
        let old = try world.addInvoice(of: customer) { $0.date = "2026-10-30" }
        let new = try world.addInvoice(of: customer)
        try await world.quiet()
        #expect(world.pushed(old).isEmpty)
        #expect(world.pushed(new).count == 1)
        // Long ago enough that the overlap does not bring it back.
        world.clock.advance(bySeconds: 86_400)
        try await world.apply(policy: ["start_date: \"2026-10-01\""])
        try await world.quiet()
        #expect(try await world.link(old)?.state == .collecting)
        try await Soundness.expect(world, "an earlier start date")
    }

    @Test("No customer is made when the policy makes none: a review; it closes once one can be matched")
    func createsNone() async throws {
        let world = try await World(seed: 9, policy: ["create_customers: false"])
        let document = try world.addInvoice(of: try world.addCustomer(email: "a@fjord.invalid"))
        try await world.quiet()
        #expect(world.pushed(document).isEmpty)
        #expect(try await Soundness.reviewCodes(world) == ["customer_unknown"])
        #expect(try world.stripeList("/v1/customers", of: world.nord).isEmpty)
        try world.addStripeCustomer(["email": "a@fjord.invalid", "name": "Fjord"])
        try await world.admin().syncNow(world.nord.tenant, document: document)
        try await world.quiet()
        #expect(world.pushed(document).count == 1)
        #expect(try await world.openReviews().isEmpty)
        #expect(try world.stripeList("/v1/customers", of: world.nord).count == 1)
    }

    @Test("A customer is matched by a named metadata field before e-mail, and by nothing that is merely similar")
    func matching() async throws {
        let world = try await World(seed: 9, policy: ["customer_rules: [\"metadata:erp_no\", email]"])
        let first = try world.addCustomer("Fjord", email: "a@fjord.invalid")
        let second = try world.addCustomer("Fjell", email: "b@fjell.invalid")
        let third = try world.addCustomer("Vidde", email: "c@vidde.invalid")
        let byField = try world.addStripeCustomer(["email": "x@else.invalid", "metadata[erp_no]": first])
        let byMail = try world.addStripeCustomer(["email": "b@fjell.invalid"])
        // Similar, and not the same.
        try world.addStripeCustomer(["email": "C@vidde.invalid", "metadata[erp_no]": third + "0"])
        world.clock.advance(bySeconds: 60)
        let documents = try [first, second, third].map { try world.addInvoice(of: $0) }
        try await world.quiet()
        let links = try await documents.asyncMap { try await world.link($0)?.stripeCustomer?.rawValue }
        #expect(links[0] == byField)
        #expect(links[1] == byMail)
        #expect(![byField, byMail, nil].contains(links[2]))
        #expect(try world.stripeList("/v1/customers", of: world.nord).count == 4)
    }

    @Test("Several customers of one e-mail address: a review that names them, and nothing is pushed")
    func ambiguous() async throws {
        let world = try await World(seed: 9)
        let customer = try world.addCustomer(email: "a@fjord.invalid")
        let one = try world.addStripeCustomer(["email": "a@fjord.invalid"])
        let two = try world.addStripeCustomer(["email": "a@fjord.invalid"])
        let document = try world.addInvoice(of: customer)
        try await world.quiet()
        #expect(world.pushed(document).isEmpty)
        let reviews = try await world.openReviews()
        #expect(reviews.map(\.code) == ["customer_ambiguous"])
        #expect(reviews.first?.found.contains(one) == true)
        #expect(reviews.first?.found.contains(two) == true)
    }

    @Test("A customer without e-mail is a review, which closes by itself once the e-mail is there")
    func email() async throws {
        let world = try await World(seed: 9)
        let customer = try world.addCustomer(email: nil)
        let document = try world.addInvoice(of: customer)
        try await world.quiet()
        #expect(try await Soundness.reviewCodes(world) == ["customer_email_missing"])
        try world.visma.changeCustomer(customer, in: world.nord.vismaTenant) { $0.invoiceEmail = "a@fjord.invalid" }
        try await world.admin().syncNow(world.nord.tenant, document: document)
        try await world.quiet()
        #expect(try await world.link(document)?.state == .collecting)
        #expect(try await world.openReviews().isEmpty)
        let tenant = world.nord.tenant
        let closed = try await world.database.read { try ReviewsTable.list($0, tenant: tenant, limit: 10) }
        #expect(closed.map(\.resolvedBy) == ["system"])
        try await Soundness.expect(world, "e-mail added")
    }

    @Test("A missing cash account is a review until the manifest names it; then the payment is booked")
    func cashAccount() async throws {
        let (world, document) = try await pushedAndPaid(["cash_accounts:\n    EUR: \"15EUR\""])
        #expect(try await Soundness.reviewCodes(world) == ["cash_account_missing"])
        #expect(world.vismaRows("payment").isEmpty)
        try await world.apply()
        try await world.quiet()
        #expect(try await world.link(document)?.state == .settled)
        try await Soundness.expect(world, "cash account named")
    }

    @Test("A draft whose document changed meanwhile is deleted, and the document pushed as it is now")
    func changedDraft() async throws {
        let scenario = try #require(Scenario.all.first { $0.steps.contains(Step.deleteDraft) })
        let world = try await scenario.run()
        let document = DocumentRef(type: .invoice, number: "000101")
        #expect(try world.live(document).amountRemaining == 100_000)
        #expect(try await world.openReviews().isEmpty)
        #expect(try await world.link(document)?.state == .collecting)
    }

    @Test("A draft without lines whose document changed meanwhile is made anew, not voided after it was finalized")
    func changedBeforeLines() async throws {
        let world = try await World(seed: 9)
        let document = try world.addInvoice()
        let once = Countdown(1)
        world.transport.aim { [weak world] request in
            guard request.step == Step.addLines, once.next(), let world else { return nil }
            _ = try? world.visma.applyOutsidePayment(to: document.number, amount: "250", in: world.nord.vismaTenant)
            return .notSent
        }
        try await world.quiet()
        #expect(try world.live(document).amountRemaining == 100_000)
        #expect(world.pushed(document).count == 1)
        #expect(try await world.openReviews().isEmpty)
        try await Soundness.expect(world, "changed before the lines")
    }

    @Test("The webhook endpoint that Stripe refused is tried again when somebody syncs")
    func endpointRefused() async throws {
        let world = try await World(seed: 9)
        for index in 0..<16 { try world.addStripeEndpoint("https://a.invalid/\(index)") }
        try await world.quiet()
        #expect(try await Soundness.reviewCodes(world) == ["endpoint_refused"])
        for endpoint in try world.stripeList("/v1/webhook_endpoints", of: world.nord) {
            world.deleteStripeEndpoint(endpoint["id"]?.stringValue ?? "")
        }
        try await world.admin().syncNow(world.nord.tenant)
        try await world.quiet()
        #expect(try await world.openReviews().isEmpty)
        #expect(try world.stripeList("/v1/webhook_endpoints", of: world.nord).count == 1)
    }

    @Test("What cannot even be sent is a review with the reason, not an endless loop")
    func unsendable() async throws {
        let world = try await World(seed: 9, policy: ["customer_rules: []"])
        // Longer than the 512 characters that Stripe takes.
        let email = String(repeating: "a", count: 512) + "@fjord.invalid"
        let document = try world.addInvoice(of: try world.addCustomer(email: email))
        try await world.turn(world.nord.tenant)
        let reads = world.visma.calls(of: world.nord.vismaTenant)["GET customerinvoice/*"] ?? 0
        #expect((1...4).contains(reads))
        let reviews = try await world.openReviews()
        #expect(reviews.map(\.code) == ["effect_refused"])
        #expect(reviews.first?.found.contains("Stripe takes 512") == true)
        #expect(world.pushed(document).isEmpty)
        try await world.quiet()
        #expect(world.visma.calls(of: world.nord.vismaTenant)["GET customerinvoice/*"] == reads)
    }

    @Test("More than most payment methods take is a review that says how to push it anyway")
    func tooLarge() async throws {
        let world = try await World(seed: 9)
        let document = try world.addInvoice("800000")
        try await world.quiet()
        let reviews = try await world.openReviews()
        #expect(reviews.map(\.code) == ["amount_too_large"])
        #expect(reviews.first?.found.contains("1000000.00 NOK is over the 999999.99 NOK") == true)
        #expect(reviews.first?.proposals.contains("invoice push") == true)
        #expect(world.pushed(document).isEmpty)
    }

    @Test("A marked mode leaves what is not marked alone, without a review")
    func unmarked() async throws {
        let world = try await World(seed: 9, policy: ["collect: marked"])
        let document = try world.addInvoice()
        try await world.quiet()
        #expect(world.pushed(document).isEmpty)
        #expect(try await world.link(document)?.state == .stopped)
        #expect(try await world.openReviews().isEmpty)
        try await world.apply(policy: ["collect: all"])
        try await world.quiet()
        #expect(world.pushed(document).count == 1)
    }

    @Test("400 lines of one VAT code are one Stripe line, and the invoice asks for exactly what is open")
    func folded() async throws {
        let world = try await World(seed: 9)
        let document = try world.addInvoice { seed in
            seed.lines = (1...400).map { VismaLineSeed("Vare \($0)", unitPrice: "\($0).03") }
        }
        try await world.quiet()
        #expect(try await world.openReviews().isEmpty)
        #expect(try world.live(document).amountRemaining == 10_026_500)
        try await Soundness.expect(world, "folded")
    }
}

extension Array where Element: Sendable {
    fileprivate func asyncMap<Result>(_ body: (Element) async throws -> Result) async throws -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
