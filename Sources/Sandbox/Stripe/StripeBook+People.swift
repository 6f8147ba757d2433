/// What payers do, which no API call of a connector does.
extension StripeBook {
    private func payable(_ id: String) throws(StripeActionRefused) -> StripeInvoiceRecord {
        guard let row = invoices[id] else { throw StripeActionRefused("no such invoice: \(id)") }
        guard row.isPayable else {
            throw StripeActionRefused("invoice \(id) is \(row.status), only an open one can be paid")
        }
        return row
    }

    /// The intent for a payment of `amount`, or of what remains: the invoice's own when that much or more is paid and
    /// it is free, else one of its own.
    private mutating func intent(
        for row: StripeInvoiceRecord, amount wanted: Int64?
    ) throws(StripeActionRefused) -> StripePaymentIntentRecord {
        let amount = wanted ?? row.amountRemaining
        guard StripeCurrencyRules.allows(amount, currency: row.currency) else {
            throw StripeActionRefused("the amount must be positive and in the currency's steps")
        }
        if amount >= row.amountRemaining {
            let main = payments(of: row.id).first { payment in
                payment.isDefault && openIntent(of: payment).map { !$0.isInFlight } ?? false
            }
            if let main, var intent = openIntent(of: main) {
                intent.amount = amount
                intents[intent.id] = intent
                return intent
            }
        }
        let intent = makeIntent(customer: row.customer, row.currency, amount, for: row.id)
        attach(intent, to: row, requesting: min(amount, row.amountRemaining))
        return intent
    }

    private func made(_ intent: String, invoice: String?, charge: String?) -> StripePaymentMade {
        let payment = payments(of: intent).last { (invoice ?? $0.invoice) == $0.invoice }
        return StripePaymentMade(
            account: account, invoice: invoice ?? payment?.invoice ?? "", charge: charge ?? "", paymentIntent: intent,
            invoicePayment: payment?.id ?? "")
    }

    mutating func pay(_ id: String, amount: Int64?) throws(StripeActionRefused) -> StripePaymentMade {
        let intent = try intent(for: payable(id), amount: amount)
        return made(intent.id, invoice: id, charge: succeed(intent.id))
    }

    mutating func startPayment(
        _ id: String, amount: Int64?, method: String
    ) throws(StripeActionRefused) -> StripePaymentMade {
        let intent = try intent(for: payable(id), amount: amount)
        return made(intent.id, invoice: id, charge: process(intent.id, method: method))
    }

    /// One payment for several invoices of one customer and currency; less or more than they ask for may come.
    mutating func payTogether(
        _ parts: [StripePaymentPart], received: Int64?, isPending: Bool
    ) throws(StripeActionRefused) -> StripePaymentMade {
        var rows: [StripeInvoiceRecord] = []
        for part in parts { rows.append(try payable(part.invoice)) }
        guard let first = rows.first, Set(parts.map(\.invoice)).count == parts.count,
            rows.allSatisfy({ $0.customer == first.customer && $0.currency == first.currency })
        else { throw StripeActionRefused("one payment is for different invoices of one customer and one currency") }
        let asked = zip(parts, rows).map { $0.amount ?? $1.amountRemaining }
        guard asked.allSatisfy({ $0 > 0 }), zip(asked, rows).allSatisfy({ $0 <= $1.amountRemaining }) else {
            throw StripeActionRefused("each part must be positive and no more than what remains")
        }
        let amount = received ?? asked.reduce(0, +)
        guard amount > 0 else { throw StripeActionRefused("the amount must be positive") }
        let intent = makeIntent(customer: first.customer, first.currency, amount)
        for (row, amount) in zip(rows, asked) { attach(intent, to: row, requesting: amount) }
        let charge = isPending ? process(intent.id, method: "sepa_debit") : succeed(intent.id)
        return made(intent.id, invoice: nil, charge: charge)
    }

    /// A payment that belongs to no invoice until somebody attaches it.
    mutating func payUnattached(
        _ customer: String, _ currency: String, _ amount: Int64
    ) throws(StripeActionRefused) -> StripePaymentMade {
        guard let row = customers[customer], !row.isDeleted else {
            throw StripeActionRefused("no such customer: \(customer)")
        }
        guard amount > 0, supportedCurrencies.contains(currency) else {
            throw StripeActionRefused("the amount must be positive and in a currency of the account")
        }
        let intent = makeIntent(customer: customer, currency, amount)
        return made(intent.id, invoice: nil, charge: succeed(intent.id))
    }

