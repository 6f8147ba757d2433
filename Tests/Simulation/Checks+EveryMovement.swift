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
                paid.value(of: "payment_intent") == intent
                    && bookings(ofFact: paid.value(of: "id"), .payment).last?.voidedFor == .dispute
            }
            let isAppealed = dispute.value(of: "status").hasPrefix("appeal_")
            let isRight = isLost ? (net == dispute.units("amount")) != isVoided : net == 0 || isAppealed
            return isRight ? nil : "dispute \(id) is \(dispute.value(of: "status")), booked are \(net)"
        }
    }

    func payoutFaults() -> [String] {
        rows("payout").compactMap { payout in
            let id = payout.value(of: "id")
            let entries = journals.filter { $0.value(of: "text").contains(id) }
            if entries.count > 1 { return "payout \(id) is booked \(entries.count) times" }
            let isReviewed = reviews.contains(.payout(PayoutID(id)))
            let isPaid = payout.value(of: "status") == "paid"
            guard policy.payouts == .journal else {
                return entries.isEmpty ? nil : "payout \(id) is booked against the policy"
            }
            if isReviewed || entries.isEmpty != isPaid { return nil }
            return "payout \(id) is \(payout.value(of: "status")), journals: \(entries.count)"
        }
    }
}
