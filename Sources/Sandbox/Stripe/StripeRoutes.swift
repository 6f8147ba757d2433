/// The operations that the sandbox knows, with the parameters Stripe's API description gives them.
enum StripeRoutes {
    static let all: [StripeRoute] =
        customers + invoices + invoiceActions + attachments + creditNotes + money + balance + notices

    static func find(_ method: String, _ path: String) -> (route: StripeRoute, ids: [String])? {
        let parts = path.split(separator: "/")
        for route in all where route.method == method {
            if let ids = route.ids(in: parts) { return (route, ids) }
        }
        return nil
    }

    private static let customers: [StripeRoute] = [
        StripeRoute("POST", "/v1/customers", "rak_customer_write", customerFields + customerOnce) {
            book, call throws(StripeFailure) in try book.createCustomer(call)
        },
        .list(
            "/v1/customers", "rak_customer_read", [StripeField("email", .text(512)), StripeField("created", .bounds)],
            expands: "customers"
        ) { book, call throws(StripeFailure) in try book.listCustomers(call) },
        StripeRoute(
            "GET", "/v1/customers/search", "rak_customer_read",
            [.required("query", .text(5000)), StripeField("limit", .whole), StripeField("page", .id)]
        ) { book, call throws(StripeFailure) in try book.searchCustomers(call) },
        StripeRoute("GET", "/v1/customers/{customer}", "rak_customer_read") {
            book, call throws(StripeFailure) in try book.retrieveCustomer(call)
        },
        StripeRoute("POST", "/v1/customers/{customer}", "rak_customer_write", customerFields) {
            book, call throws(StripeFailure) in try book.updateCustomer(call)
        },
        StripeRoute("DELETE", "/v1/customers/{customer}", "rak_customer_write") {
            book, call throws(StripeFailure) in try book.deleteCustomer(call)
        },
    ]

    private static let invoices: [StripeRoute] = [
        StripeRoute("POST", "/v1/invoices", "rak_invoice_write", invoiceFields, expands: "invoice") {
            book, call throws(StripeFailure) in try book.createInvoice(call)
        },
        .list("/v1/invoices", "rak_invoice_read", invoiceFilters, expands: "invoices") {
            book, call throws(StripeFailure) in try book.listInvoices(call)
        },
        StripeRoute("GET", "/v1/invoices/{invoice}", "rak_invoice_read", expands: "invoice") {
            book, call throws(StripeFailure) in try book.retrieveInvoice(call)
        },
        StripeRoute("POST", "/v1/invoices/{invoice}", "rak_invoice_write", invoiceChanges, expands: "invoice") {
            book, call throws(StripeFailure) in try book.updateInvoice(call)
        },
        StripeRoute("DELETE", "/v1/invoices/{invoice}", "rak_invoice_write") {
            book, call throws(StripeFailure) in try book.deleteInvoice(call)
        },
        .list("/v1/invoices/{invoice}/lines", "rak_invoice_read", []) {
            book, call throws(StripeFailure) in try book.listLines(call)
        },
    ]

    private static let invoiceActions: [StripeRoute] = [
        StripeRoute(
            "POST", "/v1/invoices/{invoice}/add_lines", "rak_invoice_write",
            [.required("lines", .list(.object(lineFields), max: 250)), StripeField("invoice_metadata", .metadata)],
            expands: "invoice"
        ) { book, call throws(StripeFailure) in try book.addLines(call) },
        StripeRoute(
            "POST", "/v1/invoices/{invoice}/finalize", "rak_invoice_write", [StripeField("auto_advance", .flag)],
            expands: "invoice"
        ) { book, call throws(StripeFailure) in try book.finalizeInvoice(call) },
        StripeRoute("POST", "/v1/invoices/{invoice}/send", "rak_invoice_write", expands: "invoice") {
            book, call throws(StripeFailure) in try book.sendInvoice(call)
        },
        StripeRoute("POST", "/v1/invoices/{invoice}/void", "rak_invoice_write", expands: "invoice") {
            book, call throws(StripeFailure) in try book.voidInvoice(call)
        },
        StripeRoute("POST", "/v1/invoices/{invoice}/mark_uncollectible", "rak_invoice_write", expands: "invoice") {
            book, call throws(StripeFailure) in try book.markUncollectible(call)
        },
        StripeRoute(
            "POST", "/v1/invoices/{invoice}/pay", "rak_invoice_write",
            [
                StripeField("paid_out_of_band", .flag), StripeField("forgive", .flag),
                StripeField("off_session", .flag), StripeField("payment_method", .id), StripeField("source", .id),
                StripeField("mandate", .text(5000)),
            ], expands: "invoice"
        ) { book, call throws(StripeFailure) in try book.payInvoice(call) },
        .list(
            "/v1/invoice_payments", "rak_invoice_read",
            [
                StripeField("created", .bounds), StripeField("invoice", .id),
                StripeField("payment", .object(paymentFields)),
                StripeField("status", .choice(["canceled", "open", "paid"])),
            ], expands: "invoice_payments"
        ) { book, call throws(StripeFailure) in try book.listInvoicePayments(call) },
        StripeRoute(
            "GET", "/v1/invoice_payments/{invoice_payment}", "rak_invoice_read", expands: "invoice_payment"
        ) { book, call throws(StripeFailure) in try book.retrieveInvoicePayment(call) },
    ]

