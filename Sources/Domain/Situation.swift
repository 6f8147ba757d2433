/// Everything a decision about one document rests on: what both systems said just now and what we remember. Made by
/// observing, read by `Plan`, which has no other source.
package struct Situation: Hashable, Sendable {
    package var tenant: TenantID
    /// Visma's tenant id of the company: part of what marks a Stripe object as ours.
    package var company: String
    package var document: DocumentRef
    /// Nil when Visma does not have the document (any more).
    package var receivable: Receivable?
    package var link: Link?
    package var customer: CustomerFinding
    /// Nil when there is no Stripe invoice, or it is gone.
    package var collection: Collection?
    package var bookings: [Booking]
    /// Visma's own word on bookings that it has not confirmed yet.
    package var posted: [PostedDocument]
    /// What Stripe was told of settlements in Visma, for the link's revision.
    package var settlements: [Settlement]
    /// What people asked for, oldest first.
    package var requests: [Request]
    /// Nil until the plan has asked for it.
    package var credits: Credits?
    /// First open day on or after a day, for the days that the plan has asked about.
    package var openDays: [LocalDate: LocalDate]
    /// Facts (fees, refunds, disputes) that another document has booked.
    package var bookedElsewhere: Set<String> = []
    /// The other documents that a payment intent is known to pay.
    package var sharers: [PaymentIntentID: [DocumentRef]]
    /// By the company, whatever the document.
    package var pushed = PushTally()
    package var pushHold = PushHold.none
    /// The latest effect of each step and cause of this subject.
    package var effects: [Effect]
    package var recordAbility: RecordAbility
    package var policy: Policy
    package var now: Timestamp
    /// Since when a person's word stands that the document is settled.
    package var settledByWordAt: Timestamp?
    /// A person asked for this look: what was refused before then may be tried again.
    package var forgivesBefore: Timestamp?

    package init(
        tenant: TenantID, company: String, document: DocumentRef, receivable: Receivable?, link: Link?,
        customer: CustomerFinding = .notLooked, collection: Collection? = nil, bookings: [Booking] = [],
        posted: [PostedDocument] = [], settlements: [Settlement] = [], requests: [Request] = [],
        credits: Credits? = nil, openDays: [LocalDate: LocalDate] = [:],
        sharers: [PaymentIntentID: [DocumentRef]] = [:], effects: [Effect] = [],
        recordAbility: RecordAbility = .note, policy: Policy, now: Timestamp
    ) {
        self.tenant = tenant
        self.company = company
        self.document = document
        self.receivable = receivable
        self.link = link
        self.customer = customer
        self.collection = collection
        self.bookings = bookings
        self.posted = posted
        self.settlements = settlements
        self.requests = requests
        self.credits = credits
        self.openDays = openDays
        self.sharers = sharers
        self.effects = effects
        self.recordAbility = recordAbility
        self.policy = policy
        self.now = now
    }

    /// What people made of refunds in Visma: of the document's customer, released, and standing for no booking yet.
    package struct Credits: Hashable, Sendable {
        package var creditNotes: [VismaCreditNote]
        /// Customer payments of type Refund.
        package var refundDocuments: [VismaPayment]
        package init(creditNotes: [VismaCreditNote], refundDocuments: [VismaPayment]) {
            self.creditNotes = creditNotes
            self.refundDocuments = refundDocuments
        }
    }

    func posted(_ booking: Booking) -> PostedDocument? {
        posted.first { $0.kind == booking.kind && $0.number == booking.number }
    }

    /// What is known of the Stripe customer for the document's customer.
    package enum CustomerFinding: Hashable, Sendable {
        /// Nobody has looked: the plan asks for it when it needs it.
        case notLooked
        /// Linked before, or recognised by `rule` just now.
        case found(StripeCustomerID, visma: VismaCustomer, rule: String, hasEmail: Bool)
        case ambiguous(rule: String, candidates: [StripeCustomerID])
        case unknown(VismaCustomer)
        /// Visma does not know the customer number.
        case missingInVisma
    }

    /// Our own voiding of what stands in Stripe for `link` now; that of a former push says nothing about it.
    func voiding(of link: Link) -> Effect? {
        effects.filter { $0.step == Step.voidInvoice && $0.revision == link.revision }.max { $0.attempt < $1.attempt }
    }

    /// The refusal that stands in the way of a step with the same content; nil once a person has asked again.
    func refused(_ step: String, cause: String) -> Effect? {
        guard let effect = effect(step, cause: cause), effect.state == .failed, !isForgiven(effect) else { return nil }
        return effect
    }

    func isForgiven(_ effect: Effect) -> Bool { forgivesBefore.map { effect.sentAt < $0 } ?? false }

    func effect(_ step: String, cause: String) -> Effect? {
        effects.filter { $0.step == step && $0.cause == cause }
            .max { ($0.revision, $0.attempt) < ($1.revision, $1.attempt) }
    }

    /// By a person's word, until a person asks for something of it again. What was begun in Visma is brought to its end
    /// first.
    package var isLeftAlone: Bool {
        guard let settledByWordAt, !requests.contains(where: { $0.askedAt >= settledByWordAt }) else { return false }
        return !bookings.contains(where: \.isUnderWay)
    }
}
