/// From what settles a document in Visma to what Stripe is told of it: decided by each released, not voided application
/// that is not ours. Nothing is told while money may be on its way between the two.
enum SettlementPlan {
    /// Until a payment in flight has come or gone, or a booking of ours has been released.
    static let lookSeconds: Int64 = 3600

    /// What is applied to the document and counts, by application: Visma may give one payment in several rows.
    struct Total: Hashable {
        var key: String
        var type: String
        var amount: Money
        var date: LocalDate?
    }

    static func totals(_ receivable: Receivable) -> [Total] {
        var totals: [String: Total] = [:]
        for application in receivable.applications where application.counts {
            var total =
                totals[application.key]
                ?? Total(
                    key: application.key, type: application.documentType, amount: .zero(receivable.currency),
                    date: application.date)
            total.amount = total.amount + application.amount
            totals[application.key] = total
        }
        return totals.values.sorted { $0.key < $1.key }
    }

    /// Applications that Stripe has not been told of in full, as the part that it lacks.
    static func untold(_ receivable: Receivable, _ situation: Situation) -> [(total: Total, lacks: Money)] {
        var unknown = settledBeforeMemory(receivable, situation)
        return totals(receivable).filter { !isOurs($0, situation) }
            .sorted { ($0.date?.description ?? "", $0.key) < ($1.date?.description ?? "", $1.key) }
            .compactMap { total in
                var lacks = total.amount - told(total.key, receivable.currency, situation)
                let before = max(0, min(unknown, lacks.minorUnits))
                unknown -= before
                lacks.minorUnits -= before
                return lacks.isZero ? nil : (total, lacks)
            }
    }

    /// An invoice that was pushed by a version that did not remember what had been settled by then: as much of the
    /// oldest applications as was left out of the push.
    private static func settledBeforeMemory(_ receivable: Receivable, _ situation: Situation) -> Int64 {
        guard let pushed = situation.link?.pushedAmount, !situation.settlements.contains(where: { $0.way == .pushed })
        else { return 0 }
        return max(0, receivable.total.minorUnits - pushed)
    }

    /// Told of, and not there any more.
    static func undone(_ receivable: Receivable, _ situation: Situation) -> [String] {
        let there = Set(totals(receivable).map(\.key))
        return Set(situation.settlements.filter { !$0.amount.isZero }.map(\.application)).subtracting(there).sorted()
    }

    static func actions(_ receivable: Receivable, _ collection: Collection, _ situation: Situation) -> [Action] {
        let unattached = situation.settlements.first { $0.way == .paymentRecord && !$0.isAttached }
        if let unattached, let record = unattached.stripeObject, collection.status == "open" {
            guard isQuiet(collection, situation) else { return [look(unattached.application, situation)] }
            guard collection.amountRemaining.covers(unattached.amount) else {
                // The customer paid meanwhile, and the record is more than what remains.
                var rest = unattached
                (rest.way, rest.amount, rest.stripeObject) = (.outOfBand, .zero(unattached.amount.currency), nil)
                rest.isAttached = true
                return [.payOutOfBand(collection.invoice, rest)]
            }
            return refused(Step.attachPayment, unattached, situation).map { [.review($0)] }
                ?? [.attachPayment(collection.invoice, record: record, unattached)]
        }
        let gone = undone(receivable, situation)
        let untold = untold(receivable, situation)
        let fallen = untold.filter { $0.lacks.minorUnits < 0 }.map(\.total.key)
        if let first = (gone + fallen).first, !StandingPlan.agree(receivable, collection, situation) {
            let found =
                "\(first) was applied to \(receivable.document) and Stripe was told so; now it is not, or with less"
            return [
                .review(
                    Review(
                        .settlementUndone, found: found,
                        proposals: ["collect the difference with a new invoice", "apply it again in Visma"]))
            ]
        }
        guard collection.status == "open", collection.currency == receivable.currency, let next = untold.first else {
            return []
        }
        guard isQuiet(collection, situation) else {
            return [look(next.total.key, situation)]
        }
        return tell(next.total, next.lacks, receivable, collection, situation)
    }

    private static func look(_ application: String, _ situation: Situation) -> Action {
        .lookAgain(
            at: situation.now.adding(seconds: lookSeconds),
            why: "\(application) settled it in Visma while a payment is under way")
    }

    /// No payment is in flight, and all that we apply to the document is released or taken back. A fee or a refund on
    /// hold takes nothing off it.
    static func isQuiet(_ collection: Collection, _ situation: Situation) -> Bool {
        let isUnderWay = collection.payments.contains { payment in
            if case .outsideStripe = payment.source { return false }
            return payment.isInFlight
                || (payment.status == "paid" && PaymentPlan.bookings(of: payment, situation).isEmpty)
        }
        let applied = situation.bookings.filter {
            $0.kind == .payment || $0.kind == .creditNote && $0.applied.isPositive
        }
        return !isUnderWay && applied.allSatisfy { $0.state == .booked || $0.state == .voided }
    }

