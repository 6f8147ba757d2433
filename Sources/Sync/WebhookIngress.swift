package import Domain
import LibCrypto
import Logging
import ServiceLifecycle
import Storage
package import Stripe

/// Receives Stripe's webhooks for all tenants: verifies on the raw bytes, makes the event durable, and only then lets
/// the answer go. The tenant is the one whose secret verifies; URL and body only suggest whom to try first.
package final class WebhookIngress: Service, Sendable {
    /// Between two pages of secrets that are looked through for new ones.
    private static let pageApartMilliseconds: Int64 = 1000

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
        /// Nothing was decided, as too much comes at once: an honest sender comes again.
        case overloaded
    }

    private let environment: SyncEnvironment
    private let directory: SecretDirectory
    private let search = SecretSearch()
    private let committer: EventCommitter
    private let received: @Sendable (TenantID) -> Void

    /// `received` is told, after the commit, whose event came.
    package init(environment: SyncEnvironment, received: @escaping @Sendable (TenantID) -> Void) {
        self.environment = environment
        self.received = received
        directory = SecretDirectory(environment: environment)
        committer = EventCommitter(environment: environment)
    }

    /// Reads all secrets in use, opening only those that are new. Until that is done once, by this or by `run`, a
    /// delivery that fits nowhere must come again.
    package func reload() async throws { try await directory.readAll() }

    /// Another node says that the endpoint's secrets are others. Where that is lost the rounds over all find it.
    package func follow(_ endpointKey: String) async {
        do {
            _ = try await directory.reread(endpointKey)
        } catch {
            environment.log.warning("webhook secrets not read", metadata: ["error": "\(error)"])
        }
    }

    /// Follows the secrets that come and go in the database, by this node or another, until the service stops.
    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            var isFirstRound = true
            while !Task.isCancelled {
                do {
                    let isRoundOver = try await directory.readPage()
                    if isRoundOver { isFirstRound = false } else if isFirstRound { continue }
                } catch {
                    environment.log.error("webhook secrets not read", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: .milliseconds(Self.pageApartMilliseconds))
            }
        }
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
            // Before any secret is tried: it costs nothing.
            try payload.checkAge(now: now, toleranceSeconds: SignedPayload.defaultToleranceSeconds)
            switch try await verify(payload, endpointKey, at: now) {
            case .found(let secret): return try await store(payload, from: secret, at: now)
            case .notFound: return .refused(reason: "\(WebhookFailure.noMatch)")
            case .refused: return .overloaded
            }
        } catch let failure as WebhookFailure {
            return .refused(reason: "\(failure)")
        } catch {
            environment.log.error("webhook not stored", metadata: ["error": "\(error)"])
            return .notDurable
        }
    }

    /// Whose secret signed it: the suggested endpoint's, else whosever fits.
    package func verify(
        _ payload: SignedPayload, _ endpointKey: String?, at now: Timestamp
    ) async throws -> SecretSearch.Outcome {
        guard payload.hasCandidates else { return .notFound }
        var isSure = true
        if let endpointKey {
            if let secret = try directory.secrets(of: endpointKey)?.fitting(payload, at: now) {
                return .found(secret)
            }
            // A secret may have come since: read them again before a refusal that would disable the endpoint at Stripe.
            switch try await directory.reread(endpointKey) {
            case .read(let secrets):
                if let secret = try secrets?.fitting(payload, at: now) { return .found(secret) }
            case .merged: break
            case .refused: isSure = false
            }
        }
        let known = directory.snapshot
        let outcome = try await search.find(payload, in: known, except: endpointKey, at: now)
        // Not to have been found is an answer only when all was looked at.
        if case .notFound = outcome, !isSure || !known.isComplete { return .refused }
        return outcome
    }

    /// What is signed but of no use is stored too, with the reason: Stripe need not send it again.
    private func store(_ payload: SignedPayload, from secret: RoutedSecret, at now: Timestamp) async throws -> Outcome {
        let tenant = secret.tenant
        let event = event(payload, from: secret, at: now)
        switch await committer.commit(.init(tenant: tenant, event: event)) {
        case .stored:
            guard event.state == .received else { return .stored(tenant) }
            try await environment.reached(.eventStored)
            received(tenant)
            return .stored(tenant)
        case .duplicate: return .duplicate(tenant)
        case .gone: return .gone
        case .notDurable: return .notDurable
        case .refused: return .overloaded
        }
    }

    private func event(_ payload: SignedPayload, from secret: RoutedSecret, at now: Timestamp) -> StoredEvent {
        do {
            let outline = try EventOutline.read(payload.body)
            return StoredEvent(
                eventID: outline.id, type: outline.type, objectID: outline.objectID, isLive: outline.livemode,
                body: payload.body, receivedAt: now, endpointKey: secret.endpointKey)
        } catch {
            return StoredEvent(
                eventID: "unreadable_\(hex(sha256(payload.body)))", type: "unreadable", objectID: nil, isLive: false,
                body: payload.body, receivedAt: now, state: .ignored, reason: "signed, but \(error)",
                endpointKey: secret.endpointKey)
        }
    }
}
