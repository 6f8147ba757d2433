/// The Visma document that stands for one fact of Stripe: a row of `collected`, unique by tenant, subject and cause.
package struct Booking: Hashable, Sendable {
    /// What kind of document it is in Visma; numbers are unique within a kind.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// A customer payment of type Payment.
        case payment
        /// A customer payment of type Refund, on a credit note.
        case refund
        case creditNote = "credit_note"
        /// A cash transaction: fees and lost disputes.
        case cashEntry = "cash_entry"
        /// A journal transaction: a payout.
        case journalEntry = "journal_entry"
    }

    package enum State: String, Sendable, CaseIterable {
        /// Made in Visma, not released yet.
        case created
        /// Release asked for; Visma does it in the background.
        case releasing
        /// Read back as released.
        case booked
        /// On hold by policy: a person releases it.
        case held
        /// Void asked for by us; Visma does it in the background.
        case voiding
        /// Voided in Visma.
        case voided
    }

    /// Who made the Visma document.
    package enum Origin: String, Sendable, CaseIterable {
        case posted
        /// A person did, and it was recognised as the booking of this fact.
        case matched
    }

    /// Why the connector voided it.
    package enum VoidReason: String, Sendable, Codable, CaseIterable {
        case refund, dispute, failure, undo
    }

    package var subject: Subject
    /// `inpay_...`, `re_...`, `dp_...`, `txn_...`, `po_...`, with a suffix where one fact is booked again or by several
    /// documents (`po_1:EUR`).
    package var cause: String
    package var kind: Kind
    package var origin: Origin
    package var state: State
    package var amount: Money
    /// How much of it was applied to the document.
    package var applied: Money
    /// What was posted on it as finance charges.
    package var fee: Money
    package var number: VismaNumber
    package var reference: String
    /// Nil when it stands, or when a person voided it.
    package var voidedFor: VoidReason?

    package init(
        subject: Subject, cause: String, kind: Kind = .payment, origin: Origin = .posted, state: State, amount: Money,
        applied: Money, fee: Money? = nil, number: VismaNumber, reference: String, voidedFor: VoidReason? = nil
    ) {
        self.subject = subject
        self.cause = cause
        self.kind = kind
        self.origin = origin
        self.state = state
        self.amount = amount
        self.applied = applied
        self.fee = fee ?? .zero(amount.currency)
        self.number = number
        self.reference = reference
        self.voidedFor = voidedFor
    }

    /// The fact that it books: `inpay_1` of `inpay_1+2`, the second booking of the same payment.
    package var fact: String { String(cause.prefix { $0 != "+" }) }

    /// Visma has yet to do what was asked of it, or we have yet to ask.
    package var isUnderWay: Bool { state == .created || state == .releasing || state == .voiding }

    /// Neither voided nor about to be.
    package var stands: Bool { state != .voiding && state != .voided }
}

/// What settled a document in Visma (one application of a payment or credit note), and how Stripe was told: a row of
/// `settlements`.
package struct Settlement: Hashable, Sendable, Codable {
    package enum Way: String, Sendable, Codable, CaseIterable {
        /// It was settled before the push: the invoice went out with an "already settled" line.
        case pushed
        case outOfBand = "out_of_band"
        case paymentRecord = "payment_record"
        case creditNote = "credit_note"
        case void, uncollectible
    }

    /// Type and number of the application, like `Payment:000123`.
    package var application: String
    /// How much of the application this tells Stripe.
    package var amount: Money
    /// The application's whole amount when it was told: with the application it names this settlement.
    package var whole: Int64
    package var way: Way
    /// `pr_...` or `cn_...`.
    package var stripeObject: String?
    /// False for a payment record that is not on its invoice yet.
    package var isAttached: Bool

    package init(
        application: String, amount: Money, whole: Int64, way: Way, stripeObject: String? = nil, isAttached: Bool = true
    ) {
        self.application = application
        self.amount = amount
        self.whole = whole
        self.way = way
        self.stripeObject = stripeObject
        self.isAttached = isAttached
    }

    package var cause: String { "\(application)=\(whole)" }
}

/// What a person asked of a subject: a row of `requests`.
package struct Request: Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Collect this document even where the policy waits for a mark.
        case push
        /// Void the Visma document of the booking named by `cause`.
        case undo
    }

    package var kind: Kind
    package var cause: String?
    package var reason: String
    package var actor: String
    package var askedAt: Timestamp

    package init(kind: Kind, cause: String?, reason: String, actor: String, askedAt: Timestamp) {
        self.kind = kind
        self.cause = cause
        self.reason = reason
        self.actor = actor
        self.askedAt = askedAt
    }
}
