extension StripeBook {
    /// How many lines an invoice carries in itself; the rest is listed apart.
    static let linesShown = 10

    func json(_ row: StripeInvoiceRecord, _ expand: StripeExpansion = .none) -> StripeJSON {
        let isDraft = row.status == "draft"
        let balance = isDraft ? customers[row.customer]?.balances[row.currency] ?? 0 : row.startingBalance
        let due = isDraft ? max(0, row.total + balance) : row.amountDue
        var members = heading(row, expand)
        members.append(contentsOf: amounts(row, balance: balance, due: due))
        if let inner = expand["payments"] {
            let rows = payments(of: row.id).reversed()
            let data = rows.prefix(StripePage.limitDefault).map { json($0, inner["data"] ?? .none) }
            let hasMore = rows.count > StripePage.limitDefault
            members.append(("payments", StripePage.list(data, hasMore: hasMore, url: "/v1/invoice_payments")))
        }
        return .object(members)
    }

    private func amounts(
        _ row: StripeInvoiceRecord, balance: Int64, due: Int64
    ) -> [(key: String, value: StripeJSON)] {
        let withoutTax = row.subtotal - row.inclusiveTax
        let discounts = row.discount.map { Self.discounts(row.discountAmount, $0) } ?? []
        let taxes = Self.totals(of: row.lines.flatMap(\.taxes)).map { Self.json($0) }
        let automaticTax: StripeJSON = [
            "disabled_reason": .null, "enabled": .bool(row.isAutomaticTax), "liability": .null, "provider": .null,
            "status": .null,
        ]
        return [
            ("amount_due", .whole(due)), ("amount_overpaid", .whole(row.amountOverpaid)),
            ("amount_paid", .whole(row.amountPaid)), ("amount_paid_off_stripe", .whole(row.amountPaidOffStripe)),
            ("amount_remaining", .whole(max(0, due - row.amountPaid))), ("amount_shipping", .whole(0)),
            ("attempt_count", .whole(row.attemptCount)), ("attempted", .bool(row.attemptCount > 0)),
            ("auto_advance", .bool(row.isAutoAdvance)), ("automatic_tax", automaticTax),
            ("ending_balance", .integer(row.endingBalance)), ("starting_balance", .whole(balance)),
            ("post_payment_credit_notes_amount", .whole(row.postPaymentCredit)),
            ("pre_payment_credit_notes_amount", .whole(row.prePaymentCredit)),
            ("subtotal", .whole(row.subtotal)), ("subtotal_excluding_tax", .whole(withoutTax)),
            ("total", .whole(row.total)), ("total_discount_amounts", .array(discounts)),
            ("total_excluding_tax", .whole(withoutTax - row.discountAmount)),
            ("total_pretax_credit_amounts", []), ("total_taxes", .array(taxes)),
        ]
    }

    private static func discounts(_ amount: Int64, _ discount: StripeDiscountRecord) -> [StripeJSON] {
        [["amount": .whole(amount), "discount": .string(discount.id)]]
    }

