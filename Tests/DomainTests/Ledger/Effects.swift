import Domain

/// The connector's writes on the two books, and what it remembers of them.
extension Ledger {
    enum Performed {
        case went
        case refused(ConnectorError)
    }

    private static let customer = VismaCustomer(
        internalID: 77, number: VismaCustomerNumber("10001"), name: "Fjord Handel AS", email: "faktura@fjord.test")

    /// Reads and writes of the plan; a write leaves a row in the journal, like the connector's.
    mutating func perform(_ action: Action, _ situation: inout Situation, _ invoice: Int) -> Performed {
        switch action {
        case .findCustomer:
            connectors[invoice].customer = .found(
                Samples.customer, visma: Self.customer, rule: "email", hasEmail: true)
            situation = refresh(situation, invoice)
        case .findCredits:
            let taken = Set(connectors.flatMap { $0.bookings.map(\.number.rawValue) })
            situation.credits = visma.credits(
                taken: taken, currency: currency, account: policy.posting.cashAccounts[currency.code])
        case .findOpenPeriod(let day):
            situation.openDays[day] = visma.firstOpenDay(from: day)
        default:
            let performed = write(action, invoice)
            situation = refresh(situation, invoice)
            return performed
        }
        return .went
    }

    mutating func insert(_ booking: Booking, _ invoice: Int) {
        if connectors[invoice].bookings.contains(where: { $0.cause == booking.cause }) {
            faults.append("\(booking.cause) is booked a second time")
        }
        connectors[invoice].bookings.append(booking)
    }

    private mutating func write(_ action: Action, _ invoice: Int) -> Performed {
        let (step, cause) = Self.name(of: action)
        connectors[invoice].writes += 1
        let revision = connectors[invoice].link.revision
        let before = connectors[invoice].effects.filter {
            $0.step == step && $0.cause == cause && $0.revision == revision
        }
        if before.contains(where: { $0.state == .done }) && Self.isOnce(step) {
            faults.append("\(step) for \(cause) is done a second time")
        }
        if Self.tells.contains(step), stripe.invoices[invoice]?.payments.contains(where: \.isInFlight) == true {
            faults.append("\(step) for \(cause) while a payment is in flight")
        }
        let attempt = (before.map(\.attempt).max() ?? 0) + 1
        let effect = Effect(
            key: EffectKey("\(revision)/\(step)/\(cause)/\(attempt)"),
            subject: .document(connectors[invoice].link.document), revision: revision, step: step, cause: cause,
            attempt: attempt, state: .sent, term: 1, sentAt: now, deadlineAt: now)
        connectors[invoice].effects.append(effect)
        let fate = luck.number(0...99)
        if fate < lossPercent / 2 { return lose(effect, nil, invoice) }
        switch take(action, invoice) {
        case .success(let answer):
            let outcome = Outcome(action: action, answer: answer)
            if fate < lossPercent { return lose(effect, outcome, invoice) }
            settle(effect.key, invoice, .done)
            adopt(outcome, effect, invoice)
            return .went
        case .failure(let refusal):
            settle(effect.key, invoice, .failed, failure: refusal.text)
            // A person may credit in Stripe what is not open in Visma.
            let isExpected = refusal.text == VismaBooks.periodClosed || cause.hasPrefix("cn_by_person")
            if !isExpected { refusals.append("\(step) for \(cause): \(refusal.text)") }
            return .refused(ConnectorError(code: "refused", text: refusal.text, disposition: .reject))
        }
    }

    /// Not to be done while money may come at any moment.
    private static let tells: Set<String> = [
        Step.payOutOfBand, Step.reportPayment, Step.attachPayment, Step.creditInvoice, Step.voidInvoice,
        Step.markUncollectible,
    ]

    /// The record and the dunning mark may be written again with the same words.
    private static func isOnce(_ step: String) -> Bool {
        step != Step.setDunning && step != Step.writeNote && step != Step.attachRecord
    }

    private mutating func lose(_ effect: Effect, _ outcome: Outcome?, _ invoice: Int) -> Performed {
        settle(effect.key, invoice, .uncertain)
        connectors[invoice].unanswered[effect.key] = .some(outcome)
        return .refused(ConnectorError(code: "lost", text: "the answer was lost", disposition: .uncertain))
    }

