import Domain
import Foundation

/// The two amounts of a document do not fit its exchange rate: one of the facts about them is wrong.
struct AmountsDisagree: Error {
    var field: String
}

extension VismaMapping {
    /// A document of a single read. Its amounts are the `…InCurrency` fields in `currencyId`; Visma's own description
    /// says the reverse, so the bare twin is held against them.
    static func receivable(_ row: InvoiceDTO, requested: DocumentRef, etag: String?) throws -> Receivable {
        let currency = try currency(row.currency)
        guard let customer = row.customer, let customerNumber = customer.code else {
            throw FieldMissing(field: "customer")
        }
        guard let documentDate = LocalDate(row.documentDate) else { throw FieldMissing(field: "documentDate") }
        let sides = Sides(currency: currency, rate: row.exchangeRate?.value)
        let (total, balance) = try totals(of: row, sides)
        let vatTotal = try sides.money(row.vatTotal, mayBeMissing: true, parts: row.taxes.count)
        let discount = (row.cashDiscount.inCurrency ?? row.cashDiscount.bare)?.value ?? 0
        var receivable = Receivable(
            document: requested, status: row.status,
            customer: .init(number: VismaCustomerNumber(customerNumber), name: customer.name ?? customerNumber),
            branch: row.branch, location: row.location, currency: currency, documentDate: documentDate,
            dueDate: row.dueDate.flatMap { LocalDate($0) }, total: total, balance: balance, vatTotal: vatTotal,
            rounding: try rounded(row.rounding?.value ?? 0, "roundingDiff", currency),
            lines: try lines(row, sides, currency), taxes: try taxes(row, sides, currency),
            applications: try applications(row, sides, currency), note: row.note,
            attachmentNames: row.attachmentNames, paymentReference: row.paymentReference,
            isRotRutDeductible: row.isRotRutDeductible,
            etag: etag ?? row.stamp.map { "\"\($0)\"" },
            version: RowVersion(modified: row.modified ?? "", stamp: row.stamp ?? ""))
        receivable.paymentMethod = row.paymentMethod
        receivable.hasDirectDebitMandate = row.hasDirectDebitMandate
        receivable.isEInvoice = row.sendsToAutoInvoice
        receivable.isWithDebtCollector = row.hasDebtCollectionCase
        receivable.isDunningStopped = row.excludesDebtCollection
        // Visma dates every document's discount, also that of a document without one.
        if discount > 0 { receivable.cashDiscountUntil = row.cashDiscountDate.flatMap { LocalDate($0) } }
        receivable.customerReference = row.customerReference
        receivable.documentDiscount = try documentDiscount(row, sides)
        return receivable
    }

    /// A discount whose side is not known is not used: what then does not add up is refused.
    private static func documentDiscount(_ row: InvoiceDTO, _ sides: Sides) throws -> Money? {
        let bare = sides.isAtPar ? row.discountTotal.bare : nil
        guard let discount = row.discountTotal.inCurrency ?? bare else { return nil }
        return try rounded(discount.value, "discountTotal", sides.currency)
    }

    /// In the document's currency.
    static func totals(of row: InvoiceDTO, _ sides: Sides) throws -> (total: Money, balance: Money) {
        let parts = row.lines.count
        return (
            try sides.money(row.amount, mayBeMissing: false, parts: parts),
            try sides.money(row.balance, mayBeMissing: true, parts: parts + row.applications.count)
        )
    }

    /// Which of a document's amounts are in its own currency.
    struct Sides {
        let currency: Currency
        let rate: Decimal?

        var isAtPar: Bool { rate == nil || rate == 1 }

        /// The twin's amount in the document's currency, exactly, after both sides have been held against each other.
        /// `parts` is how many amounts it is the sum of: each may have been rounded on its own in the base currency.
        func money(_ twin: InvoiceDTO.Twin, mayBeMissing: Bool, parts: Int = 0) throws -> Money {
            if let inCurrency = twin.inCurrency {
                try compare(twin, inCurrency.value, parts: parts)
                return try VismaMapping.money(inCurrency, twin.name + "InCurrency", currency)
            }
            guard let bare = twin.bare else {
                if mayBeMissing { return .zero(currency) }
                throw FieldMissing(field: twin.name + "InCurrency")
            }
            // A foreign document's bare amount says nothing of its own currency, unless it is nothing.
            guard isAtPar || bare.value == 0 else { throw FieldMissing(field: twin.name + "InCurrency") }
            return try VismaMapping.money(bare, twin.name, currency)
        }

