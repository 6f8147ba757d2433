/// Objects in the shape of 2026-08-26.dahlia.
extension StripeBook {
    func json(_ row: StripeCustomerRecord) -> StripeJSON {
        var members: [(key: String, value: StripeJSON)] = [
            ("id", .string(row.id)), ("object", "customer"), ("address", Self.address(row.address)),
            ("balance", .whole(row.balances[row.currency ?? defaultCurrency] ?? 0)),
            ("created", .whole(row.created)), ("currency", .text(row.currency)), ("customer_account", .null),
            ("default_source", .null), ("delinquent", .bool(false)), ("description", .text(row.description)),
            ("discount", .null), ("email", .text(row.email)), ("invoice_prefix", .string(row.invoicePrefix)),
            (
                "invoice_settings",
                [
                    "custom_fields": .null, "default_payment_method": .null, "footer": .text(row.footer),
                    "rendering_options": .null,
                ]
            ),
            ("livemode", .bool(isLive)), ("metadata", .map(row.metadata)), ("name", .text(row.name)),
            ("next_invoice_sequence", .whole(row.nextInvoiceSequence)), ("phone", .text(row.phone)),
            ("preferred_locales", .array(row.preferredLocales.map { .string($0) })), ("shipping", .null),
            ("tax_exempt", .string(row.taxExempt)), ("test_clock", .null),
        ]
        if let name = row.businessName { members.append(("business_name", .string(name))) }
        if let name = row.individualName { members.append(("individual_name", .string(name))) }
        return .object(members)
    }

    static func address(_ parts: [String: String]?) -> StripeJSON {
        guard let parts else { return .null }
        let names = ["city", "country", "line1", "line2", "postal_code", "state"]
        return .object(names.map { (key: $0, value: .text(parts[$0])) })
    }

    func json(_ row: StripeInvoicePaymentRecord, _ expand: StripeExpansion = .none) -> StripeJSON {
        [
            "id": .string(row.id), "object": "invoice_payment", "amount_paid": .integer(row.amountPaid),
            "amount_requested": .whole(row.amountRequested), "created": .whole(row.created),
            "currency": .string(row.currency), "invoice": reference(invoice: row.invoice, expand["invoice"]),
            "is_default": .bool(row.isDefault), "livemode": .bool(isLive),
            "payment": [
                "payment_intent": reference(intent: row.paymentIntent, expand["payment"]?["payment_intent"]),
                "type": "payment_intent",
            ],
            "status": .string(row.status),
            "status_transitions": ["canceled_at": .integer(row.canceledAt), "paid_at": .integer(row.paidAt)],
        ]
    }

    func json(_ row: StripePaymentIntentRecord, _ expand: StripeExpansion = .none) -> StripeJSON {
        var failure = StripeJSON.null
        if let code = row.failureCode {
            failure = [
                "code": .string(code), "message": .text(row.failureMessage), "type": "card_error",
                "charge": .string(row.latestCharge ?? ""),
            ]
        }
        return [
            "id": .string(row.id), "object": "payment_intent", "amount": .whole(row.amount),
            "amount_capturable": .whole(0), "amount_received": .whole(row.amountReceived), "application": .null,
            "canceled_at": .integer(row.canceledAt), "cancellation_reason": .text(row.cancellationReason),
            "capture_method": "automatic", "client_secret": .string(row.clientSecret),
            "confirmation_method": "automatic", "created": .whole(row.created), "currency": .string(row.currency),
            "customer": reference(customer: row.customer, expand["customer"]),
            "description": "Payment for Invoice", "last_payment_error": failure,
            "latest_charge": row.latestCharge.map { reference(charge: $0, expand["latest_charge"]) } ?? .null,
            "livemode": .bool(isLive),
            // The invoice's metadata is not copied here; the order reference is the only trace of the invoice.
            "metadata": .object([]), "next_action": .null,
            "payment_details": ["customer_reference": .null, "order_reference": .string(row.invoice)],
            "payment_method": .null, "payment_method_types": ["card"], "processing": .null,
            "receipt_email": .null, "statement_descriptor": .null, "status": .string(row.status),
        ]
    }

