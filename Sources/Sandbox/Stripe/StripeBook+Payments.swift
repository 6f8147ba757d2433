/// How money reaches invoices: payment intents, their charges, and the parts of invoices that they pay.
extension StripeBook {
    /// Those of an invoice, a payment intent or a payment record, oldest first.
    func payments(of id: String) -> [StripeInvoicePaymentRecord] {
        (paymentIDs[id] ?? []).compactMap { invoicePayments[$0] }
    }

    mutating func add(_ payment: StripeInvoicePaymentRecord) {
        invoicePayments.add(payment)
        for id in [payment.invoice, payment.paymentIntent, payment.paymentRecord].compactMap(\.self) {
            paymentIDs[id, default: []].append(payment.id)
        }
    }

    /// The intent of a payment that is still to come.
    func openIntent(of payment: StripeInvoicePaymentRecord) -> StripePaymentIntentRecord? {
        payment.status == "open" ? payment.paymentIntent.flatMap { intents[$0] } : nil
    }

    mutating func makeIntent(
        customer: String, _ currency: String, _ amount: Int64, for invoice: String? = nil
    ) -> StripePaymentIntentRecord {
        let id = makeID("pi")
        let intent = StripePaymentIntentRecord(
            id: id, created: now, customer: customer, invoice: invoice, amount: amount, currency: currency,
            clientSecret: "\(id)_\(makeID("secret"))")
        intents.add(intent)
        emit("payment_intent.created", json(intent))
        return intent
    }

    @discardableResult
    mutating func attach(
        _ intent: StripePaymentIntentRecord, to row: StripeInvoiceRecord, requesting amount: Int64,
        isDefault: Bool = false
    ) -> StripeInvoicePaymentRecord {
        let payment = StripeInvoicePaymentRecord(
            id: makeID("inpay"), created: now, invoice: row.id, paymentIntent: intent.id, amountRequested: amount,
            currency: row.currency, isDefault: isDefault)
        add(payment)
        return payment
    }

    /// The charge of an intent that money is on its way for, or a new one.
    private mutating func charge(of intent: StripePaymentIntentRecord, status: String) -> StripeChargeRecord {
        if let id = intent.latestCharge, var charge = charges[id], charge.status == "pending" {
            charge.status = status
            return charge
        }
        // Charges that are no card's carry another prefix.
        let id = makeID(intent.method == "card" ? "ch" : "py")
        return StripeChargeRecord(
            id: id, created: now, customer: intent.customer, paymentIntent: intent.id, paymentMethod: makeID("pm"),
            method: intent.method, amount: intent.amount, currency: intent.currency, status: status)
    }

    /// All of the intent's amount arrives.
    @discardableResult
    mutating func succeed(_ id: String) -> String {
        guard var intent = intents[id] else { return "" }
        var charge = charge(of: intent, status: "succeeded")
        charge.succeededAt = now
        charges[charge.id] = charge
        chargesWithoutFee.append(charge.id)
        if settings.feesKnownAfterSeconds == 0 { postFee(of: charge.id) }
        intent.status = "succeeded"
        intent.amountReceived = intent.amount
        intent.latestCharge = charge.id
        intent.failureCode = nil
        intent.failureMessage = nil
        intent.declineCode = nil
        intents[id] = intent
        if let charge = charges[charge.id] { emit("charge.succeeded", json(charge)) }
        emit("payment_intent.succeeded", json(intent))
        allocate(id)
        return charge.id
    }

    /// The payment is on its way, as with a debit that takes days.
    mutating func process(_ id: String, method: String) -> String {
        guard var intent = intents[id] else { return "" }
        intent.method = method
        let charge = charge(of: intent, status: "pending")
        charges[charge.id] = charge
        intent.status = "processing"
        intent.latestCharge = charge.id
        intents[id] = intent
        emit("payment_intent.processing", json(intent))
        emit("charge.pending", json(charge))
        return charge.id
    }

    /// The attempt fails; the intent waits for another. Nothing was credited to an invoice, so nothing is undone.
    mutating func fail(_ id: String, code: String, message: String, declineCode: String?) -> String {
        guard var intent = intents[id] else { return "" }
        var charge = charge(of: intent, status: "failed")
        charge.failureCode = code
        charge.failureMessage = message
        charges[charge.id] = charge
        intent.status = "requires_payment_method"
        intent.latestCharge = charge.id
        intent.failureCode = code
        intent.failureMessage = message
        intent.declineCode = declineCode
        intents[id] = intent
        emit("charge.failed", json(charge))
        emit("payment_intent.payment_failed", json(intent))
        for payment in payments(of: id) where payment.status == "open" {
            guard var row = invoices[payment.invoice] else { continue }
            row.attemptCount += 1
            store(row, emitting: "invoice.updated", "invoice.payment_failed")
            synchronise(row)
        }
        return charge.id
    }

