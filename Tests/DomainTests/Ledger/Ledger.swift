import Domain
import Sync

/// Both systems' books, the connector's memory of them, and the clock: everything that one random history moves.
struct Ledger {
    var now: Timestamp
    var policy: Policy
    var currency: Currency
    /// In which Stripe settles with the company.
    var settlement: Currency
    var visma: VismaBooks
    var stripe: StripeBooks
    var connectors: [Connector]
    /// How often, in a hundred, the answer to a write is lost.
    var lossPercent: Int64 = 0
    var luck: SplitMix

    /// What people settled in Visma, ever, by document.
    var settledByPeople: [Int: Int64] = [:]
    /// Payments whose booking a person voided or had undone.
    var takenBack: Set<InvoicePaymentID> = []
    /// What our payment records are of.
    var reported: [String: Money] = [:]
    /// What the other side refused, and is no wonder when a period is closed.
    var refusals: [String] = []
    /// What must never be, as it was seen.
    var faults: [String] = []

    /// What the connector remembers of one document: the rows of its tables.
    struct Connector {
        var link: Link
        var customer: Situation.CustomerFinding = .notLooked
        var bookings: [Booking] = []
        var settlements: [Settlement] = []
        var requests: [Request] = []
        var effects: [Effect] = []
        /// What is to be remembered of a write whose answer was lost; nil when it had no effect.
        var unanswered: [EffectKey: Outcome?] = [:]
        var reviews: [Review] = []
        /// Those of before, too.
        var everReviewed: [Review] = []
        var ending: TurnEnding?
        /// Outside writes so far.
        var writes = 0
    }

    /// What a write made, as the journal's row would tell.
    struct Outcome {
        var action: Action
        var answer = Answer.done
        enum Answer {
            case done
            case number(VismaNumber)
            case object(String)
            case collection(Domain.Collection)
            case deleted
        }
    }

    init(_ setting: Setting, luck: UInt64) {
        now = Setting.start
        policy = setting.policy
        currency = setting.currency
        settlement = setting.settlement
        visma = VismaBooks(invoices: setting.receivables)
        visma.refusesClosedAtRelease = setting.refusesClosedAtRelease
        visma.creditNoteResidual = setting.creditNoteResidual
        stripe = StripeBooks(count: setting.receivables.count)
        stripe.feeDelaySeconds = setting.feeDelaySeconds
        stripe.allocatesOverpayment = setting.allocatesOverpayment
        lossPercent = setting.lossPercent
        self.luck = SplitMix(seed: luck)
        connectors = setting.receivables.map { receivable in
            Connector(
                link: Link(
                    document: receivable.document, state: .seen, revision: 1,
                    vismaCustomer: receivable.customer.number, currency: receivable.currency))
        }
        guard setting.isOut else { return }
        for invoice in connectors.indices { goOut(invoice) }
    }

    /// Pushed and finalized long ago.
    private mutating func goOut(_ invoice: Int) {
        let total = visma.invoices[invoice].total
        var out = Samples.collection()
        out.invoice = StripeInvoiceID("in_\(invoice)")
        out.currency = currency
        (out.total, out.amountDue, out.amountRemaining) = (total, total, total)
        (out.amountPaid, out.amountOverpaid, out.amountCredited) = (.zero(currency), .zero(currency), .zero(currency))
        stripe.invoices[invoice] = out
        connectors[invoice].link.invoice = out.invoice
        connectors[invoice].link.stripeCustomer = out.customer
        connectors[invoice].link.pushedAmount = total.minorUnits
        connectors[invoice].link.state = .collecting
    }

    /// What is fixed for the length of a history.
    struct Setting {
        static let start = Samples.now
        var policy: Policy
        var currency: Currency
        var settlement: Currency
        var receivables: [Receivable]
        var refusesClosedAtRelease = false
        var creditNoteResidual: Int64 = 0
        var feeDelaySeconds: Int64 = 0
        var allocatesOverpayment = false
        /// How often, in a hundred, an answer is lost.
        var lossPercent: Int64 = 0
        /// The history begins with the invoices at the customer; else with documents that nobody has looked at.
        var isOut = true

        /// For a person who reads a failure.
        var summary: String {
            let posting = policy.posting
            return "\(currency), settled in \(settlement), fee after \(feeDelaySeconds) s, lost \(lossPercent) %, "
                + "residual \(creditNoteResidual), over in allocation \(allocatesOverpayment), "
                + "closed at release \(refusesClosedAtRelease), \(posting.booking), \(posting.bookingDate), "
                + "closed \(posting.closedPeriod), refunds \(posting.refunds), disputes \(posting.disputes), "
                + "fees \(posting.fees), write-offs \(posting.writeOffs), credits \(posting.stripeCredits), "
                + "accounts \(posting.cashAccounts.keys.sorted()), "
                + "\(posting.feeEntryType ?? "no") \(posting.disputeEntryType ?? "no")"
        }
    }

    // MARK: What is seen

