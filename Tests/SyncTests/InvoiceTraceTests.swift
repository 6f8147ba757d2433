import Domain
import Sandbox
import Simulation
import Storage
import Sync
import Testing

@Suite("One invoice is followed from Visma to Stripe and back")
struct InvoiceTraceTests {
    /// Declined, paid, refunded in part, disputed; and its company's trail.
    private func eventful() async throws -> (World, DocumentRef, StripePaymentMade) {
        let world = try await World(seed: 51, recordEdits: .noteAllowed)
        let document = try world.addInvoice()
        try await world.quiet()
        let invoice = try world.live(document).id
        try world.stripe.failCard(invoice: invoice)
        try await world.quiet()
        let made = try world.stripe.pay(invoice: invoice)
        try await world.quiet()
        try world.stripe.refund(charge: made.charge, amount: 10_000)
        try world.stripe.dispute(charge: made.charge)
        try await world.quiet()
        return (world, document, made)
    }

    private func all(_ node: InvoiceTrace.Node) -> [InvoiceTrace.Node] { [node] + node.children.flatMap(all) }

    private func live(_ world: World, _ document: DocumentRef) async throws -> InvoiceTrace? {
        let environment = try world.environment()
        let context = try await TenantContext.make(world.nord.tenant, environment: environment)
        return try await InvoiceTrace.live(context, environment, document: document)
    }

    @Test("The tree holds both systems' objects, each once, each under what it hangs on")
    func tree() async throws {
        let (world, document, made) = try await eventful()
        let trace = try #require(try await live(world, document))
        #expect(trace.isLive)
        #expect(trace.tree.id == document.description)
        #expect(trace.tree.amount?.description == "1250.00 NOK")
        let nodes = all(trace.tree)
        func node(_ kind: String, _ id: String? = nil) throws -> InvoiceTrace.Node {
            let found = nodes.filter { $0.kind == kind && (id == nil || $0.id == id) }
            try #require(found.count == 1, "\(kind): \(found.count)")
            return found[0]
        }
        let payment = try #require(nodes.first { $0.kind == "payment" && $0.id == made.invoicePayment })
        let charge = try #require(payment.children.first { $0.id == made.charge })
        #expect(charge.children.map(\.kind).sorted() == ["dispute", "fee", "refund"])
        let booking = try #require(payment.children.first { $0.place == .visma })
        #expect(booking.state == "booked")
        #expect(booking.requestID != nil)
        #expect(booking.text?.contains("Closed in Visma") == true)
        #expect(nodes.contains { $0.kind == "charge" && $0.state == "failed" && $0.text?.contains("declined") == true })
        #expect(try node("refund").amount?.description == "100.00 NOK")
        #expect(Set(nodes.map { "\($0.place) \($0.kind) \($0.id)" }).count == nodes.count)
    }

