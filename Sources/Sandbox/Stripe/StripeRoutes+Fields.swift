extension StripeRoutes {
    static let addressFields = ["city", "country", "line1", "line2", "postal_code", "state"].map {
        StripeField($0, .text(5000))
    }

    static let customFields = StripeShape.clearable(
        .list(.object([.required("name", .text(40)), .required("value", .text(140))]), max: 4))

    static let customerFields: [StripeField] = [
        StripeField("address", .clearable(.object(addressFields))), StripeField("balance", .whole),
        StripeField("business_name", .text(150)), StripeField("description", .text(5000)),
        StripeField("email", .text(512)), StripeField("individual_name", .text(150)),
        StripeField("invoice_prefix", .text(5000)),
        StripeField(
            "invoice_settings",
            .object([StripeField("custom_fields", customFields), StripeField("footer", .text(5000))])),
        StripeField("metadata", .metadata), StripeField("name", .text(256)),
        StripeField("next_invoice_sequence", .whole), StripeField("phone", .text(20)),
        StripeField("preferred_locales", .list(.text(5000), max: 20)),
        StripeField("tax_exempt", .choice(["", "exempt", "none", "reverse"])),
    ]

    /// Tax ids come with the creation; later they are objects of their own.
    static let customerOnce: [StripeField] = [
        StripeField(
            "tax_id_data", .list(.object([.required("type", .id), .required("value", .id)]), max: 5))
    ]

    static let party = StripeShape.object([
        .required("type", .choice(["account", "self"])), StripeField("account", .id),
    ])

    /// May be given at creation and changed later.
    private static let invoiceTexts: [StripeField] = [
        StripeField("auto_advance", .flag), StripeField("custom_fields", customFields),
        StripeField("description", .text(1500)), StripeField("due_date", .whole),
        StripeField("days_until_due", .whole), StripeField("effective_at", .clearable(.whole)),
        StripeField("footer", .text(5000)), StripeField("metadata", .metadata), StripeField("number", .text(26)),
    ]

    static let invoiceChanges = invoiceTexts

    static let invoiceFields: [StripeField] =
        invoiceTexts + [
            StripeField("account_tax_ids", .clearable(.list(.id, max: 20))),
            StripeField(
                "automatic_tax", .object([.required("enabled", .flag), StripeField("liability", party)])),
            StripeField("collection_method", .choice(["charge_automatically", "send_invoice"])),
            StripeField("currency", .id), StripeField("customer", .id),
            StripeField("default_tax_rates", .list(.id, max: 20)),
            StripeField("discounts", .clearable(.list(.object([StripeField("coupon", .id)]), max: 20))),
            StripeField("issuer", party),
            StripeField(
                "payment_settings",
                .object([
                    StripeField("default_mandate", .text(5000)),
                    StripeField("payment_method_types", .clearable(.list(.id, max: 50))),
                ])),
            StripeField("pending_invoice_items_behavior", .choice(["exclude", "include"])),
            StripeField(
                "rendering",
                .object([
                    StripeField("amount_tax_display", .choice(["", "exclude_tax", "include_inclusive_tax"])),
                    StripeField("pdf", .object([StripeField("page_size", .choice(["a4", "auto", "letter"]))])),
                ])),
            StripeField("statement_descriptor", .text(22)),
        ]

    static let invoiceFilters: [StripeField] = [
        StripeField("collection_method", .choice(["charge_automatically", "send_invoice"])),
        StripeField("created", .bounds), StripeField("customer", .id), StripeField("due_date", .bounds),
        StripeField("status", .choice(["draft", "open", "paid", "uncollectible", "void"])),
    ]

    static let lineFields: [StripeField] = [
        StripeField("amount", .whole), StripeField("description", .text(5000)), StripeField("discountable", .flag),
        StripeField("discounts", .clearable(.list(.object([StripeField("coupon", .id)]), max: 20))),
        StripeField("metadata", .metadata),
        StripeField("period", .object([.required("end", .whole), .required("start", .whole)])),
        StripeField("price_data", .object(priceFields)), StripeField("quantity", .whole),
        StripeField("tax_amounts", .clearable(.list(.object(taxFields), max: 20))),
        StripeField("tax_rates", .clearable(.list(.id, max: 20))),
    ]

    private static let priceFields: [StripeField] = [
        .required("currency", .id), StripeField("product", .id),
        StripeField(
            "product_data",
            .object([
                .required("name", .id), StripeField("description", .text(40_000)), StripeField("metadata", .metadata),
            ])),
        StripeField("tax_behavior", .choice(["exclusive", "inclusive", "unspecified"])),
        StripeField("unit_amount", .whole),
    ]

    private static let taxFields: [StripeField] = [
        .required("amount", .whole), .required("taxable_amount", .whole),
        .required("tax_rate_data", .object(taxRateFields)),
        StripeField(
            "taxability_reason",
            .choice([
                "customer_exempt", "not_collecting", "not_subject_to_tax", "not_supported", "portion_product_exempt",
                "portion_reduced_rated", "portion_standard_rated", "product_exempt", "product_exempt_holiday",
                "proportionally_rated", "reduced_rated", "reverse_charge", "standard_rated", "taxable_basis_reduced",
                "zero_rated",
            ])),
    ]

    private static let taxRateFields: [StripeField] = [
        .required("display_name", .text(200)), .required("inclusive", .flag), .required("percentage", .decimal),
        StripeField("country", .text(5000)), StripeField("description", .text(5000)),
        StripeField("jurisdiction", .text(200)),
        StripeField("jurisdiction_level", .choice(["city", "country", "county", "district", "multiple", "state"])),
        StripeField("state", .text(5000)),
        StripeField("tax_type", .choice(["gst", "hst", "jct", "pst", "qst", "sales_tax", "service_tax", "vat"])),
    ]

    static let paymentFields: [StripeField] = [
        .required("type", .choice(["payment_intent", "payment_record"])), StripeField("payment_intent", .id),
        StripeField("payment_record", .id),
    ]

    static let byCharge: [StripeField] = [
        StripeField("charge", .id), StripeField("created", .bounds), StripeField("payment_intent", .id),
    ]
}
