/// Documents against invoices: each open amount, and whether each side agrees with itself.
extension PairComparison {
    /// Every selectable document has exactly one live Stripe invoice that asks for what is open, in its currency.
    mutating func compareDocuments() {
        for (key, document) in books.documents.sorted(by: { $0.key < $1.key }) where isCollectable(document) {
            let named = books.invoices.values.filter { $0.document == key && !$0.isGone && isOfCompany($0) }
            let open = document.balanceMinor.map { $0 - (owed[key] ?? 0) }
            guard open != 0 || !named.isEmpty else { continue }
            let live = named.filter {
                $0.status == "open" || $0.status == "paid" || ($0.status == "uncollectible" && open == 0)
            }
            let said = BookMoney.text(open, document.currency)
            guard live.count == 1, let invoice = live.first else {
                // A draft is told of by its own rule.
                if live.count > 1 { differ(key, "\(live.count) live Stripe invoices") }
                if live.isEmpty, !named.contains(where: { $0.status == "draft" }) {
                    differ(key, "open \(said), but no live Stripe invoice")
                }
                continue
            }
            guard invoice.currency.uppercased() == document.currency else {
                differ(key, "\(document.currency) in Visma, \(invoice.currency.uppercased()) in \(invoice.id)")
                continue
            }
            if invoice.status != "uncollectible", open != invoice.amountRemaining {
                let there = BookMoney.text(invoice.amountRemaining, invoice.currency)
                differ(key, "open \(said) in Visma, \(there) in \(invoice.id)")
            }
        }
    }

    mutating func compareInvoices() {
        for (id, invoice) in books.invoices.sorted(by: { $0.key < $1.key }) where !invoice.isGone {
            guard isOfCompany(invoice), let document = books.documents[invoice.document], isCollectable(document) else {
                differ(invoice.document.isEmpty ? nil : invoice.document, "\(id) has no document in Visma")
                continue
            }
            if invoice.status == "draft" { differ(invoice.document, "\(id) is not finalized") }
        }
    }

    /// Each side's books must agree with themselves, or an altered amount could hide behind another.
    mutating func addUp() {
        var applied: [String: Int64] = [:]
        for payment in books.payments where payment.isReleased && payment.settles {
            for use in payment.applications { applied[use.key, default: 0] += use.settled(payment.currency) ?? 0 }
        }
        for note in books.documents.values {
            for use in note.applications { applied[use.key, default: 0] += use.settled(note.currency) ?? 0 }
        }
        for (key, document) in books.documents.sorted(by: { $0.key < $1.key }) {
            guard document.isInvoice && document.isReleased else { continue }
            guard let total = document.totalMinor, let balance = document.balanceMinor,
                total - balance == applied[key] ?? 0
            else {
                differ(key, "total less balance is not what was applied in Visma")
                continue
            }
        }
        for (_, invoice) in books.invoices.sorted(by: { $0.key < $1.key }) where !invoice.isGone { addUp(invoice) }
    }

    private mutating func addUp(_ invoice: BookInvoice) {
        let key = invoice.document.isEmpty ? nil : invoice.document
        guard let total = invoice.total, let due = invoice.amountDue, let settled = invoice.amountPaid,
            let rest = invoice.amountRemaining
        else { return differ(key, "\(invoice.id) lacks an amount") }
        let paid = books["invoice_payment"].filter { $0.invoice == invoice.id && $0.status == "paid" }
        let sum = paid.reduce(0) { $0 + ($1.amount ?? 0) }
        let reported = paid.filter { $0.means.isEmpty }.reduce(0) { $0 + ($1.amount ?? 0) }
        // What was marked as paid outside Stripe as a whole is no payment of its own.
        let marked = invoice.offStripe - reported
        if marked < 0 || (marked > 0 && invoice.status != "paid") || sum + marked != settled {
            differ(key, "\(invoice.id): payments are not what is paid")
        }
        if paid.reduce(0, { $0 + $1.overpaid }) != invoice.overpaid {
            differ(key, "\(invoice.id): payments do not make up what came beyond it")
        }
        if invoice.startingBalance != 0 { differ(key, "\(invoice.id): the customer's balance went into it") }
        let notes = books["credit_note"].filter { $0.invoice == invoice.id && $0.status == "issued" }
        if notes.reduce(0, { $0 + $1.credited }) != invoice.credited
            || notes.reduce(0, { $0 + $1.creditedAfter }) != invoice.creditedAfter
        {
            differ(key, "\(invoice.id): credit notes do not make up what is credited")
        }
        let isOff =
            invoice.status == "paid" ? rest != 0 || settled != due : rest != max(0, due - settled)
        if invoice.status != "draft", isOff || due != total + invoice.startingBalance - invoice.credited {
            differ(key, "\(invoice.id): what is due, paid and left does not add up")
        }
    }
}
