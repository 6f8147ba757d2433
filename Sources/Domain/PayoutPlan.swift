/// Everything that a decision about one payout rests on.
package struct PayoutSituation: Hashable, Sendable {
    package var id: PayoutID
    /// Nil when Stripe does not know it.
    package var payout: Payout?
    package var bookings: [Booking]
    package var posted: [PostedDocument]
    package var requests: [Request]
    package var effects: [Effect]
    package var openDays: [LocalDate: LocalDate]
    package var policy: Policy
    package var now: Timestamp
    /// A person asked for this look: what was refused before then may be tried again.
    package var forgivesBefore: Timestamp?

    package init(
        id: PayoutID, payout: Payout?, bookings: [Booking] = [], posted: [PostedDocument] = [],
        requests: [Request] = [], effects: [Effect] = [], openDays: [LocalDate: LocalDate] = [:],
        policy: Policy, now: Timestamp
    ) {
        self.id = id
        self.payout = payout
        self.bookings = bookings
        self.posted = posted
        self.requests = requests
        self.effects = effects
        self.openDays = openDays
        self.policy = policy
        self.now = now
    }

    func posted(_ booking: Booking) -> PostedDocument? {
        posted.first { $0.kind == booking.kind && $0.number == booking.number }
    }

    func isForgiven(_ effect: Effect) -> Bool { forgivesBefore.map { effect.sentAt < $0 } ?? false }

    func effect(_ step: String, cause: String) -> Effect? {
        effects.filter { $0.step == step && $0.cause == cause }
            .max { ($0.revision, $0.attempt) < ($1.revision, $1.attempt) }
    }

    func refused(_ step: String, cause: String) -> Effect? {
        guard let effect = effect(step, cause: cause), effect.state == .failed, !isForgiven(effect) else { return nil }
        return effect
    }
}

/// From a payout to what the company books of it: fees that belong to no payment, and by policy its journals.
package enum PayoutPlan {
    package static func actions(for situation: PayoutSituation) -> [Action] {
        guard let payout = situation.payout else { return [] }
        let booked = situation.bookings.sorted { $0.cause < $1.cause }
            .flatMap { settle($0, payout, situation) }
        return booked + fees(payout, situation) + PayoutJournals.actions(payout, situation)
    }

    /// What Stripe charges for itself; without a source there is no document that would book it.
    private static let feeTypes: Set<String> = ["stripe_fee", "stripe_fx_fee", "tax_fee"]

    static func isSourcelessFee(_ movement: BalanceMovement) -> Bool {
        movement.source == nil && feeTypes.contains(movement.type)
    }

    private static func settle(_ booking: Booking, _ payout: Payout, _ situation: PayoutSituation) -> [Action] {
        let ground = BookingPlan.Ground(situation)
        guard booking.kind == .journalEntry, booking.stands, isUndone(payout) else {
            return BookingPlan.settle(booking, ground)
        }
        let what = booking.cause == payout.id.rawValue ? "it as paid" : "what of it was exchanged"
        let found =
            "payout \(payout.id) of \(payout.amount) is \(payout.status); Visma journal \(booking.number) books "
            + what
        return BookingPlan.settle(booking, ground) + [
            .review(Review(.payoutUnbooked, found: found, proposals: ["reverse the journal in Visma"]))
        ]
    }

    private static func isUndone(_ payout: Payout) -> Bool {
        payout.status == "failed" || payout.status == "canceled"
    }

    /// Such a movement is a fee as a whole: its amount left the balance.
    private static func fees(_ payout: Payout, _ situation: PayoutSituation) -> [Action] {
        guard situation.policy.posting.fees == .post else { return [] }
        return payout.movements.filter(isSourcelessFee).flatMap { movement -> [Action] in
            let cause = movement.id.rawValue
            guard !movement.net.isZero, !situation.bookings.contains(where: { $0.cause == cause })
            else { return [] }
            var fee = movement
            fee.fee = Money.zero(movement.amount.currency) - movement.net
            switch PostingDay.choose(
                day(movement.createdAt, situation), step: Step.createCashEntry, cause: cause,
                what: "the fee of \(fee.fee) (\(movement.id))", .init(situation))
            {
            case .needs(let actions): return actions
            case .on(let day, let isMoved):
                let day = FeePlan.Day(
                    day: day, from: isMoved ? movement.createdAt.day(in: situation.policy.zone) : nil)
                return FeePlan.entry(
                    fee, of: movement.text ?? movement.type, nil, day, situation.policy.posting)
            }
        }
    }

    static func day(_ fact: Timestamp, _ situation: PayoutSituation) -> LocalDate {
        let moment = situation.policy.posting.bookingDate == .paid ? fact : situation.now
        return moment.day(in: situation.policy.zone)
    }
}
