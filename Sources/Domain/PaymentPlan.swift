/// From a payment in Stripe to a released customer payment in Visma: one per InvoicePayment.
package enum PaymentPlan {
    static func actions(_ receivable: Receivable, _ collection: Collection, _ situation: Situation) -> [Action] {
        inOrder(collection).flatMap { payment -> [Action] in
            switch payment.source {
            case .intent(let intent):
                actions(for: payment, reference: intent.rawValue, receivable, collection, situation)
            case .charge(let charge):
                actions(for: payment, reference: charge.rawValue, receivable, collection, situation)
            case .outsideStripe: outside(payment, receivable, collection, situation)
            }
        }
    }

    /// What was paid, oldest first: the order in which it takes what is open.
    static func inOrder(_ collection: Collection) -> [Collection.Payment] {
        collection.payments.filter { $0.status == "paid" }
            .sorted { ($0.paidAt?.microseconds ?? 0, $0.id) < ($1.paidAt?.microseconds ?? 0, $1.id) }
    }

    /// What is open in Visma once our bookings that it does not show yet have taken effect.
    package static func available(_ receivable: Receivable, _ bookings: [Booking]) -> Money {
        bookings.filter { booking in
            // What Visma confirmed and shows no more was taken off the document by a person.
            booking.stands && booking.state != .booked
                && !receivable.applications.contains { $0.counts && isRow($0, of: booking) }
        }
        .reduce(receivable.balance) { open, booking in
            booking.kind == .payment || booking.kind == .creditNote ? open - booking.applied : open
        }
    }

    static func isRow(_ application: Receivable.Application, of booking: Booking) -> Bool {
        application.number == booking.number.rawValue
            && isPayment(application) == (booking.kind == .payment)
    }

    /// Visma's numbers are unique within a type only: a credit note may have the number of a payment.
    static func isPayment(_ application: Receivable.Application) -> Bool {
        application.documentType == "Payment" || application.documentType == "Prepayment"
    }

    /// All that was ever booked for this payment, in the order of its bookings.
    static func bookings(of payment: Collection.Payment, _ situation: Situation) -> [Booking] {
        situation.bookings.filter { $0.kind == .payment && $0.fact == payment.id.rawValue }
            .sorted { ($0.cause.utf8.count, $0.cause) < ($1.cause.utf8.count, $1.cause) }
    }

    /// Our own word on a settlement in Visma, come back as a payment.
    static func isEcho(_ payment: Collection.Payment, _ situation: Situation) -> Bool {
        guard case .outsideStripe(let record) = payment.source else { return false }
        return situation.settlements.contains { settlement in
            switch settlement.way {
            case .paymentRecord: settlement.stripeObject != nil && settlement.stripeObject == record
            // Stripe makes the record of an invoice paid out of band itself.
            case .outOfBand: true
            case .pushed, .creditNote, .void, .uncollectible: false
            }
        }
    }

    /// Whether Visma has released, or taken back, all that books the charge: only then is it known what can be voided.
    static func isConfirmed(
        _ charge: Collection.Charge, _ collection: Collection, _ situation: Situation
    ) -> Bool {
        collection.payments.allSatisfy { payment in
            guard payment.status == "paid", self.charge(of: payment, collection) == charge else { return true }
            guard let last = bookings(of: payment, situation).last else { return false }
            return last.state == .booked || !last.stands
        }
    }

    /// What Visma rightly has open although Stripe was paid: a booking that was voided and not made again.
    static func owedBack(_ collection: Collection, _ currency: Currency, _ situation: Situation) -> Money {
        collection.payments.reduce(.zero(currency)) { sum, payment in
            let bookings = bookings(of: payment, situation)
            guard let last = bookings.last, !bookings.contains(where: \.stands), last.state == .voided else {
                return sum
            }
            return last.applied.currency == currency ? sum + last.applied : sum
        }
    }

    /// Whether this document's payments are all that the charge paid.
    static func isSole(_ charge: Collection.Charge, _ collection: Collection, _ situation: Situation) -> Bool {
        guard let intent = charge.intent else { return true }
        guard situation.sharers[intent] ?? [] == [] else { return false }
        let here = collection.payments.filter { $0.source == .intent(intent) && $0.status == "paid" }
            .reduce(collection.amountOverpaid.minorUnits) { $0 + $1.amountPaid.minorUnits }
        return collection.currency == charge.amount.currency && here >= charge.amount.minorUnits
    }

    /// A charge that pays several documents is seen by each of them: a fact of it is booked by the first, or by the one
    /// that was first when it was booked.
    static func owns(_ fact: String, of charge: Collection.Charge, _ situation: Situation) -> Bool {
        if situation.bookings.contains(where: { $0.fact == fact || $0.fact.hasPrefix(fact + ":") }) { return true }
        guard !situation.bookedElsewhere.contains(fact) else { return false }
        guard let intent = charge.intent else { return true }
        return (situation.sharers[intent] ?? []).allSatisfy { situation.document < $0 }
    }

    static func charge(of payment: Collection.Payment, _ collection: Collection) -> Collection.Charge? {
        collection.charges.first { charge in
            guard charge.status == "succeeded" else { return false }
            return switch payment.source {
            case .intent(let intent): charge.intent == intent
            case .charge(let id): charge.id == id
            case .outsideStripe: false
            }
        }
    }

    private static func actions(
        for payment: Collection.Payment, reference: String, _ receivable: Receivable, _ collection: Collection,
        _ situation: Situation
    ) -> [Action] {
        let bookings = bookings(of: payment, situation)
        guard let last = bookings.last else {
            return book(
                payment, cause: payment.id.rawValue, reference: reference, receivable, collection, situation)
        }
        let ground = BookingPlan.Ground(situation)
        let settling = bookings.flatMap { booking -> [Action] in
            // Whoever voided it did what the refund or the lost dispute asked for.
            guard !isExplained(booking, payment, collection, situation) else { return [] }
            let application = receivable.applications.first {
                isPayment($0) && $0.number == booking.number.rawValue
            }
            return BookingPlan.settle(booking, application: application, ground)
        }
        guard last.state == .voided, let reason = last.voidedFor,
            !holds(reason, for: payment, last, collection, situation)
        else { return settling + excess(last, payment, receivable, collection) }
        return settling
            + book(
                payment, cause: "\(payment.id)+\(bookings.count + 1)", reference: reference, receivable, collection,
                situation)
    }

    /// A person voided it, and the money did go back and is booked nowhere else.
    static func isExplained(
        _ booking: Booking, _ payment: Collection.Payment, _ collection: Collection, _ situation: Situation
    ) -> Bool {
        guard booking.state == .voided, booking.voidedFor == nil, let charge = charge(of: payment, collection) else {
            return false
        }
        return RefundPlan.isVoidedFor(charge, collection, situation)
            || DisputePlan.covering(charge, booking, collection, situation) != nil
    }

    /// Whether what the booking was voided for is still so; a refund that failed and a dispute that was won bring the
    /// money back.
    private static func holds(
        _ reason: Booking.VoidReason, for payment: Collection.Payment, _ booking: Booking, _ collection: Collection,
        _ situation: Situation
    ) -> Bool {
        guard let charge = charge(of: payment, collection) else { return true }
        return switch reason {
        case .refund: RefundPlan.isFullyRefunded(charge, collection)
        case .dispute: DisputePlan.covering(charge, booking, collection, situation) != nil
        case .failure, .undo: true
        }
    }

    private static func book(
        _ payment: Collection.Payment, cause: String, reference: String, _ receivable: Receivable,
        _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        let posting = situation.policy.posting
        var amount = payment.amountPaid
        amount.minorUnits += surplus(beyond: payment, collection, situation)
        guard !amount.isZero else {
            let found = "payment \(reference) counts nothing on \(receivable.document): what it brought is not known"
            return [.review(Review(.overpaid, found: found, proposals: ["refund it in Stripe", "book it by hand"]))]
        }
        guard amount.currency == receivable.currency else {
            let found = "\(amount) was paid (\(reference)) on a document in \(receivable.currency)"
            return [.review(Review(.amountsDisagree, found: found, proposals: ["book it by hand"]))]
        }
        guard let account = posting.cashAccount(branch: receivable.branch, currency: receivable.currency) else {
            return [.review(accountMissing("\(amount) was paid (\(reference))", receivable.currency))]
        }
        let open = available(receivable, situation.bookings)
        let taken = takenBefore(payment, receivable, collection, situation)
        let applied = min(amount.minorUnits, max(0, open.minorUnits - taken))
        if applied < amount.minorUnits, isMakingRoom(for: payment, collection, situation) { return [] }
        let day: LocalDate
        var text = "Stripe \(receivable.document.number)"
        switch PostingDay.choose(
            payment.paidAt, step: Step.createPayment, cause: cause, what: "the payment of \(amount) (\(reference))",
            // It was settled between the look and the call.
            hasChanged: applied < amount.minorUnits, situation)
        {
        case .needs(let actions): return actions
        case .on(let chosen, let isMoved):
            day = chosen
            if isMoved, let paid = payment.paidAt { text += ", paid \(paid.day(in: situation.policy.zone))" }
        }
        let draft = PaymentDraft(
            customer: receivable.customer.number, location: receivable.location, branch: receivable.branch,
            paymentMethod: posting.paymentMethod, cashAccount: account, currency: receivable.currency,
            amount: amount, applied: Money(minorUnits: applied, currency: receivable.currency),
            document: receivable.document, applicationDate: day, reference: reference, text: text,
            isOnHold: posting.booking == .hold,
            charges: FeePlan.charges(on: payment, collection, situation))
        return [.post(.payment(draft), cause: cause)]
    }

    /// What payments that came before, and are still to be booked, will take of what is open: which payment settles the
    /// document is decided by when they were paid, not by when a period lets them be booked.
    private static func takenBefore(
        _ payment: Collection.Payment, _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> Int64 {
        inOrder(collection).prefix { $0.id != payment.id }.reduce(0) { sum, other in
            guard charge(of: other, collection) != nil, bookings(of: other, situation).isEmpty,
                other.amountPaid.currency == receivable.currency
            else { return sum }
            return sum + other.amountPaid.minorUnits
        }
    }

    /// The money of another payment had gone back when this one came, and its booking is to be voided or is being: what
    /// it gives back is this one's to take. One on hold is not waited for, as a person may never release it.
    private static func isMakingRoom(
        for payment: Collection.Payment, _ collection: Collection, _ situation: Situation
    ) -> Bool {
        guard let paidAt = payment.paidAt else { return false }
        return inOrder(collection).contains { other in
            guard other.id != payment.id, let charge = charge(of: other, collection) else { return false }
            let isRefunded = RefundPlan.lastAt(charge, collection).map { $0 <= paidAt } == true
            guard let last = bookings(of: other, situation).last else {
                return isRefunded && situation.policy.posting.booking == .release
                    && RefundPlan.willVoid(charge, nil, collection, situation)
                    && FeePlan.charges(on: other, collection, situation).isEmpty
            }
            guard last.applied.isPositive, last.state != .voiding else { return last.state == .voiding }
            guard last.stands, last.state != .held, situation.policy.posting.booking == .release,
                situation.refused(Step.voidPayment, cause: last.cause) == nil
            else { return false }
            return isRefunded && RefundPlan.willVoid(charge, last, collection, situation)
                || DisputePlan.willVoid(charge, last, by: paidAt, collection, situation)
        }
    }

    /// All that the charge paid here has a booking, whatever became of it: what stands unapplied of it is known.
    static func isKnown(_ charge: Collection.Charge, _ collection: Collection, _ situation: Situation) -> Bool {
        collection.payments.allSatisfy { payment in
            payment.status != "paid" || self.charge(of: payment, collection) != charge
                || !bookings(of: payment, situation).isEmpty
        }
    }

    /// What carries the reference of one of the document's payments and stands for no booking: a node that was taken
    /// for dead has sent it after another had looked and made its own. It is not released, so it takes nothing off the
    /// document and never will by itself.
    static func strays(
        _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        let references = Set(
            collection.payments.compactMap { payment -> String? in
                switch payment.source {
                case .intent(let intent): intent.rawValue
                case .charge(let charge): charge.rawValue
                case .outsideStripe: nil
                }
            })
        let known = Set(situation.bookings.filter { $0.kind == .payment }.map(\.number.rawValue))
        let strays = receivable.applications.filter { application in
            application.documentType == "Payment" && !application.isReleased && !application.isVoided
                && application.paymentReference.map { references.contains($0) } == true
                && !known.contains(application.number)
        }.sorted { $0.number < $1.number }
        guard !strays.isEmpty else { return [] }
        let list = strays.map { "\($0.number) for \($0.amount) (\($0.paymentReference ?? ""))" }
        let found = "Visma has unreleased payments that stand for no booking: \(list.joined(separator: ", "))"
        return [.review(Review(.strayDocument, found: found, proposals: ["delete them in Visma, then sync again"]))]
    }

    static func accountMissing(_ what: String, _ currency: Currency) -> Review {
        Review(
            .cashAccountMissing, found: "\(what), and no cash account is set for \(currency)",
            proposals: ["name the cash account in the manifest"])
    }

    /// What a charge brought beyond its allocation stands to the customer's credit in Stripe, and is booked with it.
    /// Each payment has its own: several may have paid too much.
    private static func surplus(
        beyond payment: Collection.Payment, _ collection: Collection, _ situation: Situation
    ) -> Int64 {
        guard collection.amountOverpaid.isPositive, let charge = charge(of: payment, collection),
            charge.amount.currency == payment.amountPaid.currency
        else { return 0 }
        let beyond = charge.amount.minorUnits - payment.amountPaid.minorUnits
        guard charge.intent.map({ situation.sharers[$0] ?? [] })?.isEmpty == false else {
            return max(0, min(beyond, collection.amountOverpaid.minorUnits))
        }
        // The rest of the charge paid other invoices: what is this one's is what no other payment of it has brought.
        let paid = collection.payments.filter { $0.status == "paid" }
        let allocated = paid.reduce(0) { $0 + $1.amountPaid.minorUnits } - collection.amountPaid.minorUnits
        let others = paid.filter { $0.id != payment.id }.reduce(Int64(0)) { sum, other in
            if let booking = bookings(of: other, situation).first {
                return sum + max(0, booking.amount.minorUnits - other.amountPaid.minorUnits)
            }
            guard let charge = self.charge(of: other, collection), let intent = charge.intent,
                situation.sharers[intent] ?? [] == []
            else { return sum }
            return sum + max(0, charge.amount.minorUnits - other.amountPaid.minorUnits)
        }
        return max(0, min(beyond, collection.amountOverpaid.minorUnits - max(0, allocated) - others))
    }

    /// What stands unapplied on the bookings of a charge, and on which of them the most. A dispute that takes a booking
    /// back changes nothing in what was sold for the money.
    static func unapplied(
        _ charge: Collection.Charge, _ collection: Collection, _ situation: Situation
    ) -> (booking: Booking, rest: Money)? {
        let all = collection.payments.filter { self.charge(of: $0, collection) == charge }
            .compactMap { bookings(of: $0, situation).last }
        return all.filter { $0.stands || $0.voidedFor == .dispute }
            .filter { $0.applied.minorUnits < $0.amount.minorUnits }
            .map { ($0, $0.amount - $0.applied) }
            .max { ($0.1.minorUnits, $1.0.cause) < ($1.1.minorUnits, $0.0.cause) }
    }

    /// More came than was open: the rest stands unapplied in Visma, and a person decides what it is.
    private static func excess(
        _ booking: Booking, _ payment: Collection.Payment, _ receivable: Receivable, _ collection: Collection
    ) -> [Action] {
        guard booking.stands, booking.applied.minorUnits < booking.amount.minorUnits else { return [] }
        let rest = booking.amount - booking.applied
        if let charge = charge(of: payment, collection), RefundPlan.refunded(charge, collection) >= rest.minorUnits {
            return []
        }
        let found =
            "\(rest) of \(booking.amount) (\(booking.reference)) stands unapplied on Visma payment \(booking.number)"
        let code: Review.Code = booking.applied.isZero ? .paidTwice : .overpaid
        return [
            .review(Review(code, found: found, proposals: ["refund it in Stripe", "apply it to another document"]))
        ]
    }

    /// Nothing is booked for money that did not pass through Stripe. Our own word on a settlement in Visma comes back
    /// as such a payment; anything else was a person's.
    private static func outside(
        _ payment: Collection.Payment, _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        // A person has booked it in Visma since.
        if isEcho(payment, situation) || StandingPlan.agree(receivable, collection, situation) { return [] }
        return [
            .review(
                Review(
                    .paidOutsideStripe,
                    found:
                        "\(payment.amountPaid) of Stripe invoice \(collection.invoice) was marked as paid outside "
                        + "Stripe",
                    proposals: ["book it in Visma", "void the mark in Stripe"]))
        ]
    }
}
