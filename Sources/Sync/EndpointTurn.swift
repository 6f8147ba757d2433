import Domain
import LibCrypto
import Storage
import Stripe
import Vault

/// Registers our webhook endpoint at Stripe, once. Stripe tells the secret only in the answer to the creation, so the
/// secret is sealed in the transaction that ends the effect; when that answer is lost for good, what was made is
/// deleted and made again.
struct EndpointTurn: Sendable {
    let tenant: TenantContext
    let environment: SyncEnvironment
    let lease: Lease

    private var journal: Journal { Journal(tenant: tenant, environment: environment, lease: lease) }

    func run() async throws -> TurnEnding {
        guard let publicURL = environment.publicURL else { return .settled(reviews: []) }
        do {
            let unsettled = try await unsettled()
            for effect in unsettled {
                if case .notYet(let moment, let why) = try await journal.resolve(effect) {
                    return .postponed(until: moment, why: why, reviews: nil)
                }
            }
            let endpoint = try await ours(publicURL)
            if endpoint.state != .active {
                try await deleteStrays(endpoint)
                try await create(endpoint)
            } else if unsettled.isEmpty {
                return .settled(reviews: [])
            }
            await environment.announce([.secrets(endpointKey: endpoint.endpointKey)])
            return .settled(reviews: [])
        } catch let error as ConnectorError {
            switch error.disposition {
            case .reject:
                let review = Review(
                    .endpointRefused, found: "Stripe refused the webhook endpoint: \(error)",
                    proposals: ["correct what it names, then run the tenant's sync again"])
                return .settled(reviews: [review])
            default:
                return .failed(error)
            }
        }
    }

    /// No endpoint under today's public address is active.
    static func isMissing(_ db: any SQLConnection, tenant: TenantID, publicURL: String) throws -> Bool {
        try !EndpointsTable.list(db, tenant: tenant).contains {
            $0.state == .active && $0.url.hasPrefix(publicURL + "/")
        }
    }

    private func unsettled() async throws -> [Effect] {
        try await environment.database.read { [tenant] db in
            try JournalTable.unsettled(db, tenant: tenant.id, subject: .endpoint)
        }
    }

    /// The endpoint under the public address of today; a new address is a new endpoint.
    private func ours(_ publicURL: String) async throws -> EndpointRecord {
        let prefix = publicURL + "/webhooks/stripe/"
        let fresh = environment.makeID()
        return try await environment.commit { [tenant, environment] db in
            let known = try EndpointsTable.list(db, tenant: tenant.id)
            if let record = known.first(where: { $0.url.hasPrefix(prefix) && $0.state != .disabled }) { return record }
            let record = EndpointRecord(endpointKey: fresh, url: prefix + fresh, createdAt: environment.now())
            try EndpointsTable.insert(db, tenant: tenant.id, record)
            return record
        }
    }

    /// An endpoint at our URL whose secret we never learned is of no use: nothing it sends can be verified.
    private func deleteStrays(_ endpoint: EndpointRecord) async throws {
        let strays = try await tenant.stripe.webhookEndpoints().filter { $0.url == endpoint.url }
        for stray in strays {
            let effect = try await effect(Step.deleteEndpoint, cause: stray.id)
            let call = try StripeRequests.deleteEndpoint(stray.id)
            _ = try await journal.perform(effect, JournaledRequest(call: call, target: stray.id))
        }
    }

    private func create(_ endpoint: EndpointRecord) async throws {
        let effect = try await effect(Step.createEndpoint, cause: endpoint.endpointKey)
        let call = try StripeRequests.createEndpoint(
            url: endpoint.url, events: EventType.subscribed, apiVersion: StripeAPI.version,
            description: "ml-connector", metadata: [MetadataKey.tenant: tenant.id.rawValue],
            key: effect.key.rawValue)
        _ = try await journal.perform(effect, JournaledRequest(call: call, target: endpoint.endpointKey))
    }

    private func effect(_ step: String, cause: String) async throws -> Effect {
        let last = try await environment.database.read { [tenant] db in
            try JournalTable.lastAttempt(db, tenant: tenant.id, subject: .endpoint, step: step, cause: cause)
        }
        let attempt = (last?.attempt ?? 0) + 1
        let now = environment.now()
        return Effect(
            key: EffectKey.make(
                tenant: tenant.id, subject: .endpoint, revision: 1, step: step, cause: cause, attempt: attempt),
            subject: .endpoint, revision: 1, step: step, cause: cause, attempt: attempt, state: .sent,
            term: lease.term, sentAt: now,
            deadlineAt: now.adding(milliseconds: environment.endpoints.stripeTimeoutMilliseconds))
    }
}
