import Domain
import Sandbox
import Simulation
import Storage
import Testing

@testable import Sync

@Suite("Catching up with events that no webhook brought")
struct CatchUpTests {
    private func listings(_ world: World) -> Int {
        world.stripe.calls()[world.nord.account]?["GET /v1/events"] ?? 0
    }

    /// A world with one pushed invoice, and the undelivered ones just asked for.
    private func collecting() async throws -> (World, DocumentRef) {
        let world = try await World(seed: 23)
        let document = try world.addInvoice()
        try await world.quiet()
        world.clock.advance(bySeconds: CatchUp.sweepSeconds)
        try await world.turn(world.nord.tenant)
        return (world, document)
    }

    /// Refuses every delivery, as an endpoint that is down does.
    private func refuseAll(_ world: World) {
        for delivery in world.stripe.takeDeliveries() { world.stripe.report(delivery, status: 500) }
    }

    @Test("What our endpoint did not take is there within a quarter of an hour")
    func undelivered() async throws {
        let (world, document) = try await collecting()
        try world.stripe.pay(invoice: world.live(document).id)
        refuseAll(world)
        let before = listings(world)
        world.clock.advance(bySeconds: CatchUp.undeliveredSeconds - 1)
        try await world.turn(world.nord.tenant)
        #expect(world.vismaRows("payment").isEmpty)
        world.clock.advance(bySeconds: 1)
        try await world.turn(world.nord.tenant)
        #expect(listings(world) == before + 1)
        #expect(world.vismaRows("payment").count == 1)
        // The sweep's own cursor did not move with it.
        let undelivered = try #require(try await world.cursor(.stripeUndelivered)?.sweptAt)
        #expect(undelivered == world.now())
        #expect(try #require(try await world.cursor(.stripeEvents)?.sweptAt) < undelivered)
        try await world.quiet()
        try await Soundness.expect(world, "the endpoint was down")
    }

    @Test("A day costs 24 reads when nothing is collected, and 96 while something is")
    func frugal() async throws {
        for (collects, expected) in [(false, 24), (true, 96)] {
            let world = try await World(seed: 23)
            if collects { _ = try world.addInvoice() }
            try await world.quiet()
            world.clock.advance(bySeconds: CatchUp.sweepSeconds)
            try await world.turn(world.nord.tenant)
            let calls = world.stripeCallCount()
            for _ in 0..<(86_400 / 300) {
                world.clock.advance(bySeconds: 300)
                try await world.turn(world.nord.tenant)
            }
            #expect(world.stripeCallCount() - calls == expected)
        }
    }

    @Test("When Stripe does not list, the cursor stays, and webhooks are resolved all the same")
    func unlisted() async throws {
        let (world, document) = try await collecting()
        let before = try await world.cursor(.stripeEvents)
        world.transport.aim { $0.path == "/v1/events" ? .serverError : nil }
        world.clock.advance(bySeconds: CatchUp.sweepSeconds)
        try world.stripe.pay(invoice: world.live(document).id)
        await world.deliverAll()
        let report = try #require(try await world.turn(world.nord.tenant))
        #expect(report.stopped != nil)
        #expect(world.vismaRows("payment").count == 1)
        #expect(try await world.cursor(.stripeEvents) == before)
        world.transport.aim(nil)
        world.clock.advance(bySeconds: 600)
        try await world.turn(world.nord.tenant)
        #expect(try await world.cursor(.stripeEvents)?.sweptAt == world.now())
    }

    @Test("An event that becomes listed late is within the overlap")
    func listedLate() async throws {
        let bench = try await EventBench(["/v1/events": CannedStripe.list([])])
        let catchUp = CatchUp(tenant: bench.context, environment: bench.environment)
        try await catchUp.run()
        #expect(bench.stripe.takeAsked().isEmpty)
        let made = bench.world.now().unixSeconds
        bench.world.clock.advance(bySeconds: CatchUp.sweepSeconds)
        try await catchUp.run()
        #expect(try await bench.world.cursor(.stripeEvents)?.value == String(bench.world.now().unixSeconds))
        #expect(bench.stripe.takeQueries() == ["created[gte]=\(made - CatchUp.overlapSeconds)&limit=100"])
    }

