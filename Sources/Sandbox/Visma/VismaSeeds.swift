/// Why a seed cannot be planted, in words.
package struct VismaSeedError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

package struct VismaCustomerSeed: Sendable {
    /// Nil: the next of the series.
    package var number: String?
    package var name: String
    package var mainEmail: String?
    package var invoiceEmail: String?
    package var phone: String?
    package var street: String?
    package var postalCode: String?
    package var city: String?
    /// ISO 3166 alpha-2.
    package var country: String
    package var currency: String?
    package var vatRegistrationID: String?
    package var status: String

    package init(
        number: String? = nil, name: String, mainEmail: String? = nil, invoiceEmail: String? = nil,
        phone: String? = nil, street: String? = nil, postalCode: String? = nil, city: String? = nil,
        country: String = "NO", currency: String? = nil, vatRegistrationID: String? = nil, status: String = "Active"
    ) {
        self.number = number
        self.name = name
        self.mainEmail = mainEmail
        self.invoiceEmail = invoiceEmail
        self.phone = phone
        self.street = street
        self.postalCode = postalCode
        self.city = city
        self.country = country
        self.currency = currency
        self.vatRegistrationID = vatRegistrationID
        self.status = status
    }
}

/// A VAT code. `rate` is in per cent, as a decimal text.
package struct VismaVATSeed: Sendable, Hashable {
    package var code: String
    package var description: String
    package var rate: String
    /// Outside VAT altogether, as against taxed at 0 %.
    package var isExempt: Bool
    package init(code: String, description: String, rate: String, isExempt: Bool = false) {
        self.code = code
        self.description = description
        self.rate = rate
        self.isExempt = isExempt
    }

    package static let standard25 = VismaVATSeed(code: "3", description: "Output VAT, standard rate", rate: "25")
    package static let middle15 = VismaVATSeed(code: "31", description: "Output VAT, middle rate", rate: "15")
    package static let zero = VismaVATSeed(code: "5", description: "Zero-rated sales", rate: "0")
    package static let exempt = VismaVATSeed(code: "6", description: "Outside VAT", rate: "0", isExempt: true)
}

/// What a person or a setting has put on an invoice that concerns how it is collected.
package struct VismaInvoiceMarks: Sendable, Hashable {
    package var paymentMethod: String?
    package var excludeDebtCollection: Bool
    /// The case number at the debt collector; nil: no case.
    package var debtCollectionCase: String?
    package var debtCollectionStatus: String?
    /// The id of the direct debit mandate that collects it.
    package var directDebitMandate: String?
    package var sendToAutoInvoice: Bool

    package init(
        paymentMethod: String? = nil, excludeDebtCollection: Bool = false, debtCollectionCase: String? = nil,
        debtCollectionStatus: String? = nil, directDebitMandate: String? = nil, sendToAutoInvoice: Bool = false
    ) {
        self.paymentMethod = paymentMethod
        self.excludeDebtCollection = excludeDebtCollection
        self.debtCollectionCase = debtCollectionCase
        self.debtCollectionStatus = debtCollectionStatus
        self.directDebitMandate = directDebitMandate
        self.sendToAutoInvoice = sendToAutoInvoice
    }
}

/// A line; quantities, prices and per cents are decimal texts with at most four places. A discount of the whole
/// document is a line of type `DS` with a negative amount.
package struct VismaLineSeed: Sendable {
    package var description: String
    package var quantity: String
    /// In the document's currency; with VAT when the document's prices include it.
    package var unitPrice: String
    package var discountPercent: String
    package var vat: VismaVATSeed
    package var inventoryNumber: String?
    /// The line's amount when it is not quantity times price less discount.
    package var manualAmount: String?
    /// `GI`, `GN`, `MI`, `FR`, `DS` or `RA`.
    package var lineType: String
    package var account: String
    package init(
        _ description: String, quantity: String = "1", unitPrice: String, discountPercent: String = "0",
        vat: VismaVATSeed = .standard25, inventoryNumber: String? = nil, manualAmount: String? = nil,
        lineType: String = "GN", account: String = "3000"
    ) {
        self.description = description
        self.quantity = quantity
        self.unitPrice = unitPrice
        self.discountPercent = discountPercent
        self.vat = vat
        self.inventoryNumber = inventoryNumber
        self.manualAmount = manualAmount
        self.lineType = lineType
        self.account = account
    }
}

/// An invoice (or, as `addCreditNote`, a credit note).
package struct VismaInvoiceSeed: Sendable {
    package enum State: String, Sendable {
        case hold = "Hold"
        case balanced = "Balanced"
        case released = "Open"
    }

    /// Nil: the next of the series.
    package var number: String?
    package var customer: String
    /// `yyyy-MM-dd`.
    package var date: String
    package var dueDate: String?
    package var lines: [VismaLineSeed]
    /// Nil: the company's base currency.
    package var currency: String?
    /// Base currency per unit of the document's currency, at most eight places.
    package var exchangeRate: String
    package var pricesIncludeVAT: Bool
    /// Round the total to a multiple of this amount, such as `1`; nil: no rounding.
    package var roundTotalTo: String?
    package var creditTerms: (id: String, description: String, days: Int)
    package var branch: String?
    package var state: State
    package var note: String?
    package var externalReference: String?
    package var customerRefNumber: String?
    package var invoiceText: String?
    package var paymentReference: String?
    package var marks: VismaInvoiceMarks
    package var isRotRutDeductible: Bool
    package var cashDiscount: String
    package var cashDiscountDate: String?

    package init(
        number: String? = nil, customer: String, date: String, dueDate: String? = nil, lines: [VismaLineSeed],
        currency: String? = nil, exchangeRate: String = "1", pricesIncludeVAT: Bool = false,
        roundTotalTo: String? = nil,
        creditTerms: (id: String, description: String, days: Int) = ("14", "14 days net", 14), branch: String? = nil,
        state: State = .released, note: String? = nil, externalReference: String? = nil,
        customerRefNumber: String? = nil, invoiceText: String? = nil, paymentReference: String? = nil,
        marks: VismaInvoiceMarks = VismaInvoiceMarks(), isRotRutDeductible: Bool = false, cashDiscount: String = "0",
        cashDiscountDate: String? = nil
    ) {
        self.number = number
        self.customer = customer
        self.date = date
        self.dueDate = dueDate
        self.lines = lines
        self.currency = currency
        self.exchangeRate = exchangeRate
        self.pricesIncludeVAT = pricesIncludeVAT
        self.roundTotalTo = roundTotalTo
        self.creditTerms = creditTerms
        self.branch = branch
        self.state = state
        self.note = note
        self.externalReference = externalReference
        self.customerRefNumber = customerRefNumber
        self.invoiceText = invoiceText
        self.paymentReference = paymentReference
        self.marks = marks
        self.isRotRutDeductible = isRotRutDeductible
        self.cashDiscount = cashDiscount
        self.cashDiscountDate = cashDiscountDate
    }
}
