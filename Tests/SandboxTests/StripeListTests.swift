import Testing

@testable import Sandbox

@Suite("Lists, search and events of the simulated Stripe")
struct StripeListTests {
    let bench = StripeBench()

    @Test("Pages run newest first, forth and back, without gaps")
    func paging() throws {
        var made: [String] = []
        for number in 0..<7 { made.append(try bench.customer(name: "C\(number)")) }
        var seen: [String] = []
        var parameters = [("limit", "3")]
        while true {
            let page = try bench.get("/v1/customers", parameters).json
            seen += page["data"].array.compactMap { $0["id"].text }
            guard page["has_more"].flag == true, let last = seen.last else { break }
            parameters = [("limit", "3"), ("starting_after", last)]
        }
        #expect(seen == Array(made.reversed()))
        let back = try bench.get("/v1/customers", [("limit", "2"), ("ending_before", made[0])]).json
        #expect(back["data"].array.compactMap { $0["id"].text } == [made[2], made[1]])
        #expect(back["has_more"].flag == true)
        #expect(try bench.get("/v1/customers", [("limit", "101")]).status == 400)
        #expect(try bench.get("/v1/customers", [("limit", "0")]).status == 400)
        #expect(try bench.get("/v1/customers", [("starting_after", "cus_nobody")]).code == "resource_missing")
    }

    @Test("The e-mail filter is exact and minds the case; created takes bounds")
    func filters() throws {
        _ = try bench.customer(name: "A", email: "Post@firma.example")
        bench.clock.advance(bySeconds: 10)
        let later = try bench.customer(name: "B", email: "post@firma.example")
        let found = try bench.get("/v1/customers", [("email", "post@firma.example")]).json["data"].array
        #expect(found.compactMap { $0["id"].text } == [later])
        let young = try bench.get("/v1/customers", [("created[gte]", String(bench.now))]).json["data"].array
        #expect(young.compactMap { $0["id"].text } == [later])
        #expect(try bench.get("/v1/customers", [("created[since]", "1")]).code == "parameter_unknown")
    }

    @Test("The search lags behind, also for changes, and matches phrases rather than values")
    func search() throws {
        let customer = try bench.post(
            "/v1/customers", [("name", "Nordlys Handel AS"), ("metadata[visma_id]", "10 20")]
        ).json["id"].text
        func found(_ query: String) throws -> [String?] {
            try bench.get("/v1/customers/search", [("query", query)]).json["data"].array.map { $0["id"].text }
        }
        #expect(try found("metadata[\"visma_id\"]:\"10 20\"").isEmpty)
        bench.clock.advance(bySeconds: 30)
        #expect(try found("metadata[\"visma_id\"]:\"10 20\"") == [customer])
        #expect(try found("metadata['visma_id']:'10'") == [customer])
        #expect(try found("name:\"nordlys handel\"") == [customer])
        #expect(try found("name:\"handel nordlys\"").isEmpty)
        #expect(try found("name~\"ordl\" AND -email:\"x@y.example\"") == [customer])
        #expect(try found("email:null") == [customer])
        _ = try bench.post("/v1/customers/\(customer ?? "")", [("metadata[visma_id]", "30")])
        #expect(try found("metadata['visma_id']:'10'") == [customer])
        bench.clock.advance(bySeconds: 30)
        #expect(try found("metadata['visma_id']:'10'").isEmpty)
    }

    @Test("The description cannot be searched, AND and OR do not mix, nonsense is refused")
    func searchRefusals() throws {
        for query in ["description:'x'", "name:'a' AND name:'b' OR name:'c'", "name=3", "name~'ab'", ""] {
            #expect(try bench.get("/v1/customers/search", [("query", query)]).status == 400, "\(query)")
        }
    }

