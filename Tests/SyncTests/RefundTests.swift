import Domain
import Sandbox
import Simulation
import Storage
import Sync
import Testing

@Suite("Refunds, and what people make of them in Visma")
struct RefundTests {
    private struct Paid {
        let world: World
        let document: DocumentRef
        let charge: String
        let creditNote: String
    }

    /// Paid, and credited in full with an unused credit note.
    private func paid(seed: UInt64) async throws -> Paid {
        let world = try await World(seed: seed)
        let (document, made) = try await world.pushAndPay()
        let note = try world.visma.creditInvoice(
            document.number, text: "Faktura \(document.number)", in: world.nord.vismaTenant)
        return Paid(world: world, document: document, charge: made.charge, creditNote: note)
    }

    private func refunds(_ world: World) -> [SandboxJSON] {
        world.vismaRows("payment").filter { $0["type"]?.stringValue == "Refund" }
    }

    @Test(
        "A refund document that a person made first is recognised, under the refund's id or none",
        arguments: [true, false])
    func matched(isNamed: Bool) async throws {
        let paid = try await paid(seed: 33)
        let refund = try paid.world.stripe.refund(charge: paid.charge)
        try paid.world.visma.addRefund(
            of: paid.creditNote, amount: "1250", reference: isNamed ? refund : "BANK", in: paid.world.nord.vismaTenant)
        try await paid.world.quiet()
        #expect(refunds(paid.world).count == 1)
        let booking = try await paid.world.database.read { [tenant = paid.world.nord.tenant] db in
            try CollectedTable.find(db, tenant: tenant, subject: .document(paid.document), cause: refund)
        }
        #expect(booking?.origin == .matched)
        #expect(try await Soundness.reviewCodes(paid.world) == [])
        try await Soundness.expect(paid.world, "a refund made by a person")
    }

    @Test("A refund in Visma that Stripe does not have is a review with the way to it, which closes once Stripe has it")
    func withoutStripe() async throws {
        let paid = try await paid(seed: 34)
        try paid.world.visma.addRefund(of: paid.creditNote, amount: "1250", in: paid.world.nord.vismaTenant)
        try await paid.world.quiet()
        let reviews = try await paid.world.openReviews()
        #expect(reviews.map(\.code) == ["refund_in_visma"])
        let customer = try await paid.world.link(paid.document)?.stripeCustomer?.rawValue ?? "?"
        #expect(reviews.first?.proposals.contains(customer) == true)
        try paid.world.stripe.refund(charge: paid.charge)
        try await paid.world.quiet()
        #expect(refunds(paid.world).count == 1)
        #expect(try await Soundness.reviewCodes(paid.world) == [])
        try await Soundness.expect(paid.world, "refunded in Stripe afterwards")
    }

    @Test("Two refund documents that may both be it are a review, and none is made")
    func ambiguous() async throws {
        let paid = try await paid(seed: 35)
        let tenant = paid.world.nord.vismaTenant
        for _ in 0..<2 { try paid.world.visma.addRefund(of: paid.creditNote, amount: "400", in: tenant) }
        try paid.world.stripe.refund(charge: paid.charge, amount: 40_000)
        try await paid.world.quiet()
        #expect(refunds(paid.world).count == 2)
        #expect(try await Soundness.reviewCodes(paid.world).contains("refund_unmatched"))
    }

    @Test("Without a credit note it waits, is a review after the policy's days, and is booked when there is one")
    func awaited() async throws {
        let world = try await World(seed: 36)
        let (document, made) = try await world.pushAndPay()
        try world.stripe.refund(charge: made.charge)
        try await world.quiet()
        #expect(try await Soundness.reviewCodes(world) == [])
        world.clock.advance(bySeconds: 7 * 86_400)
        try await world.quiet()
        #expect(try await Soundness.reviewCodes(world) == ["refund"])
        #expect(refunds(world).isEmpty)
        try world.visma.creditInvoice(
            document.number, text: "Kreditert \(document.number)", in: world.nord.vismaTenant)
        try await world.quiet()
        #expect(refunds(world).count == 1)
        #expect(try await Soundness.reviewCodes(world) == [])
        try await Soundness.expect(world, "credited late")
    }
}
