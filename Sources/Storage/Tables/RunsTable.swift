package import Domain

/// One sweep, catch-up or turn of a tenant, with what it counted.
package struct RunRecord: Hashable, Sendable {
    package enum Outcome: String, Sendable, CaseIterable {
        case running, succeeded, failed, partial
    }

    package var id: String
    package var kind: String
    package var startedAt: Timestamp
    package var endedAt: Timestamp?
    /// JSON.
    package var counts: String
    package var outcome: Outcome
}

package enum RunsTable {
    private static let columns: SQLStatement = "id, kind, started_at, ended_at, counts, outcome"

    package static func start(
        _ db: any SQLConnection, tenant: TenantID, id: String, kind: String, now: Timestamp
    ) throws {
        try db.execute(
            """
            INSERT INTO runs (tenant_id, \(columns))
            VALUES (\(tenant), \(id), \(kind), \(now), NULL, '{}', 'running')
            """)
    }

    /// Throws `.notFound` when no such run is running.
    package static func finish(
        _ db: any SQLConnection, tenant: TenantID, id: String, outcome: RunRecord.Outcome, counts: String,
        now: Timestamp
    ) throws {
        let changed = try db.execute(
            """
            UPDATE runs SET outcome = \(outcome), counts = \(counts), ended_at = \(now)
            WHERE tenant_id = \(tenant) AND id = \(id) AND outcome = 'running'
            """)
        if changed == 0 { throw StorageError(.notFound, "tenant \(tenant) has no running run \(id)") }
    }

    /// Newest first.
    package static func list(_ db: any SQLConnection, tenant: TenantID, limit: Int) throws -> [RunRecord] {
        try db.query(
            """
            SELECT \(columns) FROM runs WHERE tenant_id = \(tenant)
            ORDER BY started_at DESC, id DESC LIMIT \(limit)
            """
        ).map { row in
            RunRecord(
                id: try row.text("id"), kind: try row.text("kind"), startedAt: try row.timestamp("started_at"),
                endedAt: try row.timestampOrNull("ended_at"), counts: try row.text("counts"),
                outcome: try row.choice("outcome"))
        }
    }
}
