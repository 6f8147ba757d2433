import Domain
import Storage
import Testing

/// What every turn, every poll and every webhook asks must not read a whole table.
@Suite("Query plans")
struct PlanTests {
    static let hot: [(sql: String, index: String)] = [
        ("SELECT * FROM work WHERE tenant_id = 'a' AND generation > done_generation AND due_at <= 5", "work_due"),
        ("SELECT tenant_id FROM work WHERE generation > done_generation AND due_at <= 5", "work_due_all"),
        (
            """
            SELECT * FROM work WHERE tenant_id = 'a' AND generation > done_generation AND lane = 'money' AND due_at <= 5
            ORDER BY due_at, subject LIMIT 20
            """, "work_due_money"
        ),
        (
            """
            SELECT * FROM work WHERE tenant_id = 'a' AND generation > done_generation AND lane = 'other' AND due_at <= 5
            ORDER BY due_at, subject LIMIT 20
            """, "work_due"
        ),
        (
            "SELECT * FROM events WHERE tenant_id = 'a' AND state = 'received' ORDER BY received_at, event_id LIMIT 9",
            "events_received"
        ),
        (
            "SELECT * FROM journal WHERE tenant_id = 'a' AND state IN ('sent', 'uncertain') AND subject = 's'",
            "journal_unsettled"
        ),
        ("SELECT * FROM journal WHERE tenant_id = 'a' AND state IN ('sent', 'uncertain')", "journal_unsettled"),
        ("SELECT tenant_id FROM events WHERE state = 'received'", "events_received"),
        (
            "UPDATE events SET reason = NULL WHERE tenant_id = 'a' AND object_id = 'ch_1' AND state = 'ignored'",
            "events_ignored"
        ),
        (
            "SELECT customer FROM stripe_customers WHERE tenant_id = 'a' AND description = 'x'",
            "stripe_customers_description"
        ),
        ("SELECT tenant_id, due_at FROM schedules WHERE due_at <= 5 ORDER BY due_at, tenant_id", "schedules_due"),
        (
            "SELECT MIN(tenant_id) FROM work WHERE generation > done_generation AND tenant_id > 'a'", "work_due"
        ),
        ("SELECT MIN(tenant_id) FROM events WHERE state = 'received' AND tenant_id > 'a'", "events_received"),
        ("SELECT * FROM links WHERE tenant_id = 'a' AND invoice = 'in_1'", "links_invoice"),
        ("SELECT * FROM links WHERE tenant_id = 'a' AND state = 'collecting' ORDER BY document LIMIT 1", "links_state"),
        ("SELECT document FROM links WHERE tenant_id = 'a' AND visma_customer = 'c7'", "links_customer"),
        (
            "SELECT subject FROM collected WHERE tenant_id = 'a' AND cause = 'inpay_1' AND subject <> 's' LIMIT 1",
            "collected_cause"
        ),
        ("SELECT COUNT(*) FROM leases WHERE owner = 'a' AND expires_at > 0 AND expires_at > 5", "leases_held"),
        ("SELECT * FROM requests WHERE tenant_id = 'a' AND subject = 's' ORDER BY id", "requests_subject"),
    ]

    @Test("the hot queries use their indexes", arguments: hot.indices)
    func plans(_ index: Int) async throws {
        let store = try await Store(.inline)
        let (sql, name) = Self.hot[index]
        let plan = try await store.database.read {
            try $0.query(SQLStatement(stringLiteral: "EXPLAIN QUERY PLAN " + sql)).map { try $0.text("detail") }
        }
        #expect(plan.contains { $0.contains("INDEX \(name) (") || $0.hasSuffix("INDEX \(name)") }, "\(plan)")
    }

