import Domain
import Sandbox
import Simulation
import Storage
import Sync
import Testing

@Suite("A person resolves a review, with the reason in the trail")
struct ResolveTests {
    private func open(_ world: World) async throws -> ReviewRecord {
        let reviews = try await world.openReviews()
        try #require(reviews.count == 1, "\(reviews.map(\.found))")
        return reviews[0]
    }

    private func resolve(
        _ world: World, _ review: ReviewRecord, as resolution: ReviewResolution, customer: String? = nil
    ) async throws {
        let resolved = try await world.admin().resolve(
            review.id, of: world.nord.tenant, as: resolution, reason: "agreed: by telephone",
            customer: customer.map { StripeCustomerID($0) })
        #expect(resolved.state == .resolved)
        #expect(resolved.decision == resolution)
        #expect(resolved.resolvedBy == "cli:proof")
        #expect(try await world.openReviews().allSatisfy { $0.subject != review.subject })
        let entry = try #require(try await trail(world, "review.resolve").last)
        #expect(entry.subject == review.subject.key)
        #expect(entry.outcome == resolution.rawValue)
        #expect(entry.actor == "cli:proof")
        #expect(entry.details.contains("agreed: by telephone") && entry.details.contains(review.code))
    }

    private func trail(_ world: World, _ action: String) async throws -> [AuditEntry] {
        let tenant = world.nord.tenant
        return try await world.database.read { try AuditTable.list($0, tenant: tenant, limit: 1000) }
            .filter { $0.action == action }.reversed()
    }

    private func look(_ world: World, _ document: DocumentRef) async throws {
        world.clock.advance(bySeconds: 60)
        try await world.admin().syncNow(world.nord.tenant, document: document)
        try await world.quiet()
    }

    /// An invoice of a customer without an e-mail address.
    private func unsendable() async throws -> (World, DocumentRef, customer: String) {
        let world = try await World(seed: 9)
        let customer = try world.addCustomer("Fjord AS", email: nil)
        let document = try world.addInvoice(of: customer)
        try await world.quiet()
        return (world, document, customer)
    }

    @Test("Ignored, the same finding opens nothing; another does, and so does the first when it comes again")
    func ignored() async throws {
        let (world, document, customer) = try await unsendable()
        let first = try await open(world)
        try await resolve(world, first, as: .ignore)
        try await look(world, document)
        try await look(world, document)
        #expect(try await world.openReviews().isEmpty)
        #expect(try await trail(world, "review.open").count == 1)

        try world.visma.changeCustomer(customer, in: world.nord.vismaTenant) { $0.name = "Fjell AS" }
        try await look(world, document)
        let second = try await open(world)
        #expect(second.id != first.id && second.found.contains("Fjell AS"))
        #expect(try await trail(world, "review.lapse").count == 1)

        try await resolve(world, second, as: .ignore)
        try world.visma.changeCustomer(customer, in: world.nord.vismaTenant) { $0.name = "Fjord AS" }
        try await look(world, document)
        #expect(try await open(world).found == first.found)
        #expect(world.pushed(document).isEmpty)
    }

    @Test("Looked at again, what was mended is gone on with, and what still holds opens under a new number")
    func lookAgain() async throws {
        let (world, document, customer) = try await unsendable()
        let first = try await open(world)
        try await resolve(world, first, as: .lookAgain)
        try await world.quiet()
        let second = try await open(world)
        #expect(second.id != first.id && second.found == first.found)
        try world.visma.changeCustomer(customer, in: world.nord.vismaTenant) { $0.invoiceEmail = "a@fjord.invalid" }
        try await resolve(world, second, as: .lookAgain)
        try await world.quiet()
        #expect(world.pushed(document).count == 1)
        #expect(try await world.openReviews().isEmpty)
        try await Soundness.expect(world, "looked at again")
    }

    @Test("Pushed all the same, as `invoice push` does, once")
    func push() async throws {
        let world = try await World(seed: 9)
        let document = try world.addInvoice("800000")
        try await world.quiet()
        let review = try await open(world)
        #expect(review.code == "amount_too_large")
        try await resolve(world, review, as: .push)
        try await look(world, document)
        #expect(world.pushed(document).count == 1)
        #expect(try await world.openReviews().isEmpty)
        #expect(try await trail(world, "invoice.push").count == 1)
        try await Soundness.expect(world, "pushed")
    }

