package import Domain
import Foundation
import Storage
import Stripe
import VismaNet

/// Tries a tenant's credentials against both systems, by reads only, and says for each step what was seen and what to
/// do about it.
package struct Ping: Sendable {
    package struct Step: Hashable, Sendable, Codable {
        package enum Outcome: String, Hashable, Sendable, Codable { case passed, warned, failed, skipped }
        package var name: String
        package var outcome: Outcome
        package var seen: String
        package var remedy: String?
    }

    private let environment: SyncEnvironment

    package init(environment: SyncEnvironment) { self.environment = environment }

    /// Runs all steps and keeps them in the tenant's history.
    package func run(_ tenant: TenantID) async throws -> [Step] {
        let context = try await TenantContext.make(tenant, environment: environment)
        var steps: [Step] = []
        steps.append(
            await step("visma.organization") {
                let organization = try await context.visma.organization()
                return "\(organization.name), base currency \(organization.baseCurrency?.code ?? "not told")"
            })
        let reachesVisma = steps[0].outcome == .passed
        steps.append(
            await step("visma.invoices", when: reachesVisma) {
                let page = try await context.visma.invoices(modifiedSince: nil, page: 1)
                return "\(page.totalCount ?? page.rows.count) invoices can be read"
            })
        if steps[1].outcome == .passed, steps[1].seen.hasPrefix("0 ") {
            steps[1].outcome = .warned
            steps[1].remedy = "an empty list can mean the wrong company: compare the tenant id with Visma Admin"
        }
        steps.append(
            await step("stripe.key") {
                _ = try await context.stripe.ping()
                return "the key is accepted, \(context.isLive ? "live" : "test") mode"
            })
        steps.append(await endpointStep(context, when: steps[2].outcome == .passed))
        let outcome: PingRecord.Outcome = steps.contains { $0.outcome == .failed } ? .failed : .passed
        let text = String(decoding: try JSONEncoder().encode(steps), as: UTF8.self)
        let id = environment.makeID()
        try await environment.database.write { [environment] db in
            try PingsTable.insert(
                db, tenant: tenant, PingRecord(id: id, at: environment.now(), outcome: outcome, steps: text))
        }
        return steps
    }

    private func endpointStep(_ context: TenantContext, when isPossible: Bool) async -> Step {
        guard let publicURL = environment.publicURL else {
            return Step(name: "stripe.webhook", outcome: .skipped, seen: "no public URL is configured", remedy: nil)
        }
        var step = await step("stripe.webhook", when: isPossible) {
            let mine = try await context.stripe.webhookEndpoints().filter { $0.url.hasPrefix(publicURL + "/") }
            return mine.isEmpty ? "none" : "\(mine.count) registered, \(mine.map(\.status).joined(separator: ", "))"
        }
        if step.seen == "none" {
            step.outcome = .warned
            step.seen = "no webhook endpoint is registered yet"
            step.remedy = "it is registered at the first sync after the tenant becomes active"
        }
        return step
    }

    private func step(
        _ name: String, when isPossible: Bool = true, _ body: () async throws -> String
    ) async -> Step {
        guard isPossible else {
            return Step(name: name, outcome: .skipped, seen: "the step before it failed", remedy: nil)
        }
        do {
            return Step(name: name, outcome: .passed, seen: try await body(), remedy: nil)
        } catch let error as ConnectorError {
            return Step(name: name, outcome: .failed, seen: error.description, remedy: Self.remedy(error))
        } catch {
            return Step(
                name: name, outcome: .failed, seen: "it could not be tried", remedy: "look into the server's log")
        }
    }

    private static func remedy(_ error: ConnectorError) -> String {
        switch error.disposition {
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
