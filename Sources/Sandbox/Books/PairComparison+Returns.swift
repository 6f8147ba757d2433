/// Money that went back: refunds and disputes.
extension PairComparison {
    /// Each refund that succeeded is booked once, by a Refund document or by the void of the payment that it gives back
    /// in full; one that did not is not booked.
    mutating func compareRefunds() {
        var pool = books.payments.filter { $0.type == "Refund" && $0.status != "Voided" }
        let succeeded = books["refund"].filter { $0.status == "succeeded" && !isForeign($0) }
        var matches: [String: BookPayment] = [:]
        for refund in succeeded {
            if let place = pool.firstIndex(where: { $0.reference == refund.id }) {
                matches[refund.id] = pool.remove(at: place)
            }
        }
        for refund in succeeded where matches[refund.id] == nil {
            if let place = pool.firstIndex(where: { isMade($0, for: refund) }) {
                matches[refund.id] = pool.remove(at: place)
            }
        }
        for refund in succeeded { compare(refund, with: matches[refund.id]) }
        for payment in pool where payment.reference.hasPrefix("re_") {
            let document = books["refund"].first { $0.id == payment.reference }.flatMap { self.document(of: $0) }
            differ(
                document ?? payment.applications.first?.key,
                "refund \(payment.number) (\(payment.reference)) did not succeed in Stripe")
        }
    }

    /// An accountant's own document may name the payment, or nothing of Stripe's.
    private func isMade(_ payment: BookPayment, for refund: BookMovement) -> Bool {
        guard payment.amountMinor == refund.amount, payment.currency == refund.currency.uppercased(),
            !payment.reference.hasPrefix("re_")
        else { return false }
        if !payment.reference.isEmpty, [refund.charge, refund.intent].contains(payment.reference) { return true }
        let customer = document(of: refund).flatMap { books.documents[$0]?.customer }
        let accounts = pair.cashAccounts[payment.currency] ?? []
        return accounts.contains(payment.cashAccount) && payment.customer == customer && !payment.isStripes
    }

    private mutating func compare(_ refund: BookMovement, with payment: BookPayment?) {
        let key = document(of: refund)
        let amount = BookMoney.text(refund.amount, refund.currency)
        let isVoided =
            isTakenBack(refund.charge) && books["charge"].contains { $0.id == refund.charge && isFullyRefunded($0) }
        guard let payment else {
            if !isVoided { differ(key, "refund \(refund.id) of \(amount) is not booked in Visma") }
            return
        }
        if isVoided {
            differ(key, "refund \(refund.id) of \(amount) is booked by \(payment.number) and by a void")
        }
        let isEqual = payment.currency == refund.currency.uppercased() && payment.amountMinor == refund.amount
        if !isEqual || !isBooked(payment.isReleased, payment.status)
            || !pair.isClearing(payment.cashAccount, payment.currency)
        {
            differ(key, "refund \(refund.id) of \(amount) is booked otherwise")
        }
    }

    /// The loss is booked once while the dispute is lost, and not at all when it is won.
    mutating func compareDisputes() {
        let ours = books["dispute"].filter { !isForeign($0) }
        for dispute in ours {
            let key = document(of: dispute)
            let amount = BookMoney.text(dispute.amount, dispute.currency)
            let entries = books.cashEntries.filter { $0.fact == dispute.id }
            guard let net = net(entries, dispute.currency, key, dispute.id), let whole = dispute.amount else {
                continue
            }
            let charge = books["charge"].first { $0.id == dispute.charge }
            let isVoided = isTakenBack(dispute.charge) && !(charge.map { isFullyRefunded($0) } ?? false)
            switch dispute.status {
            case "lost" where isVoided:
                if net != 0 { differ(key, "dispute \(dispute.id) of \(amount) is booked twice") }
            case "lost":
                if net != whole, pair.postsDisputes || net != 0 {
                    differ(key, "dispute \(dispute.id) of \(amount) is lost, and booked otherwise")
                }
            case "won", "warning_closed", "prevented":
                if net != 0 { differ(key, "dispute \(dispute.id) of \(amount) is not lost, and booked as if it were") }
            default:
                if net != 0, net != whole { differ(key, "dispute \(dispute.id) of \(amount) is booked otherwise") }
            }
        }
        let known = Set(books["dispute"].map(\.id))
        for entry in books.cashEntries where ["dp_", "du_"].contains(entry.fact.prefix(3)) {
            if !known.contains(entry.fact) {
                differ(nil, "cash transaction \(entry.number) (\(entry.reference)) is of no dispute")
            }
        }
    }

    /// What left the clearing account by these, when all of them are as they should be.
    mutating func net(
        _ entries: [BookCashEntry], _ currency: String, _ key: String?, _ what: String
    ) -> Int64? {
        var sum: Int64 = 0
        for entry in entries {
            guard entry.isReleased || pair.holds, entry.currency == currency.uppercased(), let paidOut = entry.paidOut,
                pair.isClearing(entry.cashAccount, entry.currency)
            else {
                differ(key, "cash transaction \(entry.number) of \(what) is not as it should be")
                return nil
            }
            sum += paidOut
        }
        return sum
    }
}
