import Domain
import Sync

/// What must hold when nothing happens any more. Everything is computed from the books and the facts; the plan is not
/// asked.
struct Verdict {
    var ledger: Ledger
    private(set) var findings: [String] = []

    /// Lets everything come to rest: first as it is, then with open periods, held documents released and a person's
    /// request to try again what was refused.
    init(_ ledger: Ledger, isCalm: Bool) {
        self.ledger = ledger
        rest()
        if isCalm { calm() }
        unblock()
        findings += self.ledger.faults + self.ledger.refusals
        for invoice in ledger.connectors.indices {
            payments(invoice)
            refunds(invoice)
            open(invoice)
            told(invoice)
        }
        fees()
        disputes()
    }

    private mutating func unblock() {
        let hasFailed = ledger.connectors.contains { $0.effects.contains { $0.state == .failed } }
        guard hasFailed || ledger.policy.posting.booking == .hold else { return }
        ledger.visma.closedThrough = nil
        // A refund stands on a credit note, and each of the two may be held.
        for _ in 0..<2 {
            _ = ledger.releaseHeld()
            for invoice in ledger.connectors.indices { ledger.look(invoice, isAskedFor: true) }
            rest()
        }
        _ = ledger.releaseHeld()
        rest()
    }

    /// People are told only of what was paid twice or too much, not even for a moment of anything else.
    private mutating func calm() {
        for invoice in ledger.connectors.indices {
            let connector = ledger.connectors[invoice]
            let isOver = ledger.visma.papers.contains {
                $0.isOurs && $0.target == .invoice(invoice) && $0.applied < $0.amount.minorUnits
            }
            // Visma may take more than an hour, and a document may change under its draft.
            let isLate = { (review: Review) in review.code == .effectRefused && review.found.contains("was asked") }
            for review in connector.everReviewed where !isLate(review) && review.code != .totalMismatch {
                if isOver, review.code == .overpaid || review.code == .paidTwice { continue }
                findings.append("\(review.code): \(review.found)")
            }
            let isOpen = ledger.visma.balance(invoice) > 0
            let status = ledger.stripe.invoices[invoice]?.status
            let isOut = connector.link.invoice != nil && (status == "open" || status == "paid")
            let isAsked = ledger.stripe.invoices[invoice]?.amountRemaining.isPositive == true
            if isOut, (isOpen || isAsked) != (connector.link.state == .collecting) {
                findings.append("\(connector.link.state)")
            }
        }
    }

    private static let roundsMax = 12

    /// The last round is a look at each document with nothing new: it writes nothing and finds nothing new.
    private mutating func rest() {
        ledger.now = ledger.now.adding(seconds: 2 * 86_400)
        for round in 0..<Self.roundsMax {
            let before = ledger.connectors
            let worked = ledger.visma.work()
            for invoice in ledger.connectors.indices { ledger.look(invoice) }
            let isBusy = ledger.visma.papers.contains { $0.order != nil }
            let hasWritten = zip(before, ledger.connectors).contains { $0.writes != $1.writes }
            let hasAsked = before.contains { !$0.unanswered.isEmpty }
            if round > 0, !hasAsked, !worked, !isBusy, !hasWritten {
                for (before, after) in zip(before, ledger.connectors) { compare(before, after) }
                return
            }
            ledger.now = ledger.now.adding(seconds: 10)
        }
        findings.append("it does not come to rest")
    }

    private mutating func compare(_ before: Ledger.Connector, _ after: Ledger.Connector) {
        if before.reviews != after.reviews {
            findings.append("a look with nothing new finds \(after.reviews) after \(before.reviews)")
        }
        if before.bookings != after.bookings || before.link != after.link {
            findings.append("a look with nothing new changes what is remembered")
        }
    }

    /// Whether a person is told of it, or it is looked at again.
    private func isSpokenOf(_ names: [String], _ invoice: Int) -> Bool {
        if case .postponed? = ledger.connectors[invoice].ending { return true }
        return ledger.connectors[invoice].reviews.contains { review in names.contains { review.found.contains($0) } }
    }

    // MARK: Payments

