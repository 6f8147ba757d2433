import Testing

@testable import Sandbox

@Suite("Balance, fees and payouts of the simulated Stripe")
struct StripeBalanceTests {
    private func rows(_ bench: StripeBench, _ parameters: [(String, String)]) throws -> [LooseJSON] {
        try bench.get("/v1/balance_transactions", parameters + [("limit", "100")]).json["data"].array
    }

    private func balance(_ bench: StripeBench, _ part: String = "available") throws -> [String: Int64] {
        let sums = try bench.get("/v1/balance").json[part].array
        return Dictionary(
            uniqueKeysWithValues: sums.map { ($0["currency"].text ?? "", $0["amount"].whole ?? -1) })
    }

    @Test("A fee that is known later: first null, then told by charge.updated")
    func lateFee() throws {
        let bench = StripeBench { $0.feesKnownAfterSeconds = 60 }
        let made = try bench.stripe.pay(invoice: bench.open(10_000))
        let path = "/v1/charges"
        let filter = [("payment_intent", made.paymentIntent), ("expand[]", "data.balance_transaction")]
        #expect(try bench.get(path, filter).json["data"][0]["balance_transaction"] == .null)
        #expect(try rows(bench, []).isEmpty)
        bench.clock.advance(bySeconds: 60)
        let known = try bench.get(path, filter).json["data"][0]["balance_transaction"]
        #expect(known["fee"].whole == 140)
        #expect(known["net"].whole == 9_860)
        #expect(known["fee_details"][0]["amount"].whole == 140)
        #expect(try bench.eventTypes().first == "charge.updated")
        let deep = try bench.invoice(
            made.invoice, expand: "payments.data.payment.payment_intent.latest_charge.balance_transaction")
        let charge = deep["payments"]["data"][0]["payment"]["payment_intent"]["latest_charge"]
        #expect(charge["balance_transaction"]["id"].text == known["id"].text)
    }

    @Test("A currency without a balance of its own is converted, and comes back at the rate it left with")
    func conversion() throws {
        let bench = StripeBench { $0.conversions["eur"] = StripeConversion(to: "nok", rateMillionths: 11_650_000) }
        let made = try bench.stripe.pay(invoice: bench.open(1_001, currency: "eur"))
        let row = try rows(bench, [("source", made.charge)])[0]
        #expect(row["currency"].text == "nok")
        #expect(row["amount"].whole == 11_662)
        #expect(row["fee"].whole == 163)
        #expect(row["exchange_rate"] == .fraction(11.65))
        let refund = try bench.stripe.refund(charge: made.charge, amount: 500)
        bench.stripe.change(account: "acct_bench") { $0.conversions["eur"]?.rateMillionths = 12_000_000 }
        try bench.stripe.failRefund(refund)
        #expect(try rows(bench, [("source", refund)]).compactMap { $0["amount"].whole } == [5_825, -5_825])
        #expect(try balance(bench) == ["nok": 11_662 - 163])
    }

    @Test("What a balance transaction comes of is an id, and the object itself where it is asked for")
    func expandedSource() throws {
        let bench = StripeBench { $0.conversions["eur"] = StripeConversion(to: "nok", rateMillionths: 11_500_000) }
        let made = try bench.stripe.pay(invoice: bench.open(10_000, currency: "eur"))
        let refund = try bench.stripe.refund(charge: made.charge, amount: 1_000)
        let dispute = try bench.stripe.dispute(charge: made.charge, amount: 2_000)
        let payout = try bench.stripe.payOut(account: "acct_bench", currency: "nok")
        let plain = try rows(bench, [("payout", payout)])
        #expect(plain.compactMap { $0["source"].text } == [payout, dispute, refund, made.charge])
        let whole = try rows(bench, [("payout", payout), ("expand[]", "data.source")]).map { $0["source"] }
        #expect(whole.compactMap { $0["id"].text } == [payout, dispute, refund, made.charge])
        #expect(whole.compactMap { $0["object"].text } == ["payout", "dispute", "refund", "charge"])
        #expect(whole.dropFirst().compactMap { $0["amount"].whole } == [2_000, 1_000, 10_000])
        #expect(whole.compactMap { $0["currency"].text } == ["nok", "eur", "eur", "eur"])
        #expect(try bench.get("/v1/balance_transactions", [("expand[]", "data.sources")]).status == 400)
    }

