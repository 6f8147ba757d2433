import Domain
import Sandbox
import Simulation
import Storage
import Sync
import Testing

@Suite("Pings nobody asks for")
struct PingScheduleTests {
    private static let daySeconds: Int64 = 86_400

    private func pings(_ world: World) async throws -> [PingRecord] {
        let tenant = world.nord.tenant
        return try await world.database.read { try PingsTable.list($0, tenant: tenant, limit: 1000) }
    }

    /// A process that pings once a day, as `serve` does.
    private func server(_ world: World) throws -> TenantRegistry {
        var environment = try world.environment()
        environment.pingEverySeconds = Self.daySeconds
        return TenantRegistry(environment: environment)
    }

    @Test("An active tenant is pinged once a day, when its schedule says; a paused one is not")
    func daily() async throws {
        let world = try await World(seed: 4)
        try await world.quiet()
        let server = try server(world)
        let tenant = world.nord.tenant
        _ = try await server.sync(tenant).turn()
        #expect(try await pings(world).isEmpty)
        for day in 1...2 {
            world.clock.advance(bySeconds: Self.daySeconds)
            _ = try await server.sync(tenant).turn()
            _ = try await server.sync(tenant).turn()
            #expect(try await pings(world).count == day)
        }
        #expect(try await pings(world).first?.at == world.now())
        try await world.apply(state: "paused")
        world.clock.advance(bySeconds: 2 * Self.daySeconds)
        _ = try await server.sync(tenant).turn()
        #expect(try await pings(world).count == 2)
    }

    @Test("A ping makes a turn due by itself, and is not made where no process pings")
    func schedule() async throws {
        let world = try await World(seed: 4, policy: ["poll_seconds: 86400"])
        try await world.quiet()
        let server = try server(world)
        let tenant = world.nord.tenant
        world.clock.advance(bySeconds: Self.daySeconds)
        try await world.turn(tenant)
        #expect(try await pings(world).isEmpty)
        _ = try await server.sync(tenant).turn()
        let due = try #require(try await world.database.read { try SchedulesTable.find($0, tenant: tenant) })
        #expect(due.seconds(since: world.now()) <= Self.daySeconds)
    }

    @Test("Refused credentials stop a turn, and the ping says why")
    func refused() async throws {
        let world = try await World(seed: 4)
        try await world.quiet()
        let server = try server(world)
        try world.visma.changeCompany(world.nord.vismaTenant) { $0.clientSecret = "another" }
        world.visma.revokeTokens(of: world.nord.vismaTenant)
        world.clock.advance(bySeconds: Self.daySeconds)
        let report = try await server.sync(world.nord.tenant).turn()
        #expect(report.stopped != nil)
        let kept = try #require(try await pings(world).first)
        #expect(kept.outcome == .failed)
        #expect(try Ping.steps(of: kept).first?.name == "visma.token")
    }

    @Test("Where the hour's calls are used up it waits for the next hour")
    func budget() async throws {
        let world = try await World(seed: 4)
        try await world.quiet()
        let server = try server(world)
        world.clock.advance(bySeconds: Self.daySeconds)
        try world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.hourlyCallsMax = 3 }
        _ = try await server.sync(world.nord.tenant).turn()
        #expect(try await pings(world).isEmpty)
        try world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.hourlyCallsMax = 15_000 }
        world.clock.advance(bySeconds: 3601)
        _ = try await server.sync(world.nord.tenant).turn()
        #expect(try await pings(world).count == 1)
    }

    @Test("The history keeps the newest pings")
    func history() async throws {
        let world = try await World(seed: 4)
        let tenant = world.nord.tenant
        try await world.database.write { db in
            for age in 1...150 as ClosedRange<Int64> {
                try PingsTable.insert(
                    db, tenant: tenant,
                    PingRecord(
                        id: "old\(age)", at: World.start.adding(seconds: -age), outcome: .passed, steps: "[]"))
            }
        }
        _ = try await Ping(environment: world.environment()).run(tenant)
        let kept = try await pings(world)
        #expect(kept.count == Ping.keptMax)
        #expect(kept.first?.at == world.now())
        #expect(kept.last?.id == "old\(Ping.keptMax - 1)")
    }

    @Test("A change of credentials pings only a tenant that has all of them")
    func incomplete() async throws {
        let world = try await World(seed: 4)
        let ping = try Ping(environment: world.environment())
        #expect(try await ping.runIfComplete(world.nord.tenant)?.isEmpty == false)
        #expect(try await ping.runIfComplete(TenantID("nobody")) == nil)
    }
}
