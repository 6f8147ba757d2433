package import Domain

/// What people asked for. Rows stay: the audit trail tells what came of each.
package enum RequestsTable {
    package static func insert(
        _ db: any SQLConnection, tenant: TenantID, subject: Subject, _ request: Request
    ) throws {
        try db.execute(
            """
            INSERT INTO requests (tenant_id, id, subject, kind, cause, reason, actor, asked_at)
            SELECT \(tenant), COALESCE(MAX(id), 0) + 1, \(subject), \(request.kind), \(request.cause),
                \(request.reason), \(request.actor), \(request.askedAt)
            FROM requests WHERE tenant_id = \(tenant)
            """)
    }

    /// Oldest first.
    package static func list(
        _ db: any SQLConnection, tenant: TenantID, subject: Subject
    ) throws -> [Request] {
        try db.query(
            """
            SELECT kind, cause, reason, actor, asked_at FROM requests
            WHERE tenant_id = \(tenant) AND subject = \(subject) ORDER BY id
            """
        ).map { row in
            Request(
                kind: try row.choice("kind"), cause: try row.textOrNull("cause"), reason: try row.text("reason"),
                actor: try row.text("actor"), askedAt: try row.timestamp("asked_at"))
        }
    }
}
