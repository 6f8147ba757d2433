/// From an open Visma document to a finalized Stripe invoice: customer, draft, lines, finalize. Each step follows
/// from what exists already, so that a push cut off anywhere goes on where it stopped.
package enum PushPlan {
    static func actions(for receivable: Receivable, _ situation: Situation) -> [Action] {
        guard receivable.isOpen, receivable.balance.isPositive else { return [.setLink(.stopped)] }
        if let exclusion = situation.exclusion(of: receivable) { return leave(exclusion, situation) }
        if let review = blocker(receivable, situation) { return [.review(review)] }
        let lines: [InvoiceLine]
        do {
            lines = try self.lines(of: receivable, situation)
        } catch {
            return [.review(Review(.amountsDisagree, found: "\(error)", proposals: ["correct the document in Visma"]))]
        }
        // Before the customer, so that nothing is made in Stripe for what waits.
        if let held = PushCap.review(receivable.balance, situation) { return [.review(held)] }
        switch customer(receivable, situation) {
        case .needs(let actions): return actions
        case .known(let customer):
            if let wrong = wrongBefore(receivable, situation) { return [.review(wrong)] }
            if let refused = refusal(Step.createInvoice, receivable, situation) { return [.review(refused)] }
            let draft = draft(for: receivable, customer: customer, lines: lines, situation)
            return [.createInvoice(draft, amount: receivable.balance, settled: settled(receivable))]
        }
    }

    /// Nothing may tell us when an exclusion ends by itself, so the document is looked at again then.
    private static func leave(_ exclusion: Selection.Exclusion, _ situation: Situation) -> [Action] {
        guard let until = exclusion.until else { return [.setLink(.stopped)] }
        let after = until.endOfDay(in: situation.policy.zone).adding(seconds: 1)
        return [.setLink(.stopped), .lookAgain(at: after, why: exclusion.reason)]
    }

    private static func lines(
        of receivable: Receivable, _ situation: Situation
    ) throws(TaxAllocation.Refusal) -> [InvoiceLine] {
        try TaxAllocation.lines(
            of: receivable, open: receivable.balance, treatments: situation.policy.invoice.vatTreatments)
    }

    /// What had been settled by the push, so that it is never told to Stripe again.
    private static func settled(_ receivable: Receivable) -> [Settlement] {
        SettlementPlan.totals(receivable).map {
            Settlement(application: $0.key, amount: $0.amount, whole: $0.amount.minorUnits, way: .pushed)
        }
    }

    /// A draft that was given the lines of this very content was deleted, as they did not make its amount or as Stripe
    /// would have spent the customer's credit on it.
    private static func wrongBefore(_ receivable: Receivable, _ situation: Situation) -> Review? {
        let cause = pushCause(receivable)
        let deletions = situation.effects.filter { deletion in
            deletion.step == Step.deleteDraft && deletion.state == .done && !situation.isForgiven(deletion)
                && deletion.cause != cause
                && situation.effects.contains {
                    $0.step == Step.addLines && $0.state == .done && $0.cause == cause
                        && $0.revision == deletion.revision
                }
        }
        guard let last = deletions.max(by: { ($0.revision, $0.attempt) < ($1.revision, $1.attempt) }) else {
            return nil
        }
        guard last.cause != DraftDeletion.spendsCredit.cause(cause) else {
            let found =
                "a Stripe draft was deleted, as Stripe would have settled a part of \(receivable.balance) from the "
                + "customer's credit balance"
            return Review(.creditBalance, found: found, proposals: creditProposals)
        }
        let found = "a Stripe draft of the same content was deleted, as its total was not \(receivable.balance)"
        return Review(.totalMismatch, found: found, proposals: ["collect it outside Stripe"])
    }

    private static let creditProposals = [
        "settle the customer's credit balance in Stripe, then push it again", "collect it outside Stripe",
    ]

    /// What stops a document before anything is sent. What is only doubtful a person may ask for all the same.
    private static func blocker(_ receivable: Receivable, _ situation: Situation) -> Review? {
        let balance = receivable.balance
        if receivable.isRotRutDeductible, !situation.isPushRequested {
            return Review(
                .deductible, found: "\(receivable.document) has a ROT/RUT deduction, which Stripe cannot show",
                proposals: ["collect it outside Stripe", "push it anyway, with `ml-connector invoice push`"])
        }
        if let minimum = minimumCharge(receivable.currency), balance.minorUnits < minimum.minorUnits {
            return Review(
                .amountTooSmall, found: "\(balance) is under Stripe's minimum of \(minimum)",
                proposals: ["write it off", "collect it with the next invoice"])
        }
        let maximum = Money(minorUnits: chargeMinorUnitsMax, currency: receivable.currency)
        if balance.minorUnits > maximum.minorUnits, !situation.isPushRequested {
            return Review(
                .amountTooLarge,
                found: "\(balance) is over the \(maximum) that Stripe takes by most payment methods other than cards",
                proposals: ["collect it outside Stripe", "push it anyway, with `ml-connector invoice push`"])
        }
        return nil
    }

    /// Eight digits: Stripe's currency page; cards take twelve.
    package static let chargeMinorUnitsMax: Int64 = 99_999_999

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
            return .needs([.review(Review(.customerAmbiguous, found: found, proposals: [mapping]))])
        case .missingInVisma:
            let found = "Visma does not know customer \(receivable.customer.number)"
            return .needs([.review(Review(.customerUnknown, found: found, proposals: ["correct the document"]))])
        case .unknown(let visma):
            return .needs(create(visma, receivable, situation))
        }
    }

    private static let mapping = "say which one it is, with `ml-connector customer map`"

    private static func create(_ visma: VismaCustomer, _ receivable: Receivable, _ situation: Situation) -> [Action] {
        guard visma.email != nil else { return [.review(emailMissing(receivable, visma))] }
        guard situation.policy.createsCustomers else {
            let found = "no Stripe customer matches \(visma.name) (\(visma.number)), and the policy makes none"
            return [.review(Review(.customerUnknown, found: found, proposals: [mapping]))]
        }
        let metadata = [
            MetadataKey.tenant: situation.tenant.rawValue, MetadataKey.company: situation.company,
            MetadataKey.customer: String(visma.internalID), MetadataKey.customerNumber: visma.number.rawValue,
        ]
        let draft = CustomerDraft(
            name: visma.name, email: visma.email, phone: visma.phone, address: visma.address, description: visma.name,
            language: situation.policy.invoice.language(of: visma), metadata: metadata)
        if let effect = situation.refused(Step.createCustomer, cause: customerCause(draft)) {
            return [.review(refused(Step.createCustomer, effect))]
        }
        return [.createCustomer(draft)]
    }

    /// A digest of what a Stripe customer is made of: corrected in Visma, it may be tried again.
    package static func customerCause(_ draft: CustomerDraft) -> String {
        let address = [draft.address?.line1, draft.address?.line2, draft.address?.postalCode, draft.address?.city]
        var parts = [draft.name, draft.email, draft.phone, draft.address?.country] + address
        // Left out where there is none, so that causes from before there was a language keep their names.
        if let language = draft.language { parts.append(language) }
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
        let dueDate = policy.invoice.dueDate(of: receivable)
        var dueAt = dueDate.endOfDay(in: policy.zone)
        var missedDueDate: LocalDate?
        // A quarter of an hour of room: Stripe refuses a due date that has passed when the call arrives.
        let earliest = situation.now.adding(seconds: 900)
        if dueAt < earliest {
            // Counted from that moment, so that no days of grace in the day's last minutes still mean a day to come.
            dueAt = earliest.day(in: policy.zone).adding(days: policy.invoice.pastDueGraceDays).endOfDay(
                in: policy.zone)
            missedDueDate = dueDate
        }
        let revision = situation.link?.revision ?? 1
        return InvoiceDraft(
            customer: customer, currency: receivable.currency, dueAt: dueAt,
            effectiveAt: min(receivable.documentDate.noon(in: policy.zone), situation.now),
            number: policy.invoice.number(of: receivable, revision: revision), memo: policy.invoice.memo,
            footer: policy.invoice.footer,
            customFields: policy.invoice.customFields(of: receivable, originalDueDate: missedDueDate),
            metadata: [
                MetadataKey.tenant: situation.tenant.rawValue, MetadataKey.company: situation.company,
                MetadataKey.document: receivable.document.description, MetadataKey.revision: String(revision),
            ])
    }

    /// The draft exists: give it its lines, and finalize it only when Stripe's total is the open amount to the unit.
    static func continueDraft(
        _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        guard receivable.isOpen, receivable.balance.isPositive, situation.exclusion(of: receivable) == nil
        else { return delete(collection, .withdrawn, receivable, situation) }
        guard collection.lineCount > 0 else {
            // The draft was asked for with another amount than is open now: what it says is not true any more.
            guard situation.link?.pushedAmount == receivable.balance.minorUnits else {
                return delete(collection, .withdrawn, receivable, situation)
            }
            if let refused = refusal(Step.addLines, receivable, situation) {
                return [.review(refused)] + delete(collection, .withdrawn, receivable, situation)
            }
            // Refused by the allocation: once the draft is gone, the push from the start says why in a review.
            guard let lines = try? lines(of: receivable, situation) else {
                return delete(collection, .withdrawn, receivable, situation)
            }
            return [.addLines(collection.invoice, lines)]
        }
        guard collection.total == receivable.balance, collection.startingBalance == 0 else {
            let reason = collection.startingBalance != 0 ? DraftDeletion.spendsCredit : .wrongTotal
            return [.review(mismatch(receivable, collection))] + delete(collection, reason, receivable, situation)
        }
        if let refused = refusal(Step.finalizeInvoice, receivable, situation) { return [.review(refused)] }
        return [.finalizeInvoice(collection.invoice)]
    }

    /// The e-mail that follows the finalizing, by policy: to be done alone, while the link says drafted, as an
    /// invoice that is collecting already is not mailed when somebody changes the policy. Once sent it is not sent
    /// again, whatever changed about the document since.
    static func sending(_ collection: Collection, _ link: Link, _ situation: Situation) -> Action? {
        guard situation.policy.invoice.sendsEmail, collection.status == "open" else { return nil }
        switch sent(link, situation) {
        case nil: return link.state == .drafted ? .sendInvoice(collection.invoice) : nil
        case .some(let effect) where effect.state == .absent: return .sendInvoice(collection.invoice)
        case .some(let effect) where effect.state == .failed && situation.isForgiven(effect):
            return .sendInvoice(collection.invoice)
        default: return nil
        }
    }

    /// Stripe refused to mail the invoice: a person must, or correct what it names.
    static func sendingRefused(_ collection: Collection, _ link: Link, _ situation: Situation) -> Review? {
        guard collection.status == "open", let effect = sent(link, situation), effect.state == .failed,
            !situation.isForgiven(effect)
        else { return nil }
        return Review(
            .effectRefused, found: "\(Step.sendInvoice) was refused: \(effect.failure ?? "no reason given")",
            proposals: ["send the invoice from Stripe's Dashboard", "correct what it names and sync the document"])
    }

    private static func sent(_ link: Link, _ situation: Situation) -> Effect? {
        situation.effects.filter { $0.step == Step.sendInvoice && $0.revision == link.revision }
            .max { $0.attempt < $1.attempt }
    }

    private static func delete(
        _ collection: Collection, _ reason: DraftDeletion, _ receivable: Receivable, _ situation: Situation
    ) -> [Action] {
        if let effect = situation.refused(Step.deleteDraft, cause: reason.cause(pushCause(receivable))) {
            return [.review(refused(Step.deleteDraft, effect))]
        }
        return [.deleteDraft(collection.invoice, reason)]
    }

    static func mismatch(_ receivable: Receivable, _ collection: Collection) -> Review {
        var found = "Stripe makes \(collection.total) of what is \(receivable.balance) in Visma"
        if collection.startingBalance != 0 {
            found += " and would settle \(collection.startingBalance) minor units from the customer's credit balance"
        }
        guard collection.startingBalance != 0 else {
            return Review(.totalMismatch, found: found, proposals: ["collect it outside Stripe", "push it again"])
        }
        return Review(.creditBalance, found: found, proposals: creditProposals)
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
        if let discount = receivable.documentDiscount, !discount.isZero { text += "\(discount)|" }
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
