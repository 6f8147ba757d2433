/// Payments that happened outside Stripe, and the attaching of any payment to an invoice.
extension StripeBook {
    mutating func reportPayment(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let form = call.form
        let requested = form["amount_requested"]
        let amount = requested?.whole("value") ?? 0
        let currency = (requested?.text("currency") ?? "").lowercased()
        try check(currency: currency)
        guard amount > 0 else {
            throw .parameter("amount_requested[value]", "This value must be greater than 0.")
        }
        try StripeCurrencyRules.check(amount, currency: currency, param: "amount_requested[value]")
        let outcome = form.text("outcome")
        for (name, moment) in [("guaranteed", "guaranteed_at"), ("failed", "failed_at")] {
            // The outcome and its moment come together.
            if outcome == name, form[name] == nil { throw .missing("\(name)[\(moment)]") }
            if outcome != name, form[name] != nil {
                throw .parameter(name, "You may only specify '\(name)' when the outcome is '\(name)'.")
            }
        }
        if let customer = form["customer_details"]?.text("customer"), customers[customer]?.isDeleted ?? true {
            throw .noSuch("customer", customer, param: "customer_details[customer]")
        }
        let method = form["payment_method_details"]?["custom"]
        let row = StripePaymentRecordRecord(
            id: makeID("pr"), created: now, amountRequested: amount, currency: currency, outcome: outcome,
            customer: form["customer_details"]?.text("customer"), description: form.text("description"),
            methodName: method?.text("display_name"), methodType: method?.text("type"),
            reference: form["processor_details"]?["custom"]?.text("payment_reference"), metadata: merged([:], form))
        paymentRecords.add(row)
        return json(row)
    }

    func listPaymentRecords(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let (after, before) = (call.form.whole("created_after") ?? .min, call.form.whole("created_before") ?? .max)
        let rows = paymentRecords.newestFirst.filter { $0.created > after && $0.created < before }
        return try StripePage.cut(rows, call.form, noun: "payment record", url: "/v1/payment_records") { json($0) }
    }

    func retrievePaymentRecord(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard let row = paymentRecords[call.id] else { throw .absent("payment record", call.id) }
        return json(row)
    }

    /// What has succeeded already is credited at once, as far as the invoice lacks it and no other has taken it; the
    /// rest stays with the payment (a choice).
    mutating func attachPayment(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let form = call.form
        let row = try invoice(call.id)
        guard row.isPayable else { throw .state("You can only pass in open invoices. This invoice isn't open.") }
        switch (form.text("payment_intent"), form.text("payment_record")) {
        case (let intent?, nil): try attachIntent(intent, to: row)
        case (nil, let record?): try attachRecord(record, to: row)
        case (nil, nil): throw .missing("payment_intent")
        default:
            throw .parameter(
                "payment_record", "You may only specify one of these parameters: payment_intent, payment_record.")
        }
        return json(try invoice(row.id), call.expand)
    }

    private mutating func attachIntent(_ id: String, to row: StripeInvoiceRecord) throws(StripeFailure) {
        guard let intent = intents[id] else { throw .noSuch("payment_intent", id, param: "payment_intent") }
        let attached = payments(of: id).filter { $0.status != "canceled" }
        if attached.contains(where: { $0.invoice == row.id }) {
            throw .state("This PaymentIntent is already attached to this invoice.", param: "payment_intent")
        }
        guard intent.customer == row.customer else {
            throw .state("The PaymentIntent belongs to another customer.", param: "payment_intent")
        }
        guard intent.currency == row.currency else {
            throw .state("The PaymentIntent's currency must match the invoice's.", param: "payment_intent")
        }
        let promised = attached.reduce(0) { $0 + ($1.status == "open" ? $1.amountRequested : 0) }
        let left = intent.status == "succeeded" ? unallocated(id) : intent.amount - promised
        guard left > 0, intent.status != "canceled" else {
            throw .state(
                "This PaymentIntent has a status of \(intent.status) and no amount left to attach.",
                code: "payment_intent_unexpected_state", param: "payment_intent")
        }
        let amount = min(left, row.amountRemaining)
        let payment = attach(intent, to: row, requesting: amount)
        if intent.status == "succeeded" { credit(payment, amount) }
    }

    /// A choice: only a guaranteed payment can be attached, as nothing here would tell later how it ended.
    private mutating func attachRecord(_ id: String, to row: StripeInvoiceRecord) throws(StripeFailure) {
        guard let record = paymentRecords[id] else { throw .noSuch("payment record", id, param: "payment_record") }
        guard record.currency == row.currency else {
            throw .state("The payment record's currency must match the invoice's.", param: "payment_record")
        }
        let left = record.amountGuaranteed - payments(of: id).reduce(0) { $0 + ($1.amountPaid ?? 0) }
        guard left > 0 else {
            throw .state("This payment record has no guaranteed amount left to attach.", param: "payment_record")
        }
        let amount = min(left, row.amountRemaining)
        let payment = StripeInvoicePaymentRecord(
            id: makeID("inpay"), created: now, invoice: row.id, paymentRecord: id, amountRequested: amount,
            currency: row.currency, isDefault: false)
        add(payment)
        credit(payment, amount)
    }
}