    private static func isOurs(_ total: Total, _ situation: Situation) -> Bool {
        situation.bookings.contains { booking in
            let number = total.key.split(separator: ":", maxSplits: 1).last.map(String.init)
            guard booking.number.rawValue == number else { return false }
            return switch booking.kind {
            case .payment: total.type == "Payment" || total.type == "Prepayment"
            case .creditNote: total.type == "CreditNote"
            case .refund, .cashEntry, .journalEntry: false
            }
        }
    }

    private static func told(_ key: String, _ currency: Currency, _ situation: Situation) -> Money {
        situation.settlements.filter { $0.application == key }.reduce(.zero(currency)) { $0 + $1.amount }
    }

    private static func tell(
        _ total: Total, _ lacks: Money, _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        // A payment that closed the document with less took a cash discount or wrote the rest off.
        let isLast = receivable.balance.isZero && untold(receivable, situation).count == 1
        let isAll = lacks.covers(collection.amountRemaining) || isLast
        let amount = min(lacks.minorUnits, collection.amountRemaining.minorUnits)
        let part = Money(minorUnits: amount, currency: lacks.currency)
        if let review = askedTooLittle(
            total, isAll ? collection.amountRemaining : part, receivable, collection, situation)
        {
            return [.review(review)]
        }
        let isUntouched = collection.amountPaid.isZero && collection.amountCredited.isZero
        switch total.type {
        case "Payment", "Prepayment":
            let way: Settlement.Way = isAll ? .outOfBand : .paymentRecord
            return perform(settlement(total, lacks, way), part, total, collection, situation)
        case "CreditNote" where isUntouched && total.amount == receivable.total:
            // The whole document was taken back: there is nothing to collect and nothing was.
            return perform(settlement(total, lacks, .void), part, total, collection, situation)
        case "CreditNote":
            return perform(settlement(total, lacks, .creditNote), part, total, collection, situation)
        case "SmallBalanceWo", "SmallCreditWo":
            guard isAll else {
                return perform(settlement(total, lacks, .creditNote), part, total, collection, situation)
            }
            let voids = isUntouched && situation.policy.posting.writeOffs == .void
            return perform(
                settlement(total, lacks, voids ? .void : .uncollectible), part, total, collection, situation)
        default:
            let found = "\(total.key) of \(total.amount) settles \(receivable.document), which is no known way to"
            return [
                .review(
                    Review(
                        .changedAfterPush, found: found,
                        proposals: ["credit or settle the difference in Stripe", "correct the document in Visma"]))
            ]
        }
    }

    /// Stripe never comes to ask for less than what is open in the books, whatever the applications seem to say.
    private static func askedTooLittle(
        _ total: Total, _ part: Money, _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> Review? {
        let open =
            PaymentPlan.available(receivable, situation.bookings)
            - PaymentPlan.owedBack(collection, receivable.currency, situation)
        guard !(collection.amountRemaining - part).covers(open) else { return nil }
        let found =
            "\(total.key) of \(total.amount) was applied to \(receivable.document), but \(open) is open in Visma and "
            + "\(collection.amountRemaining) in Stripe (\(collection.invoice))"
        return Review(
            .changedAfterPush, found: found,
            proposals: ["credit or settle the difference in Stripe", "correct the document in Visma"])
    }

    private static func settlement(_ total: Total, _ lacks: Money, _ way: Settlement.Way) -> Settlement {
        Settlement(application: total.key, amount: lacks, whole: total.amount.minorUnits, way: way)
    }

    private static func perform(
        _ settlement: Settlement, _ part: Money, _ total: Total, _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        let invoice = collection.invoice
        let metadata = [
            MetadataKey.tenant: situation.tenant.rawValue, MetadataKey.company: situation.company,
            MetadataKey.document: situation.document.description,
        ]
        let step: String
        let action: Action
        switch settlement.way {
        case .outOfBand:
            (step, action) = (Step.payOutOfBand, .payOutOfBand(invoice, settlement))
        case .paymentRecord:
            let paidAt = total.date.map { min($0.noon(in: situation.policy.zone), situation.now) } ?? situation.now
            var settlement = settlement
            settlement.isAttached = false
            let report = PaymentReport(
                customer: collection.customer, amount: part, paidAt: paidAt, reference: total.key, metadata: metadata)
            (step, action) = (Step.reportPayment, .reportPayment(report, settlement))
        case .creditNote:
            let draft = StripeCreditDraft(
                invoice: invoice, amount: part, memo: "Credited: \(total.key)", metadata: metadata)
            (step, action) = (Step.creditInvoice, .creditInvoice(draft, settlement))
        case .void:
            (step, action) = (Step.voidInvoice, .voidInvoice(invoice, settlement))
        case .uncollectible, .pushed:
            (step, action) = (Step.markUncollectible, .markUncollectible(invoice, settlement))
        }
        return refused(step, settlement, situation).map { [.review($0)] } ?? [action]
    }

    private static func refused(_ step: String, _ settlement: Settlement, _ situation: Situation) -> Review? {
        situation.refused(step, cause: settlement.cause).map { effect in
            Review(
                .effectRefused,
                found:
                    "Stripe was to be told of \(settlement.application), and refused \(step): "
                    + "\(effect.failure ?? "no reason given")",
                proposals: ["settle it in Stripe by hand", "correct what it names and sync again"])
        }
    }
}
