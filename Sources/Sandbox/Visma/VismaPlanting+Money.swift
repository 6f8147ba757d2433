/// What a bookkeeper keys in that settles documents: released at once, and not held back by a closed period (a
/// choice: people open a period, or date it otherwise, without telling anybody).
extension VismaLedger {
    struct PaymentOrder {
        var type = "Payment"
        var date: String?
        var reference: String
        var cashAccount: String?
        var isReleased = true
    }

    /// A payment or refund of `amount`, used on documents of one customer; nil amount: exactly what they say.
    mutating func plantPayment(
        _ order: PaymentOrder, amount: Int64?, applications: [VismaPaymentRecord.Application]
    ) throws(VismaSeedError) -> String {
        guard let first = applications.first, let (customerID, currency, branch) = party(first.key) else {
            throw VismaSeedError("a payment is used on at least one document that is there")
        }
        let sum = applications.reduce(0) { $0 + $1.amount }
        guard sum <= amount ?? sum else { throw VismaSeedError("more is applied than the payment's amount") }
        guard Set(applications.map(\.key)).count == applications.count else {
            throw VismaSeedError("a payment is used once on a document")
        }
        for application in applications {
            let problem = applicationProblem(application, type: order.type, customer: customerID, currency: currency)
            if let problem { throw VismaSeedError(problem) }
        }
        let account = company.cashAccounts.first {
            $0.currency == currency && (order.cashAccount == nil || $0.number == order.cashAccount)
        }
        guard let account else { throw VismaSeedError("no such cash account in \(currency)") }
        let date = order.date ?? VismaTime.date(localNow)
        let number = nextPaymentNumber(order.type)
        append(
            VismaPaymentRecord(
                type: order.type, number: number, status: "Balanced", date: date, period: VismaTime.period(of: date),
                reference: order.reference, customerID: customerID, method: company.paymentMethods.first?.id ?? "1",
                cashAccount: account.number, currency: currency, rate: rate(of: currency, like: first.key),
                amount: amount ?? sum, branch: branch, applications: applications, version: newVersion()))
        if order.isReleased { applyRelease("\(order.type):\(number)", isChecked: false) }
        return number
    }

    private func party(_ key: String) -> (customerID: Int, currency: String, branch: String)? {
        if let document = document(key) { return (document.customerID, document.currency, document.branch) }
        return payment(key).map { ($0.customerID, $0.currency, $0.branch) }
    }

    /// Uses more of a released payment on an open invoice.
    mutating func plantUse(of number: String, on invoice: String, amount text: String) throws(VismaSeedError) {
        guard let payment = payment(number: number), payment.isReleased, payment.type != "SmallBalanceWo" else {
            throw VismaSeedError("payment \(number) is not there or not released")
        }
        let application = VismaPaymentRecord.Application(
            type: "Invoice", number: invoice, amount: try Self.amount(text), date: VismaTime.date(localNow))
        guard application.amount <= available(payment) else {
            throw VismaSeedError("payment \(number) has less than that left")
        }
        let problem = applicationProblem(
            application, type: payment.type, customer: payment.customerID, currency: payment.currency)
        if let problem { throw VismaSeedError(problem) }
        use(application, of: payment.key)
    }

    /// Uses a credit note on an invoice of the same customer and currency.
    mutating func apply(creditNote: String, to invoice: String, amount text: String) throws(VismaSeedError) {
        let amount = try Self.amount(text)
        guard let note = document("CreditNote:\(creditNote)"), let target = document("Invoice:\(invoice)"),
            note.status == "Open", target.status == "Open", note.customerID == target.customerID,
            note.currency == target.currency, amount > 0, amount <= note.balance, amount <= target.balance
        else { throw VismaSeedError("credit note \(creditNote) cannot be used on invoice \(invoice)") }
        creditApplications.append(
            .init(creditNote: creditNote, invoice: invoice, amount: amount, date: VismaTime.date(localNow)))
        settle("CreditNote:\(creditNote)", by: amount)
        settle("Invoice:\(invoice)", by: amount)
    }

    /// A credit note over a whole invoice, or over an amount with VAT of it (at the VAT of its first code).
    mutating func plantCredit(
        of invoice: String, amount: String?, text: String?
    ) throws(VismaSeedError) -> String {
        guard let document = document("Invoice:\(invoice)"), document.isReleased,
            let customer = customer(internalID: document.customerID)
        else { throw VismaSeedError("invoice \(invoice) is not there or not released") }
        let today = VismaTime.date(localNow)
        guard let amount else {
            var note = document
            note.type = "CreditNote"
            note.number = nextNumber("CreditNote")
            note.status = note.total == 0 ? "Closed" : "Open"
            note.date = today
            note.period = VismaTime.period(of: today)
            note.balance = note.total
            note.note = nil
            note.attachments = []
            note.invoiceText = text
            note.marks = VismaInvoiceMarks()
            note.version = newVersion()
            append(note)
            return note.number
        }
        let rate = VismaDecimal.text(
            document.rate, stored: VismaDecimal.ratePlaces, shown: VismaDecimal.ratePlaces)
        return try plant(
            VismaInvoiceSeed(
                customer: customer.number, date: today,
                lines: [.init("Credit", unitPrice: amount, vat: document.taxes.first?.vat ?? .zero)],
                currency: document.currency, exchangeRate: rate, pricesIncludeVAT: true, branch: document.branch,
                invoiceText: text), type: "CreditNote")
    }

    /// Writes off what is left of an invoice, or a part of it: a document of type `SmallBalanceWo`, without money.
    mutating func plantWriteOff(of invoice: String, amount: String?) throws(VismaSeedError) -> String {
        guard let document = document("Invoice:\(invoice)"), document.status == "Open" else {
            throw VismaSeedError("invoice \(invoice) is not there or not open")
        }
        let amount = try amount.map { text throws(VismaSeedError) in try Self.amount(text) } ?? document.balance
        guard amount > 0, amount <= document.balance else {
            throw VismaSeedError("what is written off is more than zero and at most the balance")
        }
        let number = nextPaymentNumber("SmallBalanceWo")
        let date = VismaTime.date(localNow)
        append(
            VismaPaymentRecord(
                type: "SmallBalanceWo", number: number, status: "Balanced", date: date,
                period: VismaTime.period(of: date), reference: "", customerID: document.customerID, method: "",
                cashAccount: "", currency: document.currency, rate: document.rate, amount: amount,
                branch: document.branch, applications: [.init(type: "Invoice", number: invoice, amount: amount)],
                version: newVersion()))
        applyRelease("SmallBalanceWo:\(number)", isChecked: false)
        return number
    }
}
