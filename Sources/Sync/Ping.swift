package import Domain
import Foundation
import Logging
import Outbound
package import Storage
import Stripe
import VismaNet

/// Tries a tenant's credentials against both systems, by reads only, and says for each step what was seen and what to
/// do about it.
package struct Ping: Sendable {
    /// Pings that are kept of a tenant.
    package static let keptMax = 100

    package struct Step: Hashable, Sendable, Codable {
        package enum Outcome: String, Hashable, Sendable, Codable { case passed, warned, failed, skipped }
        package var name: String
        package var outcome: Outcome
        package var seen: String
        package var remedy: String?
    }

    /// What our own tables know beforehand.
    struct Known: Sendable {
        var company: String?
        var stripeAccount: String?
        var record: RecordAbility?
        /// Registered under today's public address.
        var endpoint: EndpointRecord?
        var publicURL: String?
    }

    private let environment: SyncEnvironment

    package init(environment: SyncEnvironment) { self.environment = environment }

    /// Runs all steps and keeps them in the tenant's history.
    package func run(_ tenant: TenantID) async throws -> [Step] { try await run(tenant, gates: nil) }

    /// The same at a change of credentials. Nil while the tenant lacks one of them.
    package func runIfComplete(_ tenant: TenantID) async throws -> [Step]? {
        let missing = try await environment.database.read { try TenantAdmin.missingCredentials($0, tenant) }
        return missing.isEmpty ? try await run(tenant) : nil
    }

    /// With `gates` its calls pass them. A token of its own is asked for, as one that is held already says nothing of
    /// the credentials.
    func run(_ tenant: TenantID, gates: TenantGates?) async throws -> [Step] {
        let context = try await TenantContext.make(tenant, environment: environment, gates: gates)
        let known = try await known(of: tenant)
        let visma = await VismaPing(context: context, known: known).steps()
        let stripe = await StripePing(context: context, known: known).steps()
        try await keep(visma + stripe, of: tenant)
        return visma + stripe
    }

    /// The steps of a ping that was kept.
    package static func steps(of record: PingRecord) throws -> [Step] {
        try JSONDecoder().decode([Step].self, from: Data(record.steps.utf8))
    }

    private func known(of tenant: TenantID) async throws -> Known {
        try await environment.database.read { [publicURL = environment.publicURL] db in
            var known = Known()
            let record = try TenantsTable.find(db, tenant: tenant)
            known.company = record?.company
            known.stripeAccount = record?.stripeAccount
            known.record = try AbilitiesTable.get(db, tenant: tenant, name: EffectOutcome.recordAbility)
                .flatMap { RecordAbility(rawValue: $0.value) }
            known.publicURL = publicURL
            if let publicURL {
                known.endpoint = try EndpointsTable.list(db, tenant: tenant).first {
                    $0.state == .active && $0.url.hasPrefix(publicURL + "/")
                }
            }
            return known
        }
    }

    private func keep(_ steps: [Step], of tenant: TenantID) async throws {
        let failed = steps.filter { $0.outcome == .failed }.map(\.name)
        if !failed.isEmpty {
            environment.log.warning(
                "ping failed", metadata: ["tenant": "\(tenant)", "steps": "\(failed.joined(separator: ", "))"])
        }
        let text = String(decoding: try JSONEncoder().encode(steps), as: UTF8.self)
        let record = PingRecord(
            id: environment.makeID(), at: environment.now(), outcome: failed.isEmpty ? .passed : .failed, steps: text)
        let write = { @Sendable (db: any SQLConnection) throws in
            try PingsTable.insert(db, tenant: tenant, record)
            try PingsTable.prune(db, tenant: tenant, keeping: Self.keptMax)
        }
        if environment.lease == nil {
            try await environment.database.write(write)
        } else {
            try await environment.commit(write)
        }
    }
}

/// The steps of one system, as they are made.
struct PingSteps {
    /// What came of a step.
    struct Finding {
        var outcome: Ping.Step.Outcome
        var seen: String
        var remedy: String?

        static func passed(_ seen: String) -> Finding { Finding(outcome: .passed, seen: seen) }
        static func skipped(_ seen: String) -> Finding { Finding(outcome: .skipped, seen: seen) }
        static func warned(_ seen: String, remedy: String) -> Finding {
            Finding(outcome: .warned, seen: seen, remedy: remedy)
        }
        static func failed(_ seen: String, remedy: String) -> Finding {
            Finding(outcome: .failed, seen: seen, remedy: remedy)
        }
        static func failed(_ error: ConnectorError) -> Finding {
            .failed(error.description, remedy: PingRemedy.of(error))
        }
    }

    private(set) var all: [Ping.Step] = []

    mutating func add(_ name: String, _ finding: Finding) {
        all.append(Ping.Step(name: name, outcome: finding.outcome, seen: finding.seen, remedy: finding.remedy))
    }

    mutating func skip(_ names: [String], _ why: String) { for name in names { add(name, .skipped(why)) } }

    /// False when the step failed.
    @discardableResult
    mutating func attempt(
        _ name: String, _ body: () async throws(ConnectorError) -> Finding
    ) async -> Bool {
        do throws(ConnectorError) {
            let finding = try await body()
            add(name, finding)
            return finding.outcome != .failed
        } catch {
            add(name, .failed(error))
            return false
        }
    }
}

/// What a person does about a failure, in words that name the place.
enum PingRemedy {
    static let acceptance =
        "have it approved for the application in the Visma Developer Portal; then the company's Integration "
        + "Administrator accepts the application again in the Visma App Store"

    static func of(_ error: ConnectorError) -> String {
        switch error.code {
        case VismaErrors.invalidClient:
            return "copy client id and client secret again from the Visma Developer Portal, and set both with "
                + "`ml-connector credentials set`"
        case VismaErrors.invalidScope: return acceptance
        case VismaErrors.invalidTenant, VismaErrors.unauthorised:
            return "compare visma.tenant of the manifest with the company's Tenant id in Visma Admin (Company, Edit, "
                + "Configuration); if it differs, add the company again under another id with the right one, as it "
                + "cannot be changed. If it is the same, the company accepts the application in the Visma App Store"
        case VismaErrors.companyEmpty:
            return "compare visma.company of the manifest with Visma Admin; if it is wrong, add the company again "
                + "under another id with the right number, or without one, as it cannot be changed"
        case VismaErrors.forbidden:
            return "the company's Integration Administrator accepts the application in the Visma App Store, and again "
                + "after every new scope"
        case StripeErrors.modeMismatch:
            return "set a key of the tenant's mode with `ml-connector credentials set`; a tenant's mode cannot be "
                + "changed: the other mode is another tenant"
        case StripeErrors.permissionMissing: return "grant the permission to the key in Stripe's Dashboard, API keys"
        default: return other(error)
        }
    }

    private static func other(_ error: ConnectorError) -> String {
        switch error.disposition {
        case .reauthorise where error.httpStatus == 401 && error.system == .stripe:
            "the key was revoked, rolled or mistyped: make a restricted key in Stripe's Dashboard, API keys, and set "
                + "it with `ml-connector credentials set`"
        case .reauthorise:
            "check the credential with \(error.system?.rawValue ?? "its owner"), then set it anew with "
                + "`ml-connector credentials set`"
        case .retry, .uncertain:
            "the system does not answer: try again, and look whether its address in the configuration is right"
        case .reject, .conflict:
            "the system understood and refused: do what its words say"
        }
    }
}
