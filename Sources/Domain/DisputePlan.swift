/// Disputes: Visma sends no reminders while one is open; a lost one is reversed by a person, or by us where the company
/// wants that; what was reversed is booked again when it is won after all.
package enum DisputePlan {
    private static let open: Set<String> = [
        "needs_response", "under_review", "warning_needs_response", "warning_under_review", "appeal_needs_response",
        "appeal_under_review",
    ]
    private static let harmless: Set<String> = ["won", "warning_closed", "prevented"]

    static func actions(_ receivable: Receivable, _ collection: Collection, _ situation: Situation) -> [Action] {
        collection.disputes.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }.flatMap {
            money($0, receivable, collection, situation)
        }
    }

    /// An appeal changes nothing until it is decided: while the money is gone, what was lost stays lost.
    static func isLost(_ dispute: Collection.Dispute) -> Bool {
        dispute.status == "lost"
            || dispute.status.hasPrefix("appeal_")
                && dispute.movements.reduce(0) { $0 + $1.amount.minorUnits } < 0
    }

    static func isOpen(_ dispute: Collection.Dispute) -> Bool { open.contains(dispute.status) }

    /// A closed invoice has no reminders to stop, and cannot be edited.
    static func dunning(
        _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        guard situation.policy.posting.stopsDunning, receivable.isOpen, receivable.etag != nil else { return [] }
        let wanted = collection.disputes.contains { isOpen($0) && !$0.status.hasPrefix("warning_") }
        guard wanted != receivable.isDunningStopped else { return [] }
        // What a person stopped stays stopped; and what Visma took and did not do is not asked for again.
        let last = lastDunning(situation)
        guard wanted || last == dunningCause(true), last != dunningCause(wanted) else { return [] }
        if let effect = situation.refused(Step.setDunning, cause: dunningCause(wanted)) {
            return [.review(dunningRefused(receivable, isStopped: wanted, effect))]
        }
        return [.setDunning(isStopped: wanted)]
    }

    private static func dunningRefused(_ receivable: Receivable, isStopped: Bool, _ effect: Effect) -> Review {
        let what = isStopped ? "a dispute is open and reminders go on" : "no dispute is open and no reminders are sent"
        return Review(
            .recordRefused,
            found: "\(what): Visma refused to change \(receivable.document): \(effect.failure ?? "no reason given")",
            proposals: ["set 'exclude from debt collection' on the invoice in Visma by hand"])
    }

    package static func dunningCause(_ isStopped: Bool) -> String { isStopped ? "stop" : "resume" }

    private static func lastDunning(_ situation: Situation) -> String? {
        situation.effects.filter { $0.step == Step.setDunning && $0.state == .done }
            .max { ($0.sentAt, $0.attempt) < ($1.sentAt, $1.attempt) }?.cause
    }

    private static func money(
        _ dispute: Collection.Dispute, _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        let ground = BookingPlan.Ground(situation)
        guard let charge = collection.charges.first(where: { $0.id == dispute.charge }),
            PaymentPlan.owns(dispute.id.rawValue, of: charge, situation)
        else { return [] }
        let entries = entries(of: dispute, situation)
        let settling = entries.flatMap { BookingPlan.settle($0, ground) }
        // Each entry undoes the one before: an odd number of them has booked the loss.
        let isBooked = !entries.count.isMultiple(of: 2)
        switch dispute.status {
        case _ where isLost(dispute):
            return settling + (isBooked ? [] : lost(dispute, charge, receivable, collection, situation))
        case _ where open.contains(dispute.status), _ where harmless.contains(dispute.status):
            guard isBooked, !open.contains(dispute.status), entries.allSatisfy({ $0.state == .booked }) else {
                return settling
            }
            let back = Money.zero(dispute.amount.currency) - dispute.amount
            return settling + entry(dispute, back, "Dispute won", receivable, situation)
        default:
            let found = "dispute \(dispute.id) of \(dispute.amount) is '\(dispute.status)', which is not a known state"
            return settling + [.review(Review(.disputeClosed, found: found, proposals: ["look at it in Stripe"]))]
        }
    }

    private static func entries(of dispute: Collection.Dispute, _ situation: Situation) -> [Booking] {
        situation.bookings.filter { $0.fact == dispute.id.rawValue }
            .sorted { ($0.cause.utf8.count, $0.cause) < ($1.cause.utf8.count, $1.cause) }
    }

    private static func lost(
        _ dispute: Collection.Dispute, _ charge: Collection.Charge, _ receivable: Receivable,
        _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        let ground = BookingPlan.Ground(situation)
        let posting = situation.policy.posting
        if let booking = soleBooking(charge, collection, situation), !booking.stands,
            booking.voidedFor == .dispute
                || booking.state == .voided && booking.voidedFor == nil
                    && !RefundPlan.isVoidedFor(charge, collection, situation),
            covering(charge, booking, collection, situation)?.id == dispute.id
        {
            return []
        }
        let payment = reversible(dispute, charge, collection, situation)
        guard posting.disputes == .post else { return [.review(proposal(dispute, payment, receivable, posting))] }
        if let payment { return BookingPlan.void(payment, for: .dispute, ground) }
        guard PaymentPlan.isConfirmed(charge, collection, situation) else {
            return held(dispute, receivable, situation)
        }
        guard posting.disputeEntryType != nil else { return [.review(proposal(dispute, payment, receivable, posting))] }
        return entry(dispute, dispute.amount, "Dispute lost", receivable, situation)
    }

    /// What is on its way to be released is followed by its own booking; what is held, a person must release.
    private static func held(
        _ dispute: Collection.Dispute, _ receivable: Receivable, _ situation: Situation
    ) -> [Action] {
        let held = situation.bookings.filter { $0.kind == .payment && $0.state == .held }.map(\.number.rawValue)
        guard !held.isEmpty else { return [] }
        let found =
            "dispute \(dispute.id) of \(dispute.amount) is lost, and payment \(held.joined(separator: ", ")) of "
            + "\(receivable.document) is still on hold"
        return [
            .review(
                Review(
                    .disputeClosed, found: found,
                    proposals: ["release the payment in Visma: the loss is then booked", "delete it in Visma"]))
        ]
    }

    private static func entry(
        _ dispute: Collection.Dispute, _ paidOut: Money, _ verdict: String, _ receivable: Receivable,
        _ situation: Situation
    ) -> [Action] {
        let posting = situation.policy.posting
        let currency = dispute.amount.currency
        guard let entryType = posting.disputeEntryType,
            let account = posting.cashAccount(branch: receivable.branch, currency: currency)
        else {
            return [
                .review(PaymentPlan.accountMissing("dispute \(dispute.id) of \(dispute.amount) was decided", currency))
            ]
        }
        let before = entries(of: dispute, situation).count
        let cause = before == 0 ? dispute.id.rawValue : "\(dispute.id)+\(before + 1)"
        let what = "dispute \(dispute.id) of \(dispute.amount)"
        let moved = dispute.movements.last?.createdAt ?? dispute.createdAt
        switch PostingDay.choose(moved, step: Step.createCashEntry, cause: cause, what: what, situation) {
        case .needs(let actions): return actions
        case .on(let day, let isMoved):
            var text = "\(verdict), invoice \(receivable.document.number)"
            if isMoved { text += ", of \(moved.day(in: situation.policy.zone))" }
            var draft = CashEntryDraft(
                cashAccount: account, branch: receivable.branch, entryType: entryType, currency: currency, date: day,
                paidOut: paidOut, reference: cause, text: text)
            draft.isOnHold = posting.booking == .hold
            return [.post(.cashEntry(draft), cause: cause)]
        }
    }

    /// The payment that can be voided for it: the dispute is of all of it, it paid this invoice alone, and no other
    /// dispute of the charge was lost.
    private static func reversible(
        _ dispute: Collection.Dispute, _ charge: Collection.Charge, _ collection: Collection, _ situation: Situation
    ) -> Booking? {
        guard let booking = soleBooking(charge, collection, situation), booking.state == .booked,
            covering(charge, booking, collection, situation)?.id == dispute.id,
            isReversible(booking, charge, collection, situation)
        else { return nil }
        return booking
    }

    private static func isReversible(
        _ booking: Booking, _ charge: Collection.Charge, _ collection: Collection, _ situation: Situation
    ) -> Bool {
        // A second loss on the same charge is money besides.
        PaymentPlan.isSole(charge, collection, situation) && booking.fee.isZero
            && collection.disputes.filter { $0.charge == charge.id && isLost($0) }.count == 1
    }

    /// By policy, once Visma has released it; lost by then.
    static func willVoid(
        _ charge: Collection.Charge, _ booking: Booking, by moment: Timestamp, _ collection: Collection,
        _ situation: Situation
    ) -> Bool {
        guard let dispute = covering(charge, booking, collection, situation) else { return false }
        return situation.policy.posting.disputes == .post && (dispute.movements.last?.createdAt ?? moment) <= moment
            && soleBooking(charge, collection, situation) == booking
            && isReversible(booking, charge, collection, situation)
    }

    /// The lost dispute of all that was booked: the payment is voided for it, or was by a person.
    static func covering(
        _ charge: Collection.Charge, _ booking: Booking, _ collection: Collection, _ situation: Situation
    ) -> Collection.Dispute? {
        // One that has an entry of its own is booked by that.
        collection.disputes.filter {
            $0.charge == charge.id && isLost($0) && $0.amount == booking.amount
                && entries(of: $0, situation).count.isMultiple(of: 2)
        }
        .min { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    }

    private static func soleBooking(
        _ charge: Collection.Charge, _ collection: Collection, _ situation: Situation
    ) -> Booking? {
        let payments = collection.payments.filter { PaymentPlan.charge(of: $0, collection) == charge }
        guard payments.count == 1, let payment = payments.first else { return nil }
        return PaymentPlan.bookings(of: payment, situation).last
    }

    private static func proposal(
        _ dispute: Collection.Dispute, _ payment: Booking?, _ receivable: Receivable, _ posting: PostingPolicy
    ) -> Review {
        let account =
            posting.cashAccount(branch: receivable.branch, currency: dispute.amount.currency) ?? "the clearing account"
        let first =
            payment.map { "void Visma payment \($0.number): \(receivable.document) is open again with \($0.applied)" }
            ?? "credit \(account) with \(dispute.amount) and debit the account for lost disputes"
        return Review(
            .disputeClosed, found: "dispute \(dispute.id) of \(dispute.amount) (\(dispute.charge)) is lost",
            proposals: [first, "leave it: the loss is booked elsewhere"])
    }
}
