/// Payments, refunds, disputes and the balance in the shape of 2026-08-26.dahlia.
extension StripeBook {
    func json(_ row: StripeInvoicePaymentRecord, _ expand: StripeExpansion = .none) -> StripeJSON {
        var payment: [(key: String, value: StripeJSON)] = []
        if let intent = row.paymentIntent {
            payment.append(("payment_intent", reference(intent: intent, expand["payment"]?["payment_intent"])))
        }
        if let record = row.paymentRecord {
            let full = expand["payment"]?["payment_record"] != nil ? paymentRecords[record].map { json($0) } : nil
            payment.append(("payment_record", full ?? .string(record)))
        }
        payment.append(("type", row.paymentIntent == nil ? "payment_record" : "payment_intent"))
        return [
            "id": .string(row.id), "object": "invoice_payment", "amount_paid": .integer(row.amountPaid),
            "amount_requested": .whole(row.amountRequested), "created": .whole(row.created),
            "currency": .string(row.currency), "invoice": reference(invoice: row.invoice, expand["invoice"]),
            "is_default": .bool(row.isDefault), "livemode": .bool(isLive), "payment": .object(payment),
            "status": .string(row.status),
            "status_transitions": ["canceled_at": .integer(row.canceledAt), "paid_at": .integer(row.paidAt)],
        ]
    }

    func json(_ row: StripePaymentIntentRecord, _ expand: StripeExpansion = .none) -> StripeJSON {
        [
            "id": .string(row.id), "object": "payment_intent", "amount": .whole(row.amount),
            "amount_capturable": .whole(0), "amount_received": .whole(row.amountReceived), "application": .null,
            "canceled_at": .integer(row.canceledAt), "cancellation_reason": .text(row.cancellationReason),
            "capture_method": "automatic", "client_secret": .string(row.clientSecret),
            "confirmation_method": "automatic", "created": .whole(row.created), "currency": .string(row.currency),
            "customer": reference(customer: row.customer, expand["customer"]),
            "description": row.invoice == nil ? .null : "Payment for Invoice", "last_payment_error": failure(row),
            "latest_charge": row.latestCharge.map { reference(charge: $0, expand["latest_charge"]) } ?? .null,
            "livemode": .bool(isLive),
            // The invoice's metadata is not copied here; the order reference is the only trace of the invoice.
            "metadata": .object([]), "next_action": nextAction(row),
            "payment_details": ["customer_reference": .null, "order_reference": .text(row.invoice)],
            "payment_method": .null, "payment_method_types": [.string(row.method)], "processing": .null,
            "receipt_email": .null, "statement_descriptor": .null, "status": .string(row.status),
        ]
    }

    private func failure(_ row: StripePaymentIntentRecord) -> StripeJSON {
        guard let code = row.failureCode else { return .null }
        var members: [(key: String, value: StripeJSON)] = [
            ("code", .string(code)), ("message", .text(row.failureMessage)), ("type", "card_error"),
            ("charge", .string(row.latestCharge ?? "")),
        ]
        if let decline = row.declineCode { members.append(("decline_code", .string(decline))) }
        return .object(members)
    }

    private func nextAction(_ row: StripePaymentIntentRecord) -> StripeJSON {
        guard row.status == "requires_action" else { return .null }
        guard row.isPartlyFunded else { return ["type": "use_stripe_sdk", "use_stripe_sdk": .object([])] }
        return [
            "display_bank_transfer_instructions": [
                "amount_remaining": .whole(row.amount - row.amountReceived), "currency": .string(row.currency),
                "hosted_instructions_url": .null, "reference": .null, "type": "eu_bank_transfer",
            ],
            "type": "display_bank_transfer_instructions",
        ]
    }

