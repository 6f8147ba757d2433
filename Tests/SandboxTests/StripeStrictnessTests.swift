import Foundation
import Testing

@testable import Sandbox

@Suite("The simulated Stripe is as strict as the real one")
struct StripeStrictnessTests {
    let bench = StripeBench()

    @Test("A parameter nobody knows is refused by name, also deep inside")
    func unknownParameters() throws {
        let flat = try bench.post("/v1/customers", [("nmae", "Nordlys")])
        #expect(flat.status == 400)
        #expect(flat.code == "parameter_unknown")
        #expect(flat.message == "Received unknown parameter: nmae")

        let invoice = try bench.draft(try bench.customer())
        let deep = try bench.post(
            "/v1/invoices/\(invoice)/add_lines", [("lines[0][amount]", "1"), ("lines[0][tax_amount]", "1")])
        #expect(deep.param == "lines[0][tax_amount]")
        #expect(deep.code == "parameter_unknown")
        #expect(try bench.get("/v1/invoices/\(invoice)").json["lines"]["data"].array.isEmpty)

        let query = try bench.get("/v1/customers", [("description", "x")])
        #expect(query.code == "parameter_unknown")
    }

    @Test("What is required must be there, and the type must fit")
    func missingAndMistyped() throws {
        let missing = try bench.post("/v1/webhook_endpoints", [("url", "https://a.example/x")])
        #expect(missing.code == "parameter_missing")
        #expect(missing.param == "enabled_events")
        let customer = try bench.customer()
        var parameters = bench.draftParameters(customer).filter { $0.0 != "due_date" }
        parameters.append(("due_date", "tomorrow"))
        #expect(try bench.post("/v1/invoices", parameters).code == "parameter_invalid_integer")
        let long = bench.draftParameters(customer) + [("number", String(repeating: "9", count: 27))]
        #expect(try bench.post("/v1/invoices", long).param == "number")
        let choice = try bench.get("/v1/invoices", [("status", "overdue")])
        #expect(choice.message.contains("must be one of"))
    }

    @Test(
        "What is no version of the API is refused",
        arguments: [
            "2026-8-26.dahlia", "2026-08-26.", "2026-08-26.Dahlia", "2026-08-26.a.b", "2026_08_26", "latest", "",
        ])
    func version(_ text: String) throws {
        #expect(try bench.send("GET", "/v1/customers", version: text).param == "Stripe-Version")
        for version in ["2024-06-20", "2026-08-26.dahlia"] {
            #expect(try bench.send("GET", "/v1/customers", version: version).status == 200)
        }
    }

    @Test("Without a key, with an unknown key, and with a key that may not: 401, 401, 403")
    func keys() throws {
        #expect(try bench.send("GET", "/v1/customers", key: nil).status == 401)
        let wrong = try bench.send("GET", "/v1/customers", key: "sk_test_notakeyatall")
        #expect(wrong.status == 401)
        #expect(!wrong.message.contains("sk_test_notakeyatall"))
        let restricted = StripeBench(permissions: ["rak_customer_write"])
        #expect(try restricted.get("/v1/customers").status == 200)
        #expect(try restricted.get("/v1/account").status == 403)
        #expect(try restricted.get("/v1/invoices").message.contains("rak_invoice_read"))
        #expect(try bench.get("/v1/account").json["id"].text == "acct_bench")
    }

    @Test("Every answer has a request id and a version; a malformed version is refused")
    func headers() throws {
        let first = try bench.get("/v1/customers")
        let second = try bench.get("/v1/nothing")
        #expect(first.headers["request-id"]?.hasPrefix("req_") == true)
        #expect(first.headers["request-id"] != second.headers["request-id"])
        #expect(second.status == 404)
        #expect(try bench.send("GET", "/v1/customers", version: "2026-08-26.dahlia").status == 200)
        #expect(try bench.send("GET", "/v1/customers", version: "yesterday").status == 400)
    }

    @Test("An invoice to be sent needs an address of its customer and a due date in the future")
    func emailAndDueDate() throws {
        let silent = try bench.customer(email: nil)
        let refused = try bench.post("/v1/invoices", bench.draftParameters(silent))
        #expect(refused.status == 400)
        #expect(refused.message.hasPrefix("Missing email."))
        var late = bench.draftParameters(try bench.customer()).filter { $0.0 != "due_date" }
        late.append(("due_date", String(bench.now)))
        let past = try bench.post("/v1/invoices", late)
        #expect(past.param == "due_date")
        #expect(past.message == "Invalid timestamp: must be an integer Unix timestamp in the future.")
    }

