/// The shapes of versions before basil (2025-03-31), in which a charge names its invoice and an invoice its charge.
/// Expansions are those of the new shape, and what a state of long ago had is not told: only members that moved or
/// went are.
extension StripeBook {
    private static let basil = "2025-03-31"

    /// `json` as `version` shows it.
    func shaped(_ json: StripeJSON, for version: String) -> StripeJSON {
        version.prefix(Self.basil.count) < Self.basil ? beforeBasil(json) : json
    }

    private func beforeBasil(_ json: StripeJSON) -> StripeJSON {
        switch json {
        case .array(let items): return .array(items.map(beforeBasil))
        case .object(let members):
            let inner = StripeJSON.object(members.map { (key: $0.key, value: beforeBasil($0.value)) })
            guard case .string(let kind) = inner["object"], case .string(let id) = inner["id"] else { return inner }
            switch kind {
            case "invoice": return invoices[id].map { oldInvoice(inner, $0) } ?? inner
            case "line_item": return oldLine(inner)
            case "credit_note": return creditNotes[id].map { oldCreditNote(inner, $0) } ?? inner
            case "payment_intent": return inner.with([("invoice", .text(intents[id]?.invoice))], without: [])
            case "charge":
                let invoice = charges[id].flatMap { intents[$0.paymentIntent]?.invoice }
                return inner.with([("invoice", .text(invoice))], without: [])
            default: return inner
            }
        default: return json
        }
    }

    /// The intent and the charge are those of now, also in an event of before: an event keeps no second snapshot.
    private func oldInvoice(_ json: StripeJSON, _ row: StripeInvoiceRecord) -> StripeJSON {
        let intent = payments(of: row.id).first(where: \.isDefault)?.paymentIntent
        let taxes = row.lines.flatMap(\.taxes)
        let isPaid: Bool = if case .string("paid") = json["status"] { true } else { false }
        let sum = taxes.reduce(0) { $0 + $1.amount }
        let paid = row.amountPaid - row.amountPaidOffStripe
        return json.with(
            [
                ("amount_paid", .whole(paid)), ("application_fee_amount", .null),
                ("charge", .text(intent.flatMap { intents[$0]?.latestCharge })), ("discount", .null),
                ("paid", .bool(isPaid)), ("paid_out_of_band", .bool(isPaid && row.amountPaidOffStripe > 0)),
                ("payment_intent", .text(intent)), ("quote", .null), ("subscription", .null),
                ("tax", taxes.isEmpty ? .null : .whole(sum)),
                ("total_tax_amounts", .array(Self.totals(of: taxes).map { Self.oldTax($0) })),
                ("transfer_data", .null),
            ],
            without: ["amount_overpaid", "amount_paid_off_stripe", "parent", "payments", "total_taxes"])
    }

    private static func oldTax(_ tax: StripeTaxRecord) -> StripeJSON {
        [
            "amount": .whole(tax.amount), "inclusive": .bool(tax.isInclusive), "tax_rate": .string(tax.rateID),
            "taxability_reason": .string(tax.reason), "taxable_amount": .whole(tax.taxable),
        ]
    }

    private func oldLine(_ json: StripeJSON) -> StripeJSON {
        guard case .string(let invoice) = json["invoice"], case .string(let id) = json["id"],
            let line = invoices[invoice]?.lines.first(where: { $0.id == id })
        else { return json }
        let inclusive = line.taxes.reduce(0) { $0 + ($1.isInclusive ? $1.amount : 0) }
        return json.with(
            [
                ("amount_excluding_tax", .whole(line.amount - inclusive)), ("invoice_item", .string(line.itemID)),
                ("plan", .null),
                (
                    "price",
                    [
                        "id": .string(line.priceID), "object": "price", "product": .string(line.productID),
                        "unit_amount_decimal": .string(line.unitAmount),
                    ]
                ),
                ("proration", .bool(false)), ("tax_amounts", .array(line.taxes.map(Self.oldTax))),
                ("tax_rates", []), ("type", "invoiceitem"),
            ], without: ["parent", "pricing", "quantity_decimal", "subtotal", "taxes"])
    }

    private func oldCreditNote(_ json: StripeJSON, _ row: StripeCreditNoteRecord) -> StripeJSON {
        let taxes = Self.totals(of: row.lines.flatMap(\.taxes)).map { Self.oldTax($0) }
        return json.with(
            [("refund", .text(row.refunds.first?.refund)), ("tax_amounts", .array(taxes))],
            without: ["post_payment_amount", "pre_payment_amount", "refunds", "total_taxes"])
    }
}

extension StripeJSON {
    /// A copy of an object with these members, and without those.
    fileprivate func with(_ added: [(key: String, value: StripeJSON)], without removed: Set<String>) -> StripeJSON {
        guard case .object(let members) = self else { return self }
        let replaced = removed.union(added.map(\.key))
        return .object(members.filter { !replaced.contains($0.key) } + added)
    }
}