    func json(_ row: StripeChargeRecord, _ expand: StripeExpansion = .none) -> StripeJSON {
        let customer = customers[row.customer]
        let description: StripeJSON = intents[row.paymentIntent]?.invoice == nil ? .null : "Payment for Invoice"
        var members: [(key: String, value: StripeJSON)] = [
            ("id", .string(row.id)), ("object", "charge"), ("amount", .whole(row.amount)),
            ("amount_captured", .whole(row.isSuccess ? row.amount : 0)),
            ("amount_refunded", .whole(row.amountRefunded)), ("application", .null), ("application_fee", .null),
            ("application_fee_amount", .null),
            (
                "balance_transaction",
                reference(transaction: row.balanceTransaction, expand["balance_transaction"])
            ),
            (
                "billing_details",
                [
                    "address": Self.address(customer?.address), "email": .text(customer?.email),
                    "name": .text(customer?.name), "phone": .text(customer?.phone), "tax_id": .null,
                ]
            ),
            ("calculated_statement_descriptor", .null), ("captured", .bool(row.isSuccess)),
            ("created", .whole(row.created)), ("currency", .string(row.currency)),
            ("customer", reference(customer: row.customer, expand["customer"])),
            ("description", description), ("disputed", .bool(row.isDisputed)),
            ("failure_balance_transaction", .null), ("failure_code", .text(row.failureCode)),
            ("failure_message", .text(row.failureMessage)), ("fraud_details", .object([])),
            ("livemode", .bool(isLive)), ("metadata", .object([])), ("on_behalf_of", .null),
            ("outcome", outcome(row)), ("paid", .bool(row.isSuccess)),
            ("payment_intent", reference(intent: row.paymentIntent, expand["payment_intent"])),
            ("payment_method", .string(row.paymentMethod)),
            ("refunded", .bool(row.isSuccess && row.amountRefunded == row.amount)), ("status", .string(row.status)),
        ]
        if let inner = expand["refunds"] {
            let rows = refunds.newestFirst.filter { $0.charge == row.id }
            let data = rows.prefix(10).map { json($0, inner["data"] ?? .none) }
            let url = "/v1/charges/\(row.id)/refunds"
            members.append(("refunds", StripePage.list(data, hasMore: rows.count > 10, url: url)))
        }
        return .object(members)
    }

    private func outcome(_ row: StripeChargeRecord) -> StripeJSON {
        let isFailed = row.status == "failed"
        let message = isFailed ? "The bank did not return any further details." : "Payment complete."
        return [
            "advice_code": .null, "network_advice_code": .null, "network_decline_code": .null,
            "network_status": isFailed ? "declined_by_network" : "approved_by_network",
            "reason": .text(row.failureCode), "risk_level": "normal", "seller_message": .string(message),
            "type": isFailed ? "issuer_declined" : "authorized",
        ]
    }

    func json(_ row: StripeRefundRecord, _ expand: StripeExpansion = .none) -> StripeJSON {
        var members: [(key: String, value: StripeJSON)] = [
            ("id", .string(row.id)), ("object", "refund"), ("amount", .whole(row.amount)),
            ("balance_transaction", reference(transaction: row.balanceTransaction, expand["balance_transaction"])),
            ("charge", reference(charge: row.charge, expand["charge"])), ("created", .whole(row.created)),
            ("currency", .string(row.currency)), ("metadata", .object([])),
            ("payment_intent", reference(intent: row.paymentIntent, expand["payment_intent"])),
            ("reason", .text(row.reason)), ("receipt_number", .null), ("source_transfer_reversal", .null),
            ("status", .string(row.status)), ("transfer_reversal", .null),
        ]
        if row.status == "pending" { members.append(("pending_reason", "processing")) }
        if let reason = row.failureReason { members.append(("failure_reason", .string(reason))) }
        if let id = row.failureBalanceTransaction {
            let transaction = reference(transaction: id, expand["failure_balance_transaction"])
            members.append(("failure_balance_transaction", transaction))
        }
        return .object(members)
    }

    func json(_ row: StripeDisputeRecord, _ expand: StripeExpansion = .none) -> StripeJSON {
        let isOverdue = row.evidenceDueBy < now && row.status.hasSuffix("needs_response")
        return [
            "id": .string(row.id), "object": "dispute", "amount": .whole(row.amount),
            "balance_transactions": .array(row.balanceTransactions.map { reference(transaction: $0, .some(.none)) }),
            "charge": reference(charge: row.charge, expand["charge"]), "created": .whole(row.created),
            "currency": .string(row.currency), "enhanced_eligibility_types": [],
            "evidence": ["enhanced_evidence": .object([])],
            "evidence_details": [
                "due_by": .whole(row.evidenceDueBy), "enhanced_eligibility": .object([]),
                "has_evidence": .bool(row.submissions > 0), "past_due": .bool(isOverdue),
                "submission_count": .whole(row.submissions),
            ],
            "is_charge_refundable": .bool(row.isInquiry && row.status != "warning_closed"),
            "livemode": .bool(isLive), "metadata": .object([]),
            "payment_intent": reference(intent: row.paymentIntent, expand["payment_intent"]),
            "reason": .string(row.reason), "status": .string(row.status),
        ]
    }

