/// From an open Visma document to a finalized Stripe invoice: customer, draft, lines, finalize. Each step follows
/// from what exists already, so that a push cut off anywhere goes on where it stopped.
package enum PushPlan {
    static func actions(for receivable: Receivable, _ situation: Situation) -> [Action] {
        guard receivable.isOpen, receivable.balance.isPositive,
            situation.policy.exclusion(of: receivable) == nil
        else { return [.setLink(.stopped)] }
        if let review = blocker(receivable, situation) { return [.review(review)] }
        let lines: [InvoiceLine]
        do {
            lines = try TaxAllocation.lines(of: receivable, open: receivable.balance)
        } catch {
            return [.review(Review(.amountsDisagree, found: "\(error)", proposals: ["correct the document in Visma"]))]
        }
        switch customer(receivable, situation) {
        case .needs(let actions): return actions
        case .known(let customer):
            if hadWrongTotal(receivable, situation) {
                let found = "a Stripe draft of the same content was deleted, as its total was not \(receivable.balance)"
                return [.review(Review(.totalMismatch, found: found, proposals: ["collect it outside Stripe"]))]
            }
            if let refused = refusal(Step.createInvoice, receivable, situation) { return [.review(refused)] }
            let draft = draft(for: receivable, customer: customer, lines: lines, situation)
            return [.createInvoice(draft, amount: receivable.balance, settled: settled(receivable))]
        }
    }

    /// What had been settled by the push, so that it is never told to Stripe again.
    private static func settled(_ receivable: Receivable) -> [Settlement] {
        SettlementPlan.totals(receivable).map {
            Settlement(application: $0.key, amount: $0.amount, whole: $0.amount.minorUnits, way: .pushed)
        }
    }

    /// A draft that was given the lines of this very content was deleted, as they did not make its amount.
    private static func hadWrongTotal(_ receivable: Receivable, _ situation: Situation) -> Bool {
        let cause = pushCause(receivable)
        return situation.effects.contains { deletion in
            deletion.step == Step.deleteDraft && deletion.state == .done && !situation.isForgiven(deletion)
                && situation.effects.contains {
                    $0.step == Step.addLines && $0.state == .done && $0.cause == cause
                        && $0.revision == deletion.revision
                }
        }
    }

    /// What stops a document before anything is sent.
    private static func blocker(_ receivable: Receivable, _ situation: Situation) -> Review? {
        if receivable.isRotRutDeductible {
            return Review(
                .deductible, found: "\(receivable.document) has a ROT/RUT deduction, which Stripe cannot show",
                proposals: ["collect it outside Stripe", "push it anyway"])
        }
        if let minimum = minimumCharge(receivable.currency), receivable.balance.minorUnits < minimum.minorUnits {
            return Review(
                .amountTooSmall, found: "\(receivable.balance) is under Stripe's minimum of \(minimum)",
                proposals: ["write it off", "collect it with the next invoice"])
        }
        return nil
    }

    /// Stripe's minimum charge by currency, from its currency page; others are left to Stripe's own answer.
    package static func minimumCharge(_ currency: Currency) -> Money? {
        let minimums: [String: Int64] = [
            "USD": 50, "EUR": 50, "GBP": 30, "NOK": 300, "SEK": 300, "DKK": 250, "CHF": 50, "PLN": 200, "HUF": 17500,
            "CZK": 1500, "RON": 200, "JPY": 50, "MXN": 1000, "AED": 200,
        ]
        return minimums[currency.code].map { Money(minorUnits: $0, currency: currency) }
    }

    private enum CustomerStep {
        case known(StripeCustomerID)
        case needs([Action])
    }

    private static func customer(_ receivable: Receivable, _ situation: Situation) -> CustomerStep {
        switch situation.customer {
        case .notLooked:
            return .needs([.findCustomer])
        case .found(let id, let visma, _, let hasEmail):
            return hasEmail ? .known(id) : .needs([.review(emailMissing(receivable, visma))])
        case .ambiguous(let rule, let candidates):
            let ids = candidates.prefix(5).map(\.rawValue).joined(separator: ", ")
            let found = "\(candidates.count) Stripe customers match \(receivable.customer.name) by \(rule): \(ids)"
            return .needs([.review(Review(.customerAmbiguous, found: found, proposals: ["choose one of them"]))])
        case .missingInVisma:
            let found = "Visma does not know customer \(receivable.customer.number)"
            return .needs([.review(Review(.customerUnknown, found: found, proposals: ["correct the document"]))])
        case .unknown(let visma):
            return .needs(create(visma, receivable, situation))
        }
    }

    private static func create(_ visma: VismaCustomer, _ receivable: Receivable, _ situation: Situation) -> [Action] {
        guard visma.email != nil else { return [.review(emailMissing(receivable, visma))] }
        guard situation.policy.createsCustomers else {
            let found = "no Stripe customer matches \(visma.name) (\(visma.number)), and the policy makes none"
            return [.review(Review(.customerUnknown, found: found, proposals: ["map to a Stripe customer"]))]
        }
        let metadata = [
            MetadataKey.tenant: situation.tenant.rawValue, MetadataKey.company: situation.company,
            MetadataKey.customer: String(visma.internalID), MetadataKey.customerNumber: visma.number.rawValue,
        ]
        let draft = CustomerDraft(
            name: visma.name, email: visma.email, phone: visma.phone, address: visma.address, description: visma.name,
            metadata: metadata)
        if let effect = situation.refused(Step.createCustomer, cause: customerCause(draft)) {
            return [.review(refused(Step.createCustomer, effect))]
        }
        return [.createCustomer(draft)]
    }

    /// A digest of what a Stripe customer is made of: corrected in Visma, it may be tried again.
    package static func customerCause(_ draft: CustomerDraft) -> String {
        let address = [draft.address?.line1, draft.address?.line2, draft.address?.postalCode, draft.address?.city]
        let parts = [draft.name, draft.email, draft.phone, draft.address?.country] + address
        return Digest.short(parts.map { $0.map { "\($0.utf8.count):\($0)" } ?? "-" }.joined(separator: "|"))
    }

    private static func emailMissing(_ receivable: Receivable, _ visma: VismaCustomer) -> Review {
        Review(
            .customerEmailMissing,
            found:
                "customer \(visma.number) \(visma.name) has no e-mail address, which Stripe needs to send an invoice",
            proposals: ["add an invoice e-mail to the customer in Visma", "collect it outside Stripe"])
    }

    private static func draft(
        for receivable: Receivable, customer: StripeCustomerID, lines: [InvoiceLine], _ situation: Situation
    ) -> InvoiceDraft {
        let policy = situation.policy
        let dueDate = receivable.dueDate ?? receivable.documentDate
        var dueAt = dueDate.endOfDay(in: policy.zone)
        var fields: [InvoiceDraft.CustomField] = []
        // A quarter of an hour of room: Stripe refuses a due date that has passed when the call arrives.
        let earliest = situation.now.adding(seconds: 900)
        if dueAt < earliest {
            // Counted from that moment, so that no days of grace in the day's last minutes still mean a day to come.
            dueAt = earliest.day(in: policy.zone).adding(days: policy.invoice.pastDueGraceDays).endOfDay(
                in: policy.zone)
            fields.append(.init(name: "Original due date", value: dueDate.description))
        }
        let revision = situation.link?.revision ?? 1
        return InvoiceDraft(
            customer: customer, currency: receivable.currency, dueAt: dueAt,
            effectiveAt: min(receivable.documentDate.noon(in: policy.zone), situation.now),
            number: number(receivable, revision: revision, policy), memo: nil, customFields: fields,
            metadata: [
                MetadataKey.tenant: situation.tenant.rawValue, MetadataKey.company: situation.company,
                MetadataKey.document: receivable.document.description, MetadataKey.revision: String(revision),
            ])
    }

    private static func number(_ receivable: Receivable, revision: Int, _ policy: Policy) -> String {
        let base = policy.invoice.numberPrefix + receivable.document.number
        return revision > 1 ? "\(base)-\(revision)" : base
    }

    /// The draft exists: give it its lines, and finalize it only when Stripe's total is the open amount to the unit.
    static func continueDraft(
        _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        guard receivable.isOpen, receivable.balance.isPositive, situation.policy.exclusion(of: receivable) == nil
        else { return delete(collection, receivable, situation) }
        guard collection.lineCount > 0 else {
            // The draft was asked for with another amount than is open now: what it says is not true any more.
            guard situation.link?.pushedAmount == receivable.balance.minorUnits else {
                return delete(collection, receivable, situation)
            }
            if let refused = refusal(Step.addLines, receivable, situation) {
                return [.review(refused)] + delete(collection, receivable, situation)
            }
            // Refused by the allocation: once the draft is gone, the push from the start says why in a review.
            guard let lines = try? TaxAllocation.lines(of: receivable, open: receivable.balance) else {
                return delete(collection, receivable, situation)
            }
            return [.addLines(collection.invoice, lines)]
        }
        guard collection.total == receivable.balance, collection.startingBalance == 0 else {
            return [.review(mismatch(receivable, collection))] + delete(collection, receivable, situation)
        }
        if let refused = refusal(Step.finalizeInvoice, receivable, situation) { return [.review(refused)] }
        return [.finalizeInvoice(collection.invoice)]
    }

    private static func delete(
        _ collection: Collection, _ receivable: Receivable, _ situation: Situation
    ) -> [Action] {
        if let refused = refusal(Step.deleteDraft, receivable, situation) { return [.review(refused)] }
        return [.deleteDraft(collection.invoice)]
    }

    static func mismatch(_ receivable: Receivable, _ collection: Collection) -> Review {
        var found = "Stripe makes \(collection.total) of what is \(receivable.balance) in Visma"
        if collection.startingBalance != 0 {
            found += " and would settle \(collection.startingBalance) minor units from the customer's credit balance"
        }
        return Review(.totalMismatch, found: found, proposals: ["collect it outside Stripe", "push it again"])
    }

    static func mismatchAfterVoid(_ receivable: Receivable, _ collection: Collection) -> [Action] {
        [.review(mismatch(receivable, collection))]
    }

    /// A step that was refused for the same content as now is not sent again: a person must change something.
    static func refusal(_ step: String, _ receivable: Receivable, _ situation: Situation) -> Review? {
        guard let effect = situation.refused(step, cause: pushCause(receivable)) else { return nil }
        let failure = effect.failure ?? "no reason given"
        if failure.contains("Invalid currency") {
            return Review(
                .currencyUnsupported,
                found: "the Stripe account does not take \(receivable.currency): \(failure)",
                proposals: ["collect it outside Stripe", "activate the currency in Stripe and push again"])
        }
        return refused(step, effect)
    }

    static func refused(_ step: String, _ effect: Effect) -> Review {
        Review(
            .effectRefused, found: "\(step) was refused: \(effect.failure ?? "no reason given")",
            proposals: ["correct what it names and push again", "collect it outside Stripe"])
    }

    /// A digest of everything that shapes the push: another content is another cause, and may be tried again.
    package static func pushCause(_ receivable: Receivable) -> String {
        var text = "\(receivable.document)|\(receivable.customer.number)|\(receivable.total)|\(receivable.balance)|"
        text += "\(receivable.vatTotal)|\(receivable.rounding)|\(receivable.dueDate?.description ?? "-")|"
        for line in receivable.lines {
            text += "\(line.number);\(line.description);\(line.amount);\(line.vatCode ?? "-")|"
        }
        for tax in receivable.taxes { text += "\(tax.vatCode);\(tax.rate);\(tax.amount)|" }
        return Digest.short(text)
    }
}

/// The keys of the metadata that we put on Stripe objects.
package enum MetadataKey {
    package static let tenant = "mlc_tenant"
    package static let company = "mlc_company"
    package static let document = "mlc_document"
    package static let revision = "mlc_revision"
    package static let customer = "mlc_customer"
    package static let customerNumber = "mlc_customer_number"
    /// The effect key of the call that made the object: how an uncertain create is found again.
    package static let effect = "mlc_effect"
}
