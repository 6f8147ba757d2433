/// What Stripe keeps, when the company books it: on the payment where that is known in time, else as a cash transaction
/// on the clearing account of the currency in which Stripe settles.
enum FeePlan {
    /// How long to wait before asking again what Stripe kept.
    static let lookSeconds: Int64 = 3600

    /// Known before the payment is made, in its currency, and of this payment alone.
    static func charges(
        on payment: Collection.Payment, _ collection: Collection, _ situation: Situation
    ) -> [PaymentDraft.FinanceCharge] {
        let posting = situation.policy.posting
        guard posting.fees == .post, let entryType = posting.feeEntryType,
            let charge = PaymentPlan.charge(of: payment, collection), let movement = charge.movement,
            movement.fee.isPositive, movement.fee.currency == payment.amountPaid.currency,
            PaymentPlan.isSole(charge, collection, situation), !isBooked(movement, situation)
        else { return [] }
        return [PaymentDraft.FinanceCharge(entryType: entryType, amount: movement.fee)]
    }

    static func actions(_ receivable: Receivable, _ collection: Collection, _ situation: Situation) -> [Action] {
        guard situation.policy.posting.fees == .post else { return [] }
        let charges = collection.charges.filter { $0.status == "succeeded" }
        let paid = charges.flatMap { charge -> [Action] in
            guard PaymentPlan.owns(charge.movement?.id.rawValue ?? charge.id.rawValue, of: charge, situation) else {
                return []
            }
            guard !isOnPayment(charge, collection, situation) else { return [] }
            guard isPaymentBooked(charge, collection, situation) else { return [] }
            guard let movement = charge.movement else {
                return [
                    .lookAgain(
                        at: situation.now.adding(seconds: lookSeconds), why: "the fee of \(charge.id) is not known yet")
                ]
            }
            return book(movement, of: charge.id.rawValue, receivable.branch, situation)
        }
        let disputed = collection.disputes.flatMap { dispute -> [Action] in
            guard let charge = charges.first(where: { $0.id == dispute.charge }) else { return [] }
            return dispute.movements.filter { PaymentPlan.owns($0.id.rawValue, of: charge, situation) }
                .flatMap { book($0, of: dispute.id.rawValue, receivable.branch, situation) }
        }
        return paid + disputed
    }

    /// The payment itself comes first: until it is made, the fee may still go on to it.
    private static func isPaymentBooked(
        _ charge: Collection.Charge, _ collection: Collection, _ situation: Situation
    ) -> Bool {
        let payments = payments(of: charge, collection)
        return !payments.isEmpty && payments.allSatisfy { !PaymentPlan.bookings(of: $0, situation).isEmpty }
    }

    private static func isOnPayment(
        _ charge: Collection.Charge, _ collection: Collection, _ situation: Situation
    ) -> Bool {
        payments(of: charge, collection).contains { payment in
            PaymentPlan.bookings(of: payment, situation).contains { $0.stands && !$0.fee.isZero }
        }
    }

    private static func payments(of charge: Collection.Charge, _ collection: Collection) -> [Collection.Payment] {
        collection.payments.filter { PaymentPlan.charge(of: $0, collection)?.id == charge.id }
    }

    private static func isBooked(_ movement: BalanceMovement, _ situation: Situation) -> Bool {
        situation.bookings.contains { $0.cause == movement.id.rawValue }
    }

    private static func book(
        _ movement: BalanceMovement, of what: String, _ branch: String?, _ situation: Situation
    ) -> [Action] {
        let cause = movement.id.rawValue
        let ground = BookingPlan.Ground(situation)
        if let booking = situation.bookings.first(where: { $0.cause == cause }) {
            return BookingPlan.settle(booking, ground)
        }
        guard !movement.fee.isZero else { return [] }
        let name = "the fee of \(movement.fee) (\(what))"
        switch PostingDay.choose(
            movement.createdAt, step: Step.createCashEntry, cause: cause, what: name, situation)
        {
        case .needs(let actions): return actions
        case .on(let day, _):
            return entry(movement, of: what, branch, day, situation.policy.posting)
        }
    }

    /// The cash transaction of a fee, or the review that says what it lacks.
    static func entry(
        _ movement: BalanceMovement, of what: String, _ branch: String?, _ day: LocalDate, _ posting: PostingPolicy
    ) -> [Action] {
        let currency = movement.fee.currency
        guard let account = posting.cashAccount(branch: branch, currency: currency) else {
            return [.review(PaymentPlan.accountMissing("Stripe kept \(movement.fee) (\(what))", currency))]
        }
        guard let entryType = posting.feeEntryType else {
            let found = "Stripe kept \(movement.fee) (\(what)), and no entry type for fees is set"
            return [.review(Review(.feeUnbooked, found: found, proposals: ["name fee_entry_type in the manifest"]))]
        }
        let draft = CashEntryDraft(
            cashAccount: account, branch: branch, entryType: entryType, currency: currency, date: day,
            paidOut: movement.fee, reference: movement.id.rawValue, text: "Stripe fee \(what)")
        return [.post(.cashEntry(draft), cause: movement.id.rawValue)]
    }
}
