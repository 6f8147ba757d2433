/// A document that is collected in another way since it was pushed: handed to a debt collector, drawn by direct debit.
/// Stripe stops asking for it.
enum WithdrawalPlan {
    private static let name = "Withdrawn:"

    static func actions(_ receivable: Receivable, _ collection: Collection, _ situation: Situation) -> [Action] {
        guard collection.status == "open", receivable.isOpen, let reason = situation.withdrawal(of: receivable) else {
            return []
        }
        guard SettlementPlan.isQuiet(collection, situation) else {
            return [
                .lookAgain(
                    at: situation.now.adding(seconds: SettlementPlan.lookSeconds),
                    why: "\(reason), while a payment is under way")
            ]
        }
        let settlement = Settlement(
            application: name + receivable.document.number, amount: .zero(receivable.currency), whole: 0, way: .void)
        let found = "\(receivable.document) is not for collection any more, as \(reason)"
        guard collection.amountPaid.isZero, collection.amountCredited.isZero else {
            return [
                .review(
                    Review(
                        .notForCollection,
                        found: "\(found); Stripe still asks for \(collection.amountRemaining)",
                        proposals: ["mark the Stripe invoice uncollectible", "leave it open"]))
            ]
        }
        if let effect = situation.refused(Step.voidInvoice, cause: settlement.cause) {
            return [
                .review(
                    Review(
                        .notForCollection,
                        found: "\(found); Stripe refused to void it: \(effect.failure ?? "no reason given")",
                        proposals: ["void the invoice in Stripe"]))
            ]
        }
        return [.voidInvoice(collection.invoice, settlement)]
    }

    /// What was withdrawn is for collection again, and Stripe has no way back from void.
    static func returned(
        _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        guard receivable.isOpen, situation.withdrawal(of: receivable) == nil,
            situation.settlements.contains(where: { $0.application.hasPrefix(name) })
        else { return [] }
        let found =
            "\(receivable.document) was taken out of collection and is for collection again; Stripe's invoice "
            + "\(collection.invoice) is void, \(receivable.balance) is open in Visma"
        return [
            .review(
                Review(.notForCollection, found: found, proposals: ["collect it by hand", "credit and reissue it"]))
        ]
    }
}

extension Situation {
    /// Why a document that was pushed is to be collected no longer. Lists, dates, limits and marks are for the push:
    /// when they are edited, what went out stays out.
    func withdrawal(of receivable: Receivable) -> String? { policy.selection.skipped(receivable) }
}
