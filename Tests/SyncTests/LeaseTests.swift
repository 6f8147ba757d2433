import Domain
import Sandbox
import Simulation
import Storage
import Sync
import Synchronization
import Testing

@Suite("Two processes on one database")
struct LeaseTests {
    @Test("While one works on a tenant the other gets no lease, and does nothing")
    func second() async throws {
        let world = try await World(seed: 6)
        _ = try world.addInvoice()
        let other = try world.node("node-b")
        let tenant = world.nord.tenant
        let reports = Mutex<[TenantSync.Report]>([])
        world.interlude { reached in
            guard reached == .observed else { return }
            let report = try await other.sync(tenant).turn()
            reports.withLock { $0.append(report) }
        }
        try await world.turn(tenant)
        let seen = reports.withLock { $0 }
        #expect(!seen.isEmpty)
        #expect(seen.allSatisfy { $0.stopped == "another process holds the tenant's lease" && $0.looks == 0 })
        world.interlude(nil)
        // Given back at the end of the turn.
        #expect(try await other.sync(tenant).turn().stopped == nil)
        try await Soundness.expect(world, "two nodes")
    }

    @Test(
        "One that was taken for dead and wakes up cannot commit, whatever it was doing",
        arguments: [
            Checkpoint.effectAnswered(Step.createInvoice), .effectAnswered(Step.finalizeInvoice),
            .effectSent(Step.createInvoice), .effectAnswered(Step.attachRecord), .observed,
        ])
    func zombiePush(checkpoint: Checkpoint) async throws {
        let world = try await World(seed: 6)
        let document = try world.addInvoice()
        try await expectZombie(world, checkpoint)
        #expect(world.pushed(document).count == 1)
        try await Soundness.expect(world, "zombie at \(checkpoint)")
    }

    @Test(
        "Nor does it book a payment twice or release one",
        arguments: [
            Checkpoint.effectSent(Step.createPayment), .effectAnswered(Step.createPayment),
            .effectSettled(Step.createPayment), .effectSent(Step.releasePayment), .effectAnswered(Step.releasePayment),
        ])
    func zombiePayment(checkpoint: Checkpoint) async throws {
        let world = try await World(seed: 6)
        let document = try world.addInvoice()
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id)
        await world.deliverAll()
        try await expectZombie(world, checkpoint)
        let released = world.vismaRows("payment").filter { ["Open", "Closed"].contains($0["status"]?.stringValue) }
        #expect(released.count == 1)
        // What it sent too late stands unreleased at most, and a person is told.
        let strays = world.vismaRows("payment").filter { ["Hold", "Balanced"].contains($0["status"]?.stringValue) }
        #expect(strays.count <= 1)
        #expect(try await Soundness.reviewCodes(world) == strays.map { _ in "stray_document" })
        #expect(try await world.link(document)?.state == .settled)
        try await Soundness.expect(world, "zombie at \(checkpoint)")
    }

    /// The first node stands still at `checkpoint` for longer than its lease while another takes over and finishes.
    private func expectZombie(_ world: World, _ checkpoint: Checkpoint) async throws {
        let other = try world.node("node-b")
        let tenant = world.nord.tenant
        let once = Countdown(1)
        world.interlude { [clock = world.clock] reached in
            guard reached == checkpoint, once.next() else { return }
            clock.advance(bySeconds: TenantSync.leaseSeconds + 1)
            for _ in 0..<4 {
                _ = try await other.sync(tenant).turn()
                clock.advance(bySeconds: 301)
            }
        }
        let report = try #require(try await world.turn(tenant))
        #expect(!once.next(), "\(checkpoint) was not reached")
        #expect(report.stopped?.hasPrefix("storage.lease_lost") == true, "\(checkpoint): \(report.stopped ?? "-")")
        world.interlude(nil)
        try await world.quiet()
    }

    @Test("A look of many slow calls prolongs its lease with each, and comes to its end")
    func slow() async throws {
        let world = try await World(seed: 6)
        let document = try world.addInvoice()
        world.interlude { [clock = world.clock] reached in
            if reached.name.hasPrefix("effect.answered") { clock.advance(bySeconds: 50) }
        }
        let report = try #require(try await world.turn(world.nord.tenant))
        #expect(report.stopped == nil)
        #expect(try await world.link(document)?.state == .collecting)
    }

    @Test("Two nodes that take turns book everything once")
    func alternating() async throws {
        let world = try await World(seed: 6)
        let other = try world.node("node-b")
        let customer = try world.addCustomer()
        var documents: [DocumentRef] = []
        for index in 0..<6 {
            documents.append(try world.addInvoice(of: customer))
            if index % 2 == 0 {
                try await world.turn(world.nord.tenant)
            } else {
                _ = try await other.sync(world.nord.tenant).turn()
            }
            if index > 0 { try world.stripe.pay(invoice: world.live(documents[index - 1]).id) }
            await world.deliverAll()
            world.clock.advance(bySeconds: 301)
        }
        try await world.quiet()
        #expect(world.vismaRows("payment").count == 5)
        try await Soundness.expect(world, "taking turns")
    }
}
