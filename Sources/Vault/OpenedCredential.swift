package import Domain
package import LibCrypto
package import Storage

/// One version of a tenant's credential, ready to be used. It keeps the sealed bytes and opens them at each use; the
/// plaintext lives only as long as each `Secret` that it hands out.
package final class OpenedCredential: Sendable {
    package let tenant: TenantID
    package let purpose: CredentialPurpose
    package let version: Int
    /// What may be shown.
    package let fingerprint: String
    private let sealed: [UInt8]
    private let key: DataKey

    init(row: SealedCredential, tenant: TenantID, key: DataKey) {
        self.tenant = tenant
        self.key = key
        purpose = row.purpose
        version = row.version
        fingerprint = row.fingerprint
        sealed = row.sealed
    }

    package func unsealed() throws(VaultError) -> Secret {
        try Vault.opening("\(purpose) of \(tenant), version \(version),") { () throws(CryptoFailure) in
            try Envelope.open(
                sealed, key: key, place: Vault.place(tenant: tenant, credential: purpose, version: version))
        }
    }

    /// Opens it for each use; needs no database and does not wait.
    package var source: SecretSource {
        { try self.unsealed() }
    }
}