    private func inFlight(_ id: String) throws(StripeActionRefused) -> StripePaymentIntentRecord {
        guard let intent = intents[id] else { throw StripeActionRefused("no such payment intent: \(id)") }
        guard intent.status == "processing" else {
            throw StripeActionRefused("payment intent \(id) is \(intent.status), not processing")
        }
        return intent
    }

    mutating func finishPayment(_ id: String) throws(StripeActionRefused) -> String {
        succeed(try inFlight(id).id)
    }

    mutating func failPayment(
        _ id: String, code: String, message: String, declineCode: String?
    ) throws(StripeActionRefused) -> String {
        fail(try inFlight(id).id, code: code, message: message, declineCode: declineCode)
    }

    mutating func failCard(
        _ id: String, code: String, message: String, declineCode: String?
    ) throws(StripeActionRefused) -> String {
        _ = try payable(id)
        guard let intent = payments(of: id).compactMap({ openIntent(of: $0) }).first(where: { !$0.isInFlight }) else {
            throw StripeActionRefused("invoice \(id) has no open payment")
        }
        return fail(intent.id, code: code, message: message, declineCode: declineCode)
    }

    /// The payer's bank wants to see the payer before it pays.
    mutating func requireAction(_ id: String) throws(StripeActionRefused) -> String {
        let row = try payable(id)
        var intent = try intent(for: row, amount: nil)
        intent.status = "requires_action"
        intents[intent.id] = intent
        emit("payment_intent.requires_action", json(intent))
        store(row, emitting: "invoice.updated", "invoice.payment_action_required")
        return intent.id
    }

    /// A bank transfer arrives. Below what is asked for it only funds the intent (a choice: `amount_received` shows
    /// it already); once that is reached the intent succeeds with all that came.
    mutating func transfer(_ id: String, amount: Int64) throws(StripeActionRefused) -> StripePaymentMade {
        let row = try payable(id)
        guard amount > 0 else { throw StripeActionRefused("the amount must be positive") }
        let funded = payments(of: id).compactMap { openIntent(of: $0) }.first(where: \.isPartlyFunded)
        var intent: StripePaymentIntentRecord
        if let funded { intent = funded } else { intent = try self.intent(for: row, amount: nil) }
        intent.method = "customer_balance"
        intent.amountReceived += amount
        if intent.amountReceived >= intent.amount {
            intent.amount = intent.amountReceived
            intents[intent.id] = intent
            return made(intent.id, invoice: id, charge: succeed(intent.id))
        }
        intent.status = "requires_action"
        intents[intent.id] = intent
        emit("payment_intent.partially_funded", json(intent))
        return made(intent.id, invoice: id, charge: nil)
    }

    /// A person gives up on an intent. Those of invoices end with them.
    mutating func cancelPayment(_ id: String) throws(StripeActionRefused) {
        guard let intent = intents[id] else { throw StripeActionRefused("no such payment intent: \(id)") }
        let attached = payments(of: id).filter { $0.status == "open" }
        guard !intent.isInFlight, intent.status != "succeeded", intent.status != "canceled",
            !attached.contains(where: \.isDefault)
        else { throw StripeActionRefused("payment intent \(id) cannot be cancelled: it is \(intent.status)") }
        for payment in attached {
            invoicePayments[payment.id]?.status = "canceled"
            invoicePayments[payment.id]?.canceledAt = now
        }
        cancel(id, because: "abandoned")
    }

    /// Invoices that are made from now on inherit it, unless their creation names discounts or none.
    mutating func grantCoupon(_ id: String, percentOff: Int64) throws(StripeActionRefused) {
        guard var row = customers[id], !row.isDeleted else { throw StripeActionRefused("no such customer: \(id)") }
        guard (1...100).contains(percentOff) else { throw StripeActionRefused("1 to 100 percent can be taken off") }
        row.discount = StripeDiscountRecord(
            id: makeID("di"), coupon: makeID("coupon", length: 8), percentOff: percentOff, start: now)
        store(row)
        emit("customer.updated", json(row))
    }
}
