/// What stands between the two once an invoice is out: whether the open amounts agree, and everything that has no
/// plan of its own yet and therefore goes to a person.
enum StandingPlan {
    private static let openDisputes: Set<String> = [
        "needs_response", "under_review", "warning_needs_response", "warning_under_review",
    ]
    private static let paymentStates: Set<String> = ["open", "paid", "canceled"]
    private static let harmlessDisputes: Set<String> = ["won", "warning_closed", "prevented"]

    static func actions(
        _ receivable: Receivable, _ collection: Collection, _ link: Link, _ situation: Situation
    ) -> [Action] {
        let reviews =
            unknownPayments(collection) + refunds(collection) + disputes(collection)
            + amounts(receivable, collection, situation)
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

    /// Refunds and disputes outlive the invoice that they began with.
    static func aftermath(_ collection: Collection) -> [Action] {
        (refunds(collection) + disputes(collection)).map(Action.review)
    }

    private static func unknownPayments(_ collection: Collection) -> [Review] {
        collection.payments.filter { !paymentStates.contains($0.status) }.prefix(1).map { payment in
            Review(
                .unreadable, found: "payment \(payment.id) is '\(payment.status)', which is not a known state",
                proposals: ["look at it in Stripe", "update the connector"])
        }
    }

    private static func refunds(_ collection: Collection) -> [Review] {
        collection.charges.filter { $0.amountRefunded.isPositive }.prefix(1).map { charge in
            Review(
                .refund, found: "\(charge.amountRefunded) of \(charge.amount) was refunded (\(charge.id))",
                proposals: ["credit the invoice in Visma and book the refund on the credit note"])
        }
    }

    private static func disputes(_ collection: Collection) -> [Review] {
        collection.disputes.filter { !openDisputes.contains($0.status) && !harmlessDisputes.contains($0.status) }
            .prefix(1).map { dispute in
                Review(
                    .disputeClosed, found: "dispute \(dispute.id) of \(dispute.amount) is \(dispute.status)",
                    proposals: ["reverse the payment in Visma", "book the loss"])
            }
    }

    /// The open amounts are compared only when no payment is between the two.
    private static func amounts(
        _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> [Review] {
        let isUnderWay = collection.payments.contains { $0.status == "paid" && !isBooked($0, situation) }
        let open = PaymentPlan.available(receivable, situation.bookings)
        guard !isUnderWay, open != collection.amountRemaining else { return [] }
        let found = "\(open) is open in Visma, \(collection.amountRemaining) in Stripe (\(collection.invoice))"
        return [
            Review(
                .changedAfterPush, found: found,
                proposals: ["credit or settle the difference in Stripe", "correct the document in Visma"])
        ]
    }

    private static func isBooked(_ payment: Collection.Payment, _ situation: Situation) -> Bool {
        situation.bookings.contains { $0.cause == payment.id.rawValue }
    }

    private static func state(
        _ receivable: Receivable, _ collection: Collection, _ link: Link, _ situation: Situation
    ) -> [Action] {
        let isConfirmed = situation.bookings.allSatisfy { $0.state == .booked || $0.state == .voided }
        let isComplete = collection.payments.allSatisfy { payment in
            if case .outsideStripe = payment.source { return true }
            return payment.status != "paid" || isBooked(payment, situation)
        }
        let isSettled =
            collection.amountRemaining.isZero && receivable.balance.isZero && isConfirmed && isComplete
        let wanted: Link.State = isSettled ? .settled : .collecting
        return link.state == wanted ? [] : [.setLink(wanted)]
    }
}
