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

/// From a payout to what the company books of it: fees that belong to no payment, and by policy one journal from the
/// clearing account to the bank.
package enum PayoutPlan {
    package static func actions(for situation: PayoutSituation) -> [Action] {
        guard let payout = situation.payout else { return [] }
        let booked = situation.bookings.sorted { $0.cause < $1.cause }
            .flatMap { settle($0, payout, situation) }
        return booked + fees(payout, situation) + journal(payout, situation)
    }

    /// What Stripe charges for itself; without a source there is no document that would book it.
    private static let feeTypes: Set<String> = ["stripe_fee", "stripe_fx_fee", "tax_fee"]

    static func isSourcelessFee(_ movement: BalanceMovement) -> Bool {
        movement.source == nil && feeTypes.contains(movement.type)
    }

    private static func settle(_ booking: Booking, _ payout: Payout, _ situation: PayoutSituation) -> [Action] {
        let ground = BookingPlan.Ground(situation)
        guard booking.cause == payout.id.rawValue, booking.stands, isUndone(payout) else {
            return BookingPlan.settle(booking, ground)
        }
        let found =
            "payout \(payout.id) of \(payout.amount) is \(payout.status); Visma journal \(booking.number) books it as "
            + "paid"
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

    private static func day(_ fact: Timestamp, _ situation: PayoutSituation) -> LocalDate {
        let moment = situation.policy.posting.bookingDate == .paid ? fact : situation.now
        return moment.day(in: situation.policy.zone)
    }

    private static func journal(_ payout: Payout, _ situation: PayoutSituation) -> [Action] {
        let posting = situation.policy.posting
        let cause = payout.id.rawValue
        guard posting.payouts == .journal, payout.status == "paid", !payout.amount.isZero,
            !situation.bookings.contains(where: { $0.cause == cause })
        else { return [] }
        let code = payout.amount.currency.code
        guard let bank = posting.bankLedgerAccounts[code], let clearing = posting.clearingLedgerAccounts[code] else {
            let found =
                "payout \(payout.id) of \(payout.amount) came to the bank, and no ledger accounts are set for it"
            return [
                .review(
                    Review(
                        .payoutUnbooked, found: found,
                        proposals: ["name bank and clearing ledger accounts for \(code) in the manifest"]))
            ]
        }
        let exchanged = payout.movements.filter(\.isExchanged)
        guard exchanged.isEmpty else { return [.review(exchange(payout, exchanged))] }
        switch PostingDay.choose(
            day(payout.arrivesOn, situation), step: Step.createJournalEntry, cause: cause,
            what: "the payout of \(payout.amount) (\(payout.id))", .init(situation))
        {
        case .needs(let actions): return actions
        case .on(let day, let isMoved):
            let negative = Money.zero(payout.amount.currency) - payout.amount
            var text = "Stripe \(payout.id)"
            if isMoved { text += ", of \(payout.arrivesOn.day(in: situation.policy.zone))" }
            var draft = JournalDraft(
                branch: nil, date: day, currency: payout.amount.currency, reference: cause, text: text,
                lines: [
                    .init(account: bank, debit: payout.amount, text: text),
                    .init(account: clearing, debit: negative, text: text),
                ])
            draft.isOnHold = posting.booking == .hold
            return [.post(.journalEntry(draft), cause: cause)]
        }
    }

    /// What was paid in another currency stands on that currency's clearing account, at Visma's own rate: a journal in
    /// the payout's currency would clear the wrong account, by an amount that only Visma knows.
    private static func exchange(_ payout: Payout, _ exchanged: [BalanceMovement]) -> Review {
        let sum = exchanged.reduce(Money.zero(payout.amount.currency)) { $0 + $1.net }
        let ids = exchanged.prefix(5).map { $0.source ?? $0.id.rawValue }.joined(separator: ", ")
        return Review(
            .payoutUnbooked,
            found:
                "payout \(payout.id) of \(payout.amount) holds \(sum) that Stripe exchanged from other currencies "
                + "(\(exchanged.count): \(ids)), and no journal was posted",
            proposals: ["book the payout by hand, with the exchange difference to its account"])
    }
}
