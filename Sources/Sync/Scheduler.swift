import Domain
import Logging
import ServiceLifecycle
import Storage
import Synchronization

/// Starts the turns of tenants that have something due: a poll, a dirty subject, an unread event. What is due stands
/// in the database; the scheduler only looks there, often, and sooner when it is told that something came.
package final class Scheduler: Service, Sendable {
    /// How often the database is asked when nobody wakes the scheduler.
    package static let tickMilliseconds = 200
    package static let turnsAtOnceMax = 8

    private let environment: SyncEnvironment
    private let registry: TenantRegistry
    private let wakeups: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let running = Mutex<Set<TenantID>>([])

    package init(environment: SyncEnvironment, registry: TenantRegistry) {
        self.environment = environment
        self.registry = registry
        (wakeups, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// A hint; hints merge.
    package func wake() { waker.yield() }

    package func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await cancelWhenGracefulShutdown { await self.tick() } }
                for await _ in self.wakeups {
                    if Task.isShuttingDownGracefully { break }
                    for tenant in await self.due() where self.begin(tenant) {
                        group.addTask { await self.turn(tenant) }
                    }
                }
                // Turns under way end by themselves: cut off, their effects would have to be looked up.
            }
        } onGracefulShutdown: {
            self.waker.finish()
        }
    }

    private func tick() async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: .milliseconds(Self.tickMilliseconds))
            } catch {
                return
            }
            wake()
        }
    }

    private func due() async -> [TenantID] {
        do {
            let now = environment.now()
            return try await environment.database.read { db in
                let withWork = Set(try WorkTable.tenantsWithWork(db, now: now))
                return try TenantsTable.list(db, state: .active).map(\.id).filter { tenant in
                    try withWork.contains(tenant) || Self.pollIsDue(db, tenant, now)
                }
            }
        } catch {
            environment.log.error("cannot see what is due", metadata: ["error": "\(error)"])
            return []
        }
    }

    private static func pollIsDue(_ db: any SQLConnection, _ tenant: TenantID, _ now: Timestamp) throws -> Bool {
        let policy = try TenantRegistry.policy(db, tenant: tenant)
        return try !PollSchedule.due(db, tenant: tenant, pollSeconds: policy?.pollSeconds ?? 60, now: now).isEmpty
    }

    private func begin(_ tenant: TenantID) -> Bool {
        running.withLock { $0.count < Self.turnsAtOnceMax && $0.insert(tenant).inserted }
    }

    private func turn(_ tenant: TenantID) async {
        do {
            let report = try await registry.sync(tenant).turn()
            if report.hasMore { wake() }
        } catch {
            environment.log.error("turn failed", metadata: ["tenant": "\(tenant)", "error": "\(error)"])
        }
        running.withLock { _ = $0.remove(tenant) }
    }
}
