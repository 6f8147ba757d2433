/// Credit notes: first they lower what an open invoice lacks, and what goes beyond that is given back.
extension StripeBook {
    mutating func createCreditNote(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let form = call.form
        let id = form.text("invoice") ?? ""
        guard let row = invoices[id] else { throw .noSuch("invoice", id, param: "invoice") }
        // A choice: the description says "a finalized invoice"; void and uncollectible ones are refused here.
        guard row.status == "open" || row.status == "paid" else {
            throw .state("You can only create a credit note for an open or paid invoice. This one is \(row.status).")
        }
        var note = StripeCreditNoteRecord(
            id: "", created: now, invoice: id, customer: row.customer, currency: row.currency, number: "",
            lines: try creditLines(form, of: row), prePayment: 0, postPayment: 0,
            creditAmount: form.whole("credit_amount") ?? 0, outOfBandAmount: form.whole("out_of_band_amount") ?? 0,
            refunds: try linkedRefunds(form, of: row), memo: form.text("memo"), reason: form.text("reason"),
            emailType: form.text("email_type") ?? "credit_note", effectiveAt: form.whole("effective_at") ?? now,
            metadata: merged([:], form))
        guard note.total > 0 else { throw .state("The credit note's total must be greater than 0.") }
        let creditable = creditable(of: row, linking: note.refunds)
        guard note.total <= creditable else {
            throw .state(
                "The total of the credit note (\(note.total)) is more than the creditable amount (\(creditable)).")
        }
        note.prePayment = row.status == "open" ? min(note.total, row.amountRemaining) : 0
        note.postPayment = note.total - note.prePayment
        let toRefund = form.whole("refund_amount") ?? 0
        let linked = note.refunds.reduce(0) { $0 + $1.amount }
        let parts = [toRefund, linked, note.creditAmount, note.outOfBandAmount]
        guard parts.allSatisfy({ $0 >= 0 }), parts.reduce(0, +) == note.postPayment else {
            throw .state(
                "The sum of credit amount, refund amount and out of band amount must equal the post-payment amount "
                    + "(\(note.postPayment)).")
        }
        if toRefund > 0 { note.refunds.append((try refund(toRefund, of: row), toRefund)) }
        return issue(note, on: row, call.expand)
    }

    private mutating func issue(
        _ draft: StripeCreditNoteRecord, on invoice: StripeInvoiceRecord, _ expand: StripeExpansion
    ) -> StripeJSON {
        var (note, row) = (draft, invoice)
        let earlier = creditNotes.all.filter { $0.invoice == row.id }.count + 1
        note.id = makeID("cn")
        note.number = "\(row.number ?? row.id)-CN-\(earlier < 10 ? "0" : "")\(earlier)"
        for index in note.lines.indices { note.lines[index].id = makeID("cnli") }
        creditNotes.add(note)
        emit("credit_note.created", json(note))
        row.prePaymentCredit += note.prePayment
        row.postPaymentCredit += note.postPayment
        changeBalance(of: row.customer, by: -note.creditAmount, row.currency)
        if row.status == "open", row.amountRemaining == 0 {
            row.status = "paid"
            row.paidAt = now
            store(row, emitting: "invoice.updated", "invoice.paid")
        } else {
            store(row, emitting: "invoice.updated")
        }
        synchronise(row)
        return json(note, expand)
    }

    /// What credit notes and refunds have not given back yet. A refund that a note is linked to counts once.
    private func creditable(of row: StripeInvoiceRecord, linking linked: [(refund: String, amount: Int64)]) -> Int64 {
        let notes = creditNotes.all.filter { $0.invoice == row.id && $0.status == "issued" }
        let known = Set((notes.flatMap(\.refunds) + linked).map(\.refund))
        let intents = Set(payments(of: row.id).compactMap(\.paymentIntent))
        let refunded = refunds.all.filter { intents.contains($0.paymentIntent) && !$0.isUndone }
        let apart = refunded.filter { !known.contains($0.id) }.reduce(0) { $0 + $1.amount }
        return row.total - row.prePaymentCredit - row.postPaymentCredit - apart
    }