    /// What of a succeeded intent no invoice has taken yet.
    func unallocated(_ id: String) -> Int64 {
        let taken = payments(of: id).reduce(0) { $0 + ($1.amountPaid ?? 0) }
        return intents[id].map { $0.amountReceived - $0.amountOverpaid - taken } ?? 0
    }

    /// A choice: the received amount goes to the invoices in the order in which they were attached, to each at most
    /// what was asked for and what it still lacks. What is left over is the last one's overpayment. One that gets
    /// nothing because too little came is cancelled.
    private mutating func allocate(_ id: String) {
        let open = payments(of: id).filter { $0.status == "open" }
        var left = unallocated(id)
        for (position, payment) in open.enumerated() {
            guard let row = invoices[payment.invoice] else { continue }
            let rest = row.isPayable ? row.amountRemaining : 0
            let applied = min(left, payment.amountRequested, rest)
            left -= applied
            let overpaid = position == open.count - 1 ? left : 0
            if applied == 0, overpaid == 0 {
                invoicePayments[payment.id]?.status = "canceled"
                invoicePayments[payment.id]?.canceledAt = now
                synchronise(row)
            } else {
                intents[id]?.amountOverpaid += overpaid
                credit(payment, applied, overpaid: overpaid)
            }
        }
    }

    /// Counts `applied` towards the invoice; `overpaid` becomes the customer's credit.
    mutating func credit(_ paid: StripeInvoicePaymentRecord, _ applied: Int64, overpaid: Int64 = 0) {
        guard var row = invoices[paid.invoice] else { return }
        var payment = paid
        payment.status = "paid"
        payment.amountPaid = applied
        payment.amountOverpaid = overpaid
        payment.paidAt = now
        invoicePayments[payment.id] = payment
        emit("invoice_payment.paid", json(payment))
        let isAttempt = payment.paymentRecord == nil
        row.amountPaid += applied
        row.amountOverpaid += overpaid
        if isAttempt { row.attemptCount += 1 } else { row.amountPaidOffStripe += applied }
        if row.isPayable, row.amountRemaining == 0 {
            row.status = "paid"
            row.paidAt = now
            store(row, emitting: "invoice.updated", "invoice.paid")
            // Nobody tried to collect what was paid elsewhere.
            if isAttempt { emit("invoice.payment_succeeded", json(row)) }
        } else {
            store(row, emitting: "invoice.updated")
        }
        if overpaid > 0 {
            changeBalance(of: row.customer, by: -overpaid, row.currency)
            emit("invoice.overpaid", json(row))
        }
        synchronise(row)
    }

    /// Stripe keeps the default payment at what remains, and cancels what is no longer needed. What is under way is
    /// left alone: it becomes an overpayment when it arrives.
    mutating func synchronise(_ row: StripeInvoiceRecord) {
        guard row.isPayable else { return cancelOpenPayments(of: row, because: "automatic") }
        for payment in payments(of: row.id) where payment.isDefault {
            guard let intent = openIntent(of: payment), !intent.isInFlight else { continue }
            invoicePayments[payment.id]?.amountRequested = row.amountRemaining
            intents[intent.id]?.amount = row.amountRemaining
        }
    }

    mutating func cancelOpenPayments(of row: StripeInvoiceRecord, because reason: String) {
        for payment in payments(of: row.id) {
            guard let intent = openIntent(of: payment), !intent.isInFlight else { continue }
            invoicePayments[payment.id]?.status = "canceled"
            invoicePayments[payment.id]?.canceledAt = now
            // One that is to pay other invoices too lives on.
            let others = payments(of: intent.id).contains { $0.status != "canceled" }
            if !others { cancel(intent.id, because: reason) }
        }
    }

    mutating func cancel(_ id: String, because reason: String) {
        guard var intent = intents[id] else { return }
        intent.status = "canceled"
        intent.canceledAt = now
        intent.cancellationReason = reason
        intents[id] = intent
        emit("payment_intent.canceled", json(intent))
    }
}
