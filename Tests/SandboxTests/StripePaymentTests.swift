import Testing

@testable import Sandbox

@Suite("Payments of simulated invoices")
struct StripePaymentTests {
    let bench = StripeBench()

    private func allocations(_ intent: String) throws -> [String: Int64] {
        let rows = try bench.get(
            "/v1/invoice_payments",
            [("payment[type]", "payment_intent"), ("payment[payment_intent]", intent), ("status", "paid")]
        ).json["data"].array
        return Dictionary(
            uniqueKeysWithValues: rows.map { ($0["invoice"].text ?? "", $0["amount_paid"].whole ?? -1) })
    }

    @Test("One payment for two invoices is two allocations of one intent, and names neither invoice itself")
    func together() throws {
        let customer = try bench.customer()
        let (first, second) = (try bench.open(4_000, customer: customer), try bench.open(6_000, customer: customer))
        let made = try bench.stripe.pay(
            together: [.init(invoice: first), .init(invoice: second, amount: 2_500)])
        #expect(try allocations(made.paymentIntent) == [first: 4_000, second: 2_500])
        #expect(try bench.invoice(first)["status"].text == "paid")
        #expect(try bench.invoice(second)["amount_remaining"].whole == 3_500)
        let intent = try bench.get("/v1/payment_intents/\(made.paymentIntent)", [("expand[]", "latest_charge")]).json
        #expect(intent["amount_received"].whole == 6_500)
        #expect(intent["payment_details"]["order_reference"] == .null)
        #expect(intent["latest_charge"]["amount"].whole == 6_500)
        let other = try bench.open(1_000)
        #expect(throws: StripeActionRefused.self) {
            try bench.stripe.pay(together: [.init(invoice: second), .init(invoice: other)])
        }
    }

    @Test("Too little for several pays them in order; too much is the last one's overpayment")
    func togetherOtherwise() throws {
        let customer = try bench.customer()
        let rows = try (0..<3).map { _ in try bench.open(1_000, customer: customer) }
        let short = try bench.stripe.pay(together: rows.map { .init(invoice: $0) }, received: 1_300)
        #expect(try allocations(short.paymentIntent) == [rows[0]: 1_000, rows[1]: 300])
        #expect(try bench.invoice(rows[2])["amount_paid"].whole == 0)
        let long = try bench.stripe.pay(together: rows[1...2].map { .init(invoice: $0) }, received: 2_000)
        #expect(try allocations(long.paymentIntent) == [rows[1]: 700, rows[2]: 1_000])
        #expect(try bench.invoice(rows[2])["amount_overpaid"].whole == 300)
        #expect(try bench.credit(of: customer) == -300)
    }

    @Test("An overpayment is told, becomes credit, and the next invoice of that currency spends it")
    func overpaid() throws {
        let customer = try bench.customer()
        let first = try bench.open(10_000, customer: customer)
        try bench.stripe.pay(invoice: first, amount: 10_500)
        #expect(try bench.eventTypes().contains("invoice.overpaid"))
        #expect(try bench.eventTypes().contains("customer.updated"))
        let next = try bench.invoice(try bench.open(2_000, customer: customer))
        #expect(next["starting_balance"].whole == -500)
        #expect(next["amount_due"].whole == 1_500)
        #expect(next["ending_balance"].whole == 0)
        #expect(try bench.credit(of: customer) == 0)
    }

    @Test("A pending payment counts for nothing until it succeeds, and nothing is undone when it fails")
    func pending() throws {
        let invoice = try bench.open(5_000)
        let made = try bench.stripe.startPayment(invoice: invoice)
        #expect(try bench.eventTypes().prefix(2) == ["charge.pending", "payment_intent.processing"])
        let path = "payments.data.payment.payment_intent.latest_charge"
        var seen = try bench.invoice(invoice, expand: path)
        #expect(seen["amount_paid"].whole == 0)
        let intent = seen["payments"]["data"][0]["payment"]["payment_intent"]
        #expect(intent["status"].text == "processing")
        #expect(intent["amount_received"].whole == 0)
        #expect(intent["latest_charge"]["status"].text == "pending")
        #expect(intent["latest_charge"]["paid"].flag == false)
        try bench.stripe.failPayment(made.paymentIntent)
        seen = try bench.invoice(invoice, expand: path)
        #expect(seen["status"].text == "open")
        let failed = seen["payments"]["data"][0]["payment"]["payment_intent"]
        #expect(failed["status"].text == "requires_payment_method")
        #expect(failed["last_payment_error"]["code"].text == "insufficient_funds")
        #expect(failed["latest_charge"]["id"].text == made.charge)
        #expect(failed["latest_charge"]["status"].text == "failed")
        let again = try bench.stripe.startPayment(invoice: invoice, amount: 2_000)
        try bench.stripe.finishPayment(again.paymentIntent)
        #expect(try bench.invoice(invoice)["amount_remaining"].whole == 3_000)
        #expect(try bench.get("/v1/charges/\(again.charge)").json["status"].text == "succeeded")
        #expect(throws: StripeActionRefused.self) { try bench.stripe.finishPayment(again.paymentIntent) }
    }

    @Test("Two payments at once: the second one to arrive is an overpayment")
    func twice() throws {
        let customer = try bench.customer()
        let invoice = try bench.open(5_000, customer: customer)
        let first = try bench.stripe.startPayment(invoice: invoice)
        let second = try bench.stripe.pay(invoice: invoice)
        #expect(first.paymentIntent != second.paymentIntent)
        #expect(try bench.invoice(invoice)["status"].text == "paid")
        try bench.stripe.finishPayment(first.paymentIntent)
        #expect(try bench.invoice(invoice)["amount_overpaid"].whole == 5_000)
        #expect(try bench.credit(of: customer) == -5_000)
        #expect(try allocations(first.paymentIntent) == [invoice: 0])
        let row = try #require(bench.stripe.books().first { $0.contains(#""id":"\#(first.invoicePayment)""#) })
        #expect(row.contains(#""amount_overpaid":5000"#))
    }

    @Test("What would end a payment under way is refused: void, and paid out of band")
    func inFlight() throws {
        let invoice = try bench.open(5_000)
        let made = try bench.stripe.startPayment(invoice: invoice, amount: 1_000)
        #expect(try bench.post("/v1/invoices/\(invoice)/void").code == "payment_intent_unexpected_state")
        let pay = try bench.post("/v1/invoices/\(invoice)/pay", [("paid_out_of_band", "true")])
        #expect(pay.status == 400)
        try bench.stripe.failPayment(made.paymentIntent)
        #expect(try bench.post("/v1/invoices/\(invoice)/mark_uncollectible").json["status"].text == "uncollectible")
        #expect(try bench.post("/v1/invoices/\(invoice)/void").json["status"].text == "void")
        #expect(try bench.get("/v1/payment_intents/\(made.paymentIntent)").json["status"].text == "canceled")
    }

    @Test("A bank transfer that is too small funds a part and shows what is missing")
    func partlyFunded() throws {
        let invoice = try bench.open(5_000)
        let made = try bench.stripe.transfer(invoice: invoice, amount: 2_000)
        let funded = try bench.get("/v1/payment_intents/\(made.paymentIntent)").json
        #expect(funded["status"].text == "requires_action")
        #expect(funded["amount_received"].whole == 2_000)
        let missing = funded["next_action"]["display_bank_transfer_instructions"]["amount_remaining"]
        #expect(missing.whole == 3_000)
        #expect(try bench.invoice(invoice)["amount_paid"].whole == 0)
        #expect(try bench.eventTypes().first == "payment_intent.partially_funded")
        #expect(try bench.post("/v1/invoices/\(invoice)/void").status == 400)
        let rest = try bench.stripe.transfer(invoice: invoice, amount: 3_400)
        #expect(rest.paymentIntent == made.paymentIntent)
        #expect(try bench.invoice(invoice)["status"].text == "paid")
        #expect(try bench.invoice(invoice)["amount_overpaid"].whole == 400)
    }

    @Test("Action can be required first; a declined card tells code, message and decline code")
    func actionAndDecline() throws {
        let invoice = try bench.open(5_000)
        let intent = try bench.stripe.requireAction(invoice: invoice)
        #expect(try bench.get("/v1/payment_intents/\(intent)").json["next_action"]["type"].text == "use_stripe_sdk")
        #expect(try bench.eventTypes().first == "invoice.payment_action_required")
        try bench.stripe.failCard(
            invoice: invoice, code: "card_declined", message: "Declined.", declineCode: "insufficient_funds")
        let failed = try bench.get("/v1/payment_intents/\(intent)").json
        #expect(failed["last_payment_error"]["decline_code"].text == "insufficient_funds")
        #expect(failed["last_payment_error"]["message"].text == "Declined.")
        #expect(try bench.stripe.pay(invoice: invoice).paymentIntent == intent)
        #expect(try bench.get("/v1/payment_intents/\(intent)").json["last_payment_error"] == .null)
    }

    @Test("A payment made apart is attached to invoices until it is used up")
    func attachedIntent() throws {
        let customer = try bench.customer()
        let made = try bench.stripe.payUnattached(customer: customer, currency: "nok", amount: 5_000)
        let (first, second) = (try bench.open(3_000, customer: customer), try bench.open(4_000, customer: customer))
        let parameters = [("payment_intent", made.paymentIntent)]
        let answer = try bench.post("/v1/invoices/\(first)/attach_payment", parameters + [("expand[]", "payments")])
        #expect(answer.json["status"].text == "paid")
        #expect(try bench.post("/v1/invoices/\(second)/attach_payment", parameters).json["amount_paid"].whole == 2_000)
        #expect(try bench.post("/v1/invoices/\(second)/attach_payment", parameters).status == 400)
        #expect(try allocations(made.paymentIntent) == [first: 3_000, second: 2_000])
        let foreign = try bench.open(1_000)
        #expect(try bench.post("/v1/invoices/\(foreign)/attach_payment", parameters).status == 400)
        #expect(try bench.post("/v1/invoices/\(foreign)/attach_payment").code == "parameter_missing")
        let unknown = try bench.post("/v1/invoices/\(foreign)/attach_payment", [("payment_intent", "pi_nobody")])
        #expect(unknown.code == "resource_missing")
    }

    @Test("A reported payment is attached without a charge and counts as paid off Stripe")
    func attachedRecord() throws {
        let invoice = try bench.open(5_000)
        let record = try bench.reported(2_000)
        #expect(try bench.get("/v1/payment_records/\(record)").json["amount_guaranteed"]["value"].whole == 2_000)
        let parameters = [("payment_record", record)]
        let part = try bench.post("/v1/invoices/\(invoice)/attach_payment", parameters + [("expand[]", "payments")])
        #expect(part.json["status"].text == "open")
        #expect(part.json["amount_paid_off_stripe"].whole == 2_000)
        #expect(part.json["payments"]["data"][0]["payment"]["type"].text == "payment_record")
        #expect(part.json["payments"]["data"][0]["payment"]["payment_record"].text == record)
        #expect(try bench.post("/v1/invoices/\(invoice)/attach_payment", parameters).status == 400)
        let listed = try bench.get(
            "/v1/invoice_payments", [("payment[type]", "payment_record"), ("payment[payment_record]", record)])
        #expect(listed.json["data"].array.compactMap { $0["amount_paid"].whole } == [2_000])
        let rest = try bench.reported(3_000)
        let paid = try bench.post("/v1/invoices/\(invoice)/attach_payment", [("payment_record", rest)]).json
        #expect(paid["status"].text == "paid")
        #expect(try bench.get("/v1/charges").json["data"].array.isEmpty)
        #expect(try !bench.eventTypes().contains("invoice.payment_succeeded"))
        #expect(try bench.eventTypes().contains("invoice.paid"))
    }

    @Test("A report needs its outcome's moment, and what failed cannot be attached")
    func reports() throws {
        let base = [
            ("amount_requested[value]", "100"), ("amount_requested[currency]", "nok"),
            ("initiated_at", String(bench.now)), ("payment_method_details[type]", "custom"),
        ]
        let path = "/v1/payment_records/report_payment"
        #expect(try bench.post(path, base + [("outcome", "guaranteed")]).param == "guaranteed[guaranteed_at]")
        #expect(try bench.post(path, base + [("amount", "1")]).code == "parameter_unknown")
        let failed = try bench.post(path, base + [("outcome", "failed"), ("failed[failed_at]", String(bench.now))])
        #expect(failed.json["amount_failed"]["value"].whole == 100)
        let invoice = try bench.open(5_000)
        let record = failed.json["id"].text ?? ""
        #expect(try bench.post("/v1/invoices/\(invoice)/attach_payment", [("payment_record", record)]).status == 400)
    }
}
