package import Foundation

/// What Visma says of one customer document right now. Amounts are in the document's currency.
package struct Receivable: Hashable, Sendable {
    package var document: DocumentRef
    /// `Open`, `Closed`, `Balanced`, `Hold`, `Voided`, ...: open set, as Visma spells it.
    package var status: String
    package var customer: Party
    package var branch: String?
    package var location: String?
    package var currency: Currency
    package var documentDate: LocalDate
    package var dueDate: LocalDate?
    package var total: Money
    package var balance: Money
    package var vatTotal: Money
    /// The rounding that Visma put on the total, with its sign.
    package var rounding: Money
    package var lines: [Line]
    package var taxes: [TaxDetail]
    package var applications: [Application]
    package var note: String?
    package var attachmentNames: [String]
    package var paymentReference: String?
    package var isRotRutDeductible: Bool
    /// The document's discount in the books, positive; its lines may hold it already.
    package var documentDiscount: Money?
    /// The customer's own reference (Visma's `customerRefNumber`).
    package var customerReference: String?
    /// The document's own payment method in Visma: how a person marks it for collection.
    package var paymentMethod: String?
    package var hasDirectDebitMandate = false
    /// It goes out through an e-invoice channel.
    package var isEInvoice = false
    /// Handed to a debt collector.
    package var isWithDebtCollector = false
    /// Visma sends no reminders for it.
    package var isDunningStopped = false
    /// Until when less may be paid; nil when there is no cash discount.
    package var cashDiscountUntil: LocalDate?
    /// The `ETag` header of the read, as it came (with its quotes), for `If-Match`.
    package var etag: String?
    /// Opaque server-local text and row version: equal pair, equal row.
    package var version: RowVersion

    package init(
        document: DocumentRef, status: String, customer: Party, branch: String? = nil, location: String? = nil,
        currency: Currency, documentDate: LocalDate, dueDate: LocalDate? = nil, total: Money, balance: Money,
        vatTotal: Money, rounding: Money, lines: [Line], taxes: [TaxDetail], applications: [Application] = [],
        note: String? = nil, attachmentNames: [String] = [], paymentReference: String? = nil,
        isRotRutDeductible: Bool = false, etag: String? = nil, version: RowVersion
    ) {
        self.document = document
        self.status = status
        self.customer = customer
        self.branch = branch
        self.location = location
        self.currency = currency
        self.documentDate = documentDate
        self.dueDate = dueDate
        self.total = total
        self.balance = balance
        self.vatTotal = vatTotal
        self.rounding = rounding
        self.lines = lines
        self.taxes = taxes
        self.applications = applications
        self.note = note
        self.attachmentNames = attachmentNames
        self.paymentReference = paymentReference
        self.isRotRutDeductible = isRotRutDeductible
        self.etag = etag
        self.version = version
    }

    package struct Party: Hashable, Sendable {
        package var number: VismaCustomerNumber
        package var name: String
        package init(number: VismaCustomerNumber, name: String) {
            self.number = number
            self.name = name
        }
    }

    package struct Line: Hashable, Sendable {
        package var number: Int
        package var description: String
        package var quantity: Decimal
        /// Net of VAT, or with it when the document's prices include VAT.
        package var amount: Money
        package var vatCode: String?
        /// The general ledger account.
        package var account: String?
        package init(
            number: Int, description: String, quantity: Decimal, amount: Money, vatCode: String?,
            account: String? = nil
        ) {
            self.number = number
            self.description = description
            self.quantity = quantity
            self.amount = amount
            self.vatCode = vatCode
            self.account = account
        }
    }

    /// One VAT code's total on the document. `rate` is in per cent.
    package struct TaxDetail: Hashable, Sendable {
        package var vatCode: String
        package var description: String
        package var rate: Decimal
        package var taxable: Money
        package var amount: Money
        package init(vatCode: String, description: String, rate: Decimal, taxable: Money, amount: Money) {
            self.vatCode = vatCode
            self.description = description
            self.rate = rate
            self.taxable = taxable
            self.amount = amount
        }
    }

    /// A payment or credit note applied to this document (Visma's `applications[]`).
    package struct Application: Hashable, Sendable {
        package var documentType: String
        package var number: String
        package var amount: Money
        package var isReleased: Bool
        package var isVoided: Bool
        package var paymentReference: String?
        package var date: LocalDate?
        package init(
            documentType: String, number: String, amount: Money, isReleased: Bool, isVoided: Bool,
            paymentReference: String?, date: LocalDate? = nil
        ) {
            self.documentType = documentType
            self.number = number
            self.amount = amount
            self.isReleased = isReleased
            self.isVoided = isVoided
            self.paymentReference = paymentReference
            self.date = date
        }

        /// How it is named in `settlements`; numbers are unique within a type only.
        package var key: String { "\(documentType):\(number)" }
        package var counts: Bool { isReleased && !isVoided }
    }

    /// Released and waiting for money. `Closed` documents have been released too, but have nothing open.
    package var isOpen: Bool { status == "Open" }
    package var isReleased: Bool { status == "Open" || status == "Closed" }
}

/// (`lastModifiedDateTime`, `timeStamp`) of a Visma row, kept as text: the server's clock has no zone.
package struct RowVersion: Hashable, Sendable, Codable {
    package var modified: String
    package var stamp: String
    package init(modified: String, stamp: String) {
        self.modified = modified
        self.stamp = stamp
    }
}

/// A row of one of the three polled lists, reduced to what makes dirt.
package struct PolledRow: Hashable, Sendable {
    /// The row's own document (an invoice, a payment, a credit note).
    package var document: DocumentRef
    package var version: RowVersion
    /// The documents whose state it may have changed: itself for an invoice, those it is applied to otherwise.
    package var touches: [DocumentRef]
    /// Whose it is: a refund or a credit note that is applied to nothing may still be what a document waits for.
    package var customer: VismaCustomerNumber?
    /// Where a payment's money is booked; most credit notes have none.
    package var cashAccount: String?
    package init(
        document: DocumentRef, version: RowVersion, touches: [DocumentRef], customer: VismaCustomerNumber? = nil,
        cashAccount: String? = nil
    ) {
        self.document = document
        self.version = version
        self.touches = touches
        self.customer = customer
        self.cashAccount = cashAccount
    }
}

/// A customer of the company, as Visma has it now.
package struct VismaCustomer: Hashable, Sendable {
    /// Never changes, unlike the number.
    package var internalID: Int
    package var number: VismaCustomerNumber
    package var name: String
    /// The invoice contact's address, else the main contact's; nil when neither has one.
    package var email: String?
    package var phone: String?
    package var address: Address?
    package var vatRegistrationID: String?

    package init(
        internalID: Int, number: VismaCustomerNumber, name: String, email: String?, phone: String? = nil,
        address: Address? = nil, vatRegistrationID: String? = nil
    ) {
        self.internalID = internalID
        self.number = number
        self.name = name
        self.email = email
        self.phone = phone
        self.address = address
        self.vatRegistrationID = vatRegistrationID
    }

    package struct Address: Hashable, Sendable {
        package var line1: String?
        package var line2: String?
        package var postalCode: String?
        package var city: String?
        /// ISO 3166 alpha-2.
        package var country: String?
        package init(line1: String?, line2: String?, postalCode: String?, city: String?, country: String?) {
            self.line1 = line1
            self.line2 = line2
            self.postalCode = postalCode
            self.city = city
            self.country = country
        }
    }
}
