import Foundation

/// Credit notes that the connector makes in Visma by opt-in: for a refund, or for a credit note that a person made in
/// Stripe. Visma computes their VAT; one whose total is not the amount to the minor unit is deleted and reviewed.
enum CreditNotePlan {
    /// The credit note of a refund, left open, then the refund document on it. Nil when it cannot be ours: then the
    /// company's own is awaited.
    static func actions(
        for refund: Collection.Refund, _ receivable: Receivable, _ situation: Situation
    ) -> [Action]? {
        let cause = "\(refund.id):credit"
        if let booking = situation.bookings.first(where: { $0.cause == cause }) {
            if booking.state == .booked { return RefundPlan.post(refund, on: booking.number, receivable, situation) }
            if booking.state == .voided { return nil }
        } else if lines(of: receivable, amount: refund.amount) == nil {
            return nil
        }
        return make(
            refund.amount, cause: cause, reference: refund.id.rawValue, at: refund.createdAt, isApplied: false,
            receivable, situation)
    }

    /// Visma made another amount of ours, and it was deleted.
    static func hasFailed(_ refund: Collection.Refund, _ situation: Situation) -> Bool {
        situation.bookings.contains { $0.cause == "\(refund.id):credit" && $0.voidedFor == .failure }
    }

    /// The Visma credit note, applied to the invoice, of one that was made in Stripe.
    static func actions(
        for note: Collection.CreditNote, _ receivable: Receivable, _ situation: Situation
    ) -> [Action] {
        make(
            note.amount, cause: note.id, reference: note.id, at: nil, isApplied: true, receivable, situation)
    }

    /// The credit note of a refund that did not come about: deleted while it is not released; Visma voids none.
    static func takeBack(_ refund: Collection.Refund, _ situation: Situation) -> [Action] {
        guard let booking = situation.bookings.first(where: { $0.cause == "\(refund.id):credit" }), booking.stands
        else { return [] }
        if booking.state == .created, situation.refused(Step.deleteCreditNote, cause: booking.cause) == nil {
            return [.discard(.creditNote, booking.number, cause: booking.cause)]
        }
        let found =
            "refund \(refund.id) of \(refund.amount) is \(refund.status), and credit note \(booking.number), made for "
            + "it, stands"
        return [
            .review(Review(.refund, found: found, proposals: ["reverse the credit note in Visma", "pay it again"]))
        ]
    }

    private static func make(
        _ amount: Money, cause: String, reference: String, at moment: Timestamp?, isApplied: Bool,
        _ receivable: Receivable, _ situation: Situation
    ) -> [Action] {
        if let booking = situation.bookings.first(where: { $0.cause == cause }) {
            return settle(booking, situation)
        }
        let what = "the credit note of \(amount) (\(reference))"
        guard let lines = lines(of: receivable, amount: amount) else {
            let found = "\(what) cannot be made: a line of \(receivable.document) names no account"
            return [.review(Review(.refund, found: found, proposals: ["make the credit note in Visma"]))]
        }
        switch PostingDay.choose(moment, step: Step.createCreditNote, cause: cause, what: what, situation) {
        case .needs(let actions): return actions
        case .on(let day, _):
            let draft = CreditNoteDraft(
                customer: receivable.customer.number, location: receivable.location, branch: receivable.branch,
                currency: receivable.currency, date: day, reference: reference,
                text: "Stripe \(reference), invoice \(receivable.document.number)", lines: lines, total: amount,
                applied: isApplied ? amount : nil, document: receivable.document)
            return [.post(.creditNote(draft), cause: cause)]
        }
    }

    private static func settle(_ booking: Booking, _ situation: Situation) -> [Action] {
        let ground = BookingPlan.Ground(situation)
        let seen = situation.posted(booking)
        let isWrong = booking.voidedFor == .failure || (booking.state == .created && seen?.total != booking.amount)
        guard isWrong else { return BookingPlan.settle(booking, ground) }
        let total = seen.map { ", and Visma made \($0.total) of it" } ?? ""
        let review = Action.review(
            Review(
                .totalMismatch,
                found: "a credit note of \(booking.amount) was wanted (\(booking.reference))\(total)",
                proposals: ["make the credit note in Visma"]))
        guard booking.state == .created, seen != nil else { return [review] }
        if let effect = situation.refused(Step.deleteCreditNote, cause: booking.cause) {
            return [review, .review(PushPlan.refused(Step.deleteCreditNote, effect))]
        }
        return [review, .discard(.creditNote, booking.number, cause: booking.cause)]
    }

    /// The amount spread over the document's VAT codes as the document itself is, without its VAT. Nil when an account
    /// is not known.
    static func lines(of receivable: Receivable, amount: Money) -> [CreditNoteDraft.Line]? {
        let currency = receivable.currency
        var groups: [(code: String?, rate: Decimal, net: Money, gross: Money)] = receivable.taxes.map {
            ($0.vatCode, $0.rate, $0.taxable, $0.taxable + $0.amount)
        }
        let covered = groups.reduce(Money.zero(currency)) { $0 + $1.gross }
        if covered != receivable.total {
            groups.append((nil, 0, receivable.total - covered, receivable.total - covered))
        }
        let shares = TaxAllocation.split(
            amount.minorUnits / currency.step, over: groups.map { $0.gross.minorUnits / currency.step })
        var lines: [CreditNoteDraft.Line] = []
        for (group, share) in zip(groups, shares) where share != 0 {
            let line = receivable.lines.first { $0.vatCode == group.code } ?? receivable.lines.first
            guard let account = line?.account else { return nil }
            let gross = Money(minorUnits: share * currency.step, currency: currency)
            lines.append(
                CreditNoteDraft.Line(
                    description: "Credit of invoice \(receivable.document.number)",
                    amount: gross == group.gross ? group.net : net(of: gross, rate: group.rate),
                    vatCode: group.code, account: account))
        }
        return lines
    }

    /// Rounded half away from zero to the currency's smallest step, as Visma rounds amounts.
    private static func net(of gross: Money, rate: Decimal) -> Money {
        let step = Decimal(gross.currency.step)
        var exact = Decimal(gross.minorUnits) * 100 / (100 + rate) / step
        var rounded = Decimal()
        NSDecimalRound(&rounded, &exact, 0, .plain)
        let units = NSDecimalNumber(decimal: rounded * step).int64Value
        return Money(minorUnits: units, currency: gross.currency)
    }
}
