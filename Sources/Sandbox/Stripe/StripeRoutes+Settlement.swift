/// Payments reported or attached, credit notes, the balance and payouts.
extension StripeRoutes {
    /// What key payment records need is not known; this name is made up in the manner of the others.
    private static let paymentRecord = "rak_payment_record"

    static let attachments: [StripeRoute] = [
        StripeRoute(
            "POST", "/v1/invoices/{invoice}/attach_payment", "rak_invoice_write",
            [StripeField("payment_intent", .id), StripeField("payment_record", .id)], expands: "invoice"
        ) { book, call throws(StripeFailure) in try book.attachPayment(call) },
        StripeRoute(
            "POST", "/v1/payment_records/report_payment", "\(paymentRecord)_write",
            [
                .required("amount_requested", .object([.required("currency", .id), .required("value", .whole)])),
                .required("initiated_at", .whole), .required("payment_method_details", .object(methodFields)),
                StripeField(
                    "customer_details",
                    .object(["customer", "email", "name", "phone"].map { StripeField($0, .text(5000)) })),
                StripeField("customer_presence", .choice(["off_session", "on_session"])),
                StripeField("description", .text(5000)),
                StripeField("failed", .object([.required("failed_at", .whole)])),
                StripeField("guaranteed", .object([.required("guaranteed_at", .whole)])),
                StripeField("metadata", .metadata), StripeField("outcome", .choice(["failed", "guaranteed"])),
                StripeField(
                    "processor_details",
                    .object([
                        .required("type", .choice(["custom"])),
                        StripeField("custom", .object([.required("payment_reference", .text(5000))])),
                    ])),
            ]
        ) { book, call throws(StripeFailure) in try book.reportPayment(call) },
        .list(
            "/v1/payment_records", "\(paymentRecord)_read",
            [StripeField("created_after", .whole), StripeField("created_before", .whole)]
        ) { book, call throws(StripeFailure) in try book.listPaymentRecords(call) },
        StripeRoute("GET", "/v1/payment_records/{id}", "\(paymentRecord)_read") {
            book, call throws(StripeFailure) in try book.retrievePaymentRecord(call)
        },
    ]

    private static let methodFields: [StripeField] = [
        StripeField("type", .choice(["custom"])), StripeField("payment_method", .id),
        StripeField(
            "custom", .object([StripeField("display_name", .text(5000)), StripeField("type", .text(5000))])),
    ]

    static let creditNotes: [StripeRoute] = [
        StripeRoute("POST", "/v1/credit_notes", "rak_credit_note_write", creditNoteFields, expands: "credit_note") {
            book, call throws(StripeFailure) in try book.createCreditNote(call)
        },
        .list(
            "/v1/credit_notes", "rak_credit_note_read",
            [StripeField("created", .bounds), StripeField("customer", .id), StripeField("invoice", .id)],
            expands: "credit_notes"
        ) { book, call throws(StripeFailure) in try book.listCreditNotes(call) },
        StripeRoute("GET", "/v1/credit_notes/{id}", "rak_credit_note_read", expands: "credit_note") {
            book, call throws(StripeFailure) in try book.retrieveCreditNote(call)
        },
        .list("/v1/credit_notes/{credit_note}/lines", "rak_credit_note_read", []) {
            book, call throws(StripeFailure) in try book.listCreditNoteLines(call)
        },
        StripeRoute("POST", "/v1/credit_notes/{id}/void", "rak_credit_note_write", expands: "credit_note") {
            book, call throws(StripeFailure) in try book.voidCreditNote(call)
        },
    ]

    private static let creditNoteFields: [StripeField] = [
        .required("invoice", .id), StripeField("amount", .whole), StripeField("credit_amount", .whole),
        StripeField("effective_at", .whole), StripeField("email_type", .choice(["credit_note", "none"])),
        StripeField("lines", .list(.object(creditLineFields), max: 250)), StripeField("memo", .text(5000)),
        StripeField("metadata", .metadata), StripeField("out_of_band_amount", .whole),
        StripeField(
            "reason", .choice(["duplicate", "fraudulent", "order_change", "product_unsatisfactory"])),
        StripeField("refund_amount", .whole),
        StripeField(
            "refunds",
            .list(
                .object([
                    StripeField("amount_refunded", .whole), StripeField("refund", .id),
                    StripeField("type", .choice(["refund"])),
                ]), max: 20)),
    ]

    private static let creditLineFields: [StripeField] = [
        .required("type", .choice(["custom_line_item", "invoice_line_item"])), StripeField("amount", .whole),
        StripeField("description", .text(5000)), StripeField("invoice_line_item", .id),
        StripeField("metadata", .metadata), StripeField("quantity", .whole),
        StripeField(
            "tax_amounts",
            .clearable(
                .list(
                    .object([
                        .required("amount", .whole), .required("tax_rate", .id), .required("taxable_amount", .whole),
                    ]), max: 20))),
        StripeField("tax_rates", .clearable(.list(.id, max: 20))), StripeField("unit_amount", .whole),
    ]

    static let balance: [StripeRoute] = [
        StripeRoute("GET", "/v1/balance", "rak_balance_read") {
            book, call throws(StripeFailure) in try book.retrieveBalance(call)
        },
        .list(
            "/v1/balance_transactions", "rak_balance_transaction_read",
            [
                StripeField("created", .bounds), StripeField("currency", .id), StripeField("payout", .id),
                StripeField("source", .id), StripeField("type", .id),
            ], expands: "balance_transactions"
        ) { book, call throws(StripeFailure) in try book.listTransactions(call) },
        StripeRoute(
            "GET", "/v1/balance_transactions/{id}", "rak_balance_transaction_read", expands: "balance_transaction"
        ) { book, call throws(StripeFailure) in try book.retrieveTransaction(call) },
        .list(
            "/v1/payouts", "rak_payout_read",
            [StripeField("arrival_date", .bounds), StripeField("created", .bounds), StripeField("status", .id)],
            expands: "payouts"
        ) { book, call throws(StripeFailure) in try book.listPayouts(call) },
        StripeRoute("GET", "/v1/payouts/{payout}", "rak_payout_read", expands: "payout") {
            book, call throws(StripeFailure) in try book.retrievePayout(call)
        },
    ]
}
