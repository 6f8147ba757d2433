package import Domain
package import LibCrypto
package import Storage
import Synchronization

/// The only room that holds a key. A master key wraps one data key per tenant; a data key seals each secret with
/// AES-256-GCM, bound to its tenant, purpose and version.
///
/// Functions that take a connection run inside the caller's transaction. A data key is looked up in the database at
/// each use and only its unwrapping is kept, by the wrapped bytes: a key made in a transaction that was rolled back is
/// never used, and a destroyed one (crypto-shredding) opens nothing more.
package final class Vault: Sendable {
    /// Unwrapped data keys kept in memory; when there are more, all are let go and wiped.
    package static let dataKeysKeptMax = 4096

    private let database: any Database
    private let keys: MasterKeyRing
    private let randomBytes: @Sendable (Int) throws -> [UInt8]
    private let unwrapped = Mutex<[Wrapping: SecretBox]>([:])

    private struct Wrapping: Hashable, Sendable {
        var tenant: TenantID
        var key: WrappedDataKey
    }

    package init(
        database: any Database, keys: MasterKeyRing, randomBytes: @escaping @Sendable (Int) throws -> [UInt8]
    ) {
        self.database = database
        self.keys = keys
        self.randomBytes = randomBytes
    }

    /// Throws `.unknownMasterKey` when some tenant's data key is wrapped by a master key that was not given: nothing
    /// starts then.
    package nonisolated(nonsending) func requireMasterKeys() async throws {
        let inUse = try await database.read { try DataKeysTable.kekIDsInUse($0) }
        if let absent = inUse.first(where: { keys.key($0) == nil }) { throw Self.unknown(absent) }
    }

    // MARK: Keys of a tenant

    /// Makes a new tenant's data key and its audit key. Called in the transaction that inserts the tenant.
    package func createDataKey(_ db: any SQLConnection, tenant: TenantID, now: Timestamp) throws {
        let version = try (DataKeysTable.latest(db, tenant: tenant)?.version ?? 0) + 1
        guard let master = keys.key(keys.primaryID) else { throw Self.unknown(keys.primaryID) }
        let key = try randomSecret(AESGCM.keyLength)
        let place = Self.place(tenant: tenant, dataKey: version, kekID: keys.primaryID)
        let wrapped = try Self.sealing {
            try AESGCM.seal(
                key.secret, key: master.secret, nonce: randomBytes(AESGCM.nonceLength),
                context: place.context(dataKeyVersion: version)
            ).combined
        }
        try DataKeysTable.insert(
            db, tenant: tenant,
            WrappedDataKey(version: version, kekID: keys.primaryID, wrapped: wrapped, createdAt: now))
        if try CredentialsTable.latest(db, tenant: tenant, purpose: .auditKey) == nil {
            let auditKey = try randomSecret(32)
            try store(db, purpose: .auditKey, secret: auditKey.secret, tenant: tenant, now: now)
        }
    }

    /// The key of the tenant's audit chain.
    package func auditKey(_ db: any SQLConnection, tenant: TenantID) throws -> HMACKey {
        try HMACKey(open(db, purpose: .auditKey, tenant: tenant).unsealed())
    }

    package nonisolated(nonsending) func auditKey(tenant: TenantID) async throws -> HMACKey {
        try await database.read { try self.auditKey($0, tenant: tenant) }
    }

    // MARK: Credentials

    /// Seals a new version of a credential and answers what may be shown of it.
    @discardableResult
    package func store(
        _ db: any SQLConnection, purpose: CredentialPurpose, secret: borrowing Secret, tenant: TenantID,
        now: Timestamp
    ) throws -> String {
        guard secret.count > 0 else { throw VaultError(.emptySecret, "the \(purpose) of \(tenant) is empty") }
        let version = try (CredentialsTable.latest(db, tenant: tenant, purpose: purpose)?.version ?? 0) + 1
        let key = try dataKey(db, tenant: tenant)
        let sealed = try seal(
            secret, key: key, place: Self.place(tenant: tenant, credential: purpose, version: version))
        // Random bytes have no last four characters to show.
        let fingerprint = purpose == .auditKey ? "…" : secret.fingerprint()
        try CredentialsTable.insert(
            db, tenant: tenant,
            SealedCredential(
                purpose: purpose, version: version, sealed: sealed, dataKeyVersion: key.version,
                fingerprint: fingerprint, rotatedAt: now))
        return fingerprint
    }

    @discardableResult
    package nonisolated(nonsending) func store(
        purpose: CredentialPurpose, secret: borrowing Secret, tenant: TenantID, now: Timestamp
    ) async throws -> String {
        let box = SecretBox(secret.duplicate())
        return try await database.write {
            try self.store($0, purpose: purpose, secret: box.secret, tenant: tenant, now: now)
        }
    }

    /// The newest version of a credential, ready to be opened at each use.
    package func open(
        _ db: any SQLConnection, purpose: CredentialPurpose, tenant: TenantID
    ) throws -> OpenedCredential {
        guard let row = try CredentialsTable.latest(db, tenant: tenant, purpose: purpose) else {
            throw VaultError(
                .notSet, "tenant \(tenant) has no \(purpose): set it with `ml-connector credentials set`")
        }
        let key = try dataKey(db, tenant: tenant, sealed: row.sealed, what: "\(purpose)")
        let credential = OpenedCredential(row: row, tenant: tenant, key: key)
        // Opened once here, so that a row that does not open is found when it is loaded.
        _ = try credential.unsealed()
        return credential
    }

    package nonisolated(nonsending) func load(
        purpose: CredentialPurpose, tenant: TenantID
    ) async throws -> OpenedCredential {
        try await database.read { try self.open($0, purpose: purpose, tenant: tenant) }
    }

    /// `credential` itself while it is the newest version, else the newest.
    package nonisolated(nonsending) func refresh(_ credential: OpenedCredential) async throws -> OpenedCredential {
        try await database.read { db in
            let newest = try CredentialsTable.latest(db, tenant: credential.tenant, purpose: credential.purpose)
            if newest?.version == credential.version { return credential }
            return try self.open(db, purpose: credential.purpose, tenant: credential.tenant)
        }
    }

    package nonisolated(nonsending) func secret(
        purpose: CredentialPurpose, tenant: TenantID
    ) async throws -> Secret {
        try await load(purpose: purpose, tenant: tenant).unsealed()
    }

    /// Opens the version that is newest now, for each use anew. Follow a rotation with `load` and `refresh`.
    package nonisolated(nonsending) func source(
        purpose: CredentialPurpose, tenant: TenantID
    ) async throws -> SecretSource {
        try await load(purpose: purpose, tenant: tenant).source
    }

    // MARK: Other sealed values

    /// Seals bytes that belong to one row: a journaled request by its effect key, a webhook secret by its endpoint
    /// and version. `label` names the row.
    package func sealBytes(
        _ db: any SQLConnection, _ plaintext: borrowing Secret, purpose: String, tenant: TenantID, label: String
    ) throws -> [UInt8] {
        try seal(
            plaintext, key: dataKey(db, tenant: tenant),
            place: Place(kind: .bytes, tenant: tenant, purpose: purpose, label: label))
    }

    package func openBytes(
        _ db: any SQLConnection, _ sealed: [UInt8], purpose: String, tenant: TenantID, label: String
    ) throws -> Secret {
        let key = try dataKey(db, tenant: tenant, sealed: sealed, what: purpose)
        return try Self.opening("\(purpose) \(label) of \(tenant)") { () throws(CryptoFailure) in
            try Envelope.open(
                sealed, key: key, place: Place(kind: .bytes, tenant: tenant, purpose: purpose, label: label))
        }
    }
}

