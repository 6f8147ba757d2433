/// What to do about one document, from what is known and nothing else: no I/O, no clock, no randomness. The same
/// situation always gives the same actions, in the order in which they are to be tried; after each outside write the
/// situation is brought up to date and asked again.
package enum Plan {
    package static func actions(for situation: Situation) -> [Action] {
        if situation.isLeftAlone { return leftAlone(situation) }
        guard let receivable = situation.receivable else { return gone(situation) }
        guard let link = situation.link, link.invoice != nil else {
            return PushPlan.actions(for: receivable, situation)
        }
        guard let collection = situation.collection else { return missingInStripe(situation, link) }
        switch collection.status {
        case "draft":
            return PushPlan.continueDraft(receivable, collection, situation)
        case "open", "paid":
            if let wrong = StandingPlan.wrongAmount(receivable, collection, link, situation) { return wrong }
            if let send = PushPlan.sending(collection, link, situation) { return [send] }
            // A credit takes what is open before a payment does: what was paid beyond it is too much.
            return StandingPlan.credited(receivable, collection, situation)
                + money(receivable, collection, situation)
                + SettlementPlan.actions(receivable, collection, situation)
                + WithdrawalPlan.actions(receivable, collection, situation)
                + marks(receivable, collection, situation)
                + StandingPlan.actions(receivable, collection, link, situation)
        default:
            return withdrawn(receivable, collection, link, situation)
        }
    }

    /// What happens to money outlives the invoice that it came by.
    private static func money(
        _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        PaymentPlan.actions(receivable, collection, situation)
            + PaymentPlan.strays(receivable, collection, situation) + FeePlan.actions(receivable, collection, situation)
            + RefundPlan.actions(receivable, collection, situation)
            + DisputePlan.actions(receivable, collection, situation)
    }

    /// What is only written on the Visma invoice comes last: an invoice that cannot be written on, or that another
    /// program keeps changing, must not stand in the way of money.
    private static func marks(
        _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        DisputePlan.dunning(receivable, collection, situation) + RecordPlan.actions(receivable, collection, situation)
    }

    private static func leftAlone(_ situation: Situation) -> [Action] {
        switch situation.link?.state {
        case .seen: [.setLink(.stopped)]
        case .collecting: [.setLink(.settled)]
        // A draft asks nobody for anything, and is gone on with when the document is taken up again.
        case .drafted, .settled, .stopped, nil: []
        }
    }

    package static let goneLookSeconds: Int64 = 3600

    private static func gone(_ situation: Situation) -> [Action] {
        guard let link = situation.link, link.invoice != nil else { return [.setLink(.stopped)] }
        let found =
            "Visma has no \(situation.document) any more, but Stripe collects it as \(link.invoice?.rawValue ?? "")"
        return [
            .review(
                Review(
                    .changedAfterPush, found: found, proposals: ["void the Stripe invoice", "restore the document"])),
            // A payment may be waiting for it, and the 404 may have been a gateway's.
            .lookAgain(at: situation.now.adding(seconds: goneLookSeconds), why: "Visma has no such document"),
        ]
    }

    private static func missingInStripe(_ situation: Situation, _ link: Link) -> [Action] {
        let found = "Stripe has no invoice \(link.invoice?.rawValue ?? "") any more"
        return [
            .review(Review(.changedInStripe, found: found, proposals: ["push the document again", "leave it"]))
        ]
    }

    private static func withdrawn(
        _ receivable: Receivable, _ collection: Collection, _ link: Link, _ situation: Situation
    ) -> [Action] {
        let money = money(receivable, collection, situation)
        // Money that came before may still be disputed or given back.
        let marks = collection.charges.isEmpty ? [] : marks(receivable, collection, situation)
        // Stripe was told that nothing is to be collected any more.
        if situation.settlements.contains(where: { $0.way == .void || $0.way == .uncollectible }) {
            return money + SettlementPlan.actions(receivable, collection, situation)
                + WithdrawalPlan.returned(receivable, collection, situation) + marks + [.setLink(.stopped)]
        }
        // Voided by us because the amounts did not agree: the review of that says it all.
        let isOurs = situation.voiding(of: link)?.state == .done
        if isOurs { return money + PushPlan.mismatchAfterVoid(receivable, collection) + marks + [.setLink(.stopped)] }
        let found =
            "Stripe's invoice \(collection.invoice) is \(collection.status), \(receivable.balance) is open in Visma"
        // A person settled it in both.
        if PaymentPlan.available(receivable, situation.bookings).isZero { return money + marks + [.setLink(.stopped)] }
        return money + marks + [
            .review(Review(.changedInStripe, found: found, proposals: ["push again", "credit in Visma", "leave it"]))
        ]
    }
}

/// The names of outside writes, as they stand in effect keys, the journal and the metrics.
package enum Step {
    package static let createCustomer = "customer.create"
    package static let createInvoice = "invoice.create"
    package static let addLines = "invoice.lines"
    package static let finalizeInvoice = "invoice.finalize"
    package static let deleteDraft = "invoice.delete"
    package static let voidInvoice = "invoice.void"
    package static let createPayment = "payment.create"
    package static let releasePayment = "payment.release"
    package static let sendInvoice = "invoice.send"
    package static let payOutOfBand = "invoice.pay"
    package static let markUncollectible = "invoice.uncollectible"
    package static let reportPayment = "payment_record.create"
    package static let attachPayment = "payment_record.attach"
    package static let creditInvoice = "credit_note.create"
    package static let voidPayment = "payment.void"
    package static let createRefund = "refund.create"
    package static let releaseRefund = "refund.release"
    package static let voidRefund = "refund.void"
    package static let createCreditNote = "visma_credit_note.create"
    package static let releaseCreditNote = "visma_credit_note.release"
    package static let deleteCreditNote = "visma_credit_note.delete"
    package static let createCashEntry = "cash_entry.create"
    package static let releaseCashEntry = "cash_entry.release"
    package static let createJournalEntry = "journal_entry.create"
    package static let releaseJournalEntry = "journal_entry.release"
    package static let setDunning = "record.dunning"
    package static let writeNote = "record.note"
    package static let attachRecord = "record.attachment"
    package static let createEndpoint = "endpoint.create"
    package static let deleteEndpoint = "endpoint.delete"

    package static let all = [
        createCustomer, createInvoice, addLines, finalizeInvoice, sendInvoice, deleteDraft, voidInvoice, payOutOfBand,
        markUncollectible, reportPayment, attachPayment, creditInvoice, createPayment, releasePayment, voidPayment,
        createRefund, releaseRefund, voidRefund, createCreditNote, releaseCreditNote, deleteCreditNote, createCashEntry,
        releaseCashEntry, createJournalEntry, releaseJournalEntry, setDunning, writeNote,
        attachRecord, createEndpoint, deleteEndpoint,
    ]

    package static func create(_ kind: Booking.Kind) -> String {
        switch kind {
        case .payment: createPayment
        case .refund: createRefund
        case .creditNote: createCreditNote
        case .cashEntry: createCashEntry
        case .journalEntry: createJournalEntry
        }
    }

    package static func release(_ kind: Booking.Kind) -> String {
        switch kind {
        case .payment: releasePayment
        case .refund: releaseRefund
        case .creditNote: releaseCreditNote
        case .cashEntry: releaseCashEntry
        case .journalEntry: releaseJournalEntry
        }
    }

    /// How Visma takes a released document back; nil where it has no way.
    package static func void(_ kind: Booking.Kind) -> String? {
        switch kind {
        case .payment: voidPayment
        case .refund: voidRefund
        case .creditNote, .cashEntry, .journalEntry: nil
        }
    }
}
