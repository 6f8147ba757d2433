import Domain
import Foundation
import LibCrypto
import Storage
import Sync

/// What an event and a tenant cost at once, ten times and a hundred times the data, on both engines. The three sizes
/// are measured by turns, as the machine is not quiet; each figure is the middle of its rounds.
struct GrowthFigure: Figure {
    /// A B-tree is one level deeper and less of it is in the cache; beyond that nothing may grow.
    private static let ratioMax = 1.5
    /// Ids come in no order: in a large index each event writes a page of its own, beside the one that its body fills,
    /// while in a small one many share it. That is at its end with this.
    private static let eventRatioMax = 2.0
    private static let factors = [1, 10, 100]
    private static let rounds = 25

    private static let engines = ["sqlite"] + servers
    #if POSTGRES
        private static let servers = ["postgres"]
    #else
        private static let servers: [String] = []
    #endif

    var names: [String] {
        Self.engines.flatMap { engine in ["event", "tenant", "due"].map { "growth_\($0)_ratio_\(engine)" } }
    }

    func measure(_ options: FigureOptions) async throws -> [Reading] {
        var readings = try await measure("sqlite", options) { folder, _ in
            try SQLiteDatabase(.pool(path: folder + "/ml-connector.sqlite"))
        }
        #if POSTGRES
            let cluster = try PrivateCluster(.full, password: hex(try secureRandomBytes(16)))
            defer { cluster.stop() }
            readings += try await measure("postgres", options) { _, factor in
                PostgresDatabase(try PostgresAddress(url: cluster.makeDatabase("growth\(factor)")))
            }
        #endif
        return readings
    }

    private func measure(
        _ engine: String, _ options: FigureOptions, _ open: (String, Int) throws -> any Database
    ) async throws -> [Reading] {
        var places: [GrowthPlace] = []
        for factor in Self.factors {
            let folder = options.scratch + "/\(engine)-\(factor)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            places.append(try await GrowthPlace(factor, try open(folder, factor), folder, seed: options.seed))
            tell("  \(engine) has \(factor) times the data")
        }
        var costs = Array(repeating: [GrowthPlace.Cost](), count: places.count)
        // The first round warms up.
        for round in 0...Self.rounds {
            for (index, place) in places.enumerated() {
                let cost = try await place.cost(round: round)
                if round > 0 { costs[index].append(cost) }
            }
        }
        for place in places { try place.end() }
        return GrowthPlace.Kind.allCases.flatMap { sizes(engine, $0, costs) }
            + [
                ratio("event", engine, costs, atMost: Self.eventRatioMax) {
                    $0[.eventStore, default: 0] + $0[.eventResolve, default: 0]
                },
                ratio("tenant", engine, costs) { $0[.turn, default: 0] },
                ratio("due", engine, costs) { $0[.due, default: 0] },
            ]
    }

    /// Microseconds of one kind at each size.
    private func sizes(_ engine: String, _ kind: GrowthPlace.Kind, _ costs: [[GrowthPlace.Cost]]) -> [Reading] {
        zip(Self.factors, costs).map { factor, costs in
            Reading(
                "growth_\(kind.rawValue)_us_\(factor)x_\(engine)",
                costs.map { $0[kind, default: 0] }.median.rounded(),
                "\(GrowthPlace.eventCount * factor) events, \(GrowthPlace.tenantCount * factor) tenants, "
                    + "\(GrowthPlace.settledEach * factor) settled documents of a company")
        }
    }

    private func ratio(
        _ name: String, _ engine: String, _ costs: [[GrowthPlace.Cost]], atMost most: Double = ratioMax,
        _ of: (GrowthPlace.Cost) -> Double
    ) -> Reading {
        let medians = costs.map { $0.map(of).median }
        let (once, hundredfold) = (medians[0], medians[medians.count - 1])
        return Reading(
            "growth_\(name)_ratio_\(engine)", hundredfold / once, aim: .atMost(most),
            "\(Int(hundredfold)) against \(Int(once)) us: 100 times the data against once")
    }
}

/// A database of one size.
private struct GrowthPlace {
    /// At once the data.
    static let eventCount = 1000
    static let tenantCount = 100

    /// An event stored and resolved, a turn that finds nothing, a look for what is due.
    enum Kind: String, CaseIterable {
        case eventStore = "event_store"
        case eventResolve = "event_resolve"
        case turn, due
    }

    /// Microseconds.
    typealias Cost = [Kind: Double]

    /// Whose events they are, whatever the size: each has a hundred times as many in the end.
    private static let senderCount = 10
    /// As the ingress groups them at the most.
    private static let groupSize = 256
    /// As a turn reads them.
    private static let batchSize = 100
    /// Whose turns are measured; each has settled so many documents at once the data.
    private static let turnCount = 20
    static let settledEach = 100
    private static let looksEach = 100

    private let companies: Companies
    private let environment: SyncEnvironment
    private let registry: TenantRegistry
    private let factor: Int

    init(_ factor: Int, _ database: any Database, _ folder: String, seed: UInt64) async throws {
        self.factor = factor
        companies = try await Companies(
            .init(count: Self.tenantCount * factor, invoicesEach: 0, seed: seed), database: database, scratch: folder)
        let nowhere = try Connector.endpoints(.init(stripePort: 1, vismaPort: 1))
        environment = SyncEnvironment(
            database: database, vault: companies.vault, now: Stage.now, makeID: { UUID().uuidString },
            transport: NoNetwork(), endpoints: nowhere, log: Server.log, node: "bench")
        registry = TenantRegistry(environment: environment)
        let tenants = companies.tenants
        try await database.write { db in
            for tenant in tenants { try SchedulesTable.set(db, tenant: tenant, dueAt: Stage.idleUntil()) }
        }
        for start in stride(from: 0, to: Self.eventCount * factor, by: 1000) {
            let events = try (start..<start + 1000).map { try given("stored-\($0)", $0, state: .resolved) }
            try await database.write { _ = try EventsTable.insertMany($0, events) }
        }
        for tenant in workers { try await settle(tenant) }
        // PostgreSQL counts by itself, sooner or later; SQLite when somebody asks it to. Plans must stand either way.
        try await database.write { try $0.executeScript("ANALYZE") }
    }

