import Foundation
import Testing

@testable import Sandbox

/// Beside the repository, where there is one: Stripe's own API description.
private let description = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../shared/specs/stripe-openapi.json").standardizedFileURL

/// Checks values against OpenAPI schemas, as far as Stripe's description uses them: types, enums, references,
/// nullable, anyOf, and required properties. Unknown properties are refused: an object must not show a field that
/// its version does not have.
private struct SchemaCheck {
    let schemas: [String: LooseJSON]

    init() throws {
        let file = try JSONDecoder().decode(LooseJSON.self, from: Data(contentsOf: description))
        schemas = file["components"]["schemas"].members
    }

    func problems(_ value: LooseJSON, _ name: String) -> [String] {
        schemas[name].map { problems(value, $0, at: name) } ?? ["no schema \(name)"]
    }

    private func problems(_ value: LooseJSON, _ schema: LooseJSON, at path: String) -> [String] {
        if let reference = schema["$ref"].text {
            let name = reference.split(separator: "/").last.map(String.init) ?? ""
            return schemas[name].map { problems(value, $0, at: path) } ?? ["\(path): no schema \(name)"]
        }
        if value == .null { return schema["nullable"].flag == true ? [] : ["\(path): null is not allowed"] }
        let choices = schema["anyOf"].array
        if !choices.isEmpty {
            let tried = choices.map { problems(value, $0, at: path) }
            return tried.contains(where: \.isEmpty) ? [] : tried.min { $0.count < $1.count } ?? []
        }
        let words = schema["enum"].array
        if !words.isEmpty, !words.contains(value) { return ["\(path): \(value) is none of the allowed values"] }
        switch (schema["type"].text, value) {
        case ("string", .string), ("integer", .whole), ("boolean", .bool), ("number", .whole), ("number", .fraction):
            return []
        case ("array", .list(let items)):
            return items.enumerated().flatMap { problems($1, schema["items"], at: "\(path)[\($0)]") }
        case ("object", .object(let members)): return problems(members, of: schema, at: path)
        case (nil, _): return []
        default: return ["\(path): \(value) is not a \(schema["type"].text ?? "?")"]
        }
    }

    private func problems(_ members: [String: LooseJSON], of schema: LooseJSON, at path: String) -> [String] {
        let known = schema["properties"].members
        var found = schema["required"].array.compactMap(\.text).filter { members[$0] == nil }.map {
            "\(path).\($0) is missing"
        }
        for (name, value) in members {
            if let property = known[name] {
                found += problems(value, property, at: "\(path).\(name)")
            } else if case .object = schema["additionalProperties"] {
                found += problems(value, schema["additionalProperties"], at: "\(path).\(name)")
            } else if !known.isEmpty {
                found.append("\(path).\(name) is unknown")
            }
        }
        return found
    }
}

// Skipped, and shown as skipped, where the description is not beside the repository.
@Suite(
    "Simulated objects fit Stripe's API description",
    .enabled(if: FileManager.default.fileExists(atPath: description.path)))
struct StripeSchemaTests {
    @Test("Every kind of object, in its states, has the required properties and the right types")
    func objects() throws {
        let check = try SchemaCheck()
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

    @Test("Lists have the list's envelope")
    func lists() throws {
        let bench = StripeBench()
        _ = try bench.customer()
        for path in [
            "/v1/customers", "/v1/invoices", "/v1/charges", "/v1/disputes", "/v1/refunds", "/v1/events",
            "/v1/invoice_payments", "/v1/webhook_endpoints", "/v1/payment_intents",
        ] {
            let json = try bench.get(path).json
            #expect(json["object"].text == "list", "\(path)")
            #expect(json["url"].text == path)
            #expect(json["has_more"].flag == false)
        }
    }

    @Test("Every operation and parameter of the sandbox is one that Stripe describes")
    func operations() throws {
        let file = try JSONDecoder().decode(LooseJSON.self, from: Data(contentsOf: description))
        for route in StripeRoutes.all {
            let operation = file["paths"][route.template][route.method.lowercased()]
            #expect(operation != .null, "\(route.name)")
            let form = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
            let known = Set(form["properties"].members.keys)
                .union(operation["parameters"].array.compactMap { $0["name"].text })
            let extra = route.fields.map(\.name).filter { !known.contains($0) }
            #expect(extra == [], "\(route.name)")
        }
    }
}
