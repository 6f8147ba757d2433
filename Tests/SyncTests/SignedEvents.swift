import Domain
import LibCrypto
import Simulation
import Storage
import Stripe
import Vault

@testable import Sync

/// Deliveries that a test signs itself, with a tenant's own endpoint secret.
struct SignedEvents {
    let world: World
    init(_ world: World) { self.world = world }

    /// The newest secret of the tenant's endpoint.
    func secret(of company: World.Company) async throws -> String {
        let environment = try world.environment()
        return try await world.database.read { db in
            guard let endpoint = try EndpointsTable.list(db, tenant: company.tenant).first,
                let sealed = try WebhookSecretsTable.list(
                    db, tenant: company.tenant, endpointKey: endpoint.endpointKey
                ).first
            else { throw StorageError(.notFound, "no endpoint secret") }
            return try environment.vault.openBytes(
                db, sealed.sealed, purpose: WebhookKeys.purpose, tenant: company.tenant,
                label: WebhookKeys.label(endpoint.endpointKey, version: sealed.version)
            ).withText { $0 }
        }
    }

    static func header(_ body: [UInt8], secret: String, at seconds: Int64) -> [UInt8] {
        guard let key = try? HMACKey(Secret(secret)), let code = try? key.code(Array("\(seconds).".utf8), body) else {
            return []
        }
        return Array("t=\(seconds),v1=\(hex(code))".utf8)
    }

    /// Hands the body to an ingress of its own; `ageSeconds` is how long ago it was signed.
    func post(
        _ body: [UInt8], secret: String, endpointKey: String?, ageSeconds: Int64 = 0
    ) async -> WebhookIngress.Outcome {
        guard let environment = try? world.environment() else { return .notDurable }
        let ingress = WebhookIngress(environment: environment, received: { _ in })
        guard (try? await ingress.reload()) != nil else { return .notDurable }
        let header = Self.header(body, secret: secret, at: world.now().unixSeconds - ageSeconds)
        return await ingress.receive(body: body, signature: header, endpointKey: endpointKey)
    }
}
