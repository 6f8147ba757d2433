import Foundation

/// Refunds are made in Stripe by people. In Visma each becomes a Refund document on the company's own credit note; a
/// refund that fails later takes it back.
enum RefundPlan {
    /// While the credit note is awaited; a new one of the customer makes the look due at once.
    static let lookSeconds: Int64 = 6 * 3600
    /// Visma keeps days without a zone.
    private static let daySlack = 2
    private static let undone: Set<String> = ["failed", "canceled"]
    private static let pending: Set<String> = ["pending", "requires_action"]

    static func actions(_ receivable: Receivable, _ collection: Collection, _ situation: Situation) -> [Action] {
        var all: [Action] = []
        for refund in collection.refunds.sorted(by: { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }) {
            guard let charge = charge(of: refund, collection),
                PaymentPlan.owns(refund.id.rawValue, of: charge, situation)
            else { continue }
            // One at a time takes what people made: the next one must not see it as free.
            if takes(all), !situation.bookings.contains(where: { $0.cause == refund.id.rawValue }) { continue }
            all += actions(for: refund, charge, receivable, collection, situation)
        }
        return all
    }

    private static func takes(_ actions: [Action]) -> Bool {
        actions.contains { action in
            switch action {
            case .adoptBooking, .post: true
            default: false
            }
        }
    }

    private static func actions(
        for refund: Collection.Refund, _ charge: Collection.Charge, _ receivable: Receivable,
        _ collection: Collection, _ situation: Situation
    ) -> [Action] {
        if undone.contains(refund.status) { return takeBack(refund, situation) }
        if refund.status == "succeeded" { return succeeded(refund, charge, receivable, collection, situation) }
        guard !pending.contains(refund.status) else { return [] }
        let found = "refund \(refund.id) of \(refund.amount) is '\(refund.status)', which is not a known state"
        return [.review(Review(.refund, found: found, proposals: ["look at it in Stripe", "book it by hand"]))]
    }

    static func isFullyRefunded(_ charge: Collection.Charge, _ collection: Collection) -> Bool {
        refunded(charge, collection) >= charge.amount.minorUnits
    }

    /// When the last of what was refunded of it was.
    static func lastAt(_ charge: Collection.Charge, _ collection: Collection) -> Timestamp? {
        collection.refunds.filter { $0.status == "succeeded" && self.charge(of: $0, collection) == charge }
            .map(\.createdAt).max()
    }

    /// In minor units of the charge's currency, without refunds that are pending or failed.
    static func refunded(_ charge: Collection.Charge, _ collection: Collection) -> Int64 {
        collection.refunds.filter { $0.status == "succeeded" && self.charge(of: $0, collection) == charge }
            .reduce(0) { $0 + $1.amount.minorUnits }
    }

    /// Nothing of it awaits a person or a credit note.
    static func isSettled(_ collection: Collection, _ situation: Situation) -> Bool {
        collection.refunds.allSatisfy { refund in
            if undone.contains(refund.status) {
                return !situation.bookings.contains { $0.cause == refund.id.rawValue && $0.stands }
            }
            guard refund.status == "succeeded", let charge = charge(of: refund, collection),
                PaymentPlan.owns(refund.id.rawValue, of: charge, situation)
            else { return !pending.contains(refund.status) }
            if isPaymentVoided(charge, collection, situation) { return true }
            return situation.bookings.contains { $0.cause == refund.id.rawValue && $0.state == .booked }
        }
    }

    private static func charge(of refund: Collection.Refund, _ collection: Collection) -> Collection.Charge? {
        collection.charges.first { charge in
            if let id = refund.charge { return charge.id == id }
            return charge.status == "succeeded" && charge.intent != nil && charge.intent == refund.intent
        }
    }

    private static func takeBack(_ refund: Collection.Refund, _ situation: Situation) -> [Action] {
        let credit = CreditNotePlan.takeBack(refund, situation)
        guard let booking = situation.bookings.first(where: { $0.cause == refund.id.rawValue }) else { return credit }
        let ground = BookingPlan.Ground(situation)
        guard booking.stands else { return BookingPlan.settle(booking, ground) + credit }
        guard booking.origin == .posted else {
            let why = refund.failureReason ?? "no reason given"
            let found =
                "refund \(refund.id) of \(refund.amount) is \(refund.status) (\(why)); Visma refund \(booking.number) "
                + "was made by a person and still stands"
            return [.review(Review(.refund, found: found, proposals: ["void the refund in Visma", "pay it again"]))]
        }
        return BookingPlan.void(booking, for: .failure, ground) + credit
    }

