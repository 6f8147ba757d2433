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
        let document = try draft(seed, type: type)
        append(document)
        return document.number
    }

    /// The whole document with its number and VAT, not yet in the ledger. A choice: a discount of the whole document
    /// is a line like any other in the detail total, so that this is always the sum of the lines.
    mutating func draft(_ seed: VismaInvoiceSeed, type: String) throws(VismaSeedError) -> VismaDocument {
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
        return
            VismaDocument(
                type: type, number: number,
                status: seed.state == .released && total == 0 ? "Closed" : seed.state.rawValue,
                customerID: customer.internalID, currency: currency, rate: rate, date: date,
                period: VismaTime.period(of: date),
                dueDate: seed.dueDate ?? VismaTime.adding(days: seed.creditTerms.days, to: date),
                cashDiscountDate: seed.cashDiscountDate, cashDiscount: cashDiscount, lines: lines, taxes: taxes,
                total: total, balance: total, vatTotal: vat, detailTotal: detail,
                discountTotal: lines.reduce(0) { $0 + ($1.seed.lineType == "DS" ? -$1.amount : $1.discount) },
                taxableTotal: taxes.filter { !$0.vat.isExempt }.reduce(0) { $0 + $1.taxable },
                exemptTotal: taxes.filter(\.vat.isExempt).reduce(0) { $0 + $1.taxable }, rounding: total - exact,
                creditTerms: seed.creditTerms, branch: seed.branch ?? company.branches.first?.number ?? "1",
                note: seed.note, invoiceText: seed.invoiceText, externalReference: seed.externalReference,
                customerRefNumber: seed.customerRefNumber, paymentReference: seed.paymentReference,
                isRotRutDeductible: seed.isRotRutDeductible, marks: seed.marks, version: newVersion())
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
        let manual = try seed.manualAmount.map { text throws(VismaSeedError) in
            VismaDecimal.divide(Int128(try amount(text)), by: 1, step: step)
        }
        return VismaDocument.Line(
            seed: seed, quantity: quantity, unitPrice: price, discountPercent: percent,
            discount: manual == nil ? discount : 0, amount: manual ?? gross - discount)
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
}