    func json(_ row: StripeChargeRecord, _ expand: StripeExpansion = .none) -> StripeJSON {
        let customer = customers[row.customer]
        var transaction = StripeJSON.text(row.balanceTransaction?.id)
        if expand["balance_transaction"] != nil, let full = row.balanceTransaction { transaction = json(full) }
        var members: [(key: String, value: StripeJSON)] = [
            ("id", .string(row.id)), ("object", "charge"), ("amount", .whole(row.amount)),
            ("amount_captured", .whole(row.isSuccess ? row.amount : 0)),
            ("amount_refunded", .whole(row.amountRefunded)), ("application", .null), ("application_fee", .null),
            ("application_fee_amount", .null), ("balance_transaction", transaction),
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
            ("description", "Payment for Invoice"), ("disputed", .bool(row.isDisputed)),
            ("failure_balance_transaction", .null), ("failure_code", .text(row.failureCode)),
            ("failure_message", .text(row.failureMessage)), ("fraud_details", .object([])),
            ("livemode", .bool(isLive)), ("metadata", .object([])), ("on_behalf_of", .null),
            ("outcome", outcome(row)), ("paid", .bool(row.isSuccess)),
            ("payment_intent", reference(intent: row.paymentIntent, expand["payment_intent"])),
            ("payment_method", .string(row.paymentMethod)),
            ("refunded", .bool(row.isSuccess && row.amountRefunded == row.amount)),
            ("status", .string(row.isSuccess ? "succeeded" : "failed")),
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
        [
            "advice_code": .null, "network_advice_code": .null, "network_decline_code": .null,
            "network_status": row.isSuccess ? "approved_by_network" : "declined_by_network",
            "reason": .text(row.failureCode), "risk_level": "normal",
            "seller_message": row.isSuccess ? "Payment complete." : "The bank did not return any further details.",
            "type": row.isSuccess ? "authorized" : "issuer_declined",
        ]
    }

    func json(_ row: StripeRefundRecord, _ expand: StripeExpansion = .none) -> StripeJSON {
        let isFull = expand["balance_transaction"] != nil
        return [
            "id": .string(row.id), "object": "refund", "amount": .whole(row.amount),
            "balance_transaction": isFull ? json(row.balanceTransaction) : .string(row.balanceTransaction.id),
            "charge": reference(charge: row.charge, expand["charge"]), "created": .whole(row.created),
            "currency": .string(row.currency), "metadata": .object([]),
            "payment_intent": reference(intent: row.paymentIntent, expand["payment_intent"]),
            "reason": "requested_by_customer", "receipt_number": .null, "source_transfer_reversal": .null,
            "status": .string(row.status), "transfer_reversal": .null,
        ]
    }

    func json(_ row: StripeDisputeRecord, _ expand: StripeExpansion = .none) -> StripeJSON {
        [
            "id": .string(row.id), "object": "dispute", "amount": .whole(row.amount),
            "balance_transactions": .array(row.balanceTransactions.map(json)),
            "charge": reference(charge: row.charge, expand["charge"]), "created": .whole(row.created),
            "currency": .string(row.currency), "enhanced_eligibility_types": [],
            "evidence": ["enhanced_evidence": .object([])],
            "evidence_details": [
                "due_by": .whole(row.evidenceDueBy), "enhanced_eligibility": .object([]), "has_evidence": .bool(false),
                "past_due": .bool(row.evidenceDueBy < now), "submission_count": .whole(0),
            ],
            "is_charge_refundable": .bool(false), "livemode": .bool(isLive), "metadata": .object([]),
            "payment_intent": reference(intent: row.paymentIntent, expand["payment_intent"]),
            "reason": .string(row.reason), "status": .string(row.status),
        ]
    }

    private func json(_ row: StripeBalanceTransactionRecord) -> StripeJSON {
        var fees: [StripeJSON] = []
        if row.fee != 0 {
            fees = [
                [
                    "amount": .whole(row.fee), "application": .null, "currency": .string(row.currency),
                    "description": "Stripe processing fees", "type": "stripe_fee",
                ]
            ]
        }
        return [
            "id": .string(row.id), "object": "balance_transaction", "amount": .whole(row.amount),
            "available_on": .whole(row.created), "balance_type": "payments", "created": .whole(row.created),
            "currency": .string(row.currency), "description": .null, "exchange_rate": .null,
            "fee": .whole(row.fee), "fee_details": .array(fees), "net": .whole(row.amount - row.fee),
            "reporting_category": .string(row.reportingCategory), "source": .string(row.source),
            "status": "available", "type": .string(row.type),
        ]
    }

    func json(_ row: StripeEndpointRecord, showsSecret: Bool = false) -> StripeJSON {
        var members: [(key: String, value: StripeJSON)] = [
            ("id", .string(row.id)), ("object", "webhook_endpoint"), ("api_version", .text(row.apiVersion)),
            ("application", .null), ("created", .whole(row.created)), ("description", .text(row.description)),
            ("enabled_events", .array(row.enabledEvents.map { .string($0) })), ("livemode", .bool(isLive)),
            ("metadata", .map(row.metadata)), ("status", .string(row.isEnabled ? "enabled" : "disabled")),
            ("url", .string(row.url)),
        ]
        if showsSecret { members.append(("secret", .string(row.secret))) }
        return .object(members)
    }

    func json(_ row: StripeEventRecord, apiVersion: String) -> StripeJSON {
        [
            "id": .string(row.id), "object": "event", "api_version": .string(apiVersion),
            "created": .whole(row.created), "data": ["object": row.object], "livemode": .bool(isLive),
            "pending_webhooks": .whole(Int64(pendingWebhooks[row.id] ?? 0)),
            "request": ["id": .text(row.requestID), "idempotency_key": .text(row.idempotencyKey)],
            "type": .string(row.type),
        ]
    }

    /// An id, or the object itself where the request asks for it.
    func reference(customer id: String, _ expand: StripeExpansion?) -> StripeJSON {
        expand != nil ? customers[id].map { json($0) } ?? .string(id) : .string(id)
    }
    func reference(invoice id: String, _ expand: StripeExpansion?) -> StripeJSON {
        expand.flatMap { inner in invoices[id].map { json($0, inner) } } ?? .string(id)
    }
    func reference(intent id: String, _ expand: StripeExpansion?) -> StripeJSON {
        expand.flatMap { inner in intents[id].map { json($0, inner) } } ?? .string(id)
    }
    func reference(charge id: String, _ expand: StripeExpansion?) -> StripeJSON {
        expand.flatMap { inner in charges[id].map { json($0, inner) } } ?? .string(id)
    }
}