    /// Each payment is booked exactly once, with all of its money, unless it was taken back for a reason that holds.
    private mutating func payments(_ invoice: Int) {
        let paid = ledger.throughStripe().filter { $0.invoice == invoice }.map(\.payment)
        for payment in paid {
            let standing = ledger.papers(of: payment, on: invoice).map { ledger.visma.papers[$0] }.filter(\.stands)
            if standing.count > 1 { findings.append("\(payment.id) is booked \(standing.count) times") }
            guard let paper = standing.first else {
                if !mayBeUnbooked(payment, invoice) { findings.append("\(payment.id) is not booked") }
                if isGivenBackTwice(payment, invoice) { findings.append("\(payment.id) is given back twice") }
                continue
            }
            if paper.state != .open { findings.append("\(payment.id) is booked and \(paper.state)") }
            if paper.amount.minorUnits != gross(payment) {
                findings.append("\(payment.id) of \(gross(payment)) is booked as \(paper.amount)")
            }
            if shouldBeUnbooked(payment, invoice) { findings.append("\(payment.id) is booked, and is lost") }
        }
    }

    /// All that came by it: what Stripe keeps as the customer's credit, too.
    private func gross(_ payment: Domain.Collection.Payment) -> Int64 {
        let parts = ledger.throughStripe().filter { $0.payment.source == payment.source }
        return parts.count > 1 ? payment.amountPaid.minorUnits : charge(of: payment)?.amount.minorUnits ?? 0
    }

    private func charge(of payment: Domain.Collection.Payment) -> Domain.Collection.Charge? {
        ledger.stripe.charges.first {
            $0.status == "succeeded" && $0.intent.map(Domain.Collection.Source.intent) == payment.source
        }
    }

    private func isLost(_ charge: Domain.Collection.Charge) -> Bool {
        ledger.stripe.disputes.contains { dispute in
            dispute.charge == charge.id && (dispute.status == "lost" || dispute.status == "appeal_under_review")
        }
    }

    private func isRefunded(_ charge: Domain.Collection.Charge) -> Bool {
        let refunded = ledger.stripe.refunds.filter { $0.charge == charge.id && $0.status == "succeeded" }
        return refunded.reduce(0) { $0 + $1.amount.minorUnits } >= charge.amount.minorUnits
    }

    /// More of it is taken back in Visma, by voids and documents of ours, than went back in Stripe, and nobody is told.
    private func isGivenBackTwice(_ payment: Domain.Collection.Payment, _ invoice: Int) -> Bool {
        let papers = ledger.papers(of: payment, on: invoice).map { ledger.visma.papers[$0] }
        guard let charge = charge(of: payment), let voided = papers.last,
            !isSpokenOf([voided.number, charge.id.rawValue], invoice)
        else { return false }
        let booking = ledger.connectors[invoice].bookings.first { $0.number.rawValue == voided.number }
        guard booking?.voidedFor != .undo else { return false }
        let refunds = ledger.stripe.refunds.filter { $0.charge == charge.id && $0.status == "succeeded" }
        let lost = ledger.stripe.disputes.filter { $0.charge == charge.id && $0.status == "lost" }
        let causes = refunds.map(\.id.rawValue) + lost.map(\.id.rawValue)
        let documents = ledger.visma.papers.filter {
            $0.isOurs && $0.stands && ["Refund", "CashEntry"].contains($0.type) && causes.contains($0.reference)
        }
        let back = (refunds.map(\.amount) + lost.map(\.amount)).reduce(0) { $0 + $1.minorUnits }
        return !documents.isEmpty && voided.amount.minorUnits + documents.reduce(0) { $0 + $1.amount.minorUnits } > back
    }

    private func mayBeUnbooked(_ payment: Domain.Collection.Payment, _ invoice: Int) -> Bool {
        let posting = ledger.policy.posting
        if ledger.takenBack.contains(payment.id) { return true }
        if posting.cashAccounts[ledger.currency.code] == nil { return isSpokenOf(["cash account"], invoice) }
        guard let charge = charge(of: payment) else { return false }
        return posting.disputes == .post && isLost(charge) || posting.refunds == .void && isRefunded(charge)
    }

