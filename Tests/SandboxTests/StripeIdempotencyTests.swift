import Testing

@testable import Sandbox

@Suite("Idempotency keys of the simulated Stripe")
struct StripeIdempotencyTests {
    let bench = StripeBench()

    @Test("The same key and parameters give the saved answer, in whatever order the parameters stand")
    func replay() throws {
        let first = try bench.post("/v1/customers", [("name", "A"), ("email", "a@b.example")], idempotencyKey: "k1")
        let second = try bench.post("/v1/customers", [("email", "a@b.example"), ("name", "A")], idempotencyKey: "k1")
        #expect(first.body == second.body)
        #expect(first.headers["idempotent-replayed"] == nil)
        #expect(second.headers["idempotent-replayed"] == "true")
        #expect(second.headers["original-request"] == first.headers["request-id"])
        #expect(try bench.get("/v1/customers").json["data"].array.count == 1)
    }

    @Test("Other parameters, or another path, under the same key are refused")
    func otherParameters() throws {
        _ = try bench.post("/v1/customers", [("name", "A")], idempotencyKey: "k1")
        let other = try bench.post("/v1/customers", [("name", "B")], idempotencyKey: "k1")
        #expect(other.status == 400)
        #expect(other.json["error"]["type"].text == "idempotency_error")
        let path = try bench.post("/v1/invoices", [("name", "A")], idempotencyKey: "k1")
        #expect(path.json["error"]["type"].text == "idempotency_error")
    }

    @Test("After a day the key is new")
    func pruning() throws {
        let first = try bench.post("/v1/customers", [("name", "A")], idempotencyKey: "k1")
        bench.clock.advance(bySeconds: 24 * 3600 - 1)
        #expect(try bench.post("/v1/customers", [("name", "A")], idempotencyKey: "k1").body == first.body)
        bench.clock.advance(bySeconds: 1)
        let later = try bench.post("/v1/customers", [("name", "A")], idempotencyKey: "k1")
        #expect(later.json["id"].text != first.json["id"].text)
    }

    @Test("What parameter checks refuse is not kept, what execution refuses is")
    func whatIsKept() throws {
        #expect(try bench.post("/v1/customers", [("nmae", "A")], idempotencyKey: "k1").status == 400)
        #expect(try bench.post("/v1/customers", [("name", "A")], idempotencyKey: "k1").status == 200)

        let silent = try bench.customer(email: nil)
        let refused = try bench.post("/v1/invoices", bench.draftParameters(silent), idempotencyKey: "k2")
        _ = try bench.post("/v1/customers/\(silent)", [("email", "now@there.example")])
        let again = try bench.post("/v1/invoices", bench.draftParameters(silent), idempotencyKey: "k2")
        #expect(refused.status == 400)
        #expect(again.body == refused.body)
    }

    @Test("A 500 is kept too, whether the effect happened or not", arguments: [true, false])
    func serverErrors(afterEffect: Bool) throws {
        bench.stripe.plan(.serverError(afterEffect: afterEffect), pathPrefix: "/v1/customers")
        let first = try bench.post("/v1/customers", [("name", "A")], idempotencyKey: "k1")
        let second = try bench.post("/v1/customers", [("name", "A")], idempotencyKey: "k1")
        #expect(first.status == 500)
        #expect(second.status == 500)
        #expect(second.headers["idempotent-replayed"] == "true")
        #expect(try bench.get("/v1/customers").json["data"].array.count == (afterEffect ? 1 : 0))
    }

    @Test("Reads take no notice of a key")
    func reads() throws {
        let customer = try bench.customer()
        let first = try bench.send("GET", "/v1/customers/\(customer)", idempotencyKey: "k1")
        _ = try bench.post("/v1/customers/\(customer)", [("name", "Other")])
        let second = try bench.send("GET", "/v1/customers/\(customer)", idempotencyKey: "k1")
        #expect(first.json["name"].text == "Nordlys AS")
        #expect(second.json["name"].text == "Other")
    }
}
