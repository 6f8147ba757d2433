import Foundation
import Simulation
import Testing

@testable import Sandbox

extension LooseJSON {
    /// The same value as the checker takes it.
    fileprivate var exact: SandboxJSON {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .whole(let value): .integer(value)
        case .fraction(let value): .number(String(value))
        case .string(let text): .string(text)
        case .list(let items): .array(items.map(\.exact))
        case .object(let members): .object(members.map { ($0.key, $0.value.exact) })
        }
    }
}

extension OpenAPIDescription {
    fileprivate func problems(_ value: LooseJSON, _ schema: String) -> [String] {
        problems(value.exact, schema: schema)
    }
}

// Skipped, and shown as skipped, where the description is not beside the repository.
@Suite(
    "Simulated objects fit Stripe's API description",
    .enabled(if: OpenAPIDescription.arePresent))
struct StripeSchemaTests {
    @Test("Every kind of object, in its states, has the required properties and the right types")
    func objects() throws {
        let check = try OpenAPIDescription.stripe()
        let bench = StripeBench()
        _ = try bench.post("/v1/webhook_endpoints", [("url", "https://a.example"), ("enabled_events[]", "*")])
        let endpoint = try bench.get("/v1/webhook_endpoints").json["data"][0]
        let customer = try bench.post(
            "/v1/customers",
            [
                ("name", "Nordlys"), ("email", "a@b.example"), ("address[line1]", "Gata 1"),
                ("address[country]", "NO"), ("metadata[k]", "v"), ("tax_id_data[0][type]", "no_vat"),
                ("tax_id_data[0][value]", "123456789MVA"),
            ]
        ).json
        let id = customer["id"].text ?? ""
        let draft = try bench.post(
            "/v1/invoices",
            bench.draftParameters(id) + [
                ("custom_fields[0][name]", "Due"), ("custom_fields[0][value]", "2026-01-01"),
                ("rendering[amount_tax_display]", "exclude_tax"),
            ]
        ).json
        let invoice = draft["id"].text ?? ""
        let path = "lines[0][tax_amounts][0]"
        let lined = try bench.post(
            "/v1/invoices/\(invoice)/add_lines",
            [
                ("lines[0][amount]", "10000"), ("\(path)[amount]", "2500"), ("\(path)[taxable_amount]", "10000"),
                ("\(path)[tax_rate_data][display_name]", "MVA"), ("\(path)[tax_rate_data][inclusive]", "false"),
                ("\(path)[tax_rate_data][percentage]", "25"), ("\(path)[taxability_reason]", "standard_rated"),
            ]
        ).json
        let open = try bench.post("/v1/invoices/\(invoice)/finalize", [("expand[]", "payments")]).json
        let failed = try bench.stripe.failCard(invoice: invoice)
        try bench.stripe.pay(invoice: invoice, amount: 2_500)
        let made = try bench.stripe.pay(invoice: invoice)
        let disputeID = try bench.stripe.dispute(charge: made.charge, amount: 1_000)
        let refundID = try bench.stripe.refund(charge: made.charge, amount: 300)
        let void = try bench.open(1_000, customer: id)
        _ = try bench.post("/v1/invoices/\(void)/void")
        let full = [("expand[]", "customer"), ("expand[]", "payments.data.payment.payment_intent.latest_charge")]
        let deep = [("expand[]", "payment_intent"), ("expand[]", "balance_transaction"), ("expand[]", "refunds")]
        let objects: [(String, LooseJSON)] = [
            ("webhook_endpoint", endpoint), ("customer", customer), ("invoice", draft), ("invoice", lined),
            ("invoice", open), ("invoice", try bench.get("/v1/invoices/\(invoice)", full).json),
            ("invoice", try bench.get("/v1/invoices/\(void)").json),
            ("charge", try bench.get("/v1/charges/\(failed)").json),
            ("charge", try bench.get("/v1/charges/\(made.charge)", deep).json),
            ("payment_intent", try bench.get("/v1/payment_intents/\(made.paymentIntent)").json),
            ("dispute", try bench.get("/v1/disputes/\(disputeID)", [("expand[]", "charge")]).json),
            ("refund", try bench.get("/v1/refunds/\(refundID)").json),
            ("account", try bench.get("/v1/account").json),
        ]
        for (kind, object) in objects { #expect(check.problems(object, kind) == [], "\(kind)") }
        let payments = try bench.get("/v1/invoice_payments").json["data"].array
        #expect(payments.count == 3)
        for payment in payments { #expect(check.problems(payment, "invoice_payment") == []) }
        for event in try bench.get("/v1/events", [("limit", "100")]).json["data"].array {
            #expect(check.problems(event, "event") == [])
            let object = event["data"]["object"]
            #expect(check.problems(object, object["object"].text ?? "") == [], "\(event["type"])")
        }
        let error = try bench.get("/v1/customers/cus_nobody").json
        #expect(check.problems(error, "error") == [])
    }

    @Test("Payments elsewhere, credit notes, refunds, disputes, fees and payouts have the right types too")
    func settlement() throws {
        let check = try OpenAPIDescription.stripe()
        let bench = StripeBench { $0.conversions["sek"] = StripeConversion(to: "nok", rateMillionths: 950_000) }
        let customer = try bench.customer()
        let (first, second) = (
            try bench.open(9_000, customer: customer, currency: "sek"), try bench.open(8_000, customer: customer)
        )
        let made = try bench.stripe.pay(invoice: first, amount: 9_500)
        let pending = try bench.stripe.startPayment(invoice: second, amount: 1_000)
        try bench.stripe.transfer(invoice: second, amount: 500)
        let record = try bench.reported(700)
        _ = try bench.post("/v1/invoices/\(second)/attach_payment", [("payment_record", record)])
        let note = try bench.post("/v1/credit_notes", [("invoice", second), ("amount", "400")]).json
        let given = [("invoice", first), ("amount", "900"), ("refund_amount", "500"), ("credit_amount", "400")]
        let back = try bench.post("/v1/credit_notes", given).json
        let refund = try bench.stripe.refund(charge: made.charge, amount: 100, isPending: true)
        try bench.stripe.failRefund(refund)
        let dispute = try bench.stripe.dispute(charge: made.charge, opening: .inquiry)
        try bench.stripe.takeFee(account: "acct_bench", currency: "nok", amount: 5)
        let payout = try bench.stripe.payOut(account: "acct_bench", currency: "nok")
        try bench.stripe.failPayout(payout)
        try bench.stripe.grantCoupon(customer: customer, percentOff: 10)
        let deep = "payments.data.payment.payment_intent.latest_charge"
        let objects: [(String, LooseJSON)] = [
            ("credit_note", note), ("credit_note", back),
            ("invoice", try bench.invoice(first, expand: deep)), ("invoice", try bench.invoice(second, expand: deep)),
            ("charge", try bench.get("/v1/charges/\(pending.charge)").json),
            ("payment_record", try bench.get("/v1/payment_records/\(record)").json),
            ("refund", try bench.get("/v1/refunds/\(refund)").json),
            ("dispute", try bench.get("/v1/disputes/\(dispute)").json),
            ("payout", try bench.get("/v1/payouts/\(payout)").json),
            ("customer", try bench.get("/v1/customers/\(customer)").json),
            ("country_spec", try bench.get("/v1/country_specs/NO").json),
            ("balance", try bench.get("/v1/balance").json),
        ]
        for (kind, object) in objects { #expect(check.problems(object, kind) == [], "\(kind)") }
        for expand in [[], [("expand[]", "data.source")]] {
            for row in try bench.get("/v1/balance_transactions", [("limit", "100")] + expand).json["data"].array {
                #expect(check.problems(row, "balance_transaction") == [])
            }
        }
        for event in try bench.get("/v1/events", [("limit", "100")]).json["data"].array {
            let object = event["data"]["object"]
            #expect(check.problems(object, object["object"].text ?? "") == [], "\(event["type"])")
        }
    }

    @Test("Lists have the list's envelope")
    func lists() throws {
        let bench = StripeBench()
        _ = try bench.customer()
        for path in [
            "/v1/customers", "/v1/invoices", "/v1/charges", "/v1/disputes", "/v1/refunds", "/v1/events",
            "/v1/invoice_payments", "/v1/webhook_endpoints", "/v1/payment_intents", "/v1/credit_notes",
            "/v1/balance_transactions", "/v1/payouts",
        ] {
            let json = try bench.get(path).json
            #expect(json["object"].text == "list", "\(path)")
            #expect(json["url"].text == path)
            #expect(json["has_more"].flag == false)
        }
    }

    @Test("Every operation and parameter of the sandbox is one that Stripe describes")
    func operations() throws {
        let described = try OpenAPIDescription.stripe()
        for route in StripeRoutes.all {
            let operation = try #require(described.paths[route.template]?[route.method.lowercased()], "\(route.name)")
            let form = operation["requestBody"]?["content"]?["application/x-www-form-urlencoded"]?["schema"]
            let parameters = operation["parameters"]?.elements ?? []
            let known = Set(form?["properties"]?.members?.map(\.0) ?? [])
                .union(parameters.compactMap { $0["name"]?.stringValue })
            let extra = route.fields.map(\.name).filter { !known.contains($0) }
            #expect(extra == [], "\(route.name)")
        }
    }
}