    /// Everything of an invoice that is not an amount.
    private func heading(
        _ row: StripeInvoiceRecord, _ expand: StripeExpansion
    ) -> [(key: String, value: StripeJSON)] {
        let customer = row.frozenCustomer ?? customers[row.customer]
        let mode = isLive ? "live" : "test"
        let hosted = row.hostedKey.map { "https://invoice.stripe.com/i/\(account)/\(mode)_\($0)" }
        let methods: StripeJSON =
            row.paymentMethodTypes.isEmpty ? .null : .array(row.paymentMethodTypes.map { .string($0) })
        let fields: [StripeJSON] = row.customFields.map { ["name": .string($0.name), "value": .string($0.value)] }
        let taxIDs: [StripeJSON] = (customer?.taxIDs ?? []).map {
            ["type": .string($0.type), "value": .string($0.value)]
        }
        return [
            ("id", .string(row.id)), ("object", "invoice"), ("account_country", .string(country)),
            ("account_name", .string("Sandbox " + account)), ("account_tax_ids", .null), ("application", .null),
            ("billing_reason", "manual"), ("collection_method", .string(row.collectionMethod)),
            ("created", .whole(row.created)), ("currency", .string(row.currency)),
            ("custom_fields", fields.isEmpty ? .null : .array(fields)),
            ("customer", reference(customer: row.customer, expand["customer"])), ("customer_account", .null),
            ("customer_address", Self.address(customer?.address)), ("customer_email", .text(customer?.email)),
            ("customer_name", .text(customer?.name)), ("customer_phone", .text(customer?.phone)),
            ("customer_shipping", .null), ("customer_tax_exempt", .string(customer?.taxExempt ?? "none")),
            ("customer_tax_ids", .array(taxIDs)), ("default_payment_method", .null), ("default_source", .null),
            ("default_tax_rates", []), ("description", .text(row.description)),
            ("discounts", .array(row.discount.map { [.string($0.id)] } ?? [])),
            ("due_date", .integer(row.dueDate)), ("effective_at", .integer(row.effectiveAt)),
            ("footer", .text(row.footer)), ("from_invoice", .null), ("hosted_invoice_url", .text(hosted)),
            ("invoice_pdf", .text(hosted.map { $0 + "/pdf" })), ("issuer", ["type": "self"]),
            ("last_finalization_error", .null), ("latest_revision", .null), ("lines", lines(of: row)),
            ("livemode", .bool(isLive)), ("metadata", .map(row.metadata)), ("next_payment_attempt", .null),
            ("number", .text(row.number)), ("on_behalf_of", .null), ("parent", .null),
            (
                "payment_settings",
                ["default_mandate": .null, "payment_method_options": .null, "payment_method_types": methods]
            ),
            ("period_end", .whole(row.created)), ("period_start", .whole(row.created)), ("receipt_number", .null),
            (
                "rendering",
                row.amountTaxDisplay.map {
                    ["amount_tax_display": .string($0), "pdf": .null, "template": .null, "template_version": .null]
                } ?? .null
            ),
            ("shipping_cost", .null), ("shipping_details", .null),
            ("statement_descriptor", .text(row.statementDescriptor)), ("status", .string(row.status)),
            (
                "status_transitions",
                [
                    "finalized_at": .integer(row.finalizedAt),
                    "marked_uncollectible_at": .integer(row.uncollectibleAt), "paid_at": .integer(row.paidAt),
                    "voided_at": .integer(row.voidedAt),
                ]
            ),
            ("test_clock", .null), ("webhooks_delivered_at", .integer(row.finalizedAt)),
        ]
    }

    private func lines(of row: StripeInvoiceRecord) -> StripeJSON {
        let shown = row.lines.prefix(Self.linesShown).map { json($0, of: row) }
        return StripePage.list(
            shown, hasMore: row.lines.count > Self.linesShown, url: "/v1/invoices/\(row.id)/lines")
    }

    func json(_ line: StripeLineRecord, of invoice: StripeInvoiceRecord) -> StripeJSON {
        [
            "id": .string(line.id), "object": "line_item", "amount": .whole(line.amount),
            "currency": .string(invoice.currency), "description": .text(line.description),
            "discount_amounts": .array(
                line.discountAmount == 0
                    ? [] : invoice.discount.map { Self.discounts(line.discountAmount, $0) } ?? []),
            "discountable": .bool(line.isDiscountable), "discounts": [], "invoice": .string(invoice.id),
            "livemode": .bool(isLive), "metadata": .map(line.metadata),
            "parent": [
                "invoice_item_details": [
                    "invoice_item": .string(line.itemID), "proration": .bool(false),
                    "proration_details": ["credited_items": .null], "subscription": .null,
                ],
                "subscription_item_details": .null, "type": "invoice_item_details",
            ],
            "period": ["end": .whole(line.periodEnd), "start": .whole(line.periodStart)],
            "pretax_credit_amounts": [],
            "pricing": [
                "price_details": ["price": .string(line.priceID), "product": .string(line.productID)],
                "type": "price_details", "unit_amount_decimal": .string(line.unitAmount),
            ],
            "quantity": .whole(line.quantity), "quantity_decimal": .string(String(line.quantity)),
            "subscription": .null, "subtotal": .whole(line.amount), "taxes": .array(line.taxes.map(Self.json)),
        ]
    }

    static func json(_ tax: StripeTaxRecord) -> StripeJSON {
        [
            "amount": .whole(tax.amount), "tax_behavior": tax.isInclusive ? "inclusive" : "exclusive",
            "tax_rate_details": ["tax_rate": .string(tax.rateID)], "taxability_reason": .string(tax.reason),
            "taxable_amount": .whole(tax.taxable), "type": "tax_rate_details",
        ]
    }

    /// One row per rate, direction and reason, in the order of the lines.
    static func totals(of taxes: [StripeTaxRecord]) -> [StripeTaxRecord] {
        var totals: [StripeTaxRecord] = []
        for tax in taxes {
            let same = totals.firstIndex {
                $0.rateID == tax.rateID && $0.isInclusive == tax.isInclusive && $0.reason == tax.reason
            }
            if let same {
                totals[same].amount += tax.amount
                totals[same].taxable += tax.taxable
            } else {
                totals.append(tax)
            }
        }
        return totals
    }
}
