import Testing

@testable import Sandbox

@Suite("Credit notes of the simulated Stripe")
struct StripeCreditNoteTests {
    let bench = StripeBench()

    private func note(_ invoice: String, _ parameters: [(String, String)]) throws -> StripeBench.Answer {
        try bench.post("/v1/credit_notes", [("invoice", invoice)] + parameters)
    }

    /// 100.00 and 25 % on top.
    private func taxed() throws -> (invoice: String, line: String, rate: String) {
        let invoice = try bench.draft(try bench.customer())
        let path = "lines[0][tax_amounts][0]"
        let made = try bench.post(
            "/v1/invoices/\(invoice)/add_lines",
            [
                ("lines[0][amount]", "10000"), ("\(path)[amount]", "2500"), ("\(path)[taxable_amount]", "10000"),
                ("\(path)[tax_rate_data][display_name]", "MVA"), ("\(path)[tax_rate_data][inclusive]", "false"),
                ("\(path)[tax_rate_data][percentage]", "25"),
            ]
        ).json["lines"]["data"][0]
        _ = try bench.post("/v1/invoices/\(invoice)/finalize")
        let rate = made["taxes"][0]["tax_rate_details"]["tax_rate"].text ?? ""
        return (invoice, made["id"].text ?? "", rate)
    }

    @Test("On an open invoice it lowers what is due and what remains, down to paid")
    func prePayment() throws {
        let invoice = try bench.open(10_000)
        let made = try note(invoice, [("amount", "4000"), ("memo", "Short"), ("email_type", "none")]).json
        #expect(made["type"].text == "pre_payment")
        #expect(made["pre_payment_amount"].whole == 4_000)
        var seen = try bench.invoice(invoice, expand: "payments.data.payment.payment_intent")
        #expect(seen["amount_due"].whole == 6_000)
        #expect(seen["amount_remaining"].whole == 6_000)
        #expect(seen["total"].whole == 10_000)
        #expect(seen["pre_payment_credit_notes_amount"].whole == 4_000)
        #expect(seen["payments"]["data"][0]["payment"]["payment_intent"]["amount"].whole == 6_000)
        _ = try note(invoice, [("amount", "6000")])
        seen = try bench.invoice(invoice)
        #expect(seen["status"].text == "paid")
        #expect(seen["amount_paid"].whole == 0)
        let types = try bench.eventTypes()
        #expect(types.filter { $0 == "credit_note.created" }.count == 2)
        #expect(types.contains("invoice.paid") && !types.contains("invoice.payment_succeeded"))
        #expect(try note(invoice, [("amount", "1"), ("out_of_band_amount", "1")]).status == 400)
        let listed = try bench.get("/v1/credit_notes", [("invoice", invoice)]).json["data"].array
        #expect(listed.compactMap { $0["amount"].whole } == [6_000, 4_000])
    }

    @Test("On a paid invoice what is given back must be said, and must add up")
    func postPayment() throws {
        let customer = try bench.customer()
        let invoice = try bench.open(10_000, customer: customer)
        let made = try bench.stripe.pay(invoice: invoice)
        #expect(try note(invoice, [("amount", "3000")]).status == 400)
        let sums = [("credit_amount", "1000"), ("out_of_band_amount", "500"), ("refund_amount", "1500")]
        let answer = try note(invoice, [("amount", "3000")] + sums).json
        #expect(answer["type"].text == "post_payment")
        #expect(answer["post_payment_amount"].whole == 3_000)
        #expect(answer["refunds"][0]["amount_refunded"].whole == 1_500)
        #expect(try bench.credit(of: customer) == -1_000)
        #expect(try bench.get("/v1/charges/\(made.charge)").json["amount_refunded"].whole == 1_500)
        let seen = try bench.invoice(invoice)
        #expect(seen["post_payment_credit_notes_amount"].whole == 3_000)
        #expect(seen["status"].text == "paid")
        let refund = try bench.stripe.refund(charge: made.charge, amount: 2_000)
        let linked = [("refunds[0][refund]", refund), ("refunds[0][amount_refunded]", "2000")]
        #expect(try note(invoice, [("amount", "2000")] + linked).status == 200)
        #expect(try note(invoice, [("amount", "2000")] + linked).status == 400)
        // Refunds apart from notes count against what can still be credited.
        try bench.stripe.refund(charge: made.charge, amount: 4_000)
        #expect(try note(invoice, [("amount", "1001"), ("out_of_band_amount", "1001")]).status == 400)
        #expect(try note(invoice, [("amount", "1000"), ("out_of_band_amount", "1000")]).status == 200)
    }

