/// What people and banks do, which no API call of a connector does.
extension StripeBook {
    /// How long a merchant has to answer a dispute.
    static let disputeAnswerSeconds: Int64 = 9 * 86_400
    private static let disputeFee: Int64 = 1_500

    private func payable(_ id: String) throws(StripeActionRefused) -> StripeInvoiceRecord {
        guard let row = invoices[id] else { throw StripeActionRefused("no such invoice: \(id)") }
        guard row.status == "open" || row.status == "uncollectible" else {
            throw StripeActionRefused("invoice \(id) is \(row.status), only an open one can be paid")
        }
        return row
    }

    /// Pays `amount`, or what remains. Less than the rest goes through a payment intent of its own; more than the
    /// rest is credited to the customer's balance.
    mutating func pay(_ id: String, amount: Int64?) throws(StripeActionRefused) -> StripePaymentMade {
        var row = try payable(id)
        let amount = amount ?? row.amountRemaining
        guard amount > 0 else { throw StripeActionRefused("the amount must be positive") }
        guard var main = invoicePayments.all.first(where: { $0.invoice == id && $0.isDefault && $0.status == "open" })
        else { throw StripeActionRefused("invoice \(id) has no open payment") }
        let isPart = amount < row.amountRemaining
        let applied = min(amount, row.amountRemaining)
        var payment = main
        if isPart {
            let intent = makeIntent(for: row, amount: amount)
            emit("payment_intent.created", json(intent))
            payment = StripeInvoicePaymentRecord(
                id: makeID("inpay"), created: now, invoice: id, paymentIntent: intent.id, amountRequested: amount,
                currency: row.currency, isDefault: false)
            main.amountRequested -= amount
            invoicePayments[main.id] = main
            intents[main.paymentIntent]?.amount -= amount
        }
        let charge = collect(payment.paymentIntent, amount: amount)
        payment.status = "paid"
        payment.amountPaid = applied
        payment.paidAt = now
        invoicePayments[payment.id] = payment
        emit("invoice_payment.paid", json(payment))
        row.amountPaid += applied
        row.amountOverpaid += amount - applied
        row.attemptCount += 1
        if amount > applied, var customer = customers[row.customer] {
            customer.balances[row.currency, default: 0] -= amount - applied
            store(customer)
        }
        if row.amountRemaining > 0 {
            store(row, emitting: "invoice.updated")
        } else {
            row.status = "paid"
            row.paidAt = now
            store(row, emitting: "invoice.updated", "invoice.paid", "invoice.payment_succeeded")
            if row.amountOverpaid > 0 { emit("invoice.overpaid", json(row)) }
        }
        return StripePaymentMade(
            account: account, invoice: id, charge: charge, paymentIntent: payment.paymentIntent,
            invoicePayment: payment.id)
    }

    private mutating func collect(_ intentID: String, amount: Int64) -> String {
        guard var intent = intents[intentID] else { return "" }
        var charge = newCharge(of: intent, amount: amount, isSuccess: true)
        charge.balanceTransaction = StripeBalanceTransactionRecord(
            id: makeID("txn"), created: now, type: "charge", reportingCategory: "charge", source: charge.id,
            currency: charge.currency, amount: amount, fee: amount * 14 / 1000)
        charges.add(charge)
        intent.status = "succeeded"
        intent.amount = amount
        intent.amountReceived = amount
        intent.latestCharge = charge.id
        intent.failureCode = nil
        intent.failureMessage = nil
        intents[intent.id] = intent
        emit("charge.succeeded", json(charge))
        emit("payment_intent.succeeded", json(intent))
        return charge.id
    }

    private mutating func newCharge(
        of intent: StripePaymentIntentRecord, amount: Int64, isSuccess: Bool
    ) -> StripeChargeRecord {
        StripeChargeRecord(
            id: makeID("ch"), created: now, customer: intent.customer, paymentIntent: intent.id,
            paymentMethod: makeID("pm"), amount: amount, currency: intent.currency, isSuccess: isSuccess)
    }

