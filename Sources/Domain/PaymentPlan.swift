/// From a payment in Stripe to a released customer payment in Visma: one per InvoicePayment, made unreleased, released
/// by number, believed only when Visma reads it back.
package enum PaymentPlan {
    /// How long Visma is given before the first look at a queued release; then as long again as it has taken so far,
    /// as each look is a call and Visma counts calls by the hour.
    package static let releaseLookSeconds: Int64 = 5
    package static let releaseLookSecondsMax: Int64 = 3600
    /// A release that takes longer than this is shown to a person, and still looked at.
    package static let releaseReviewSeconds: Int64 = 3600

    static func actions(_ receivable: Receivable, _ collection: Collection, _ situation: Situation) -> [Action] {
        collection.payments.filter { $0.status == "paid" }
            .sorted { ($0.paidAt?.microseconds ?? 0, $0.id) < ($1.paidAt?.microseconds ?? 0, $1.id) }
            .flatMap { payment -> [Action] in
                switch payment.source {
                case .intent(let intent): actions(for: payment, reference: intent.rawValue, receivable, situation)
                case .charge(let charge): actions(for: payment, reference: charge.rawValue, receivable, situation)
                case .outsideStripe: [.review(outside(payment, collection))]
                }
            }
    }

    /// What is open in Visma once our bookings that it does not show yet have taken effect.
    package static func available(_ receivable: Receivable, _ bookings: [Booking]) -> Money {
        let visible = Set(
            receivable.applications.filter { isPayment($0) && $0.isReleased && !$0.isVoided }.map(\.number))
        return bookings.filter { $0.state != .voided && !visible.contains($0.number.rawValue) }
            .reduce(receivable.balance) { $0 - $1.applied }
    }

    /// Visma's numbers are unique within a type only: a credit note may have the number of a payment.
    private static func isPayment(_ application: Receivable.Application) -> Bool {
        application.documentType == "Payment" || application.documentType == "Prepayment"
    }

    private static func actions(
        for payment: Collection.Payment, reference: String, _ receivable: Receivable, _ situation: Situation
    ) -> [Action] {
        guard let booking = situation.bookings.first(where: { $0.cause == payment.id.rawValue }) else {
            return book(payment, reference: reference, receivable, situation)
        }
        return settle(booking, payment, receivable, situation) + excess(booking, receivable)
    }

    private static func book(
        _ payment: Collection.Payment, reference: String, _ receivable: Receivable, _ situation: Situation
    ) -> [Action] {
        let cause = payment.id.rawValue
        if let effect = situation.refused(Step.createPayment, cause: cause) {
            let failure = effect.failure ?? "no reason given"
            let found = "Visma refused the payment of \(payment.amountPaid) (\(reference)): \(failure)"
            return [
                .review(Review(.effectRefused, found: found, proposals: ["correct what it names", "book it by hand"]))
            ]
        }
        guard payment.amountPaid.currency == receivable.currency else {
            let found = "\(payment.amountPaid) was paid (\(reference)) on a document in \(receivable.currency)"
            return [.review(Review(.amountsDisagree, found: found, proposals: ["book it by hand"]))]
        }
        guard
            let account = situation.policy.posting.cashAccount(branch: receivable.branch, currency: receivable.currency)
        else {
            let found =
                "\(payment.amountPaid) was paid (\(reference)), and no cash account is set for \(receivable.currency)"
            return [
                .review(Review(.cashAccountMissing, found: found, proposals: ["name the cash account in the manifest"]))
            ]
        }
        let open = available(receivable, situation.bookings)
        let applied = min(payment.amountPaid.minorUnits, max(0, open.minorUnits))
        let day = (payment.paidAt ?? situation.now).day(in: situation.policy.zone)
        let draft = PaymentDraft(
            customer: receivable.customer.number, location: receivable.location, branch: receivable.branch,
            paymentMethod: situation.policy.posting.paymentMethod, cashAccount: account, currency: receivable.currency,
            amount: payment.amountPaid, applied: Money(minorUnits: applied, currency: receivable.currency),
            document: receivable.document, applicationDate: day, reference: reference,
            text: "Stripe \(receivable.document.number)", isOnHold: situation.policy.posting.booking == .hold)
        return [.post(.payment(draft), cause: cause)]
    }

    private static func settle(
        _ booking: Booking, _ payment: Collection.Payment, _ receivable: Receivable, _ situation: Situation
    ) -> [Action] {
        let application = receivable.applications.first { isPayment($0) && $0.number == booking.number.rawValue }
        let seen = situation.posted(booking)
        let isVoided = application?.isVoided == true || seen?.isVoided == true
        switch booking.state {
        case .voided, .voiding:
            return [.review(changed(booking))]
        case _ where isVoided:
            return [.markBooking(cause: booking.cause, .voided), .review(changed(booking))]
        case .booked:
            return []
        case _ where application?.isReleased == true || seen?.isReleased == true:
            return [.markBooking(cause: booking.cause, .booked)]
        case .held:
            return []
        case .created:
            return release(booking, payment, situation)
        case .releasing:
            return queued(booking, situation)
        }
    }

    private static func queued(_ booking: Booking, _ situation: Situation) -> [Action] {
        let asked = situation.effect(Step.releasePayment, cause: booking.cause)?.sentAt ?? situation.now
        let waited = situation.now.seconds(since: asked)
        let pause = min(max(releaseLookSeconds, waited), releaseLookSecondsMax)
        let look = Action.lookAgain(
            at: situation.now.adding(seconds: pause), why: "the release of \(booking.number) is queued")
        guard waited >= releaseReviewSeconds else { return [look] }
        let found = "Visma was asked at \(asked) to release payment \(booking.number) and has not done it"
        return [.review(Review(.effectRefused, found: found, proposals: ["release it in Visma", "wait"])), look]
    }

    private static func release(_ booking: Booking, _ payment: Collection.Payment, _ situation: Situation) -> [Action] {
        if situation.policy.posting.booking == .hold { return [.markBooking(cause: booking.cause, .held)] }
        if let effect = situation.refused(Step.releasePayment, cause: booking.cause) {
            let found = "Visma refused to release payment \(booking.number): \(effect.failure ?? "no reason given")"
            return [
                .review(
                    Review(.effectRefused, found: found, proposals: ["release it in Visma", "correct what it names"]))
            ]
        }
        return [.release(.payment, booking.number, cause: booking.cause)]
    }

    /// More came than was open: the rest stands unapplied in Visma, and a person decides what it is.
    private static func excess(_ booking: Booking, _ receivable: Receivable) -> [Action] {
        guard booking.state != .voided, booking.applied.minorUnits < booking.amount.minorUnits else { return [] }
        let rest = booking.amount - booking.applied
        let found =
            "\(rest) of \(booking.amount) (\(booking.reference)) stands unapplied on Visma payment \(booking.number)"
        let code: Review.Code = booking.applied.isZero ? .paidTwice : .overpaid
        return [
            .review(Review(code, found: found, proposals: ["refund it in Stripe", "apply it to another document"]))
        ]
    }

    private static func changed(_ booking: Booking) -> Review {
        Review(
            .bookingChanged,
            found: "Visma payment \(booking.number) for \(booking.amount) (\(booking.reference)) was voided",
            proposals: ["book it again", "leave it voided"])
    }

    private static func outside(_ payment: Collection.Payment, _ collection: Collection) -> Review {
        Review(
            .paidOutsideStripe,
            found: "\(payment.amountPaid) of Stripe invoice \(collection.invoice) was marked as paid outside Stripe",
            proposals: ["book it in Visma", "void the mark in Stripe"])
    }
}
