import Domain
import Sandbox
import Storage
import Sync

/// One company's money on both sides, read past the connector: every fact of Stripe against the Visma documents that
/// stand for it, nothing booked or told twice, and where all is booked the clearing account against Stripe's balance.
struct MoneyCheck {
    private let world: World
    private let company: World.Company
    private let policy: PostingPolicy
    private let stripe: [SandboxJSON]
    private let ledger: [SandboxJSON]
    private let payments: [SandboxJSON]

    init(_ world: World, _ company: World.Company) throws {
        self.world = world
        self.company = company
        policy = try world.manifest(of: company).policy.posting
        func rows(_ lines: [String]) throws -> [SandboxJSON] {
            try lines.map { try SandboxJSON.parse($0) }.filter { $0.text("account") == company.account }
        }
        stripe = try rows(world.stripe.books())
        ledger = try rows(world.stripe.ledgers())
        payments = world.vismaRows("payment", in: company)
    }

    func findings() async throws -> [String] {
        var found = paymentFindings()
        found += try await refundFindings()
        found += repeatedReferences() + toldTwice()
        let isReviewed = try await !world.openReviews(in: company).isEmpty
        if !isReviewed { found += clearingFindings() }
        return found
    }

    private func stripe(_ kind: String) -> [SandboxJSON] { stripe.filter { $0.text("kind") == kind } }

    /// Payments or refunds in Visma that stand for the reference.
    private func standing(_ type: String, _ reference: String) -> [SandboxJSON] {
        payments.filter {
            $0.text("type") == type && $0.text("reference") == reference && $0.text("status") != "Voided"
        }
    }

    // MARK: Payments

    /// One Visma payment for each payment in Stripe, no more and no fewer, and all of the money in them: none where the
    /// company's policy takes the payment back.
    private func paymentFindings() -> [String] {
        let paid = stripe("invoice_payment").filter {
            $0.text("status") == "paid" && !$0.text("payment_intent").isEmpty
        }
        let booked = payments.filter { $0.text("type") == "Payment" && $0.text("reference").hasPrefix("pi_") }
        let intents = Set(paid.map { $0.text("payment_intent") } + booked.map { $0.text("reference") })
        return intents.sorted().compactMap { intent in
            let facts = paid.filter { $0.text("payment_intent") == intent }
            let stand = standing("Payment", intent)
            let wanted = isTakenBack(intent) ? 0 : facts.count
            guard stand.count == wanted else { return "\(intent) is paid \(wanted) times, booked \(stand.count) times" }
            let charged = charges(of: intent).reduce(0) { $0 + $1.number("amount") }
            let sum = stand.reduce(0) { $0 + $1.minorUnits("amount") }
            return wanted == 0 || sum == charged ? nil : "\(intent) is of \(charged), booked with \(sum)"
        }
    }

    private func charges(of intent: String) -> [SandboxJSON] {
        stripe("charge").filter { $0.text("payment_intent") == intent && $0.text("status") == "succeeded" }
    }

    /// By a policy that voids: refunded or lost in full, where it paid one invoice alone and carries no fee.
    private func isTakenBack(_ intent: String) -> Bool {
        let facts = stripe("invoice_payment").filter {
            $0.text("payment_intent") == intent && $0.text("status") == "paid"
        }
        let hasFee = payments.contains {
            $0.text("reference") == intent && !($0["charges"]?.elements ?? []).isEmpty
        }
        guard facts.count == 1, !hasFee, let charge = charges(of: intent).first else { return false }
        let amount = charge.number("amount")
        let refunded = stripe("refund").filter {
            $0.text("payment_intent") == intent && $0.text("status") == "succeeded"
        }.reduce(0) { $0 + $1.number("amount") }
        if policy.refunds == .void, refunded >= amount { return true }
        return policy.disputes == .post
            && stripe("dispute").contains {
                $0.text("payment_intent") == intent && $0.text("status") == "lost" && $0.number("amount") == amount
            }
    }

    // MARK: Refunds

    /// One released Visma refund for each refund that succeeded, of its amount; none for one that failed.
    private func refundFindings() async throws -> [String] {
        var found: [String] = []
        for refund in stripe("refund") {
            let id = refund.text("id")
            let made = standing("Refund", id) + (try await matched(id))
            let wanted = try await isToBeBooked(refund)
            guard made.count == (wanted ? 1 : 0) else {
                found.append("refund \(id) is \(refund.text("status")), booked \(made.count) times")
                continue
            }
            for document in made where document.minorUnits("amount") != refund.number("amount") {
                found.append("refund \(id) is booked with \(document.text("amount"))")
            }
            for document in made where document["released"]?.boolValue != true && policy.booking == .release {
                found.append("refund \(id) is booked and not released")
            }
        }
        return found
    }

    private func isToBeBooked(_ refund: SandboxJSON) async throws -> Bool {
        guard refund.text("status") == "succeeded" else { return false }
        if isTakenBack(refund.text("payment_intent")) { return false }
        return try await !isWithAPerson(refund.text("id"))
    }

    /// A person is asked about it, or a credit note is awaited.
    private func isWithAPerson(_ id: String) async throws -> Bool {
        let reviews = try await world.openReviews(in: company)
        if reviews.contains(where: { $0.found.contains(id) }) { return true }
        let tenant = company.tenant
        let waiting = try await world.database.read { try WorkTable.dirtyList($0, tenant: tenant, limit: 1000) }
        return waiting.contains { $0.lastError?.contains(id) == true }
    }