    #if POSTGRES
        /// Rows of many tenants, as the planner chooses by what it has counted.
        static let rows = [
            """
            INSERT INTO tenants (id, name, mode, state, policy, policy_version, created_at, updated_at)
            SELECT 't' || t, 'x', 'test', 'active', '{}', 1, 0, 0 FROM generate_series(1, 40) t
            """,
            """
            INSERT INTO work (tenant_id, subject, generation, done_generation, due_at, attempts, cause)
            SELECT 't' || t, 'document/Invoice:' || n, 2, CASE WHEN n % 20 = 0 THEN 1 ELSE 2 END, t * n, 0, 'x'
            FROM generate_series(1, 40) t, generate_series(1, 200) n
            """,
            """
            INSERT INTO events (
                tenant_id, event_id, type, object_id, livemode, body, received_at, state, reason, deliveries)
            SELECT 't' || t, 'evt_' || n, 'x', 'ch_' || n, 0, 'x', n,
                CASE WHEN n % 20 = 0 THEN 'received' WHEN n % 20 = 1 THEN 'ignored' ELSE 'resolved' END, 'x', 1
            FROM generate_series(1, 40) t, generate_series(1, 200) n
            """,
            """
            INSERT INTO journal (
                tenant_id, effect_key, subject, revision, step, cause, attempt, state, term, sent_at, deadline_at,
                settled_at)
            SELECT 't' || t, 'k' || n, 's' || n, 1, 'x', 'x', 1, CASE WHEN n % 20 = 0 THEN 'sent' ELSE 'done' END,
                1, n, n, CASE WHEN n % 20 = 0 THEN NULL ELSE n END
            FROM generate_series(1, 40) t, generate_series(1, 200) n
            """,
            """
            INSERT INTO links (
                tenant_id, document, state, revision, visma_customer, currency, invoice, created_at, updated_at)
            SELECT 't' || t, 'Invoice:' || n, CASE WHEN n % 20 = 0 THEN 'collecting' ELSE 'settled' END, 1,
                'c' || n % 50, 'NOK', 'in_' || n, 0, 0
            FROM generate_series(1, 40) t, generate_series(1, 200) n
            """,
            """
            INSERT INTO collected (
                tenant_id, subject, cause, kind, origin, state, currency, amount, applied, fee, number, reference,
                created_at, updated_at)
            SELECT 't' || t, 's' || n, 'inpay_' || n, 'payment', 'posted', 'booked', 'NOK', 1, 1, 0, 'n' || n, 'r', 0, 0
            FROM generate_series(1, 40) t, generate_series(1, 200) n
            """,
            """
            INSERT INTO requests (tenant_id, id, subject, kind, reason, actor, asked_at)
            SELECT 't' || t, n, 's' || n, 'push', 'x', 'x', 0 FROM generate_series(1, 40) t, generate_series(1, 200) n
            """,
            """
            INSERT INTO leases (tenant_id, owner, term, expires_at)
            SELECT 't' || t, 'n' || t % 4, 1, CASE WHEN t % 10 = 0 THEN 9 ELSE 0 END FROM generate_series(1, 40) t
            """,
            """
            INSERT INTO stripe_customers (tenant_id, customer, description, updated_at)
            SELECT 't' || t, 'cus_' || n, 'd' || n, 0 FROM generate_series(1, 40) t, generate_series(1, 200) n
            """,
        ]

        @Test("the hot queries use their indexes on PostgreSQL, with rows and statistics")
        func postgresPlans() async throws {
            let store = try await Store(.postgres)
            if case .postgres(let place) = store.place { place.isReusable.value = false }
            try await store.database.write { db in
                for sql in Self.rows { try db.executeScript(sql) }
                try db.executeScript("ANALYZE")
            }
            for (sql, name) in Self.hot {
                let plan = try await store.database.write { db in
                    let text = sql.replacing("'a'", with: "'t7'")
                    return try db.query(SQLStatement(stringLiteral: "EXPLAIN " + text))
                        .map { try $0.text("QUERY PLAN") }
                }
                #expect(
                    plan.contains {
                        $0.contains(" \(name) on ") || $0.hasSuffix(" on \(name)")
                            || $0.contains(" on \(name) ") || $0.contains(" using \(name) ")
                    }, "\(sql): \(plan)")
            }
        }
    #endif
}
