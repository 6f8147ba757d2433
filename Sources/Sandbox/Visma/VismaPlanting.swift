/// Planting: what a bookkeeper would have keyed in.
extension VismaLedger {
    mutating func plant(_ seed: VismaCustomerSeed) throws(VismaSeedError) -> String {
        let number = seed.number ?? nextNumber("Customer")
        guard customer(number) == nil else { throw VismaSeedError("customer \(number) is there already") }
        append(
            VismaCustomerRecord(
                internalID: 1000 + customers.count, number: number, seed: seed, version: newVersion()))
        return number
    }

    mutating func plant(_ seed: VismaInvoiceSeed, type: String) throws(VismaSeedError) -> String {
        guard let customer = customer(seed.customer) else {
            throw VismaSeedError("customer \(seed.customer) is not there")
        }
        guard let date = VismaTime.parseDate(seed.date) else { throw VismaSeedError("\(seed.date) is no date") }
        let currency = seed.currency ?? company.baseCurrency
        guard let rate = VismaDecimal.parse(seed.exchangeRate, places: VismaDecimal.ratePlaces), rate > 0 else {
            throw VismaSeedError("\(seed.exchangeRate) is no exchange rate")
        }
        let number = seed.number ?? nextNumber(type)
        guard document("\(type):\(number)") == nil else { throw VismaSeedError("\(type) \(number) is there already") }
        let step = VismaDecimal.step(of: currency)
        var lines: [VismaDocument.Line] = []
        for line in seed.lines { lines.append(try Self.calculate(line, step: step)) }
        let taxes = try Self.taxes(lines, isInclusive: seed.pricesIncludeVAT, step: step)
        let detail = lines.reduce(0) { $0 + $1.amount }
        let vat = taxes.reduce(0) { $0 + $1.amount }
        let exact = seed.pricesIncludeVAT ? detail : detail + vat
        let total =
            try seed.roundTotalTo.map { unit throws(VismaSeedError) in
                VismaDecimal.divide(Int128(exact), by: 1, step: try Self.amount(unit))
            } ?? exact
        let cashDiscount = try Self.amount(seed.cashDiscount)
        append(
            VismaDocument(
                type: type, number: number,
                status: seed.state == .released && total == 0 ? "Closed" : seed.state.rawValue,
                customerID: customer.internalID, currency: currency, rate: rate, date: date,
                dueDate: seed.dueDate ?? VismaTime.adding(days: seed.creditTerms.days, to: date),
                cashDiscountDate: seed.cashDiscountDate, cashDiscount: cashDiscount, lines: lines, taxes: taxes,
                total: total, balance: total, vatTotal: vat, detailTotal: detail,
                discountTotal: lines.reduce(0) { $0 + $1.discount },
                taxableTotal: taxes.filter { !$0.vat.isExempt }.reduce(0) { $0 + $1.taxable },
                exemptTotal: taxes.filter(\.vat.isExempt).reduce(0) { $0 + $1.taxable }, rounding: total - exact,
                creditTerms: seed.creditTerms, branch: seed.branch ?? company.branches.first?.number ?? "1",
                note: seed.note, externalReference: seed.externalReference, paymentReference: seed.paymentReference,
                paymentMethod: seed.paymentMethod, isRotRutDeductible: seed.isRotRutDeductible,
                version: newVersion()))
        return number
    }

    static func amount(_ text: String) throws(VismaSeedError) -> Int64 {
        guard let amount = VismaDecimal.parse(text) else { throw VismaSeedError("\(text) is no amount") }
        return amount
    }

    private static func calculate(
        _ seed: VismaLineSeed, step: Int64
    ) throws(VismaSeedError) -> VismaDocument.Line {
        let quantity = try amount(seed.quantity)
        let price = try amount(seed.unitPrice)
        let percent = try amount(seed.discountPercent)
        let one = Int128(VismaDecimal.one)
        let gross = VismaDecimal.divide(Int128(quantity) * Int128(price), by: one, step: step)
        let discount = VismaDecimal.divide(Int128(gross) * Int128(percent), by: 100 * one, step: step)
        return VismaDocument.Line(
            seed: seed, quantity: quantity, unitPrice: price, discountPercent: percent, discount: discount,
            amount: gross - discount)
    }

    /// VAT per code, calculated on the document's sum of that code and rounded once.
    private static func taxes(
        _ lines: [VismaDocument.Line], isInclusive: Bool, step: Int64
    ) throws(VismaSeedError) -> [VismaDocument.Tax] {
        var sums: [(vat: VismaVATSeed, sum: Int64)] = []
        for line in lines {
            if let position = sums.firstIndex(where: { $0.vat == line.seed.vat }) {
                sums[position].sum += line.amount
            } else {
                sums.append((line.seed.vat, line.amount))
            }
        }
        var taxes: [VismaDocument.Tax] = []
        for (vat, sum) in sums {
            let rate = try amount(vat.rate)
            let hundred = 100 * Int128(VismaDecimal.one)
            let divisor = isInclusive ? hundred + Int128(rate) : hundred
            let tax = VismaDecimal.divide(Int128(sum) * Int128(rate), by: divisor, step: step)
            taxes.append(.init(vat: vat, rate: rate, taxable: isInclusive ? sum - tax : sum, amount: tax))
        }
        return taxes
    }

    /// A payment that a bookkeeper keyed in, or the bank delivered: released at once.
    mutating func plantPayment(
        invoice: String, amount text: String, date: String?, reference: String, cashAccount: String?
    ) throws(VismaSeedError) -> String {
        guard let document = document("Invoice:\(invoice)"), document.status == "Open" else {
            throw VismaSeedError("invoice \(invoice) is not there or not open")
        }
        let amount = try Self.amount(text)
        guard amount > 0 else { throw VismaSeedError("a payment is more than zero") }
        let account = company.cashAccounts.first {
            $0.currency == document.currency && (cashAccount == nil || $0.number == cashAccount)
        }
        guard let account else { throw VismaSeedError("no cash account in \(document.currency)") }
        let number = nextNumber("Payment")
        append(
            VismaPaymentRecord(
                type: "Payment", number: number, status: "Balanced", date: date ?? VismaTime.date(localNow),
                reference: reference, customerID: document.customerID, method: company.paymentMethods.first?.id ?? "1",
                cashAccount: account.number, currency: account.currency, amount: amount, charges: 0, text: nil,
                branch: document.branch,
                applications: [.init(type: "Invoice", number: invoice, amount: min(amount, document.balance))],
                version: newVersion()))
        applyRelease("Payment:\(number)")
        return number
    }

    /// Uses a credit note on an invoice of the same customer and currency.
    mutating func apply(creditNote: String, to invoice: String, amount text: String) throws(VismaSeedError) {
        let amount = try Self.amount(text)
        guard let note = document("CreditNote:\(creditNote)"), let target = document("Invoice:\(invoice)"),
            note.status == "Open", target.status == "Open", note.customerID == target.customerID,
            note.currency == target.currency, amount > 0, amount <= note.balance, amount <= target.balance
        else { throw VismaSeedError("credit note \(creditNote) cannot be used on invoice \(invoice)") }
        creditApplications.append(
            .init(creditNote: creditNote, invoice: invoice, amount: amount, date: VismaTime.date(localNow)))
        reduce("CreditNote:\(creditNote)", by: amount)
        reduce("Invoice:\(invoice)", by: amount)
    }
}
