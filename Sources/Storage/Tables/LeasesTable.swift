package import Domain

/// The right to apply a tenant's effects, for a while.
package struct Lease: Hashable, Sendable {
    package var tenant: TenantID
    /// Unique to a process's life, so that a restarted one is another owner.
    package var owner: String
    /// Rises whenever the lease changes hands or had run out: what was sent under an older one is uncertain.
    package var term: Int64
    package var expiresAt: Timestamp

    package init(tenant: TenantID, owner: String, term: Int64, expiresAt: Timestamp) {
        self.tenant = tenant
        self.owner = owner
        self.term = term
        self.expiresAt = expiresAt
    }
}

package enum LeasesTable {
    /// Takes the lease when it is free, has run out, or is the owner's already; nil when another holds it.
    package static func acquire(
        _ db: any SQLConnection, tenant: TenantID, owner: String, now: Timestamp, ttlSeconds: Int64
    ) throws -> Lease? {
        let expiresAt = now.adding(seconds: ttlSeconds)
        return try db.query(
            """
            INSERT INTO leases (tenant_id, owner, term, expires_at) VALUES (\(tenant), \(owner), 1, \(expiresAt))
            ON CONFLICT (tenant_id) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at,
                term = CASE WHEN leases.owner = excluded.owner AND leases.expires_at > \(now)
                    THEN leases.term ELSE leases.term + 1 END
            WHERE leases.owner = excluded.owner OR leases.expires_at <= \(now)
            RETURNING tenant_id, owner, term, expires_at
            """
        ).first.map(lease)
    }

    /// Prolongs a lease that is still held. Throws `.leaseLost`.
    package static func renew(
        _ db: any SQLConnection, tenant: TenantID, owner: String, term: Int64, now: Timestamp, ttlSeconds: Int64
    ) throws -> Lease {
        let rows = try db.query(
            """
            UPDATE leases SET expires_at = \(now.adding(seconds: ttlSeconds))
            WHERE tenant_id = \(tenant) AND owner = \(owner) AND term = \(term) AND expires_at > \(now)
            RETURNING tenant_id, owner, term, expires_at
            """)
        guard let row = rows.first else { throw lost(tenant, owner, term) }
        return try lease(row)
    }

    /// Gives the lease back. The term stays, so that the next owner's is higher. Not to hold it is no error.
    package static func release(
        _ db: any SQLConnection, tenant: TenantID, owner: String, term: Int64
    ) throws {
        try db.execute(
            """
            UPDATE leases SET expires_at = 0
            WHERE tenant_id = \(tenant) AND owner = \(owner) AND term = \(term)
            """)
    }

    /// Throws `.leaseLost` unless `owner` holds the lease under `term` now. Every transaction that commits an effect
    /// or an outcome begins with this.
    package static func check(
        _ db: any SQLConnection, tenant: TenantID, owner: String, term: Int64, now: Timestamp
    ) throws {
        let held = try db.query(
            """
            SELECT term FROM leases
            WHERE tenant_id = \(tenant) AND owner = \(owner) AND term = \(term) AND expires_at > \(now)
            """)
        if held.isEmpty { throw lost(tenant, owner, term) }
    }

    package static func find(_ db: any SQLConnection, tenant: TenantID) throws -> Lease? {
        try db.query("SELECT tenant_id, owner, term, expires_at FROM leases WHERE tenant_id = \(tenant)")
            .first.map(lease)
    }

    /// Ends every lease and answers how many were running. Only for a process that knows that no other owner lives
    /// (it holds the database's process lock): a restart after a kill need not wait for them. Terms still rise.
    @discardableResult
    package static func clearAcrossTenants(_ db: any SQLConnection) throws -> Int {
        try db.execute("UPDATE leases SET expires_at = 0 WHERE expires_at <> 0")
    }

    /// Prolongs every lease that `owner` still holds, and answers how many. One that has run out stays so, whoever was
    /// to prolong it: what was done under it is no longer known to be alone.
    @discardableResult
    package static func renewAcrossTenants(
        _ db: any SQLConnection, owner: String, now: Timestamp, ttlSeconds: Int64
    ) throws -> Int {
        try db.execute(
            """
            UPDATE leases SET expires_at = \(now.adding(seconds: ttlSeconds))
            WHERE owner = \(owner) AND expires_at > 0 AND expires_at > \(now)
            """)
    }

    /// How many leases `owner` holds now.
    package static func countAcrossTenants(_ db: any SQLConnection, owner: String, now: Timestamp) throws -> Int {
        try db.query(
            """
            SELECT COUNT(*) AS held FROM leases
            WHERE owner = \(owner) AND expires_at > 0 AND expires_at > \(now)
            """
        ).first?.int("held") ?? 0
    }

    private static func lost(_ tenant: TenantID, _ owner: String, _ term: Int64) -> StorageError {
        StorageError(.leaseLost, "\(owner) does not hold the lease of \(tenant) under term \(term)")
    }

    private static func lease(_ row: SQLRow) throws -> Lease {
        Lease(
            tenant: try row.id("tenant_id"), owner: try row.text("owner"), term: try row.integer("term"),
            expiresAt: try row.timestamp("expires_at"))
    }
}