    @Test("A currency the account does not take is refused, with the list of those it takes")
    func currency() throws {
        let refused = try bench.post("/v1/invoices", bench.draftParameters(try bench.customer(), currency: "thb"))
        #expect(refused.status == 400)
        #expect(refused.message.hasPrefix("Invalid currency: thb. Stripe currently supports these currencies: dkk"))
    }

    @Test("An unknown customer is 400 in the body and 404 in the path")
    func unknownIDs() throws {
        let body = try bench.post("/v1/invoices", bench.draftParameters("cus_nobody"))
        #expect(body.status == 400)
        #expect(body.message == "No such customer: 'cus_nobody'")
        #expect(try bench.get("/v1/customers/cus_nobody").status == 404)
    }

    @Test("A number is given once per account, and a deleted draft frees it")
    func numbers() throws {
        let customer = try bench.customer()
        let first = try bench.draft(customer, number: "V-100")
        #expect(try bench.post("/v1/invoices", bench.draftParameters(customer) + [("number", "V-100")]).status == 400)
        #expect(try bench.send("DELETE", "/v1/invoices/\(first)").json["deleted"].flag == true)
        #expect(try bench.get("/v1/invoices/\(first)").status == 404)
        #expect(try bench.post("/v1/invoices", bench.draftParameters(customer) + [("number", "V-100")]).status == 200)
    }

    @Test("Endpoints refuse event names that Stripe does not have, and tell their secret only once")
    func endpoints() throws {
        let wrong = try bench.post(
            "/v1/webhook_endpoints", [("url", "https://a.example/x"), ("enabled_events[]", "charge.completed")])
        #expect(wrong.status == 400)
        #expect(wrong.param == "enabled_events[0]")
        let made = try bench.post(
            "/v1/webhook_endpoints", [("url", "https://a.example/x"), ("enabled_events[]", "charge.succeeded")])
        #expect(made.json["secret"].text?.hasPrefix("whsec_") == true)
        let again = try bench.get("/v1/webhook_endpoints/\(made.json["id"].text ?? "")")
        #expect(again.json["secret"] == .null)
        for _ in 1..<16 {
            _ = try bench.post("/v1/webhook_endpoints", [("url", "https://a.example"), ("enabled_events[]", "*")])
        }
        let tooMany = try bench.post(
            "/v1/webhook_endpoints", [("url", "https://a.example"), ("enabled_events[]", "*")])
        #expect(tooMany.message.contains("maximum of 16"))
    }

    @Test("Invoice payments cannot be listed by charge, and refunds cannot be made through the API")
    func whatStripeDoesNotOffer() throws {
        let byCharge = try bench.get(
            "/v1/invoice_payments", [("payment[type]", "charge"), ("payment[charge]", "ch_1")])
        #expect(byCharge.status == 400)
        #expect(try bench.post("/v1/refunds", [("charge", "ch_1")]).status == 403)
    }

    @Test("A JSON body is refused: this API takes forms")
    func contentType() throws {
        let request = SandboxRequest(
            method: "POST", path: "/v1/customers",
            headers: [("Authorization", "Bearer \(StripeBench.key)"), ("Content-Type", "application/json")],
            body: Array("{}".utf8))
        #expect(bench.stripe.handle(request).status == 400)
        let basic = SandboxRequest(
            method: "GET", path: "/v1/customers",
            headers: [("Authorization", "Basic " + Data("\(StripeBench.key):".utf8).base64EncodedString())])
        #expect(bench.stripe.handle(basic).status == 200)
    }

    @Test("Expansion is refused where Stripe offers none")
    func expansion() throws {
        let invoice = try bench.open(1000)
        let wrong = try bench.get("/v1/invoices/\(invoice)", [("expand[]", "charge")])
        #expect(wrong.status == 400)
        let right = try bench.get(
            "/v1/invoices/\(invoice)", [("expand[]", "payments.data.payment.payment_intent.latest_charge")])
        let intent = right.json["payments"]["data"][0]["payment"]["payment_intent"]
        #expect(intent["object"].text == "payment_intent")
        #expect(intent["payment_details"]["order_reference"].text == invoice)
    }
}
