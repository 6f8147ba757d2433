/// What stands between the two once an invoice is out: whether the open amounts agree, and everything that has no
/// plan of its own yet and therefore goes to a person.
enum StandingPlan {
    private static let openDisputes: Set<String> = [
        "needs_response", "under_review", "warning_needs_response", "warning_under_review",
    ]
    private static let harmlessDisputes: Set<String> = ["won", "warning_closed", "prevented"]

    static func actions(
        _ receivable: Receivable, _ collection: Collection, _ link: Link, _ situation: Situation
    ) -> [Action] {
        if link.state == .drafted, collection.status == "open", collection.amountDue.minorUnits != link.pushedAmount {
            return [.review(PushPlan.mismatch(receivable, collection)), .voidInvoice(collection.invoice)]
        }
        let reviews = refunds(collection) + disputes(collection) + amounts(receivable, collection, situation)
        return reviews.map(Action.review) + state(receivable, collection, link, situation)
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
        let booked = Set(situation.bookings.map(\.cause))
        let isUnderWay = collection.payments.contains { $0.status == "paid" && !booked.contains($0.id.rawValue) }
        let open = PaymentPlan.available(receivable, situation.bookings)
        guard !isUnderWay, open != collection.amountRemaining else { return [] }
        let found = "\(open) is open in Visma, \(collection.amountRemaining) in Stripe (\(collection.invoice))"
        return [
            Review(
                .changedAfterPush, found: found,
                proposals: ["credit or settle the difference in Stripe", "correct the document in Visma"])
        ]
    }

    private static func state(
        _ receivable: Receivable, _ collection: Collection, _ link: Link, _ situation: Situation
    ) -> [Action] {
        let isBooked = situation.bookings.allSatisfy { $0.state == .booked || $0.state == .voided }
        let isSettled = collection.amountRemaining.isZero && receivable.balance.isZero && isBooked
        let wanted: Link.State = isSettled ? .settled : .collecting
        return link.state == wanted ? [] : [.setLink(wanted)]
    }
}
