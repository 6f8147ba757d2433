/// What ties one Visma document to Stripe: a row of `links`.
package struct Link: Hashable, Sendable {
    package enum State: String, Sendable, CaseIterable {
        /// Looked at, nothing in Stripe yet.
        case seen
        /// A draft invoice exists in Stripe.
        case drafted
        /// Finalized: Stripe collects.
        case collecting
        /// Nothing is open on either side and everything is booked.
        case settled
        /// Nothing is done with it: not for collection, or stopped until a person has decided.
        case stopped
    }

    package var document: DocumentRef
    package var state: State
    /// Rises when the same document is pushed anew.
    package var revision: Int
    package var vismaCustomer: VismaCustomerNumber
    package var currency: Currency
    package var stripeCustomer: StripeCustomerID?
    package var invoice: StripeInvoiceID?
    /// What was asked for in Stripe, in minor units of `currency`.
    package var pushedAmount: Int64?

    package init(
        document: DocumentRef, state: State, revision: Int, vismaCustomer: VismaCustomerNumber, currency: Currency,
        stripeCustomer: StripeCustomerID? = nil, invoice: StripeInvoiceID? = nil, pushedAmount: Int64? = nil
    ) {
        self.document = document
        self.state = state
        self.revision = revision
        self.vismaCustomer = vismaCustomer
        self.currency = currency
        self.stripeCustomer = stripeCustomer
        self.invoice = invoice
        self.pushedAmount = pushedAmount
    }
}

/// One outside write and what is known of it: a row of `journal`.
package struct Effect: Hashable, Sendable {
    package enum State: String, Sendable, CaseIterable {
        /// Committed before the call; the call may be under way.
        case sent
        /// It took effect; `externalID` names what it made.
        case done
        /// It is not known whether it took effect: to be looked up.
        case uncertain
        /// It certainly had no effect and may be sent again as the next attempt.
        case absent
        /// It was refused: the same content would be refused again.
        case failed

        /// Every legal move; the journal refuses all others, and the schema repeats the states.
        package static let moves: [State: Set<State>] = [
            .sent: [.done, .uncertain, .absent, .failed],
            .uncertain: [.done, .absent, .failed],
            .done: [], .absent: [], .failed: [],
        ]

        package var isSettled: Bool { Self.moves[self]?.isEmpty ?? true }
    }

    package var key: EffectKey
    package var subject: Subject
    package var revision: Int
    /// `customer.create`, `invoice.create`, `invoice.lines`, `invoice.finalize`, `payment.create`, ...
    package var step: String
    package var cause: String
    package var attempt: Int
    package var state: State
    /// The lease term under which it was sent.
    package var term: Int64
    package var sentAt: Timestamp
    /// When the call itself was to be over.
    package var deadlineAt: Timestamp
    package var externalID: String?
    package var requestID: String?
    package var failure: String?

    package init(
        key: EffectKey, subject: Subject, revision: Int, step: String, cause: String, attempt: Int, state: State,
        term: Int64, sentAt: Timestamp, deadlineAt: Timestamp, externalID: String? = nil, requestID: String? = nil,
        failure: String? = nil
    ) {
        self.key = key
        self.subject = subject
        self.revision = revision
        self.step = step
        self.cause = cause
        self.attempt = attempt
        self.state = state
        self.term = term
        self.sentAt = sentAt
        self.deadlineAt = deadlineAt
        self.externalID = externalID
        self.requestID = requestID
        self.failure = failure
    }
}
