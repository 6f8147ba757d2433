#if POSTGRES
    import Domain
    import Foundation
    import Sandbox
    import Storage
    import Sync

    /// Three real servers share companies on one PostgreSQL while customers pay: one stands still between the commit of
    /// a payment's intent and its call for longer than its lease and then goes on, one is killed, one is drained and
    /// restarted. Afterwards the books of both simulators are counted.
    struct NodesFigure: Figure {
        let names = [
            "node_wait_seconds_max", "node_postings_twice", "node_events_lost", "node_strays_unlisted",
            "node_refused_commits",
        ]

        /// Beyond the lease: until the others have noticed, and a turn is free.
        private static let noticeSeconds = 2
        /// Payments while one of the servers is disturbed.
        private static let perPhaseMax = 250
        private static let pauseAt = "effect.sent/payment.create"

        func measure(_ options: FigureOptions) async throws -> [Reading] {
            let perPhase = min(options.tenants, Self.perPhaseMax)
            let fleet = try await Fleet(
                scratch: options.scratch, tenantCount: options.tenants, invoices: 3 * perPhase, seed: options.seed)
            defer { fleet.end() }
            return try await fleet.companies.simulators.whileServing { systems in
                try await Course(fleet: fleet, systems: systems, perPhase: perPhase).run()
            }
        }

        private struct Course: Sendable {
            let fleet: Fleet
            let systems: Simulators.Systems
            let perPhase: Int

            /// What two cores manage beside the simulators.
            private var perSecond: Int { 10 }

            func run() async throws -> [Reading] {
                let zombie = try fleet.start("zombie", systems, ["MLC_PAUSE_AT": pauseAt])
                let others = [try fleet.start("one", systems), try fleet.start("two", systems)]
                try await Node.until("three servers listen") { (others + [zombie]).allSatisfy { $0.port != nil } }
                let (load, watch) = (FleetLoad(fleet), FleetWatch(fleet))
                load.serve([zombie] + others)
                let booked = try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await load.carry() }
                    load.bill(try await pushed())
                    group.addTask { try await watch.look() }
                    let disturbed = try await disturb(zombie, others, load, watch)
                    group.cancelAll()
                    return disturbed
                }
                return try await readings(booked, load, watch, zombie)
            }

            /// All invoices, once they are in Stripe and nothing is left to do.
            private func pushed() async throws -> [String] {
                let began = ContinuousClock.now
                let all = fleet.tenants.count * fleet.invoicesPerCompany
                try await Node.until("all invoices are pushed") {
                    fleet.companies.simulators.openInvoices().count == all
                }
                tell("  \(all) invoices pushed in \(Int((ContinuousClock.now - began) / .seconds(1))) s")
                try await Node.until("nothing is left to do") { try await isIdle() }
                return fleet.companies.simulators.openInvoices()
            }

            /// Three phases under load; answers how many payments stand released in Visma.
            private func disturb(
                _ zombie: Node, _ others: [Node], _ load: FleetLoad, _ watch: FleetWatch
            ) async throws -> Int {
                async let first: Void = load.pay(perPhase, perSecond: perSecond)
                try await Node.until("one server stands still") { zombie.isPaused }
                watch.mark(zombie, isDown: true)
                load.serve(others)
                tell("  one server stands still between commit and call")
                try await first
                // The other servers have all of its companies, and book what it was about to book.
                try await untilBooked(load)
                zombie.signal(SIGCONT)
                watch.mark(zombie, isDown: false)
                load.serve([zombie] + others)
                tell("  it goes on")
                async let second: Void = load.pay(perPhase, perSecond: perSecond)
                try await Node.until("half of the payments came") { load.paid.count >= perPhase * 3 / 2 }
                others[0].signal(SIGKILL)
                watch.mark(others[0], isDown: true)
                let fresh = try fleet.start("three", systems)
                load.serve([zombie, others[1], fresh])
                tell("  one server was killed")
                try await second
                async let third: Void = load.pay(perPhase, perSecond: perSecond)
                try await Node.until("half of the payments came") { load.paid.count >= perPhase * 5 / 2 }
                try await drain(others[1], load, [zombie, fresh])
                try await third
                try await untilBooked(load)
                try await Node.until("nothing is left to do") { try await isIdle() }
                return try released().count
            }

            /// A rolling restart of one: drained, stopped, and it ends by itself.
            private func drain(_ node: Node, _ load: FleetLoad, _ rest: [Node]) async throws {
                let nodes = try await fleet.database.read { try NodesTable.list($0).map(\.id) }
                guard let id = nodes.first(where: { $0.contains("-\(node.processID)-") }) else {
                    throw Load.Failed(description: "the server is not in the list: \(nodes)")
                }
                guard try await node.run("node", "drain", id) == 0 else {
                    throw Load.Failed(description: "it cannot be drained: \(node.said().suffix(500))")
                }
                load.serve(rest)
                node.signal(SIGTERM)
                try await Node.until("the drained server ends") { !node.isRunning }
                guard node.status == 0 else {
                    throw Load.Failed(description: "the drained server ended with \(node.status)")
                }
                tell("  one server was drained and stopped")
            }

            // MARK: Books

            private func payments() throws -> [SandboxJSON] {
                fleet.visma.books().filter {
                    $0["kind"]?.stringValue == "payment"
                        && $0["reference"]?.stringValue?.hasPrefix("pi_") == true
                }
            }

            /// References of the payments that are released in Visma's books.
            private func released() throws -> [String] {
                try payments().filter { ["Open", "Closed"].contains($0["status"]?.stringValue) }
                    .compactMap { $0["reference"]?.stringValue }
            }

            private func untilBooked(_ load: FleetLoad) async throws {
                try await Node.until("every payment is booked") {
                    Set(try released()).isSuperset(of: load.paid)
                }
            }

            private func isIdle() async throws -> Bool {
                let limit = Stage.now().adding(seconds: 60)
                return try await fleet.database.read { db in
                    try SchedulesTable.due(db, by: limit, limit: 100_000).allSatisfy(\.isPollOnly)
                }
            }

            /// Numbers of unreleased payments that no review names.
            private func unlisted() async throws -> (strays: Int, unlisted: [String]) {
                let strays = try payments().filter { ["Hold", "Balanced"].contains($0["status"]?.stringValue) }
                    .compactMap { $0["number"]?.stringValue }
                let tenants = fleet.tenants
                let found = try await fleet.database.read { db in
                    try tenants.flatMap { tenant in
                        try ReviewsTable.list(db, tenant: tenant, state: .open, limit: 100)
                            .filter { $0.code == "stray_document" }.map(\.found)
                    }
                }
                return (strays.count, strays.filter { number in !found.contains { $0.contains(number) } })
            }

            private func lost(_ accepted: Set<String>) async throws -> Int {
                let stored = try await fleet.database.read { db in
                    Set(try db.query("SELECT event_id FROM events").map { try $0.text("event_id") })
                }
                return accepted.subtracting(stored).count
            }

            private func readings(
                _ booked: Int, _ load: FleetLoad, _ watch: FleetWatch, _ zombie: Node
            ) async throws -> [Reading] {
                let released = try released()
                let twice = released.count - Set(released).count
                let (strays, unlisted) = try await unlisted()
                let refusals = zombie.said().ranges(of: "lease_lost").count
                let most = Fleet.leaseSeconds + noticeSeconds
                return [
                    Reading(
                        "node_wait_seconds_max", watch.longestSeconds, aim: .atMost(Double(most)),
                        "the longest that due work had no server (\(watch.longestTenant)), lease "
                            + "\(Fleet.leaseSeconds) s; \(watch.looks) looks, \(fleet.tenants.count) companies"),
                    Reading("node_postings_twice", Double(twice), aim: .atMost(0), "of \(booked) released payments"),
                    Reading(
                        "node_events_lost", Double(try await lost(load.accepted)), aim: .atMost(0),
                        "of \(load.accepted.count) that were answered with 200"),
                    Reading(
                        "node_strays_unlisted", Double(unlisted.count), aim: .atMost(0),
                        "of \(strays) unreleased payments that the paused server left in Visma"),
                    Reading(
                        "node_refused_commits", Double(refusals), aim: .atLeast(1),
                        "of the server that stood still for longer than its lease"),
                ]
            }
        }
    }
#endif
