/// What stands between the two once an invoice is out: whether the open amounts agree, and what only a person can
/// decide.
enum StandingPlan {
    private static let paymentStates: Set<String> = ["open", "paid", "canceled"]

    static func actions(
        _ receivable: Receivable, _ collection: Collection, _ link: Link, _ situation: Situation
    ) -> [Action] {
        let reviews =
            [PushPlan.sendingRefused(collection, link, situation)].compactMap { $0 } + unknownPayments(collection)
            + overApplied(receivable, situation) + amounts(receivable, collection, situation)
        return reviews.map(Action.review) + state(receivable, collection, link, situation)
    }

    /// Just finalized, and Stripe asks for another amount than was pushed: it is voided before anything else is done,
    /// so that no payment link to it gets out. Nil when the amount is right, or when money came already, as Stripe
    /// voids no invoice with a paid payment: then the amounts are compared like those of any other.
    static func wrongAmount(
        _ receivable: Receivable, _ collection: Collection, _ link: Link, _ situation: Situation
    ) -> [Action]? {
        guard link.state == .drafted, collection.status == "open", collection.amountDue.minorUnits != link.pushedAmount,
            !collection.payments.contains(where: { $0.status == "paid" })
        else { return nil }
        let review = Action.review(PushPlan.mismatch(receivable, collection))
        guard let voiding = situation.voiding(of: link), voiding.state == .failed else {
            return [review, .voidInvoice(collection.invoice, nil)]
        }
        return [review, .review(PushPlan.refused(Step.voidInvoice, voiding))]
    }

    private static func unknownPayments(_ collection: Collection) -> [Review] {
        collection.payments.filter { !paymentStates.contains($0.status) }.prefix(1).map { payment in
            Review(
                .unreadable, found: "payment \(payment.id) is '\(payment.status)', which is not a known state",
                proposals: ["look at it in Stripe", "update the connector"])
        }
    }

    /// What came in between has taken what a payment of ours, not released yet, is to take: nobody can release it, and
    /// until then Stripe is told nothing.
    private static func overApplied(_ receivable: Receivable, _ situation: Situation) -> [Review] {
        guard PaymentPlan.available(receivable, situation.bookings).minorUnits < 0 else { return [] }
        let waiting = situation.bookings.filter { $0.kind == .payment && $0.stands && $0.state != .booked }
            .map { "\($0.applied) by \($0.number)" }.joined(separator: ", ")
        let found =
            "\(receivable.balance) is open in Visma, and our payments are to take more of it: \(waiting)"
        return [
            Review(
                .changedAfterPush, found: found,
                proposals: ["apply less of the payment in Visma, and release it", "void it in Visma"])
        ]
    }

    /// Credit notes that a person made in Stripe.
    static func credited(
        _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        let isOneCurrency = collection.currency == receivable.currency
        let lack = isOneCurrency ? lack(receivable, collection, situation) : 0
        return foreignCredits(collection, situation).flatMap { note -> [Action] in
            let isBooked = situation.bookings.contains { $0.cause == note.id }
            let books =
                situation.policy.posting.stripeCredits == .creditNote && collection.refunds.isEmpty
                && !note.givenBack.isPositive && isOneCurrency && lack >= note.amount.minorUnits
            if isBooked || books {
                return CreditNotePlan.actions(for: note, receivable, situation)
            }
            // What took from the open amount shows in it; what was given back of money that had come shows nowhere.
            let isTold = isOneCurrency && (collection.status == "open" ? lack == 0 : lack <= 0)
            guard note.givenBack.isPositive || !isTold else { return [] }
            let found = "credit note \(note.number ?? note.id) of \(note.amount) was made in Stripe (\(note.id))"
            return [
                .review(
                    Review(
                        .creditedInStripe, found: found,
                        proposals: ["make the credit note in Visma too", "void it in Stripe"]))
            ]
        }
    }