    @Test("Mapped to one of several customers, its documents go out to that one")
    func mapCustomer() async throws {
        let world = try await World(seed: 9)
        let number = try world.addCustomer(email: "a@fjord.invalid")
        try world.addStripeCustomer(["email": "a@fjord.invalid"])
        let chosen = try world.addStripeCustomer(["email": "a@fjord.invalid"])
        let document = try world.addInvoice(of: number)
        try await world.quiet()
        let review = try await open(world)
        // A mapping that is refused resolves nothing.
        let error = await #expect(throws: ConnectorError.self) {
            try await world.admin().resolve(
                review.id, of: world.nord.tenant, as: .mapCustomer, reason: "x", customer: StripeCustomerID("cus_none"))
        }
        #expect(error?.code == "customer.unknown")
        #expect(try await open(world) == review)
        try await resolve(world, review, as: .mapCustomer, customer: chosen)
        try await world.quiet()
        #expect(try await world.link(document)?.stripeCustomer?.rawValue == chosen)
        #expect(world.pushed(document).count == 1)
        #expect(try await trail(world, "customer.map").count == 1)
    }

    @Test("Settled by a person's word, a document is left alone, also when money comes, until a person asks for it")
    func markSettled() async throws {
        let world = try await World(seed: 9)
        let document = try world.addInvoice()
        try await world.quiet()
        let invoice = try world.live(document).id
        try world.stripePost("/v1/credit_notes", ["invoice": invoice, "amount": "10000"])
        try await world.quiet()
        let review = try await open(world)
        #expect(review.code == "credited_in_stripe")
        try await resolve(world, review, as: .markSettled)
        try await look(world, document)
        #expect(try await world.link(document)?.state == .settled)
        #expect(try await world.openReviews().isEmpty)
        let writes = world.writeCount()
        try world.stripe.pay(invoice: invoice)
        try await world.quiet()
        try await look(world, document)
        #expect(world.writeCount() == writes)
        #expect(world.vismaRows("payment").isEmpty)
        #expect(try await world.openReviews().isEmpty)

        try await world.admin().push(document, of: world.nord.tenant, reason: "taken up again")
        try await world.quiet()
        #expect(world.vismaRows("payment").count == 1)
        #expect(try await Soundness.reviewCodes(world) == ["credited_in_stripe"])
    }

    @Test("What the cap holds back is let go or left, and no other word lets it slip past the cap")
    func cap() async throws {
        let world = try await World(seed: 71, policy: ["push_cap: {invoices_per_hour: 1}"])
        let customer = try world.addCustomer()
        let documents = try (0..<3).map { _ in try world.addInvoice(of: customer) }
        try await world.quiet()
        let held = try await world.openReviews()
        try #require(held.map(\.code) == ["push_cap", "push_cap"])
        for resolution in [ReviewResolution.ignore, .lookAgain] {
            let error = await #expect(throws: ConnectorError.self) {
                try await world.admin().resolve(held[0].id, of: world.nord.tenant, as: resolution, reason: "x")
            }
            #expect(error?.code == "review.not_offered")
            #expect(error?.text.contains("push or mark_settled") == true)
        }
        try await resolve(world, held[0], as: .push)
        try await resolve(world, held[1], as: .markSettled)
        world.clock.advance(bySeconds: 7200)
        try await world.quiet()
        #expect(documents.filter { !world.pushed($0).isEmpty }.count == 2)
        #expect(try await world.openReviews().isEmpty)
    }

    @Test("What is resolved, not there, not offered or not usable is refused, and nothing is changed")
    func refused() async throws {
        let (world, _, _) = try await unsendable()
        let tenant = world.nord.tenant
        let review = try await open(world)
        func refusal(
            _ number: Int, _ resolution: ReviewResolution, _ reason: String = "x", customer: String? = nil
        ) async throws -> String? {
            let before = try await world.database.read { try AuditTable.head($0, tenant: tenant) }
            let error = await #expect(throws: ConnectorError.self) {
                try await world.admin().resolve(
                    number, of: tenant, as: resolution, reason: reason, customer: customer.map { StripeCustomerID($0) })
            }
            #expect(try await world.database.read { try AuditTable.head($0, tenant: tenant) } == before)
            return error?.code
        }
        #expect(try await refusal(review.id + 1, .ignore) == "review.unknown")
        #expect(try await refusal(review.id, .push) == "review.not_offered")
        #expect(try await refusal(review.id, .ignore, "two\nlines") == "review.invalid")
        #expect(try await refusal(review.id, .ignore, customer: "cus_1") == "review.invalid")
        #expect(try await refusal(review.id, .mapCustomer) == "review.invalid")
        let now = world.now()
        try await world.database.write { db in
            let effect = Effect(
                key: EffectKey(rawValue: "one"), subject: review.subject, revision: 1, step: Step.createInvoice,
                cause: "one", attempt: 1, state: .sent, term: 1, sentAt: now, deadlineAt: now)
            try JournalTable.insert(db, tenant: tenant, effect, request: nil)
        }
        #expect(try await refusal(review.id, .markSettled) == "review.under_way")
        try await resolve(world, review, as: .ignore)
        #expect(try await refusal(review.id, .ignore) == "review.resolved")
        try await world.apply(state: "paused")
        #expect(try await refusal(review.id, .ignore) == "tenant.not_active")
    }

    @Test("A review of a payout is looked at again or ignored")
    func payout() async throws {
        let policy = ["payouts: journal"] + PolicyValue.ledgers
        let world = try await World(seed: 3, policy: policy)
        _ = try await world.pushAndPay()
        try world.visma.setPeriod("202611", isClosed: true, in: world.nord.vismaTenant)
        try world.stripe.finishPayout(world.stripe.payOut(account: world.nord.account, currency: "nok"))
        try await world.quiet()
        let review = try await open(world)
        #expect(review.offered == [.lookAgain, .ignore])
        try world.visma.setPeriod("202611", isClosed: false, in: world.nord.vismaTenant)
        try await resolve(world, review, as: .lookAgain)
        try await world.quiet()
        #expect(PolicyBooks.posted(world).filter { $0.hasPrefix("journal") } == ["journal 1232.50 Posted"])
        #expect(try await world.openReviews().isEmpty)
    }
}
