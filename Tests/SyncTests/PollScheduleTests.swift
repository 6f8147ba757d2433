import Domain
import Sandbox
import Simulation
import Storage
import Testing

@testable import Sync

@Suite("When lists are read")
struct PollScheduleTests {
    private func next(_ world: World) async throws -> (due: Int, next: Int64) {
        let policy = try #require(try await world.policy(of: world.nord))
        return try await world.database.read { [tenant = world.nord.tenant] db in
            let due = try PollSchedule.due(db, tenant: tenant, policy: policy, now: world.now())
            let next = try PollSchedule.next(db, tenant: tenant, policy: policy, now: world.now())
            return (due.count, next.seconds(since: world.now()))
        }
    }

    @Test("At least as often as the policy says, a tenant always a little earlier in its own way")
    func jitter() async throws {
        let world = try await World(seed: 3)
        try await world.quiet()
        let policy = try #require(try await world.policy(of: world.nord))
        let intervals = Set((1...50).map { PollSchedule.interval(of: TenantID("t\($0)"), policy) })
        #expect(intervals.count > 40)
        #expect(intervals.allSatisfy { (270_001...300_000).contains($0) })
        #expect(
            PollSchedule.interval(of: world.nord.tenant, policy) == PollSchedule.interval(of: world.nord.tenant, policy)
        )
    }

    @Test("After a turn the schedule says when the next poll is due; asked for now, it is due now")
    func scheduled() async throws {
        let world = try await World(seed: 3)
        try await world.quiet()
        let tenant = world.nord.tenant
        let due = try await world.database.read { try SchedulesTable.find($0, tenant: tenant) }
        let wait = try #require(due).seconds(since: world.now())
        #expect((200...300).contains(wait))
        #expect(try await next(world).due == 0)
        try await world.admin().syncNow(tenant)
        #expect(try await world.database.read { try SchedulesTable.find($0, tenant: tenant) } == world.now())
        #expect(try await next(world).due == 3)
    }

    @Test("In quiet hours no list is read but what somebody asks for; events are followed all the same")
    func quietHours() async throws {
        // The world begins at ten in Oslo.
        let world = try await World(seed: 3, policy: ["quiet_hours: \"10:05-12:00\""])
        let document = try world.addInvoice()
        try await world.quiet()
        let before = world.visma.calls(of: world.nord.vismaTenant)["GET customerinvoice"]
        world.clock.advance(bySeconds: 600)
        #expect(try await next(world).due == 0)
        try world.stripe.pay(invoice: world.live(document).id)
        await world.deliverAll()
        try await world.turn(world.nord.tenant)
        #expect(world.visma.calls(of: world.nord.vismaTenant)["GET customerinvoice"] == before)
        #expect(try await world.link(document)?.state == .settled)
        world.clock.advance(bySeconds: 2 * 3600)
        #expect(try await next(world).due == 3)
    }

    @Test("Clients and tokens are let go of after a while without a turn, and made anew")
    func idle() async throws {
        let world = try await World(seed: 3)
        try await world.quiet()
        let registry = TenantRegistry(environment: try world.environment())
        let sync = await registry.sync(world.nord.tenant)
        _ = try await sync.turn()
        #expect(await sync.isAwake)
        world.clock.advance(bySeconds: TenantRegistry.idleSeconds - 1)
        await registry.restIdle()
        #expect(await sync.isAwake)
        world.clock.advance(bySeconds: 61)
        await registry.restIdle()
        #expect(await !sync.isAwake)
        #expect(await registry.awakeCount == 0)
        #expect(try await registry.sync(world.nord.tenant).turn().stopped == nil)
        #expect(await sync.isAwake)
    }

    @Test("A turn ends after its share of looks, which the weight of the company multiplies", arguments: [1, 3])
    func weight(_ weight: Int) async throws {
        let world = try await World(seed: 3, policy: ["weight: \(weight)"])
        try await world.quiet()
        let tenant = world.nord.tenant
        try await world.database.write { db in
            for number in 0..<(TenantSync.looksMax * 4) {
                let document = DocumentRef(type: .invoice, number: "9\(number)")
                try WorkTable.dirty(db, tenant: tenant, subject: .document(document), cause: "test", dueAt: world.now())
            }
        }
        let report = try #require(try await world.turn(tenant))
        #expect((TenantSync.looksMax * weight..<TenantSync.looksMax * weight + 20).contains(report.looks))
        #expect(report.hasMore)
    }
}