    /// What is open in Visma beyond what remains in Stripe, in minor units, once the payments that are still to be
    /// booked have taken theirs: what was credited in both needs no credit note.
    private static func lack(
        _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> Int64 {
        let paid = collection.payments.filter { $0.status == "paid" }
        let coming = paid.filter { !isBooked($0, situation) }.reduce(0) { $0 + $1.amountPaid.minorUnits }
        // What was paid too much may be counted with a payment, and takes nothing.
        let beyond = paid.reduce(0) { $0 + $1.amountPaid.minorUnits } - collection.amountPaid.minorUnits
        let open =
            PaymentPlan.available(receivable, situation.bookings)
            - PaymentPlan.owedBack(collection, receivable.currency, situation)
        let taken = max(0, coming - max(0, beyond))
        return open.minorUnits - taken - collection.amountRemaining.minorUnits
    }

    private static func foreignCredits(
        _ collection: Collection, _ situation: Situation
    ) -> [Collection.CreditNote] {
        let ours = Set(situation.settlements.compactMap(\.stripeObject))
        return collection.creditNotes.filter { note in
            note.status != "void" && !ours.contains(note.id)
                && !situation.bookings.contains { $0.cause == note.id && $0.state == .booked }
        }.sorted { $0.id < $1.id }
    }

    /// The open amounts are compared only when nothing is between the two: no payment to be booked, no booking being
    /// voided, no settlement to be told, no credit note to be made.
    private static func amounts(
        _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> [Review] {
        let isUnderWay = collection.payments.contains { $0.status == "paid" && !isBooked($0, situation) }
        let isCrediting = foreignCredits(collection, situation).contains { note in
            !situation.bookings.contains { $0.cause == note.id && $0.state == .booked }
        }
        let isTelling =
            collection.status == "open"
            && situation.settlements.contains { $0.way == .paymentRecord && !$0.isAttached }
        let isVoiding = situation.bookings.contains { booking in
            booking.state == .voiding
                || (booking.stands
                    && receivable.applications.contains { $0.isVoided && PaymentPlan.isRow($0, of: booking) })
        }
        guard !isUnderWay, !isCrediting, !isTelling, !isVoiding,
            collection.status != "open" || SettlementPlan.untold(receivable, situation).isEmpty,
            SettlementPlan.undone(receivable, situation).isEmpty
        else { return [] }
        guard !agree(receivable, collection, situation) else { return [] }
        let open = PaymentPlan.available(receivable, situation.bookings)
        guard open.minorUnits >= 0 else { return [] }
        let found = "\(open) is open in Visma, \(collection.amountRemaining) in Stripe (\(collection.invoice))"
        return [
            Review(
                .changedAfterPush, found: found,
                proposals: ["credit or settle the difference in Stripe", "correct the document in Visma"])
        ]
    }

    /// What is open in Visma, but for what was rightly voided, is what remains in Stripe; where Stripe asks for nothing
    /// any more, no more than that is open.
    static func agree(_ receivable: Receivable, _ collection: Collection, _ situation: Situation) -> Bool {
        guard collection.currency == receivable.currency else { return false }
        let open =
            PaymentPlan.available(receivable, situation.bookings)
            - PaymentPlan.owedBack(collection, receivable.currency, situation)
        return collection.status == "open" ? open == collection.amountRemaining : !open.isPositive
    }

    private static func isBooked(_ payment: Collection.Payment, _ situation: Situation) -> Bool {
        if case .outsideStripe = payment.source { return PaymentPlan.isEcho(payment, situation) }
        return !PaymentPlan.bookings(of: payment, situation).isEmpty
    }

    private static func state(
        _ receivable: Receivable, _ collection: Collection, _ link: Link, _ situation: Situation
    ) -> [Action] {
        let isConfirmed = situation.bookings.allSatisfy { $0.state == .booked || $0.state == .voided }
        let isComplete = collection.payments.allSatisfy { $0.status != "paid" || isBooked($0, situation) }
        // What a person voided or had undone is owed, but nothing is settled by it.
        let isTakenBack = collection.payments.contains { payment in
            PaymentPlan.bookings(of: payment, situation).contains {
                $0.state == .voided && ($0.voidedFor == nil || $0.voidedFor == .undo)
                    && !PaymentPlan.isExplained($0, payment, collection, situation)
            }
        }
        let owed = PaymentPlan.owedBack(collection, receivable.currency, situation)
        let isSettled =
            !isTakenBack && collection.amountRemaining.isZero && receivable.balance.minorUnits <= owed.minorUnits
            && isConfirmed && isComplete
            && RefundPlan.isSettled(collection, situation)
        let wanted: Link.State = isSettled ? .settled : .collecting
        return link.state == wanted ? [] : [.setLink(wanted)]
    }
}
