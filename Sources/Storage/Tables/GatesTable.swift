package import Domain

/// How a tenant's gate before an outside system stood at the end of its last turn, where it was not free.
package struct GateRecord: Hashable, Sendable {
    package var system: RemoteSystem
    package var state: GateState
    /// When it may be otherwise.
    package var until: Timestamp?
    package var reason: String?
    package var changedAt: Timestamp

    package init(
        system: RemoteSystem, state: GateState, until: Timestamp?, reason: String?, changedAt: Timestamp
    ) {
        self.system = system
        self.state = state
        self.until = until
        self.reason = reason
        self.changedAt = changedAt
    }
}

package enum GatesTable {
    /// A free gate has no row.
    package static func set(_ db: any SQLConnection, tenant: TenantID, _ gate: GateRecord) throws {
        guard gate.state != .free else {
            try db.execute("DELETE FROM gates WHERE tenant_id = \(tenant) AND system = \(gate.system)")
            return
        }
        try db.execute(
            """
            INSERT INTO gates (tenant_id, system, state, until_at, reason, changed_at)
            VALUES (\(tenant), \(gate.system), \(gate.state), \(gate.until), \(gate.reason), \(gate.changedAt))
            ON CONFLICT (tenant_id, system) DO UPDATE SET state = excluded.state, until_at = excluded.until_at,
                reason = excluded.reason, changed_at = excluded.changed_at
            """)
    }

    package static func list(_ db: any SQLConnection, tenant: TenantID) throws -> [GateRecord] {
        try db.query(
            """
            SELECT system, state, until_at, reason, changed_at FROM gates WHERE tenant_id = \(tenant) ORDER BY system
            """
        ).map { row in
            GateRecord(
                system: try row.choice("system"), state: try row.choice("state"),
                until: try row.timestampOrNull("until_at"), reason: try row.textOrNull("reason"),
                changedAt: try row.timestamp("changed_at"))
        }
    }
}
