import Testing

@testable import Sandbox

@Suite("Amounts and states of simulated invoices")
struct StripeInvoiceTests {
    let bench = StripeBench()

    private func tax(_ line: Int, _ amount: Int, of taxable: Int, inclusive: Bool = false) -> [(String, String)] {
        let path = "lines[\(line)][tax_amounts][0]"
        return [
            ("\(path)[amount]", String(amount)), ("\(path)[taxable_amount]", String(taxable)),
            ("\(path)[tax_rate_data][display_name]", "MVA"), ("\(path)[tax_rate_data][percentage]", "25.0"),
            ("\(path)[tax_rate_data][inclusive]", inclusive ? "true" : "false"),
        ]
    }

    @Test("Exclusive tax adds to the total as given, inclusive does not, a negative line takes away")
    func totals() throws {
        let invoice = try bench.draft(try bench.customer())
        let lines =
            [("lines[0][amount]", "100001"), ("lines[1][amount]", "12500"), ("lines[2][amount]", "-5000")]
            + tax(0, 25_001, of: 100_001) + tax(1, 2_500, of: 10_000, inclusive: true)
        let answer = try bench.post("/v1/invoices/\(invoice)/add_lines", lines)
        #expect(answer.status == 200)
        #expect(answer.json["subtotal"].whole == 107_501)
        #expect(answer.json["total"].whole == 132_502)
        #expect(answer.json["subtotal_excluding_tax"].whole == 105_001)
        #expect(answer.json["total_taxes"].array.count == 2)
        #expect(answer.json["total_taxes"][0]["tax_behavior"].text == "exclusive")
        #expect(answer.json["total_taxes"][0]["amount"].whole == 25_001)
        let open = try bench.post("/v1/invoices/\(invoice)/finalize").json
        #expect(open["status"].text == "open")
        #expect(open["amount_due"].whole == 132_502)
        #expect(open["hosted_invoice_url"].text?.hasPrefix("https://invoice.stripe.com/") == true)
        #expect(open["number"].text?.isEmpty == false)
        let frozen = try bench.post("/v1/invoices/\(invoice)/add_lines", [("lines[0][amount]", "1")])
        #expect(frozen.code == "invoice_not_editable")
    }

    @Test("Automatic tax that the account switches on excludes tax amounts, unless the request switches it off")
    func automaticTax() throws {
        let bench = StripeBench { $0.automaticTaxByDefault = true }
        let customer = try bench.customer()
        let silent = bench.draftParameters(customer).filter { $0.0 != "automatic_tax[enabled]" }
        let taxed = try bench.post("/v1/invoices", silent).json
        #expect(taxed["automatic_tax"]["enabled"].flag == true)
        let lines = [("lines[0][amount]", "1000")] + tax(0, 250, of: 1000)
        #expect(try bench.post("/v1/invoices/\(taxed["id"].text ?? "")/add_lines", lines).status == 400)
        let plain = try bench.draft(customer)
        #expect(try bench.post("/v1/invoices/\(plain)/add_lines", lines).status == 200)
    }

    @Test("At most 250 lines; the invoice shows ten and the rest is listed")
    func manyLines() throws {
        let invoice = try bench.draft(try bench.customer())
        let lines = (0..<250).map { ("lines[\($0)][amount]", "100") }
        let answer = try bench.post("/v1/invoices/\(invoice)/add_lines", lines)
        #expect(answer.json["total"].whole == 25_000)
        #expect(answer.json["lines"]["data"].array.count == 10)
        #expect(answer.json["lines"]["has_more"].flag == true)
        #expect(try bench.post("/v1/invoices/\(invoice)/add_lines", [("lines[0][amount]", "1")]).status == 400)
        let listed = try bench.get("/v1/invoices/\(invoice)/lines", [("limit", "100")])
        #expect(listed.json["data"].array.count == 100)
    }

    @Test("Under the currency's minimum the invoice is paid at once and the customer owes it", arguments: [299, 300])
    func minimum(amount: Int64) throws {
        let customer = try bench.customer()
        let invoice = try bench.open(amount, customer: customer)
        let json = try bench.get("/v1/invoices/\(invoice)").json
        #expect(json["status"].text == (amount < 300 ? "paid" : "open"))
        #expect(json["amount_due"].whole == (amount < 300 ? 0 : amount))
        #expect(try bench.get("/v1/customers/\(customer)").json["balance"].whole == (amount < 300 ? amount : 0))
    }

    @Test("Nothing to pay is paid at finalization, without an intent")
    func nothing() throws {
        let json = try bench.get("/v1/invoices/\(try bench.open(0))", [("expand[]", "payments")]).json
        #expect(json["status"].text == "paid")
        #expect(json["payments"]["data"].array.isEmpty)
    }

