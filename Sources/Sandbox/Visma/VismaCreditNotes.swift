/// Credit notes made through the API, and what becomes of drafts.
extension VismaLedger {
    private static let doing = "creating credit note"

    private func refusal(_ text: String) -> VismaProblem { .business(doing: Self.doing, text: text) }

    /// Creates an unreleased credit note from a `CustomerCreditNoteUpdateDto`. Prices are without VAT (a choice: the
    /// setting of a company's VAT codes decides that, and is not simulated); VAT is what the lines' codes say.
    mutating func createCreditNote(_ body: VismaBody) throws(VismaProblem) -> VismaDocument {
        guard let number = try body.text("customerNumber"), let customer = customer(number) else {
            throw refusal("'Customer' cannot be found in the system.")
        }
        let currency = try body.text("currencyId") ?? customer.seed.currency ?? company.baseCurrency
        let rate = try body.amount("exchangeRate", places: VismaDecimal.ratePlaces) ?? rate(of: currency, like: nil)
        let date = try body.date("documentDate") ?? VismaTime.date(localNow)
        let period = try period(body, ["financialPeriod", "postPeriod"], date: date)
        try demandOpen(period, in: .customers, doing: Self.doing, isRelease: false)
        let lines = try lines(body)
        let seed = VismaInvoiceSeed(
            customer: number, date: date, lines: lines, currency: currency,
            exchangeRate: VismaDecimal.text(rate, stored: VismaDecimal.ratePlaces, shown: VismaDecimal.ratePlaces),
            branch: try branch(body, "branchNumber", doing: Self.doing),
            state: try body.flag("hold") ?? false ? .hold : .balanced, note: try body.text("note"),
            externalReference: try body.text("externalReference"),
            customerRefNumber: try body.text("customerRefNumber"), invoiceText: try body.text("invoiceText"),
            marks: VismaInvoiceMarks(sendToAutoInvoice: try body.flag("sendToAutoInvoice") ?? false))
        let document: VismaDocument
        do {
            var drafted = try draft(seed, type: "CreditNote")
            drafted.period = period
            document = drafted
        } catch { throw refusal(error.description) }
        guard document.total > 0 else { throw refusal("The amount of the credit note must be more than zero.") }
        let uses = try uses(body, of: document)
        append(document)
        creditApplications += uses
        return document
    }

    private func lines(_ body: VismaBody) throws(VismaProblem) -> [VismaLineSeed] {
        var lines: [VismaLineSeed] = []
        for line in try body.insertions("lines") {
            let code = try line.text("vatCodeId")
            guard let vat = code == nil ? company.vatCodes.first : company.vatCodes.first(where: { $0.code == code })
            else { throw refusal("TaxCategoryID '\(code ?? "")' cannot be found in the system.") }
            let quantity = try line.amount("quantity") ?? VismaDecimal.one
            let price = try line.amount("unitPriceInCurrency")
            let manual = try line.amount("manualAmountInCurrency")
            guard let given = price ?? manual else { throw refusal("A line has neither a price nor an amount.") }
            lines.append(
                VismaLineSeed(
                    try line.text("description") ?? "", quantity: VismaDecimal.text(quantity),
                    unitPrice: VismaDecimal.text(given),
                    discountPercent: VismaDecimal.text(try line.amount("discountPercent") ?? 0), vat: vat,
                    inventoryNumber: try line.text("inventoryNumber"),
                    manualAmount: manual.map { VismaDecimal.text($0) },
                    account: try line.text("accountNumber") ?? "3000"))
        }
        guard !lines.isEmpty else { throw refusal("The document has no lines.") }
        return lines
    }

    /// The invoices that the credit note is to settle, VAT included; it happens with the release.
    private func uses(_ body: VismaBody, of note: VismaDocument) throws(VismaProblem) -> [VismaCreditApplication] {
        var uses: [VismaCreditApplication] = []
        for line in try body.insertions("applicationLines") {
            let number = try line.text("refNbr") ?? ""
            let type = try line.text("documentType") ?? "Invoice"
            let amount = try line.amount("amountPaid") ?? 0
            let application = VismaPaymentRecord.Application(type: type, number: number, amount: amount)
            let problem = applicationProblem(
                application, type: note.type, customer: note.customerID, currency: note.currency)
            if let problem { throw refusal(problem) }
            guard !uses.contains(where: { $0.invoice == number }) else {
                throw refusal("Document '\(number)' is applied twice.")
            }
            uses.append(
                .init(creditNote: note.number, invoice: number, amount: amount, date: note.date, isReleased: false))
        }
        guard uses.reduce(0, { $0 + $1.amount }) <= note.total else {
            throw refusal("The document is out of the balance: more is applied than the amount of the credit note.")
        }
        return uses
    }

    mutating func deleteDraft(_ document: VismaDocument) throws(VismaProblem) {
        guard document.isDraft, !document.isReleaseQueued else {
            let text = "The document cannot be deleted: its status is \(document.status)."
            throw .business(doing: "deleting document", text: text)
        }
        remove(document.key)
    }
}