        /// Within one minor unit of either currency for the amount itself, and one of the base currency for each part.
        private func compare(_ twin: InvoiceDTO.Twin, _ inCurrency: Decimal, parts: Int) throws {
            guard let bare = twin.bare?.value, let rate else { return }
            let unit = Money(minorUnits: 1, currency: currency).decimal
            // The base currency is not on the row; a hundredth is its minor unit wherever Visma.net is sold.
            let hundredth = Decimal(sign: .plus, exponent: -2, significand: 1)
            let allowed = max(unit * rate, hundredth) + hundredth * Decimal(parts)
            guard (bare - inCurrency * rate).magnitude <= allowed else { throw AmountsDisagree(field: twin.name) }
        }

        /// Parts (VAT details, applications) carry one amount only, and it is not known on which side it is. It is
        /// taken as the document's currency, unless the parts add up to the bare total and to nothing else.
        func divisor(of parts: [Decimal], bare: Decimal?, inCurrency: Decimal?) -> Decimal {
            guard !isAtPar, let rate, rate > 0, let bare, let inCurrency, bare != inCurrency else { return 1 }
            let sum = parts.reduce(0, +)
            let allowed = Decimal(sign: .plus, exponent: -2, significand: Decimal(parts.count + 1))
            guard (sum - inCurrency).magnitude > allowed, (sum - bare).magnitude <= allowed else { return 1 }
            return rate
        }
    }

    private static func lines(_ row: InvoiceDTO, _ sides: Sides, _ currency: Currency) throws -> [Receivable.Line] {
        try row.lines.enumerated().map { index, line in
            let isAtPar = sides.rate == nil || sides.rate == 1
            let amount = line.amount.inCurrency ?? (isAtPar ? line.amount.bare : nil)
            if amount == nil, let bare = line.amount.bare?.value, bare != 0 {
                throw FieldMissing(field: "invoiceLines.amountInCurrency")
            }
            return Receivable.Line(
                number: line.number ?? index + 1, description: line.description ?? "",
                quantity: line.quantity?.value ?? 0,
                amount: try rounded(amount?.value ?? 0, "invoiceLines.amountInCurrency", currency),
                vatCode: line.vatCode, account: line.account)
        }
    }

    private static func taxes(
        _ row: InvoiceDTO, _ sides: Sides, _ currency: Currency
    ) throws -> [Receivable.TaxDetail] {
        let divisor = sides.divisor(
            of: row.taxes.map { $0.amount?.value ?? 0 }, bare: row.vatTotal.bare?.value,
            inCurrency: row.vatTotal.inCurrency?.value)
        return try row.taxes.map { tax in
            guard let code = tax.vat?.code ?? tax.taxID else { throw FieldMissing(field: "taxDetails.vatId") }
            return Receivable.TaxDetail(
                vatCode: code, description: tax.vat?.name ?? code, rate: tax.rate?.value ?? 0,
                taxable: try rounded((tax.taxable?.value ?? 0) / divisor, "taxDetails.taxableAmount", currency),
                amount: try rounded((tax.amount?.value ?? 0) / divisor, "taxDetails.vatAmount", currency))
        }
    }

    private static func applications(
        _ row: InvoiceDTO, _ sides: Sides, _ currency: Currency
    ) throws -> [Receivable.Application] {
        let settled = row.applications.filter { $0.isReleased && !$0.isVoided }.map { $0.amount?.value ?? 0 }
        func paid(_ total: ExactAmount?, _ balance: ExactAmount?) -> Decimal? {
            total.map { $0.value - (balance?.value ?? 0) }
        }
        let divisor = sides.divisor(
            of: settled, bare: paid(row.amount.bare, row.balance.bare),
            inCurrency: paid(row.amount.inCurrency, row.balance.inCurrency))
        return try row.applications.map { application in
            Receivable.Application(
                documentType: application.type.map(typeName) ?? "Payment", number: application.number,
                amount: try rounded((application.amount?.value ?? 0) / divisor, "applications.amountPaid", currency),
                isReleased: application.isReleased, isVoided: application.isVoided,
                paymentReference: application.paymentReference, date: application.date.flatMap { LocalDate($0) })
        }
    }
}
