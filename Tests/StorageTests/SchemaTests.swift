import Domain
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
        ("pings", "outcome", PingRecord.Outcome.allCases.map(\.rawValue)),
    ]

    @Test("each CHECK lists exactly the states that the code knows", arguments: states.indices)
    func checksRepeatTheCode(_ index: Int) async throws {
        let (table, column, values) = Self.states[index]
        let store = try await Store(.inline)
        let sql = try await store.database.read {
            try $0.query("SELECT sql FROM sqlite_master WHERE name = \(table)")[0].text("sql")
        }
        let joined = sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            .replacing("( ", with: "(").replacing(" )", with: ")")
        let list = values.map { "'\($0)'" }.joined(separator: ", ")
        #expect(joined.contains("CHECK (\(column) IN (\(list)))"))
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
            "UPDATE reviews SET state = 'resolved'",
        ])
    func unknownStates(_ update: String) async throws {
        let store = try await Store(.inline)
        try await store.database.write { try Population.fill($0, nord, marker: "mark") }
        let failure = await asyncCode { try await store.database.write { try $0.executeScript(update) } }
        #expect(failure == .checkViolation)
    }

    @Test("the audit trail refuses to be changed or shortened", arguments: Engine.allCases)
    func appendOnly(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { try Population.fill($0, nord, marker: "mark") }
        for attack in [
            "UPDATE audit SET outcome = 'better'", "DELETE FROM audit", "REPLACE INTO audit SELECT * FROM audit",
        ] {
            let failure = await asyncCode { try await store.database.write { try $0.executeScript(attack) } }
            #expect(failure == .appendOnly, "\(attack)")
        }
        let entries = try await store.database.read { try AuditTable.list($0, tenant: nord, limit: 10) }
        #expect(entries.map(\.outcome) == ["mark"])
    }

    @Test("two tenants cannot be one company and account, unless one is offboarded; unknown is not equal")
    func identity() async throws {
        let store = try await Store(.inline)
        try await store.database.write { db in
            try TenantsTable.setIdentity(
                db, tenant: nord, vismaTenant: "v", company: "1", stripeAccount: "acct_1", now: now)
            #expect(
                code {
                    try TenantsTable.setIdentity(
                        db, tenant: kyst, vismaTenant: "v", company: "1", stripeAccount: "acct_1", now: now)
                } == .uniqueViolation)
            try TenantsTable.setState(db, tenant: nord, .offboarded, now: now)
            try TenantsTable.setIdentity(
                db, tenant: kyst, vismaTenant: "v", company: "1", stripeAccount: "acct_1", now: now)
        }
    }

    @Test("every table of a tenant's rows names the tenant by a foreign key")
    func tenantColumns() async throws {
        let store = try await Store(.inline)
        let tables = try await store.database.read {
            try $0.query(
                """
                SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('tenants', 'schema_migrations')
                """
            ).map { try $0.text("name") }
        }
        #expect(tables.count == 23)
        for table in tables {
            let targets = try await store.database.read {
                try $0.query("SELECT \"from\" AS origin, \"table\" AS target FROM pragma_foreign_key_list(\(table))")
                    .map { try $0.text("origin") + ">" + $0.text("target") }
            }
            #expect(targets.contains("tenant_id>tenants"), "\(table)")
        }
    }

    @Test("the hot queries use their indexes")
    func plans() async throws {
        let store = try await Store(.inline)
        let hot = [
            "SELECT * FROM work WHERE tenant_id = 'a' AND generation > done_generation AND due_at <= 5": "work_due (",
            "SELECT tenant_id FROM work WHERE generation > done_generation AND due_at <= 5": "work_due_all (",
            "SELECT * FROM events WHERE tenant_id = 'a' AND state = 'received' ORDER BY received_at, event_id":
                "events_received",
            "SELECT * FROM journal WHERE tenant_id = 'a' AND state IN ('sent', 'uncertain') AND subject = 's'":
                "journal_unsettled",
            "SELECT * FROM journal WHERE tenant_id = 'a' AND state IN ('sent', 'uncertain')": "journal_unsettled",
            "SELECT tenant_id FROM events WHERE state = 'received'": "events_received",
            "UPDATE events SET reason = NULL WHERE tenant_id = 'a' AND object_id = 'ch_1' AND state = 'ignored'":
                "events_ignored",
            "SELECT customer FROM stripe_customers WHERE tenant_id = 'a' AND description = 'x'":
                "stripe_customers_description",
            "SELECT * FROM links WHERE tenant_id = 'a' AND invoice = 'in_1'": "links_invoice",
        ]
        for (sql, index) in hot {
            let plan = try await store.database.read {
                try $0.query(SQLStatement(stringLiteral: "EXPLAIN QUERY PLAN " + sql)).map { try $0.text("detail") }
            }
            #expect(plan.joined().contains("INDEX \(index)"), "\(sql): \(plan)")
        }
    }
}
