/// Makes unreleased payments and refunds from a `PaymentUpdateDto`.
extension VismaLedger {
    private static let doing = "creating payment"

    private func refusal(_ text: String) -> VismaProblem { .business(doing: Self.doing, text: text) }

    /// There is no idempotency: twice makes two.
    mutating func createPayment(_ body: VismaBody) throws(VismaProblem) -> VismaPaymentRecord {
        let type = try body.text("type") ?? "Payment"
        guard ["Payment", "Prepayment", "Refund"].contains(type) else {
            throw refusal("Payments of type '\(type)' cannot be created.")
        }
        let customer = try payer(body)
        let reference = try body.text("paymentRef") ?? ""
        let text = try body.text("invoiceText")
        if let problem = textProblem(reference: reference, text: text) { throw refusal(problem) }
        let account = try cashAccount(body)
        let method = try body.text("paymentMethod") ?? company.paymentMethods.first?.id ?? ""
        guard company.paymentMethods.contains(where: { $0.id == method }) else {
            throw refusal("'Payment method' cannot be found in the system.")
        }
        let branch = try branch(body, "branch", doing: Self.doing)
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
        let charges = try charges(body, account: account, doing: Self.doing)
        guard charges.reduce(0, { $0 + $1.amount }) <= amount else {
            throw refusal("The finance charges are more than the payment amount.")
        }
        let date = try body.date("applicationDate") ?? VismaTime.date(localNow)
        let period = try period(body, ["applicationPeriod"], date: date)
        try demandOpen(period, in: .customers, doing: Self.doing, isRelease: false)
        let payment = VismaPaymentRecord(
            type: type, number: nextPaymentNumber(type), status: try body.flag("hold") ?? false ? "Hold" : "Balanced",
            date: date, period: period, reference: reference, customerID: customer.internalID, method: method,
            cashAccount: account.number, currency: account.currency,
            rate: rate(of: account.currency, like: applications.first?.key), amount: amount, charges: charges,
            text: text, branch: branch, applications: applications, version: newVersion())
        append(payment)
        return payment
    }

    private func payer(_ body: VismaBody) throws(VismaProblem) -> VismaCustomerRecord {
        guard let number = try body.text("customer"), let customer = customer(number) else {
            throw refusal("'Customer' cannot be found in the system.")
        }
        guard ["Active", "OneTime", "CreditHold"].contains(customer.seed.status) else {
            throw refusal("The customer status is '\(customer.seed.status)'.")
        }
        return customer
    }

    /// What is wrong with a payment's own texts.
    func textProblem(reference: String, text: String?) -> String? {
        if reference.isEmpty { return "'Payment ref.' cannot be empty." }
        if reference.count > behaviour.paymentReferenceLengthMax {
            return "'Payment ref.' is longer than \(behaviour.paymentReferenceLengthMax) characters."
        }
        return text?.count ?? 0 > 50 ? "'Invoice text' is longer than 50 characters." : nil
    }

