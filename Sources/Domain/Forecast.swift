/// What a situation can be foreseen to become: how a run is shown before it is made.
package protocol Foreseeable: Plannable {
    /// The situation once `action` has taken effect as it was meant to. What it would make has a name of `Forecast`'s.
    /// - Parameter effect: the write as the journal would hold it, done; nil for what is no outside write.
    func after(_ action: Action, recorded effect: Effect?) -> Self
}

/// Names of what does not exist yet.
package enum Forecast {
    package static let customer = StripeCustomerID("cus_new")
    package static let invoice = StripeInvoiceID("in_new")
    package static let paymentRecord = "pr_new"
    package static let creditNote = "cn_new"
    package static let hostedURL = "(given by Stripe)"

    /// The first document that would be made in Visma is `new-1`.
    static func number(after bookings: [Booking]) -> VismaNumber { VismaNumber("new-\(bookings.count + 1)") }
}

extension Situation: Foreseeable {
    /// Every write is taken to succeed and every release or void to be done when it is looked at again: a refusal
    /// cannot be foreseen.
    package func after(_ action: Action, recorded effect: Effect? = nil) -> Situation {
        var next = self
        if let effect { next.effects.append(effect) }
        switch action {
        case .findCustomer, .findCredits, .findOpenPeriod, .sendInvoice, .review, .lookAgain: break
        case .createCustomer: next.makeCustomer()
        case .createInvoice(let draft, let amount, let settled): next.makeDraft(draft, amount, settled)
        case .addLines(_, let lines): next.addLines(lines)
        case .finalizeInvoice: next.finalize()
        case .deleteDraft: next.deleteDraft()
        case .voidInvoice, .payOutOfBand, .reportPayment, .attachPayment, .creditInvoice, .markUncollectible:
            next.tell(action)
        case .post, .markBooking, .adoptBooking: next.book(action)
        case .release(let kind, let number, _):
            next.book(action)
            next.settle(kind, number)
        case .void(let kind, let number, _, _):
            next.book(action)
            next.unsettle(kind, number)
        case .discard: next.book(action)
        case .setDunning(let isStopped): next.receivable?.isDunningStopped = isStopped
        case .writeRecord(let block, let way): next.write(block, by: way)
        case .setLink(let state): next.link?.state = state
        }
        return next
    }

    // MARK: In Visma

    private mutating func book(_ action: Action) {
        var books = ForeseenBooks(bookings: bookings, posted: posted)
        books.follow(action, of: subject)
        bookings = books.bookings
        posted = books.posted
    }

    /// A released payment or credit note shows on the invoice and takes from what is open.
    private mutating func settle(_ kind: Booking.Kind, _ number: VismaNumber) {
        guard kind == .payment || kind == .creditNote,
            let booking = bookings.first(where: { $0.kind == kind && $0.number == number }),
            booking.applied.isPositive, let before = receivable
        else { return }
        var receivable = before
        receivable.applications.append(
            Receivable.Application(
                documentType: kind == .payment ? "Payment" : DocumentType.creditNote.rawValue,
                number: number.rawValue, amount: booking.applied, isReleased: true, isVoided: false,
                paymentReference: booking.reference))
        receivable.balance = receivable.balance - booking.applied
        if receivable.balance.isZero { receivable.status = "Closed" }
        self.receivable = receivable
    }

    private mutating func unsettle(_ kind: Booking.Kind, _ number: VismaNumber) {
        guard kind == .payment, var receivable else { return }
        for index in receivable.applications.indices
        where PaymentPlan.isPayment(receivable.applications[index])
            && receivable.applications[index].number == number.rawValue && receivable.applications[index].counts
        {
            receivable.applications[index].isVoided = true
            receivable.balance = receivable.balance + receivable.applications[index].amount
            receivable.status = "Open"
        }
        self.receivable = receivable
    }

    private mutating func write(_ block: String, by way: RecordAbility) {
        recordAbility = way
        switch way {
        case .note:
            let note = InvoiceRecord.note(receivable?.note, with: block)
            receivable?.note = note
        case .attachment:
            guard let collection else { return }
            receivable?.attachmentNames.append(InvoiceRecord.fileName(for: block, of: collection))
        case .none: break
        }
    }
}

extension PayoutSituation: Foreseeable {
    package func after(_ action: Action, recorded effect: Effect? = nil) -> PayoutSituation {
        var next = self
        if let effect { next.effects.append(effect) }
        var books = ForeseenBooks(bookings: bookings, posted: posted)
        books.follow(action, of: subject)
        next.bookings = books.bookings
        next.posted = books.posted
        return next
    }
}

/// Our bookings and Visma's word on them, whatever the subject.
private struct ForeseenBooks {
    var bookings: [Booking]
    var posted: [PostedDocument]

    mutating func follow(_ action: Action, of subject: Subject) {
        switch action {
        case .post(let posting, let cause):
            let booking = posting.booking(
                of: subject, cause: cause, number: Forecast.number(after: bookings))
            bookings.append(booking)
            posted.append(
                PostedDocument(
                    kind: booking.kind, number: booking.number, status: "Balanced", total: booking.amount,
                    isReleased: false, isVoided: false))
        case .adoptBooking(let booking): bookings.append(booking)
        case .markBooking(let cause, let state): change(cause) { $0.state = state }
        case .release(let kind, let number, let cause):
            change(cause) { $0.state = .releasing }
            say(kind, number) { $0.isReleased = true }
        case .void(let kind, let number, let cause, let reason):
            change(cause) { booking in
                booking.state = .voiding
                booking.voidedFor = reason
            }
            say(kind, number) { $0.isVoided = true }
        case .discard(let kind, let number, let cause):
            change(cause) { booking in
                booking.state = .voided
                booking.voidedFor = .failure
            }
            posted.removeAll { $0.kind == kind && $0.number == number }
        default: break
        }
    }

    private mutating func change(_ cause: String, _ change: (inout Booking) -> Void) {
        guard let index = bookings.firstIndex(where: { $0.cause == cause }) else { return }
        change(&bookings[index])
    }

    /// What Visma would answer when asked for the document.
    private mutating func say(_ kind: Booking.Kind, _ number: VismaNumber, _ change: (inout PostedDocument) -> Void) {
        if !posted.contains(where: { $0.kind == kind && $0.number == number }),
            let booking = bookings.first(where: { $0.kind == kind && $0.number == number })
        {
            posted.append(
                PostedDocument(
                    kind: kind, number: number, status: "Open", total: booking.amount, isReleased: true,
                    isVoided: false))
        }
        guard let index = posted.firstIndex(where: { $0.kind == kind && $0.number == number }) else { return }
        change(&posted[index])
    }
}
