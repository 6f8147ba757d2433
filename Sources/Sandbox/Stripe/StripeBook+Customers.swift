extension StripeBook {
    mutating func createCustomer(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        var row = StripeCustomerRecord(
            id: "", created: now, invoicePrefix: call.form.text("invoice_prefix") ?? "")
        try apply(call.form, to: &row)
        row.id = makeID("cus", length: 14)
        if row.invoicePrefix.isEmpty { row.invoicePrefix = makeID("P", length: 7).dropFirst(2).uppercased() }
        store(row)
        emit("customer.created", json(row))
        return json(row)
    }

    mutating func updateCustomer(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard var row = customers[call.id], !row.isDeleted else { throw .absent("customer", call.id) }
        try apply(call.form, to: &row)
        store(row)
        emit("customer.updated", json(row))
        return json(row)
    }

    private func apply(_ form: StripeForm, to row: inout StripeCustomerRecord) throws(StripeFailure) {
        if let email = form.text("email"), !email.contains("@") {
            throw .parameter("email", "Invalid email address: \(email)", code: "email_invalid")
        }
        if let prefix = form.text("invoice_prefix") {
            let allowed = prefix.allSatisfy { $0.isASCII && ($0.isUppercase || $0.isNumber) }
            guard allowed, (3...12).contains(prefix.count) else {
                throw .parameter("invoice_prefix", "Invalid invoice_prefix: 3-12 uppercase letters or numbers")
            }
            row.invoicePrefix = prefix
        }
        func set(_ name: String, _ field: inout String?) { if form.has(name) { field = form.text(name) } }
        set("name", &row.name)
        set("email", &row.email)
        set("description", &row.description)
        set("phone", &row.phone)
        set("business_name", &row.businessName)
        set("individual_name", &row.individualName)
        if form.isCleared("address") {
            row.address = nil
        } else if form.has("address") {
            row.address = (row.address ?? [:]).merging(form.map("address")) { $1 }.filter { !$0.value.isEmpty }
        }
        if form.has("metadata") { row.metadata = merged(row.metadata, form) }
        if form.has("preferred_locales") { row.preferredLocales = form.texts("preferred_locales") }
        if form.has("tax_exempt") { row.taxExempt = form.text("tax_exempt") ?? "none" }
        if let footer = form["invoice_settings"]?.text("footer") { row.footer = footer }
        if let sequence = form.whole("next_invoice_sequence") { row.nextInvoiceSequence = sequence }
        for taxID in form.list("tax_id_data") {
            row.taxIDs.append((taxID.text("type") ?? "", taxID.text("value") ?? ""))
        }
        if let balance = form.whole("balance") { row.balances[row.currency ?? defaultCurrency] = balance }
    }

    func retrieveCustomer(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard let row = customers[call.id] else { throw .absent("customer", call.id) }
        return json(row)
    }

    /// A deleted customer's id still answers, with nothing but that it is deleted. Its invoices stay.
    mutating func deleteCustomer(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard var row = customers[call.id], !row.isDeleted else { throw .absent("customer", call.id) }
        emit("customer.deleted", json(row))
        row.isDeleted = true
        store(row)
        return json(row)
    }

    /// By exact, case-sensitive e-mail and by time; names, descriptions and metadata cannot be listed by.
    func listCustomers(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let rows = customers.newestFirst.filter {
            !$0.isDeleted && call.form.allows("email", equal: $0.email) && call.form.allows("created", $0.created)
        }
        return try StripePage.cut(rows, call.form, noun: "customer", url: "/v1/customers") { json($0) }
    }

    func searchCustomers(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let query = try StripeSearchQuery(call.form.text("query") ?? "")
        let limit = Int(call.form.whole("limit") ?? 10)
        guard (1...StripePage.limitMax).contains(limit) else {
            throw .parameter("limit", "Invalid integer: limit must be between 1 and \(StripePage.limitMax)")
        }
        var start = 0
        if let page = call.form.text("page") {
            guard page.hasPrefix("page_"), let offset = Int(page.dropFirst(5)) else {
                throw .parameter("page", "Invalid page: \(page)")
            }
            start = offset
        }
        let horizon = now - searchLagSeconds
        let found = customers.newestFirst.filter { row in
            guard let seen = customerHistory[row.id]?.last(where: { $0.at <= horizon })?.row, !seen.isDeleted
            else { return false }
            return query.matches { Self.searchable(seen, $0) }
        }
        let rows = found.dropFirst(start).prefix(limit)
        let hasMore = found.count > start + limit
        return [
            "object": "search_result", "data": .array(rows.map { json($0) }), "has_more": .bool(hasMore),
            "next_page": hasMore ? .string("page_\(start + limit)") : .null, "url": "/v1/customers/search",
        ]
    }

    private static func searchable(_ row: StripeCustomerRecord, _ field: StripeSearchQuery.Field) -> String? {
        switch field {
        case .created: String(row.created)
        case .named("email"): row.email
        case .named("name"): row.name
        case .named("phone"): row.phone
        case .named: nil
        case .metadata(let key): row.metadata[key]
        }
    }
}
