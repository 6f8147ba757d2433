import Domain
import Foundation
import LibCrypto
import Sandbox
import Storage
import Sync
import Vault

/// Companies with customers and invoices in both simulators, and their tenants, active, in a database.
struct Companies: Sendable {
    struct Plan: Sendable {
        var count: Int
        /// Open in Visma, of each company.
        var invoicesEach: Int
        var seed: UInt64
        var pollSeconds = 3600
        /// Nil leaves the cap that every tenant has.
        var pushesPerHourMax: Int?

        init(count: Int, invoicesEach: Int, seed: UInt64) {
            self.count = count
            self.invoicesEach = invoicesEach
            self.seed = seed
        }
    }

    private static let tenantsPerTransaction = 500

    let tenants: [TenantID]
    let database: any Database
    let keyFile: String
    let vault: Vault
    let simulators: Simulators

    var plan: Plan { simulators.plan }
    var stripe: StripeSimulator { simulators.stripe }
    var visma: VismaSimulator { simulators.visma }

    static func tenant(_ index: Int) -> TenantID { TenantID("company-\(index)") }
    static func vismaTenant(_ index: Int) -> String {
        let digits = String(index)
        return "7e57ab1e-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    }
    static func account(_ index: Int) -> String { "acct_company\(index)" }
    static func secret(_ index: Int) -> String { "secret-of-company-\(index)" }
    static func key(_ index: Int) -> String { "rk_test_company\(index)0123456789abcdef" }

    /// - Parameters:
    ///   - database: empty; its schema is made here.
    ///   - scratch: a folder of its own, for the master key.
    init(_ plan: Plan, database: any Database, scratch: String) async throws {
        self.database = database
        tenants = (1...plan.count).map(Self.tenant)
        simulators = try Simulators(plan)
        keyFile = scratch + "/master.key"
        _ = try MasterKeyFile.generate(at: keyFile, randomBytes: { try secureRandomBytes($0) })
        vault = Vault(
            database: database, keys: try MasterKeyRing(file: keyFile), randomBytes: { try secureRandomBytes($0) })
        try await Migrator(database: database).migrate(now: Stage.now())
        try await admit()
    }

    // MARK: In the database

    /// Each as its manifest, its credentials and `tenant apply` leave it, without the trail of those commands: many in
    /// one transaction, as a command commits each step by itself.
    private func admit() async throws {
        for start in stride(from: 1, through: plan.count, by: Self.tenantsPerTransaction) {
            let indices = start...min(start + Self.tenantsPerTransaction - 1, plan.count)
            let manifests = try indices.map { try Manifest(yaml: manifest($0)) }
            try await database.write { [vault] db in
                for (index, manifest) in zip(indices, manifests) { try Self.admit(index, manifest, db, vault) }
            }
        }
    }

    private static func admit(
        _ index: Int, _ manifest: Manifest, _ db: any SQLConnection, _ vault: Vault
    ) throws {
        let now = Stage.now()
        try TenantsTable.insert(
            db,
            TenantRecord(
                id: manifest.id, name: manifest.name, vismaTenant: manifest.visma.tenant,
                stripeAccount: manifest.stripeAccount, mode: .test, state: .active,
                policy: String(decoding: try JSONEncoder().encode(manifest.policy), as: UTF8.self), createdAt: now,
                updatedAt: now))
        try vault.createDataKey(db, tenant: manifest.id, now: now)
        for (purpose, secret) in [
            (CredentialPurpose.vismaClientID, "client-\(index)"), (.vismaClientSecret, Self.secret(index)),
            (.stripeKey, Self.key(index)),
        ] {
            _ = try vault.store(db, purpose: purpose, secret: Secret(secret), tenant: manifest.id, now: now)
        }
    }

    private func manifest(_ index: Int) -> String {
        let cap = plan.pushesPerHourMax.map { most in
            """
            \n  push_cap:
                invoices_per_hour: \(most)
                amount_per_hour:
                  NOK: "90000000000"
            """
        }
        return """
            id: \(Self.tenant(index))
            name: Company \(index)
            state: active
            visma:
              tenant: \(Self.vismaTenant(index))
            stripe:
              account: \(Self.account(index))
            policy:
              time_zone: Europe/Oslo
              start_date: "2020-01-01"
              payment_method: "3"
              poll_seconds: \(plan.pollSeconds)
              cash_accounts:
                NOK: "1580"\(cap ?? "")
            """
    }
}
