/// The account's books for whoever recomputes what should be true: one JSON object per line.
extension StripeBook {
    func lines() -> [String] {
        let rows =
            invoices.all.map(line) + invoicePayments.all.map(line) + charges.all.map(line)
            + refunds.all.map(line) + disputes.all.map(line)
        return rows.map(\.text)
    }

    private func line(_ row: StripeInvoiceRecord) -> StripeJSON {
        let due = row.status == "draft" ? max(0, row.total) : row.amountDue
        return [
            "kind": "invoice", "account": .string(account), "id": .string(row.id), "status": .string(row.status),
            "currency": .string(row.currency), "total": .whole(row.total), "amount_due": .whole(due),
            "amount_paid": .whole(row.amountPaid), "amount_remaining": .whole(max(0, due - row.amountPaid)),
            "number": .text(row.number), "metadata": .map(row.metadata),
        ]
    }

    private func line(_ row: StripeInvoicePaymentRecord) -> StripeJSON {
        [
            "kind": "invoice_payment", "account": .string(account), "id": .string(row.id),
            "invoice": .string(row.invoice), "status": .string(row.status),
            "amount_paid": .integer(row.amountPaid), "currency": .string(row.currency),
            "payment_intent": .string(row.paymentIntent),
        ]
    }

    private func line(_ row: StripeChargeRecord) -> StripeJSON {
        [
            "kind": "charge", "account": .string(account), "id": .string(row.id),
            "payment_intent": .string(row.paymentIntent), "status": .string(row.isSuccess ? "succeeded" : "failed"),
            "amount": .whole(row.amount), "currency": .string(row.currency), "failure_code": .text(row.failureCode),
            "created": .whole(row.created),
        ]
    }

    private func line(_ row: StripeRefundRecord) -> StripeJSON {
        [
            "kind": "refund", "account": .string(account), "id": .string(row.id), "charge": .string(row.charge),
            "payment_intent": .string(row.paymentIntent), "amount": .whole(row.amount),
            "currency": .string(row.currency), "status": .string(row.status),
        ]
    }

    private func line(_ row: StripeDisputeRecord) -> StripeJSON {
        [
            "kind": "dispute", "account": .string(account), "id": .string(row.id), "charge": .string(row.charge),
            "payment_intent": .string(row.paymentIntent), "amount": .whole(row.amount),
            "currency": .string(row.currency), "reason": .string(row.reason), "status": .string(row.status),
            "evidence_due_by": .whole(row.evidenceDueBy),
        ]
    }
}
