package import Domain
import Foundation
import LibCrypto
import Storage
import Outbound
import Stripe
import Vault
import VismaNet

/// Which tenants there are, and the one live `TenantSync` of each. A context is made anew when the tenant's policy or
/// a credential has changed in the database, and dropped when there has been no turn for a while.
package actor TenantRegistry {
    /// After a tenant's last turn its clients and token are kept so long.
    static let idleSeconds: Int64 = 900
    private static let restEverySeconds: Int64 = 60

    private let environment: SyncEnvironment
    private var syncs: [TenantID: TenantSync] = [:]
    private var restedAt: Timestamp?
    /// Those that may hold something heavy, with their last use.
    private var used: [TenantID: Timestamp] = [:]

    package init(environment: SyncEnvironment) { self.environment = environment }

    /// How many tenants may hold clients and tokens.
    var awakeCount: Int { used.count }

    /// Lets go of what tenants hold that have had no turn for `idleSeconds`.
    package func restIdle() async {
        let now = environment.now()
        guard restedAt.map({ $0.adding(seconds: Self.restEverySeconds) <= now }) ?? true else { return }
        restedAt = now
        for (tenant, moment) in used where moment.adding(seconds: Self.idleSeconds) <= now {
            used[tenant] = nil
            await syncs[tenant]?.rest()
        }
    }

    package func sync(_ tenant: TenantID) -> TenantSync {
        used[tenant] = environment.now()
        if let sync = syncs[tenant] { return sync }
        let sync = TenantSync(tenant: tenant, environment: environment)
        syncs[tenant] = sync
        return sync
    }
}

extension TenantContext {
    /// What a context was made from; another value means that it must be made again.
    struct Version: Hashable, Sendable {
        var policy: Int
        var credentials: [String: Int]
        var isActive: Bool
    }

    static func version(_ db: any SQLConnection, tenant: TenantID) throws -> Version? {
        guard let record = try TenantsTable.find(db, tenant: tenant) else { return nil }
        var credentials: [String: Int] = [:]
        for credential in try CredentialsTable.list(db, tenant: tenant) {
            credentials[credential.purpose.rawValue] = max(
                credentials[credential.purpose.rawValue] ?? 0, credential.version)
        }
        return Version(policy: record.policyVersion, credentials: credentials, isActive: record.state == .active)
    }

    /// The tenant with its clients, its credentials opened for each call anew.
    package static func make(_ tenant: TenantID, environment: SyncEnvironment) async throws -> TenantContext {
        try await make(tenant, environment: environment, gates: nil)
    }

    /// With `gates` its calls pass them.
    static func make(
        _ tenant: TenantID, environment: SyncEnvironment, gates: TenantGates?
    ) async throws -> TenantContext {
        let record = try await environment.database.read { try TenantsTable.find($0, tenant: tenant) }
        guard let record, let vismaTenant = record.vismaTenant else {
            throw ConnectorError(
                code: "tenant.unknown", text: "there is no tenant '\(tenant)'; `ml-connector tenant list` shows them",
                disposition: .reject)
        }
        let policy = try JSONDecoder().decode(Policy.self, from: Data(record.policy.utf8))
        let vault = environment.vault
        let transport = { (system: RemoteSystem) -> any Transport in
            guard let gates else { return environment.transport }
            return GuardedTransport(environment.transport, gate: gates[system])
        }
        var settings = VismaSettings(
            api: environment.endpoints.vismaAPI, connect: environment.endpoints.vismaConnect,
            companyID: record.company, vismaTenant: vismaTenant,
            timeoutMilliseconds: environment.endpoints.vismaTimeoutMilliseconds)
        settings.mayDelete = policy.posting.makesCreditNotes
        let token = VismaToken(
            settings: settings, clientID: try await vault.source(purpose: .vismaClientID, tenant: tenant),
            clientSecret: try await vault.source(purpose: .vismaClientSecret, tenant: tenant),
            transport: transport(.visma), now: environment.now, redaction: environment.redaction)
        let stripe = StripeClient(
            settings: StripeSettings(
                origin: environment.endpoints.stripe.text,
                timeoutMilliseconds: environment.endpoints.stripeTimeoutMilliseconds,
                mode: record.mode == .live ? .live : .test),
            transport: transport(.stripe), key: try await vault.source(purpose: .stripeKey, tenant: tenant),
            now: environment.now)
        return TenantContext(
            id: tenant, company: vismaTenant, isLive: record.mode == .live, policy: policy,
            policyVersion: record.policyVersion,
            visma: VismaClient(
                settings: settings, transport: transport(.visma), token: token, now: environment.now,
                redaction: environment.redaction),
            stripe: stripe, audit: AuditTrail(tenant: tenant, key: try await vault.auditKey(tenant: tenant)),
            gates: gates)
    }
}