    /// The refund that a person made in Visma, under whatever reference.
    private func matched(_ id: String) async throws -> [SandboxJSON] {
        let tenant = company.tenant
        let bookings = try await world.database.read { try CollectedTable.list($0, tenant: tenant, subject: nil) }
        let numbers = bookings.filter { $0.cause == id && $0.origin == .matched }.map(\.number.rawValue)
        return payments.filter {
            $0.text("type") == "Refund" && numbers.contains($0.text("number")) && $0.text("reference") != id
                && $0.text("status") != "Voided"
        }
    }

    // MARK: Nothing twice

    /// Of what names one fact of Stripe there is one document.
    private func repeatedReferences() -> [String] {
        let notes = world.vismaRows("document", in: company).filter { $0.text("type") == "CreditNote" }
            .map { $0.text("external_reference") }
        let entries = world.vismaRows("cash_transaction", in: company).map { $0.text("reference") }
        let journals = world.vismaRows("journal", in: company).map { String($0.text("text").prefix { $0 != " " }) }
        return [notes, entries, journals].flatMap { references -> [String] in
            let named = references.filter { $0.contains("_") }
            return Set(named).sorted().compactMap { one in
                let count = named.filter { $0 == one }.count
                return count > 1 ? "\(count) documents for \(one)" : nil
            }
        }
    }

    /// Each payment record is on one invoice, and no two say the same.
    private func toldTwice() -> [String] {
        let records = ledger.filter { $0.text("kind") == "payment_record" }
        let attached = stripe("invoice_payment").map { $0.text("payment_record") }.filter { !$0.isEmpty }
        var found = records.map { $0.text("id") }.filter { id in attached.filter { $0 == id }.count != 1 }
            .map { "payment record \($0) is not on one invoice" }
        let said = records.map { "\($0.text("reference")) of \($0.number("amount_guaranteed"))" }
        if Set(said).count < said.count { found.append("payment records say the same: \(said)") }
        return found
    }

    // MARK: The clearing account

    /// Where fees, disputes and payouts are booked too, what the clearing account holds is what Stripe holds.
    private func clearingFindings() -> [String] {
        guard policy.fees == .post, policy.disputes == .post, policy.payouts == .journal else { return [] }
        var held: [String: Int64] = [:]
        for row in payments where row["released"]?.boolValue == true && row.text("status") != "Voided" {
            let isOurs = row.text("reference").hasPrefix("pi_") || row.text("reference").hasPrefix("re_")
            guard isOurs, row.text("type") == "Payment" || row.text("type") == "Refund" else { continue }
            let sign: Int64 = row.text("type") == "Payment" ? 1 : -1
            let fees = (row["charges"]?.elements ?? []).reduce(0) { $0 + $1.minorUnits("amount", row.text("currency")) }
            held[row.text("currency"), default: 0] += sign * row.minorUnits("amount") - fees
        }
        for row in world.vismaRows("cash_transaction", in: company) where row["released"]?.boolValue == true {
            let sign: Int64 = row.text("direction") == "receipt" ? 1 : -1
            held[row.text("currency"), default: 0] += sign * row.minorUnits("amount")
        }
        for row in world.vismaRows("journal", in: company) where row["released"]?.boolValue == true {
            let currency = row.text("currency")
            let clearing = policy.clearingLedgerAccounts[currency]
            for line in row["lines"]?.elements ?? [] where line.text("account") == clearing {
                held[currency, default: 0] += line.minorUnits("debit", currency) - line.minorUnits("credit", currency)
            }
        }
        for row in ledger where row.text("kind") == "balance" {
            held[row.text("currency").uppercased(), default: 0] -= row.number("available") + row.number("pending")
        }
        for (currency, amount) in waitingExchange() { held[currency, default: 0] += amount }
        return held.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map {
            "the clearing account has \($0.value) minor units of \($0.key) more than Stripe"
        }
    }
}

extension MoneyCheck {
    /// What Stripe has exchanged and not paid out: its books have it where it went, Visma's still where it came from.
    private func waitingExchange() -> [String: Int64] {
        var moved: [String: Int64] = [:]
        for row in ledger where row.text("kind") == "balance_transaction" && row.text("payout").isEmpty {
            guard let source = stripe.first(where: { $0.text("id") == row.text("source") }),
                source.text("currency") != row.text("currency")
            else { continue }
            let sign: Int64 = row.number("amount") < 0 ? -1 : 1
            moved[row.text("currency").uppercased(), default: 0] += row.number("amount")
            moved[source.text("currency").uppercased(), default: 0] -= sign * source.number("amount")
        }
        return moved
    }
}

extension SandboxJSON {
    fileprivate func text(_ name: String) -> String { self[name]?.stringValue ?? "" }
    fileprivate func number(_ name: String) -> Int64 { self[name]?.intValue ?? 0 }

    /// Minor units of a decimal text, in the row's own currency unless another is given. What cannot be read is an
    /// amount that nothing else has.
    fileprivate func minorUnits(_ name: String, _ code: String? = nil) -> Int64 {
        guard let currency = Currency(code ?? text("currency")),
            let amount = try? ExactAmount(parsing: text(name)), let money = try? Money(amount, currency: currency)
        else { return .min / 4 }
        return money.minorUnits
    }
}
