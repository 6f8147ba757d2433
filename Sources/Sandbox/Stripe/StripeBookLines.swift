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
            "amount_overpaid": .whole(row.amountOverpaid), "amount_paid_off_stripe": .whole(row.amountPaidOffStripe),
            "pre_payment_credit": .whole(row.prePaymentCredit), "post_payment_credit": .whole(row.postPaymentCredit),
            "starting_balance": .whole(row.startingBalance), "customer": .string(row.customer),
        ]
    }

    private func line(_ row: StripeInvoicePaymentRecord) -> StripeJSON {
        [
            "kind": "invoice_payment", "account": .string(account), "id": .string(row.id),
            "invoice": .string(row.invoice), "status": .string(row.status),
            "amount_paid": .integer(row.amountPaid), "currency": .string(row.currency),
            "payment_intent": .text(row.paymentIntent), "payment_record": .text(row.paymentRecord),
            "amount_overpaid": .whole(row.amountOverpaid),
        ]
    }

    private func line(_ row: StripeChargeRecord) -> StripeJSON {
        [
            "kind": "charge", "account": .string(account), "id": .string(row.id),
            "payment_intent": .string(row.paymentIntent), "status": .string(row.status),
            "amount": .whole(row.amount), "currency": .string(row.currency), "failure_code": .text(row.failureCode),
            "created": .whole(row.created), "amount_refunded": .whole(row.amountRefunded),
            "balance_transaction": .text(row.balanceTransaction),
        ]
    }

    private func line(_ row: StripeRefundRecord) -> StripeJSON {
        [
            "kind": "refund", "account": .string(account), "id": .string(row.id), "charge": .string(row.charge),
            "payment_intent": .string(row.paymentIntent), "amount": .whole(row.amount),
            "currency": .string(row.currency), "status": .string(row.status),
            "balance_transaction": .string(row.balanceTransaction),
            "failure_balance_transaction": .text(row.failureBalanceTransaction),
        ]
    }

    private func line(_ row: StripeDisputeRecord) -> StripeJSON {
        [
            "kind": "dispute", "account": .string(account), "id": .string(row.id), "charge": .string(row.charge),
            "payment_intent": .string(row.paymentIntent), "amount": .whole(row.amount),
            "currency": .string(row.currency), "reason": .string(row.reason), "status": .string(row.status),
            "evidence_due_by": .whole(row.evidenceDueBy), "funds_withdrawn": .bool(row.isWithdrawn),
            "balance_transactions": .array(row.balanceTransactions.map { .string($0) }),
        ]
    }

    /// What the balance and the credit notes say, apart from the movements above.
    func ledgerLines() -> [String] {
        let sums = balances.sorted { $0.key < $1.key }.map { currency, sums -> StripeJSON in
            [
                "kind": "balance", "account": .string(account), "currency": .string(currency),
                "available": .whole(sums.available), "pending": .whole(sums.pending),
            ]
        }
        let rows =
            creditNotes.all.map(line) + paymentRecords.all.map(line) + transactions.all.map(line)
            + payouts.all.map(line) + customers.all.flatMap(credits) + sums
        return rows.map(\.text)
    }

    private func line(_ row: StripeCreditNoteRecord) -> StripeJSON {
        [
            "kind": "credit_note", "account": .string(account), "id": .string(row.id), "invoice": .string(row.invoice),
            "status": .string(row.status), "currency": .string(row.currency), "amount": .whole(row.total),
            "pre_payment_amount": .whole(row.prePayment), "post_payment_amount": .whole(row.postPayment),
            "email_type": .string(row.emailType), "metadata": .map(row.metadata),
        ]
    }

    private func line(_ row: StripePaymentRecordRecord) -> StripeJSON {
        [
            "kind": "payment_record", "account": .string(account), "id": .string(row.id),
            "amount_guaranteed": .whole(row.amountGuaranteed), "currency": .string(row.currency),
            "reference": .text(row.reference), "metadata": .map(row.metadata),
        ]
    }

    private func line(_ row: StripeBalanceTransactionRecord) -> StripeJSON {
        [
            "kind": "balance_transaction", "account": .string(account), "id": .string(row.id),
            "type": .string(row.type), "reporting_category": .string(row.reportingCategory),
            "source": .text(row.source), "amount": .whole(row.amount), "fee": .whole(row.fee), "net": .whole(row.net),
            "currency": .string(row.currency), "exchange_rate_millionths": .integer(row.rateMillionths),
            "created": .whole(row.created), "available_on": .whole(row.availableOn), "payout": .text(row.payout),
        ]
    }

    private func line(_ row: StripePayoutRecord) -> StripeJSON {
        [
            "kind": "payout", "account": .string(account), "id": .string(row.id), "amount": .whole(row.amount),
            "currency": .string(row.currency), "status": .string(row.status), "automatic": .bool(row.isAutomatic),
            "arrival_date": .whole(row.arrivalDate), "balance_transaction": .string(row.balanceTransaction),
            "failure_balance_transaction": .text(row.failureBalanceTransaction),
        ]
    }

    /// A customer's credit or debt by currency; negative is credit in the customer's favour.
    private func credits(_ row: StripeCustomerRecord) -> [StripeJSON] {
        row.balances.sorted { $0.key < $1.key }.map { currency, balance in
            [
                "kind": "customer_balance", "account": .string(account), "id": .string(row.id),
                "currency": .string(currency), "balance": .whole(balance),
            ]
        }
    }
}
