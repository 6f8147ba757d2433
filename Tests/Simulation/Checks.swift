import Domain
package import Sandbox
import Storage
import Sync
import Vault

/// What must hold when everything has become quiet.
extension World {
    package func drift() async throws -> DriftReport {
        var apart: [BookApart] = []
        for company in companies {
            let reviews = try await database.read {
                try ReviewsTable.list($0, tenant: company.tenant, state: .open, limit: 1000)
            }
            for review in reviews {
                guard case .document(let document) = review.subject else { continue }
                apart.append(
                    BookApart(vismaTenant: company.vismaTenant, document: document.description, reason: review.code))
            }
        }
        let pairs = try companies.map { company in
            let policy = try manifest(of: company).policy.posting
            var pair = BookPair(
                vismaTenant: company.vismaTenant, stripeAccount: company.account, startDate: "2026-01-01",
                timeZone: "Europe/Oslo")
            pair.postsFees = policy.fees == .post
            pair.postsDisputes = policy.disputes == .post
            pair.postsPayouts = policy.payouts == .journal
            pair.holds = policy.booking == .hold
            pair.cashAccounts = policy.cashAccounts.mapValues { [$0] }
            pair.bankAccounts = policy.bankLedgerAccounts
            pair.exchangeAccount = policy.exchangeLedgerAccount
            return pair
        }
        let stripeBooks = try (stripe.books() + stripe.ledgers()).map { try SandboxJSON.parse($0) }
        return Drift.compute(visma: visma.books(), stripe: stripeBooks, pairs: pairs, apart: apart)
    }

    /// What is wrong, in words; nil when nothing is.
    package func fault() async throws -> String? {
        let report = try await drift()
        if let first = report.differences.first {
            return "drift \(report.drift): \(first.document ?? "?") of \(first.vismaTenant): \(first.what)"
        }
        if let double = doubleBooking() { return double }
        return try await unfinished()
    }

    /// What our own side has left undone, or a trail that does not hold.
    func unfinished() async throws -> String? {
        for company in companies {
            let environment = try environment()
            let trail = AuditTrail(
                tenant: company.tenant, key: try await environment.vault.auditKey(tenant: company.tenant))
            let verification = try await database.read { try trail.verify($0) }
            if let fault = verification.fault { return "audit of \(company.tenant): \(fault)" }
            let unread = try await database.read { try EventsTable.nextReceived($0, tenant: company.tenant, limit: 1) }
            if let event = unread.first { return "event \(event.eventID) of \(company.tenant) was never looked at" }
            let unsettled = try await database.read { try JournalTable.unsettled($0, tenant: company.tenant) }
            if let effect = unsettled.first { return "effect \(effect.key) is still \(effect.state.rawValue)" }
        }
        return nil
    }

    /// Apart or not: one Stripe payment is never booked twice on one document.
    private func doubleBooking() -> String? {
        var seen: Set<String> = []
        for row in visma.books() where row["kind"]?.stringValue == "payment" && row["type"]?.stringValue == "Payment" {
            guard let reference = row["reference"]?.stringValue, reference.hasPrefix("pi_"),
                row["status"]?.stringValue != "Voided"
            else { continue }
            let documents = (row["applications"]?.elements ?? []).compactMap { $0["number"]?.stringValue }
            let key = "\(reference) \(row["amount"]?.stringValue ?? "") \(documents.joined(separator: ","))"
            if !seen.insert(key).inserted { return "booked twice: \(key)" }
        }
        return nil
    }
}

/// What must never be there twice, whatever went wrong.
extension World {
    package func duplicates() async throws -> [String] {
        var found: [String] = []
        for company in companies {
            var live: [String: Int] = [:]
            for invoice in stripe.invoices() where invoice.account == company.account && invoice.status != "void" {
                live[invoice.number ?? invoice.id, default: 0] += 1
            }
            let documents = vismaRows("document", in: company).compactMap { $0["number"]?.stringValue }
            for number in documents {
                let count = live.filter { $0.key == number || $0.key.hasPrefix(number + "-") }.values.reduce(0, +)
                if count > 1 { found.append("\(count) live Stripe invoices for \(number)") }
            }
            let customers = try stripeList("/v1/customers", of: company).map {
                $0["metadata"]?["mlc_customer"]?.stringValue ?? "?"
            }
            if Set(customers).count < customers.count { found.append("a customer twice: \(customers)") }
            let endpoints = try stripeList("/v1/webhook_endpoints", of: company)
            if endpoints.count > 1 { found.append("\(endpoints.count) webhook endpoints of \(company.tenant)") }
            found += try await MoneyCheck(self, company).findings()
        }
        return found
    }

    /// The rows of one of Stripe's lists, read past the connector.
    package func stripeList(_ path: String, of company: Company) throws -> [SandboxJSON] {
        let request = SandboxRequest(
            method: "GET", path: path, query: "limit=100",
            headers: [(name: "Authorization", value: "Bearer \(company.stripeKey)")])
        return try SandboxJSON.parse(stripe.handle(request).body)["data"]?.elements ?? []
    }
}