    func branch(_ body: VismaBody, _ name: String, doing: String) throws(VismaProblem) -> String {
        let number = try body.text(name) ?? company.branches.first?.number ?? ""
        guard company.branches.contains(where: { $0.number == number }) else {
            throw .business(doing: doing, text: "'Branch' cannot be found in the system.")
        }
        return number
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

    /// A company's table of rates is not simulated: a payment takes the rate of the document that it pays, else that
    /// of the newest document in the currency, else one.
    func rate(of currency: String, like key: String?) -> Int64 {
        if currency == company.baseCurrency { return VismaDecimal.rateOne }
        let same = key.flatMap { document($0)?.rate ?? payment($0)?.rate }
        return same ?? documents.last { $0.currency == currency }?.rate ?? VismaDecimal.rateOne
    }

    private func applications(
        _ body: VismaBody, type: String, customer: VismaCustomerRecord, currency: String
    ) throws(VismaProblem) -> [VismaPaymentRecord.Application] {
        var found: [VismaPaymentRecord.Application] = []
        for line in try body.insertions("paymentLines") {
            let application = VismaPaymentRecord.Application(
                type: try line.text("documentType") ?? "Invoice", number: try line.text("refNbr") ?? "",
                amount: try line.amount("amountPaid") ?? 0, cashDiscount: try line.amount("cashDiscountTaken") ?? 0,
                writeOff: try line.amount("balanceWriteOff") ?? 0,
                writeOffReason: try line.text("writeOffReasonCode"))
            let problem = applicationProblem(application, type: type, customer: customer.internalID, currency: currency)
            if let problem { throw refusal(problem) }
            guard !found.contains(where: { $0.key == application.key }) else {
                throw refusal("Document '\(application.number)' is applied twice.")
            }
            found.append(application)
        }
        return found
    }

    /// Why a payment of that type cannot be used on a document; nil when it can. A payment pays invoices. A refund
    /// pays credit notes back, and what is left of payments; the latter and the signs of invoices and credit notes
    /// mixed in one payment are not known, so the mixture is refused. Choices too: a write-off needs its reason, and
    /// no more cash discount is taken than the document offers, on whatever day.
    func applicationProblem(
        _ application: VismaPaymentRecord.Application, type: String, customer: Int, currency: String
    ) -> String? {
        let number = application.number
        let kinds = type == "Refund" ? ["CreditNote", "Payment", "Prepayment"] : ["Invoice"]
        guard kinds.contains(application.type), let target = target(application.key), target.isReleased else {
            return "AdjdRefNbr '\(number)' cannot be found in the system."
        }
        if target.customer != customer { return "Document '\(number)' belongs to another customer." }
        if target.currency != currency { return "Document '\(number)' is in \(target.currency), not in \(currency)." }
        if target.open == 0 { return "Document '\(number)' is closed." }
        if application.amount < 0 || application.cashDiscount < 0 || application.writeOff < 0
            || application.settled == 0
        {
            return "'Amount paid' must be more than zero."
        }
        if application.writeOff > 0, application.writeOffReason == nil {
            return "'Write-off reason code' cannot be empty."
        }
        if application.cashDiscount > target.cashDiscount {
            return "'Cash discount taken' of '\(number)' is more than its cash discount."
        }
        return application.settled > target.open ? "'Amount paid' of '\(number)' is more than its balance." : nil
    }

    /// What a payment or refund can be used on.
    private struct Target {
        var isReleased: Bool
        var customer: Int
        var currency: String
        var open: Int64
        var cashDiscount: Int64 = 0
    }

    private func target(_ key: String) -> Target? {
        if let document = document(key) {
            return Target(
                isReleased: document.isReleased, customer: document.customerID, currency: document.currency,
                open: document.balance, cashDiscount: document.cashDiscount)
        }
        return payment(key).map {
            Target(isReleased: $0.isReleased, customer: $0.customerID, currency: $0.currency, open: available($0))
        }
    }

    /// Fees that the payment provider kept back; a choice: each is more than zero and in the payment's currency.
    func charges(
        _ body: VismaBody, account: VismaCompany.CashAccount, doing: String
    ) throws(VismaProblem) -> [VismaPaymentRecord.Charge] {
        var found: [VismaPaymentRecord.Charge] = []
        for line in try body.insertions("financeCharges") {
            let id = try line.text("entryType")
            guard let entry = account.entryTypes.first(where: { $0.id == id }) else {
                let text = "'Entry type' cannot be found on cash account '\(account.number)'."
                throw .business(doing: doing, text: text)
            }
            guard let amount = try line.amount("amount"), amount > 0,
                amount % VismaDecimal.step(of: account.currency) == 0
            else { throw .business(doing: doing, text: "'Amount' of a finance charge is not valid.") }
            found.append(
                .init(
                    entryType: entry.id, amount: amount, description: try line.text("description"),
                    offsetAccount: try line.text("offsetAccount") ?? entry.offsetAccount))
        }
        return found
    }
}