    private static func succeeded(
        _ refund: Collection.Refund, _ charge: Collection.Charge, _ receivable: Receivable, _ collection: Collection,
        _ situation: Situation
    ) -> [Action] {
        let ground = BookingPlan.Ground(situation)
        if let booking = situation.bookings.first(where: { $0.cause == refund.id.rawValue }) {
            return BookingPlan.settle(booking, ground)
        }
        if isPaymentVoided(charge, collection, situation) { return [] }
        if let payment = voidable(charge, collection, situation) {
            return BookingPlan.void(payment, for: .refund, ground)
        }
        if awaitsVoid(charge, collection, situation) { return late(refund, receivable, situation) }
        let unapplied = unapplied(for: refund, charge, collection, situation)
        if unapplied == nil, PaymentPlan.isKnown(charge, collection, situation),
            situation.policy.posting.refunds == .ownCreditNote,
            PaymentPlan.isSole(charge, collection, situation)
        {
            if let actions = CreditNotePlan.actions(for: refund, receivable, situation) { return actions }
        }
        guard let credits = situation.credits else { return [.findCredits] }
        return match(refund, charge, credits, receivable, collection, situation, unapplied)
    }

    /// What stands unapplied on the payment, less what other refunds have taken of it: nothing was sold for that money,
    /// so that it is paid back from the payment itself and not on a credit note. Nil when there is none.
    private static func unapplied(
        for refund: Collection.Refund, _ charge: Collection.Charge, _ collection: Collection, _ situation: Situation
    ) -> (booking: Booking, rest: Money)? {
        guard let (booking, whole) = PaymentPlan.unapplied(charge, collection, situation) else { return nil }
        var rest = whole
        for other in collection.refunds where other.id != refund.id && self.charge(of: other, collection) == charge {
            let cause = other.id.rawValue
            let isFromHere =
                situation.bookings.contains { $0.cause == cause && $0.origin == .posted && $0.stands }
                && !situation.bookings.contains { $0.cause == "\(cause):credit" }
            if isFromHere, rest.covers(other.amount) { rest = rest - other.amount }
        }
        return rest.isPositive ? (booking, rest) : nil
    }

    private static func isPaymentVoided(
        _ charge: Collection.Charge, _ collection: Collection, _ situation: Situation
    ) -> Bool {
        collection.payments.contains { payment in
            PaymentPlan.charge(of: payment, collection) == charge
                && PaymentPlan.bookings(of: payment, situation).last.map {
                    !$0.stands
                        && ($0.voidedFor == .refund || PaymentPlan.isExplained($0, payment, collection, situation))
                } == true
        }
    }

    /// The payment that may be voided instead: by policy, when it is refunded in full, paid this invoice alone and
    /// carries no fee.
    private static func voidable(
        _ charge: Collection.Charge, _ collection: Collection, _ situation: Situation
    ) -> Booking? {
        let payments = collection.payments.filter { PaymentPlan.charge(of: $0, collection) == charge }
        guard payments.count == 1, let payment = payments.first,
            let booking = PaymentPlan.bookings(of: payment, situation).last, booking.state == .booked,
            willVoid(charge, booking, collection, situation)
        else { return nil }
        return booking
    }

    /// By policy, for a full refund of what paid this invoice alone, carries no fee and has no refund of its own.
    static func willVoid(
        _ charge: Collection.Charge, _ booking: Booking?, _ collection: Collection, _ situation: Situation
    ) -> Bool {
        situation.policy.posting.refunds == .void && isFullyRefunded(charge, collection)
            && PaymentPlan.isSole(charge, collection, situation) && booking?.fee.isZero != false
            && !isBooked(charge, collection, situation)
    }

    /// All of it was refunded, and no document stands for that but the payment that a person voided. A loss beside it
    /// is then booked by itself: one void gives the money back once.
    static func isVoidedFor(_ charge: Collection.Charge, _ collection: Collection, _ situation: Situation) -> Bool {
        isFullyRefunded(charge, collection) && !isBooked(charge, collection, situation)
    }

    /// A refund of it stands in Visma as a document of its own, booked here or by another document that it paid.
    static func isBooked(_ charge: Collection.Charge, _ collection: Collection, _ situation: Situation) -> Bool {
        let refunds = collection.refunds.filter { self.charge(of: $0, collection) == charge }.map(\.id.rawValue)
        return situation.bookings.contains { refunds.contains($0.cause) && $0.stands }
            || refunds.contains(where: situation.bookedElsewhere.contains)
    }

    /// The payment may be voidable once Visma has released it: no credit note is taken meanwhile.
    private static func awaitsVoid(
        _ charge: Collection.Charge, _ collection: Collection, _ situation: Situation
    ) -> Bool {
        situation.policy.posting.refunds == .void && isFullyRefunded(charge, collection)
            && PaymentPlan.isSole(charge, collection, situation)
            && !PaymentPlan.isConfirmed(charge, collection, situation)
    }

    // MARK: What people made in Visma

