import Domain
import Logging
import Sandbox
import ServiceLifecycle
import Simulation
import Storage
import Synchronization
import Testing

@testable import Sync

@Suite("Nodes on one database")
struct NodeMembershipTests {
    private static let tenants = (1...100).map { TenantID("tenant-\($0)") }

    private func member(_ world: World, _ name: String) throws -> NodeMembership {
        var environment = try world.environment()
        environment.node = name
        environment.leaseSeconds = 30
        return NodeMembership(environment: environment, version: "1")
    }

    private func owned(_ member: NodeMembership) -> Int { Self.tenants.filter { member.owns($0) }.count }

    @Test("Alone it has all; two share, each tenant one's; before it has joined a node has none")
    func shares() async throws {
        let world = try await World(seed: 3)
        let (one, two) = (try member(world, "one"), try member(world, "two"))
        #expect(owned(one) == 0)
        try await one.join()
        #expect(owned(one) == 100)
        try await two.join()
        try await one.beat()
        #expect(Self.tenants.allSatisfy { one.owns($0) != two.owns($0) })
        #expect((30...70).contains(owned(one)))
    }

    @Test("One that drains has none at once and keeps its lease's heart beating; the other has all")
    func drains() async throws {
        let world = try await World(seed: 3)
        let (one, two) = (try member(world, "one"), try member(world, "two"))
        for node in [one, two] { try await node.join() }
        #expect(try await world.database.write { try NodesTable.drain($0, id: "two") })
        for node in [one, two] { try await node.beat() }
        #expect(two.isDraining && !one.isDraining)
        #expect(owned(one) == 100 && owned(two) == 0)
    }

    @Test("One that is not heard of loses its tenants with its lease, and has its share again when it is back")
    func silent() async throws {
        let world = try await World(seed: 3)
        let (one, two) = (try member(world, "one"), try member(world, "two"))
        for node in [one, two, one] { try await node.beat() }
        let share = owned(one)
        world.clock.advance(bySeconds: 20)
        try await one.beat()
        #expect(owned(one) == share)
        world.clock.advance(bySeconds: 10)
        try await one.beat()
        #expect(owned(one) == 100)
        for node in [two, one] { try await node.beat() }
        #expect(owned(one) == share)
    }

    @Test("As a service it leaves the list at the end, and says before that it goes")
    func service() async throws {
        let world = try await World(seed: 3)
        let one = try member(world, "one")
        try await one.join()
        let seen = Seen(database: world.database)
        let group = ServiceGroup(services: [one, seen, one.leaving], logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(seen.states.withLock { $0 } == [.draining])
        #expect(one.isDraining)
        #expect(try await world.database.read { try NodesTable.list($0) }.isEmpty)
    }

    /// Stops between the two, as the scheduler does.
    private final class Seen: Service {
        let states = Mutex<[NodeRecord.State]>([])
        private let database: any Database

        init(database: any Database) { self.database = database }

        func run() async throws {
            try await gracefulShutdown()
            let now = try await database.read { try NodesTable.list($0).map(\.state) }
            states.withLock { $0 = now }
        }
    }
}
