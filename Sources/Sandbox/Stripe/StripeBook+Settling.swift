extension StripeBook {
    mutating func finalizeInvoice(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        var row = try invoice(call.id)
        guard row.status == "draft" else {
            throw .state(
                "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
                code: "invoice_not_editable")
        }
        if let advance = call.form.flag("auto_advance") { row.isAutoAdvance = advance }
        finalize(&row)
        return json(try invoice(row.id), call.expand)
    }

    /// Numbers, freezes and prices the invoice. The customer's balance of the same currency goes in: credit lowers
    /// what is due, debt raises it. What is too small to charge becomes the customer's debt, and the invoice paid.
    private mutating func finalize(_ row: inout StripeInvoiceRecord) {
        guard var customer = customers[row.customer] else { return }
        if row.number == nil {
            repeat {
                let sequence = String(customer.nextInvoiceSequence)
                let zeros = String(repeating: "0", count: max(0, 4 - sequence.count))
                row.number = "\(customer.invoicePrefix)-\(zeros)\(sequence)"
                customer.nextInvoiceSequence += 1
            } while row.number.flatMap { invoiceNumbers[$0] } != nil
        }
        row.finalizedAt = now
        row.effectiveAt = row.effectiveAt ?? now
        row.startingBalance = customer.balances[row.currency] ?? 0
        let sum = row.total + row.startingBalance
        let isTooSmall = sum > 0 && sum < StripeCurrencyRules.minimum(row.currency)
        row.amountBilled = isTooSmall ? 0 : max(0, sum)
        let ending = isTooSmall ? sum : min(0, sum)
        row.endingBalance = ending
        customer.balances[row.currency] = ending == 0 ? nil : ending
        row.hostedKey = makeID("YWNjdF8", length: 40)
        row.frozenCustomer = customer
        row.status = row.amountDue == 0 ? "paid" : "open"
        if row.amountDue == 0 { row.paidAt = now }
        store(customer)
        invoices[row.id] = row
        if row.startingBalance != ending { emit("customer.updated", json(customer)) }
        if row.status == "open" {
            let intent = makeIntent(customer: row.customer, row.currency, row.amountDue, for: row.id)
            attach(intent, to: row, requesting: row.amountDue, isDefault: true)
            store(row, emitting: "invoice.finalized", "invoice.updated")
        } else {
            store(row, emitting: "invoice.finalized", "invoice.updated", "invoice.paid")
        }
    }

    mutating func sendInvoice(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        var row = try invoice(call.id)
        guard row.status == "draft" || row.status == "open" else {
            throw .state("You can only send draft or open invoices. This invoice is \(row.status).")
        }
        guard row.collectionMethod == "send_invoice" else {
            throw .state("You can only manually send an invoice if its collection method is 'send_invoice'.")
        }
        if row.status == "draft" { finalize(&row) }
        store(try invoice(row.id), emitting: "invoice.sent")
        return json(try invoice(row.id), call.expand)
    }

    mutating func voidInvoice(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        var row = try invoice(call.id)
        guard row.isPayable else {
            throw .state("You can only pass in open invoices. This invoice isn't open.")
        }
        if payments(of: row.id).contains(where: { $0.status == "paid" }) {
            throw .state("Invoices with `paid` payments cannot be voided.")
        }
        try refuseInFlight(row)
        // The credit that finalization used goes back to the customer.
        if let ending = row.endingBalance {
            changeBalance(of: row.customer, by: row.startingBalance - ending, row.currency)
        }
        row.status = "void"
        row.voidedAt = now
        cancelOpenPayments(of: row, because: "void_invoice")
        store(row, emitting: "invoice.voided", "invoice.updated")
        return json(row, call.expand)
    }

    /// A choice: what would cancel a payment under way is refused, as a payment intent in `processing` cannot be
    /// cancelled, and one that is partly funded holds the payer's money.
    private func refuseInFlight(_ row: StripeInvoiceRecord) throws(StripeFailure) {
        guard let intent = payments(of: row.id).compactMap({ openIntent(of: $0) }).first(where: \.isInFlight) else {
            return
        }
        throw .state(
            "This invoice has a payment in progress: PaymentIntent \(intent.id) has a status of \(intent.status).",
            code: "payment_intent_unexpected_state")
    }

    mutating func markUncollectible(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        var row = try invoice(call.id)
        guard row.status == "open" else {
            throw .state("You can only pass in open invoices. This invoice isn't open.")
        }
        row.status = "uncollectible"
        row.uncollectibleAt = now
        store(row, emitting: "invoice.marked_uncollectible", "invoice.updated")
        return json(row, call.expand)
    }

    /// Only settlement outside Stripe: there is no payment method here that could be charged.
    mutating func payInvoice(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        var row = try invoice(call.id)
        if row.status == "paid" { throw .state("Invoice is already paid") }
        guard row.isPayable else {
            throw .state("You can only pay open invoices. This invoice is \(row.status).")
        }
        guard call.form.flag("paid_out_of_band") == true else {
            throw .state("There is no default payment method to pay this invoice with.")
        }
        try refuseInFlight(row)
        // A choice: no InvoicePayment tells of it. Whether the real one makes a payment record here is not known.
        row.amountPaidOffStripe += row.amountRemaining
        row.amountPaid += row.amountRemaining
        row.status = "paid"
        row.paidAt = now
        cancelOpenPayments(of: row, because: "automatic")
        store(row, emitting: "invoice.updated", "invoice.paid")
        return json(row, call.expand)
    }
}
