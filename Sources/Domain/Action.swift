/// One thing to do about a document. Outside writes go through the journal, one at a time.
package enum Action: Hashable, Sendable {
    /// Look for the Stripe customer by the policy's rules; reads only.
    case findCustomer
    case createCustomer(CustomerDraft)
    case createInvoice(InvoiceDraft, amount: Money)
    case addLines(StripeInvoiceID, [InvoiceLine])
    case finalizeInvoice(StripeInvoiceID)
    case deleteDraft(StripeInvoiceID)
    case voidInvoice(StripeInvoiceID)
    case bookPayment(PaymentDraft, cause: InvoicePaymentID)
    case releasePayment(VismaPaymentNumber, cause: InvoicePaymentID)
    /// Visma's answer settled a booking: remember it.
    case markBooking(cause: String, Booking.State)
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
        case refund = "refund"
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