    @Test("Events are filtered by type, family and list, and end after thirty days")
    func events() throws {
        let invoice = try bench.open(1_000)
        let charge = try bench.stripe.failCard(invoice: invoice, code: "card_declined", message: "No.")
        let made = try bench.stripe.pay(invoice: invoice)
        func types(_ parameters: [(String, String)]) throws -> [String] {
            try bench.get("/v1/events", parameters + [("limit", "100")]).json["data"].array.compactMap {
                $0["type"].text
            }
        }
        #expect(try types([("type", "charge.*")]) == ["charge.succeeded", "charge.failed"])
        let listed = [("types[]", "invoice.paid"), ("types[]", "invoice_payment.paid")]
        #expect(try types(listed) == ["invoice.paid", "invoice_payment.paid"])
        #expect(try bench.get("/v1/events", [("type", "charge.*")] + listed).status == 400)
        let failed = try bench.get("/v1/charges/\(charge)").json
        #expect(failed["failure_code"].text == "card_declined")
        #expect(failed["payment_intent"].text == made.paymentIntent)
        bench.clock.advance(bySeconds: 30 * 86_400 + 1)
        #expect(try types([]).isEmpty)
    }

    @Test("A payment, a dispute and a refund leave the events and objects that Stripe describes")
    func lifeCycles() throws {
        let invoice = try bench.open(5_000)
        let made = try bench.stripe.pay(invoice: invoice)
        let types = try bench.eventTypes()
        for type in [
            "charge.succeeded", "payment_intent.succeeded", "invoice_payment.paid", "invoice.paid",
            "invoice.payment_succeeded",
        ] { #expect(types.contains(type), "\(type)") }
        let dispute = try bench.stripe.dispute(charge: made.charge, reason: "product_not_received", amount: 2_000)
        let seen = try bench.get("/v1/disputes", [("payment_intent", made.paymentIntent)]).json["data"][0]
        #expect(seen["id"].text == dispute)
        #expect(seen["status"].text == "needs_response")
        #expect(seen["amount"].whole == 2_000)
        #expect(try bench.get("/v1/charges/\(made.charge)").json["disputed"].flag == true)
        try bench.stripe.closeDispute(dispute, isWon: true)
        #expect(try bench.get("/v1/disputes/\(dispute)").json["balance_transactions"].array.count == 2)
        let refund = try bench.stripe.refund(charge: made.charge, amount: 500)
        #expect(try bench.get("/v1/refunds/\(refund)").json["charge"].text == made.charge)
        #expect(try bench.get("/v1/charges/\(made.charge)").json["refunded"].flag == false)
        #expect(throws: StripeActionRefused.self) { try bench.stripe.refund(charge: made.charge, amount: 4_501) }
        #expect(try bench.get("/v1/invoices/\(invoice)").json["status"].text == "paid")
    }

    @Test("The books say what the API says, and calls are counted by operation")
    func booksAndCalls() throws {
        let invoice = try bench.open(5_000)
        let made = try bench.stripe.pay(invoice: invoice)
        _ = try bench.stripe.dispute(charge: made.charge)
        let deleted = try bench.draft(try bench.customer())
        _ = try bench.send("DELETE", "/v1/invoices/\(deleted)")
        let lines = bench.stripe.books()
        #expect(lines.count == 4)
        #expect(lines[0].hasPrefix(#"{"kind":"invoice","account":"acct_bench","id":"\#(invoice)","status":"paid""#))
        #expect(lines[0].contains(#""currency":"nok","total":5000,"amount_due":5000,"amount_paid":5000"#))
        #expect(lines[1].contains(#""kind":"invoice_payment""#) && lines[1].contains(#""amount_paid":5000"#))
        #expect(lines[2].contains(#""kind":"charge""#) && lines[2].contains(#""failure_code":null"#))
        #expect(lines[3].contains(#""reason":"fraudulent","status":"needs_response","evidence_due_by":"#))
        #expect(bench.stripe.calls()["acct_bench"]?["POST /v1/invoices/{invoice}/finalize"] == 1)
        #expect(bench.stripe.calls()["acct_bench"]?["POST /v1/invoices"] == 2)
    }

    @Test("The same seed and the same calls give the same books")
    func determinism() throws {
        func run(_ seed: UInt64) throws -> [String] {
            let bench = StripeBench(seed: seed)
            try bench.stripe.pay(invoice: try bench.open(5_000))
            return bench.stripe.books()
        }
        #expect(try run(1) == run(1))
        #expect(try run(1) != run(2))
    }
}
