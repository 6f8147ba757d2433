package import Domain
import LibCrypto
import Logging
import Storage
import Stripe
import Synchronization
import Vault

/// A signing secret with its key schedule, ready to verify.
package final class RoutedSecret: Sendable {
    // What each delivery asks for stands first, in the cache line of the object's head.
    let key: HMACKey
    let expiresAt: Timestamp?
    package let tenant: TenantID
    let endpointKey: String
    let version: Int
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

    func fits(_ payload: SignedPayload, at now: Timestamp) throws -> Bool {
        if let expiresAt, expiresAt <= now { return false }
        return try payload.matches(key)
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
        case read(Versions?)
        /// It was read a moment ago.
        case merged
        /// Too many were asked for.
        case refused
    }

    /// The secrets of an endpoint, newest first. Most have one, which stands in the table itself: among 100,000 each
    /// way to another place is a cache miss.
    struct Versions: Sendable {
        fileprivate(set) var newest: RoutedSecret
        fileprivate(set) var older: [RoutedSecret] = []

        fileprivate init?(_ all: [RoutedSecret]) {
            guard let newest = all.max(by: { $0.version < $1.version }) else { return nil }
            self.newest = newest
            older = all.filter { $0 !== newest }.sorted { $0.version > $1.version }
        }

        var all: [RoutedSecret] { [newest] + older }

        /// The one that signed it.
        func fitting(_ payload: SignedPayload, at now: Timestamp) throws -> RoutedSecret? {
            if try newest.fits(payload, at: now) { return newest }
            return try older.first { try $0.fits(payload, at: now) }
        }
    }

    fileprivate struct Content {
        var secrets: [String: Versions] = [:]
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
        var secrets: [String: Versions]
        var count: Int
        /// False until the first round has ended: what is not here may yet come.
        var isComplete: Bool
    }

    private let environment: SyncEnvironment
    private let content = Mutex(Content())

    init(environment: SyncEnvironment) { self.environment = environment }

    func secrets(of endpointKey: String) -> Versions? { content.withLock { $0.secrets[endpointKey] } }

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
            content.count -= content.secrets.removeValue(forKey: endpointKey)?.all.count ?? 0
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
            if let same = known[sealed.endpointKey]?.all.first(where: { $0.stands(for: tenant, sealed) }) {
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
            var versions = secrets[secret.endpointKey]?.all ?? []
            if versions.contains(where: { $0 === secret }) { continue }
            let before = versions.count
            versions.removeAll { $0.version == secret.version && $0.tenant == secret.tenant }
            versions.append(secret)
            count += versions.count - before
            secrets[secret.endpointKey] = SecretDirectory.Versions(versions)
        }
    }

    /// Drops what this round did not meet.
    fileprivate mutating func endRound() {
        let gone = secrets.filter { $0.value.all.contains { $0.round.load(ordering: .relaxed) < round } }
        for (endpointKey, versions) in gone {
            let kept = versions.all.filter { $0.round.load(ordering: .relaxed) >= round }
            count -= versions.all.count - kept.count
            secrets[endpointKey] = SecretDirectory.Versions(kept)
        }
        round += 1
        isComplete = true
    }
}
