/// A customer payment document in Visma.
package struct VismaPayment: Hashable, Sendable {
    package var number: VismaNumber
    /// `Payment`, `Refund`, `VoidPayment`, ...
    package var type: String
    /// `Hold`, `Balanced`, `Open`, `Closed`, `Voided`, ...
    package var status: String
    package var reference: String?
    package var customer: VismaCustomerNumber
    package var amount: Money
    package var cashAccount: String?
    package var applicationDate: LocalDate
    package var applications: [Application]
    package var etag: String?
    package var version: RowVersion

    package init(
        number: VismaNumber, type: String, status: String, reference: String?, customer: VismaCustomerNumber,
        amount: Money, cashAccount: String? = nil, applicationDate: LocalDate, applications: [Application],
        etag: String? = nil, version: RowVersion
    ) {
        self.number = number
        self.type = type
        self.status = status
        self.reference = reference
        self.customer = customer
        self.amount = amount
        self.cashAccount = cashAccount
        self.applicationDate = applicationDate
        self.applications = applications
        self.etag = etag
        self.version = version
    }

    package struct Application: Hashable, Sendable {
        package var document: DocumentRef
        package var amount: Money
        package init(document: DocumentRef, amount: Money) {
            self.document = document
            self.amount = amount
        }
    }

    package var isReleased: Bool { status == "Open" || status == "Closed" }

    package var posted: PostedDocument {
        PostedDocument(
            kind: type == "Refund" ? .refund : .payment, number: number, status: status, total: amount,
            isReleased: isReleased, isVoided: status == "Voided")
    }
}

/// A customer credit note in Visma, as far as a refund needs it.
package struct VismaCreditNote: Hashable, Sendable {
    package var number: VismaNumber
    /// `Hold`, `Balanced`, `Open`, `Closed`, `Voided`, ...
    package var status: String
    package var customer: VismaCustomerNumber
    package var total: Money
    /// What is neither applied nor paid out.
    package var balance: Money
    package var date: LocalDate
    /// Its references and texts, where an accountant names the invoice.
    package var texts: [String]
    package var version: RowVersion

    package init(
        number: VismaNumber, status: String, customer: VismaCustomerNumber, total: Money, balance: Money,
        date: LocalDate, texts: [String], version: RowVersion
    ) {
        self.number = number
        self.status = status
        self.customer = customer
        self.total = total
        self.balance = balance
        self.date = date
        self.texts = texts
        self.version = version
    }
}

/// What Visma says now of a document that stands for a booking.
package struct PostedDocument: Hashable, Sendable {
    package var kind: Booking.Kind
    package var number: VismaNumber
    /// As Visma spells it for this kind.
    package var status: String
    package var total: Money
    package var isReleased: Bool
    package var isVoided: Bool
    /// Visma was asked and does not have it: an unreleased document can be deleted.
    package var isGone = false

    package init(
        kind: Booking.Kind, number: VismaNumber, status: String, total: Money, isReleased: Bool, isVoided: Bool
    ) {
        self.kind = kind
        self.number = number
        self.status = status
        self.total = total
        self.isReleased = isReleased
        self.isVoided = isVoided
    }

    /// What stands for `booking` when Visma does not have it.
    package static func gone(_ booking: Booking) -> PostedDocument {
        var document = PostedDocument(
            kind: booking.kind, number: booking.number, status: "", total: booking.amount, isReleased: false,
            isVoided: false)
        document.isGone = true
        return document
    }
}
