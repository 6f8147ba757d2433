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
        progress.begin("customers pay, one card fails, two payments are disputed; webhooks come twice and out of order")
        let told = try pay()
        try await stage.untilQuiet("booking")
        progress.done(told)
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

    /// Most invoices are paid, every seventh stays open; the first open one of nord has its card declined; in each
    /// company one payment is disputed.
    private func pay() throws -> String {
        let stripe = stage.companies.stripe
        var paid = 0
        var failed = false
        var disputed: Set<String> = []
        for (index, invoice) in stripe.invoices().filter({ $0.status == "open" }).enumerated() {
            guard index % 7 != 3 else {
                guard !failed else { continue }
                try stripe.failCard(
                    invoice: invoice.id, code: "card_declined", message: "Your card has insufficient funds.")
                failed = true
                continue
            }
            let made = try stripe.pay(invoice: invoice.id)
            paid += 1
            if index % 5 == 1, disputed.insert(invoice.account).inserted {
                try stripe.dispute(charge: made.charge, reason: "product_not_received")
            }
        }
        return "\(paid) paid, 1 card declined, \(disputed.count) disputed"
    }
}

/// Tells a person at a terminal or in a log what is going on; silent on standard output.
final class DemoProgress: Sendable {
    func begin(_ what: String) { Terminal.error("• \(what)") }
    func done(_ what: String) { Terminal.error("  \(what)") }

    /// Overwritten in place on a terminal, left out of logs.
    func show(_ what: String, _ left: String) { Terminal.transient("  \(what): \(left)") }
}