    private func linkedRefunds(
        _ form: StripeForm, of row: StripeInvoiceRecord
    ) throws(StripeFailure) -> [(refund: String, amount: Int64)] {
        var linked: [(refund: String, amount: Int64)] = []
        for (position, entry) in form.list("refunds").enumerated() {
            let param = "refunds[\(position)][refund]"
            guard let id = entry.text("refund") else { throw .missing(param) }
            guard let refund = refunds[id], !refund.isUndone,
                payments(of: row.id).contains(where: { $0.paymentIntent == refund.paymentIntent })
            else { throw .noSuch("refund", id, param: param) }
            let amount = entry.whole("amount_refunded") ?? refund.amount
            let taken = creditNotes.all.filter { $0.status == "issued" }.flatMap(\.refunds)
                .reduce(0) { $0 + ($1.refund == id ? $1.amount : 0) }
            guard amount > 0, amount <= refund.amount - taken else {
                throw .state("The refund \(id) has only \(refund.amount - taken) left to link.", param: param)
            }
            linked.append((id, amount))
        }
        return linked
    }

    private mutating func refund(_ amount: Int64, of row: StripeInvoiceRecord) throws(StripeFailure) -> String {
        let intents = Set(payments(of: row.id).compactMap(\.paymentIntent))
        let charge = charges.all.last {
            intents.contains($0.paymentIntent) && $0.isSuccess && $0.amount - $0.amountRefunded >= amount
        }
        guard let charge else {
            throw .state("There is no charge on this invoice that can be refunded.", param: "refund_amount")
        }
        do {
            return try refund(charge.id, amount: amount, reason: nil, isPending: false)
        } catch {
            throw .state(error.description, param: "refund_amount")
        }
    }

    private func creditLines(
        _ form: StripeForm, of row: StripeInvoiceRecord
    ) throws(StripeFailure) -> [StripeCreditNoteRecord.Line] {
        let given = form.list("lines")
        if form.has("amount") == !given.isEmpty {
            throw .parameter("amount", "You must specify one of these parameters: amount, lines.")
        }
        if let amount = form.whole("amount") {
            try StripeCurrencyRules.check(amount, currency: row.currency, param: "amount")
            // A choice: one line without tax.
            return [
                .init(id: "", created: now, amount: amount, quantity: 1, unitAmount: amount, metadata: [:], taxes: [])
            ]
        }
        var lines: [StripeCreditNoteRecord.Line] = []
        for (position, line) in given.enumerated() {
            let path = "lines[\(position)]"
            if let rate = line.texts("tax_rates").first {
                throw .noSuch("tax rate", rate, param: "\(path)[tax_rates][0]")
            }
            let isCustom = line.text("type") == "custom_line_item"
            let made = isCustom ? try customLine(line, path) : try creditedLine(line, of: row, path, after: lines)
            try StripeCurrencyRules.check(made.amount, currency: row.currency, param: path)
            for tax in made.taxes {
                try StripeCurrencyRules.check(tax.amount, currency: row.currency, param: "\(path)[tax_amounts]")
            }
            lines.append(made)
        }
        return lines
    }

    private func customLine(
        _ line: StripeForm, _ path: String
    ) throws(StripeFailure) -> StripeCreditNoteRecord.Line {
        for name in ["amount", "invoice_line_item"] where line.has(name) {
            throw .parameter("\(path)[\(name)]", "\(name) is only valid when the type is 'invoice_line_item'.")
        }
        guard let text = line.text("description") else { throw .missing("\(path)[description]") }
        guard let unit = line.whole("unit_amount") else { throw .missing("\(path)[unit_amount]") }
        guard let quantity = line.whole("quantity") else { throw .missing("\(path)[quantity]") }
        let product = unit.multipliedReportingOverflow(by: quantity)
        guard !product.overflow else { throw .parameter("\(path)[quantity]", "The amount is too large.") }
        return .init(
            id: "", created: now, amount: product.partialValue, quantity: quantity, unitAmount: unit,
            description: text, metadata: line.map("metadata"), taxes: try givenTaxes(line, path) ?? [])
    }