extension Vault {
    /// The newest data key.
    private func dataKey(_ db: any SQLConnection, tenant: TenantID) throws -> DataKey {
        guard let row = try DataKeysTable.latest(db, tenant: tenant) else {
            throw VaultError(.noDataKey, "tenant \(tenant) has no data key")
        }
        return try unwrap(row, tenant: tenant)
    }

    /// The data key that sealed a value.
    private func dataKey(
        _ db: any SQLConnection, tenant: TenantID, sealed: [UInt8], what: String
    ) throws -> DataKey {
        guard let version = Envelope.dataKeyVersion(sealed),
            let row = try DataKeysTable.find(db, tenant: tenant, version: version)
        else { throw VaultError(.doesNotOpen, "the \(what) of \(tenant) names no data key of this tenant") }
        return try unwrap(row, tenant: tenant)
    }

    private func unwrap(_ row: WrappedDataKey, tenant: TenantID) throws -> DataKey {
        let wrapping = Wrapping(tenant: tenant, key: row)
        if let box = unwrapped.withLock({ $0[wrapping] }) { return DataKey(version: row.version, box: box) }
        guard let master = keys.key(row.kekID) else { throw Self.unknown(row.kekID) }
        let place = Self.place(tenant: tenant, dataKey: row.version, kekID: row.kekID)
        let key = try Self.opening("data key \(row.version) of \(tenant)") { () throws(CryptoFailure) in
            try AESGCM.open(
                AESGCM.Sealed(combined: row.wrapped), key: master.secret,
                context: place.context(dataKeyVersion: row.version))
        }
        let box = SecretBox(key)
        unwrapped.withLock { kept in
            if kept.count >= Self.dataKeysKeptMax { kept.removeAll() }
            kept[wrapping] = box
        }
        return DataKey(version: row.version, box: box)
    }

    private func seal(_ plaintext: borrowing Secret, key: DataKey, place: Place) throws -> [UInt8] {
        let nonce = try randomBytes(AESGCM.nonceLength)
        do {
            return try Envelope.seal(plaintext, key: key, place: place, nonce: nonce)
        } catch {
            throw VaultError(.cryptography, error.description)
        }
    }

    private func randomSecret(_ count: Int) throws -> SecretBox {
        var bytes = try randomBytes(count)
        defer { wipe(&bytes) }
        return SecretBox(Secret(copying: bytes))
    }

    private static func sealing<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as CryptoFailure {
            throw VaultError(.cryptography, error.description)
        }
    }

    static func opening(_ what: String, _ body: () throws(CryptoFailure) -> Secret) throws(VaultError) -> Secret {
        do {
            return try body()
        } catch {
            throw VaultError(.doesNotOpen, "the \(what) does not open: \(error)")
        }
    }

    static func place(tenant: TenantID, credential purpose: CredentialPurpose, version: Int) -> Place {
        Place(kind: .credential, tenant: tenant, purpose: purpose.rawValue, label: String(version))
    }

    private static func place(tenant: TenantID, dataKey version: Int, kekID: String) -> Place {
        Place(kind: .dataKey, tenant: tenant, purpose: kekID, label: String(version))
    }

    private static func unknown(_ id: String) -> VaultError {
        VaultError(.unknownMasterKey, "a data key is wrapped by master key \(id), which was not given: add it")
    }
}