    @Test("What is listed keeps the version it was made in; what nobody asked for is left out")
    func stored() async throws {
        let bench = try await EventBench()
        let catchUp = CatchUp(tenant: bench.context, environment: bench.environment)
        try await catchUp.run()
        let old = CannedStripe.event(
            "evt_1", "charge.succeeded", #"{"id":"ch_1","object":"charge","invoice":"in_a"}"#,
            apiVersion: "2022-11-15")
        let other = CannedStripe.event("evt_2", "product.created", #"{"id":"prod_1","object":"product"}"#)
        bench.stripe["/v1/events"] = (200, CannedStripe.list([other, old]))
        bench.world.clock.advance(bySeconds: CatchUp.sweepSeconds)
        try await catchUp.run()
        let kept = try #require(try await bench.event("evt_1"))
        #expect(String(decoding: kept.body, as: UTF8.self).contains(#""api_version":"2022-11-15""#))
        #expect(kept.endpointKey == nil)
        #expect(try await bench.event("evt_2") == nil)
    }

    @Test("A long absence is caught up with day by day, as far as Stripe remembers, and a failure loses no day")
    func longAbsence() async throws {
        let bench = try await EventBench(["/v1/events": CannedStripe.list([])])
        let catchUp = CatchUp(tenant: bench.context, environment: bench.environment)
        try await catchUp.run()
        bench.world.clock.advance(bySeconds: 40 * 86_400)
        let now = bench.world.now()
        bench.stripe.failAfter(3, path: "/v1/events")
        await #expect(throws: ConnectorError.self) { try await catchUp.run() }
        let reached = now.unixSeconds - CatchUp.reachSeconds + 3 * CatchUp.windowSeconds
        #expect(try await bench.world.cursor(.stripeEvents)?.value == String(reached))
        _ = bench.stripe.takeAsked()
        try await catchUp.run()
        #expect(bench.stripe.takeAsked().count == 26)
        #expect(
            try await bench.world.cursor(.stripeEvents)
                == StreamCursor(value: String(now.unixSeconds), sweptAt: now))
    }

    @Test("What happened in a pause longer than Stripe's list reaches is found by looking at every pushed document")
    func longPause() async throws {
        let recorder = Recorder()
        let world = try await World(seed: 23, policy: ["refunds: own_credit_note"], log: recorder.logger())
        let told = { recorder.lines.filter { $0.contains("every pushed document") && $0.contains("nord") } }
        let (settled, made) = try await world.pushAndPay("500")
        let document = try world.addInvoice()
        try await world.quiet()
        try await world.apply(policy: ["refunds: own_credit_note"], state: "paused")
        world.clock.advance(bySeconds: 3 * 86_400)
        try world.stripe.pay(invoice: world.live(document).id)
        try world.stripe.refund(charge: made.charge)
        refuseAll(world)
        world.clock.advance(bySeconds: 37 * 86_400)
        // Stripe gives up.
        refuseAll(world)
        try await world.apply(policy: ["refunds: own_credit_note"])
        // Once is enough, also where Stripe's list fails at first.
        world.transport.aim { $0.path == "/v1/events" ? .serverError : nil }
        try await world.turn(world.nord.tenant)
        world.transport.aim(nil)
        world.clock.advance(bySeconds: 600)
        try await world.quiet()
        #expect(try await world.link(document)?.state == .settled)
        let refund = try await world.database.read { [tenant = world.nord.tenant] db in
            try CollectedTable.list(db, tenant: tenant, subject: .document(settled)).filter { $0.kind == .refund }
        }
        #expect(refund.count == 1)
        #expect(told().count == 1)
        #expect(told().first?.contains(#""documents": 2"#) == true, "\(told())")
        try await Soundness.expect(world, "paused for 40 days")
    }

    @Test("A pause that Stripe's list still covers costs no look at what is settled")
    func shortPause() async throws {
        let bench = try await EventBench(["/v1/events": CannedStripe.list([])])
        let catchUp = CatchUp(tenant: bench.context, environment: bench.environment)
        try await catchUp.run()
        let made = bench.world.now().unixSeconds
        bench.world.clock.advance(bySeconds: CatchUp.listedSeconds)
        try await catchUp.run()
        #expect(bench.stripe.takeQueries().first?.hasPrefix("created[gte]=\(made - CatchUp.overlapSeconds)&") == true)
        #expect(try await bench.work(EventBench.first) == nil)
    }

    @Test("Every document with an invoice is marked, page by page, and none without one, before the cursor moves")
    func marked() async throws {
        let bench = try await EventBench(["/v1/events": CannedStripe.list([])])
        let catchUp = CatchUp(tenant: bench.context, environment: bench.environment)
        try await catchUp.run()
        let (tenant, now) = (bench.tenant, bench.world.now())
        let pushed = (0...CatchUp.pageSize).map { DocumentRef(type: .invoice, number: "P\($0)") }
        let unpushed = DocumentRef(type: .invoice, number: "P0-not")
        for (index, document) in pushed.enumerated() {
            try await bench.link(document, "in_\(index)", state: index == 0 ? .settled : .collecting)
        }
        try await bench.world.database.write { db in
            let link = Link(
                document: unpushed, state: .seen, revision: 1, vismaCustomer: VismaCustomerNumber("10001"),
                currency: .nok)
            try LinksTable.upsert(db, tenant: tenant, link, now: now)
        }
        let before = try await bench.world.cursor(.stripeEvents)
        bench.world.clock.advance(bySeconds: CatchUp.listedSeconds + 1)
        bench.stripe.failAfter(0, path: "/v1/events")
        await #expect(throws: ConnectorError.self) { try await catchUp.run() }
        for document in pushed { #expect(try await bench.work(document)?.isDirty == true, "\(document)") }
        #expect(try await bench.work(unpushed) == nil)
        let after = try await bench.world.cursor(.stripeEvents)
        #expect(after?.value == String(bench.world.now().unixSeconds - CatchUp.reachSeconds))
        #expect(after?.sweptAt == before?.sweptAt)
    }
}
