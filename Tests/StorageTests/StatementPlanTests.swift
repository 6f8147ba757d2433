import Domain
import Foundation
import Storage
import Synchronization
import Testing

/// Every statement of every function of the tables, as the product writes it: none reads a whole table, and none all
/// rows of a tenant, but those that are named here with the reason. A new function is among them by
/// `IsolationTests.completeness`.
@Suite("Statement plans")
struct StatementPlanTests {
    private static let few = "there are few of a tenant"
    private static let page = "it ends with the page"
    private static let person = "only a person asks"
    private static let gauge = "counted for a gauge or a person"

    /// What may walk through all of a tenant's rows in a table, and why.
    static let walks: [String: String] = [
        "AbilitiesTable.list(_:tenant:)": few,
        "AuditTable.list(_:tenant:before:limit:)": page,
        "AuditTable.list(_:tenant:subjects:)": person,
        "CollectedTable.list(_:tenant:subject:)": person,
        "CredentialsTable.list(_:tenant:)": few,
        "CustomerLinksTable.find(_:tenant:vismaNumber:)": "a person asks, or a payout that names a number",
        "CustomerLinksTable.list(_:tenant:)": person,
        "DataKeysTable.latest(_:tenant:)": few,
        "DataKeysTable.list(_:tenant:)": few,
        "EndpointsTable.list(_:tenant:)": few,
        "EventsTable.countByState(_:tenant:)": gauge,
        "EventsTable.countLookedAt(_:tenant:_:after:)": person,
        "EventsTable.duplicates(_:tenant:)": gauge,
        "EventsTable.list(_:tenant:state:type:after:limit:)": person,
        "EventsTable.list(_:tenant:subject:)": person,
        "EventsTable.lookedAt(_:tenant:_:after:limit:)": person,
        "GatesTable.list(_:tenant:)": few,
        "LinksTable.list(_:tenant:state:after:limit:)": page,
        "PingsTable.lastAt(_:tenant:)": "the latest is at the index's end",
        "PingsTable.list(_:tenant:limit:)": page,
        "PingsTable.prune(_:tenant:keeping:)": "as many are kept as one page shows",
        "RequestsTable.insert(_:tenant:subject:_:)": "the greatest id is at the index's end",
        "ReviewsTable.countOpen(_:tenant:)": gauge,
        "ReviewsTable.openSubjects(_:tenant:after:limit:)": page,
        "RunsTable.list(_:tenant:limit:)": page,
        "StripeCustomersTable.count(_:tenant:)": person,
        "WorkTable.counts(_:tenant:)": gauge,
        "WorkTable.dirtyList(_:tenant:limit:)": page,
        "WorkTable.nextDue(_:tenant:)": "the least due time is at the index's beginning",
        "SchedulesTable.due(_:by:limit:)": "the least due time is at the index's beginning",
    ]

    /// Tables with one row of a tenant.
    private static let single = ["leases", "schedules", "audit_heads"]

    /// What turns ask besides, and what is asked across tenants, with the arguments of the busiest caller.
    static let shared: [(name: String, run: IsolationTests.Write)] = [
        (
            "LinksTable.list with a state",
            { db, tenant in _ = try LinksTable.list(db, tenant: tenant, state: .collecting, limit: 1) }
        ),
        ("SchedulesTable.due(_:by:limit:)", { db, _ in _ = try SchedulesTable.due(db, by: now, limit: 10) }),
        ("TenantsTable.ofVisma(_:vismaTenant:)", { db, _ in _ = try TenantsTable.ofVisma(db, vismaTenant: "one") }),
        (
            "TenantsTable.standingsAcrossTenants(_:of:)",
            { db, tenant in _ = try TenantsTable.standingsAcrossTenants(db, of: [tenant, kyst]) }
        ),
        (
            "WebhookSecretsTable.activeAcrossTenants(_:now:after:limit:)",
            { db, tenant in
                let last = SealedSecret(endpointKey: "a", version: 1, sealed: [])
                _ = try WebhookSecretsTable.activeAcrossTenants(db, now: now, after: (tenant, last), limit: 10)
            }
        ),
        (
            "WebhookSecretsTable.activeAcrossTenants(_:endpointKey:now:)",
            { db, _ in _ = try WebhookSecretsTable.activeAcrossTenants(db, endpointKey: "a", now: now) }
        ),
        (
            "EndpointsTable.ownerAcrossTenants(_:endpointKey:)",
            { db, _ in _ = try EndpointsTable.ownerAcrossTenants(db, endpointKey: "a") }
        ),
        (
            "LeasesTable.renewAcrossTenants(_:owner:now:ttlSeconds:)",
            { db, _ in try LeasesTable.renewAcrossTenants(db, owner: "a", now: now, ttlSeconds: 9) }
        ),
    ]