    @Test("A customer's credit of the same currency lowers what is due, and only of the same")
    func balance() throws {
        let customer = try bench.customer()
        _ = try bench.post("/v1/customers/\(customer)", [("balance", "-4000")])
        let draft = try bench.draft(customer)
        _ = try bench.post("/v1/invoices/\(draft)/add_lines", [("lines[0][amount]", "10000")])
        #expect(try bench.get("/v1/invoices/\(draft)").json["starting_balance"].whole == -4000)
        let other = try bench.open(10_000, customer: customer, currency: "sek")
        #expect(try bench.get("/v1/invoices/\(other)").json["amount_due"].whole == 10_000)
        let open = try bench.post("/v1/invoices/\(draft)/finalize").json
        #expect(open["total"].whole == 10_000)
        #expect(open["amount_due"].whole == 6_000)
        #expect(open["starting_balance"].whole == -4_000)
    }

    @Test("Steps of currencies: ISK in hundreds, KWD in tens, JPY in ones")
    func steps() throws {
        func status(_ currency: String, _ amount: Int) throws -> Int {
            let invoice = try bench.draft(try bench.customer(), currency: currency)
            return try bench.post("/v1/invoices/\(invoice)/add_lines", [("lines[0][amount]", String(amount))]).status
        }
        #expect(try status("isk", 12_300) == 200)
        #expect(try status("isk", 12_350) == 400)
        #expect(try status("kwd", 1_230) == 200)
        #expect(try status("kwd", 1_234) == 400)
        #expect(try status("jpy", 1_234) == 200)
        let krona = try bench.open(20_000, currency: "isk")
        #expect(throws: StripeActionRefused.self) { try bench.stripe.pay(invoice: krona, amount: 150) }
        try bench.stripe.pay(invoice: krona, amount: 10_000)
        #expect(try bench.post("/v1/credit_notes", [("invoice", krona), ("amount", "150")]).status == 400)
        #expect(try bench.post("/v1/credit_notes", [("invoice", krona), ("amount", "100")]).status == 200)
    }

    @Test("Paid in two parts: two intents, two allocations, and paid only at the end")
    func parts() throws {
        let invoice = try bench.open(10_000)
        let first = try bench.stripe.pay(invoice: invoice, amount: 4_000)
        let between = try bench.get("/v1/invoices/\(invoice)").json
        #expect(between["status"].text == "open")
        #expect(between["amount_remaining"].whole == 6_000)
        #expect(try !bench.eventTypes().contains("invoice.paid"))
        let second = try bench.stripe.pay(invoice: invoice)
        #expect(first.paymentIntent != second.paymentIntent)
        let after = try bench.get("/v1/invoices/\(invoice)").json
        #expect(after["status"].text == "paid")
        #expect(after["amount_paid"].whole == 10_000)
        let paid = try bench.get("/v1/invoice_payments", [("invoice", invoice), ("status", "paid")])
        #expect(paid.json["data"].array.compactMap { $0["amount_paid"].whole }.sorted() == [4_000, 6_000])
        let byIntent = try bench.get(
            "/v1/invoice_payments",
            [("payment[type]", "payment_intent"), ("payment[payment_intent]", first.paymentIntent)])
        #expect(byIntent.json["data"].array.compactMap { $0["invoice"].text } == [invoice])
    }

    @Test("More than the rest becomes the customer's credit")
    func overpaid() throws {
        let customer = try bench.customer()
        let invoice = try bench.open(10_000, customer: customer)
        try bench.stripe.pay(invoice: invoice, amount: 10_500)
        #expect(try bench.get("/v1/invoices/\(invoice)").json["amount_overpaid"].whole == 500)
        #expect(try bench.get("/v1/customers/\(customer)").json["balance"].whole == -500)
    }

    @Test("An open invoice can be voided, one with a payment cannot, a draft neither")
    func voiding() throws {
        let open = try bench.open(1_000)
        #expect(try bench.post("/v1/invoices/\(open)/void").json["status"].text == "void")
        let again = try bench.post("/v1/invoices/\(open)/void")
        #expect(again.message == "You can only pass in open invoices. This invoice isn't open.")
        let part = try bench.open(1_000)
        try bench.stripe.pay(invoice: part, amount: 400)
        #expect(try bench.post("/v1/invoices/\(part)/void").message.contains("cannot be voided"))
        let draft = try bench.draft(try bench.customer())
        #expect(try bench.post("/v1/invoices/\(draft)/void").status == 400)
        #expect(try bench.send("DELETE", "/v1/invoices/\(part)").status == 400)
    }

    @Test("Paid outside Stripe: no charge, the amount counts as paid and as off Stripe")
    func outOfBand() throws {
        let invoice = try bench.open(1_000)
        let paid = try bench.post("/v1/invoices/\(invoice)/pay", [("paid_out_of_band", "true")]).json
        #expect(paid["status"].text == "paid")
        #expect(paid["amount_paid_off_stripe"].whole == 1_000)
        #expect(try bench.get("/v1/charges").json["data"].array.isEmpty)
        #expect(try bench.post("/v1/invoices/\(invoice)/pay", [("paid_out_of_band", "true")]).status == 400)
    }
}
