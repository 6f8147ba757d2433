/// How a dispute begins.
package enum StripeDisputeOpening: Sendable {
    /// With the amount withdrawn at once, as is usual.
    case withdrawn
    /// As a dispute whose amount is withdrawn later, if at all.
    case notYetWithdrawn
    /// As a question of the payer's bank, for which no money moves.
    case inquiry
    /// Settled before it became one.
    case prevented
}

/// What the merchant's own people, the payer's bank and Stripe do with money that has been collected. Amounts are in
/// the currency's wire integer.
extension StripeSimulator {
    private func act<R: Sendable>(
        onCharge id: String, _ body: (inout StripeBook) throws(StripeActionRefused) -> R
    ) throws(StripeActionRefused) -> R {
        try act(on: "charge", id, { $0.charges[id] != nil }, body)
    }

    private func act(
        onDispute id: String, _ body: (inout StripeBook) throws(StripeActionRefused) -> Void
    ) throws(StripeActionRefused) {
        try act(on: "dispute", id, { $0.disputes[id] != nil }, body)
    }

    private func act(
        onRefund id: String, _ body: (inout StripeBook) throws(StripeActionRefused) -> Void
    ) throws(StripeActionRefused) {
        try act(on: "refund", id, { $0.refunds[id] != nil }, body)
    }

    /// A person gives money back, nil for all that is left; answers the refund's id. A pending one ends by
    /// `finishRefund`, `failRefund` or `cancelRefund`.
    @discardableResult
    package func refund(
        charge id: String, amount: Int64? = nil, reason: String? = "requested_by_customer", isPending: Bool = false
    ) throws(StripeActionRefused) -> String {
        try act(onCharge: id) { (book) throws(StripeActionRefused) in
            try book.refund(id, amount: amount, reason: reason, isPending: isPending)
        }
    }

    package func finishRefund(_ id: String) throws(StripeActionRefused) {
        try act(onRefund: id) { (book) throws(StripeActionRefused) in try book.finishRefund(id) }
    }

    /// The payer's bank sends it back, also after it succeeded.
    package func failRefund(_ id: String, reason: String = "expired_or_canceled_card") throws(StripeActionRefused) {
        try act(onRefund: id) { (book) throws(StripeActionRefused) in try book.failRefund(id, reason: reason) }
    }

    package func cancelRefund(_ id: String) throws(StripeActionRefused) {
        try act(onRefund: id) { (book) throws(StripeActionRefused) in try book.cancelRefund(id) }
    }

    /// The payer's bank disputes a charge, nil for all of it that is not refunded; answers the dispute's id. The
    /// amount may be more than the charge, and a charge may be disputed more than once.
    @discardableResult
    package func dispute(
        charge id: String, reason: String = "fraudulent", amount: Int64? = nil,
        opening: StripeDisputeOpening = .withdrawn
    ) throws(StripeActionRefused) -> String {
        try act(onCharge: id) { (book) throws(StripeActionRefused) in
            try book.dispute(id, opening, reason: reason, amount: amount)
        }
    }

    /// Takes the money of a dispute that left it so far; an inquiry becomes a dispute by it.
    package func withdrawDispute(_ id: String) throws(StripeActionRefused) {
        try act(onDispute: id) { (book) throws(StripeActionRefused) in try book.withdrawDispute(id) }
    }

    /// Gives the money of a dispute back before it is decided.
    package func reinstateDispute(_ id: String) throws(StripeActionRefused) {
        try act(onDispute: id) { (book) throws(StripeActionRefused) in try book.reinstateDispute(id) }
    }

    /// The merchant sends evidence: the dispute, inquiry or appeal is under review.
    package func answerDispute(_ id: String) throws(StripeActionRefused) {
        try act(onDispute: id) { (book) throws(StripeActionRefused) in try book.answerDispute(id) }
    }

    /// Moves the evidence deadline, to seconds since 1970.
    package func moveDisputeDeadline(_ id: String, to moment: Int64) throws(StripeActionRefused) {
        try act(onDispute: id) { (book) throws(StripeActionRefused) in try book.moveDisputeDeadline(id, to: moment) }
    }

    /// The bank decides a dispute or an appeal; an inquiry it drops, whatever `isWon` says.
    package func closeDispute(_ id: String, isWon: Bool) throws(StripeActionRefused) {
        try act(onDispute: id) { (book) throws(StripeActionRefused) in try book.closeDispute(id, isWon: isWon) }
    }

    /// Appeals against a decision, which `closeDispute` then decides anew.
    package func appealDispute(_ id: String) throws(StripeActionRefused) {
        try act(onDispute: id) { (book) throws(StripeActionRefused) in try book.appealDispute(id) }
    }

    /// Pays out all that is available in a settlement currency; answers the payout's id. With an amount it is a
    /// manual payout, whose rows cannot be listed.
    @discardableResult
    package func payOut(
        account: String, currency: String, manually amount: Int64? = nil
    ) throws(StripeActionRefused) -> String {
        try act(on: "account", account, { $0.account == account }) { (book) throws(StripeActionRefused) in
            try book.payOut(currency, manually: amount)
        }
    }

    /// The money arrives at the merchant's bank, and an automatic payout is reconciled.
    package func finishPayout(_ id: String) throws(StripeActionRefused) {
        try act(on: "payout", id, { $0.payouts[id] != nil }) { (book) throws(StripeActionRefused) in
            try book.finishPayout(id)
        }
    }

    package func failPayout(
        _ id: String, code: String = "account_closed", message: String = "The bank account has been closed."
    ) throws(StripeActionRefused) {
        try act(on: "payout", id, { $0.payouts[id] != nil }) { (book) throws(StripeActionRefused) in
            try book.failPayout(id, code: code, message: message)
        }
    }

    /// Stripe takes a fee that belongs to no object; answers the balance transaction's id.
    @discardableResult
    package func takeFee(
        account: String, currency: String, amount: Int64, because description: String = "Billing (monthly)"
    ) throws(StripeActionRefused) -> String {
        try act(on: "account", account, { $0.account == account }) { (book) throws(StripeActionRefused) in
            guard amount > 0 else { throw StripeActionRefused("the amount must be positive") }
            return book.takeFee(amount, currency, because: description)
        }
    }

    /// Gives a customer a coupon, which invoices inherit unless their creation says otherwise.
    package func grantCoupon(customer: String, percentOff: Int64) throws(StripeActionRefused) {
        try act(on: "customer", customer, { $0.customers[customer] != nil }) { (book) throws(StripeActionRefused) in
            try book.grantCoupon(customer, percentOff: percentOff)
        }
    }

    /// Sets whether an endpoint gets thin events, as an event destination of the second API version can be set to.
    package func setThin(endpoint id: String, _ isThin: Bool = true) throws(StripeActionRefused) {
        try act(on: "webhook endpoint", id, { $0.endpoints[id] != nil }) { (book) throws(StripeActionRefused) in
            book.endpoints[id]?.isThin = isThin
        }
    }
}
