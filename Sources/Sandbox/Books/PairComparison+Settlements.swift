/// What settled a document in Visma without Stripe, and how Stripe was told of it.
extension PairComparison {
    /// What took something off a document besides our payments, by the way that Stripe is told of it.
    private struct Settled {
        /// Payments, with the discounts and write-offs that came with them.
        var paid: Int64 = 0
        /// Credit notes and write-offs.
        var credited: Int64 = 0
    }

    mutating func compareSettlements() {
        let settled = settled()
        for (_, invoice) in books.invoices.sorted(by: { $0.key < $1.key }) where !invoice.isGone {
            guard let document = books.documents[invoice.document], isCollectable(document), isOfCompany(invoice),
                invoice.status != "draft"
            else { continue }
            let there = settled[document.key] ?? Settled()
            if invoice.offStripe > there.paid {
                differ(document.key, "\(invoice.id): more is marked as paid outside Stripe than was paid in Visma")
            }
            if invoice.credited > there.credited {
                differ(document.key, "\(invoice.id): more is credited in Stripe than in Visma")
            }
            if let total = invoice.total, let whole = document.totalMinor, total > whole {
                differ(document.key, "\(invoice.id) asks for more than the document is of")
            }
        }
        for note in books["credit_note"] where note.status == "issued" && !note.document.isEmpty {
            if note.document != document(of: note) {
                differ(document(of: note), "credit note \(note.id) stands for \(note.document)")
            }
        }
        for record in books["payment_record"] where !record.document.isEmpty { compare(record) }
        for payment in books["invoice_payment"] where !payment.record.isEmpty {
            if !books.knownIDs.contains(payment.record) {
                differ(document(of: payment), "\(payment.id) is of \(payment.record), which Stripe does not have")
            }
        }
        compareOwnCreditNotes()
    }

    /// A credit note that was made in Visma for a credit note or a refund in Stripe: one for each, of its amount.
    private mutating func compareOwnCreditNotes() {
        let facts = books["credit_note"].filter { $0.status == "issued" } + books["refund"]
        let made = books.documents.values.filter {
            $0.type == "CreditNote" && ["cn_", "re_"].contains($0.reference.prefix(3))
        }
        for (reference, notes) in Dictionary(grouping: made, by: \.reference).sorted(by: { $0.key < $1.key }) {
            let fact = facts.first { $0.id == reference }
            let isRight = notes.allSatisfy {
                $0.totalMinor == fact?.amount && $0.currency == fact?.currency.uppercased()
            }
            if notes.count > 1 || !isRight {
                differ(
                    fact.flatMap { document(of: $0) }, "\(notes.count) credit notes stand for \(reference), or another")
            }
        }
    }

    private func settled() -> [String: Settled] {
        let ours = Set(booked.values.map(\.key))
        var result: [String: Settled] = [:]
        for payment in books.payments where payment.isReleased && payment.settles {
            for use in payment.applications {
                let all = use.settled(payment.currency) ?? 0
                let money = ours.contains(payment.key) ? BookMoney.minor(use.amount, payment.currency) ?? 0 : 0
                if payment.isPayment {
                    result[use.key, default: .init()].paid += all - money
                } else {
                    result[use.key, default: .init()].credited += all
                }
            }
        }
        for note in books.documents.values {
            for use in note.applications {
                result[use.key, default: .init()].credited += use.settled(note.currency) ?? 0
            }
        }
        return result
    }

    /// A payment record of ours stands for one application in Visma, and is on the invoice of its document.
    private mutating func compare(_ record: BookMovement) {
        let on = books["invoice_payment"].filter { $0.record == record.id && $0.status == "paid" }
        let amount = BookMoney.text(record.amount, record.currency)
        guard on.reduce(0, { $0 + ($1.amount ?? 0) }) == record.amount,
            on.allSatisfy({ document(of: $0) == record.document })
        else { return differ(record.document, "payment record \(record.id) of \(amount) is not on its invoice") }
        let payment = books.payments.first { $0.key == record.reference && $0.isReleased }
        let uses = payment?.applications.filter { $0.key == record.document } ?? []
        let settled = uses.reduce(0) { $0 + ($1.settled(record.currency) ?? 0) }
        if settled < record.amount ?? .max || payment?.currency != record.currency.uppercased() {
            differ(record.document, "payment record \(record.id) of \(amount): Visma has no such \(record.reference)")
        }
    }
}
