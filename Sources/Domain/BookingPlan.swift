/// The life of a document of ours in Visma, whatever its kind: made unreleased, released by number, believed only when
/// Visma reads it back; voided when the fact that it books is undone or a person asks for it.
package enum BookingPlan {
    /// How long Visma is given before the first look at a queued release or void; then as long again as it has taken so
    /// far, as each look is a call and Visma counts calls by the hour.
    static let lookSeconds: Int64 = 5
    static let lookSecondsMax: Int64 = 3600
    /// One that takes longer than this is shown to a person, and still looked at.
    static let reviewSeconds: Int64 = 3600

    /// Everything that the plan of a document or payout needs to know about its bookings.
    struct Ground {
        var posted: (Booking) -> PostedDocument?
        var effect: (String, String) -> Effect?
        var refused: (String, String) -> Effect?
        var requests: [Request]
        var mode: PostingPolicy.Booking
        var now: Timestamp

        init(_ situation: Situation) {
            posted = situation.posted
            effect = { situation.effect($0, cause: $1) }
            refused = { situation.refused($0, cause: $1) }
            requests = situation.requests
            mode = situation.policy.posting.booking
            now = situation.now
        }

        init(_ situation: PayoutSituation) {
            posted = situation.posted
            effect = { situation.effect($0, cause: $1) }
            refused = { situation.refused($0, cause: $1) }
            requests = situation.requests
            mode = situation.policy.posting.booking
            now = situation.now
        }
    }

    /// - Parameter application: the booking's own row on the invoice, where it pays one.
    static func settle(
        _ booking: Booking, application: Receivable.Application? = nil, _ ground: Ground
    ) -> [Action] {
        let seen = ground.posted(booking)
        let isVoided = application?.isVoided == true || seen?.isVoided == true
        switch booking.state {
        case .voided:
            return booking.voidedFor == nil ? [.review(changed(booking, "was voided"))] : []
        case .voiding where isVoided:
            return [.markBooking(cause: booking.cause, .voided)]
        case .voiding:
            guard let step = Step.void(booking.kind) else { return [] }
            return queued(booking, step: step, verb: "void", ground)
        case _ where isVoided:
            return [.markBooking(cause: booking.cause, .voided), .review(changed(booking, "was voided"))]
        // The 404 may have been a gateway's, so nothing is written down.
        case _ where seen?.isGone == true:
            return [.review(changed(booking, "is not there any more"))]
        case .booked:
            return isUndone(booking, ground) ? void(booking, for: .undo, ground) : []
        case _ where application?.isReleased == true || seen?.isReleased == true:
            return [.markBooking(cause: booking.cause, .booked)]
        case .held:
            return isUndone(booking, ground) ? void(booking, for: .undo, ground) : []
        case .created:
            return release(booking, ground)
        case .releasing:
            return queued(booking, step: Step.release(booking.kind), verb: "release", ground)
        }
    }

    static func void(_ booking: Booking, for reason: Booking.VoidReason, _ ground: Ground) -> [Action] {
        guard booking.origin == .posted, let step = Step.void(booking.kind) else {
            return [.review(impossible(booking, "it was not made by the connector, or Visma has no way back"))]
        }
        // Visma voids what is released, and nothing else.
        guard booking.state != .held || ground.posted(booking)?.isReleased == true else {
            return [.review(impossible(booking, "it is not released: it can be deleted there"))]
        }
        guard booking.state == .booked else { return settle(booking, ground) }
        if let effect = ground.refused(step, booking.cause) {
            return [.review(impossible(booking, effect.failure ?? "no reason given"))]
        }
        return [.void(booking.kind, booking.number, cause: booking.cause, for: reason)]
    }

    private static func impossible(_ booking: Booking, _ why: String) -> Review {
        Review(
            .effectRefused,
            found: "Visma \(noun(booking.kind)) \(booking.number) for \(booking.amount) cannot be voided: \(why)",
            proposals: ["void or reverse it in Visma", "leave it"])
    }

    package static func noun(_ kind: Booking.Kind) -> String {
        switch kind {
        case .payment: "payment"
        case .refund: "refund"
        case .creditNote: "credit note"
        case .cashEntry: "cash transaction"
        case .journalEntry: "journal transaction"
        }
    }

    private static func isUndone(_ booking: Booking, _ ground: Ground) -> Bool {
        ground.requests.contains { $0.kind == .undo && $0.cause == booking.cause }
    }

    private static func queued(_ booking: Booking, step: String, verb: String, _ ground: Ground) -> [Action] {
        let asked = ground.effect(step, booking.cause)?.sentAt ?? ground.now
        let waited = ground.now.seconds(since: asked)
        let pause = min(max(lookSeconds, waited), lookSecondsMax)
        let name = "\(noun(booking.kind)) \(booking.number)"
        let look = Action.lookAgain(at: ground.now.adding(seconds: pause), why: "the \(verb) of \(name) is queued")
        guard waited >= reviewSeconds else { return [look] }
        let found = "Visma was asked at \(asked) to \(verb) \(name) and has not done it"
        return [.review(Review(.effectRefused, found: found, proposals: ["\(verb) it in Visma", "wait"])), look]
    }

    private static func release(_ booking: Booking, _ ground: Ground) -> [Action] {
        if ground.mode == .hold { return [.markBooking(cause: booking.cause, .held)] }
        if let effect = ground.refused(Step.release(booking.kind), booking.cause) {
            let failure = effect.failure ?? "no reason given"
            let found = "Visma refused to release \(noun(booking.kind)) \(booking.number): \(failure)"
            let code: Review.Code = failure.contains(PostingDay.periodClosed) ? .periodClosed : .effectRefused
            return [.review(Review(code, found: found, proposals: ["release it in Visma", "correct what it names"]))]
        }
        return [.release(booking.kind, booking.number, cause: booking.cause)]
    }

    private static func changed(_ booking: Booking, _ what: String) -> Review {
        Review(
            .bookingChanged,
            found:
                "Visma \(noun(booking.kind)) \(booking.number) for \(booking.amount) (\(booking.reference)) \(what)",
            proposals: ["book it again", "leave it voided"])
    }
}
