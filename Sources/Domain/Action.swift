/// One thing to do about a document. Outside writes go through the journal, one at a time.
package enum Action: Hashable, Sendable {
    /// Look for the Stripe customer by the policy's rules; reads only.
    case findCustomer
    case createCustomer(CustomerDraft)
    /// `settled`: what had been settled in Visma by then, which the invoice shows as one line.
    case createInvoice(InvoiceDraft, amount: Money, settled: [Settlement])
    case addLines(StripeInvoiceID, [InvoiceLine])
    case finalizeInvoice(StripeInvoiceID)
    case deleteDraft(StripeInvoiceID, DraftDeletion)
    /// Stripe e-mails the invoice to its customer.
    case sendInvoice(StripeInvoiceID)
    /// With the settlement in Visma that leaves nothing to collect; nil when the invoice was wrong.
    case voidInvoice(StripeInvoiceID, Settlement?)
    case payOutOfBand(StripeInvoiceID, Settlement)
    /// A payment that was made elsewhere, as a payment record; it is attached to the invoice by the next step.
    case reportPayment(PaymentReport, Settlement)
    case attachPayment(StripeInvoiceID, record: String, Settlement)
    case creditInvoice(StripeCreditDraft, Settlement)
    case markUncollectible(StripeInvoiceID, Settlement)
    /// Look in Visma for what people made of a refund: credit notes and refund documents of the customer; reads only.
    case findCredits
    /// Look for the first open financial period on or after this day; reads only.
    case findOpenPeriod(LocalDate)
    /// Make a document in Visma, unreleased.
    case post(Posting, cause: String)
    case release(Booking.Kind, VismaNumber, cause: String)
    case void(Booking.Kind, VismaNumber, cause: String, for: Booking.VoidReason)
    /// Delete an unreleased document of ours that is not what it should be.
    case discard(Booking.Kind, VismaNumber, cause: String)
    /// Visma's reminders and debt collection for this document, off or on.
    case setDunning(isStopped: Bool)
    /// Visma's answer settled a booking: remember it.
    case markBooking(cause: String, Booking.State)
    /// A person's own Visma document turned out to be the booking of a fact.
    case adoptBooking(Booking)
    /// Write the block on the invoice by this way.
    case writeRecord(String, by: RecordAbility)
    case setLink(Link.State)
    case review(Review)
    /// Nothing can be done before then.
    case lookAgain(at: Timestamp, why: String)
}

/// Something only a person can decide: a row of `reviews` while it is open, one per subject and code.
package struct Review: Hashable, Sendable {
    package enum Code: String, Sendable, CaseIterable {
        case customerEmailMissing = "customer_email_missing"
        case customerAmbiguous = "customer_ambiguous"
        case customerUnknown = "customer_unknown"
        case currencyUnsupported = "currency_unsupported"
        case amountsDisagree = "amounts_disagree"
        case amountTooSmall = "amount_too_small"
        case amountTooLarge = "amount_too_large"
        case pushCap = "push_cap"
        case totalMismatch = "total_mismatch"
        case deductible = "rot_rut_deductible"
        case unreadable = "unreadable"
        case changedAfterPush = "changed_after_push"
        case changedInStripe = "changed_in_stripe"
        case paidOutsideStripe = "paid_outside_stripe"
        case paidTwice = "paid_twice"
        case overpaid = "overpaid"
        case cashAccountMissing = "cash_account_missing"
        case bookingChanged = "booking_changed"
        case strayDocument = "stray_document"
        case refund = "refund"
        case refundUnmatched = "refund_unmatched"
        case refundInVisma = "refund_in_visma"
        case creditBalance = "credit_balance"
        case settlementUndone = "settlement_undone"
        case creditedInStripe = "credited_in_stripe"
        case periodClosed = "period_closed"
        case feeUnbooked = "fee_unbooked"
        case notForCollection = "not_for_collection"
        case payoutUnbooked = "payout_unbooked"
        case disputeClosed = "dispute_closed"
        case recordRefused = "record_refused"
        case effectRefused = "effect_refused"
        case conflictLoop = "conflict_loop"
        case endpointRefused = "endpoint_refused"
    }

    package var code: Code
    /// What was seen, for a person, with amounts and ids; no personal data beyond names in the books.
    package var found: String
    package var proposals: [String]

    package init(_ code: Code, found: String, proposals: [String]) {
        self.code = code
        self.found = found
        self.proposals = proposals
    }
}

/// Why a draft is deleted: in the name of the effect, for the looks that come after.
package enum DraftDeletion: String, Hashable, Sendable, CaseIterable {
    /// The document is not for collection any more, or says something else than the draft.
    case withdrawn
    /// Stripe makes another amount of its lines.
    case wrongTotal = "total"
    /// Stripe would spend the customer's credit on it.
    case spendsCredit = "credit_balance"

    /// - Parameter cause: of the push.
    package func cause(_ cause: String) -> String { self == .withdrawn ? cause : "\(cause):\(rawValue)" }
}
