import Foundation
import Testing

@testable import Sandbox

@Suite("Other shapes of the simulated Stripe: thin events, versions before basil, its own failures")
struct StripeOldShapeTests {
    let bench = StripeBench()

    private func endpoint(version: String? = nil) throws -> String {
        var parameters = [("url", "http://127.0.0.1:9/hook"), ("enabled_events[]", "*")]
        if let version { parameters.append(("api_version", version)) }
        return try bench.post("/v1/webhook_endpoints", parameters).json["id"].text ?? ""
    }

    private func bodies() throws -> [String: LooseJSON] {
        let due = bench.stripe.takeDeliveries()
        return Dictionary(
            try due.map { ($0.eventType, try JSONDecoder().decode(LooseJSON.self, from: Data($0.body))) }
        ) { $1 }
    }

    @Test("A thin event names its object and nothing else of it")
    func thin() throws {
        try bench.stripe.setThin(endpoint: try endpoint())
        let made = try bench.stripe.pay(invoice: bench.open(1_000))
        let event = try #require(try bodies()["charge.succeeded"])
        #expect(event["object"].text == "v2.core.event")
        #expect(event["type"].text == "v1.charge.succeeded")
        #expect(event["created"].text?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z/) != nil)
        #expect(event["data"] == .null)
        #expect(event["related_object"]["id"].text == made.charge)
        #expect(event["related_object"]["type"].text == "charge")
        let url = try #require(event["related_object"]["url"].text)
        #expect(try bench.get(url).json["id"].text == made.charge)
    }

    @Test("An endpoint of an old version gets the members that moved in basil, and a new one does not")
    func oldEvents() throws {
        _ = try endpoint(version: "2025-02-24.acacia")
        let made = try bench.stripe.pay(invoice: bench.open(1_000))
        let old = try bodies()
        #expect(old["charge.succeeded"]?["data"]["object"]["invoice"].text == made.invoice)
        #expect(old["payment_intent.succeeded"]?["data"]["object"]["invoice"].text == made.invoice)
        let invoice = try #require(old["invoice.paid"]?["data"]["object"])
        #expect(invoice["charge"].text == made.charge)
        #expect(invoice["payment_intent"].text == made.paymentIntent)
        #expect(invoice["paid"].flag == true)
        #expect(invoice.members["total_taxes"] == nil)
        #expect(invoice["lines"]["data"][0]["type"].text == "invoiceitem")
        #expect(invoice["lines"]["data"][0].members["pricing"] == nil)
        let new = try bench.get("/v1/charges/\(made.charge)").json
        #expect(new.members["invoice"] == nil)
        let asked = try bench.send("GET", "/v1/charges/\(made.charge)", version: "2025-02-24.acacia")
        #expect(asked.json["invoice"].text == made.invoice)
    }

    @Test("The old shape leaves out what was paid out of band, and shows taxes the old way")
    func oldInvoice() throws {
        let invoice = try bench.draft(try bench.customer())
        let path = "lines[0][tax_amounts][0]"
        _ = try bench.post(
            "/v1/invoices/\(invoice)/add_lines",
            [
                ("lines[0][amount]", "10000"), ("\(path)[amount]", "2500"), ("\(path)[taxable_amount]", "10000"),
                ("\(path)[tax_rate_data][display_name]", "MVA"), ("\(path)[tax_rate_data][inclusive]", "false"),
                ("\(path)[tax_rate_data][percentage]", "25"),
            ])
        _ = try bench.post("/v1/invoices/\(invoice)/finalize")
        _ = try bench.post("/v1/invoices/\(invoice)/pay", [("paid_out_of_band", "true")])
        let old = try bench.send("GET", "/v1/invoices/\(invoice)", version: "2024-09-30.acacia").json
        #expect(old["amount_paid"].whole == 0)
        #expect(old["paid_out_of_band"].flag == true)
        #expect(old["tax"].whole == 2_500)
        #expect(old["lines"]["data"][0]["tax_amounts"][0]["inclusive"].flag == false)
        #expect(try bench.invoice(invoice)["amount_paid"].whole == 12_500)
    }

    @Test("A held lock is a 429 without a request id, a key in use a 409; nothing happens and nothing is kept")
    func refusals() throws {
        bench.stripe.plan(.lockTimeout, pathPrefix: "/v1/customers")
        bench.stripe.plan(.keyInUse, pathPrefix: "/v1/customers")
        let locked = try bench.post("/v1/customers", [("name", "A")], idempotencyKey: "k1")
        #expect(locked.status == 429)
        #expect(locked.code == "lock_timeout")
        #expect(locked.headers["request-id"] == nil)
        let busy = try bench.post("/v1/customers", [("name", "A")], idempotencyKey: "k1")
        #expect(busy.status == 409)
        #expect(busy.code == "idempotency_key_in_use")
        let made = try bench.post("/v1/customers", [("name", "A")], idempotencyKey: "k1")
        #expect(made.status == 200)
        #expect(made.headers["idempotent-replayed"] == nil)
        #expect(try bench.get("/v1/customers").json["data"].array.count == 1)
    }

    @Test("A coupon is inherited when discounts are left out, and automatic tax raises the total")
    func inherited() throws {
        let bench = StripeBench { $0.automaticTaxByDefault = true }
        let customer = try bench.customer()
        try bench.stripe.grantCoupon(customer: customer, percentOff: 10)
        #expect(try bench.get("/v1/customers/\(customer)").json["discount"]["object"].text == "discount")
        func total(without left: String) throws -> Int64? {
            let parameters = bench.draftParameters(customer).filter { $0.0 != left }
            let id = try bench.post("/v1/invoices", parameters).json["id"].text ?? ""
            return try bench.post("/v1/invoices/\(id)/add_lines", [("lines[0][amount]", "10000")]).json["total"].whole
        }
        #expect(try total(without: "") == 10_000)
        #expect(try total(without: "discounts") == 9_000)
        #expect(try total(without: "automatic_tax[enabled]") == 12_500)
    }

    @Test("People work in the Dashboard: their acts are events without a request")
    func byHand() throws {
        let customer = try bench.customer()
        _ = try bench.stripe.byHand(
            account: "acct_bench", "POST", "/v1/customers/\(customer)", [("name", "Nytt navn")])
        let event = try bench.get("/v1/events", [("type", "customer.updated")]).json["data"][0]
        #expect(event["data"]["object"]["name"].text == "Nytt navn")
        #expect(event["request"]["id"] == .null)
        #expect(throws: StripeActionRefused.self) {
            try bench.stripe.byHand(account: "acct_bench", "POST", "/v1/customers/\(customer)", [("nmae", "x")])
        }
        _ = try bench.stripe.byHand(account: "acct_bench", "DELETE", "/v1/customers/\(customer)")
        #expect(try bench.get("/v1/customers/\(customer)").json["deleted"].flag == true)
        #expect(try bench.get("/v1/customers").json["data"].array.isEmpty)
        #expect(try bench.post("/v1/invoices", bench.draftParameters(customer)).status == 400)
        #expect(try bench.eventTypes().first == "customer.deleted")
    }
}