    @Test("The order of time: both systems, every write with its request id and its entry in the trail, every event")
    func timeline() async throws {
        let (world, document, made) = try await eventful()
        let entries = try #require(try await live(world, document)).timeline
        #expect(entries == entries.sorted { $0.at < $1.at })
        let writes = entries.filter { Step.all.contains($0.what) }
        #expect(
            writes.prefix(4).map(\.what) == [
                Step.createCustomer, Step.createInvoice, Step.addLines, Step.finalizeInvoice,
            ])
        #expect(writes.allSatisfy { $0.requestID != nil && $0.auditSequence != nil && $0.state == "done" })
        #expect(writes.contains { $0.what == Step.createPayment && $0.amount?.description == "1250.00 NOK" })
        let before = try #require(entries.firstIndex { $0.id == made.charge })
        let after = try #require(entries.firstIndex { $0.what == Step.createPayment })
        #expect(before < after)
        #expect(entries.contains { $0.what == "charge.dispute.created" })
        #expect(entries.first?.day?.description == "2026-11-20")
        #expect(Set(entries.compactMap(\.auditSequence)).count == entries.compactMap(\.auditSequence).count)
    }

    @Test("From our own tables alone: no call is made, and what we did is all there")
    func offline() async throws {
        let (world, document, made) = try await eventful()
        let tenant = world.nord.tenant
        let calls = (world.visma.callCount(of: world.nord.vismaTenant), world.stripeCallCount())
        let trace = try #require(
            try await world.database.read {
                try InvoiceTrace.remembered($0, tenant: tenant, document: document)
            })
        #expect(calls == (world.visma.callCount(of: world.nord.vismaTenant), world.stripeCallCount()))
        #expect(!trace.isLive)
        let nodes = all(trace.tree)
        #expect(nodes.contains { $0.place == .visma && $0.text?.contains("for \(made.invoicePayment)") == true })
        #expect(trace.timeline.contains { $0.what == Step.releasePayment })
    }

    @Test("Of a payment of two invoices each trace shows what books it, and under which document that stands")
    func shared() async throws {
        let world = try await World(
            seed: 51, policy: ["disputes: post", "fees: post"] + PolicyValue.fees + PolicyValue.losses)
        try world.visma.changeCompany(world.nord.vismaTenant) { settings in
            for index in settings.cashAccounts.indices { settings.cashAccounts[index].entryTypes = ["FEE", "LOSS"] }
        }
        let customer = try world.addCustomer()
        let documents = try (0..<2).map { _ in try world.addInvoice(of: customer) }
        try await world.quiet()
        let parts = try documents.map { StripePaymentPart(invoice: try world.live($0).id) }
        let made = try world.stripe.pay(together: parts)
        try await world.quiet()
        let refund = try world.stripe.refund(charge: made.charge, amount: 10_000)
        try world.visma.creditInvoice(
            documents[0].number, amount: "100", text: documents[0].number, in: world.nord.vismaTenant)
        world.clock.advance(bySeconds: 301)
        try await world.quiet()
        let dispute = try world.stripe.dispute(charge: made.charge, amount: 40_000)
        try world.stripe.closeDispute(dispute, isWon: false)
        try await world.quiet()
        let tenant = world.nord.tenant
        let booked = try await world.database.read { try CollectedTable.list($0, tenant: tenant, subject: nil) }
        for fact in [refund, dispute] {
            let owners = Set(booked.filter { $0.cause.hasPrefix(fact) }.map(\.subject))
            try #require(owners.count == 1, "\(fact)")
            for document in documents {
                let trace = try #require(try await live(world, document))
                let node = try #require(all(trace.tree).first { $0.id == fact })
                let standing = node.children.filter { $0.place == .visma }
                #expect(!standing.isEmpty, "\(fact) in \(document)")
                let isOwn = owners.contains(.document(document))
                let other = try #require(documents.first { $0 != document })
                for booking in standing {
                    #expect(booking.requestID != nil)
                    #expect(booking.text?.contains("under \(other)") == !isOwn)
                    #expect(booking.text?.contains(" in Visma") == true)
                }
                let writes = trace.timeline.filter { $0.cause?.hasPrefix(fact) == true }
                #expect(!writes.isEmpty)
                #expect(
                    writes.allSatisfy {
                        $0.auditSequence != nil && $0.text?.contains("under \(other)") ?? false == !isOwn
                    })
                #expect(trace.timeline.contains { $0.place == .stripe && $0.text?.contains(fact) == true })
                let nodes = all(trace.tree)
                #expect(Set(nodes.map { "\($0.place) \($0.kind) \($0.id)" }).count == nodes.count)
                let fee = try #require(nodes.first { $0.kind == "charge" }?.children.first { $0.kind == "fee" })
                #expect(fee.children.count == 1, "what books the fee")
            }
        }
    }

    @Test("An undo stands in both with its reason and who asked")
    func undo() async throws {
        let (world, document, made) = try await eventful()
        try await world.admin().undo(
            world.nord.tenant, document: document, cause: made.invoicePayment, reason: "wrong customer")
        try await world.quiet()
        let trace = try #require(try await live(world, document))
        let request = try #require(all(trace.tree).first { $0.kind == "request" })
        #expect(request.text == "cli:proof: wrong customer")
        let entry = try #require(trace.timeline.first { $0.what == "invoice.undo" })
        #expect(entry.place == .person)
        #expect(entry.text?.contains("wrong customer") == true)
    }

    @Test("A settlement in Visma and what Stripe was told of it; a review; and nothing at all")
    func others() async throws {
        let world = try await World(seed: 51, recordEdits: .noteAllowed)
        let document = try world.addInvoice()
        try await world.quiet()
        try world.visma.applyOutsidePayment(to: document.number, amount: "250", in: world.nord.vismaTenant)
        try await world.quiet()
        let nodes = all(try #require(try await live(world, document)).tree)
        #expect(nodes.contains { $0.kind == "application" && $0.amount?.description == "250.00 NOK" })
        let told = try #require(nodes.first { $0.kind == "settlement" })
        #expect(told.state == "payment_record")
        #expect(told.text?.hasPrefix("pr_") == true)

        let blocked = try world.addInvoice(of: try world.addCustomer(email: nil))
        try await world.quiet()
        let review = all(try #require(try await live(world, blocked)).tree).first { $0.kind == "review" }
        #expect(review?.text?.hasPrefix("customer_email_missing: ") == true)
        #expect(try await live(world, DocumentRef(type: .invoice, number: "999999")) == nil)
    }
}
