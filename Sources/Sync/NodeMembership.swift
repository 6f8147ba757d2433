package import Domain
import Logging
package import ServiceLifecycle
import Storage
import Synchronization

/// This process as one node of several on a database: its heartbeat, who else is there, and so which tenants are its
/// own. The heartbeat also keeps the leases of the turns under way: a node that stands still loses them.
package final class NodeMembership: Service, Sendable {
    /// Heartbeats in the time of a lease.
    private static let beatsPerLease: Int64 = 5
    /// How often it looks who is there: what is seen late is begun late.
    private static let lookMilliseconds: Int64 = 500
    /// How long one that is gone is still shown.
    package static let goneSecondsKept: Int64 = 86_400

    private struct View {
        var share = NodeShare([])
        var isDraining = false
        var changes = 0
    }

    private let environment: SyncEnvironment
    private let version: String
    private let view = Mutex(View())
    private let isStopping = Mutex(false)

    package init(environment: SyncEnvironment, version: String) {
        self.environment = environment
        self.version = version
    }

    /// Whether this node takes the tenant's turns now.
    package func owns(_ tenant: TenantID) -> Bool {
        view.withLock { $0.share.owner(of: tenant) } == environment.node
    }

    /// How often the nodes have been others.
    var changes: Int { view.withLock { $0.changes } }

    /// It was told to take no more turns, or stops.
    package var isDraining: Bool { view.withLock { $0.isDraining } || isStopping.withLock { $0 } }

    /// Takes its place among the nodes: before any turn begins.
    package func join() async throws {
        try await beat()
        try await environment.database.write { [environment] db in
            let moment = try environment.leaseTime(db).adding(seconds: -Self.goneSecondsKept)
            try NodesTable.removeGone(db, since: moment)
        }
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            let apart = environment.leaseSeconds * 1000 / Self.beatsPerLease
            let pause = min(apart, Self.lookMilliseconds)
            var sinceBeat: Int64 = 0
            while (try? await Task.sleep(for: .milliseconds(pause))) != nil {
                sinceBeat += pause
                do {
                    if sinceBeat >= apart {
                        try await beat()
                        sinceBeat = 0
                    } else {
                        try await look()
                    }
                } catch {
                    environment.log.error("the nodes were not seen", metadata: ["error": "\(error)"])
                }
            }
        }
        do {
            try await environment.database.write { [environment] in try NodesTable.remove($0, id: environment.node) }
        } catch {
            environment.log.warning("this node stays in the list until it runs out", metadata: ["error": "\(error)"])
        }
    }

    /// Says that this node is there, prolongs the leases that it holds, and looks who else is there. A lease that ran
    /// out while it stood still is not prolonged.
    package func beat() async throws {
        let (nodes, now) = try await environment.database.write { [environment, version] db in
            let now = try environment.leaseTime(db)
            try NodesTable.beat(
                db, id: environment.node, version: version, now: now, ttlSeconds: environment.leaseSeconds)
            try LeasesTable.renewAcrossTenants(
                db, owner: environment.node, now: now, ttlSeconds: environment.leaseSeconds)
            return (try NodesTable.list(db), now)
        }
        learn(nodes, now: now)
    }

    private func look() async throws {
        let (nodes, now) = try await environment.database.read { [environment] db in
            (try NodesTable.list(db), try environment.leaseTime(db))
        }
        learn(nodes, now: now)
    }

    /// - Parameters:
    ///   - nodes: all that the database knows.
    ///   - now: by the database.
    private func learn(_ nodes: [NodeRecord], now: Timestamp) {
        let there = nodes.filter { $0.expiresAt > now }
        let share = NodeShare(there.filter { $0.state == .active }.map(\.id))
        let isDraining = nodes.contains { $0.id == environment.node && $0.state == .draining }
        let before = view.withLock { view in
            defer {
                let changes = view.changes + (view.share == share ? 0 : 1)
                view = View(share: share, isDraining: isDraining, changes: changes)
            }
            return view
        }
        if before.share != share {
            environment.log.info(
                "the nodes are others", metadata: ["active": "\(share.nodeIDs.joined(separator: " "))"])
        }
        if isDraining, !before.isDraining { environment.log.notice("this node is draining") }
    }

    /// Tells the others at the beginning of a shutdown that they may take over, while turns under way come to an end.
    package var leaving: any Service { Leaving(membership: self) }

    private struct Leaving: Service {
        let membership: NodeMembership

        func run() async throws {
            try await gracefulShutdown()
            membership.isStopping.withLock { $0 = true }
            let environment = membership.environment
            do {
                try await environment.database.write { try NodesTable.drain($0, id: environment.node) }
            } catch {
                environment.log.warning("the others were not told of the stop", metadata: ["error": "\(error)"])
            }
        }
    }
}
