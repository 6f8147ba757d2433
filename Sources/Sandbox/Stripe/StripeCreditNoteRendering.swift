extension StripeBook {
    func json(_ row: StripeCreditNoteRecord, _ expand: StripeExpansion = .none) -> StripeJSON {
        let type = row.postPayment == 0 ? "pre_payment" : row.prePayment == 0 ? "post_payment" : "mixed"
        let refunds: [StripeJSON] = row.refunds.map {
            [
                "amount_refunded": .whole($0.amount), "payment_record_refund": .null, "refund": .string($0.refund),
                "type": "refund",
            ]
        }
        let lines = row.lines.prefix(StripePage.limitDefault).map { json($0) }
        let taxes = Self.totals(of: row.lines.flatMap(\.taxes)).map { Self.json($0) }
        return [
            "id": .string(row.id), "object": "credit_note", "amount": .whole(row.total), "amount_shipping": .whole(0),
            "created": .whole(row.created), "currency": .string(row.currency),
            "customer": reference(customer: row.customer, expand["customer"]), "customer_account": .null,
            "customer_balance_transaction": .null, "discount_amount": .whole(0), "discount_amounts": [],
            "effective_at": .whole(row.effectiveAt), "invoice": reference(invoice: row.invoice, expand["invoice"]),
            "lines": StripePage.list(
                lines, hasMore: row.lines.count > lines.count, url: "/v1/credit_notes/\(row.id)/lines"),
            "livemode": .bool(isLive), "memo": .text(row.memo), "metadata": .map(row.metadata),
            "number": .string(row.number), "out_of_band_amount": .integer(row.outOfBandAmount),
            "pdf": .string("https://pay.stripe.com/credit_notes/\(account)/\(row.id)/pdf"),
            "post_payment_amount": .whole(row.postPayment), "pre_payment_amount": .whole(row.prePayment),
            "pretax_credit_amounts": [], "reason": .text(row.reason), "refunds": .array(refunds),
            "shipping_cost": .null, "status": .string(row.status), "subtotal": .whole(row.subtotal),
            "subtotal_excluding_tax": .whole(row.subtotal - row.inclusiveTax), "total": .whole(row.total),
            "total_excluding_tax": .whole(row.subtotal - row.inclusiveTax), "total_taxes": .array(taxes),
            "type": .string(type), "voided_at": .integer(row.voidedAt),
        ]
    }

    func json(_ line: StripeCreditNoteRecord.Line) -> StripeJSON {
        var members: [(key: String, value: StripeJSON)] = [
            ("id", .string(line.id)), ("object", "credit_note_line_item"), ("amount", .whole(line.amount)),
            ("description", .text(line.description)), ("discount_amount", .whole(0)), ("discount_amounts", []),
            ("livemode", .bool(isLive)), ("metadata", .map(line.metadata)), ("pretax_credit_amounts", []),
            ("quantity", .integer(line.quantity)), ("tax_rates", []),
            ("taxes", .array(line.taxes.map { Self.json($0) })),
            ("type", line.invoiceLine == nil ? "custom_line_item" : "invoice_line_item"),
            ("unit_amount", .integer(line.unitAmount)),
            ("unit_amount_decimal", .text(line.unitAmount.map { String($0) })),
        ]
        if let id = line.invoiceLine { members.append(("invoice_line_item", .string(id))) }
        return .object(members)
    }
}