    mutating func failCard(_ id: String, code: String, message: String) throws(StripeActionRefused) -> String {
        var row = try payable(id)
        guard let payment = invoicePayments.all.first(where: { $0.invoice == id && $0.status == "open" }),
            var intent = intents[payment.paymentIntent]
        else { throw StripeActionRefused("invoice \(id) has no open payment") }
        var charge = newCharge(of: intent, amount: intent.amount, isSuccess: false)
        charge.failureCode = code
        charge.failureMessage = message
        charges.add(charge)
        intent.latestCharge = charge.id
        intent.failureCode = code
        intent.failureMessage = message
        intents[intent.id] = intent
        row.attemptCount += 1
        emit("charge.failed", json(charge))
        emit("payment_intent.payment_failed", json(intent))
        store(row, emitting: "invoice.updated", "invoice.payment_failed")
        return charge.id
    }

    private func collected(_ id: String) throws(StripeActionRefused) -> StripeChargeRecord {
        guard let charge = charges[id] else { throw StripeActionRefused("no such charge: \(id)") }
        guard charge.isSuccess else { throw StripeActionRefused("charge \(id) did not succeed") }
        return charge
    }

    mutating func dispute(_ id: String, reason: String, amount: Int64?) throws(StripeActionRefused) -> String {
        var charge = try collected(id)
        let amount = amount ?? (charge.amount - charge.amountRefunded)
        guard amount > 0, amount <= charge.amount - charge.amountRefunded else {
            throw StripeActionRefused("the disputed amount must be within what was collected and not refunded")
        }
        guard !charge.isDisputed else { throw StripeActionRefused("charge \(id) is already disputed") }
        charge.isDisputed = true
        charges[id] = charge
        let disputeID = makeID("dp")
        let withdrawal = StripeBalanceTransactionRecord(
            id: makeID("txn"), created: now, type: "adjustment", reportingCategory: "dispute", source: disputeID,
            currency: charge.currency, amount: -amount, fee: Self.disputeFee)
        let row = StripeDisputeRecord(
            id: disputeID, created: now, charge: id, paymentIntent: charge.paymentIntent, amount: amount,
            currency: charge.currency, reason: reason, evidenceDueBy: now + Self.disputeAnswerSeconds,
            balanceTransactions: [withdrawal])
        disputes.add(row)
        emit("charge.dispute.created", json(row))
        emit("charge.dispute.funds_withdrawn", json(row))
        return row.id
    }

    /// The bank decides. A dispute that is won brings the amount back, not the fee.
    mutating func closeDispute(_ id: String, isWon: Bool) throws(StripeActionRefused) {
        guard var row = disputes[id] else { throw StripeActionRefused("no such dispute: \(id)") }
        guard row.status != "won", row.status != "lost" else {
            throw StripeActionRefused("dispute \(id) is already \(row.status)")
        }
        row.status = isWon ? "won" : "lost"
        if isWon {
            row.balanceTransactions.append(
                StripeBalanceTransactionRecord(
                    id: makeID("txn"), created: now, type: "adjustment", reportingCategory: "dispute_reversal",
                    source: id, currency: row.currency, amount: row.amount, fee: 0))
        }
        disputes[id] = row
        emit("charge.dispute.closed", json(row))
        if isWon { emit("charge.dispute.funds_reinstated", json(row)) }
    }

    mutating func refund(_ id: String, amount: Int64?) throws(StripeActionRefused) -> String {
        var charge = try collected(id)
        let amount = amount ?? (charge.amount - charge.amountRefunded)
        guard amount > 0, amount <= charge.amount - charge.amountRefunded else {
            throw StripeActionRefused("the refund must be within what was collected and not yet refunded")
        }
        charge.amountRefunded += amount
        charges[id] = charge
        let refundID = makeID("re")
        let row = StripeRefundRecord(
            id: refundID, created: now, charge: id, paymentIntent: charge.paymentIntent, amount: amount,
            currency: charge.currency,
            balanceTransaction: StripeBalanceTransactionRecord(
                id: makeID("txn"), created: now, type: "refund", reportingCategory: "refund", source: refundID,
                currency: charge.currency, amount: -amount, fee: 0))
        refunds.add(row)
        emit("refund.created", json(row))
        emit("charge.refunded", json(charge))
        return row.id
    }
}
