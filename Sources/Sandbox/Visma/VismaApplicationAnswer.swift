/// `ArAdjustDto` rows: what settles a document, or what a credit note settles; released or not. A voided one stays,
/// with its counter row. What was written off with a payment is not in them, as the row has no member for it.
extension VismaLedger {
    private struct Adjustment {
        var type: String
        var number: String
        var amount: Int64
        var cashDiscount: Int64 = 0
        /// What is left of the other document (a choice: the specification says only "balance").
        var open: Int64
        var isReleased: Bool
        var isVoided = false
        var reference: String?
        var status: String?
        var date: String
        var period: String
        var text: String?
    }

    func applications(_ document: VismaDocument) -> SandboxJSON {
        let customer = customer(internalID: document.customerID)?.number
        var rows = payments(of: document.key).flatMap { adjustments($0, of: document.key) }
        for use in creditApplications {
            let note = self.document("CreditNote:" + use.creditNote)
            let invoice = self.document("Invoice:" + use.invoice)
            let other = note?.key == document.key ? invoice : invoice?.key == document.key ? note : nil
            guard let other else { continue }
            rows.append(
                Adjustment(
                    type: other.type, number: other.number, amount: use.amount, open: other.balance,
                    isReleased: use.isReleased, status: other.status, date: use.date,
                    period: VismaTime.period(of: use.date), text: other.invoiceText))
        }
        return .array(rows.map { answer($0, customer: customer) })
    }

    private func adjustments(_ payment: VismaPaymentRecord, of key: String) -> [Adjustment] {
        payment.applications.filter { $0.key == key }.map { application in
            let sign: Int64 = payment.isCounter ? -1 : 1
            return Adjustment(
                type: payment.type, number: payment.number, amount: sign * application.amount,
                cashDiscount: sign * application.cashDiscount, open: payment.isReleased ? available(payment) : 0,
                isReleased: payment.wasReleased, isVoided: payment.status == "Voided" || payment.isCounter,
                reference: payment.reference, status: payment.status, date: application.date ?? payment.date,
                period: application.date.map { VismaTime.period(of: $0) } ?? payment.period, text: payment.text)
        }
    }

    private func answer(_ row: Adjustment, customer: String?) -> SandboxJSON {
        .object([
            ("docType", .string(row.type)), ("customerCD", .text(customer)), ("refNbr", .string(row.number)),
            ("amountPaid", Self.decimal(row.amount)), ("cashDiscountTaken", Self.decimal(row.cashDiscount)),
            ("balance", Self.decimal(row.open)), ("pendingPPD", .bool(false)), ("released", .bool(row.isReleased)),
            ("hold", .bool(row.status == "Hold")), ("voided", .bool(row.isVoided)),
            ("paymentRef", .text(row.reference)), ("status", .text(row.status)),
            ("applicationDate", Self.day(row.date)),
            ("applicationPeriod", .string(row.period)), ("invoiceText", .text(row.text)),
        ])
    }
}
