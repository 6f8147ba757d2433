import Domain
import Foundation
import LibCrypto
import Storage
import Vault

/// A directory of its own that goes when the test does.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array((NSTemporaryDirectory() + "mlc-vault-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw VaultError(.keyFileUnreadable, "mkdtemp failed") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

let random: @Sendable (Int) throws -> [UInt8] = { try secureRandomBytes($0) }
let now = Timestamp(unixSeconds: 1_790_000_000)
let nord = TenantID("nord")
let kyst = TenantID("kyst")

func keyLine(_ id: String, _ byte: UInt8) -> String {
    id + ":" + Data(repeating: byte, count: 32).base64EncodedString()
}

/// A vault on a migrated store in memory, with two tenants that have their keys.
struct VaultFixture {
    let database: SQLiteDatabase
    let vault: Vault

    init(keys: String = keyLine("k1", 1)) async throws {
        database = try SQLiteDatabase(.inline(path: nil))
        try await Migrator(database: database).migrate(now: now)
        let vault = Vault(
            database: database, keys: try MasterKeyRing(parsing: Secret(keys), origin: "the test"),
            randomBytes: random)
        self.vault = vault
        try await database.write { db in
            for tenant in [nord, kyst] {
                try TenantsTable.insert(
                    db,
                    TenantRecord(
                        id: tenant, name: tenant.rawValue, mode: .test, state: .active, createdAt: now,
                        updatedAt: now))
                try vault.createDataKey(db, tenant: tenant, now: now)
            }
        }
    }

    /// Another vault on the same store.
    func vault(keys: String) throws -> Vault {
        Vault(
            database: database, keys: try MasterKeyRing(parsing: Secret(keys), origin: "the test"),
            randomBytes: random)
    }

    func text(_ purpose: CredentialPurpose, _ tenant: TenantID, by other: Vault? = nil) async throws -> String {
        try await (other ?? vault).secret(purpose: purpose, tenant: tenant).withText { $0 }
    }
}
