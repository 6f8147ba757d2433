/// What Stripe can be foreseen to make of what it is told. Its own arithmetic is simple here: every line carries its
/// taxes, and nothing is rounded.
extension Situation {
    // MARK: The push

    mutating func makeCustomer() {
        guard case .unknown(let visma) = customer else { return }
        customer = .found(Forecast.customer, visma: visma, rule: "created", hasEmail: visma.email != nil)
    }

    mutating func makeDraft(_ draft: InvoiceDraft, _ amount: Money, _ settled: [Settlement]) {
        link?.invoice = Forecast.invoice
        link?.stripeCustomer = draft.customer
        link?.pushedAmount = amount.minorUnits
        link?.state = .drafted
        settlements += settled
        let nothing = Money.zero(draft.currency)
        collection = Collection(
            invoice: Forecast.invoice, customer: draft.customer, status: "draft", currency: draft.currency,
            total: nothing, amountDue: nothing, amountPaid: nothing, amountRemaining: nothing, lineCount: 0,
            number: draft.number, metadata: draft.metadata, createdAt: now)
    }

    mutating func addLines(_ lines: [InvoiceLine]) {
        guard let before = collection else { return }
        let total = lines.reduce(before.total) { sum, line in
            line.taxes.filter { !$0.isInclusive }.reduce(sum + line.amount) { $0 + $1.amount }
        }
        collection?.lineCount += lines.count
        collection?.total = total
        collection?.amountDue = total
        collection?.amountRemaining = total
        link?.pushedAmount = total.minorUnits
    }

    mutating func finalize() {
        collection?.status = "open"
        collection?.hostedURL = Forecast.hostedURL
    }

    /// The next push of the document is another revision, to which nothing has been told yet.
    mutating func deleteDraft() {
        collection = nil
        link?.invoice = nil
        link?.pushedAmount = nil
        link?.revision += 1
        link?.state = .stopped
        settlements = []
    }

    // MARK: What it is told of settlements

    mutating func tell(_ action: Action) {
        switch action {
        case .voidInvoice(_, let settlement):
            collection?.status = "void"
            if let settlement { remember(settlement, nil) }
        case .markUncollectible(_, let settlement):
            collection?.status = "uncollectible"
            remember(settlement, nil)
        case .payOutOfBand(_, let settlement):
            if let remaining = collection?.amountRemaining { pay(remaining) }
            remember(settlement, nil)
        case .reportPayment(_, let settlement): remember(settlement, Forecast.paymentRecord)
        case .attachPayment(_, let record, let settlement): attach(record, settlement)
        case .creditInvoice(let draft, let settlement):
            credit(draft)
            remember(settlement, Forecast.creditNote)
        default: break
        }
    }

    private mutating func remember(_ settlement: Settlement, _ object: String?) {
        var settlement = settlement
        settlement.stripeObject = object
        settlements.append(settlement)
    }

    private mutating func pay(_ amount: Money) {
        guard var collection else { return }
        collection.amountPaid = collection.amountPaid + amount
        collection.amountRemaining = collection.amountRemaining - amount
        if collection.amountRemaining.isZero { collection.status = "paid" }
        self.collection = collection
    }

    /// Stripe credits the whole of a record that was made for no more than remains.
    private mutating func attach(_ record: String, _ settlement: Settlement) {
        guard let collection else { return }
        if let index = settlements.firstIndex(where: { $0.cause == settlement.cause }) {
            settlements[index].isAttached = true
        }
        let part = min(settlement.amount.minorUnits, collection.amountRemaining.minorUnits)
        let amount = Money(minorUnits: part, currency: collection.currency)
        self.collection?.payments.append(
            Collection.Payment(
                id: InvoicePaymentID("inpay_new"), status: "paid", amountRequested: amount, amountPaid: amount,
                paidAt: now, source: .outsideStripe(record)))
        pay(amount)
    }

    private mutating func credit(_ draft: StripeCreditDraft) {
        guard var collection else { return }
        collection.creditNotes.append(
            Collection.CreditNote(
                id: Forecast.creditNote, number: nil, amount: draft.amount, status: "issued",
                metadata: draft.metadata))
        collection.amountCredited = collection.amountCredited + draft.amount
        collection.amountDue = collection.amountDue - draft.amount
        collection.amountRemaining = collection.amountRemaining - draft.amount
        if collection.amountRemaining.isZero { collection.status = "paid" }
        self.collection = collection
    }
}