    func json(_ row: StripeBalanceTransactionRecord, _ expand: StripeExpansion = .none) -> StripeJSON {
        var fees: [StripeJSON] = []
        if row.fee != 0 {
            fees = [
                [
                    "amount": .whole(row.fee), "application": .null, "currency": .string(row.currency),
                    "description": .text(row.feeDescription), "type": "stripe_fee",
                ]
            ]
        }
        let rate = row.rateMillionths.map { StripeJSON.number(StripeConversion.text(rateMillionths: $0)) }
        return [
            "id": .string(row.id), "object": "balance_transaction", "amount": .whole(row.amount),
            "available_on": .whole(row.availableOn), "balance_type": "payments", "created": .whole(row.created),
            "currency": .string(row.currency), "description": .text(row.description),
            "exchange_rate": rate ?? .null, "fee": .whole(row.fee), "fee_details": .array(fees),
            "net": .whole(row.net), "reporting_category": .string(row.reportingCategory),
            "source": reference(source: row.source, expand["source"]),
            "status": row.availableOn <= now ? "available" : "pending", "type": .string(row.type),
        ]
    }

    func json(_ row: StripePayoutRecord, _ expand: StripeExpansion = .none) -> StripeJSON {
        let reconciliation = row.isAutomatic ? row.isReconciled ? "completed" : "in_progress" : "not_applicable"
        let failing = reference(transaction: row.failureBalanceTransaction, expand["failure_balance_transaction"])
        return [
            "id": .string(row.id), "object": "payout", "amount": .whole(row.amount), "application_fee": .null,
            "application_fee_amount": .null, "arrival_date": .whole(row.arrivalDate),
            "automatic": .bool(row.isAutomatic),
            "balance_transaction": reference(transaction: row.balanceTransaction, expand["balance_transaction"]),
            "created": .whole(row.created), "currency": .string(row.currency), "description": "STRIPE PAYOUT",
            "destination": .null, "failure_balance_transaction": failing, "failure_code": .text(row.failureCode),
            "failure_message": .text(row.failureMessage), "livemode": .bool(isLive), "metadata": .object([]),
            "method": "standard", "original_payout": .null, "payout_method": .null,
            "reconciliation_status": .string(reconciliation), "reversed_by": .null, "source_type": "card",
            "statement_descriptor": .null, "status": .string(row.status), "trace_id": .null, "type": "bank_account",
        ]
    }

    func json(_ row: StripePaymentRecordRecord) -> StripeJSON {
        func amount(_ value: Int64) -> StripeJSON { ["currency": .string(row.currency), "value": .whole(value)] }
        let custom: StripeJSON = ["display_name": .string(row.methodName ?? ""), "type": .text(row.methodType)]
        var method: [(key: String, value: StripeJSON)] = [
            ("billing_details", .null), ("payment_method", .null), ("type", "custom"),
        ]
        if row.methodName != nil { method.append(("custom", custom)) }
        return [
            "id": .string(row.id), "object": "payment_record", "amount": amount(row.amountRequested),
            "amount_authorized": amount(0), "amount_canceled": amount(0),
            "amount_failed": amount(row.outcome == "failed" ? row.amountRequested : 0),
            "amount_guaranteed": amount(row.amountGuaranteed), "amount_refunded": amount(0),
            "amount_requested": amount(row.amountRequested), "application": .null, "created": .whole(row.created),
            "customer_details": row.customer.map {
                ["customer": .string($0), "email": .null, "name": .null, "phone": .null]
            } ?? .null,
            "customer_presence": .null, "description": .text(row.description),
            "latest_payment_attempt_record": .null, "livemode": .bool(isLive), "metadata": .map(row.metadata),
            "payment_method_details": .object(method),
            "processor_details": ["custom": ["payment_reference": .text(row.reference)], "type": "custom"],
            "reported_by": "self", "shipping_details": .null,
        ]
    }
}
