package import Domain

/// One check of a tenant's credentials against the two systems.
package struct PingRecord: Hashable, Sendable {
    package enum Outcome: String, Sendable, CaseIterable {
        case passed, failed
    }

    package var id: String
    package var at: Timestamp
    package var outcome: Outcome
    /// JSON.
    package var steps: String

    package init(id: String, at: Timestamp, outcome: Outcome, steps: String) {
        self.id = id
        self.at = at
        self.outcome = outcome
        self.steps = steps
    }
}

package enum PingsTable {
    private static let columns: SQLStatement = "id, at, outcome, steps"

    package static func insert(_ db: any SQLConnection, tenant: TenantID, _ ping: PingRecord) throws {
        try db.execute(
            """
            INSERT INTO pings (tenant_id, \(columns))
            VALUES (\(tenant), \(ping.id), \(ping.at), \(ping.outcome), \(ping.steps))
            """)
    }

    /// When the tenant was pinged last; nil: never.
    package static func lastAt(_ db: any SQLConnection, tenant: TenantID) throws -> Timestamp? {
        try db.query("SELECT at FROM pings WHERE tenant_id = \(tenant) ORDER BY at DESC LIMIT 1").first?
            .timestamp("at")
    }

    /// Lets go of all but the newest `count`.
    package static func prune(_ db: any SQLConnection, tenant: TenantID, keeping count: Int) throws {
        try db.execute(
            """
            DELETE FROM pings WHERE tenant_id = \(tenant) AND at <= (
                SELECT at FROM pings WHERE tenant_id = \(tenant) ORDER BY at DESC, id DESC LIMIT 1 OFFSET \(count)
            )
            """)
    }

    /// Newest first.
    package static func list(_ db: any SQLConnection, tenant: TenantID, limit: Int) throws -> [PingRecord] {
        try db.query(
            "SELECT \(columns) FROM pings WHERE tenant_id = \(tenant) ORDER BY at DESC, id DESC LIMIT \(limit)"
        ).map { row in
            PingRecord(
                id: try row.text("id"), at: try row.timestamp("at"), outcome: try row.choice("outcome"),
                steps: try row.text("steps"))
        }
    }
}
