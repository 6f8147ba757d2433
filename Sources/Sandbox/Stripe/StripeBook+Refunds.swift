/// Refunds, which are people's business: no key of a connector makes one.
extension StripeBook {
    /// A choice: a dispute does not bar a refund here, although `is_charge_refundable` says so; Stripe leaves it to
    /// the payment method.
    mutating func refund(
        _ id: String, amount: Int64?, reason: String?, isPending: Bool
    ) throws(StripeActionRefused) -> String {
        guard var charge = charges[id] else { throw StripeActionRefused("no such charge: \(id)") }
        guard charge.isSuccess else { throw StripeActionRefused("charge \(id) did not succeed") }
        let amount = amount ?? (charge.amount - charge.amountRefunded)
        guard StripeCurrencyRules.allows(amount, currency: charge.currency),
            amount <= charge.amount - charge.amountRefunded
        else {
            throw StripeActionRefused("the refund must be within what was collected and not yet refunded")
        }
        charge.amountRefunded += amount
        charges[id] = charge
        let refundID = makeID("re")
        // A choice: a pending refund takes the money at once, as one that fails gives it back in a row of its own.
        let transaction = post(
            charge.method == "card" ? "refund" : "payment_refund", category: "refund", source: refundID,
            -amount, charge.currency)
        let row = StripeRefundRecord(
            id: refundID, created: now, charge: id, paymentIntent: charge.paymentIntent, amount: amount,
            currency: charge.currency, status: isPending ? "pending" : "succeeded", reason: reason,
            balanceTransaction: transaction)
        refunds.add(row)
        emit("refund.created", json(row))
        emit("charge.refunded", json(charge))
        return row.id
    }

    private func refund(_ id: String, beingOneOf states: [String]) throws(StripeActionRefused) -> StripeRefundRecord {
        guard let row = refunds[id] else { throw StripeActionRefused("no such refund: \(id)") }
        guard states.contains(row.status) else { throw StripeActionRefused("refund \(id) is \(row.status)") }
        return row
    }

    mutating func finishRefund(_ id: String) throws(StripeActionRefused) {
        var row = try refund(id, beingOneOf: ["pending"])
        row.status = "succeeded"
        refunds[id] = row
        emit("refund.updated", json(row))
        emit("charge.refund.updated", json(row))
    }

    /// The payer's bank sends it back, even long after it succeeded.
    mutating func failRefund(_ id: String, reason: String) throws(StripeActionRefused) {
        var row = try refund(id, beingOneOf: ["pending", "succeeded"])
        row.failureReason = reason
        undo(&row, as: "failed", emitting: ["refund.updated", "refund.failed", "charge.refund.updated"])
    }

    mutating func cancelRefund(_ id: String) throws(StripeActionRefused) {
        var row = try refund(id, beingOneOf: ["pending"])
        undo(&row, as: "canceled", emitting: ["refund.updated", "charge.refund.updated"])
    }

    /// The same amount comes back that went out, whatever the rate is by now.
    private mutating func undo(_ row: inout StripeRefundRecord, as status: String, emitting types: [String]) {
        row.status = status
        row.failureBalanceTransaction = reverse(
            row.balanceTransaction, as: "refund_failure", category: "refund_failure", source: row.id)
        refunds[row.id] = row
        charges[row.charge]?.amountRefunded -= row.amount
        for type in types { emit(type, json(row)) }
        if let charge = charges[row.charge] { emit("charge.updated", json(charge)) }
    }
}
