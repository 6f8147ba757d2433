import Domain

/// A system's no, in its own words.
struct Refusal: Error {
    var text: String
}

/// Stripe's side of a random history: invoices with what was allocated to them, and what hangs on the payments.
struct StripeBooks {
    /// By the document's place; nil before there is an invoice.
    var invoices: [Domain.Collection?]
    var charges: [Domain.Collection.Charge] = []
    var refunds: [Domain.Collection.Refund] = []
    var disputes: [Domain.Collection.Dispute] = []
    /// When Stripe tells what it kept of a charge, in seconds after it.
    var feeDelaySeconds: Int64 = 0
    /// An overpayment is counted in the allocation, or beside it.
    var allocatesOverpayment = false
    private var made = 0

    init(count: Int) { invoices = Array(repeating: nil, count: count) }

    // MARK: What it says

    func collection(_ invoice: Int, now: Timestamp) -> Domain.Collection? {
        guard var seen = invoices[invoice] else { return nil }
        var intents: Set<PaymentIntentID> = []
        for payment in seen.payments { if case .intent(let intent) = payment.source { intents.insert(intent) } }
        for charge in charges where charge.intent.map(intents.contains) == true {
            var charge = charge
            if now.seconds(since: charge.createdAt) < feeDelaySeconds { charge.movement = nil }
            seen.charges.append(charge)
        }
        let ids = Set(seen.charges.map(\.id))
        seen.refunds = refunds.filter { $0.charge.map(ids.contains) == true }
        seen.disputes = disputes.filter { ids.contains($0.charge) }
        return seen
    }

    // MARK: Money

    /// Gives a payment's money to the invoice, with what is too much to the customer's balance.
    mutating func allocate(_ amount: Int64, _ payment: Int, of invoice: Int, at moment: Timestamp) {
        guard var seen = invoices[invoice] else { return }
        let over = max(0, amount - seen.amountRemaining.minorUnits)
        seen.payments[payment].status = "paid"
        seen.payments[payment].intentStatus = "succeeded"
        seen.payments[payment].paidAt = moment
        seen.payments[payment].amountPaid.minorUnits = allocatesOverpayment ? amount : amount - over
        seen.amountOverpaid.minorUnits += over
        seen.amountPaid.minorUnits += amount - over
        seen.amountRemaining.minorUnits -= amount - over
        if seen.amountRemaining.isZero { seen.status = "paid" }
        invoices[invoice] = seen
    }

    mutating func take(_ amount: Int64, from invoice: Int) {
        invoices[invoice]?.amountRemaining.minorUnits -= amount
        if invoices[invoice]?.amountRemaining.isZero == true { invoices[invoice]?.status = "paid" }
    }

    // MARK: What the connector asks of it

    mutating func create(_ draft: InvoiceDraft, for invoice: Int, now: Timestamp) -> Domain.Collection {
        let zero = Money.zero(draft.currency)
        made += 1
        let collection = Domain.Collection(
            invoice: StripeInvoiceID("in_\(invoice)_\(made)"), customer: draft.customer, status: "draft",
            currency: draft.currency, total: zero, amountDue: zero, amountPaid: zero, amountRemaining: zero,
            lineCount: 0, number: draft.number, metadata: draft.metadata, createdAt: now)
        invoices[invoice] = collection
        return collection
    }

    mutating func addLines(_ lines: [InvoiceLine], to invoice: Int) {
        guard var seen = invoices[invoice] else { return }
        for line in lines {
            seen.total.minorUnits += line.amount.minorUnits
            for tax in line.taxes where !tax.isInclusive { seen.total.minorUnits += tax.amount.minorUnits }
        }
        seen.lineCount += lines.count
        seen.amountDue = seen.total
        seen.amountRemaining = seen.total
        invoices[invoice] = seen
    }

    mutating func finalize(_ invoice: Int) { invoices[invoice]?.status = "open" }

    mutating func delete(_ invoice: Int) { invoices[invoice] = nil }

    mutating func void(_ invoice: Int) -> Refusal? {
        guard let seen = invoices[invoice], seen.status == "open" || seen.status == "uncollectible" else {
            return Refusal(text: "This invoice isn't open.")
        }
        guard !seen.payments.contains(where: { $0.status == "paid" }) else {
            return Refusal(text: "Invoices with `paid` payments cannot be voided.")
        }
        invoices[invoice]?.status = "void"
        return nil
    }

    mutating func markUncollectible(_ invoice: Int) -> Refusal? {
        guard invoices[invoice]?.status == "open" else { return Refusal(text: "This invoice isn't open.") }
        invoices[invoice]?.status = "uncollectible"
        return nil
    }

    /// - Parameter name: tells our own mark from a person's.
    mutating func payOutOfBand(_ invoice: Int, name: String, at moment: Timestamp) -> Refusal? {
        guard let seen = invoices[invoice], seen.status == "open" || seen.status == "uncollectible" else {
            return Refusal(text: "Invoice is already paid")
        }
        add(seen.amountRemaining, to: invoice, name: name, record: nil, at: moment)
        return nil
    }

    mutating func report() -> String {
        made += 1
        return "prec_\(made)"
    }

    mutating func attach(_ record: String, _ amount: Money, to invoice: Int, at moment: Timestamp) -> Refusal? {
        guard let seen = invoices[invoice], seen.status == "open", seen.amountRemaining.covers(amount) else {
            return Refusal(text: "the payment exceeds what remains")
        }
        add(amount, to: invoice, name: record, record: record, at: moment)
        return nil
    }

    private mutating func add(_ amount: Money, to invoice: Int, name: String, record: String?, at moment: Timestamp) {
        invoices[invoice]?.payments.append(
            Domain.Collection.Payment(
                id: InvoicePaymentID("inpay_\(name)"), status: "paid", amountRequested: amount, amountPaid: amount,
                paidAt: moment, source: .outsideStripe(record)))
        invoices[invoice]?.amountPaid.minorUnits += amount.minorUnits
        take(amount.minorUnits, from: invoice)
    }

    mutating func credit(_ amount: Money, on invoice: Int, name: String) -> Result<String, Refusal> {
        guard let seen = invoices[invoice], seen.status == "open", seen.amountRemaining.covers(amount) else {
            return .failure(Refusal(text: "the credit exceeds what remains"))
        }
        invoices[invoice]?.amountCredited.minorUnits += amount.minorUnits
        invoices[invoice]?.creditNotes.append(
            Domain.Collection.CreditNote(id: name, number: nil, amount: amount, status: "issued", metadata: [:]))
        take(amount.minorUnits, from: invoice)
        return .success(name)
    }
}
