package import Domain
package import Storage

/// Leases as turns use them.
extension SyncEnvironment {
    /// The time by which leases run: the database's own, so that several machines mean the same by it.
    package func leaseTime(_ db: any SQLConnection) throws -> Timestamp { try db.serverTime() ?? now() }

    /// Nil when another process holds it.
    nonisolated(nonsending) func takeLease(of tenant: TenantID) async throws -> Lease? {
        try await database.write { [self] db in
            try LeasesTable.acquire(
                db, tenant: tenant, owner: node, now: try leaseTime(db), ttlSeconds: leaseSeconds)
        }
    }

    /// The same for a turn that has taken `lease`.
    func holding(_ lease: Lease) -> SyncEnvironment {
        var environment = self
        environment.lease = lease
        return environment
    }

    /// Runs `body` as one transaction of a turn: the only way in which turns write. Throws `.leaseLost`, and nothing is
    /// committed, unless the turn's lease is held still.
    @discardableResult
    nonisolated(nonsending) func commit<R: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> R
    ) async throws -> R {
        guard let lease else { throw StorageError(.leaseLost, "there is no lease to commit under") }
        return try await database.write { [self] db in
            try LeasesTable.check(
                db, tenant: lease.tenant, owner: lease.owner, term: lease.term, now: try leaseTime(db))
            return try body(db)
        }
    }

    /// The same, with the lease prolonged.
    @discardableResult
    nonisolated(nonsending) func commitRenewing<R: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> R
    ) async throws -> R {
        guard let lease else { throw StorageError(.leaseLost, "there is no lease to commit under") }
        return try await database.write { [self] db in
            _ = try LeasesTable.renew(
                db, tenant: lease.tenant, owner: lease.owner, term: lease.term, now: try leaseTime(db),
                ttlSeconds: leaseSeconds)
            return try body(db)
        }
    }
}
