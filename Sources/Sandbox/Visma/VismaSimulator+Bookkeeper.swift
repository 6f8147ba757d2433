/// What people do in Visma's own user interface: no rule about released documents holds them back.
extension VismaSimulator {
    /// Answers the customer's number.
    @discardableResult
    package func addCustomer(_ seed: VismaCustomerSeed, in tenant: String) throws(VismaSeedError) -> String {
        try withLedger(tenant) { ledger throws(VismaSeedError) in try ledger.plant(seed) }
    }

    /// Answers the invoice's number.
    @discardableResult
    package func addInvoice(_ seed: VismaInvoiceSeed, in tenant: String) throws(VismaSeedError) -> String {
        try withLedger(tenant) { ledger throws(VismaSeedError) in try ledger.plant(seed, type: "Invoice") }
    }

    /// Answers the credit note's number.
    @discardableResult
    package func addCreditNote(_ seed: VismaInvoiceSeed, in tenant: String) throws(VismaSeedError) -> String {
        try withLedger(tenant) { ledger throws(VismaSeedError) in try ledger.plant(seed, type: "CreditNote") }
    }

    package func applyCreditNote(
        _ creditNote: String, to invoice: String, amount: String, in tenant: String
    ) throws(VismaSeedError) {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            try ledger.apply(creditNote: creditNote, to: invoice, amount: amount)
        }
    }

    /// A payment that came past Stripe, released at once; what exceeds the balance stays unapplied. `date` is
    /// `yyyy-MM-dd`, nil for today; `cashAccount` nil: the first in the currency. Answers the payment's number.
    @discardableResult
    package func applyOutsidePayment(
        to invoice: String, amount: String, date: String? = nil, reference: String = "BANK",
        cashAccount: String? = nil, in tenant: String
    ) throws(VismaSeedError) -> String {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            try ledger.plantPayment(
                invoice: invoice, amount: amount, date: date, reference: reference, cashAccount: cashAccount)
        }
    }

    /// Releases an invoice that was planted on hold or balanced.
    package func releaseInvoice(_ number: String, in tenant: String) throws(VismaSeedError) {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            guard let document = ledger.document("Invoice:" + number), !document.isReleased else {
                throw VismaSeedError("invoice \(number) is not there or released already")
            }
            ledger.changeDocument(document.key) { $0.status = $0.balance == 0 ? "Closed" : "Open" }
        }
    }

    /// What stands in the note field of an invoice.
    package func note(of invoice: String, in tenant: String) throws(VismaSeedError) -> String? {
        try withLedger(tenant) { ledger throws(VismaSeedError) in ledger.document("Invoice:" + invoice)?.note }
    }

    /// Puts text where the accountant puts it; nil takes it away.
    package func editNote(of invoice: String, to note: String?, in tenant: String) throws(VismaSeedError) {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            guard ledger.document("Invoice:" + invoice) != nil else {
                throw VismaSeedError("no invoice \(invoice)")
            }
            ledger.changeDocument("Invoice:" + invoice) { $0.note = note }
        }
    }

    /// Releases a payment that waits (made on hold, say), at once.
    package func releasePayment(_ number: String, in tenant: String) throws(VismaSeedError) {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            guard let payment = ledger.payment(number: number), !payment.isReleased, payment.status != "Voided" else {
                throw VismaSeedError("payment \(number) is not there or not waiting")
            }
            ledger.changePayment(payment.key, isVisible: false) { $0.status = "Balanced" }
            ledger.applyRelease(payment.key)
        }
    }

    package func voidPayment(_ number: String, in tenant: String) throws(VismaSeedError) {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            guard let payment = ledger.payment(number: number), payment.isReleased else {
                throw VismaSeedError("payment \(number) is not there or not released")
            }
            ledger.applyVoid(payment.key)
        }
    }

    /// Changes a customer's card; with another number the customer is renumbered and keeps its internal id.
    package func changeCustomer(
        _ number: String, in tenant: String, _ change: sending (inout VismaCustomerSeed) -> Void
    ) throws(VismaSeedError) {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            guard var seed = ledger.customer(number)?.seed else { throw VismaSeedError("no customer \(number)") }
            change(&seed)
            ledger.changeCustomer(number) {
                $0.seed = seed
                $0.number = seed.number ?? number
            }
        }
    }

    package func setExcludeDebtCollection(
        _ isExcluded: Bool, of invoice: String, in tenant: String
    ) throws(VismaSeedError) {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            guard ledger.document("Invoice:" + invoice) != nil else {
                throw VismaSeedError("no invoice \(invoice)")
            }
            ledger.changeDocument("Invoice:" + invoice) { $0.excludeDebtCollection = isExcluded }
        }
    }
}
