package import Domain
package import Logging
import Metrics
import ServiceLifecycle
package import Storage
import Synchronization

/// Starts the turns of tenants that have something due: a poll, a dirty subject, an unread event. What is due stands in
/// the database; the scheduler keeps the part of it that is due soon, in order, and nothing at all of idle tenants.
package final class Scheduler: Service, Sendable {
    package struct Limits: Hashable, Sendable {
        package var turnsAtOnce = 32
        /// How finely due times are kept.
        package var tickMilliseconds: Int64 = 25
        /// How often the database is asked what others have made due.
        package var rescanMilliseconds: Int64 = 500
        /// How far ahead it is asked.
        package var horizonSeconds: Int64 = 2
        package var rowsMax = 20_000
        /// Tenants in the queue beyond which those that have nothing but lists to read are put off.
        package var waitingMax = 2000
        package var shedSeconds: Int64 = 10
        /// The longest that a tenant is left alone which an outside system has stopped: its credentials may be mended.
        package var holdSeconds: Int64 = 10
        /// The same after a transaction that others were in the way of, or whose connection was lost.
        package var retrySeconds: Int64 = 1
        package init() {}
    }

    private let limits: Limits
    private let now: @Sendable () -> Timestamp
    private let due: @Sendable (Timestamp, Int) async throws -> [DueTenant]
    private let turn: @Sendable (Agenda.Start) async -> Agenda.End
    /// Whether this process takes a tenant's turns now.
    private let owns: @Sendable (TenantID) -> Bool
    /// Another number when other tenants are this process's.
    private let shares: @Sendable () -> Int
    private let log: Logger
    private let shedCounter = Counter(label: "mlc_polls_shed_total")
    private let waitingGauge = Gauge(label: "mlc_turns_waiting")
    private let wakeups: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let agenda: Mutex<Agenda>

    /// - Parameter membership: which tenants are this process's; without it all are.
    package convenience init(
        environment: SyncEnvironment, registry: TenantRegistry, membership: NodeMembership? = nil,
        limits: Limits = Limits()
    ) {
        self.init(
            limits: limits, now: environment.now, log: environment.log,
            owns: { membership?.owns($0) ?? true }, shares: { membership?.changes ?? 0 },
            due: { moment, limit in
                try await environment.database.read { try SchedulesTable.due($0, by: moment, limit: limit) }
            },
            turn: { start in
                do {
                    await registry.restIdle()
                    let report = try await registry.sync(start.tenant).turn(mayPoll: start.mayPoll)
                    return Agenda.End(
                        hasMore: report.hasMore, nextDue: report.nextDue, notBefore: report.notBefore)
                } catch {
                    environment.log.error("turn failed", metadata: ["tenant": "\(start.tenant)", "error": "\(error)"])
                    let code = (error as? StorageError)?.code
                    let isPassing = code == .busy || code == .connectionLost
                    return Agenda.End(
                        notBefore: environment.now().adding(
                            seconds: isPassing ? limits.retrySeconds : limits.holdSeconds))
                }
            })
    }

    /// - Parameters:
    ///   - owns: whether this process takes a tenant's turns.
    ///   - shares: another number when it answers otherwise than before.
    ///   - due: the tenants that are due by a moment, at most so many of either kind.
    ///   - turn: one turn of one tenant.
    package init(
        limits: Limits, now: @escaping @Sendable () -> Timestamp, log: Logger,
        owns: @escaping @Sendable (TenantID) -> Bool = { _ in true },
        shares: @escaping @Sendable () -> Int = { 0 },
        due: @escaping @Sendable (Timestamp, Int) async throws -> [DueTenant],
        turn: @escaping @Sendable (Agenda.Start) async -> Agenda.End
    ) {
        self.limits = limits
        self.now = now
        self.log = log
        self.owns = owns
        self.shares = shares
        self.due = due
        self.turn = turn
        agenda = Mutex(Agenda(limits: limits))
        (wakeups, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Something came for the tenant: a hint; hints merge. Another node's tenant is left to that node.
    package func wake(_ tenant: TenantID) {
        guard owns(tenant) else { return }
        let now = now()
        agenda.withLock { $0.wake(tenant, now: now) }
        waker.yield()
    }

    package func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await cancelWhenGracefulShutdown { await self.tick() } }
                group.addTask { await cancelWhenGracefulShutdown { await self.rescan() } }
                for await _ in self.wakeups {
                    if Task.isShuttingDownGracefully { break }
                    let now = self.now()
                    for start in self.agenda.withLock({ $0.starts(now: now) }) {
                        group.addTask { await self.take(start) }
                    }
                }
                // Turns under way end by themselves: cut off, their effects would have to be looked up.
            }
        } onGracefulShutdown: {
            self.waker.finish()
        }
    }

    private func take(_ start: Agenda.Start) async {
        // It may have become another node's since it was found to be due.
        let end = owns(start.tenant) ? await turn(start) : Agenda.End()
        let now = now()
        agenda.withLock { $0.ended(start.tenant, end, now: now) }
        waker.yield()
    }

    private func tick() async {
        while await pause(limits.tickMilliseconds) { waker.yield() }
    }

    private func rescan() async {
        repeat {
            let began = ContinuousClock.now
            let share = shares()
            do {
                let found = try await due(now().adding(seconds: limits.horizonSeconds), limits.rowsMax)
                    .filter { owns($0.tenant) }
                let now = now()
                agenda.withLock { $0.learn(found, now: now) }
                waker.yield()
            } catch {
                log.error("cannot see what is due", metadata: ["error": "\(error)"])
            }
            tellOfShedding()
            // However much is due, asking for it takes a small part of the time.
            let cost = (ContinuousClock.now - began) / .milliseconds(1)
            if await !rest(max(limits.rescanMilliseconds, Int64(cost * 20)), whileIn: share) { return }
        } while true
    }

    /// Rests between two looks, but for no longer than the tenants are the same: those of a node that died have waited
    /// already. False when it was cancelled.
    private func rest(_ milliseconds: Int64, whileIn share: Int) async -> Bool {
        var left = milliseconds
        while left > 0, shares() == share {
            guard await pause(min(left, limits.rescanMilliseconds)) else { return false }
            left -= limits.rescanMilliseconds
        }
        return true
    }

    private func tellOfShedding() {
        let (shed, waiting) = agenda.withLock { ($0.takeShed(), $0.waitingCount) }
        waitingGauge.record(waiting)
        if shed.polls > 0 { shedCounter.increment(by: Int64(shed.polls)) }
        switch shed.change {
        case true?: log.warning("polls are put off, as too many turns wait", metadata: ["waiting": "\(waiting)"])
        case false?: log.notice("polls are read again", metadata: ["waiting": "\(waiting)"])
        case nil: break
        }
    }

    /// False when it was cancelled.
    private func pause(_ milliseconds: Int64) async -> Bool {
        do {
            try await Task.sleep(for: .milliseconds(milliseconds))
            return true
        } catch {
            return false
        }
    }
}