    private static func name(of action: Action) -> (step: String, cause: String) {
        switch action {
        case .createInvoice: (Step.createInvoice, "push")
        case .addLines: (Step.addLines, "push")
        case .finalizeInvoice: (Step.finalizeInvoice, "push")
        case .deleteDraft: (Step.deleteDraft, "push")
        case .voidInvoice(_, let settlement): (Step.voidInvoice, settlement?.cause ?? "push")
        case .payOutOfBand(_, let settlement): (Step.payOutOfBand, settlement.cause)
        case .reportPayment(_, let settlement): (Step.reportPayment, settlement.cause)
        case .attachPayment(_, _, let settlement): (Step.attachPayment, settlement.cause)
        case .creditInvoice(_, let settlement): (Step.creditInvoice, settlement.cause)
        case .markUncollectible(_, let settlement): (Step.markUncollectible, settlement.cause)
        case .post(let posting, let cause): (Step.create(posting.kind), cause)
        case .release(let kind, _, let cause): (Step.release(kind), cause)
        case .void(let kind, _, let cause, _): (Step.void(kind) ?? "none", cause)
        case .discard(_, _, let cause): (Step.deleteCreditNote, cause)
        case .setDunning(let isStopped): (Step.setDunning, isStopped ? "stop" : "resume")
        case .writeRecord(let block, _): (Step.writeNote, InvoiceRecord.contentKey(block))
        default: ("unexpected", "\(action)")
        }
    }

    // MARK: On the books

    private mutating func take(_ action: Action, _ invoice: Int) -> Result<Outcome.Answer, Refusal> {
        switch action {
        case .post(let posting, _):
            checkSingle(posting, invoice)
            return visma.post(posting, for: invoice).map { .number($0) }
        case .release(_, let number, _): return done(visma.order(.release, number)?.text)
        case .void(_, let number, _, _): return done(visma.order(.void, number)?.text)
        case .discard(_, let number, _): return done(visma.delete(number)?.text)
        case .setDunning(let isStopped):
            visma.invoices[invoice].isDunningStopped = isStopped
            return .success(.done)
        case .writeRecord(let block, _):
            visma.invoices[invoice].note = InvoiceRecord.note(visma.invoices[invoice].note, with: block)
            return .success(.done)
        default: return takeInStripe(action, invoice)
        }
    }

    private func done(_ refusal: String?) -> Result<Outcome.Answer, Refusal> {
        refusal.map { .failure(Refusal(text: $0)) } ?? .success(.done)
    }

    private mutating func takeInStripe(_ action: Action, _ invoice: Int) -> Result<Outcome.Answer, Refusal> {
        switch action {
        case .createInvoice(let draft, _, _): return .success(.collection(stripe.create(draft, for: invoice, now: now)))
        case .addLines(_, let lines):
            stripe.addLines(lines, to: invoice)
            return .success(.done)
        case .finalizeInvoice:
            stripe.finalize(invoice)
            return .success(.done)
        case .deleteDraft:
            stripe.delete(invoice)
            return .success(.deleted)
        case .voidInvoice: return done(stripe.void(invoice)?.text)
        case .markUncollectible: return done(stripe.markUncollectible(invoice)?.text)
        case .payOutOfBand: return done(stripe.payOutOfBand(invoice, name: "ours", at: now)?.text)
        case .reportPayment: return .success(.object(stripe.report()))
        case .attachPayment(_, let record, _):
            return done(stripe.attach(record, reported[record] ?? .zero(currency), to: invoice, at: now)?.text)
        case .creditInvoice(let draft, let settlement):
            return stripe.credit(draft.amount, on: invoice, name: "cn_\(settlement.cause)").map { .object($0) }
        default: return .failure(Refusal(text: "nothing here does \(action)"))
        }
    }

    /// Nothing that stands may book the same thing.
    private mutating func checkSingle(_ posting: Posting, _ invoice: Int) {
        let type: String
        let reference: String
        var target: VismaBooks.Paper.Target?
        switch posting {
        case .payment(let draft): (type, reference, target) = ("Payment", draft.reference, .invoice(invoice))
        case .refund(let draft): (type, reference) = ("Refund", draft.reference)
        case .creditNote(let draft): (type, reference) = ("CreditNote", draft.reference)
        case .cashEntry(let draft): (type, reference) = ("CashEntry", draft.reference)
        case .journalEntry(let draft): (type, reference) = ("Journal", draft.reference)
        }
        let standing = visma.papers.first {
            $0.isOurs && $0.stands && $0.type == type && $0.reference == reference
                && (target == nil || $0.target == target)
        }
        if let standing { faults.append("\(type) \(reference) is posted, and \(standing.number) stands for it") }
    }

