/// Objects in the shape of 2026-08-26.dahlia.
extension StripeBook {
    func json(_ row: StripeCustomerRecord) -> StripeJSON {
        if row.isDeleted { return ["id": .string(row.id), "object": "customer", "deleted": .bool(true)] }
        var members: [(key: String, value: StripeJSON)] = [
            ("id", .string(row.id)), ("object", "customer"), ("address", Self.address(row.address)),
            ("balance", .whole(row.balances[row.currency ?? defaultCurrency] ?? 0)),
            ("created", .whole(row.created)), ("currency", .text(row.currency)), ("customer_account", .null),
            ("default_source", .null), ("delinquent", .bool(false)), ("description", .text(row.description)),
            ("discount", row.discount.map { json($0, of: row.id) } ?? .null), ("email", .text(row.email)),
            ("invoice_prefix", .string(row.invoicePrefix)),
            (
                "invoice_settings",
                [
                    "custom_fields": .null, "default_payment_method": .null, "footer": .text(row.footer),
                    "rendering_options": .null,
                ]
            ),
            ("livemode", .bool(isLive)), ("metadata", .map(row.metadata)), ("name", .text(row.name)),
            ("next_invoice_sequence", .whole(row.nextInvoiceSequence)), ("phone", .text(row.phone)),
            ("preferred_locales", .array(row.preferredLocales.map { .string($0) })), ("shipping", .null),
            ("tax_exempt", .string(row.taxExempt)), ("test_clock", .null),
        ]
        if let name = row.businessName { members.append(("business_name", .string(name))) }
        if let name = row.individualName { members.append(("individual_name", .string(name))) }
        return .object(members)
    }

    func json(_ row: StripeDiscountRecord, of customer: String) -> StripeJSON {
        [
            "id": .string(row.id), "object": "discount", "checkout_session": .null, "customer": .string(customer),
            "end": .null, "invoice": .null, "invoice_item": .null, "promotion_code": .null,
            "source": ["coupon": .string(row.coupon), "type": "coupon"], "start": .whole(row.start),
            "subscription": .null, "subscription_item": .null,
        ]
    }

    static func address(_ parts: [String: String]?) -> StripeJSON {
        guard let parts else { return .null }
        let names = ["city", "country", "line1", "line2", "postal_code", "state"]
        return .object(names.map { (key: $0, value: .text(parts[$0])) })
    }

    func json(_ row: StripeEndpointRecord, showsSecret: Bool = false) -> StripeJSON {
        var members: [(key: String, value: StripeJSON)] = [
            ("id", .string(row.id)), ("object", "webhook_endpoint"), ("api_version", .text(row.apiVersion)),
            ("application", .null), ("created", .whole(row.created)), ("description", .text(row.description)),
            ("enabled_events", .array(row.enabledEvents.map { .string($0) })), ("livemode", .bool(isLive)),
            ("metadata", .map(row.metadata)), ("status", .string(row.isEnabled ? "enabled" : "disabled")),
            ("url", .string(row.url)),
        ]
        if showsSecret { members.append(("secret", .string(row.secret))) }
        return .object(members)
    }

    func json(_ row: StripeEventRecord, apiVersion: String) -> StripeJSON {
        [
            "id": .string(row.id), "object": "event", "api_version": .string(apiVersion),
            "created": .whole(row.created), "data": ["object": shaped(row.object, for: apiVersion)],
            "livemode": .bool(isLive),
            "pending_webhooks": .whole(Int64(pendingWebhooks[row.id] ?? 0)),
            "request": ["id": .text(row.requestID), "idempotency_key": .text(row.idempotencyKey)],
            "type": .string(row.type),
        ]
    }

    /// An id, or the object itself where the request asks for it.
    func reference(customer id: String, _ expand: StripeExpansion?) -> StripeJSON {
        expand != nil ? customers[id].map { json($0) } ?? .string(id) : .string(id)
    }
    func reference(invoice id: String, _ expand: StripeExpansion?) -> StripeJSON {
        expand.flatMap { inner in invoices[id].map { json($0, inner) } } ?? .string(id)
    }
    func reference(intent id: String, _ expand: StripeExpansion?) -> StripeJSON {
        expand.flatMap { inner in intents[id].map { json($0, inner) } } ?? .string(id)
    }
    func reference(charge id: String, _ expand: StripeExpansion?) -> StripeJSON {
        expand.flatMap { inner in charges[id].map { json($0, inner) } } ?? .string(id)
    }
    func reference(transaction id: String?, _ expand: StripeExpansion?) -> StripeJSON {
        guard let id else { return .null }
        return expand.flatMap { inner in transactions[id].map { json($0, inner) } } ?? .string(id)
    }
    /// A balance transaction can come from several kinds of object, of which the id tells.
    func reference(source id: String?, _ expand: StripeExpansion?) -> StripeJSON {
        guard let id else { return .null }
        guard expand != nil else { return .string(id) }
        return charges[id].map { json($0) } ?? refunds[id].map { json($0) } ?? disputes[id].map { json($0) }
            ?? payouts[id].map { json($0) } ?? .string(id)
    }
}
