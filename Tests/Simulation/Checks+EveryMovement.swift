import Domain
import Sandbox

/// Money that no invoice's balance shows: fees, lost disputes, payouts.
extension EveryState {
    /// Each fee at most once, on the payment or as a cash transaction; by policy not at all.
    func feeFaults() -> [String] {
        rows("balance_transaction").compactMap { movement in
            let id = movement.value(of: "id")
            let entries = cash.filter { $0.value(of: "reference") == id }
            guard policy.fees == .post else { return entries.isEmpty ? nil : "fee \(id) is booked against the policy" }
            let source = movement.value(of: "source")
            let charge = rows("charge").first { $0.value(of: "id") == source }
            let intent = charge?.value(of: "payment_intent") ?? ""
            let onPayments = payments.filter {
                !intent.isEmpty && $0.value(of: "type") == "Payment" && $0.value(of: "status") != "Voided"
                    && $0.value(of: "reference") == intent && !($0["charges"]?.elements ?? []).isEmpty
            }
            if entries.count + onPayments.count > 1 {
                return "the fee \(id) of \(intent) is booked \(entries.count) times and on \(onPayments.count) payments"
            }
            guard charge != nil, movement.units("fee") > 0, entries.isEmpty, onPayments.isEmpty else { return nil }
            let documents = documents(ofIntent: intent)
            let booked = rows("invoice_payment").filter {
                $0.value(of: "payment_intent") == intent && $0.value(of: "status") == "paid"
                    && documentOfInvoice[$0.value(of: "invoice")] != nil
            }.allSatisfy { !bookings(ofFact: $0.value(of: "id"), .payment).isEmpty }
            let wasOnPayment = payments.contains {
                $0.value(of: "reference") == intent && !($0["charges"]?.elements ?? []).isEmpty
            }
            guard !documents.isEmpty, booked, !wasOnPayment, !isReviewed(intent: intent) else { return nil }
            return "the fee \(id) of \(source) is not booked"
        }
    }

    /// A lost dispute is booked as often as it was lost and not won again.
    func disputeFaults() -> [String] {
        rows("dispute").compactMap { dispute in
            let id = dispute.value(of: "id")
            let intent = dispute.value(of: "payment_intent")
            guard !documents(ofIntent: intent).isEmpty else { return nil }
            let net = bookings(ofFact: id, .cashEntry).reduce(0) { $0 + $1.amount.minorUnits }
            let isLost = dispute.value(of: "status") == "lost"
            if net == 0, !isLost { return nil }
            if isReviewed(intent: intent) { return nil }
            let isVoided = rows("invoice_payment").contains { paid in
                guard paid.value(of: "payment_intent") == intent,
                    let last = bookings(ofFact: paid.value(of: "id"), .payment).last
                else { return false }
                // A person's void stands for a loss of the whole.
                return last.voidedFor == .dispute
                    || last.state == .voided && last.voidedFor == nil
                        && last.amount.minorUnits == dispute.units("amount") && !isRefundedByVoid(intent)
            }
            let isAppealed = dispute.value(of: "status").hasPrefix("appeal_")
            let isRight = isLost ? (net == dispute.units("amount")) != isVoided : net == 0 || isAppealed
            return isRight ? nil : "dispute \(id) is \(dispute.value(of: "status")), booked are \(net)"
        }
    }

    /// All of it was refunded, and no document of ours stands for a refund: a person's void of the payment does.
    private func isRefundedByVoid(_ intent: String) -> Bool {
        let refunds = rows("refund").filter {
            $0.value(of: "payment_intent") == intent && $0.value(of: "status") == "succeeded"
        }
        let ids = refunds.map { $0.value(of: "id") }
        return refunds.reduce(0) { $0 + $1.units("amount") } >= charged(intent)
            && !bookings.contains { ids.contains($0.fact) && $0.stands }
    }

    /// By policy each payout that came is one journal and one more in each currency that was exchanged into it, so that
    /// the clearing account of every currency has given just what came by it.
    func payoutFaults() -> [String] {
        rows("payout").compactMap { payout in
            let id = payout.value(of: "id")
            let entries = journals.filter { $0.value(of: "text").contains(id) }
            let currencies = entries.map { $0.value(of: "currency") }
            if Set(currencies).count < currencies.count { return "payout \(id) is booked twice: \(currencies)" }
            guard policy.payouts == .journal else {
                return entries.isEmpty ? nil : "payout \(id) is booked against the policy"
            }
            if reviews.contains(.payout(PayoutID(id))) { return nil }
            let isPaid = payout.value(of: "status") == "paid"
            let wanted = isPaid ? lines(of: payout) : []
            let booked = entries.flatMap(lines(ofJournal:)).sorted()
            if wanted == booked { return nil }
            return "payout \(id) is \(payout.value(of: "status")), booked are \(booked), not \(wanted)"
        }
    }

    private func lines(ofJournal journal: SandboxJSON) -> [String] {
        (journal["lines"]?.elements ?? []).map { line in
            let net = line.minor("debit") - line.minor("credit")
            return "\(line.value(of: "account")) \(net) \(journal.value(of: "currency"))"
        }
    }

    /// Account, debit in minor units and currency of all that its journals must have.
    private func lines(of payout: SandboxJSON) -> [String] {
        let currency = payout.value(of: "currency").uppercased()
        let (gross, originals) = exchange(in: payout.value(of: "id"))
        func account(_ accounts: [String: String], _ code: String) -> String { accounts[code] ?? "-" }
        let exchange = policy.exchangeLedgerAccount ?? "-"
        var wanted = [
            (account(policy.bankLedgerAccounts, currency), payout.units("amount"), currency),
            (account(policy.clearingLedgerAccounts, currency), gross - payout.units("amount"), currency),
            (exchange, -gross, currency),
        ]
        for (code, sum) in originals {
            wanted += [(exchange, sum, code), (account(policy.clearingLedgerAccounts, code), -sum, code)]
        }
        return wanted.filter { $0.1 != 0 }.map { "\($0.0) \($0.1) \($0.2)" }.sorted()
    }

    /// With what a payout held that failed and gave its money back into this one.
    private func exchange(in payout: String) -> (gross: Int64, originals: [String: Int64]) {
        let sources = (rows("charge") + rows("refund") + rows("dispute")).map { ($0.value(of: "id"), $0) }
        let source = Dictionary(sources) { first, _ in first }
        var (gross, originals) = (Int64(0), [String: Int64]())
        for movement in rows("balance_transaction") where movement.value(of: "payout") == payout {
            let amount = movement.units("amount")
            if movement.value(of: "type") == "payout_failure" {
                let before = exchange(in: movement.value(of: "source"))
                gross += before.gross
                originals.merge(before.originals, uniquingKeysWith: +)
            }
            guard let paid = source[movement.value(of: "source")],
                paid.value(of: "currency") != movement.value(of: "currency")
            else { continue }
            gross += amount
            originals[paid.value(of: "currency").uppercased(), default: 0] +=
                (amount < 0 ? -1 : 1) * paid.units("amount")
        }
        return (gross, originals)
    }
}
