import Domain

/// One thing that happens outside the connector. Its parameters do not depend on when the connector looks, so that one
/// history can be told under several orders of looks.
struct Fact {
    enum What: Hashable {
        /// The customer pays so many per cent of what Stripe asks for.
        case pay(Int, percent: Int64)
        /// One payment for two documents.
        case payBoth
        /// A payment that takes days begins; the n-th that is under way comes or does not come.
        case begin(Int)
        case succeed(Int), fail(Int)
        case decline(Int)
        case refund(Int, percent: Int64, isPending: Bool)
        case refundSucceeds(Int), refundFails(Int)
        case dispute(Int, percent: Int64, status: String)
        case disputeBecomes(Int, String)
        /// A payment at the bank, booked by a person on what is open.
        case bank(Int, percent: Int64)
        case bankVoided(Int)
        case credit(Int, percent: Int64)
        case writeOff(Int)
        /// A person voids, or asks to have voided, what books the n-th payment.
        case voidBooking(Int), askUndo(Int)
        case releaseHeld
        /// A person makes the credit note, or the refund document, of the n-th refund.
        case refundCredit(Int, isNamed: Bool), refundDocument(Int, isNamed: Bool)
        case closePeriods, openPeriods
        case stripeCredit(Int, percent: Int64)
        case stripeVoid(Int), stripeOutOfBand(Int)
        case days(Int64)
    }

    /// Names what it makes: its place in the history.
    var place: Int
    var what: What
}

/// Facts of the books' two sides, as they happen. Each answers with what came of it: two tellings of one history with
/// the same answers must end in the same books.
extension Ledger {
    mutating func happen(_ fact: Fact) -> String {
        now = now.adding(seconds: 3600)
        let name = fact.place
        switch fact.what {
        case .pay(let invoice, let percent): return pay(invoice, percent, name)
        case .payBoth: return payBoth(name)
        case .begin(let invoice): return begin(invoice, name)
        case .succeed(let index): return finish(index, succeeds: true)
        case .fail(let index): return finish(index, succeeds: false)
        case .decline(let invoice): return decline(invoice, name)
        case .refund(let index, let percent, let isPending): return refund(index, percent, isPending, name)
        case .refundSucceeds(let index): return settleRefund(index, "pending", "succeeded")
        case .refundFails(let index): return settleRefund(index, nil, "failed")
        case .dispute(let index, let percent, let status): return dispute(index, percent, status, name)
        case .disputeBecomes(let index, let status): return move(dispute: index, to: status, name)
        case .bank(let invoice, let percent): return apply("Payment", to: invoice, percent, name)
        case .credit(let invoice, let percent): return apply("CreditNote", to: invoice, percent, name)
        case .writeOff(let invoice): return apply("SmallBalanceWo", to: invoice, 100, name)
        case .bankVoided(let index): return voidBank(index)
        case .voidBooking(let index): return voidBooking(index)
        case .askUndo(let index): return askUndo(index)
        case .releaseHeld: return releaseHeld()
        case .refundCredit(let index, let isNamed): return creditNote(for: index, isNamed, name)
        case .refundDocument(let index, let isNamed): return refundDocument(for: index, isNamed, name)
        case .closePeriods:
            visma.closedThrough = now.day(in: policy.zone).adding(days: -1)
            return "closed"
        case .openPeriods:
            visma.closedThrough = nil
            return "opened"
        case .stripeCredit(let invoice, let percent): return creditInStripe(invoice, percent, name)
        case .stripeVoid(let invoice): return stripe.void(invoice) == nil ? "voided" : "-"
        case .stripeOutOfBand(let invoice):
            return stripe.payOutOfBand(invoice, name: "by_person_\(name)", at: now) == nil ? "marked" : "-"
        case .days(let days):
            now = now.adding(seconds: days * 86_400)
            return "later"
        }
    }

    // MARK: Payments