    /// Spread over all.
    private var workers: [TenantID] {
        let apart = companies.tenants.count / Self.turnCount
        return (0..<Self.turnCount).map { companies.tenants[$0 * apart] }
    }

    private func settle(_ tenant: TenantID) async throws {
        guard let currency = Currency("NOK") else { throw Load.Failed(description: "there is no such currency") }
        let count = Self.settledEach * factor
        try await environment.database.write { db in
            for number in 0..<count {
                let link = Link(
                    document: DocumentRef(type: .invoice, number: "\(100_000 + number)"), state: .settled, revision: 1,
                    vismaCustomer: VismaCustomerNumber("\(number % 100)"), currency: currency,
                    invoice: StripeInvoiceID("in_settled\(number)"))
                try LinksTable.upsert(db, tenant: tenant, link, now: Stage.now())
            }
        }
    }

    func end() throws { try environment.database.shutDown() }

    /// Ids come in no order, as Stripe's do.
    private func given(
        _ name: String, _ index: Int, state: StoredEvent.State
    ) throws -> (tenant: TenantID, event: StoredEvent) {
        let id = "evt_" + hex(sha256(Array(name.utf8))).prefix(24)
        return (
            companies.tenants[index % Self.senderCount],
            StoredEvent(
                eventID: id, type: "invoice.paid", objectID: "in_\(index)", isLive: false, body: Stage.event(id),
                receivedAt: Stage.now(), state: state, endpointKey: Stage.endpointKey(index % Self.senderCount))
        )
    }

    func cost(round: Int) async throws -> Cost {
        let events = try (0..<Self.groupSize).map { try given("round-\(round)-\($0)", $0, state: .received) }
        let cost: Cost = [
            .eventStore: try await store(events), .eventResolve: try await resolve(), .turn: try await turns(),
            .due: try await looks(),
        ]
        // So that a small size stays small.
        try await environment.database.write { db in
            for (tenant, event) in events {
                try db.execute("DELETE FROM events WHERE tenant_id = \(tenant) AND event_id = \(event.eventID)")
            }
        }
        return cost
    }

    private func microseconds(_ count: Int, _ body: () async throws -> Void) async throws -> Double {
        try await ContinuousClock().measure(body) / .microseconds(1) / Double(count)
    }

    private func store(_ events: [(tenant: TenantID, event: StoredEvent)]) async throws -> Double {
        try await microseconds(events.count) {
            try await environment.database.write { _ = try EventsTable.insertMany($0, events) }
        }
    }

    /// What a turn reads and writes of them; what they are about costs no query where the event tells it.
    private func resolve() async throws -> Double {
        var count = 0
        let time = try await microseconds(1) {
            for tenant in companies.tenants.prefix(Self.senderCount) {
                let events = try await environment.database.read {
                    try EventsTable.nextReceived($0, tenant: tenant, limit: Self.batchSize)
                }
                count += events.count
                try await environment.database.write { db in
                    for event in events {
                        try EventsTable.markResolved(
                            db, tenant: tenant, eventID: event.eventID,
                            subject: .document(DocumentRef(type: .invoice, number: event.objectID ?? "")))
                    }
                }
            }
        }
        guard count == Self.groupSize else { throw Load.Failed(description: "\(count) events were unread") }
        return time / Double(count)
    }

    /// The first one of each, in the round that warms up, makes its clients.
    private func turns() async throws -> Double {
        let tenants = workers
        let cost = try await microseconds(tenants.count) {
            for tenant in tenants { try await turn(tenant) }
        }
        // Their lists are due, as nobody has read them; here they are not to be.
        try await environment.database.write { db in
            for tenant in tenants { try SchedulesTable.set(db, tenant: tenant, dueAt: Stage.idleUntil()) }
        }
        return cost
    }

    private func turn(_ tenant: TenantID) async throws {
        let report = try await registry.sync(tenant).turn(mayPoll: false)
        guard report.stopped == nil else { throw Load.Failed(description: "a turn: \(report.stopped ?? "")") }
    }

    /// What the scheduler asks twice a second, with ten tenants that have something due.
    private func looks() async throws -> Double {
        let busy = companies.tenants.suffix(Self.senderCount)
        let subject = Subject.document(DocumentRef(type: .invoice, number: "due"))
        let generations = try await environment.database.write { db in
            try busy.map { try WorkTable.dirty(db, tenant: $0, subject: subject, cause: "bench", dueAt: Stage.now()) }
        }
        let limit = Scheduler.Limits().rowsMax
        let cost = try await microseconds(Self.looksEach) {
            for _ in 0..<Self.looksEach {
                let due = try await environment.database.read {
                    try SchedulesTable.due($0, by: Stage.now(), limit: limit)
                }
                guard due.count == busy.count else { throw Load.Failed(description: "\(due.count) tenants were due") }
            }
        }
        try await environment.database.write { db in
            for (tenant, generation) in zip(busy, generations) {
                try WorkTable.settle(db, tenant: tenant, subject: subject, generation: generation)
            }
        }
        return cost
    }
}