    /// The whole of it was lost in one dispute, and the company wants that booked: as a void of the payment or a
    /// transaction of the dispute.
    private func shouldBeUnbooked(_ payment: Domain.Collection.Payment, _ invoice: Int) -> Bool {
        guard ledger.policy.posting.disputes == .post, let charge = charge(of: payment) else { return false }
        let lost = ledger.stripe.disputes.filter { $0.charge == charge.id && $0.status == "lost" }
        guard !lost.isEmpty else { return false }
        return !lost.allSatisfy { dispute in
            let isBooked = ledger.visma.papers.contains {
                $0.type == "CashEntry" && $0.reference == dispute.id.rawValue && $0.stands
            }
            let names = [dispute.id.rawValue, payment.id.rawValue, "cannot be voided"]
            return isBooked || ledger.connectors.indices.contains { isSpokenOf(names, $0) }
        }
    }

    // MARK: Refunds

    private mutating func refunds(_ invoice: Int) {
        for refund in ledger.stripe.refunds where ledger.owner(of: refund) == invoice {
            let id = refund.id.rawValue
            let standing = ledger.visma.papers.filter {
                $0.type == "Refund" && $0.stands && ($0.reference == id || $0.texts == [id])
            }
            let ours = standing.filter(\.isOurs)
            if ours.count > 1 { findings.append("\(id) is booked \(ours.count) times") }
            if ours.contains(where: { $0.amount != refund.amount }) { findings.append("\(id) is booked otherwise") }
            let isVoided = ledger.throughStripe().contains { invoice, payment in
                charge(of: payment)?.id == refund.charge
                    && ledger.papers(of: payment, on: invoice).contains { !ledger.visma.papers[$0].stands }
            }
            if refund.status == "succeeded" {
                let names = [id, "cash account"]
                let isKnown =
                    !standing.isEmpty || isVoided || isSpokenOf(names, invoice)
                    || ledger.connectors[invoice].bookings.contains { $0.cause == id && $0.stands }
                if !isKnown { findings.append("\(id) is forgotten") }
            } else if !ours.isEmpty {
                findings.append("\(id) is \(refund.status) and booked by \(ours[0].number)")
            }
        }
    }

    // MARK: Fees

    /// What Stripe kept of each charge is booked once in all, where the company books it.
    private mutating func fees() {
        let posting = ledger.policy.posting
        for charge in ledger.stripe.charges {
            guard charge.status == "succeeded", let movement = charge.movement else { continue }
            let intent = charge.intent?.rawValue
            let onPayment = ledger.visma.papers.filter {
                $0.type == "Payment" && $0.isOurs && $0.stands && $0.reference == intent
            }
            .reduce(0) { $0 + $1.fee }
            let entries = ledger.visma.papers.filter {
                $0.type == "CashEntry" && $0.stands && $0.reference == movement.id.rawValue
            }
            let booked = entries.reduce(onPayment) { $0 + $1.amount.minorUnits }
            let wanted = posting.fees == .post ? movement.fee.minorUnits : 0
            if booked > wanted { findings.append("\(booked) is booked of the fee of \(movement.fee) (\(charge.id))") }
            let isSpoken = ledger.connectors.indices.contains {
                isSpokenOf(["fee", "cash account", charge.id.rawValue], $0)
            }
            if booked < wanted, !isSpoken { findings.append("the fee of \(charge.id) is not booked") }
        }
    }

    /// Each lost dispute is booked once: by the void of its payment or by an entry of its own.
    private mutating func disputes() {
        for charge in ledger.stripe.charges {
            let all = ledger.stripe.disputes.filter { $0.charge == charge.id }
            let lost = all.filter { $0.status == "lost" || $0.status == "appeal_under_review" }.count
            // Each entry of a dispute undoes the one before.
            let entries = all.filter { dispute in
                let id = dispute.id.rawValue
                return !ledger.visma.papers.count {
                    $0.type == "CashEntry" && $0.stands && ($0.reference == id || $0.reference.hasPrefix("\(id)+"))
                }.isMultiple(of: 2)
            }
            let voids = ledger.throughStripe().filter { invoice, payment in
                self.charge(of: payment)?.id == charge.id
                    && ledger.connectors[invoice].bookings.last { $0.fact == payment.id.rawValue }?.voidedFor
                        == .dispute
            }
            if entries.count + voids.count > lost {
                findings.append("\(lost) disputes of \(charge.id) are lost, \(entries.count + voids.count) are booked")
            }
        }
    }

