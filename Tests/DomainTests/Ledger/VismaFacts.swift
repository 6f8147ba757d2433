import Domain

/// What people do in Visma.
extension Ledger {
    private func paper(_ type: String, _ amount: Int64, _ name: Int) -> VismaBooks.Paper {
        VismaBooks.Paper(
            number: "B\(name)", type: type, state: .open, amount: Money(minorUnits: amount, currency: currency),
            day: now.day(in: policy.zone))
    }

    mutating func apply(_ type: String, to invoice: Int, _ percent: Int64, _ name: Int) -> String {
        guard visma.invoices.indices.contains(invoice) else { return "-" }
        let amount = visma.free(invoice) * percent / 100
        guard amount > 0 else { return "-" }
        var paper = paper(type, amount, name)
        paper.applied = amount
        paper.target = .invoice(invoice)
        visma.papers.append(paper)
        settledByPeople[invoice, default: 0] += amount
        return "\(amount)"
    }

    mutating func voidBank(_ index: Int) -> String {
        let some = visma.papers.indices.filter {
            let paper = visma.papers[$0]
            return !paper.isOurs && paper.state == .open && paper.type == "Payment"
        }
        guard !some.isEmpty else { return "-" }
        visma.papers[some[index % some.count]].state = .voided
        return visma.papers[some[index % some.count]].number
    }

    /// All payments that passed through Stripe, by name, with their invoice.
    func throughStripe() -> [(invoice: Int, payment: Domain.Collection.Payment)] {
        stripe.invoices.enumerated().flatMap { index, collection in
            (collection?.payments ?? []).compactMap { payment in
                guard payment.status == "paid", case .intent = payment.source else { return nil }
                return (index, payment)
            }
        }
        .sorted { ($0.payment.id, $0.invoice) < ($1.payment.id, $1.invoice) }
    }

    /// The papers of ours that book a payment, whatever became of them.
    func papers(of payment: Domain.Collection.Payment, on invoice: Int) -> [Int] {
        guard case .intent(let intent) = payment.source else { return [] }
        return visma.papers.indices.filter {
            let paper = visma.papers[$0]
            return paper.isOurs && paper.type == "Payment" && paper.reference == intent.rawValue
                && paper.target == .invoice(invoice)
        }
    }

    mutating func voidBooking(_ index: Int) -> String {
        let some = throughStripe()
        guard !some.isEmpty else { return "-" }
        let (invoice, payment) = some[index % some.count]
        guard
            let paper = papers(of: payment, on: invoice).last(where: {
                visma.papers[$0].state == .open && visma.papers[$0].order == nil && visma.papers[$0].applied > 0
            })
        else { return "-" }
        let stood = ours()
        visma.papers[paper].state = .voided
        takenBack.insert(payment.id)
        return "\(payment.id) of \(stood)"
    }

    /// What a person does to a booking of ours is the same only where the same of ours stood.
    private func ours() -> String {
        visma.papers.filter { $0.isOurs && $0.stands }.map { "\($0.type) \($0.reference) \($0.applied)" }.sorted()
            .joined(separator: ", ")
    }

    mutating func askUndo(_ index: Int) -> String {
        let some = throughStripe()
        guard !some.isEmpty else { return "-" }
        let (invoice, payment) = some[index % some.count]
        guard
            let booking = connectors[invoice].bookings.last(where: {
                $0.fact == payment.id.rawValue && $0.state == .booked
            })
        else { return "-" }
        connectors[invoice].requests.append(
            Request(kind: .undo, cause: booking.cause, reason: "wrong", actor: "someone", askedAt: now))
        takenBack.insert(payment.id)
        return "\(payment.id) of \(ours())"
    }

    mutating func releaseHeld() -> String {
        var count = 0
        let isHeld = policy.posting.booking == .hold
        for index in visma.papers.indices where isHeld && visma.papers[index].isOurs {
            guard visma.papers[index].state == .hold || visma.papers[index].state == .balanced else { continue }
            visma.papers[index].state = .open
            count += 1
        }
        return count > 0 ? "released" : "-"
    }

    // MARK: Of refunds

    mutating func creditNote(for index: Int, _ isNamed: Bool, _ name: Int) -> String {
        guard !stripe.refunds.isEmpty else { return "-" }
        let refund = stripe.refunds[index % stripe.refunds.count]
        var paper = paper("CreditNote", refund.amount.minorUnits, name)
        if isNamed, let owner = owner(of: refund) {
            paper.texts = ["Refund of invoice \(visma.invoices[owner].document.number)."]
        }
        visma.papers.append(paper)
        return "\(refund.id)"
    }

    /// The document whose business a refund is.
    func owner(of refund: Domain.Collection.Refund) -> Int? {
        stripe.invoices.firstIndex { collection in
            collection?.payments.contains { payment in
                refund.intent.map { payment.source == .intent($0) } ?? false
            } == true
        }
    }

    mutating func refundDocument(for index: Int, _ isNamed: Bool, _ name: Int) -> String {
        guard !stripe.refunds.isEmpty else { return "-" }
        let refund = stripe.refunds[index % stripe.refunds.count]
        // A person makes one where there is none.
        guard !visma.papers.contains(where: { $0.type == "Refund" && $0.texts == [refund.id.rawValue] }),
            !visma.papers.contains(where: { $0.isOurs && $0.stands && $0.reference == refund.id.rawValue })
        else { return "-" }
        var paper = paper("Refund", refund.amount.minorUnits, name)
        paper.reference = isNamed ? refund.id.rawValue : ""
        paper.texts = [refund.id.rawValue]
        visma.papers.append(paper)
        return "\(refund.id)"
    }
}