    private static func match(
        _ refund: Collection.Refund, _ charge: Collection.Charge, _ credits: Situation.Credits,
        _ receivable: Receivable, _ collection: Collection, _ situation: Situation,
        _ unapplied: (booking: Booking, rest: Money)?
    ) -> [Action] {
        // What was read may have been taken since, and what is not released does not show yet.
        let unconfirmed = situation.bookings.filter {
            $0.kind == .refund && ($0.stands && $0.state != .booked || $0.state == .voiding)
        }
        guard unconfirmed.isEmpty else {
            // A person releases what is held, or does not.
            return unconfirmed.contains { $0.state == .held }
                ? wait(refund, receivable, situation) : [look(refund, situation)]
        }
        let taken = Set(situation.bookings.filter { $0.kind == .refund }.map(\.number))
        let others = Set(collection.refunds.map(\.id.rawValue)).subtracting([refund.id.rawValue])
        let references = [refund.id.rawValue, charge.id.rawValue, charge.intent?.rawValue].compactMap { $0 }
        let account = situation.policy.posting.cashAccount(
            branch: receivable.branch, currency: refund.amount.currency)
        let from = refund.createdAt.day(in: situation.policy.zone).adding(days: -daySlack)
        let made = credits.refundDocuments.filter { document in
            guard document.amount == refund.amount, document.status != "Voided", !taken.contains(document.number),
                document.reference.map({ others.contains($0) }) != true
            else { return false }
            if document.reference.map({ references.contains($0) }) == true { return true }
            // Without our reference it must have been made for this refund, not before it nor for another of Stripe's.
            return document.cashAccount == account && document.applicationDate >= from
                && document.reference.map(isStripes) != true
        }
        let named = made.filter { $0.reference.map { references.contains($0) } == true }
        if let document = named.first ?? (made.count == 1 ? made.first : nil) {
            return [.adoptBooking(adopted(document, refund, situation))]
        }
        guard made.isEmpty else {
            return [.review(ambiguous(refund, made.map { "refund \($0.number)" })), look(refund, situation)]
        }
        // What of it stands unapplied, which comes first, is not known before the payment is booked.
        guard PaymentPlan.isKnown(charge, collection, situation) else { return [] }
        guard let (booking, rest) = unapplied else { return pay(refund, credits.creditNotes, receivable, situation) }
        guard rest.covers(refund.amount), booking.stands else {
            return [.review(mixed(refund, booking, rest)), look(refund, situation)]
        }
        // Released, or there is nothing yet that a refund could be paid from.
        guard booking.state == .booked else { return late(refund, receivable, situation) }
        let document = DocumentRef(type: .payment, number: booking.number.rawValue)
        return post(refund, on: document, receivable, situation)
    }

    private static func mixed(_ refund: Collection.Refund, _ booking: Booking, _ rest: Money) -> Review {
        let stands = booking.stands ? "stands" : "stood, until it was voided,"
        return Review(
            .refund,
            found:
                "\(refund.amount) was refunded (\(refund.id)), and only \(rest) of it \(stands) unapplied on Visma "
                + "payment \(booking.number)",
            proposals: [
                "make the refund in Visma from the payment and a credit note, with \(refund.id) as payment reference"
            ])
    }

    private static func adopted(
        _ document: VismaPayment, _ refund: Collection.Refund, _ situation: Situation
    ) -> Booking {
        Booking(
            subject: .document(situation.document), cause: refund.id.rawValue, kind: .refund, origin: .matched,
            state: document.isReleased ? .booked : .held, amount: refund.amount, applied: refund.amount,
            number: document.number, reference: document.reference ?? refund.id.rawValue)
    }

    /// On the credit note that names the invoice, else on the only one of exactly this amount.
    private static func pay(
        _ refund: Collection.Refund, _ creditNotes: [VismaCreditNote], _ receivable: Receivable,
        _ situation: Situation
    ) -> [Action] {
        let open = creditNotes.filter {
            $0.status == "Open" && $0.balance.covers(refund.amount)
        }
        // What one payment paid is given back on whichever of its documents it was for.
        let numbers =
            [receivable.document.number] + (refund.intent.flatMap { situation.sharers[$0] } ?? []).map(\.number)
        let named = open.filter { note in
            note.texts.contains { text in numbers.contains { mentions($0, in: text) } }
        }
        let unnamed = open.filter { note in !note.texts.contains { namesAnother(than: numbers, in: $0) } }
        let exact = (named.isEmpty ? unnamed : named).filter { $0.balance == refund.amount }
        let candidates = exact.isEmpty ? named : exact
        guard let note = candidates.first else { return wait(refund, receivable, situation) }
        guard candidates.count == 1 else {
            return [
                .review(ambiguous(refund, candidates.map { "credit note \($0.number)" })), look(refund, situation),
            ]
        }
        return post(refund, on: DocumentRef(type: .creditNote, number: note.number.rawValue), receivable, situation)
    }