    // MARK: What is open

    /// Computed from who paid what: the document's total less what people settled and what came through Stripe.
    private mutating func open(_ invoice: Int) {
        let total = ledger.visma.invoices[invoice].total.minorUnits
        let papers = ledger.visma.papers.filter { $0.target == .invoice(invoice) }
        let balance = ledger.visma.balance(invoice)
        if balance < 0 { findings.append("more is applied than the document has: \(balance)") }
        guard papers.allSatisfy(\.stands) else { return }
        let byPeople = papers.filter { !$0.isOurs }.reduce(0) { $0 + $1.applied }
        let credited = papers.filter { $0.isOurs && $0.type == "CreditNote" }.reduce(0) { $0 + $1.applied }
        let paid = ledger.throughStripe().filter { $0.invoice == invoice }
            .filter { !ledger.papers(of: $0.payment, on: invoice).isEmpty }
            .reduce(0) { $0 + gross($1.payment) }
        let wanted = max(0, total - byPeople - credited - paid)
        if balance != wanted { findings.append("\(balance) is open in Visma, \(wanted) should be") }
    }

    /// Stripe is told of what people settled once, and of no more; where nothing is said to a person, both sides ask
    /// for the same.
    private mutating func told(_ invoice: Int) {
        guard let seen = ledger.stripe.invoices[invoice] else { return }
        let records = seen.payments.filter { payment in
            if case .outsideStripe = payment.source { return !payment.id.rawValue.contains("by_person") }
            return false
        }
        let notes = seen.creditNotes.filter { !$0.id.contains("by_person") }
        let told =
            records.reduce(0) { $0 + $1.amountPaid.minorUnits } + notes.reduce(0) { $0 + $1.amount.minorUnits }
        if told > ledger.settledByPeople[invoice] ?? 0 {
            findings.append("Stripe was told of \(told), people settled \(ledger.settledByPeople[invoice] ?? 0)")
        }
        let connector = ledger.connectors[invoice]
        guard connector.ending == .settled(reviews: []), ["open", "paid"].contains(seen.status) else { return }
        let balance = ledger.visma.balance(invoice)
        let lost = ledger.throughStripe().filter { $0.invoice == invoice }.reduce(Int64(0)) { sum, paid in
            let papers = ledger.papers(of: paid.payment, on: invoice).map { ledger.visma.papers[$0] }
            return papers.contains(where: \.stands) ? sum : sum + (papers.last?.applied ?? 0)
        }
        // What reopened may have been credited since.
        let isCredited = seen.status == "paid" && (0...max(0, lost)).contains(balance)
        if balance - lost != seen.amountRemaining.minorUnits, !isCredited {
            findings.append(
                "\(balance) less \(lost) is open in Visma, \(seen.amountRemaining) in Stripe, nobody is told")
        }
    }

    // MARK: Comparison

    /// The books in a form that does not depend on numbers and dates.
    var books: [String] {
        var lines = ledger.visma.papers.filter { $0.stands && $0.type != "CashEntry" }
            .map { "\($0.type) \($0.isOurs ? $0.reference : $0.number) \($0.amount) applied \($0.applied)" }
        // On the payment or by itself, as it was known in time or not; and what a later entry took back is not there,
        // as if the dispute had been over at the first look.
        var fees: [String: Int64] = [:]
        for paper in ledger.visma.papers where paper.stands && paper.isOurs {
            if paper.type == "CashEntry" {
                fees[String(paper.reference.prefix { $0 != "+" }), default: 0] += paper.amount.minorUnits
            }
            let charge = ledger.stripe.charges.first { $0.intent?.rawValue == paper.reference }
            if paper.fee != 0, let movement = charge?.movement { fees[movement.id.rawValue, default: 0] += paper.fee }
        }
        lines += fees.filter { $0.value != 0 }.map { "\($0.key) \($0.value)" }
        for (place, seen) in ledger.stripe.invoices.enumerated() {
            guard let seen, seen.status == "open", !seen.amountRemaining.isZero else { continue }
            lines.append("Stripe asks \(seen.amountRemaining) for \(place)")
        }
        return lines.sorted()
    }
}
