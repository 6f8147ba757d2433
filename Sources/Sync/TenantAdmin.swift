package import Domain
import Foundation
package import LibCrypto
package import Storage
import Stripe
import Vault

/// What an operator does to tenants, each with its entry in the trail.
package struct TenantAdmin: Sendable {
    private let environment: SyncEnvironment
    /// `cli:NAME` or `operator:NAME`.
    private let actor: String

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
        return try await environment.database.write { [environment, actor] db in
            let now = environment.now()
            guard let record = try TenantsTable.find(db, tenant: manifest.id) else { throw Self.unknown(manifest.id) }
            guard (record.mode == .live) == manifest.isLive, record.vismaTenant == manifest.visma.tenant else {
                throw ConnectorError(
                    code: "tenant.identity",
                    text:
                        "mode and visma.tenant of '\(manifest.id)' cannot be changed; "
                        + "add another tenant for another company",
                    disposition: .reject)
            }
            var changes = try Self.applyNames(manifest, record, db, now)
            if record.policy != policy {
                let version = try TenantsTable.setPolicy(
                    db, tenant: manifest.id, policy: policy, replacing: record.policyVersion, now: now)
                changes.append("policy version \(version)")
                try Self.lookAgain(manifest, record, db, now)
            }
            if let state = TenantRecord.State(rawValue: manifest.state.rawValue), state != record.state {
                try Self.requireCredentials(db, manifest.id, for: state)
                try TenantsTable.setState(db, tenant: manifest.id, state, now: now)
                changes.append("state \(record.state.rawValue) -> \(state.rawValue)")
            }
            if !changes.isEmpty {
                try trail(db, manifest.id).append(
                    .init(
                        actor: actor, action: "tenant.apply", subject: "tenant", outcome: "done",
                        details: ["changes": changes.joined(separator: "; ")]), at: now, db)
            }
            return changes
        }
    }

    /// Name, group, company header and Stripe account. An account once given stays: another one is another tenant.
    private static func applyNames(
        _ manifest: Manifest, _ record: TenantRecord, _ db: any SQLConnection, _ now: Timestamp
    ) throws -> [String] {
        var changes: [String] = []
        if let account = manifest.stripeAccount, account != record.stripeAccount {
            guard record.stripeAccount == nil else {
                throw ConnectorError(
                    code: "tenant.identity",
                    text:
                        "stripe.account of '\(manifest.id)' cannot be changed; add another tenant for another account",
                    disposition: .reject)
            }
            changes.append("stripe account \(account)")
        }
        if let company = manifest.visma.company, company != record.company { changes.append("company \(company)") }
        if !changes.isEmpty {
            try TenantsTable.setIdentity(
                db, tenant: manifest.id, vismaTenant: nil, company: manifest.visma.company,
                stripeAccount: manifest.stripeAccount, now: now)
        }
        if manifest.name != record.name || manifest.group != record.groupName {
            try TenantsTable.setName(db, tenant: manifest.id, name: manifest.name, group: manifest.group, now: now)
            changes.append("name \(manifest.name)")
        }
        return changes
    }

    /// Another policy may want other documents, or know what a review asked for: everything that is not under way is
    /// looked at again, and an earlier start date sweeps from there.
    private static func lookAgain(
        _ manifest: Manifest, _ record: TenantRecord, _ db: any SQLConnection, _ now: Timestamp
    ) throws {
        var subjects = Set(
            try ReviewsTable.list(db, tenant: manifest.id, state: .open, limit: Int(Int32.max)).map(\.subject))
        for state in [Link.State.seen, .stopped] {
            let links = try LinksTable.list(db, tenant: manifest.id, state: state, limit: Int(Int32.max))
            subjects.formUnion(links.map { Subject.document($0.document) })
        }
        for subject in subjects.sorted() {
            try WorkTable.dirty(db, tenant: manifest.id, subject: subject, cause: "policy", dueAt: now)
        }
        let former = try JSONDecoder().decode(Policy.self, from: Data(record.policy.utf8))
        guard manifest.policy.startDate < former.startDate else { return }
        for stream in Poller.streams {
            try CursorsTable.set(db, tenant: manifest.id, stream: stream, StreamCursor(value: "", sweptAt: nil))
        }
    }

    /// Two tenants must not collect the same company's invoices: while an account is not known they cannot be told
    /// apart.
    private static func requireOwnPair(_ manifest: Manifest, _ db: any SQLConnection) throws {
        let mode: TenantRecord.Mode = manifest.isLive ? .live : .test
        let others = try TenantsTable.list(db).filter {
            $0.id != manifest.id && $0.state != .offboarded && $0.mode == mode
                && $0.vismaTenant == manifest.visma.tenant
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
        return try await environment.database.write { [environment, actor] db in
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

    /// Makes every list of the tenant due now, and `document` dirty when one is named.
    package func syncNow(_ tenant: TenantID, document: DocumentRef? = nil) async throws {
        try await environment.database.write { [environment, actor] db in
            let now = environment.now()
            guard let record = try TenantsTable.find(db, tenant: tenant) else { throw Self.unknown(tenant) }
            guard record.state == .active else {
                throw ConnectorError(
                    code: "tenant.not_active",
                    text:
                        "tenant '\(tenant)' is \(record.state.rawValue); apply its manifest with 'state: active' first",
                    disposition: .reject)
            }
            for stream in Poller.streams {
                guard let cursor = try CursorsTable.get(db, tenant: tenant, stream: stream) else { continue }
                try CursorsTable.set(
                    db, tenant: tenant, stream: stream, StreamCursor(value: cursor.value, sweptAt: nil))
            }
            // Its review tells to sync again once the cause is mended.
            if try ReviewsTable.isOpen(db, tenant: tenant, subject: .endpoint) {
                try WorkTable.dirty(db, tenant: tenant, subject: .endpoint, cause: Self.askedCause, dueAt: now)
            }
            if let document {
                try WorkTable.dirty(
                    db, tenant: tenant, subject: .document(document), cause: Self.askedCause, dueAt: now)
            }
            try trail(db, tenant).append(
                .init(
                    actor: actor, action: "sync.run", subject: document?.description ?? "tenant", outcome: "asked"),
                at: now, db)
        }
    }

    /// The cause of dirt that a person made: a look for it tries again what was refused before.
    static let askedCause = "operator"

    private func trail(_ db: any SQLConnection, _ tenant: TenantID) throws -> AuditTrail {
        AuditTrail(tenant: tenant, key: try environment.vault.auditKey(db, tenant: tenant))
    }

    private static func requireCredentials(
        _ db: any SQLConnection, _ tenant: TenantID, for state: TenantRecord.State
    ) throws {
        guard state == .active else { return }
        let set = Set(try CredentialsTable.list(db, tenant: tenant).map(\.purpose))
        let needed: [CredentialPurpose] = [.vismaClientID, .vismaClientSecret, .stripeKey]
        let missing = needed.filter { !set.contains($0) }
        guard missing.isEmpty else {
            throw ConnectorError(
                code: "tenant.credentials_missing",
                text: "tenant '\(tenant)' cannot be active without \(missing.map(\.rawValue).joined(separator: ", ")); "
                    + "set them with `ml-connector credentials set`", disposition: .reject)
        }
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