    /// As a word of its own: 224 is not named by 12245.
    static func mentions(_ number: String, in text: String) -> Bool {
        text.split { !$0.isLetter && !$0.isNumber && $0 != "-" }.contains { $0 == number }
    }

    /// A document number like ours, or another fact of Stripe: that credit note is meant for something else.
    private static func namesAnother(than numbers: [String], in text: String) -> Bool {
        text.split { !$0.isLetter && !$0.isNumber && $0 != "-" && $0 != "_" }.contains { word in
            if isStripes(String(word)) { return true }
            return !numbers.contains(String(word))
                && numbers.contains { number in
                    word.utf8.count == number.utf8.count && word.allSatisfy(\.isNumber)
                        && number.allSatisfy(\.isNumber)
                }
        }
    }

    private static func isStripes(_ reference: String) -> Bool {
        ["re_", "pi_", "ch_", "py_", "pyr_"].contains { reference.hasPrefix($0) }
    }

    static func post(
        _ refund: Collection.Refund, on document: DocumentRef, _ receivable: Receivable, _ situation: Situation
    ) -> [Action] {
        let posting = situation.policy.posting
        let currency = refund.amount.currency
        let cause = refund.id.rawValue
        guard let account = posting.cashAccount(branch: receivable.branch, currency: currency) else {
            return [.review(PaymentPlan.accountMissing("\(refund.amount) was refunded (\(refund.id))", currency))]
        }
        let what = "the refund of \(refund.amount) (\(refund.id))"
        switch PostingDay.choose(refund.createdAt, step: Step.createRefund, cause: cause, what: what, situation) {
        case .needs(let actions): return actions
        case .on(let day, let isMoved):
            var text = "Stripe \(receivable.document.number)"
            if isMoved { text += ", refunded \(refund.createdAt.day(in: situation.policy.zone))" }
            let draft = PaymentDraft(
                customer: receivable.customer.number, location: receivable.location, branch: receivable.branch,
                paymentMethod: posting.paymentMethod, cashAccount: account, currency: currency, amount: refund.amount,
                applied: refund.amount, document: document,
                applicationDate: day, reference: cause, text: text, isOnHold: posting.booking == .hold)
            return [.post(.refund(draft), cause: cause)]
        }
    }

    private static func wait(
        _ refund: Collection.Refund, _ receivable: Receivable, _ situation: Situation
    ) -> [Action] {
        let look = look(refund, situation)
        let waited = situation.now.seconds(since: refund.createdAt)
        let isLate = waited >= Int64(situation.policy.posting.refundReviewDays) * 86_400
        // Where ours could not be made, nobody knows yet that one is wanted.
        guard isLate || CreditNotePlan.hasFailed(refund, situation) else { return [look] }
        let found =
            "\(refund.amount) of \(receivable.document) was refunded (\(refund.id)), and no credit note of "
            + "\(receivable.customer.number) has been made for it"
        return [
            .review(
                Review(
                    .refund, found: found,
                    proposals: ["make the credit note in Visma, with the invoice's number in its text"])), look,
        ]
    }

    /// The payment that is to be voided is not released, and Visma voids nothing else.
    private static func late(
        _ refund: Collection.Refund, _ receivable: Receivable, _ situation: Situation
    ) -> [Action] {
        let days = Int64(situation.policy.posting.refundReviewDays)
        let held = situation.bookings.filter { $0.kind == .payment && $0.state == .held }.map(\.number.rawValue)
        // What is on its way to be released is followed by its own booking.
        guard !held.isEmpty else { return [] }
        let limit = refund.createdAt.adding(seconds: days * 86_400)
        guard situation.now >= limit else {
            return [.lookAgain(at: limit, why: "refund \(refund.id) waits for the release of a payment")]
        }
        let found =
            "\(refund.amount) of \(receivable.document) was refunded (\(refund.id)), and payment "
            + "\(held.joined(separator: ", ")) is still on hold"
        return [
            .review(
                Review(
                    .refund, found: found,
                    proposals: ["release the payment in Visma: it is then voided", "delete it in Visma"]))
        ]
    }

    private static func look(_ refund: Collection.Refund, _ situation: Situation) -> Action {
        .lookAgain(
            at: situation.now.adding(seconds: lookSeconds), why: "a credit note for refund \(refund.id) is awaited")
    }

    private static func ambiguous(_ refund: Collection.Refund, _ candidates: [String]) -> Review {
        Review(
            .refundUnmatched,
            found:
                "\(refund.amount) was refunded (\(refund.id)), and several documents may book it: "
                + candidates.prefix(5).joined(separator: ", "),
            proposals: [
                "write \(refund.id) as payment reference on the right refund",
                "name the invoice's number in the right credit note",
            ])
    }
}
