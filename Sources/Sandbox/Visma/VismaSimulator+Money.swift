/// What people do with money in Visma's own user interface.
extension VismaSimulator {
    /// A part of a payment that settles one document. Amounts are decimal texts in its currency.
    package struct PaymentUse: Sendable {
        package var number: String
        package var amount: String
        package var writeOff: String
        package var cashDiscount: String
        package init(_ number: String, amount: String, writeOff: String = "0", cashDiscount: String = "0") {
            self.number = number
            self.amount = amount
            self.writeOff = writeOff
            self.cashDiscount = cashDiscount
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
            let paid = try VismaLedger.amount(amount)
            let balance = ledger.open("Invoice:" + invoice) ?? 0
            return try ledger.plantPayment(
                .init(date: date, reference: reference, cashAccount: cashAccount), amount: paid,
                applications: [.init(type: "Invoice", number: invoice, amount: min(paid, balance))])
        }
    }

    /// One payment on several invoices of a customer; nil amount: exactly what they use. Unreleased it waits, as one
    /// that an accountant has entered and not posted. Answers the payment's number.
    @discardableResult
    package func addPayment(
        on uses: [PaymentUse], amount: String? = nil, date: String? = nil, reference: String = "BANK",
        cashAccount: String? = nil, isReleased: Bool = true, in tenant: String
    ) throws(VismaSeedError) -> String {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            try ledger.plantPayment(
                .init(date: date, reference: reference, cashAccount: cashAccount, isReleased: isReleased),
                amount: try amount.map { text throws(VismaSeedError) in try VismaLedger.amount(text) },
                applications: try Self.applications(uses, type: "Invoice"))
        }
    }

    private static func applications(
        _ uses: [PaymentUse], type: String
    ) throws(VismaSeedError) -> [VismaPaymentRecord.Application] {
        var applications: [VismaPaymentRecord.Application] = []
        for use in uses {
            let writeOff = try VismaLedger.amount(use.writeOff)
            applications.append(
                .init(
                    type: type, number: use.number, amount: try VismaLedger.amount(use.amount),
                    cashDiscount: try VismaLedger.amount(use.cashDiscount), writeOff: writeOff,
                    writeOffReason: writeOff == 0 ? nil : "WRITEOFF"))
        }
        return applications
    }

    /// Uses more of a released payment on an invoice.
    package func applyPayment(
        _ payment: String, to invoice: String, amount: String, in tenant: String
    ) throws(VismaSeedError) {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            try ledger.plantUse(of: payment, on: invoice, amount: amount)
        }
    }

    /// A refund that an accountant enters: of a credit note, or (`type`: `Payment`) of what is left of a payment.
    /// Answers the refund's number.
    @discardableResult
    package func addRefund(
        of number: String, type: String = "CreditNote", amount: String, reference: String = "BANK",
        date: String? = nil, cashAccount: String? = nil, isReleased: Bool = true, in tenant: String
    ) throws(VismaSeedError) -> String {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            try ledger.plantPayment(
                .init(
                    type: "Refund", date: date, reference: reference, cashAccount: cashAccount,
                    isReleased: isReleased),
                amount: nil, applications: try Self.applications([.init(number, amount: amount)], type: type))
        }
    }

    /// Writes off an invoice's rest (nil) or an amount of it. Answers the number of the `SmallBalanceWo`.
    @discardableResult
    package func writeOff(
        _ invoice: String, amount: String? = nil, in tenant: String
    ) throws(VismaSeedError) -> String {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            try ledger.plantWriteOff(of: invoice, amount: amount)
        }
    }

    /// Releases a payment or refund that waits (made on hold, say), at once.
    package func releasePayment(
        _ number: String, type: String? = nil, in tenant: String
    ) throws(VismaSeedError) {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            guard let payment = ledger.payment(number: number, type: type), payment.isDraft else {
                throw VismaSeedError("payment \(number) is not there or not waiting")
            }
            ledger.changePayment(payment.key, isVisible: false) { $0.status = "Balanced" }
            ledger.applyRelease(payment.key, isChecked: false)
            guard ledger.payment(payment.key)?.isReleased ?? false else {
                throw VismaSeedError("payment \(number) settles what is no longer open")
            }
        }
    }

    /// Voids a payment, refund or write-off, at once.
    package func voidPayment(_ number: String, type: String? = nil, in tenant: String) throws(VismaSeedError) {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            guard let payment = ledger.payment(number: number, type: type), payment.isReleased else {
                throw VismaSeedError("payment \(number) is not there or not released")
            }
            guard ledger.refunded(payment) == 0 else { throw VismaSeedError("payment \(number) is refunded") }
            ledger.applyVoid(payment.key)
        }
    }

    /// Deletes a payment or refund that was never released.
    package func deletePayment(_ number: String, type: String? = nil, in tenant: String) throws(VismaSeedError) {
        try withLedger(tenant) { ledger throws(VismaSeedError) in
            guard let payment = ledger.payment(number: number, type: type), payment.isDraft else {
                throw VismaSeedError("payment \(number) is not there or not waiting")
            }
            ledger.remove(payment.key)
        }
    }
}
