package import Domain
import Foundation
package import LibCrypto
package import Storage
import Stripe
import Vault

/// What an operator does to tenants, each with its entry in the trail.
package struct TenantAdmin: Sendable {
    let environment: SyncEnvironment
    /// `cli:NAME` or `operator:NAME`.
    let actor: String

    package init(environment: SyncEnvironment, actor: String) {
        self.environment = environment
        self.actor = actor
    }

    /// Adds the tenant of a manifest, with a data key and an audit key of its own. It is `onboarding` until applied
    /// with another state, as it has no credentials yet.
    package func add(_ manifest: Manifest) async throws {
        let policy = try Self.encoded(manifest.policy)
        try await environment.database.write { [environment, actor] db in
            let now = environment.now()
            guard try TenantsTable.find(db, tenant: manifest.id) == nil else {
                throw ConnectorError(
                    code: "tenant.exists",
                    text: "there is a tenant '\(manifest.id)' already; change it with `ml-connector tenant apply`",
                    disposition: .reject)
            }
            try Self.requireOwnPair(manifest, db)
            do {
                try TenantsTable.insert(
                    db,
                    TenantRecord(
                        id: manifest.id, name: manifest.name, groupName: manifest.group,
                        vismaTenant: manifest.visma.tenant, company: manifest.visma.company,
                        stripeAccount: manifest.stripeAccount, mode: manifest.isLive ? .live : .test, policy: policy,
                        createdAt: now, updatedAt: now))
            } catch let error as StorageError where error.code == .uniqueViolation {
                throw ConnectorError(
                    code: "tenant.pair_taken",
                    text: "another tenant has this Visma company and Stripe account in the same mode",
                    disposition: .reject)
            }
            try environment.vault.createDataKey(db, tenant: manifest.id, now: now)
            try trail(db, manifest.id).append(
                .init(
                    actor: actor, action: "tenant.add", subject: "tenant", outcome: "done",
                    details: ["mode": manifest.isLive ? "live" : "test"]), at: now, db)
        }
    }

    /// Makes the tenant what its manifest says. Answers what changed, in words.
    package func apply(_ manifest: Manifest) async throws -> [String] {
        let policy = try Self.encoded(manifest.policy)
        return try await commit(manifest.id) { [environment, actor] db in
            let now = environment.now()
            guard let record = try TenantsTable.find(db, tenant: manifest.id) else { throw Self.unknown(manifest.id) }
            try Self.requireIdentity(manifest, record)
            var changes = try Self.applyNames(manifest, record, db, now)
            if record.policy != policy {
                try Self.lookAgain(db, record, under: manifest.policy, now: now)
                let version = try TenantsTable.setPolicy(
                    db, tenant: manifest.id, policy: policy, replacing: record.policyVersion, now: now)
                changes.append("policy version \(version)")
            }
            if let state = TenantRecord.State(rawValue: manifest.state.rawValue), state != record.state {
                try Self.requireCredentials(db, manifest.id, for: state)
                try TenantsTable.setState(db, tenant: manifest.id, state, now: now)
                changes.append("state \(record.state.rawValue) -> \(state.rawValue)")
            }
            if !changes.isEmpty {
                try Self.lookAtReviewed(db, manifest.id, now: now)
                try trail(db, manifest.id).append(
                    .init(
                        actor: actor, action: "tenant.apply", subject: "tenant", outcome: "done",
                        details: ["changes": changes.joined(separator: "; ")]), at: now, db)
            }
            return changes
        }
    }

    /// Name and group are for people; an account that was left open is learned from a later manifest.
    private static func applyNames(
        _ manifest: Manifest, _ record: TenantRecord, _ db: any SQLConnection, _ now: Timestamp
    ) throws -> [String] {
        var changes: [String] = []
        if let account = manifest.stripeAccount, record.stripeAccount == nil {
            try TenantsTable.setIdentity(
                db, tenant: manifest.id, vismaTenant: nil, company: nil, stripeAccount: account, now: now)
            changes.append("stripe account \(account)")
        }
        if manifest.name != record.name || manifest.group != record.groupName {
            try TenantsTable.setName(db, tenant: manifest.id, name: manifest.name, group: manifest.group, now: now)
            changes.append("name \(manifest.name)")
        }
        return changes
    }

    /// Two tenants must not collect the same company's invoices: while an account is not known they cannot be told
    /// apart.
    private static func requireOwnPair(_ manifest: Manifest, _ db: any SQLConnection) throws {
        let mode: TenantRecord.Mode = manifest.isLive ? .live : .test
        let others = try TenantsTable.ofVisma(db, vismaTenant: manifest.visma.tenant).filter {
            $0.id != manifest.id && $0.mode == mode
                && ($0.stripeAccount == nil || manifest.stripeAccount == nil
                    || $0.stripeAccount == manifest.stripeAccount)
        }
        guard let other = others.first else { return }
        throw ConnectorError(
            code: "tenant.pair_taken",
            text: "tenant '\(other.id)' has this Visma company in the same mode; name another stripe.account in both "
                + "manifests if they are two pairs", disposition: .reject)
    }

    /// Seals a credential and answers what may be shown of it. A Stripe key of the wrong mode is refused.
    package func setCredential(
        _ purpose: CredentialPurpose, _ secret: borrowing Secret, of tenant: TenantID
    ) async throws -> String {
        guard let record = try await environment.database.read({ try TenantsTable.find($0, tenant: tenant) }) else {
            throw Self.unknown(tenant)
        }
        if purpose == .stripeKey {
            try StripeKeyKind.parse(secret).check(mode: record.mode == .live ? .live : .test)
        }
        let bytes = secret.withBytes { Array($0) }
        return try await commit(tenant) { [environment, actor] db in
            let now = environment.now()
            let shown = try environment.vault.store(
                db, purpose: purpose, secret: Secret(copying: bytes), tenant: tenant, now: now)
            try trail(db, tenant).append(
                .init(
                    actor: actor, action: "credentials.set", subject: purpose.rawValue, outcome: "done",
                    details: ["fingerprint": shown]), at: now, db)
            return shown
        }
    }

    /// Makes every list of the tenant due now, and everything that waits for a person, as its review tells to sync
    /// again; `document` and `payout` too when one is named.
    package func syncNow(
        _ tenant: TenantID, document: DocumentRef? = nil, payout: PayoutID? = nil
    ) async throws {
        try await commit(tenant) { [environment, actor] db in
            let now = environment.now()
            try Self.requireActive(db, tenant)
            try Poller.makeDue(db, tenant: tenant, now: now)
            try Self.lookAtReviewed(db, tenant, now: now)
            let named = [document.map(Subject.document), payout.map(Subject.payout)].compactMap { $0 }
            for subject in named {
                try WorkTable.dirty(
                    db, tenant: tenant, subject: subject, cause: Self.askedCause, dueAt: now, askedAt: now)
            }
            let names = [document?.description, payout?.rawValue].compactMap { $0 }
            for name in names.isEmpty ? ["tenant"] : names {
                try trail(db, tenant).append(
                    .init(actor: actor, action: "sync.run", subject: name, outcome: "asked"), at: now, db)
            }
        }
    }

    /// Asks for `document` to be collected even where the policy waits for a mark, or a review for a word.
    package func push(_ document: DocumentRef, of tenant: TenantID, reason: String) async throws {
        try await commit(tenant) { db in
            try Self.requireActive(db, tenant)
            try askForPush(document, of: tenant, reason: reason, db)
        }
    }

    func askForPush(
        _ document: DocumentRef, of tenant: TenantID, reason: String, _ db: any SQLConnection
    ) throws {
        let now = environment.now()
        let subject = Subject.document(document)
        try RequestsTable.insert(
            db, tenant: tenant, subject: subject,
            Request(kind: .push, cause: nil, reason: reason, actor: actor, askedAt: now))
        try WorkTable.dirty(db, tenant: tenant, subject: subject, cause: Self.askedCause, dueAt: now, askedAt: now)
        try trail(db, tenant).append(
            .init(
                actor: actor, action: "invoice.push", subject: document.description, outcome: "asked",
                details: ["reason": reason]), at: now, db)
    }

    /// Commits what an operator wants of a tenant, and wakes the node whose it is.
    @discardableResult
    func commit<R: Sendable>(
        _ tenant: TenantID, _ body: @escaping @Sendable (any SQLConnection) throws -> R
    ) async throws -> R {
        let result = try await environment.database.write(body)
        await environment.announce([.work(tenant)])
        return result
    }

    static func requireActive(_ db: any SQLConnection, _ tenant: TenantID) throws {
        guard let record = try TenantsTable.find(db, tenant: tenant) else { throw Self.unknown(tenant) }
        guard record.state == .active else {
            throw ConnectorError(
                code: "tenant.not_active",
                text: "tenant '\(tenant)' is \(record.state.rawValue); apply its manifest with 'state: active' first",
                disposition: .reject)
        }
    }

    /// The cause of dirt that a person made: a look for it tries again what was refused before.
    static let askedCause = "operator"

    func trail(_ db: any SQLConnection, _ tenant: TenantID) throws -> AuditTrail {
        AuditTrail(tenant: tenant, key: try environment.vault.auditKey(db, tenant: tenant))
    }

    private static func requireIdentity(_ manifest: Manifest, _ record: TenantRecord) throws {
        let parts: [(key: String, isSame: Bool)] = [
            ("mode", (record.mode == .live) == manifest.isLive),
            ("visma.tenant", record.vismaTenant == manifest.visma.tenant),
            ("visma.company", record.company == manifest.visma.company),
            // A manifest may leave it to the ping to find out.
            (
                "stripe.account",
                manifest.stripeAccount == nil || record.stripeAccount == nil
                    || record.stripeAccount == manifest.stripeAccount
            ),
        ]
        guard let changed = parts.first(where: { !$0.isSame }) else { return }
        throw ConnectorError(
            code: "tenant.identity",
            text: "\(changed.key) of '\(manifest.id)' cannot be changed: its links and postings belong to that company "
                + "and account; add another tenant for another one", disposition: .reject)
    }

    /// Subjects read in one step while all are marked dirty.
    private static let pageSize = 500

    /// Another policy may decide otherwise about every document that was seen and is not settled, and an earlier start
    /// date about documents that no sweep has read yet.
    private static func lookAgain(
        _ db: any SQLConnection, _ record: TenantRecord, under policy: Policy, now: Timestamp
    ) throws {
        var last: DocumentRef?
        while true {
            let page = try LinksTable.list(db, tenant: record.id, after: last, limit: pageSize)
            for link in page where link.state != .settled {
                try WorkTable.dirty(
                    db, tenant: record.id, subject: .document(link.document), cause: "policy", dueAt: now)
            }
            guard page.count == pageSize else { break }
            last = page.last?.document
        }
        let former = try JSONDecoder().decode(Policy.self, from: Data(record.policy.utf8))
        guard policy.startDate < former.startDate else { return }
        for stream in Poller.streams {
            guard try CursorsTable.get(db, tenant: record.id, stream: stream) != nil else { continue }
            try CursorsTable.set(db, tenant: record.id, stream: stream, StreamCursor(value: "", sweptAt: nil))
        }
    }

    /// What a person corrected is seen only by another look, and what was refused before is tried again only where a
    /// person asked: every subject with an open review, settled or not.
    private static func lookAtReviewed(_ db: any SQLConnection, _ tenant: TenantID, now: Timestamp) throws {
        var last: Subject?
        while true {
            let page = try ReviewsTable.openSubjects(db, tenant: tenant, after: last, limit: pageSize)
            for subject in page {
                try WorkTable.dirty(db, tenant: tenant, subject: subject, cause: askedCause, dueAt: now, askedAt: now)
            }
            guard page.count == pageSize else { return }
            last = page.last
        }
    }

    private static func requireCredentials(
        _ db: any SQLConnection, _ tenant: TenantID, for state: TenantRecord.State
    ) throws {
        guard state == .active else { return }
        let missing = try missingCredentials(db, tenant)
        guard missing.isEmpty else {
            throw ConnectorError(
                code: "tenant.credentials_missing",
                text: "tenant '\(tenant)' cannot be active without \(missing.map(\.rawValue).joined(separator: ", ")); "
                    + "set them with `ml-connector credentials set`", disposition: .reject)
        }
    }

    /// Those without which neither system can be reached.
    static func missingCredentials(_ db: any SQLConnection, _ tenant: TenantID) throws -> [CredentialPurpose] {
        let set = Set(try CredentialsTable.list(db, tenant: tenant).map(\.purpose))
        let needed: [CredentialPurpose] = [.vismaClientID, .vismaClientSecret, .stripeKey]
        return needed.filter { !set.contains($0) }
    }

    static func encoded(_ policy: Policy) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(policy), as: UTF8.self)
    }

    static func unknown(_ tenant: TenantID) -> ConnectorError {
        ConnectorError(
            code: "tenant.unknown", text: "there is no tenant '\(tenant)'; `ml-connector tenant list` shows them",
            disposition: .reject)
    }
}

extension TenantRegistry {
    /// A tenant's policy as it is stored; nil when there is no such tenant.
    static func policy(_ db: any SQLConnection, tenant: TenantID) throws -> Policy? {
        guard let record = try TenantsTable.find(db, tenant: tenant) else { return nil }
        return try JSONDecoder().decode(Policy.self, from: Data(record.policy.utf8))
    }
}