    func observe(_ invoice: Int) -> Situation {
        let connector = connectors[invoice]
        let document = connector.link.document
        var situation = Situation(
            tenant: TenantID("demo"), company: "company-1", document: document, receivable: visma.receivable(invoice),
            link: connector.link, customer: connector.customer, bookings: connector.bookings,
            settlements: connector.settlements, requests: connector.requests, effects: connector.effects,
            policy: policy, now: now)
        if connector.link.invoice != nil { situation.collection = stripe.collection(invoice, now: now) }
        read(&situation)
        for payment in situation.collection?.payments ?? [] {
            guard case .intent(let intent) = payment.source else { continue }
            let others = stripe.invoices.indices.filter { other in
                other != invoice && stripe.invoices[other]?.payments.contains { $0.source == payment.source } == true
            }
            guard !others.isEmpty else { continue }
            situation.sharers[intent] = others.map { connectors[$0].link.document }
            situation.bookedElsewhere.formUnion(others.flatMap { connectors[$0].bookings }.map(\.fact))
        }
        return situation
    }

    /// Visma's word on what is not confirmed.
    private func read(_ situation: inout Situation) {
        situation.posted = situation.bookings.compactMap { booking in
            booking.state == .booked || booking.state == .voided ? nil : visma.posted(booking)
        }
    }

    /// `situation` with our own side, and what our own writes changed, as it is now.
    func refresh(_ situation: Situation, _ invoice: Int) -> Situation {
        var situation = situation
        let connector = connectors[invoice]
        situation.link = connector.link
        situation.customer = connector.customer
        if situation.bookings != connector.bookings { situation.credits = nil }
        situation.bookings = connector.bookings
        situation.settlements = connector.settlements
        situation.effects = connector.effects
        situation.receivable?.isDunningStopped = visma.invoices[invoice].isDunningStopped
        situation.receivable?.note = visma.invoices[invoice].note
        situation.collection = connector.link.invoice == nil ? nil : stripe.collection(invoice, now: now)
        read(&situation)
        return situation
    }
}

// MARK: One look

extension Ledger {
    /// Steps of one look that cannot be right any more.
    private static let stepsMax = 200

    /// One look at one document, as the connector takes it.
    mutating func look(_ invoice: Int, isAskedFor: Bool = false) {
        var machine = TurnMachine<Situation>(
            unresolved: connectors[invoice].effects.filter { !$0.state.isSettled })
        var situation = observe(invoice)
        for _ in 0..<Self.stepsMax {
            switch machine.next() {
            case .finish(let ending):
                end(ending, invoice)
                return
            case .resolve(let effect):
                machine.resolved(resolve(effect, invoice))
            case .observe:
                situation = observe(invoice)
                if isAskedFor { situation.forgivesBefore = now }
                machine.observed(situation)
            case .note(let actions):
                for action in actions { note(action, invoice) }
                situation = refresh(situation, invoice)
                machine.noted(actions, now: situation)
            case .perform(let action):
                switch perform(action, &situation, invoice) {
                case .went: machine.performed(now: situation)
                case .refused(let error): machine.refused(error, now: now)
                }
            }
        }
        faults.append("a look at \(connectors[invoice].link.document) does not end")
    }

    private mutating func end(_ ending: TurnEnding, _ invoice: Int) {
        connectors[invoice].ending = ending
        switch ending {
        case .settled(let reviews): connectors[invoice].reviews = reviews
        case .postponed(_, _, let reviews?): connectors[invoice].reviews = reviews
        case .stopped(let review, _): connectors[invoice].reviews.append(review)
        case .postponed: break
        case .failed: break
        }
    }

    private mutating func resolve(_ effect: Effect, _ invoice: Int) -> Effect {
        let outcome = connectors[invoice].unanswered.removeValue(forKey: effect.key) ?? nil
        settle(effect.key, invoice, outcome == nil ? .absent : .done)
        if let outcome { adopt(outcome, effect, invoice) }
        return effect
    }

    func index(_ key: EffectKey, _ invoice: Int) -> Int? {
        connectors[invoice].effects.firstIndex { $0.key == key }
    }

    mutating func settle(_ key: EffectKey, _ invoice: Int, _ state: Effect.State, failure: String? = nil) {
        guard let index = index(key, invoice) else { return }
        connectors[invoice].effects[index].state = state
        connectors[invoice].effects[index].failure = failure
    }

    private mutating func note(_ action: Action, _ invoice: Int) {
        switch action {
        case .setLink(let state): connectors[invoice].link.state = state
        case .adoptBooking(let booking): insert(booking, invoice)
        case .markBooking(let cause, let state): mark(cause, state, invoice)
        case .review(let review): connectors[invoice].everReviewed.append(review)
        default: break
        }
    }

    mutating func mark(
        _ cause: String, _ state: Booking.State, for reason: Booking.VoidReason? = nil, _ invoice: Int
    ) {
        guard let index = connectors[invoice].bookings.firstIndex(where: { $0.cause == cause }) else {
            return faults.append("\(cause) is not booked, and is to be \(state)")
        }
        connectors[invoice].bookings[index].state = state
        if let reason { connectors[invoice].bookings[index].voidedFor = reason }
    }
}
