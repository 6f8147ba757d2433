/// A document to be made in Visma, unreleased.
package enum Posting: Hashable, Sendable {
    case payment(PaymentDraft)
    case refund(PaymentDraft)
    case creditNote(CreditNoteDraft)
    case cashEntry(CashEntryDraft)
    case journalEntry(JournalDraft)

    package var kind: Booking.Kind {
        switch self {
        case .payment: .payment
        case .refund: .refund
        case .creditNote: .creditNote
        case .cashEntry: .cashEntry
        case .journalEntry: .journalEntry
        }
    }

    /// What is booked by it.
    package var amount: Money {
        switch self {
        case .payment(let draft), .refund(let draft): draft.amount
        case .creditNote(let draft): draft.total
        case .cashEntry(let draft): draft.paidOut
        case .journalEntry(let draft):
            draft.lines.map(\.debit).filter(\.isPositive).reduce(.zero(draft.currency), +)
        }
    }

    /// How much of it settles the document that it is made on.
    package var applied: Money {
        switch self {
        case .payment(let draft), .refund(let draft): draft.applied
        case .creditNote(let draft): draft.applied ?? .zero(draft.currency)
        case .cashEntry, .journalEntry: amount
        }
    }

    /// Posted on it as finance charges.
    package var fee: Money? {
        switch self {
        case .payment(let draft), .refund(let draft):
            draft.charges.reduce(.zero(draft.currency)) { $0 + $1.amount }
        case .creditNote, .cashEntry, .journalEntry: nil
        }
    }

    /// What it is found again by.
    package var reference: String {
        switch self {
        case .payment(let draft), .refund(let draft): draft.reference
        case .creditNote(let draft): draft.reference
        case .cashEntry(let draft): draft.reference
        case .journalEntry(let draft): draft.reference
        }
    }

    package var date: LocalDate {
        switch self {
        case .payment(let draft), .refund(let draft): draft.applicationDate
        case .creditNote(let draft): draft.date
        case .cashEntry(let draft): draft.date
        case .journalEntry(let draft): draft.date
        }
    }

    /// The cash account that the money comes to or leaves; nil where none is moved.
    package var cashAccount: String? {
        switch self {
        case .payment(let draft), .refund(let draft): draft.cashAccount
        case .cashEntry(let draft): draft.cashAccount
        case .creditNote, .journalEntry: nil
        }
    }

    /// Made on hold, for a person to release, and believed to be so at once; the others are read once more first.
    package var isOnHold: Bool? {
        switch self {
        case .payment(let draft), .refund(let draft): draft.isOnHold
        case .creditNote, .cashEntry, .journalEntry: nil
        }
    }

    /// What stands for `cause` once Visma has made it under `number`.
    func booking(of subject: Subject, cause: String, number: VismaNumber) -> Booking {
        Booking(
            subject: subject, cause: cause, kind: kind, state: isOnHold == true ? .held : .created, amount: amount,
            applied: applied, fee: fee, number: number, reference: reference)
    }
}

/// A credit note that the connector makes by opt-in: the body of `POST /v2/customerCreditNote`. Visma computes the VAT
/// of its lines; before it is released its total must be `total`.
package struct CreditNoteDraft: Hashable, Sendable {
    package struct Line: Hashable, Sendable {
        package var description: String
        /// Without VAT.
        package var amount: Money
        package var vatCode: String?
        package var account: String?
        package init(description: String, amount: Money, vatCode: String?, account: String?) {
            self.description = description
            self.amount = amount
            self.vatCode = vatCode
            self.account = account
        }
    }

    package var customer: VismaCustomerNumber
    package var location: String?
    package var branch: String?
    package var currency: Currency
    package var date: LocalDate
    /// `re_...` or `cn_...`: found again by this.
    package var reference: String
    package var text: String
    package var lines: [Line]
    /// With VAT.
    package var total: Money
    /// The invoice that it is applied to, and by how much; nil leaves it open, for a refund.
    package var applied: Money?
    package var document: DocumentRef
    /// Made on hold, for a person to release.
    package var isOnHold = false

    package init(
        customer: VismaCustomerNumber, location: String?, branch: String?, currency: Currency, date: LocalDate,
        reference: String, text: String, lines: [Line], total: Money, applied: Money?, document: DocumentRef
    ) {
        self.customer = customer
        self.location = location
        self.branch = branch
        self.currency = currency
        self.date = date
        self.reference = reference
        self.text = text
        self.lines = lines
        self.total = total
        self.applied = applied
        self.document = document
    }
}

/// Money that left or came to a cash account without a customer: the body of `POST /v1/cashTransaction`.
package struct CashEntryDraft: Hashable, Sendable {
    package var cashAccount: String
    package var branch: String?
    /// Of the cash account; it names the offset account.
    package var entryType: String
    package var currency: Currency
    package var date: LocalDate
    /// Positive left the account (a fee, a lost dispute), negative came back.
    package var paidOut: Money
    /// `txn_...` or `dp_...`: found again by this.
    package var reference: String
    package var text: String
    /// Made on hold, for a person to release.
    package var isOnHold = false

    package init(
        cashAccount: String, branch: String?, entryType: String, currency: Currency, date: LocalDate, paidOut: Money,
        reference: String, text: String
    ) {
        self.cashAccount = cashAccount
        self.branch = branch
        self.entryType = entryType
        self.currency = currency
        self.date = date
        self.paidOut = paidOut
        self.reference = reference
        self.text = text
    }
}

/// A journal transaction: the body of `POST /v2/journaltransaction`. Its lines balance.
package struct JournalDraft: Hashable, Sendable {
    package struct Line: Hashable, Sendable {
        package var account: String
        /// Positive is debit, negative credit.
        package var debit: Money
        package var text: String
        package init(account: String, debit: Money, text: String) {
            self.account = account
            self.debit = debit
            self.text = text
        }
    }

    package var branch: String?
    package var date: LocalDate
    package var currency: Currency
    /// `po_...` or `po_...:EUR`: found again by this.
    package var reference: String
    package var text: String
    package var lines: [Line]

    /// Made on hold, for a person to release.
    package var isOnHold = false

    package init(
        branch: String?, date: LocalDate, currency: Currency, reference: String, text: String, lines: [Line]
    ) {
        self.branch = branch
        self.date = date
        self.currency = currency
        self.reference = reference
        self.text = text
        self.lines = lines
    }
}

/// A payment that was made outside Stripe: the body of `POST /v1/payment_records/report_payment`.
package struct PaymentReport: Hashable, Sendable {
    package var customer: StripeCustomerID
    package var amount: Money
    package var paidAt: Timestamp
    /// The Visma payment, as its reference there.
    package var reference: String
    package var metadata: [String: String]

    package init(
        customer: StripeCustomerID, amount: Money, paidAt: Timestamp, reference: String, metadata: [String: String]
    ) {
        self.customer = customer
        self.amount = amount
        self.paidAt = paidAt
        self.reference = reference
        self.metadata = metadata
    }
}

/// A Stripe credit note on an open invoice, without e-mail: the body of `POST /v1/credit_notes`, one custom line with
/// no tax of its own, as the invoice is only asked for less.
package struct StripeCreditDraft: Hashable, Sendable {
    package var invoice: StripeInvoiceID
    package var amount: Money
    package var memo: String
    package var metadata: [String: String]

    package init(invoice: StripeInvoiceID, amount: Money, memo: String, metadata: [String: String]) {
        self.invoice = invoice
        self.amount = amount
        self.memo = memo
        self.metadata = metadata
    }
}