    // MARK: In the connector's memory

    mutating func adopt(_ outcome: Outcome, _ effect: Effect, _ invoice: Int) {
        switch (outcome.action, outcome.answer) {
        case (.createInvoice(_, let amount, let settled), .collection(let collection)):
            connectors[invoice].link.invoice = collection.invoice
            connectors[invoice].link.stripeCustomer = collection.customer
            connectors[invoice].link.pushedAmount = amount.minorUnits
            connectors[invoice].link.state = .drafted
            connectors[invoice].settlements = settled
        case (.addLines, _):
            connectors[invoice].link.pushedAmount = stripe.invoices[invoice]?.total.minorUnits
        case (_, .deleted):
            connectors[invoice].link.invoice = nil
            connectors[invoice].link.pushedAmount = nil
            connectors[invoice].link.revision += 1
            connectors[invoice].link.state = .stopped
            connectors[invoice].settlements = []
        case (.post(let posting, _), .number(let number)):
            insert(Self.booking(of: posting, number, effect), invoice)
        case (.release, _): mark(effect.cause, .releasing, invoice)
        case (.void(_, _, _, let reason), _): mark(effect.cause, .voiding, for: reason, invoice)
        case (.discard, _): mark(effect.cause, .voided, for: .failure, invoice)
        case (.voidInvoice(_, let settlement?), _), (.payOutOfBand(_, let settlement), _),
            (.markUncollectible(_, let settlement), _):
            remember(settlement, invoice)
        case (.creditInvoice(_, var settlement), .object(let object)):
            settlement.stripeObject = object
            remember(settlement, invoice)
        case (.reportPayment(let report, var settlement), .object(let object)):
            settlement.stripeObject = object
            remember(settlement, invoice)
            reported[object] = report.amount
        case (.attachPayment(_, let record, _), _):
            guard let index = connectors[invoice].settlements.firstIndex(where: { $0.stripeObject == record })
            else { return faults.append("\(record) is attached, and nothing was reported by it") }
            connectors[invoice].settlements[index].isAttached = true
        default: break
        }
    }

    /// As the table has them: one for each cause, and a record that waits gives way to what was done instead.
    private mutating func remember(_ settlement: Settlement, _ invoice: Int) {
        guard let index = connectors[invoice].settlements.firstIndex(where: { $0.cause == settlement.cause }) else {
            return connectors[invoice].settlements.append(settlement)
        }
        let before = connectors[invoice].settlements[index]
        guard settlement.way == .outOfBand, before.way == .paymentRecord, !before.isAttached else {
            return faults.append("\(settlement.cause) is told twice")
        }
        connectors[invoice].settlements[index].way = .outOfBand
        connectors[invoice].settlements[index].isAttached = true
    }

    private static func booking(of posting: Posting, _ number: VismaNumber, _ effect: Effect) -> Booking {
        let (amount, applied, fee, reference, isOnHold): (Money, Money, Money?, String, Bool)
        switch posting {
        case .payment(let draft), .refund(let draft):
            (amount, applied, reference, isOnHold) = (draft.amount, draft.applied, draft.reference, draft.isOnHold)
            fee = draft.charges.first?.amount
        case .creditNote(let draft):
            (amount, applied) = (draft.total, draft.applied ?? .zero(draft.currency))
            (fee, reference, isOnHold) = (nil, draft.reference, false)
        case .cashEntry(let draft):
            (amount, applied) = (draft.paidOut, .zero(draft.currency))
            (fee, reference, isOnHold) = (nil, draft.reference, false)
        case .journalEntry(let draft):
            (amount, applied) = (.zero(draft.currency), .zero(draft.currency))
            (fee, reference, isOnHold) = (nil, draft.reference, false)
        }
        return Booking(
            subject: effect.subject, cause: effect.cause, kind: posting.kind, state: isOnHold ? .held : .created,
            amount: amount, applied: applied, fee: fee, number: number, reference: reference)
    }
}
