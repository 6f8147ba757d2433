import Domain
import Sandbox
import Simulation
import Testing

@testable import Sync

/// Courses in which the simulation found the connector wrong, in as few steps as they take.
@Suite("What a seed has found once")
struct FoundBySeedTests {
    @Test("A fee that stands on its payment is not booked again by the look that tells Stripe of a write-off")
    func feeAfterWriteOff() async throws {
        let world = try await World(seed: 32)
        var random = SandboxRandom(seed: 1)
        try await world.draw(&random) { posting in
            posting.booking = .release
            posting.fees = .post
            posting.feeEntryType = World.feeEntryType
            posting.writeOffs = .uncollectible
        }
        stripeKnowsFeesAtOnce(world)
        let document = try world.addInvoice()
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id, amount: 50_000)
        try await world.quiet()
        #expect(world.vismaRows("payment").first?["charges"]?.elements?.count == 1)
        try world.visma.writeOff(document.number, in: world.nord.vismaTenant)
        try await world.quiet()
        #expect(try world.live(document).status == "uncollectible")
        #expect(world.vismaRows("cash_transaction").isEmpty)
    }

    private func stripeKnowsFeesAtOnce(_ world: World) {
        world.stripe.change(account: world.nord.account) { settings in
            settings.feesKnownAfterSeconds = 0
            settings.conversions = [:]
        }
    }

    @Test("A payment on hold that a person deletes is a review, and is not booked again")
    func heldDeleted() async throws {
        let world = try await World(seed: 33, policy: ["booking: hold"])
        let document = try world.addInvoice()
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id)
        try await world.quiet()
        let number = try #require(world.vismaRows("payment").first?["number"]?.stringValue)
        try world.visma.deletePayment(number, in: world.nord.vismaTenant)
        try await world.admin().syncNow(world.nord.tenant, document: document)
        try await world.quiet()
        #expect(try await Soundness.reviewCodes(world) == ["booking_changed"])
        #expect(world.vismaRows("payment").isEmpty)
    }

    @Test("What Visma refused is tried once more when a person asks, not again at every look by the timer")
    func askedOnce() async throws {
        let world = try await World(seed: 35)
        let company = world.nord.vismaTenant
        let document = try world.addInvoice()
        try await world.quiet()
        try world.visma.changeBehaviour(of: company) { $0.closedPeriodRefusal = .onRelease }
        try world.visma.setPeriod("202611", isClosed: true, in: company)
        try world.stripe.pay(invoice: world.live(document).id, amount: 50_000)
        try await world.quiet()
        // Stripe is told of it once the payment is released: looked at by a timer until then.
        try world.visma.applyOutsidePayment(to: document.number, amount: "100", in: company)
        try await world.quiet()
        let releases = { world.visma.calls(of: company)["POST customerpayment/*/action/release"] ?? 0 }
        #expect(releases() == 1)
        try await world.admin().syncNow(world.nord.tenant, document: document)
        for _ in 0..<6 {
            try await world.turn(world.nord.tenant)
            world.clock.advance(bySeconds: 601)
        }
        #expect(releases() == 2)
        #expect(try await Soundness.reviewCodes(world).contains("period_closed"))
    }

    @Test("A credit note that Visma makes of another amount and does not let us delete is a review, and stops nothing")
    func creditNoteStays() async throws {
        let world = try await World(seed: 34)
        var random = SandboxRandom(seed: 1)
        try await world.draw(&random) { posting in
            posting.booking = .release
            posting.stripeCredits = .creditNote
        }
        let document = try world.addInvoice()
        try await world.quiet()
        let invoice = try world.live(document).id
        // No net amount in øre makes 0.07 with 25 % VAT.
        _ = try world.stripe.byHand(
            account: world.nord.account, "POST", "/v1/credit_notes", [("invoice", invoice), ("amount", "7")])
        try await world.quiet()
        #expect(try await Soundness.reviewCodes(world).contains("total_mismatch"))
        let writes = world.writeCount()
        let other = try world.addInvoice("77")
        try await world.quiet()
        #expect(try world.live(other).status == "open")
        #expect(world.visma.calls(of: world.nord.vismaTenant)["DELETE customercreditnote/*"] == 1)
        #expect(world.writeCount() > writes)
    }
}
