#if POSTGRES
    import Domain
    import Foundation
    import Sandbox
    import Storage
    import Synchronization

    /// Pays invoices at a steady rate and carries the webhooks to whichever server answers, as a load balancer does.
    final class FleetLoad: Sendable {
        private static let pauseMilliseconds = 20
        private static let timeoutMilliseconds: Int64 = 2000

        private let fleet: Fleet
        private let nodes = Mutex<[Node]>([])
        private let invoices = Mutex<ArraySlice<String>>([])
        private let turn = Atomic<Int>(0)
        private let state = Mutex((paid: [String](), accepted: Set<String>()))
        private let client = LoopbackClient()

        init(_ fleet: Fleet) { self.fleet = fleet }

        /// What is to be paid.
        func bill(_ invoices: [String]) { self.invoices.withLock { $0 = invoices[...] } }

        /// Whom webhooks go to: those that a load balancer would find ready.
        func serve(_ nodes: [Node]) { self.nodes.withLock { $0 = nodes } }

        /// Payment intents so far.
        var paid: [String] { state.withLock { $0.paid } }
        /// Events that a server has answered for.
        var accepted: Set<String> { state.withLock { $0.accepted } }

        /// Pays the next `count`, `perSecond` of them.
        func pay(_ count: Int, perSecond: Int) async throws {
            let began = ContinuousClock.now
            for index in 0..<count {
                guard let invoice = invoices.withLock({ $0.popFirst() }) else { return }
                let made = try fleet.stripe.pay(invoice: invoice)
                state.withLock { $0.paid.append(made.paymentIntent) }
                try await Task.sleep(
                    until: began + .milliseconds(1000 * (index + 1) / perSecond), clock: .continuous)
            }
        }

        /// Until it is cancelled.
        func carry() async {
            while !Task.isCancelled {
                let due = fleet.stripe.takeDeliveries()
                await withTaskGroup(of: Void.self) { group in
                    for delivery in due { group.addTask { await self.carry(delivery) } }
                }
                try? await Task.sleep(for: .milliseconds(Self.pauseMilliseconds))
            }
        }

        private func carry(_ delivery: StripeDelivery) async {
            let nodes = nodes.withLock { $0 }
            let first = turn.wrappingAdd(1, ordering: .relaxed).newValue
            for offset in nodes.indices {
                guard let port = nodes[(first + offset) % nodes.count].port else { continue }
                let path = URL(string: delivery.url)?.path ?? ""
                let request = SandboxRequest(
                    method: "POST", path: path, headers: delivery.headers, body: delivery.body)
                let answer = try? await client.send(
                    request, to: "http://127.0.0.1:\(port)", timeoutMilliseconds: Self.timeoutMilliseconds)
                guard answer?.status == 200 else { continue }
                state.withLock { _ = $0.accepted.insert(delivery.eventID) }
                return fleet.stripe.report(delivery, status: 200)
            }
            fleet.stripe.report(delivery, status: 503)
        }
    }

    /// Looks at the database several times a second: how long a company with something due waits for a server that
    /// lives to take it up.
    final class FleetWatch: Sendable {
        private struct Seen {
            var term: Int64
            var since: ContinuousClock.Instant
        }

        private struct State {
            var waiting: [TenantID: Seen] = [:]
            var longest: (seconds: Double, tenant: TenantID)?
            var looks = 0
        }

        private static let pauseMilliseconds = 50

        private let fleet: Fleet
        private let state = Mutex(State())
        /// Process ids of servers that are dead or stand still.
        private let down = Mutex<Set<Int32>>([])

        init(_ fleet: Fleet) { self.fleet = fleet }

        func mark(_ node: Node, isDown: Bool) {
            down.withLock { if isDown { $0.insert(node.processID) } else { $0.remove(node.processID) } }
        }

        var looks: Int { state.withLock { $0.looks } }
        var longestSeconds: Double { state.withLock { $0.longest?.seconds ?? 0 } }
        var longestTenant: String { state.withLock { "\($0.longest?.tenant.rawValue ?? "-")" } }

        /// Until it is cancelled.
        func look() async throws {
            while !Task.isCancelled {
                let now = Stage.now()
                let (due, leases) = try await fleet.database.read { db in
                    let moment = try db.serverTime() ?? now
                    let due = try SchedulesTable.due(db, by: moment, limit: 100_000).filter { !$0.isPollOnly }
                    return (due, try due.map { ($0.tenant, try LeasesTable.find(db, tenant: $0.tenant), moment) })
                }
                learn(due.map(\.tenant), leases)
                do { try await Task.sleep(for: .milliseconds(Self.pauseMilliseconds)) } catch { return }
            }
        }

        private func learn(_ due: [TenantID], _ leases: [(TenantID, Lease?, Timestamp)]) {
            let (now, down) = (ContinuousClock.now, down.withLock { $0 })
            state.withLock { state in
                state.looks += 1
                let before = state.waiting
                state.waiting = [:]
                for (tenant, lease, moment) in leases {
                    let term = lease?.term ?? 0
                    // The owner is called host-process-random.
                    let owner = lease?.owner.split(separator: "-").dropLast().last.flatMap { Int32($0) }
                    let isDown = owner.map { down.contains($0) } ?? false
                    let isHeld = lease.map { $0.expiresAt > moment } ?? false
                    // A turn that lives, or that came and went since the last look.
                    if isHeld && !isDown { continue }
                    let known = before[tenant].flatMap { $0.term == term ? $0 : nil }
                    let seen = known ?? Seen(term: term, since: now)
                    state.waiting[tenant] = seen
                    let seconds = Double((now - seen.since) / .milliseconds(1)) / 1000
                    if seconds > state.longest?.seconds ?? 0 { state.longest = (seconds, tenant) }
                }
            }
        }
    }
#endif
