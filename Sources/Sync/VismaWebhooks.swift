package import Domain
import LibCrypto
import Logging
import ServiceLifecycle
import Storage
import Synchronization
import Vault

/// Receives Visma's own webhooks, as set up in its Developer Portal: the body's HMAC-SHA256 in base64 stands in a
/// header. Neither the header's name nor the body's form is documented, a delivery that fails is not repeated, and
/// payments have no event at all (facts: webhooks). So the body is not read: a verified one only makes the
/// tenant's poll due now, and polling stays the truth.
package final class VismaWebhooks: Service, Sendable {
    /// Where the documents name none.
    package static let headerDefault = "X-Visma-Signature"
    /// A tenant's poll is made due at most this often; what comes meanwhile counts once at its end.
    package static let hintsApartSeconds: Int64 = 10
    /// A key is opened again after this time, so that one that was replaced does not hold for ever.
    private static let keyKeptSeconds: Int64 = 60
    private static let keysKeptMax = 10_000
    /// Readings of keys: anybody can ask for one by any name.
    private static let readsPerSecondMax: Int64 = 100
    private static let tickMilliseconds: Int64 = 1000

    package enum Outcome: Hashable, Sendable {
        /// The poll is due, or will be within `hintsApartSeconds`.
        case taken(TenantID)
        case refused
        case overloaded
    }

    private struct Kept: Sendable {
        /// Nil: the tenant, or its key, is not there.
        var key: HMACKey?
        var readAt: Timestamp
    }

    private struct Content {
        var keys: [TenantID: Kept] = [:]
        var reads = TokenBucket(perSecond: VismaWebhooks.readsPerSecondMax)
        var hintedAt: [TenantID: Timestamp] = [:]
        var waiting: Set<TenantID> = []
    }

    /// The name of the header with the signature.
    package let header: String
    private let environment: SyncEnvironment
    private let due: @Sendable (TenantID) -> Void
    private let content = Mutex(Content())

    /// `due` is told, after the commit, whose poll became due.
    package init(
        environment: SyncEnvironment, header: String = VismaWebhooks.headerDefault,
        due: @escaping @Sendable (TenantID) -> Void
    ) {
        self.environment = environment
        self.header = header
        self.due = due
    }

    /// Makes due what waited for its turn, until the service stops.
    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                await makeWaitingDue()
                try? await Task.sleep(for: .milliseconds(Self.tickMilliseconds))
            }
        }
    }

    /// - Parameters:
    ///   - body: the raw bytes as they came.
    ///   - signature: the header's value, nil when absent.
    ///   - endpoint: the last part of the URL: the tenant's id. A wrong one is answered like a wrong signature.
    package func receive(body: [UInt8], signature: [UInt8]?, endpoint: String) async -> Outcome {
        guard let signature, let code = Secret(base64: signature)?.withBytes({ Array($0) }) else { return .refused }
        let tenant = TenantID(endpoint)
        do {
            guard let key = try await key(of: tenant) else { return .overloaded }
            guard let key = key.key, try constantTimeEqual(key.code(body), code) else { return .refused }
            try await hint(tenant)
            return .taken(tenant)
        } catch {
            environment.log.error("Visma webhook not used", metadata: ["tenant": "\(tenant)", "error": "\(error)"])
            return .overloaded
        }
    }

    /// Nil when too many keys are asked for.
    private func key(of tenant: TenantID) async throws -> Kept? {
        let now = environment.now()
        let (kept, mayRead) = content.withLock { content -> (Kept?, Bool) in
            if let kept = content.keys[tenant], now < kept.readAt.adding(seconds: Self.keyKeptSeconds) {
                return (kept, false)
            }
            return (nil, content.reads.take(1, at: now))
        }
        if kept != nil || !mayRead { return kept }
        let key = try await environment.database.read { [environment] db -> HMACKey? in
            guard let record = try TenantsTable.find(db, tenant: tenant), record.state == .active,
                try CredentialsTable.latest(db, tenant: tenant, purpose: .vismaWebhookKey) != nil
            else { return nil }
            return try HMACKey(environment.vault.open(db, purpose: .vismaWebhookKey, tenant: tenant).unsealed())
        }
        let fresh = Kept(key: key, readAt: now)
        content.withLock { content in
            if content.keys.count >= Self.keysKeptMax { content.keys.removeAll() }
            content.keys[tenant] = fresh
        }
        return fresh
    }

    // MARK: Hints

    private func hint(_ tenant: TenantID) async throws {
        let now = environment.now()
        let isNow = content.withLock { content in
            if let last = content.hintedAt[tenant], now < last.adding(seconds: Self.hintsApartSeconds) {
                content.waiting.insert(tenant)
                return false
            }
            content.hintedAt[tenant] = now
            return true
        }
        if isNow { try await makeDue(tenant) }
    }

    /// Makes due the polls whose hints came too soon after another. What fails is told of and let go: it was a hint.
    package func makeWaitingDue() async {
        let now = environment.now()
        let ripe = content.withLock { content -> [TenantID] in
            content.hintedAt = content.hintedAt.filter { now < $0.value.adding(seconds: Self.hintsApartSeconds) }
            let ripe = content.waiting.filter { content.hintedAt[$0] == nil }
            content.waiting.subtract(ripe)
            for tenant in ripe { content.hintedAt[tenant] = now }
            return ripe.sorted()
        }
        for tenant in ripe {
            do {
                try await makeDue(tenant)
            } catch {
                environment.log.error("poll not made due", metadata: ["tenant": "\(tenant)", "error": "\(error)"])
            }
        }
    }

    private func makeDue(_ tenant: TenantID) async throws {
        let now = environment.now()
        try await environment.database.write { try Poller.makeDue($0, tenant: tenant, now: now) }
        due(tenant)
    }
}
