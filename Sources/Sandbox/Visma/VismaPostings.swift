/// What the ledger does with money: create, release and void.
extension VismaLedger {
    private static let doing = "creating payment"
    static let paymentTypes: Set<String> = ["Payment", "Prepayment", "Refund"]

    private func refusal(_ text: String) -> VismaProblem { .business(doing: Self.doing, text: text) }

    /// Creates an unreleased payment from a `PaymentUpdateDto`. There is no idempotency: twice makes two.
    mutating func createPayment(_ body: VismaBody) throws(VismaProblem) -> VismaPaymentRecord {
        let type = try body.text("type") ?? "Payment"
        guard Self.paymentTypes.contains(type) else { throw refusal("Payments of type '\(type)' cannot be created.") }
        guard let customerNumber = try body.text("customer"), let customer = customer(customerNumber) else {
            throw refusal("'Customer' cannot be found in the system.")
        }
        guard ["Active", "OneTime", "CreditHold"].contains(customer.seed.status) else {
            throw refusal("The customer status is '\(customer.seed.status)'.")
        }
        guard let reference = try body.text("paymentRef"), !reference.isEmpty else {
            throw refusal("'Payment ref.' cannot be empty.")
        }
        guard reference.count <= behaviour.paymentReferenceLengthMax else {
            throw refusal("'Payment ref.' is longer than \(behaviour.paymentReferenceLengthMax) characters.")
        }
        let text = try body.text("invoiceText")
        guard text?.count ?? 0 <= 50 else { throw refusal("'Invoice text' is longer than 50 characters.") }
        let account = try cashAccount(body)
        let method = try body.text("paymentMethod") ?? company.paymentMethods.first?.id ?? ""
        guard company.paymentMethods.contains(where: { $0.id == method }) else {
            throw refusal("'Payment method' cannot be found in the system.")
        }
        let branch = try body.text("branch") ?? company.branches.first?.number ?? ""
        guard company.branches.contains(where: { $0.number == branch }) else {
            throw refusal("'Branch' cannot be found in the system.")
        }
        guard let amount = try body.amount("paymentAmount"), amount >= 0 else {
            throw refusal("'Payment amount' must be zero or more.")
        }
        guard amount % VismaDecimal.step(of: account.currency) == 0 else {
            throw refusal("'Payment amount' has more decimals than \(account.currency).")
        }
        let applications = try applications(body, type: type, customer: customer, currency: account.currency)
        guard applications.reduce(0, { $0 + $1.amount }) <= amount else {
            throw refusal("The document is out of the balance: more is applied than the payment amount.")
        }
        let payment = VismaPaymentRecord(
            type: type, number: nextNumber("Payment"), status: try body.flag("hold") ?? false ? "Hold" : "Balanced",
            date: try postingDate(body), reference: reference, customerID: customer.internalID, method: method,
            cashAccount: account.number, currency: account.currency, amount: amount,
            charges: try charges(body, account: account), text: text, branch: branch, applications: applications,
            version: newVersion())
        append(payment)
        return payment
    }

    private func cashAccount(_ body: VismaBody) throws(VismaProblem) -> VismaCompany.CashAccount {
        guard let number = try body.text("cashAccount"),
            let account = company.cashAccounts.first(where: { $0.number == number })
        else { throw refusal("'Cash account' cannot be found in the system.") }
        let currency = try body.text("currency") ?? account.currency
        guard currency == account.currency else {
            throw refusal("The currency '\(currency)' is not that of cash account '\(number)' (\(account.currency)).")
        }
        return account
    }

    func postingDate(_ body: VismaBody) throws(VismaProblem) -> String {
        guard let text = try body.text("applicationDate") else { return VismaTime.date(localNow) }
        guard let date = VismaTime.parseDate(text) else {
            throw .malformed(field: "applicationDate.value", text: "Could not convert string to DateTime: \(text).")
        }
        if let closed = behaviour.closedThrough, date <= closed {
            throw refusal("The \(VismaTime.period(of: date)) financial period is closed.")
        }
        return date
    }