    private static let money: [StripeRoute] = [
        .list(
            "/v1/payment_intents", "rak_payment_intent_read",
            [StripeField("created", .bounds), StripeField("customer", .id)], expands: "payment_intents"
        ) { book, call throws(StripeFailure) in try book.listIntents(call) },
        StripeRoute("GET", "/v1/payment_intents/{intent}", "rak_payment_intent_read", expands: "payment_intent") {
            book, call throws(StripeFailure) in try book.retrieveIntent(call)
        },
        .list(
            "/v1/charges", "rak_charge_read",
            [
                StripeField("created", .bounds), StripeField("customer", .id), StripeField("payment_intent", .id),
            ], expands: "charges"
        ) { book, call throws(StripeFailure) in try book.listCharges(call) },
        StripeRoute("GET", "/v1/charges/{charge}", "rak_charge_read", expands: "charge") {
            book, call throws(StripeFailure) in try book.retrieveCharge(call)
        },
        .list("/v1/disputes", "rak_dispute_read", byCharge, expands: "disputes") {
            book, call throws(StripeFailure) in try book.listDisputes(call)
        },
        StripeRoute("GET", "/v1/disputes/{dispute}", "rak_dispute_read", expands: "dispute") {
            book, call throws(StripeFailure) in try book.retrieveDispute(call)
        },
        .list("/v1/refunds", "rak_charge_read", byCharge, expands: "refunds") {
            book, call throws(StripeFailure) in try book.listRefunds(call)
        },
        StripeRoute("GET", "/v1/refunds/{refund}", "rak_charge_read", expands: "refund") {
            book, call throws(StripeFailure) in try book.retrieveRefund(call)
        },
        StripeRoute(
            "POST", "/v1/refunds", "rak_charge_write",
            [
                StripeField("charge", .id), StripeField("payment_intent", .id), StripeField("amount", .whole),
                StripeField("reason", .text(100)), StripeField("metadata", .metadata),
            ]
        ) { book, call throws(StripeFailure) in try book.refuseRefund(call) },
    ]

    private static let notices: [StripeRoute] = [
        .list(
            "/v1/events", "rak_event_read",
            [
                StripeField("created", .bounds), StripeField("type", .id), StripeField("types", .list(.id, max: 20)),
                StripeField("delivery_success", .flag),
            ]
        ) { book, call throws(StripeFailure) in try book.listEvents(call) },
        StripeRoute("GET", "/v1/events/{id}", "rak_event_read") {
            book, call throws(StripeFailure) in try book.retrieveEvent(call)
        },
        StripeRoute(
            "POST", "/v1/webhook_endpoints", "rak_webhook_write",
            [
                .required("enabled_events", .list(.id, max: 300)), .required("url", .id),
                StripeField("api_version", .id), StripeField("connect", .flag),
                StripeField("description", .text(5000)), StripeField("metadata", .metadata),
            ]
        ) { book, call throws(StripeFailure) in try book.createEndpoint(call) },
        .list("/v1/webhook_endpoints", "rak_webhook_read", []) {
            book, call throws(StripeFailure) in try book.listEndpoints(call)
        },
        StripeRoute("GET", "/v1/webhook_endpoints/{webhook_endpoint}", "rak_webhook_read") {
            book, call throws(StripeFailure) in try book.retrieveEndpoint(call)
        },
        StripeRoute(
            "POST", "/v1/webhook_endpoints/{webhook_endpoint}", "rak_webhook_write",
            [
                StripeField("enabled_events", .list(.id, max: 300)), StripeField("url", .id),
                StripeField("disabled", .flag), StripeField("description", .text(5000)),
                StripeField("metadata", .metadata),
            ]
        ) { book, call throws(StripeFailure) in try book.updateEndpoint(call) },
        StripeRoute("DELETE", "/v1/webhook_endpoints/{webhook_endpoint}", "rak_webhook_write") {
            book, call throws(StripeFailure) in try book.deleteEndpoint(call)
        },
        StripeRoute("GET", "/v1/account", "rak_accounts_kyc_basic_read") {
            book, call throws(StripeFailure) in try book.retrieveAccount(call)
        },
        StripeRoute("GET", "/v1/country_specs/{country}", "") {
            book, call throws(StripeFailure) in try book.retrieveCountry(call)
        },
    ]
}
