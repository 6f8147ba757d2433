extension StripeBook {
    /// The most lines an invoice can have.
    static let linesMax = 250

    mutating func createInvoice(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let form = call.form
        guard let customerID = form.text("customer") else { throw .missing("customer") }
        let method = form.text("collection_method") ?? "charge_automatically"
        let due = try dueDate(form, method: method)
        let currency = (form.text("currency") ?? customers[customerID]?.currency ?? defaultCurrency).lowercased()
        try check(currency: currency)
        guard var customer = customers[customerID], !customer.isDeleted else {
            throw .noSuch("customer", customerID, param: "customer")
        }
        if method == "send_invoice", customer.email == nil {
            throw .state(
                "Missing email. In order to create invoices that are sent to the customer, the customer must have a "
                    + "valid email.", code: "customer_missing_email")
        }
        if let rate = form.texts("default_tax_rates").first {
            throw .noSuch("tax rate", rate, param: "default_tax_rates[0]")
        }
        if let number = form.text("number"), invoiceNumbers[number] != nil {
            throw .state("An invoice with the number '\(number)' already exists.", param: "number")
        }
        var row = StripeInvoiceRecord(
            id: makeID("in"), created: now, customer: customerID, currency: currency, collectionMethod: method)
        row.dueDate = due
        row.isAutomaticTax = form["automatic_tax"]?.flag("enabled") ?? settings.automaticTaxByDefault
        // Left out, the customer's coupon is inherited; empty, it is not.
        row.discount = form.has("discounts") ? nil : customer.discount
        row.isAutoAdvance = form.flag("auto_advance") ?? false
        row.number = form.text("number")
        row.footer = customer.footer
        row.paymentMethodTypes = form["payment_settings"]?.texts("payment_method_types") ?? []
        row.amountTaxDisplay = form["rendering"]?.text("amount_tax_display")
        row.statementDescriptor = form.text("statement_descriptor")
        describe(&row, form)
        if customer.currency == nil {
            customer.currency = currency
            store(customer)
        }
        store(row, emitting: "invoice.created")
        return json(row, call.expand)
    }

    private func dueDate(_ form: StripeForm, method: String) throws(StripeFailure) -> Int64? {
        let (date, days) = (form.whole("due_date"), form.whole("days_until_due"))
        if method == "charge_automatically" {
            if date != nil || days != nil {
                throw .parameter(
                    date != nil ? "due_date" : "days_until_due",
                    "You can only pass a due date when the collection method is 'send_invoice'.")
            }
            return nil
        }
        if date != nil, days != nil {
            throw .parameter(
                "days_until_due", "You may only specify one of these parameters: due_date, days_until_due.")
        }
        if let date {
            if date <= now {
                throw .parameter(
                    "due_date", "Invalid timestamp: must be an integer Unix timestamp in the future.",
                    code: "invalid_timestamp")
            }
            return date
        }
        guard let days else {
            throw .parameter(
                "collection_method",
                "If invoice collection method is 'send_invoice', you must specify 'due_date' or 'days_until_due'.")
        }
        return now + days * 86_400
    }

    func check(currency: String) throws(StripeFailure) {
        if !supportedCurrencies.contains(currency) {
            throw .parameter(
                "currency",
                "Invalid currency: \(currency). Stripe currently supports these currencies: "
                    + supportedCurrencies.sorted().joined(separator: ", "))
        }
    }

    /// What may be said at creation and changed while the invoice is a draft.
    private func describe(_ row: inout StripeInvoiceRecord, _ form: StripeForm) {
        if form.has("metadata") { row.metadata = merged(row.metadata, form) }
        if form.has("description") { row.description = form.text("description") }
        if form.has("footer") { row.footer = form.text("footer") }
        if form.has("effective_at") { row.effectiveAt = form.whole("effective_at") }
        if form.has("custom_fields") {
            row.customFields = form.list("custom_fields").map { ($0.text("name") ?? "", $0.text("value") ?? "") }
        }
    }

    mutating func updateInvoice(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        var row = try invoice(call.id)
        let form = call.form
        let frozen = ["description", "footer", "effective_at", "custom_fields", "number", "due_date"]
        if row.status != "draft", let name = frozen.first(where: { form.has($0) }) {
            throw .state("Finalized invoices can't be updated in this way", code: "invoice_not_editable", param: name)
        }
        if form.has("due_date") { row.dueDate = try dueDate(form, method: row.collectionMethod) }
        if let number = form.text("number") {
            if let holder = invoiceNumbers[number], holder != row.id {
                throw .state("An invoice with the number '\(number)' already exists.", param: "number")
            }
            if let old = row.number { invoiceNumbers[old] = nil }
            row.number = number
        }
        describe(&row, form)
        if let advance = form.flag("auto_advance") { row.isAutoAdvance = advance }
        store(row, emitting: "invoice.updated")
        return json(row, call.expand)
    }

    func invoice(_ id: String) throws(StripeFailure) -> StripeInvoiceRecord {
        guard let row = invoices[id] else { throw .absent("invoice", id) }
        return row
    }

    mutating func addLines(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        var row = try invoice(call.id)
        guard row.status == "draft" else {
            throw .state("This invoice is no longer editable", code: "invoice_not_editable")
        }
        let added = call.form["lines"]?.members ?? []
        if row.lines.count + added.count > Self.linesMax {
            throw .state("An invoice can have at most \(Self.linesMax) line items.", param: "lines")
        }
        for line in added { try checkLine(line.value, of: row, at: "lines[\(line.key)]") }
        for line in added { row.lines.append(makeLine(line.value, of: row)) }
        if let changes = call.form["invoice_metadata"] {
            row.metadata = merged(row.metadata, .branch([("metadata", changes)]))
        }
        store(row, emitting: "invoice.updated")
        return json(row, call.expand)
    }

    private func checkLine(_ line: StripeForm, of row: StripeInvoiceRecord, at path: String) throws(StripeFailure) {
        guard let amount = amount(of: line) else { throw .missing("\(path)[amount]") }
        if line.has("amount"), line.has("price_data") {
            throw .parameter(path, "You may only specify one of these parameters: amount, price_data.")
        }
        try StripeCurrencyRules.check(amount, currency: row.currency, param: "\(path)[amount]")
        if let currency = line["price_data"]?.text("currency"), currency != row.currency {
            throw .parameter(
                "\(path)[price_data][currency]",
                "The currency of the line (\(currency)) must match the currency of the invoice (\(row.currency)).")
        }
        if let rate = line.texts("tax_rates").first {
            throw .noSuch("tax rate", rate, param: "\(path)[tax_rates][0]")
        }
        let taxes = line.list("tax_amounts")
        if !taxes.isEmpty, row.isAutomaticTax {
            throw .state(
                "You cannot set tax amounts if any line item has tax_rates or if the invoice has default_tax_rates or "
                    + "uses automatic tax.", param: "\(path)[tax_amounts]")
        }
        for (position, tax) in taxes.enumerated() {
            let param = "\(path)[tax_amounts][\(position)][amount]"
            try StripeCurrencyRules.check(tax.whole("amount") ?? 0, currency: row.currency, param: param)
        }
    }

    private func amount(of line: StripeForm) -> Int64? {
        if let amount = line.whole("amount") { return amount }
        guard let unit = line["price_data"]?.whole("unit_amount") else { return nil }
        let product = unit.multipliedReportingOverflow(by: line.whole("quantity") ?? 1)
        return product.overflow ? Int64.max : product.partialValue
    }

    /// A coupon takes its percentage off each line that charges something, and automatic tax adds its own to what is
    /// left, both in whole steps of the currency (choices, as Stripe's roundings are not known).
    private mutating func makeLine(_ line: StripeForm, of row: StripeInvoiceRecord) -> StripeLineRecord {
        let amount = amount(of: line) ?? 0
        let period = line["period"]
        func percentage(_ percent: Int64, of amount: Int64) -> Int64 {
            let step = StripeCurrencyRules.step(row.currency) * 100
            return (amount * percent + step / 2) / step * (step / 100)
        }
        let isDiscountable = line.flag("discountable") ?? true
        let isDiscounted = isDiscountable && amount > 0
        let discount = isDiscounted ? percentage(row.discount?.percentOff ?? 0, of: amount) : 0
        var taxes = line.list("tax_amounts").map { tax in
            StripeTaxRecord(
                rateID: taxRate(for: tax["tax_rate_data"] ?? .branch([])), amount: tax.whole("amount") ?? 0,
                taxable: tax.whole("taxable_amount") ?? 0,
                isInclusive: tax["tax_rate_data"]?.flag("inclusive") ?? false,
                reason: tax.text("taxability_reason") ?? "not_available")
        }
        if row.isAutomaticTax {
            let rate = taxRate(for: .branch([("automatic", .text(String(settings.automaticTaxPercent)))]))
            taxes = [
                StripeTaxRecord(
                    rateID: rate, amount: percentage(settings.automaticTaxPercent, of: amount - discount),
                    taxable: amount - discount, isInclusive: false, reason: "standard_rated")
            ]
        }
        return StripeLineRecord(
            id: makeID("il"), created: now, itemID: makeID("ii"), priceID: makeID("price"),
            productID: line["price_data"]?.text("product") ?? makeID("prod", length: 14), amount: amount,
            discountAmount: discount, unitAmount: String(line["price_data"]?.whole("unit_amount") ?? amount),
            quantity: line.whole("quantity") ?? 1, description: line.text("description"),
            isDiscountable: isDiscountable,
            metadata: line.map("metadata").filter { !$0.value.isEmpty },
            periodStart: period?.whole("start") ?? now, periodEnd: period?.whole("end") ?? now, taxes: taxes)
    }

    /// The rate that the inline data stands for; the same data is the same rate.
    private mutating func taxRate(for data: StripeForm) -> String {
        let identity = data.members.map { "\($0.key)=\(data.text($0.key) ?? "")" }.sorted().joined(separator: "&")
        if let known = taxRateIDs[identity] { return known }
        let rate = makeID("txr")
        taxRateIDs[identity] = rate
        return rate
    }

    mutating func deleteInvoice(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let row = try invoice(call.id)
        guard row.status == "draft" else {
            throw .state("You can only delete draft invoices. Void this invoice instead.", code: "invoice_not_editable")
        }
        emit("invoice.deleted", json(row))
        invoices[row.id] = nil
        if let number = row.number { invoiceNumbers[number] = nil }
        return ["id": .string(row.id), "object": "invoice", "deleted": .bool(true)]
    }
}
