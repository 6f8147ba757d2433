/// Disputes: Visma sends no reminders while one is open; a lost one is reversed by a person, or by us where the company
/// wants that; what was reversed is booked again when it is won after all.
enum DisputePlan {
    private static let open: Set<String> = [
        "needs_response", "under_review", "warning_needs_response", "warning_under_review", "appeal_needs_response",
        "appeal_under_review",
    ]
    private static let harmless: Set<String> = ["won", "warning_closed", "prevented"]

    static func actions(_ receivable: Receivable, _ collection: Collection, _ situation: Situation) -> [Action] {
        dunning(receivable, collection, situation)
            + collection.disputes.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }.flatMap {
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
    private static func dunning(
        _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        guard situation.policy.posting.stopsDunning, receivable.isOpen, receivable.etag != nil else { return [] }
        let wanted = collection.disputes.contains { isOpen($0) && !$0.status.hasPrefix("warning_") }
        guard wanted != receivable.isDunningStopped else { return [] }
        // What a person stopped stays stopped.
        guard wanted || dunningIsOurs(situation) else { return [] }
        guard situation.refused(Step.setDunning, cause: dunningCause(wanted)) == nil else { return [] }
        return [.setDunning(isStopped: wanted)]
    }

    package static func dunningCause(_ isStopped: Bool) -> String { isStopped ? "stop" : "resume" }

    private static func dunningIsOurs(_ situation: Situation) -> Bool {
        situation.effects.filter { $0.step == Step.setDunning && $0.state == .done }
            .max { ($0.sentAt, $0.attempt) < ($1.sentAt, $1.attempt) }?.cause == dunningCause(true)
    }

    private static func money(
        _ dispute: Collection.Dispute, _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        let cause = dispute.id.rawValue
        let ground = BookingPlan.Ground(situation)
        guard let charge = collection.charges.first(where: { $0.id == dispute.charge }),
            PaymentPlan.isOurs(charge, situation)
        else { return [] }
        let entry = situation.bookings.first { $0.cause == cause }
        switch dispute.status {
        case _ where isLost(dispute):
            if let entry { return BookingPlan.settle(entry, ground) }
            return lost(dispute, charge, receivable, collection, situation)
        case _ where open.contains(dispute.status):
            return entry.map { BookingPlan.settle($0, ground) } ?? []
        case _ where harmless.contains(dispute.status):
            guard let entry else { return [] }
            return entry.stands ? BookingPlan.void(entry, for: .dispute, ground) : BookingPlan.settle(entry, ground)
        default:
            let found = "dispute \(dispute.id) of \(dispute.amount) is '\(dispute.status)', which is not a known state"
            return [.review(Review(.disputeClosed, found: found, proposals: ["look at it in Stripe"]))]
        }
    }

    private static func lost(
        _ dispute: Collection.Dispute, _ charge: Collection.Charge, _ receivable: Receivable,
        _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        let ground = BookingPlan.Ground(situation)
        let posting = situation.policy.posting
        let payment = reversible(dispute, charge, collection, situation)
        if let payment, payment.voidedFor == .dispute { return [] }
        guard posting.disputes == .post else { return [.review(proposal(dispute, payment, receivable, posting))] }
        if let payment { return BookingPlan.void(payment, for: .dispute, ground) }
        guard PaymentPlan.isConfirmed(charge, collection, situation) else { return [] }
        let currency = dispute.amount.currency
        guard let account = posting.cashAccount(branch: receivable.branch, currency: currency) else {
            return [
                .review(PaymentPlan.accountMissing("dispute \(dispute.id) of \(dispute.amount) was lost", currency))
            ]
        }
        guard let entryType = posting.disputeEntryType else {
            return [.review(proposal(dispute, payment, receivable, posting))]
        }
        let cause = dispute.id.rawValue
        let what = "the lost dispute of \(dispute.amount) (\(dispute.id))"
        let withdrawn = dispute.movements.first { $0.amount.minorUnits < 0 }?.createdAt ?? dispute.createdAt
        switch PostingDay.choose(withdrawn, step: Step.createCashEntry, cause: cause, what: what, situation) {
        case .needs(let actions): return actions
        case .on(let day, _):
            let draft = CashEntryDraft(
                cashAccount: account, branch: receivable.branch, entryType: entryType, currency: currency, date: day,
                paidOut: dispute.amount, reference: cause, text: "Dispute lost, invoice \(receivable.document.number)")
            return [.post(.cashEntry(draft), cause: cause)]
        }
    }

    /// The payment that can be voided for it: the dispute is of all of it, it paid this invoice alone, and no other
    /// dispute of the charge was lost.
    private static func reversible(
        _ dispute: Collection.Dispute, _ charge: Collection.Charge, _ collection: Collection, _ situation: Situation
    ) -> Booking? {
        let lost = collection.disputes.filter { $0.charge == charge.id && isLost($0) }
        guard PaymentPlan.isSole(charge, collection, situation) else { return nil }
        let payments = collection.payments.filter { PaymentPlan.charge(of: $0, collection) == charge }
        guard payments.count == 1, let payment = payments.first,
            let booking = PaymentPlan.bookings(of: payment, situation).last
        else { return nil }
        if booking.voidedFor == .dispute {
            // It stands for one of them; another that is lost later has an entry of its own.
            let first = lost.filter { $0.amount == booking.amount }
                .min { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
            return first?.id == dispute.id ? booking : nil
        }
        guard lost.count == 1 else { return nil }
        return booking.state == .booked && booking.fee.isZero && dispute.amount == booking.amount ? booking : nil
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
