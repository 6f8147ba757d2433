package import Domain

/// A tenant whose turn is due, and what for.
package struct DueTenant: Hashable, Sendable {
    package var tenant: TenantID
    package var dueAt: Timestamp
    /// Nothing is dirty or unread by then: only lists are to be read.
    package var isPollOnly: Bool

    package init(tenant: TenantID, dueAt: Timestamp, isPollOnly: Bool) {
        self.tenant = tenant
        self.dueAt = dueAt
        self.isPollOnly = isPollOnly
    }
}

/// When the tenants' turns are due. Only the scheduler looks across tenants.
package enum SchedulesTable {
    /// When time alone makes the tenant's next turn due.
    package static func set(_ db: any SQLConnection, tenant: TenantID, dueAt: Timestamp) throws {
        try db.execute(
            """
            INSERT INTO schedules (tenant_id, due_at) VALUES (\(tenant), \(dueAt))
            ON CONFLICT (tenant_id) DO UPDATE SET due_at = excluded.due_at
            """)
    }

    package static func remove(_ db: any SQLConnection, tenant: TenantID) throws {
        try db.execute("DELETE FROM schedules WHERE tenant_id = \(tenant)")
    }

    package static func find(_ db: any SQLConnection, tenant: TenantID) throws -> Timestamp? {
        try db.query("SELECT due_at FROM schedules WHERE tenant_id = \(tenant)").first?.timestamp("due_at")
    }

    /// The active tenants whose turn is due by `moment`, those with something dirty or unread first; at most `limit` of
    /// either kind. Each tenant is found by its own index entry, however much of it is dirty.
    package static func due(_ db: any SQLConnection, by moment: Timestamp, limit: Int) throws -> [DueTenant] {
        let work = try db.query(
            """
            WITH RECURSIVE dirty (tenant_id) AS (
                SELECT MIN(tenant_id) FROM work WHERE generation > done_generation
                UNION ALL
                SELECT (
                    SELECT MIN(work.tenant_id) FROM work
                    WHERE generation > done_generation AND work.tenant_id > dirty.tenant_id
                ) FROM dirty WHERE dirty.tenant_id IS NOT NULL
            ), unread (tenant_id) AS (
                SELECT MIN(tenant_id) FROM events WHERE state = 'received'
                UNION ALL
                SELECT (
                    SELECT MIN(events.tenant_id) FROM events
                    WHERE state = 'received' AND events.tenant_id > unread.tenant_id
                ) FROM unread WHERE unread.tenant_id IS NOT NULL
            ), found (tenant_id, due_at) AS (
                SELECT dirty.tenant_id, (
                    SELECT MIN(work.due_at) FROM work
                    WHERE work.tenant_id = dirty.tenant_id AND generation > done_generation
                ) FROM dirty WHERE dirty.tenant_id IS NOT NULL
                UNION ALL
                SELECT unread.tenant_id, 0 FROM unread WHERE unread.tenant_id IS NOT NULL
            )
            SELECT found.tenant_id AS tenant_id, MIN(found.due_at) AS due_at
            FROM found
            WHERE found.due_at <= \(moment)
                AND (SELECT tenants.state FROM tenants WHERE tenants.id = found.tenant_id) = 'active'
            GROUP BY found.tenant_id ORDER BY due_at, tenant_id LIMIT \(limit)
            """
        ).map { try due($0, isPollOnly: false) }
        let polls = try db.query(
            """
            SELECT tenant_id, due_at FROM schedules WHERE due_at <= \(moment)
            ORDER BY due_at, tenant_id LIMIT \(limit)
            """
        ).map { try due($0, isPollOnly: true) }
        let busy = Set(work.map(\.tenant))
        return work + polls.filter { !busy.contains($0.tenant) }
    }

    private static func due(_ row: SQLRow, isPollOnly: Bool) throws -> DueTenant {
        DueTenant(tenant: try row.id("tenant_id"), dueAt: try row.timestamp("due_at"), isPollOnly: isPollOnly)
    }
}
