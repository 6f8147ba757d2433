package import Domain

/// One version of an endpoint's signing secret, sealed.
package struct SealedSecret: Hashable, Sendable {
    package var endpointKey: String
    /// From 1.
    package var version: Int
    package var sealed: [UInt8]
    /// Nil: valid until replaced.
    package var expiresAt: Timestamp?

    package init(endpointKey: String, version: Int, sealed: [UInt8], expiresAt: Timestamp? = nil) {
        self.endpointKey = endpointKey
        self.version = version
        self.sealed = sealed
        self.expiresAt = expiresAt
    }
}

package enum WebhookSecretsTable {
    private static let columns: SQLStatement = "endpoint_key, version, sealed, expires_at"

    package static func insert(_ db: any SQLConnection, tenant: TenantID, _ secret: SealedSecret) throws {
        try db.execute(
            """
            INSERT INTO webhook_secrets (tenant_id, \(columns)) VALUES (\(tenant), \(secret.endpointKey),
                \(secret.version), \(secret.sealed), \(secret.expiresAt))
            """)
    }

    /// All versions of an endpoint's secret, newest first.
    package static func list(
        _ db: any SQLConnection, tenant: TenantID, endpointKey: String
    ) throws -> [SealedSecret] {
        try db.query(
            """
            SELECT \(columns) FROM webhook_secrets WHERE tenant_id = \(tenant) AND endpoint_key = \(endpointKey)
            ORDER BY version DESC
            """
        ).map(secret)
    }

    /// Ends a version at `expiresAt`, so that an old and a new secret overlap for a while.
    package static func expire(
        _ db: any SQLConnection, tenant: TenantID, endpointKey: String, version: Int, at expiresAt: Timestamp
    ) throws {
        try db.execute(
            """
            UPDATE webhook_secrets SET expires_at = \(expiresAt)
            WHERE tenant_id = \(tenant) AND endpoint_key = \(endpointKey) AND version = \(version)
            """)
    }

    /// Secrets that may verify a delivery now, each with its tenant, by tenant, endpoint and version; behind `last`
    /// where it is given. Crosses tenants: the tenant of a delivery is the one whose secret verifies it.
    package static func activeAcrossTenants(
        _ db: any SQLConnection, now: Timestamp, after last: (tenant: TenantID, secret: SealedSecret)? = nil,
        limit: Int = .max
    ) throws -> [(tenant: TenantID, secret: SealedSecret)] {
        let behind: SQLStatement =
            last.map {
                """
                AND (s.tenant_id, s.endpoint_key, s.version)
                    > (\($0.tenant), \($0.secret.endpointKey), \($0.secret.version))
                """
            } ?? ""
        return try active(db, behind, now: now, limit: limit)
    }

    /// The same of one endpoint, whose URL was called. Crosses tenants: the URL does not name one.
    package static func activeAcrossTenants(
        _ db: any SQLConnection, endpointKey: String, now: Timestamp
    ) throws -> [(tenant: TenantID, secret: SealedSecret)] {
        try active(db, "AND e.endpoint_key = \(endpointKey)", now: now, limit: .max)
    }

    private static func active(
        _ db: any SQLConnection, _ which: SQLStatement, now: Timestamp, limit: Int
    ) throws -> [(tenant: TenantID, secret: SealedSecret)] {
        try db.query(
            """
            SELECT s.tenant_id, s.endpoint_key, s.version, s.sealed, s.expires_at
            FROM webhook_secrets s
            JOIN webhook_endpoints e ON e.tenant_id = s.tenant_id AND e.endpoint_key = s.endpoint_key
            WHERE e.state <> 'disabled' AND (s.expires_at IS NULL OR s.expires_at > \(now)) \(which)
            ORDER BY s.tenant_id, s.endpoint_key, s.version LIMIT \(limit)
            """
        ).map { (tenant: try $0.id("tenant_id"), secret: try secret($0)) }
    }

    private static func secret(_ row: SQLRow) throws -> SealedSecret {
        SealedSecret(
            endpointKey: try row.text("endpoint_key"), version: try row.int("version"),
            sealed: try row.blob("sealed"), expiresAt: try row.timestampOrNull("expires_at"))
    }
}