    @Test("An automatic payout takes what is available, lists it, arrives and is reconciled")
    func payout() throws {
        let bench = StripeBench { $0.availableAfterSeconds = 3600 }
        let made = try bench.stripe.pay(invoice: bench.open(10_000))
        #expect(try balance(bench, "pending") == ["nok": 9_860])
        #expect(throws: StripeActionRefused.self) { try bench.stripe.payOut(account: "acct_bench", currency: "nok") }
        bench.clock.advance(bySeconds: 3600)
        let fee = try bench.stripe.takeFee(account: "acct_bench", currency: "nok", amount: 60)
        let late = try bench.stripe.pay(invoice: bench.open(5_000))
        let payout = try bench.stripe.payOut(account: "acct_bench", currency: "nok")
        let paid = try rows(bench, [("payout", payout)])
        #expect(paid.compactMap { $0["type"].text } == ["payout", "stripe_fee", "charge"])
        #expect(paid.reduce(0) { $0 + ($1["net"].whole ?? 0) } == 0)
        #expect(paid[1]["id"].text == fee)
        #expect(paid[1]["source"] == .null)
        #expect(try rows(bench, [("type", "charge")]).count == 2)
        #expect(try rows(bench, [("source", late.charge)])[0]["status"].text == "pending")
        #expect(try bench.get("/v1/payouts/\(payout)").json["reconciliation_status"].text == "in_progress")
        try bench.stripe.finishPayout(payout)
        #expect(try bench.eventTypes().prefix(2) == ["payout.reconciliation_completed", "payout.paid"])
        let listed = try bench.get("/v1/payouts", [("status", "paid")]).json["data"].array
        #expect(listed.compactMap { $0["amount"].whole } == [9_800])
        #expect(try balance(bench) == ["nok": 0])
        _ = made
    }

    @Test("A payout that fails gives the money back, and the next one pays it")
    func failedPayout() throws {
        let bench = StripeBench()
        try bench.stripe.pay(invoice: bench.open(10_000))
        let first = try bench.stripe.payOut(account: "acct_bench", currency: "nok")
        try bench.stripe.finishPayout(first)
        try bench.stripe.failPayout(first)
        let failed = try bench.get("/v1/payouts/\(first)", [("expand[]", "failure_balance_transaction")]).json
        #expect(failed["failure_code"].text == "account_closed")
        #expect(failed["failure_balance_transaction"]["amount"].whole == 9_860)
        #expect(try balance(bench) == ["nok": 9_860])
        let second = try bench.stripe.payOut(account: "acct_bench", currency: "nok")
        #expect(try bench.get("/v1/payouts/\(second)").json["amount"].whole == 9_860)
    }

    @Test("What a manual payout pays cannot be listed")
    func manualPayout() throws {
        let bench = StripeBench()
        try bench.stripe.pay(invoice: bench.open(10_000))
        let id = try bench.stripe.payOut(account: "acct_bench", currency: "nok", manually: 4_000)
        #expect(try bench.get("/v1/balance_transactions", [("payout", id)]).status == 400)
        try bench.stripe.finishPayout(id)
        #expect(try bench.get("/v1/payouts/\(id)").json["reconciliation_status"].text == "not_applicable")
        #expect(try balance(bench) == ["nok": 5_860])
    }

    @Test("The country tells its currencies, the account only to those who may know")
    func places() throws {
        let bench = StripeBench(permissions: ["rak_invoice_write"])
        let country = try bench.get("/v1/country_specs/NO").json
        #expect(country["supported_payment_currencies"].array.compactMap { $0.text }.contains("kwd"))
        #expect(try bench.get("/v1/country_specs/XX").status == 404)
        #expect(try bench.get("/v1/account").status == 403)
        #expect(try bench.get("/v1/balance_transactions").status == 403)
    }
}
