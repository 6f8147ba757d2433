package import Domain

/// What a credential is for.
package struct CredentialPurpose: TextID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package static let vismaClientID = CredentialPurpose("visma_client_id")
    package static let vismaClientSecret = CredentialPurpose("visma_client_secret")
    package static let stripeKey = CredentialPurpose("stripe_key")
    /// What Visma signs its own webhooks with: the signature key of the subscription in its Developer Portal.
    package static let vismaWebhookKey = CredentialPurpose("visma_webhook_key")
    /// Keys the HMAC chain of the tenant's audit trail.
    package static let auditKey = CredentialPurpose("audit_key")
}

/// One version of a credential, sealed under the tenant's data key.
package struct SealedCredential: Hashable, Sendable {
    package var purpose: CredentialPurpose
    /// From 1.
    package var version: Int
    package var sealed: [UInt8]
    package var dataKeyVersion: Int
    /// What may be shown: the last four characters.
    package var fingerprint: String
    package var rotatedAt: Timestamp

    package init(
        purpose: CredentialPurpose, version: Int, sealed: [UInt8], dataKeyVersion: Int, fingerprint: String,
        rotatedAt: Timestamp
    ) {
        self.purpose = purpose
        self.version = version
        self.sealed = sealed
        self.dataKeyVersion = dataKeyVersion
        self.fingerprint = fingerprint
        self.rotatedAt = rotatedAt
    }
}

package enum CredentialsTable {
    private static let columns: SQLStatement = "purpose, version, sealed, data_key_version, fingerprint, rotated_at"

    /// Throws `.uniqueViolation` when this version exists: somebody else rotated meanwhile.
    package static func insert(_ db: any SQLConnection, tenant: TenantID, _ credential: SealedCredential) throws {
        try db.execute(
            """
            INSERT INTO credentials (tenant_id, \(columns)) VALUES (\(tenant), \(credential.purpose),
                \(credential.version), \(credential.sealed), \(credential.dataKeyVersion), \(credential.fingerprint),
                \(credential.rotatedAt))
            """)
    }

    package static func latest(
        _ db: any SQLConnection, tenant: TenantID, purpose: CredentialPurpose
    ) throws -> SealedCredential? {
        try db.query(
            """
            SELECT \(columns) FROM credentials WHERE tenant_id = \(tenant) AND purpose = \(purpose)
            ORDER BY version DESC LIMIT 1
            """
        ).first.map(credential)
    }

    /// The newest version of each purpose.
    package static func list(_ db: any SQLConnection, tenant: TenantID) throws -> [SealedCredential] {
        try db.query(
            """
            SELECT \(columns) FROM credentials c WHERE tenant_id = \(tenant) AND version = (
                SELECT MAX(version) FROM credentials n WHERE n.tenant_id = c.tenant_id AND n.purpose = c.purpose)
            ORDER BY purpose
            """
        ).map(credential)
    }

    private static func credential(_ row: SQLRow) throws -> SealedCredential {
        SealedCredential(
            purpose: try row.id("purpose"), version: try row.int("version"), sealed: try row.blob("sealed"),
            dataKeyVersion: try row.int("data_key_version"), fingerprint: try row.text("fingerprint"),
            rotatedAt: try row.timestamp("rotated_at"))
    }
}
