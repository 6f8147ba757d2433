package import Domain
import LibCrypto
import Logging
import Storage
import Stripe
import Synchronization
import Vault

/// Receives Stripe's webhooks for all tenants: verifies on the raw bytes, makes the event durable, and only then lets
/// the answer go. The tenant is the one whose secret verifies; URL and body only suggest whom to try first.
package final class WebhookIngress: Sendable {
    package enum Outcome: Hashable, Sendable {
        case stored(TenantID)
        /// On disk already; the delivery has been counted.
        case duplicate(TenantID)
        /// Not verified, or not readable as signed: nothing was stored.
        case refused(reason: String)
        /// The endpoint's tenant has left.
        case gone
        /// It could not be made durable: Stripe shall send it again.
        case notDurable
    }

    private struct Candidate: Sendable {
        let tenant: TenantID
        let endpointKey: String
        let label: String
        let key: HMACKey
    }

    private let environment: SyncEnvironment
    private let candidates = Mutex<[Candidate]>([])
    private let received: @Sendable (TenantID) -> Void

    /// `received` is told, after the commit, whose event came.
    package init(environment: SyncEnvironment, received: @escaping @Sendable (TenantID) -> Void) {
        self.environment = environment
        self.received = received
    }

    /// Reads the secrets in use, opening only those that are new. Called at start, when an endpoint was registered, and
    /// before a refusal. One that does not open is told of and left out: the others go on.
    package func reload() async throws {
        let now = environment.now()
        let known = candidates.withLock { $0 }
        let fresh = try await environment.database.read { [environment] db in
            try WebhookSecretsTable.activeAcrossTenants(db, now: now).compactMap { tenant, sealed -> Candidate? in
                let label = WebhookKeys.label(sealed.endpointKey, version: sealed.version)
                if let candidate = known.first(where: { $0.label == label && $0.tenant == tenant }) { return candidate }
                do {
                    let secret = try environment.vault.openBytes(
                        db, sealed.sealed, purpose: WebhookKeys.purpose, tenant: tenant, label: label)
                    return Candidate(
                        tenant: tenant, endpointKey: sealed.endpointKey, label: label,
                        key: try WebhookSecret.key(secret))
                } catch {
                    environment.log.error(
                        "a webhook secret does not open",
                        metadata: ["tenant": "\(tenant)", "endpoint": "\(sealed.endpointKey)", "error": "\(error)"])
                    return nil
                }
            }
        }
        candidates.withLock { $0 = fresh }
    }

    /// - Parameters:
    ///   - body: the raw bytes as they came.
    ///   - signature: the value of `Stripe-Signature`, nil when absent.
    ///   - endpointKey: the last part of the URL; only a suggestion.
    package func receive(body: [UInt8], signature: [UInt8]?, endpointKey: String?) async -> Outcome {
        let payload: SignedPayload
        do {
            payload = try SignedPayload.parse(header: signature, body: body)
            let now = environment.now()
            guard let candidate = try await verify(payload, endpointKey) else {
                return .refused(reason: "\(WebhookFailure.noMatch)")
            }
            try payload.checkAge(now: now, toleranceSeconds: SignedPayload.defaultToleranceSeconds)
            return try await store(payload, from: candidate, at: now)
        } catch let failure as WebhookFailure {
            return .refused(reason: "\(failure)")
        } catch {
            environment.log.error("webhook not stored", metadata: ["error": "\(error)"])
            return .notDurable
        }
    }

    private func verify(_ payload: SignedPayload, _ endpointKey: String?) async throws -> Candidate? {
        if let candidate = try match(payload, endpointKey) { return candidate }
        // A secret may have come since: read them again before a refusal that would disable the endpoint at Stripe.
        try await reload()
        return try match(payload, endpointKey)
    }

    private func match(_ payload: SignedPayload, _ endpointKey: String?) throws -> Candidate? {
        let all = candidates.withLock { $0 }
        let suggested = all.filter { $0.endpointKey == endpointKey }
        for candidate in suggested + all.filter({ $0.endpointKey != endpointKey }) {
            if try payload.matches(candidate.key) { return candidate }
        }
        return nil
    }

    /// One insert. What is signed but of no use is stored too, with the reason: Stripe need not send it again.
    private func store(_ payload: SignedPayload, from candidate: Candidate, at now: Timestamp) async throws -> Outcome {
        let envelope: EventEnvelope
        do {
            envelope = try EventEnvelope.parse(payload.body)
        } catch {
            return try await keepUnreadable(payload, from: candidate, at: now, why: "\(error)")
        }
        let tenant = candidate.tenant
        let outcome = try await environment.database.write { db -> Outcome in
            guard let record = try TenantsTable.find(db, tenant: tenant), record.state != .offboarded else {
                return .gone
            }
            var event = StoredEvent(
                eventID: envelope.id, type: envelope.type, objectID: envelope.objects.id, isLive: envelope.livemode,
                body: payload.body, receivedAt: now, endpointKey: candidate.endpointKey)
            if record.state != .active { event.reason = "it waits: the tenant is \(record.state.rawValue)" }
            if envelope.livemode != (record.mode == .live) {
                event.state = .ignored
                event.reason = "its mode is not the tenant's: \(envelope.livemode ? "live" : "test")"
            }
            return try EventsTable.insert(db, tenant: tenant, event) == .stored ? .stored(tenant) : .duplicate(tenant)
        }
        if case .stored = outcome {
            try await environment.reached(.eventStored)
            received(tenant)
        }
        return outcome
    }

    private func keepUnreadable(
        _ payload: SignedPayload, from candidate: Candidate, at now: Timestamp, why: String
    ) async throws -> Outcome {
        let tenant = candidate.tenant
        let event = StoredEvent(
            eventID: "unreadable_\(hex(sha256(payload.body)))", type: "unreadable", objectID: nil, isLive: false,
            body: payload.body, receivedAt: now, state: .ignored, reason: "signed, but \(why)",
            endpointKey: candidate.endpointKey)
        return try await environment.database.write { db in
            guard let record = try TenantsTable.find(db, tenant: tenant), record.state != .offboarded else {
                return .gone
            }
            return try EventsTable.insert(db, tenant: tenant, event) == .stored ? .stored(tenant) : .duplicate(tenant)
        }
    }
}