    private struct Undo: Error {}

    /// The statements of each function, as they are run on rows of two tenants.
    private static func statements(_ store: Store) async throws -> [(name: String, statements: [SQLStatement])] {
        try await store.database.write { db in
            for tenant in [nord, kyst] { try Population.fill(db, tenant, marker: "mark-\(tenant)") }
        }
        let reads: [(name: String, run: IsolationTests.Write)] = IsolationTests.reads.map { name, read in
            (name, { db, tenant in _ = try read(db, tenant) })
        }
        let runs = reads + IsolationTests.writes.map { ($0.name, $0.write) } + shared
        var found: [(name: String, statements: [SQLStatement])] = []
        for (name, run) in runs {
            let record = Record()
            await #expect(throws: Undo.self, "\(name)") {
                try await store.database.write { db in
                    try run(Recording(db, record), nord)
                    throw Undo()
                }
            }
            found.append((name, record.all))
        }
        return found
    }

    @Test("no statement reads a whole table, nor all rows of a tenant that is not named")
    func sqlite() async throws {
        let store = try await Store(.inline)
        let tables = try await store.database.read { db in
            try db.query("SELECT name FROM sqlite_master WHERE type = 'table'").map { try $0.text("name") }
        }
        try #require(tables.count > 20)
        var walking: Set<String> = []
        for (name, statements) in try await Self.statements(store) {
            #expect(!statements.isEmpty, "\(name) asks nothing")
            for statement in statements {
                let plan = try await store.database.read { db in
                    try db.query("EXPLAIN QUERY PLAN \(statement)").map { try $0.text("detail") }
                }
                for step in plan {
                    let words = step.split(separator: " ").map(String.init)
                    #expect(!(words[0] == "SCAN" && tables.contains(words[1])), "\(name): \(step)")
                    if step.hasSuffix("(tenant_id=?)"), !Self.single.contains(words[1]) { walking.insert(name) }
                }
            }
        }
        #expect(walking.subtracting(Self.walks.keys).sorted() == [], "walks through all of a tenant's rows")
        #expect(Set(Self.walks.keys).subtracting(walking).sorted() == [], "is named and does not")
    }

    #if POSTGRES
        @Test("no statement reads a whole table on PostgreSQL, with rows and statistics")
        func postgres() async throws {
            let store = try await Store(.postgres)
            if case .postgres(let place) = store.place { place.isReusable.value = false }
            let functions = try await Self.statements(store)
            try await store.database.write { db in
                for sql in PlanTests.rows { try db.executeScript(sql) }
                try db.executeScript("ANALYZE")
            }
            for (name, statements) in functions {
                for statement in statements {
                    let plan = try await store.database.write { db in
                        try db.query("EXPLAIN \(statement)").map { try $0.text("QUERY PLAN") }
                    }
                    let scans = plan.filter { line in Self.large.contains { line.contains("Seq Scan on \($0) ") } }
                    #expect(scans == [], "\(name)")
                }
            }
        }

        /// Tables of which there are thousands of rows here; a few rows are read at once, whatever index there is.
        private static let large = [
            "work", "events", "journal", "links", "collected", "requests", "stripe_customers",
        ]
    #endif
}

/// What a recording connection was asked; kept beyond the transaction.
private final class Record: Sendable {
    private let statements = Mutex<[SQLStatement]>([])
    var all: [SQLStatement] { statements.withLock { $0 } }
    func add(_ statement: SQLStatement) { statements.withLock { $0.append(statement) } }
}

/// A connection that keeps the statements it passes on.
private final class Recording: SQLConnection {
    private let inner: any SQLConnection
    private let record: Record

    init(_ inner: any SQLConnection, _ record: Record) {
        self.inner = inner
        self.record = record
    }

    func serverTime() throws -> Timestamp? { try inner.serverTime() }

    @discardableResult func execute(_ statement: SQLStatement) throws -> Int {
        record.add(statement)
        return try inner.execute(statement)
    }

    func query(_ statement: SQLStatement) throws -> [SQLRow] {
        record.add(statement)
        return try inner.query(statement)
    }

    func executeScript(_ script: String) throws { try inner.executeScript(script) }
}
