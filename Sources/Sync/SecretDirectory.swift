import Domain
import LibCrypto
import Logging
import Storage
import Stripe
import Synchronization
import Vault

/// A signing secret with its key schedule, ready to verify.
final class RoutedSecret: Sendable {
    let tenant: TenantID
    let endpointKey: String
    let version: Int
    let expiresAt: Timestamp?
    let key: HMACKey
    /// The last round in which the database had it.
    fileprivate let round: Atomic<Int>

    fileprivate init(tenant: TenantID, _ sealed: SealedSecret, key: HMACKey, round: Int) {
        self.tenant = tenant
        endpointKey = sealed.endpointKey
        version = sealed.version
        expiresAt = sealed.expiresAt
        self.key = key
        self.round = Atomic(round)
    }

    fileprivate func stands(for tenant: TenantID, _ sealed: SealedSecret) -> Bool {
        self.tenant == tenant && endpointKey == sealed.endpointKey && version == sealed.version
            && expiresAt == sealed.expiresAt
    }
}

/// The endpoint secrets of all tenants, opened once each and kept by endpoint. The database has no word for "something
/// changed here" that every node could ask for, so its rows are walked through in rounds, page by page, and only what
/// is new is opened: a page costs the same however many tenants there are, and 100,000 secrets take 50 pages.
final class SecretDirectory: Sendable {
    /// Rows of one page.
    static let pageRowsMax = 2000
    /// An endpoint that was called with a signature unknown here is read again at most this often...
    static let rereadApartMilliseconds: Int64 = 1000
    /// ...and all of them together so often: beyond it a caller must come again.
    static let rereadsPerSecondMax: Int64 = 100
    /// Endpoints whose last reading is remembered.
    private static let rereadsKeptMax = 10_000

    enum Reread: Sendable {
        case read([RoutedSecret])
        /// It was read a moment ago.
        case merged
        /// Too many were asked for.
        case refused
    }

    fileprivate struct Content {
        var secrets: [String: [RoutedSecret]] = [:]
        var count = 0
        var round = 1
        /// Where the next page of the round begins.
        var last: (tenant: TenantID, secret: SealedSecret)?
        var isComplete = false
        /// Told of already: they do not open.
        var unopened: Set<String> = []
        var rereadAt: [String: Timestamp] = [:]
        var rereads = TokenBucket(perSecond: SecretDirectory.rereadsPerSecondMax)
    }

    struct Snapshot: Sendable {
        var secrets: [String: [RoutedSecret]]
        var count: Int
        /// False until the first round has ended: what is not here may yet come.
        var isComplete: Bool
    }

    private let environment: SyncEnvironment
    private let content = Mutex(Content())

    init(environment: SyncEnvironment) { self.environment = environment }

    /// Newest first.
    func secrets(of endpointKey: String) -> [RoutedSecret] { content.withLock { $0.secrets[endpointKey] ?? [] } }

    var snapshot: Snapshot {
        content.withLock { Snapshot(secrets: $0.secrets, count: $0.count, isComplete: $0.isComplete) }
    }

    // MARK: Rounds

    /// Reads the next page of the round; true when the round ended with it. What the database no longer has is dropped
    /// at that point.
    func readPage() async throws -> Bool {
        let (round, last) = content.withLock { ($0.round, $0.last) }
        let now = environment.now()
        let (found, next) = try await environment.database.read { [self] db in
            let rows = try WebhookSecretsTable.activeAcrossTenants(
                db, now: now, after: last, limit: Self.pageRowsMax)
            return (opened(rows, db), rows.count < Self.pageRowsMax ? nil : rows.last)
        }
        content.withLock { content in
            content.take(found)
            // Somebody else may have read this page meanwhile.
            guard content.round == round, content.last?.secret == last?.secret else { return }
            content.last = next
            if next == nil { content.endRound() }
        }
        return next == nil
    }

    /// Reads a whole round.
    func readAll() async throws {
        content.withLock { $0.last = nil }
        while try await !readPage() {}
    }

    /// Reads one endpoint's rows again, unless that was done a moment ago or is asked for too often.
    func reread(_ endpointKey: String) async throws -> Reread {
        let now = environment.now()
        let refusal = content.withLock { content -> Reread? in
            if let at = content.rereadAt[endpointKey], now < at.adding(milliseconds: Self.rereadApartMilliseconds) {
                return .merged
            }
            guard content.rereads.take(1, at: now) else { return .refused }
            if content.rereadAt.count >= Self.rereadsKeptMax { content.rereadAt.removeAll() }
            content.rereadAt[endpointKey] = now
            return nil
        }
        if let refusal { return refusal }
        let found = try await environment.database.read { [self] db in
            opened(try WebhookSecretsTable.activeAcrossTenants(db, endpointKey: endpointKey, now: now), db)
        }
        content.withLock { content in
            content.count -= content.secrets.removeValue(forKey: endpointKey)?.count ?? 0
            content.take(found)
        }
        return .read(secrets(of: endpointKey))
    }

    /// Those that are known as they stand, the others opened. One that does not open is told of once and left out: the
    /// others go on.
    private func opened(
        _ rows: [(tenant: TenantID, secret: SealedSecret)], _ db: any SQLConnection
    ) -> [RoutedSecret] {
        let (known, round) = content.withLock { ($0.secrets, $0.round) }
        return rows.compactMap { tenant, sealed in
            if let same = known[sealed.endpointKey]?.first(where: { $0.stands(for: tenant, sealed) }) {
                same.round.store(round, ordering: .relaxed)
                return same
            }
            let label = WebhookKeys.label(sealed.endpointKey, version: sealed.version)
            do {
                let secret = try environment.vault.openBytes(
                    db, sealed.sealed, purpose: WebhookKeys.purpose, tenant: tenant, label: label)
                return RoutedSecret(tenant: tenant, sealed, key: try WebhookSecret.key(secret), round: round)
            } catch {
                guard content.withLock({ $0.unopened.insert(label).inserted }) else { return nil }
                environment.log.error(
                    "a webhook secret does not open",
                    metadata: ["tenant": "\(tenant)", "endpoint": "\(sealed.endpointKey)", "error": "\(error)"])
                return nil
            }
        }
    }
}

extension SecretDirectory.Content {
    fileprivate mutating func take(_ found: [RoutedSecret]) {
        for secret in found {
            var versions = secrets[secret.endpointKey] ?? []
            if versions.contains(where: { $0 === secret }) { continue }
            let before = versions.count
            versions.removeAll { $0.version == secret.version && $0.tenant == secret.tenant }
            versions.append(secret)
            versions.sort { $0.version > $1.version }
            count += versions.count - before
            secrets[secret.endpointKey] = versions
        }
    }

    /// Drops what this round did not meet.
    fileprivate mutating func endRound() {
        let gone = secrets.filter { $0.value.contains { $0.round.load(ordering: .relaxed) < round } }
        for (endpointKey, versions) in gone {
            let kept = versions.filter { $0.round.load(ordering: .relaxed) >= round }
            count -= versions.count - kept.count
            secrets[endpointKey] = kept.isEmpty ? nil : kept
        }
        round += 1
        isComplete = true
    }
}
