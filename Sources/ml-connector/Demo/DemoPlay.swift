import Domain
import LibCrypto
import Sandbox
import Storage
import Sync
import Vault

/// What happens in the demo, in order.
struct DemoPlay: Sendable {
    let stage: DemoStage
    let progress: DemoProgress

    func run() async throws {
        try await onboard()
        progress.begin("Visma's open invoices go to Stripe")
        try await stage.untilQuiet("pushing")
        progress.done(pushedText())
        var people = DemoPeople(companies: stage.companies)
        progress.begin("customers pay in Stripe and past it; webhooks come twice and out of order")
        let paid = try people.pay()
        try await stage.untilQuiet("booking")
        progress.done(paid)
        progress.begin("money goes back: refunds, disputes, a booking that somebody voids")
        let returned = try people.giveBack()
        try await stage.untilQuiet("booking what went back")
        progress.done(returned)
        progress.begin("a refund fails, banks decide, Stripe pays out")
        let decided = try people.decide()
        try await stage.untilQuiet("booking what was decided")
        progress.done(decided)
    }

    private func onboard() async throws {
        for company in stage.companies.all {
            let manifest = try Manifest(yaml: company.manifest)
            progress.begin("\(manifest.name) is added, its credentials are sealed and pinged")
            let admin = stage.assembly.admin
            try await admin.add(manifest)
            _ = try await admin.setCredential(.vismaClientID, Secret(company.vismaClientID), of: manifest.id)
            _ = try await admin.setCredential(.vismaClientSecret, Secret(company.vismaClientSecret), of: manifest.id)
            _ = try await admin.setCredential(.stripeKey, Secret(company.stripeKey), of: manifest.id)
            let steps = try await Ping(environment: stage.assembly.environment).run(manifest.id)
            if let failed = steps.first(where: { $0.outcome == .failed }) {
                throw Failure(.failed, "ping of \(manifest.id): \(failed.name): \(failed.seen)")
            }
            _ = try await admin.apply(manifest)
            progress.done(steps.filter { $0.outcome == .passed }.map(\.seen).joined(separator: "; "))
        }
    }

    private func pushedText() -> String {
        let invoices = stage.companies.stripe.invoices()
        return "\(invoices.count) invoices in Stripe, \(invoices.filter { $0.status == "open" }.count) open"
    }
}

/// Tells a person at a terminal or in a log what is going on; silent on standard output.
final class DemoProgress: Sendable {
    func begin(_ what: String) { Terminal.error("• \(what)") }
    func done(_ what: String) { Terminal.error("  \(what)") }

    /// Overwritten in place on a terminal, left out of logs.
    func show(_ what: String, _ left: String) { Terminal.transient("  \(what): \(left)") }
}
