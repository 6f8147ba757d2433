/// What people do in Visma's own user interface to customers, invoices and the company: no rule about released
/// documents or closed periods holds them back.
extension VismaSimulator {
    /// Answers the customer's number.
    @discardableResult
    package func addCustomer(_ seed: VismaCustomerSeed, in tenant: String) throws(VismaSeedError) -> String {
        try withLedger(tenant) { ledger throws(VismaSeedError) in try ledger.plant(seed) }
    }

    /// Changes a customer's card; with another number the customer is renumbered and keeps its internal id.
    package func changeCustomer(
        _ number: String, in tenant: String, _ change: sending (inout VismaCustomerSeed) -> Void
    ) throws(VismaSeedError) {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            guard var seed = ledger.customer(number)?.seed else { throw VismaSeedError("no customer \(number)") }
            change(&seed)
            let renumbered = seed.number ?? number
            guard renumbered == number || ledger.customer(renumbered) == nil else {
                throw VismaSeedError("customer \(renumbered) is there already")
            }
            ledger.changeCustomer(number) {
                $0.seed = seed
                $0.number = renumbered
            }
        }
    }

    /// Answers the invoice's number.
    @discardableResult
    package func addInvoice(_ seed: VismaInvoiceSeed, in tenant: String) throws(VismaSeedError) -> String {
        try withLedger(tenant) { ledger throws(VismaSeedError) in try ledger.plant(seed, type: "Invoice") }
    }

    /// Releases an invoice or credit note that was planted on hold or balanced, or left so by a program.
    package func releaseInvoice(
        _ number: String, type: String = "Invoice", in tenant: String
    ) throws(VismaSeedError) {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            let key = "\(type):\(number)"
            guard let document = ledger.document(key), document.isDraft else {
                throw VismaSeedError("\(type) \(number) is not there or released already")
            }
            ledger.changeDocument(key, isVisible: false) { $0.status = "Balanced" }
            ledger.applyRelease(key, isChecked: false)
            guard ledger.document(key)?.isReleased ?? false else {
                throw VismaSeedError("\(type) \(number) settles what is no longer open")
            }
        }
    }

    /// Changes how an invoice is collected, in any state of it.
    package func changeMarks(
        of invoice: String, in tenant: String, _ change: sending (inout VismaInvoiceMarks) -> Void
    ) throws(VismaSeedError) {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            guard var marks = ledger.document("Invoice:" + invoice)?.marks else {
                throw VismaSeedError("no invoice \(invoice)")
            }
            change(&marks)
            ledger.changeDocument("Invoice:" + invoice) { $0.marks = marks }
        }
    }

    package func setExcludeDebtCollection(
        _ isExcluded: Bool, of invoice: String, in tenant: String
    ) throws(VismaSeedError) {
        try changeMarks(of: invoice, in: tenant) { $0.excludeDebtCollection = isExcluded }
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

    /// Closes a financial period (`202611`), or opens it again.
    package func setPeriod(_ period: String, isClosed: Bool, in tenant: String) throws(VismaSeedError) {
        guard period.utf8.count == 6, Int(period) != nil else { throw VismaSeedError("\(period) is no period") }
        try changeBehaviour(of: tenant) { behaviour in
            if isClosed { behaviour.closedPeriods.insert(period) } else { behaviour.closedPeriods.remove(period) }
        }
    }

    // MARK: Credit notes

    /// Answers the credit note's number.
    @discardableResult
    package func addCreditNote(_ seed: VismaInvoiceSeed, in tenant: String) throws(VismaSeedError) -> String {
        try withLedger(tenant) { ledger throws(VismaSeedError) in try ledger.plant(seed, type: "CreditNote") }
    }

    /// A released credit note, not yet used, over a whole invoice or an amount (VAT included) of it. `text` is its
    /// invoice text: the only thing that may name the invoice. Answers the credit note's number.
    @discardableResult
    package func creditInvoice(
        _ invoice: String, amount: String? = nil, text: String? = nil, in tenant: String
    ) throws(VismaSeedError) -> String {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            try ledger.plantCredit(of: invoice, amount: amount, text: text)
        }
    }

    package func applyCreditNote(
        _ creditNote: String, to invoice: String, amount: String, in tenant: String
    ) throws(VismaSeedError) {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            try ledger.apply(creditNote: creditNote, to: invoice, amount: amount)
        }
    }

    /// Reverses an invoice: a credit note over all of it, used on what is left of it. What was paid before stays on
    /// the credit note, to be paid back. Answers the credit note's number.
    @discardableResult
    package func reverseInvoice(_ invoice: String, in tenant: String) throws(VismaSeedError) -> String {
        try withLedger(tenant) { ledger throws(VismaSeedError) in try ledger.reverse(invoice) }
    }

    /// Corrects an invoice: reverses it and writes `replacement` in its place. As in Visma an invoice that something
    /// settled cannot be corrected.
    @discardableResult
    package func correctInvoice(
        _ invoice: String, with replacement: VismaInvoiceSeed, in tenant: String
    ) throws(VismaSeedError) -> (creditNote: String, invoice: String) {
        let made = try withLedger(tenant) { ledger throws(VismaSeedError) -> [String] in
            guard let document = ledger.document("Invoice:" + invoice), document.balance == document.total else {
                throw VismaSeedError("invoice \(invoice) is not there or partly settled")
            }
            return [try ledger.reverse(invoice), try ledger.plant(replacement, type: "Invoice")]
        }
        return (made[0], made[1])
    }
}

extension VismaLedger {
    mutating func reverse(_ invoice: String) throws(VismaSeedError) -> String {
        let number = try plantCredit(of: invoice, amount: nil, text: "Reversal of \(invoice)")
        let balance = document("Invoice:" + invoice)?.balance ?? 0
        if balance > 0 { try apply(creditNote: number, to: invoice, amount: VismaDecimal.text(balance)) }
        return number
    }
}
