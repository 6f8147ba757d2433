/// Release and void: accepted at once, done later, also when the delay is zero. Of an operation in the background
/// nobody is told: what can no longer be done leaves the document as it was.
extension VismaLedger {
    // MARK: Payments

    mutating func queueRelease(_ payment: VismaPaymentRecord) throws(VismaProblem) {
        let doing = "releasing payment"
        try demandReleasable(payment.status, isQueued: payment.isQueued, doing: doing)
        try demandOpen(payment.period, in: .customers, doing: doing, isRelease: true)
        // A choice: nothing of a refund may be left over, as it pays back what is there.
        guard payment.type != "Refund" || payment.applied == payment.amount else {
            throw .business(
                doing: doing, text: "The document is out of the balance: the refund is not applied in full.")
        }
        changePayment(payment.key, isVisible: false) { $0.isQueued = true }
        schedule(.release(key: payment.key), afterSeconds: behaviour.releaseDelaySeconds)
    }

    func demandReleasable(_ status: String, isQueued: Bool, doing: String) throws(VismaProblem) {
        guard !isQueued else {
            throw .business(doing: doing, text: "The previous operation has not been completed yet.")
        }
        guard status == "Balanced" else {
            throw .business(doing: doing, text: "Document Status is invalid for processing (\(status)).")
        }
    }

    /// `isChecked`: in a period that is closed by now nothing is released. (People know how to get round that.)
    mutating func applyRelease(_ key: String, isChecked: Bool) {
        if let payment = payment(key) {
            release(payment, isChecked: isChecked)
        } else if let document = document(key) {
            release(document, isChecked: isChecked)
        } else {
            releaseInGeneralLedger(key)
        }
    }

    private mutating func release(_ payment: VismaPaymentRecord, isChecked: Bool) {
        guard payment.status == "Balanced" else { return }
        let isPossible =
            !(isChecked && isClosed(payment.period))
            && payment.applications.allSatisfy { (open($0.key) ?? -1) >= $0.settled }
        guard isPossible else { return changePayment(payment.key, isVisible: false) { $0.isQueued = false } }
        changePayment(payment.key) {
            $0.isQueued = false
            $0.wasReleased = true
            $0.status = "Open"
        }
        for application in payment.applications { settle(application.key, by: application.settled) }
        closeIfUsed(payment.key)
    }

    /// What is left of a released document or payment.
    func open(_ key: String) -> Int64? {
        if let document = document(key) { return document.isReleased ? document.balance : nil }
        return payment(key).flatMap { $0.isReleased ? available($0) : nil }
    }

    /// What of a payment is neither applied nor paid back. Nothing is left of a voided one.
    func available(_ payment: VismaPaymentRecord) -> Int64 {
        payment.status == "Voided" || payment.isCounter || payment.type == "SmallBalanceWo"
            ? 0 : payment.amount - payment.applied - refunded(payment)
    }

    func refunded(_ payment: VismaPaymentRecord) -> Int64 {
        payments(of: payment.key).filter { $0.type == "Refund" && $0.isReleased }
            .flatMap(\.applications).filter { $0.key == payment.key }.reduce(0) { $0 + $1.amount }
    }

    private mutating func closeIfUsed(_ key: String) {
        guard let payment = payment(key), payment.isReleased else { return }
        let status = available(payment) == 0 ? "Closed" : "Open"
        if status != payment.status { changePayment(key, isVisible: false) { $0.status = status } }
    }

    /// Takes `amount` (negative: gives it back) off a document's balance; at zero the document is closed. What is
    /// left of a payment follows from its refunds.
    mutating func settle(_ key: String, by amount: Int64) {
        if payment(key) != nil {
            changePayment(key) { _ in }
            return closeIfUsed(key)
        }
        changeDocument(key, isVisible: behaviour.paymentsTouchDocuments) {
            $0.balance -= amount
            $0.status = $0.balance == 0 ? "Closed" : "Open"
        }
    }

    /// Uses more of a released payment, as a person does; it counts at once.
    mutating func use(_ application: VismaPaymentRecord.Application, of key: String) {
        append(application, to: key)
        settle(application.key, by: application.settled)
        closeIfUsed(key)
    }

    /// A choice: an unreleased payment can be voided too, and leaves no counter document.
    mutating func queueVoid(_ payment: VismaPaymentRecord) throws(VismaProblem) {
        let doing = "voiding payment"
        guard !payment.isQueued else {
            throw .business(doing: doing, text: "The previous operation has not been completed yet.")
        }
        guard payment.type != "SmallBalanceWo", payment.isReleased || payment.isDraft else {
            throw .business(doing: doing, text: "Document Status is invalid for processing (\(payment.status)).")
        }
        guard refunded(payment) == 0 else {
            throw .business(doing: doing, text: "Payment '\(payment.number)' is refunded: void the refund first.")
        }
        let today = VismaTime.period(of: VismaTime.date(localNow))
        if payment.isReleased { try demandOpen(today, in: .customers, doing: doing, isRelease: true) }
        changePayment(payment.key, isVisible: false) { $0.isQueued = true }
        schedule(.void(payment: payment.key), afterSeconds: behaviour.releaseDelaySeconds)
    }

    /// The voiding document has the number of the voided one and another type. Choices: it is dated today, and a
    /// write-off that is undone leaves none, as no type for it is known.
    mutating func applyVoid(_ key: String) {
        guard let payment = payment(key) else { return }
        guard payment.isReleased || payment.isDraft, refunded(payment) == 0 else {
            return changePayment(key, isVisible: false) { $0.isQueued = false }
        }
        changePayment(key) {
            $0.isQueued = false
            $0.status = "Voided"
        }
        guard payment.isReleased else { return }
        for application in payment.applications { settle(application.key, by: -application.settled) }
        guard payment.type != "SmallBalanceWo" else { return }
        var counter = payment
        counter.type = payment.type == "Refund" ? "VoidRefund" : "VoidPayment"
        counter.status = "Closed"
        counter.isQueued = false
        counter.date = VismaTime.date(localNow)
        counter.period = VismaTime.period(of: counter.date)
        counter.version = newVersion()
        append(counter)
    }

    // MARK: Invoices and credit notes

    mutating func queueRelease(document key: String, doing: String) throws(VismaProblem) {
        guard let document = document(key) else { throw .plain(status: 404, text: "Not found") }
        try demandReleasable(document.status, isQueued: document.isReleaseQueued, doing: doing)
        try demandOpen(document.period, in: .customers, doing: doing, isRelease: true)
        changeDocument(key, isVisible: false) { $0.isReleaseQueued = true }
        schedule(.release(key: key), afterSeconds: behaviour.releaseDelaySeconds)
    }

    private mutating func release(_ document: VismaDocument, isChecked: Bool) {
        guard document.status == "Balanced" else { return }
        let uses = creditApplications.indices.filter {
            "CreditNote:" + creditApplications[$0].creditNote == document.key
        }
        let isPossible =
            !(isChecked && isClosed(document.period))
            && uses.allSatisfy {
                (open("Invoice:" + creditApplications[$0].invoice) ?? -1) >= creditApplications[$0].amount
            }
        guard isPossible else { return changeDocument(document.key, isVisible: false) { $0.isReleaseQueued = false } }
        changeDocument(document.key) {
            $0.isReleaseQueued = false
            $0.status = $0.balance == 0 ? "Closed" : "Open"
        }
        for use in uses {
            creditApplications[use].isReleased = true
            settle(document.key, by: creditApplications[use].amount)
            settle("Invoice:" + creditApplications[use].invoice, by: creditApplications[use].amount)
        }
    }
}
