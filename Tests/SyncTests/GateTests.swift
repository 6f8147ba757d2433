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
}