    private func money(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: currency) }

    /// Stripe takes money for what is open or uncollectible.
    private func asked(_ invoice: Int) -> Int64 {
        guard stripe.invoices.indices.contains(invoice), let seen = stripe.invoices[invoice],
            seen.status == "open" || seen.status == "uncollectible"
        else { return 0 }
        return seen.amountRemaining.minorUnits
    }

    private mutating func add(_ amount: Int64, to invoice: Int, _ name: Int, status: String) -> Int {
        let payment = Domain.Collection.Payment(
            id: InvoicePaymentID("inpay_\(name)"), status: "open", amountRequested: money(amount),
            amountPaid: money(0), paidAt: nil, source: .intent(PaymentIntentID("pi_\(name)")), intentStatus: status)
        stripe.invoices[invoice]?.payments.append(payment)
        return (stripe.invoices[invoice]?.payments.count ?? 1) - 1
    }

    private mutating func charge(_ amount: Int64, _ name: Int, status: String) {
        let fee = BalanceMovement(
            id: BalanceTransactionID("txn_\(name)"), type: "charge",
            amount: Money(minorUnits: amount, currency: settlement),
            fee: Money(minorUnits: max(1, amount / 50), currency: settlement), source: "ch_\(name)", text: nil,
            createdAt: now)
        stripe.charges.append(
            Domain.Collection.Charge(
                id: ChargeID("ch_\(name)"), intent: PaymentIntentID("pi_\(name)"), amount: money(amount),
                status: status, failureCode: status == "failed" ? "card_declined" : nil, failureMessage: nil,
                createdAt: now, isDisputed: false, amountRefunded: money(0),
                movement: status == "succeeded" ? fee : nil))
    }

    private mutating func pay(_ invoice: Int, _ percent: Int64, _ name: Int) -> String {
        let asked = asked(invoice)
        let amount = asked * percent / 100
        guard amount > 0 else { return "-" }
        let payment = add(amount, to: invoice, name, status: "succeeded")
        stripe.allocate(amount, payment, of: invoice, at: now)
        charge(amount, name, status: "succeeded")
        return "\(amount)"
    }

    private mutating func payBoth(_ name: Int) -> String {
        let amounts = [asked(0), asked(1)]
        guard amounts[0] > 0, amounts[1] > 0 else { return "-" }
        for invoice in 0...1 {
            let payment = add(amounts[invoice], to: invoice, name, status: "succeeded")
            stripe.invoices[invoice]?.payments[payment].id = InvoicePaymentID("inpay_\(name)_\(invoice)")
            stripe.allocate(amounts[invoice], payment, of: invoice, at: now)
        }
        charge(amounts[0] + amounts[1], name, status: "succeeded")
        return "\(amounts)"
    }

    private mutating func begin(_ invoice: Int, _ name: Int) -> String {
        let asked = asked(invoice)
        guard asked > 0 else { return "-" }
        _ = add(asked, to: invoice, name, status: "processing")
        charge(asked, name, status: "pending")
        return "\(asked)"
    }

    private mutating func finish(_ index: Int, succeeds: Bool) -> String {
        let pending = stripe.charges.indices.filter { stripe.charges[$0].status == "pending" }
        guard !pending.isEmpty else { return "-" }
        let charge = pending[index % pending.count]
        let intent = stripe.charges[charge].intent
        let amount = stripe.charges[charge].amount.minorUnits
        for invoice in stripe.invoices.indices {
            guard
                let payment = stripe.invoices[invoice]?.payments.firstIndex(where: {
                    intent.map(Domain.Collection.Source.intent) == $0.source
                })
            else { continue }
            if succeeds {
                stripe.allocate(amount, payment, of: invoice, at: now)
            } else {
                stripe.invoices[invoice]?.payments[payment].status = "canceled"
                stripe.invoices[invoice]?.payments[payment].intentStatus = "requires_payment_method"
            }
        }
        stripe.charges[charge].status = succeeds ? "succeeded" : "failed"
        if succeeds {
            stripe.charges[charge].movement = BalanceMovement(
                id: BalanceTransactionID("txn_\(stripe.charges[charge].id)"), type: "charge",
                amount: Money(minorUnits: amount, currency: settlement),
                fee: Money(minorUnits: max(1, amount / 50), currency: settlement),
                source: stripe.charges[charge].id.rawValue, text: nil, createdAt: now)
        }
        return "\(stripe.charges[charge].id) \(succeeds)"
    }

    private mutating func decline(_ invoice: Int, _ name: Int) -> String {
        let asked = asked(invoice)
        guard asked > 0 else { return "-" }
        charge(asked, name, status: "failed")
        return "declined"
    }

    // MARK: Refunds and disputes

    private mutating func refund(_ index: Int, _ percent: Int64, _ isPending: Bool, _ name: Int) -> String {
        let paid = stripe.charges.indices.filter { stripe.charges[$0].status == "succeeded" }
        guard !paid.isEmpty else { return "-" }
        let charge = stripe.charges[paid[index % paid.count]]
        let gone = stripe.refunds.filter { $0.charge == charge.id && $0.status != "failed" }
            .reduce(0) { $0 + $1.amount.minorUnits }
        let amount = (charge.amount.minorUnits - gone) * percent / 100
        guard amount > 0 else { return "-" }
        stripe.refunds.append(
            Domain.Collection.Refund(
                id: RefundID("re_\(name)"), charge: charge.id, intent: charge.intent, amount: money(amount),
                status: isPending ? "pending" : "succeeded", failureReason: nil, createdAt: now))
        return "\(charge.id) \(amount)"
    }

    private mutating func settleRefund(_ index: Int, _ from: String?, _ status: String) -> String {
        let some = stripe.refunds.indices.filter {
            stripe.refunds[$0].status != "failed" && (from == nil || stripe.refunds[$0].status == from)
        }
        guard !some.isEmpty else { return "-" }
        let refund = some[index % some.count]
        // What was refunded since stands on this one's failure only as far as the charge goes.
        stripe.refunds[refund].status = status
        return "\(stripe.refunds[refund].id)"
    }

    private mutating func dispute(_ index: Int, _ percent: Int64, _ status: String, _ name: Int) -> String {
        let paid = stripe.charges.indices.filter { stripe.charges[$0].status == "succeeded" }
        guard !paid.isEmpty else { return "-" }
        let charge = stripe.charges[paid[index % paid.count]]
        let amount = charge.amount.minorUnits * percent / 100
        guard amount > 0 else { return "-" }
        stripe.disputes.append(
            Domain.Collection.Dispute(
                id: DisputeID("dp_\(name)"), charge: charge.id, amount: money(amount), reason: "fraudulent",
                status: status, evidenceDueBy: nil, createdAt: now))
        if !status.hasPrefix("warning") { withdraw(stripe.disputes.count - 1, name, gives: false) }
        return "\(charge.id) \(amount)"
    }

    private mutating func withdraw(_ dispute: Int, _ name: Int, gives: Bool) {
        let amount = stripe.disputes[dispute].amount.minorUnits
        stripe.disputes[dispute].movements.append(
            BalanceMovement(
                id: BalanceTransactionID("txn_dp_\(name)"), type: "adjustment",
                amount: Money(minorUnits: gives ? amount : -amount, currency: settlement),
                fee: Money(minorUnits: gives ? 0 : 1500, currency: settlement),
                source: stripe.disputes[dispute].id.rawValue, text: nil, createdAt: now))
    }

    /// Where a dispute may go from where it stands.
    private static let ways: [String: Set<String>] = [
        "warning_needs_response": ["warning_closed", "needs_response"],
        "needs_response": ["under_review", "won", "lost", "prevented"], "under_review": ["won", "lost"],
        "lost": ["appeal_under_review"], "appeal_under_review": ["won", "lost"],
    ]

    private mutating func move(dispute index: Int, to status: String, _ name: Int) -> String {
        let some = stripe.disputes.indices.filter { Self.ways[stripe.disputes[$0].status]?.contains(status) == true }
        guard !some.isEmpty else { return "-" }
        let dispute = some[index % some.count]
        stripe.disputes[dispute].status = status
        if status == "needs_response" { withdraw(dispute, name, gives: false) }
        if status == "won" || status == "prevented" { withdraw(dispute, name, gives: true) }
        return "\(stripe.disputes[dispute].id)"
    }

    private mutating func creditInStripe(_ invoice: Int, _ percent: Int64, _ name: Int) -> String {
        let amount = asked(invoice) * percent / 100
        guard amount > 0, stripe.invoices[invoice]?.payments.contains(where: \.isInFlight) == false,
            case .success = stripe.credit(money(amount), on: invoice, name: "cn_by_person_\(name)")
        else { return "-" }
        return "\(amount)"
    }
}
