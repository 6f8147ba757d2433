import Domain
import Logging
import Outbound
import Sandbox
import Simulation
import Storage
import Synchronization
import Testing

@testable import Sync

/// What a turn does when its tenant's gates do not let it through.
@Suite("Gates before the outside systems")
struct GateTests {
    /// The lines of a log.
    struct Heard: LogHandler {
        let lines: Asked
        var logLevel = Logger.Level.debug
        var metadata = Logger.Metadata()
        var metadataProvider: Logger.MetadataProvider?

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let gate = event.metadata?["gate"].map { " \($0)" } ?? ""
            lines.note("\(event.message)\(gate)")
        }
    }

    private func gates(_ world: World, _ company: World.Company) async throws -> [GateRecord] {
        try await world.database.read { try GatesTable.list($0, tenant: company.tenant) }
    }

    @Test(
        "A system that fails is left alone but for probes; the others do not notice, and in the end all is there once",
        arguments: [RemoteSystem.visma, .stripe])
    func outage(_ system: RemoteSystem) async throws {
        let lines = Asked()
        let world = try await World(seed: 61, log: Logger(label: "test") { _ in Heard(lines: lines) })
        let (nord, kyst) = (world.nord, world.kyst)
        let document = try world.addInvoice()
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id)
        let other = try world.addInvoice(in: kyst)
        await world.deliverAll()
        let calls = Asked()
        let origin = system == .visma ? MemoryTransport.vismaOrigin : MemoryTransport.stripeOrigin
        let isDown = Mutex(true)
        world.transport.aim { request in
            guard request.url.hasPrefix(origin), isDown.withLock({ $0 }) else { return nil }
            calls.note(request.method)
            return .notSent
        }
        var probes: [Int] = []
        var waits = 0
        for _ in 0..<16 {
            let before = calls.count
            let report = try #require(try await world.turn(nord.tenant))
            probes.append(calls.count - before)
            let next = try #require(report.notBefore ?? report.nextDue, "\(report)")
            let seconds = (next.microseconds - world.now().microseconds + 999_999) / 1_000_000
            #expect(seconds > 0)
            guard report.notBefore != nil else {
                world.clock.advance(bySeconds: seconds)
                continue
            }
            // Asked in between it says so, and makes no call.
            waits += 1
            let asked = calls.count
            world.clock.advance(bySeconds: seconds / 2)
            #expect(try await world.turn(nord.tenant)?.notBefore == next)
            #expect(calls.count == asked)
            world.clock.advance(bySeconds: seconds - seconds / 2)
        }
        #expect(waits > 3)
        #expect(probes.suffix(8).allSatisfy { $0 <= 1 } && probes.suffix(8).contains(1), "\(probes)")
        let gate = try #require(try await gates(world, nord).first)
        #expect(gate.system == system && gate.state == .broken && gate.reason == "connection refused")
        #expect(
            lines.all.filter { $0.contains("does not answer") } == ["no calls, as the system does not answer broken"])

        // The other company works as if nothing were the matter.
        world.clock.advance(bySeconds: 400)
        isDown.withLock { $0 = false }
        try await world.turn(kyst.tenant)
        isDown.withLock { $0 = true }
        #expect(try await world.link(other, in: kyst)?.state == .collecting)
        #expect(try await gates(world, kyst).isEmpty)

        isDown.withLock { $0 = false }
        try await world.quiet()
        #expect(try await world.link(document)?.state == .settled)
        #expect(try await gates(world, nord).isEmpty)
        #expect(lines.all.filter { $0.hasPrefix("calls go again") } == ["calls go again free"])
        let effects = try await world.database.read { db in
            try JournalTable.list(db, tenant: nord.tenant, subject: .document(document))
        }
        #expect(effects.allSatisfy { $0.state.isSettled })
        #expect(effects.filter { $0.step == Step.createPayment }.count == 1)
        try await Soundness.expect(world, "after the outage")
    }

    /// Turns at the times at which the scheduler would take them, and Stripe's deliveries, until `end`. Answers how
    /// many turns there were.
    private func turns(_ world: World, until end: Timestamp) async throws -> Int {
        var count = 0
        while world.now() < end, count < 400 {
            let delivered = await world.deliverAll().count
            let report = try #require(try await world.turn(world.nord.tenant))
            count += 1
            let soonest = report.hasMore || delivered > 0 ? world.now() : report.nextDue ?? end
            let next = min(report.notBefore ?? soonest, end)
            world.clock.advance(bySeconds: max(0, (next.microseconds - world.now().microseconds + 999_999) / 1_000_000))
        }
        return count
    }

    @Test("Near the end of an hour's calls payments are booked and pushes and polls wait; then everything is done once")
    func reserve() async throws {
        let lines = Asked()
        let world = try await World(seed: 62, log: Logger(label: "test") { _ in Heard(lines: lines) })
        let tenant = world.nord.tenant
        let customer = try world.addCustomer()
        let collecting = try (0..<4).map { _ in try world.addInvoice(of: customer) }
        try await world.quiet()
        let hour = Timestamp(unixSeconds: (world.now().unixSeconds / 3600 + 1) * 3600)
        world.clock.advance(bySeconds: hour.seconds(since: world.now()))
        try world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.hourlyCallsMax = 200 }
        let refused = Asked()
        world.transport.observe { request, response in if response.status == 429 { refused.note(request.path) } }

        let waiting = try (0..<120).map { _ in try world.addInvoice(of: customer) }
        for document in collecting.prefix(2) { try world.stripe.pay(invoice: world.live(document).id) }
        let first = try await turns(world, until: hour.adding(seconds: 1800))
        #expect(waiting.contains { world.pushed($0).isEmpty } && waiting.contains { !world.pushed($0).isEmpty })
        let gate = try #require(try await gates(world, world.nord).first)
        #expect(gate.state == .reserved && gate.system == .visma && gate.until == hour.adding(seconds: 3600))
        let pushed = world.stripe.invoices().count

        // More money, when nothing but the reserve is left.
        for document in collecting.suffix(2) { try world.stripe.pay(invoice: world.live(document).id) }
        let polls = world.visma.calls(of: world.nord.vismaTenant)["GET customerinvoice"]
        let second = try await turns(world, until: hour.adding(seconds: 3500))
        for document in collecting { #expect(try await world.link(document)?.state == .settled) }
        #expect(world.stripe.invoices().count == pushed)
        #expect(world.visma.calls(of: world.nord.vismaTenant)["GET customerinvoice"] == polls)
        #expect(refused.count == 0)
        #expect(first + second < 60, "\(first) and \(second) turns")
        #expect(lines.all.filter { $0.hasSuffix("reserved") }.count == 1)

        _ = try await turns(world, until: hour.adding(seconds: 4 * 3600))
        for document in waiting { #expect(world.pushed(document).count == 1, "\(document)") }
        #expect(refused.count == 0)
        try await world.quiet()
        #expect(try await gates(world, world.nord).isEmpty)
        #expect(try await world.database.read { try WorkTable.counts($0, tenant: tenant).dirty } == 0)
        try await Soundness.expect(world, "an hour later")
    }

    @Test("When the hour's calls are used up nothing is sent until the next, not even by a payment")
    func spent() async throws {
        let world = try await World(seed: 63)
        let document = try world.addInvoice()
        try await world.quiet()
        try world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.hourlyCallsMax = 1 }
        try world.stripe.pay(invoice: world.live(document).id)
        await world.deliverAll()
        let next = Timestamp(unixSeconds: (world.now().unixSeconds / 3600 + 1) * 3600)
        try await world.turn(world.nord.tenant)
        let subject = Subject.document(document)
        let due = try await world.database.read { [tenant = world.nord.tenant] db in
            try WorkTable.find(db, tenant: tenant, subject: subject)?.dueAt
        }
        #expect(due == next)
        #expect(try await gates(world, world.nord).map(\.state) == [.spent])
        let calls = world.visma.callCount(of: world.nord.vismaTenant)
        world.clock.advance(bySeconds: 60)
        try await world.admin().syncNow(world.nord.tenant, document: document)
        try await world.turn(world.nord.tenant)
        #expect(world.visma.callCount(of: world.nord.vismaTenant) == calls)
        try world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.hourlyCallsMax = 1000 }
        world.clock.advance(bySeconds: next.seconds(since: world.now()))
        try await world.quiet()
        #expect(try await world.link(document)?.state == .settled)
        try await Soundness.expect(world, "in the next hour")
    }
}