    @Test("More than an open invoice lacks is both kinds at once")
    func mixed() throws {
        let customer = try bench.customer()
        let invoice = try bench.open(10_000, customer: customer)
        try bench.stripe.pay(invoice: invoice, amount: 7_000)
        let made = try note(invoice, [("amount", "4000"), ("credit_amount", "1000")]).json
        #expect(made["type"].text == "mixed")
        #expect(made["pre_payment_amount"].whole == 3_000)
        let seen = try bench.invoice(invoice)
        #expect(seen["status"].text == "paid")
        #expect(seen["amount_remaining"].whole == 0)
        #expect(seen["amount_paid"].whole == 7_000)
    }

    @Test("Lines: an amount of an invoice line with its taxes in proportion, or with given ones, and custom lines")
    func lines() throws {
        let (invoice, line, rate) = try taxed()
        let path = "lines[0]"
        let base = [("\(path)[type]", "invoice_line_item"), ("\(path)[invoice_line_item]", line)]
        let part = try note(invoice, base + [("\(path)[amount]", "1000")]).json
        #expect(part["total"].whole == 1_250)
        #expect(part["lines"]["data"][0]["taxes"][0]["amount"].whole == 250)
        let tax = "\(path)[tax_amounts][0]"
        let exact = [
            ("\(path)[amount]", "1000"), ("\(tax)[amount]", "251"), ("\(tax)[taxable_amount]", "1000"),
            ("\(tax)[tax_rate]", rate),
        ]
        #expect(try note(invoice, base + exact).json["total"].whole == 1_251)
        #expect(try note(invoice, base + [("\(path)[amount]", "8001")]).status == 400)
        let custom = [
            ("\(path)[type]", "custom_line_item"), ("\(path)[description]", "Goodwill"),
            ("\(path)[unit_amount]", "100"), ("\(path)[quantity]", "3"), ("\(tax)[amount]", "75"),
            ("\(tax)[taxable_amount]", "300"), ("\(tax)[tax_rate]", rate),
        ]
        #expect(try note(invoice, custom).json["total"].whole == 375)
        #expect(try bench.invoice(invoice)["amount_remaining"].whole == 12_500 - 1_250 - 1_251 - 375)
        #expect(try note(invoice, custom + [("\(path)[amount]", "300")]).param == "lines[0][amount]")
        #expect(try note(invoice, custom + [("amount", "375")]).param == "amount")
        let unknown = custom.map { $0.0 == "\(tax)[tax_rate]" ? ($0.0, "txr_nobody") : $0 }
        #expect(try note(invoice, unknown).code == "resource_missing")
        #expect(try note(invoice, base + [("\(path)[price]", "1")]).code == "parameter_unknown")
    }

    @Test("A note can be voided while its invoice is open; the same key makes one note only")
    func voiding() throws {
        let invoice = try bench.open(10_000)
        let parameters = [("invoice", invoice), ("amount", "4000"), ("reason", "order_change")]
        let first = try bench.post("/v1/credit_notes", parameters, idempotencyKey: "n1")
        #expect(try bench.post("/v1/credit_notes", parameters, idempotencyKey: "n1").body == first.body)
        let id = first.json["id"].text ?? ""
        #expect(try bench.post("/v1/credit_notes/\(id)/void").json["status"].text == "void")
        #expect(try bench.invoice(invoice)["amount_remaining"].whole == 10_000)
        #expect(try bench.post("/v1/credit_notes/\(id)/void").status == 400)
        #expect(try bench.eventTypes().contains("credit_note.voided"))
        let all = try note(invoice, [("amount", "10000")]).json["id"].text ?? ""
        #expect(try bench.post("/v1/credit_notes/\(all)/void").status == 400)
        let draft = try bench.draft(try bench.customer())
        #expect(try note(draft, [("amount", "1")]).status == 400)
        #expect(try note("in_nobody", [("amount", "1")]).code == "resource_missing")
    }
}
