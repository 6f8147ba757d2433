import Domain
import Migrations
import Storage
import Testing

@Suite("Schema")
struct SchemaTests {
    /// Every state column with the values that the code knows; the schema repeats them.
    static let states: [(table: String, column: String, values: [String])] = [
        ("tenants", "mode", TenantRecord.Mode.allCases.map(\.rawValue)),
        ("tenants", "state", TenantRecord.State.allCases.map(\.rawValue)),
        ("webhook_endpoints", "state", EndpointRecord.State.allCases.map(\.rawValue)),
        ("cursors", "stream", SyncStream.allCases.map(\.rawValue)),
        ("links", "state", Link.State.allCases.map(\.rawValue)),
        ("collected", "state", Booking.State.allCases.map(\.rawValue)),
        ("collected", "kind", Booking.Kind.allCases.map(\.rawValue)),
        ("collected", "origin", Booking.Origin.allCases.map(\.rawValue)),
        ("collected", "voided_for", Booking.VoidReason.allCases.map(\.rawValue)),
        ("settlements", "way", Settlement.Way.allCases.map(\.rawValue)),
        ("requests", "kind", Request.Kind.allCases.map(\.rawValue)),
        ("events", "state", StoredEvent.State.allCases.map(\.rawValue)),
        ("journal", "state", Effect.State.allCases.map(\.rawValue)),
        ("reviews", "state", ReviewRecord.State.allCases.map(\.rawValue)),
        ("runs", "outcome", RunRecord.Outcome.allCases.map(\.rawValue)),
        ("nodes", "state", NodeRecord.State.allCases.map(\.rawValue)),
        ("pings", "outcome", PingRecord.Outcome.allCases.map(\.rawValue)),
        ("work", "lane", WorkLane.allCases.map(\.rawValue)),
        ("gates", "system", RemoteSystem.allCases.map(\.rawValue)),
        ("gates", "state", GateState.allCases.map(\.rawValue)),
    ]

    @Test("each CHECK lists exactly the states that the code knows", arguments: states.indices, Engine.dialects)
    func checksRepeatTheCode(_ index: Int, _ engine: Engine) async throws {
        let (table, column, values) = Self.states[index]
        let store = try await Store(engine)
        let checks = try await store.database.checks(of: table)
        let list = values.map { "'\($0)'" }.joined(separator: ", ")
        switch store.database.dialect {
        case .sqlite: #expect(checks.contains("CHECK (\(column) IN (\(list)))"))
        case .postgres:
            let array = values.map { "'\($0)'::text" }.joined(separator: ", ")
            #expect(checks.contains("CHECK ((\(column) = ANY (ARRAY[\(array)])))"), "\(checks)")
        }
    }

    @Test(
        "the database itself refuses an unknown state",
        arguments: [
            "UPDATE tenants SET state = 'sleeping'", "UPDATE tenants SET mode = 'both'",
            "UPDATE links SET state = 'lost'", "UPDATE collected SET state = 'gone'",
            "UPDATE events SET state = 'dropped'", "UPDATE journal SET state = 'maybe'",
            "UPDATE reviews SET state = 'closed'", "UPDATE runs SET outcome = 'fine'",
            "UPDATE pings SET outcome = 'fine'", "UPDATE webhook_endpoints SET state = 'gone'",
            "UPDATE cursors SET stream = 'other'", "UPDATE sightings SET stream = 'stripe_events'",
            "UPDATE leases SET term = 0", "UPDATE tenants SET policy = 'not json'",
            "UPDATE tenants SET stripe_account = ''", "UPDATE work SET done_generation = generation + 1",
            "UPDATE events SET livemode = 2", "UPDATE events SET state = 'ignored', reason = NULL",
            "UPDATE journal SET state = 'done', settled_at = NULL", "UPDATE runs SET outcome = 'failed'",
            "UPDATE reviews SET state = 'resolved'", "UPDATE requests SET kind = 'wish'",
            "UPDATE requests SET cause = NULL", "UPDATE settlements SET way = 'cash'",
            "UPDATE settlements SET attached = 2", "UPDATE collected SET kind = 'gift'",
            "UPDATE nodes SET state = 'asleep'",
        ], Engine.dialects)
    func unknownStates(_ update: String, _ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { try Population.fill($0, nord, marker: "mark") }
        let failure = await asyncCode { try await store.database.write { try $0.executeScript(update) } }
        #expect(failure == .checkViolation)
    }

    @Test("the audit trail refuses to be changed or shortened", arguments: Engine.allCases)
    func appendOnly(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { try Population.fill($0, nord, marker: "mark") }
        let attacks: [String] =
            switch store.database.dialect {
            case .sqlite: ["REPLACE INTO audit SELECT * FROM audit"]
            case .postgres:
                [
                    "INSERT INTO audit SELECT * FROM audit ON CONFLICT (tenant_id, sequence) DO UPDATE SET code = ''",
                    "TRUNCATE audit", "SET session_replication_role = replica; DELETE FROM audit",
                ]
            }
        for attack in ["UPDATE audit SET outcome = 'better'", "DELETE FROM audit"] + attacks {
            let failure = await asyncCode { try await store.database.write { try $0.executeScript(attack) } }
            #expect(failure == .appendOnly, "\(attack)")
        }
        let entries = try await store.database.read { try AuditTable.list($0, tenant: nord, limit: 10) }
        #expect(entries.map(\.outcome) == ["mark"])
    }

    @Test(
        "two tenants cannot be one company and account, unless one is offboarded; unknown is not equal",
        arguments: Engine.dialects)
    func identity(_ engine: Engine) async throws {
        let store = try await Store(engine)
        let become: @Sendable (any SQLConnection, TenantID) throws -> Void = { db, tenant in
            try TenantsTable.setIdentity(
                db, tenant: tenant, vismaTenant: "v", company: "1", stripeAccount: "acct_1", now: now)
        }
        try await store.database.write { try become($0, nord) }
        #expect(await asyncCode { try await store.database.write { try become($0, kyst) } } == .uniqueViolation)
        try await store.database.write { db in
            try TenantsTable.setState(db, tenant: nord, .offboarded, now: now)
            try become(db, kyst)
        }
    }

    @Test("every table of a tenant's rows names the tenant by a foreign key", arguments: Engine.dialects)
    func tenantColumns(_ engine: Engine) async throws {
        let store = try await Store(engine)
        let tables = try await store.database.tables()
            .filter { !["tenants", "schema_migrations", "nodes"].contains($0) }
        #expect(tables.count == 26)
        for table in tables {
            #expect(try await store.database.foreignKeys(of: table).contains("tenant_id>tenants"), "\(table)")
        }
    }

    @Test("both dialects have the same tables and columns, of the same kinds and the same need")
    func sameTables() async throws {
        var shapes: [[String]] = []
        for engine in Engine.dialects { shapes.append(try await Store(engine).database.columns()) }
        let first = try #require(shapes.first)
        #expect(first.count > 150)
        #expect(shapes.allSatisfy { $0 == first })
    }
}