    /// Of a line of the invoice: an amount, or a quantity of it. Without tax amounts the line's taxes are credited in
    /// the same proportion, rounded to the nearest unit (a choice).
    private func creditedLine(
        _ line: StripeForm, of row: StripeInvoiceRecord, _ path: String, after others: [StripeCreditNoteRecord.Line]
    ) throws(StripeFailure) -> StripeCreditNoteRecord.Line {
        guard let id = line.text("invoice_line_item") else { throw .missing("\(path)[invoice_line_item]") }
        guard let billed = row.lines.first(where: { $0.id == id }) else {
            throw .noSuch("invoice line item", id, param: "\(path)[invoice_line_item]")
        }
        if line.has("amount") == line.has("quantity") {
            throw .parameter("\(path)[amount]", "You must specify one of these parameters: amount, quantity.")
        }
        let quantity = line.whole("quantity")
        let amount = line.whole("amount") ?? Self.share(billed.amount, quantity ?? 0, of: billed.quantity)
        let notes = creditNotes.all.filter { $0.invoice == row.id && $0.status == "issued" }
        let earlier = (notes.flatMap(\.lines) + others).filter { $0.invoiceLine == id }.reduce(0) { $0 + $1.amount }
        // A line that takes away is credited with its own sign.
        guard amount.signum() == billed.amount.signum(), (amount + earlier).magnitude <= billed.amount.magnitude else {
            throw .state("Only \(billed.amount - earlier) of this line is left to be credited.", param: path)
        }
        let taxes = billed.taxes.map { tax in
            var part = tax
            part.amount = Self.share(tax.amount, amount, of: billed.amount)
            part.taxable = Self.share(tax.taxable, amount, of: billed.amount)
            return part
        }
        return .init(
            id: "", created: now, invoiceLine: id, amount: amount, quantity: quantity,
            description: line.text("description") ?? billed.description, metadata: line.map("metadata"),
            taxes: try givenTaxes(line, path) ?? taxes)
    }

    /// The rate must be one that Stripe made for tax amounts of an invoice.
    private func givenTaxes(_ line: StripeForm, _ path: String) throws(StripeFailure) -> [StripeTaxRecord]? {
        guard line.has("tax_amounts") else { return nil }
        var taxes: [StripeTaxRecord] = []
        for (position, tax) in line.list("tax_amounts").enumerated() {
            let rate = tax.text("tax_rate") ?? ""
            let known = invoices.all.lazy.flatMap { $0.lines.flatMap(\.taxes) }.first { $0.rateID == rate }
            guard let known else {
                throw .noSuch("tax rate", rate, param: "\(path)[tax_amounts][\(position)][tax_rate]")
            }
            taxes.append(
                StripeTaxRecord(
                    rateID: rate, amount: tax.whole("amount") ?? 0, taxable: tax.whole("taxable_amount") ?? 0,
                    isInclusive: known.isInclusive, reason: known.reason))
        }
        return taxes
    }

    /// `amount` x `part` / `whole`, rounded to the nearest, halves away from zero.
    private static func share(_ amount: Int64, _ part: Int64, of whole: Int64) -> Int64 {
        guard whole != 0 else { return 0 }
        let product = amount.magnitude.multipliedFullWidth(by: part.magnitude)
        guard product.high < whole.magnitude else { return Int64.max }
        let (quotient, rest) = whole.magnitude.dividingFullWidth(product)
        let rounded = Int64(clamping: quotient + (rest >= whole.magnitude - rest ? 1 : 0))
        return amount.signum() * part.signum() * whole.signum() < 0 ? -rounded : rounded
    }

    /// A choice: only while the invoice is open, and only a note that gave nothing back yet.
    mutating func voidCreditNote(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard var note = creditNotes[call.id] else { throw .absent("credit note", call.id) }
        guard note.status == "issued" else { throw .state("This credit note is already void.") }
        guard var row = invoices[note.invoice], row.status == "open", note.postPayment == 0 else {
            throw .state("You can only void a credit note of an open invoice that has not been refunded or credited.")
        }
        note.status = "void"
        note.voidedAt = now
        creditNotes[note.id] = note
        row.prePaymentCredit -= note.prePayment
        emit("credit_note.voided", json(note))
        store(row, emitting: "invoice.updated")
        synchronise(row)
        return json(note, call.expand)
    }

    func retrieveCreditNote(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard let note = creditNotes[call.id] else { throw .absent("credit note", call.id) }
        return json(note, call.expand)
    }

    func listCreditNotes(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        let form = call.form
        let rows = creditNotes.newestFirst.filter {
            form.allows("invoice", equal: $0.invoice) && form.allows("customer", equal: $0.customer)
                && form.allows("created", $0.created)
        }
        let inner = call.expand["data"] ?? .none
        return try StripePage.cut(rows, form, noun: "credit note", url: "/v1/credit_notes") { json($0, inner) }
    }

    func listCreditNoteLines(_ call: StripeCall) throws(StripeFailure) -> StripeJSON {
        guard let note = creditNotes[call.id] else { throw .absent("credit note", call.id) }
        let url = "/v1/credit_notes/\(note.id)/lines"
        return try StripePage.cut(note.lines, call.form, noun: "credit note line", url: url) { json($0) }
    }
}
