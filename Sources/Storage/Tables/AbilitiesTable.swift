package import Domain

/// What a tenant's Visma was found to accept, so that it is not tried again each time.
package struct Ability: Hashable, Sendable {
    /// Like `invoice_record`.
    package var name: String
    /// Like `note`, `attachment`, `none`.
    package var value: String
    package var learnedAt: Timestamp

    package init(name: String, value: String, learnedAt: Timestamp) {
        self.name = name
        self.value = value
        self.learnedAt = learnedAt
    }
}

package enum AbilitiesTable {
    package static func get(_ db: any SQLConnection, tenant: TenantID, name: String) throws -> Ability? {
        try db.query("SELECT name, value, learned_at FROM abilities WHERE tenant_id = \(tenant) AND name = \(name)")
            .first.map(ability)
    }

    package static func put(_ db: any SQLConnection, tenant: TenantID, _ ability: Ability) throws {
        try db.execute(
            """
            INSERT INTO abilities (tenant_id, name, value, learned_at)
            VALUES (\(tenant), \(ability.name), \(ability.value), \(ability.learnedAt))
            ON CONFLICT (tenant_id, name) DO UPDATE SET value = excluded.value, learned_at = excluded.learned_at
            """)
    }

    package static func list(_ db: any SQLConnection, tenant: TenantID) throws -> [Ability] {
        try db.query("SELECT name, value, learned_at FROM abilities WHERE tenant_id = \(tenant) ORDER BY name")
            .map(ability)
    }

    private static func ability(_ row: SQLRow) throws -> Ability {
        Ability(name: try row.text("name"), value: try row.text("value"), learnedAt: try row.timestamp("learned_at"))
    }
}
