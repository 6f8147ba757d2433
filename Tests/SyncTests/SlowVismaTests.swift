import Domain
import Outbound
import Sandbox
import Simulation
import Storage
import Sync
import Testing

/// What Visma does only after it has answered, or refuses because of a day.
@Suite("A Visma that works in the background, and that closes its periods")
struct SlowVismaTests {
    private func calls(_ world: World, _ name: String) -> Int {
        world.visma.calls(of: world.nord.vismaTenant).filter { $0.key.hasSuffix(name) }.values.reduce(0, +)
    }

    @Test("A void that Visma queues is asked for once and followed to its end", arguments: [20, 600] as [Int64])
    func queuedVoid(seconds: Int64) async throws {
        let world = try await Scenario.refundVoids.run(prepare: { world in
            try? world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.releaseDelaySeconds = seconds }
        })
        #expect(calls(world, "/action/void") == 1)
        let states = try await world.database.read { [tenant = world.nord.tenant] db in
            try CollectedTable.list(db, tenant: tenant, subject: nil).map(\.state)
        }
        #expect(states == [.voided])
        try await Soundness.expect(world, ending: Scenario.refundVoids, "voided after \(seconds) s")
    }

    @Test(
        "A release that takes effect between two reads of one look opens no review",
        arguments: ["/v1/customerPayment/", "/v1/customerinvoice/"])
    func releasedBetweenReads(path: String) async throws {
        let world = try await World(seed: 45)
        try world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.releaseDelaySeconds = 60 }
        let document = try world.addInvoice()
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id)
        await world.deliverAll()
        try await world.turn(world.nord.tenant)
        let once = Countdown(1)
        world.transport.aim { [clock = world.clock] request in
            if request.method == "GET", request.path.hasPrefix(path), once.next() { clock.advance(bySeconds: 60) }
            return nil
        }
        world.clock.advance(bySeconds: 5)
        try await world.turn(world.nord.tenant)
        #expect(!once.next())
        try await world.quiet()
        #expect(try await world.link(document)?.state == .settled)
        let reviews = try await world.database.read { [tenant = world.nord.tenant] db in
            try ReviewsTable.list(db, tenant: tenant, limit: 10).map(\.found)
        }
        #expect(reviews == [])
    }

    @Test(
        "A release that Visma drops in the background is not asked for again: a person is told, and it ends with theirs"
    )
    func droppedRelease() async throws {
        let world = try await World(seed: 41)
        let tenant = world.nord.vismaTenant
        try world.visma.changeBehaviour(of: tenant) { $0.releaseDelaySeconds = 60 }
        let document = try world.addInvoice()
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id)
        await world.deliverAll()
        try await world.turn(world.nord.tenant)
        try world.visma.setPeriod("202611", isClosed: true, in: tenant)
        try await world.quiet()
        world.clock.advance(bySeconds: 2 * 3600)
        try await world.quiet()
        #expect(calls(world, "/action/release") == 1)
        #expect(try await Soundness.reviewCodes(world) == ["effect_refused"])
        let number = try #require(world.vismaRows("payment").first?["number"]?.stringValue)
        try world.visma.releasePayment(number, in: tenant)
        try await world.quiet()
        #expect(try await world.link(document)?.state == .settled)
        #expect(try await Soundness.reviewCodes(world) == [])
        try await Soundness.expect(world, "released by a person")
    }

    @Test(
        "A payment of a closed period is a review with the period named, and is booked when the period opens",
        arguments: [VismaBehaviour.ClosedPeriodRefusal.onCreate, .onRelease])
    func closedPeriod(refusal: VismaBehaviour.ClosedPeriodRefusal) async throws {
        let world = try await World(seed: 42)
        let tenant = world.nord.vismaTenant
        try world.visma.changeBehaviour(of: tenant) { $0.closedPeriodRefusal = refusal }
        let document = try world.addInvoice()
        try await world.quiet()
        try world.visma.setPeriod("202611", isClosed: true, in: tenant)
        try world.stripe.pay(invoice: world.live(document).id)
        try await world.quiet()
        let reviews = try await world.openReviews()
        #expect(reviews.map(\.code) == ["period_closed"])
        #expect(reviews.first?.found.contains("11-2026") == true || reviews.first?.found.contains("202611") == true)
        #expect(world.vismaRows("payment").allSatisfy { $0["released"]?.boolValue == false })
        try world.visma.setPeriod("202611", isClosed: false, in: tenant)
        try await world.admin().syncNow(world.nord.tenant, document: document)
        try await world.quiet()
        #expect(world.vismaRows("payment").count == 1)
        #expect(try await world.link(document)?.state == .settled)
        #expect(try await Soundness.reviewCodes(world) == [])
        try await Soundness.expect(world, "opened again")
    }

    @Test("By policy it is booked on the first day of the next open period, and its text says when it was paid")
    func nextOpenPeriod() async throws {
        let world = try await World(seed: 43, policy: ["closed_period: next_open_period"])
        let document = try world.addInvoice()
        try await world.quiet()
        try world.visma.setPeriod("202611", isClosed: true, in: world.nord.vismaTenant)
        try world.stripe.pay(invoice: world.live(document).id)
        try await world.quiet()
        let payment = try #require(world.vismaRows("payment").first)
        #expect(payment["date"]?.stringValue == "2026-12-01")
        #expect(payment["text"]?.stringValue?.contains("2026-11-22") == true)
        #expect(payment["released"]?.boolValue == true)
        #expect(try await Soundness.reviewCodes(world) == [])
        try await Soundness.expect(world, "booked in December")
    }

    @Test("Reminders that change under every attempt end with a review after five")
    func conflictLoop() async throws {
        let world = try await World(seed: 44, recordEdits: .noteAllowed)
        let (document, made) = try await world.pushAndPay(amount: 100_000)
        try world.stripe.dispute(charge: made.charge)
        let attempts = Asked()
        world.transport.aim { [weak world] request in
            guard request.step == Step.setDunning, let world else { return nil }
            attempts.note("dunning")
            try? world.visma.editNote(
                of: document.number, to: "Redigert \(attempts.count)", in: world.nord.vismaTenant)
            return nil
        }
        await world.deliverAll()
        try await world.turn(world.nord.tenant)
        #expect(attempts.count == 6)
        #expect(try await Soundness.reviewCodes(world) == ["conflict_loop"])
        world.transport.aim(nil)
        try await world.admin().syncNow(world.nord.tenant, document: document)
        try await world.quiet()
        #expect(world.vismaDocument(document)?["exclude_debt_collection"]?.boolValue == true)
        #expect(try await Soundness.reviewCodes(world) == [])
        try await Soundness.expect(world, "left alone at last")
    }
}
