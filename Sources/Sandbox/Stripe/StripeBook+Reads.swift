extension StripeBook {
    /// Events can be listed for thirty days.
    static let eventsKeptSeconds: Int64 = 30 * 86_400

    func retrieveInvoice(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        json(try invoice(call.id), call.expand)
    }

    func listInvoices(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let form = call.form
        let rows = invoices.newestFirst.filter {
            form.allows("customer", equal: $0.customer) && form.allows("status", equal: $0.status)
                && form.allows("collection_method", equal: $0.collectionMethod)
                && form.allows("created", $0.created) && form.allows("due_date", $0.dueDate)
        }
        let inner = call.expand["data"] ?? .none
        return try StripePage.cut(rows, form, noun: "invoice", url: "/v1/invoices") { json($0, inner) }
    }

    func listLines(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let row = try invoice(call.id)
        let url = "/v1/invoices/\(row.id)/lines"
        return try StripePage.cut(row.lines, call.form, noun: "line item", url: url) { json($0, of: row) }
    }

    func retrieveInvoicePayment(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard let row = invoicePayments[call.id] else { throw .absent("invoice_payment", call.id) }
        return json(row, call.expand)
    }

    /// There is no filter by charge: one goes from the charge to its payment intent first.
    func listInvoicePayments(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let form = call.form
        let payment = form["payment"]
        if let payment {
            let type = payment.text("type") ?? ""
            if payment.text(type) == nil { throw .missing("payment[\(type)]") }
        }
        let known = payment.flatMap { $0.text("payment_intent") ?? $0.text("payment_record") } ?? form.text("invoice")
        let candidates = known.map { payments(of: $0).reversed() } ?? invoicePayments.newestFirst
        let rows = candidates.filter {
            form.allows("invoice", equal: $0.invoice) && form.allows("status", equal: $0.status)
                && form.allows("created", $0.created)
                && (payment?.allows("payment_intent", equal: $0.paymentIntent) ?? true)
                && (payment?.allows("payment_record", equal: $0.paymentRecord) ?? true)
        }
        let inner = call.expand["data"] ?? .none
        return try StripePage.cut(rows, form, noun: "invoice_payment", url: "/v1/invoice_payments") { json($0, inner) }
    }

    func retrieveIntent(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard let row = intents[call.id] else { throw .absent("payment_intent", call.id, param: "intent") }
        return json(row, call.expand)
    }

    func listIntents(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let rows = intents.newestFirst.filter {
            call.form.allows("customer", equal: $0.customer) && call.form.allows("created", $0.created)
        }
        let inner = call.expand["data"] ?? .none
        return try StripePage.cut(rows, call.form, noun: "payment_intent", url: "/v1/payment_intents") {
            json($0, inner)
        }
    }

    func retrieveCharge(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard let row = charges[call.id] else { throw .absent("charge", call.id) }
        return json(row, call.expand)
    }

    func listCharges(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let rows = charges.newestFirst.filter {
            call.form.allows("payment_intent", equal: $0.paymentIntent)
                && call.form.allows("customer", equal: $0.customer) && call.form.allows("created", $0.created)
        }
        let inner = call.expand["data"] ?? .none
        return try StripePage.cut(rows, call.form, noun: "charge", url: "/v1/charges") { json($0, inner) }
    }

    func retrieveDispute(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard let row = disputes[call.id] else { throw .absent("dispute", call.id) }
        return json(row, call.expand)
    }

    func listDisputes(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let rows = disputes.newestFirst.filter {
            call.form.allows("payment_intent", equal: $0.paymentIntent)
                && call.form.allows("charge", equal: $0.charge) && call.form.allows("created", $0.created)
        }
        let inner = call.expand["data"] ?? .none
        return try StripePage.cut(rows, call.form, noun: "dispute", url: "/v1/disputes") { json($0, inner) }
    }

    func retrieveRefund(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard let row = refunds[call.id] else { throw .absent("refund", call.id) }
        return json(row, call.expand)
    }

    func listRefunds(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let rows = refunds.newestFirst.filter {
            call.form.allows("payment_intent", equal: $0.paymentIntent)
                && call.form.allows("charge", equal: $0.charge) && call.form.allows("created", $0.created)
        }
        let inner = call.expand["data"] ?? .none
        return try StripePage.cut(rows, call.form, noun: "refund", url: "/v1/refunds") { json($0, inner) }
    }

    func retrieveTransaction(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard let row = transactions[call.id] else { throw .absent("balance transaction", call.id) }
        return json(row, call.expand)
    }

    /// Of a manual payout nobody knows which rows it pays, so it cannot be filtered by.
    func listTransactions(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let form = call.form
        if let id = form.text("payout") {
            guard let payout = payouts[id] else { throw .noSuch("payout", id, param: "payout") }
            guard payout.isAutomatic else {
                throw .parameter(
                    "payout", "Balance transaction history can only be filtered on automatic payouts, not manual.")
            }
        }
        let rows = transactions.newestFirst.filter {
            form.allows("payout", equal: $0.payout) && form.allows("type", equal: $0.type)
                && form.allows("source", equal: $0.source) && form.allows("currency", equal: $0.currency)
                && form.allows("created", $0.created)
        }
        let inner = call.expand["data"] ?? .none
        return try StripePage.cut(rows, form, noun: "balance transaction", url: "/v1/balance_transactions") {
            json($0, inner)
        }
    }

    func retrieveBalance(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let sums = balances.sorted { $0.key < $1.key }
        func amounts(_ amount: ((available: Int64, pending: Int64)) -> Int64) -> StripeJSON {
            .array(sums.map { ["amount": .whole(amount($0.value)), "currency": .string($0.key)] })
        }
        return [
            "object": "balance", "available": amounts { $0.available }, "livemode": .bool(isLive),
            "pending": amounts { $0.pending },
        ]
    }

    func retrievePayout(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard let row = payouts[call.id] else { throw .absent("payout", call.id) }
        return json(row, call.expand)
    }

    func listPayouts(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let rows = payouts.newestFirst.filter {
            call.form.allows("status", equal: $0.status) && call.form.allows("created", $0.created)
                && call.form.allows("arrival_date", $0.arrivalDate)
        }
        let inner = call.expand["data"] ?? .none
        return try StripePage.cut(rows, call.form, noun: "payout", url: "/v1/payouts") { json($0, inner) }
    }

    func retrieveEvent(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard let row = events[call.id], row.created >= now - Self.eventsKeptSeconds else {
            throw .absent("event", call.id)
        }
        return json(row, apiVersion: Self.version)
    }

    func listEvents(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let form = call.form
        let types = form.texts("types")
        if form.has("type"), !types.isEmpty {
            throw .parameter("types", "You may only specify one of these parameters: type, types.")
        }
        let wanted = form.text("type").map { [$0] } ?? types
        let delivered = form.flag("delivery_success")
        let rows = events.newestFirst.filter { row in
            guard row.created >= now - Self.eventsKeptSeconds, form.allows("created", row.created) else { return false }
            if !wanted.isEmpty, !wanted.contains(where: { StripeEventNames.matches($0, row.type) }) { return false }
            let isDelivered = (pendingWebhooks[row.id] ?? 0) == 0 && !abandonedEvents.contains(row.id)
            return delivered.map { $0 == isDelivered } ?? true
        }
        return try StripePage.cut(rows, form, noun: "event", url: "/v1/events") { json($0, apiVersion: Self.version) }
    }

    func retrieveAccount(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        [
            "id": .string(account), "object": "account", "business_type": "company", "charges_enabled": .bool(true),
            "country": .string(country), "default_currency": .string(defaultCurrency),
            "details_submitted": .bool(true), "email": .null, "metadata": .object([]),
            "payouts_enabled": .bool(true), "type": "standard",
        ]
    }

    /// Only the account's own country is known here, with the currencies that the account takes.
    func retrieveCountry(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard call.id == country else { throw .absent("country", call.id, param: "country") }
        let currencies = supportedCurrencies.sorted().map { StripeJSON.string($0) }
        let fields: StripeJSON = ["additional": [], "minimum": []]
        return [
            "id": .string(country), "object": "country_spec", "default_currency": .string(defaultCurrency),
            "supported_bank_account_currencies": .object([(key: defaultCurrency, value: .array([.string(country)]))]),
            "supported_payment_currencies": .array(currencies), "supported_payment_methods": ["card", "stripe"],
            "supported_transfer_countries": .array([.string(country)]),
            "verification_fields": ["company": fields, "individual": fields],
        ]
    }

    func refuseRefund(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        throw StripeFailure(
            status: 403, message: "Refunds are made by people here, in the control page: a connector never makes one.")
    }
}