    private func applications(
        _ body: VismaBody, type: String, customer: VismaCustomerRecord, currency: String
    ) throws(VismaProblem) -> [VismaPaymentRecord.Application] {
        var found: [VismaPaymentRecord.Application] = []
        for line in try body.lines("paymentLines") {
            guard line.plain("operation")?.lowercased() == "insert" else {
                throw .malformed(field: "paymentLines.operation", text: "Only Insert is possible on a new payment.")
            }
            let documentType = try line.text("documentType") ?? "Invoice"
            let number = try line.text("refNbr") ?? ""
            // A payment pays invoices, a refund pays credit notes back; which signs a mixture takes is not known.
            guard documentType == (type == "Refund" ? "CreditNote" : "Invoice"),
                let document = document("\(documentType):\(number)"), document.isReleased
            else { throw refusal("AdjdRefNbr '\(number)' cannot be found in the system.") }
            guard document.customerID == customer.internalID else {
                throw refusal("Document '\(number)' belongs to another customer.")
            }
            guard document.currency == currency else {
                throw refusal("Document '\(number)' is in \(document.currency), the payment in \(currency).")
            }
            guard document.status == "Open" else { throw refusal("Document '\(number)' is closed.") }
            guard let amount = try line.amount("amountPaid"), amount > 0 else {
                throw refusal("'Amount paid' must be more than zero.")
            }
            guard amount <= document.balance else {
                throw refusal("'Amount paid' of '\(number)' is more than its balance.")
            }
            guard !found.contains(where: { $0.key == document.key }) else {
                throw refusal("Document '\(number)' is applied twice.")
            }
            found.append(.init(type: documentType, number: number, amount: amount))
        }
        return found
    }

    private func charges(_ body: VismaBody, account: VismaCompany.CashAccount) throws(VismaProblem) -> Int64 {
        var sum: Int64 = 0
        for line in try body.lines("financeCharges") {
            guard let entry = try line.text("entryType"), account.entryTypes.contains(entry) else {
                throw refusal("'Entry type' cannot be found on cash account '\(account.number)'.")
            }
            sum += try line.amount("amount") ?? 0
        }
        return sum
    }

    /// Accepts a release; it takes effect later, also when the delay is zero.
    mutating func queueRelease(_ number: String, type: String) throws(VismaProblem) {
        let doing = "releasing payment"
        guard let payment = payment("\(type):\(number)") else {
            throw .business(status: 404, doing: doing, text: "Payment '\(number)' cannot be found in the system.")
        }
        guard !payment.isReleaseQueued else {
            throw .business(doing: doing, text: "The previous operation has not been completed yet.")
        }
        guard payment.status == "Balanced" else {
            throw .business(doing: doing, text: "Document Status is invalid for processing (\(payment.status)).")
        }
        changePayment(payment.key, isVisible: false) { $0.isReleaseQueued = true }
        schedule(.release(payment: payment.key), afterSeconds: behaviour.releaseDelaySeconds)
    }

    /// A release that meets documents which can no longer take its applications leaves the payment as it was: of
    /// an operation in the background nobody is told.
    mutating func applyRelease(_ key: String) {
        guard let payment = payment(key), payment.status == "Balanced" else { return }
        let isPossible = payment.applications.allSatisfy { application in
            document(application.key).map { $0.status == "Open" && $0.balance >= application.amount } ?? false
        }
        guard isPossible else { return changePayment(key, isVisible: false) { $0.isReleaseQueued = false } }
        for application in payment.applications { reduce(application.key, by: application.amount) }
        changePayment(key) {
            $0.isReleaseQueued = false
            $0.status = $0.applied == $0.amount ? "Closed" : "Open"
        }
    }

    /// Takes `amount` (negative: gives it back) off a document's balance; at zero the document is closed.
    mutating func reduce(_ key: String, by amount: Int64) {
        changeDocument(key, isVisible: behaviour.paymentsTouchDocuments) {
            $0.balance -= amount
            $0.status = $0.balance == 0 ? "Closed" : "Open"
        }
    }

    mutating func queueVoid(_ number: String, type: String) throws(VismaProblem) {
        guard let payment = payment("\(type):\(number)") else {
            let text = "Payment '\(number)' cannot be found in the system."
            throw .business(status: 404, doing: "voiding payment", text: text)
        }
        guard payment.isReleased else {
            let text = "Document Status is invalid for processing (\(payment.status))."
            throw .business(doing: "voiding payment", text: text)
        }
        schedule(.void(payment: payment.key), afterSeconds: behaviour.releaseDelaySeconds)
    }

    /// The voiding document has the number of the voided one and another type.
    mutating func applyVoid(_ key: String) {
        guard let payment = payment(key), payment.isReleased else { return }
        for application in payment.applications { reduce(application.key, by: -application.amount) }
        changePayment(key) { $0.status = "Voided" }
        var counter = payment
        counter.type = payment.type == "Refund" ? "VoidRefund" : "VoidPayment"
        counter.status = "Closed"
        counter.date = VismaTime.date(localNow)
        counter.version = newVersion()
        append(counter)
    }
}
