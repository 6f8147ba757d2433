import Foundation
import Testing

@testable import Sandbox

@Suite("The sandbox's server on real loopback")
struct ServerTests {
    let bench = StripeBench()
    let faults = FaultPlan()
    let client = LoopbackClient()

    /// Runs a server on a free port for as long as `body` runs, then stops it and waits for its end.
    private func withServer(
        hangSeconds: Int = 60, other: SandboxServer.Handler? = nil,
        _ body: @escaping @Sendable (String) async throws -> Void
    ) async throws {
        let control = SandboxControl(
            stripe: bench.stripe, clock: bench.clock, faults: faults, otherBooks: { [#"{"kind":"other"}"#] })
        let server = SandboxServer(
            stripe: bench.stripe, other: other, faults: faults, control: control, hangSeconds: hangSeconds)
        try await server.whileServing { port in try await body("http://127.0.0.1:\(port)") }
    }

    private func request(_ method: String, _ path: String, _ body: String = "") -> SandboxRequest {
        var headers = [(name: "Authorization", value: "Bearer \(StripeBench.key)")]
        if method == "POST", !path.hasPrefix("/_sandbox") {
            headers.append((name: "Content-Type", value: "application/x-www-form-urlencoded"))
        }
        return SandboxRequest(method: method, path: path, headers: headers, body: Array(body.utf8))
    }

    private func json(_ response: SandboxResponse) throws -> LooseJSON {
        try JSONDecoder().decode(LooseJSON.self, from: Data(response.body))
    }

    private func header(_ name: String, of response: SandboxResponse) -> String? {
        response.headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    private func customers() throws -> Int { try bench.get("/v1/customers").json["data"].array.count }

    @Test("It binds a free port, answers Stripe's requests and other paths, and stops when cancelled")
    func serves() async throws {
        try await withServer(other: { SandboxResponse(status: 299, body: Array($0.path.utf8)) }) { base in
            let made = try await client.send(request("POST", "/v1/customers", "name=%C3%85se+AS"), to: base)
            #expect(made.status == 200)
            #expect(try json(made)["name"].text == "Åse AS")
            #expect(header("Request-Id", of: made)?.hasPrefix("req_") == true)
            var listing = request("GET", "/v1/customers")
            listing.query = "limit=1&created%5Bgte%5D=1"
            let listed = try await client.send(listing, to: base)
            #expect(try json(listed)["data"].array.count == 1)
            let other = try await client.send(request("GET", "/api/a%20b"), to: base)
            #expect(other.status == 299)
            #expect(other.body == Array("/api/a b".utf8))
        }
    }

    @Test("A status or a 429 stands in the simulator's place: nothing happens behind it")
    func substitutes() async throws {
        try await withServer { base in
            faults.add(Fault(method: "POST", pathPrefix: "/v1/customers", kind: .status(503, body: "{}")))
            faults.add(Fault(pathPrefix: "/v1/customers", kind: .tooManyRequests(retryAfter: 7)))
            let first = try await client.send(request("POST", "/v1/customers", "name=A"), to: base)
            let second = try await client.send(request("POST", "/v1/customers", "name=A"), to: base)
            let third = try await client.send(request("POST", "/v1/customers", "name=A"), to: base)
            #expect(first.status == 503)
            #expect(second.status == 429)
            #expect(third.status == 200)
            #expect(header("Retry-After", of: second) == "7")
            #expect(try customers() == 1)
            #expect(faults.struck == 2)
        }
    }

    @Test("Resets and half bodies break the connection after the effect")
    func breaks() async throws {
        try await withServer { base in
            for kind in [Fault.Kind.resetAfterEffect, .halfBody] {
                faults.add(Fault(pathPrefix: "/v1/customers", kind: kind))
                await #expect(throws: (any Error).self) {
                    try await client.send(request("POST", "/v1/customers", "name=A"), to: base)
                }
            }
            let made = try customers()
            #expect(made == 2)
        }
    }

    @Test("Timeouts give no answer, before or after the effect")
    func timeouts() async throws {
        try await withServer { base in
            for (kind, count) in [(Fault.Kind.timeoutBeforeEffect, 0), (.timeoutAfterEffect, 1)] {
                faults.add(Fault(pathPrefix: "/v1/customers", kind: kind))
                await #expect(throws: (any Error).self) {
                    try await client.send(
                        request("POST", "/v1/customers", "name=A"), to: base, timeoutMilliseconds: 300)
                }
                let made = try customers()
                #expect(made == count)
            }
        }
    }

    @Test("Every further act of people has its form in the control API")
    func furtherActs() async throws {
        let (first, second) = (try bench.open(5_000), try bench.open(6_000))
        try await withServer { base in
            func act(_ action: String, _ body: String) async throws -> LooseJSON {
                let answer = try await client.send(request("POST", "/_sandbox/\(action)", body), to: base)
                #expect(answer.status == 200, "\(action): \(String(decoding: answer.body, as: UTF8.self))")
                return try json(answer)
            }
            let account = #""account":"acct_bench""#
            _ = try await act("settings", #"{\#(account),"fees_known_after_seconds":0}"#)
            let started = try await act("pay/start", #"{"invoice":"\#(first)","amount":1000}"#)
            _ = try await act("pay/finish", #"{"payment_intent":"\#(started["payment_intent"].text ?? "")"}"#)
            let other = try await act("pay/start", #"{"invoice":"\#(first)","amount":1000}"#)
            _ = try await act("pay/fail", #"{"payment_intent":"\#(other["payment_intent"].text ?? "")"}"#)
            _ = try await act("pay/cancel", #"{"payment_intent":"\#(other["payment_intent"].text ?? "")"}"#)
            _ = try await act("pay/action", #"{"invoice":"\#(first)"}"#)
            _ = try await act("pay/transfer", #"{"invoice":"\#(first)","amount":1000}"#)
            let paid = try await act("pay/together", #"{"invoices":[{"invoice":"\#(second)","amount":4000}]}"#)
            let charge = #""charge":"\#(paid["charge"].text ?? "")""#
            let refund = try await act("refund", #"{\#(charge),"amount":100,"pending":true}"#)["refund"].text ?? ""
            _ = try await act("refund/finish", #"{"refund":"\#(refund)"}"#)
            _ = try await act("refund/fail", #"{"refund":"\#(refund)"}"#)
            let asked = try await act("dispute", #"{\#(charge),"opening":"inquiry"}"#)["dispute"].text ?? ""
            for action in ["withdraw", "answer", "reinstate"] {
                _ = try await act("dispute/\(action)", #"{"dispute":"\#(asked)"}"#)
            }
            _ = try await act("dispute/close", #"{"dispute":"\#(asked)","won":true}"#)
            _ = try await act("dispute/appeal", #"{"dispute":"\#(asked)"}"#)
            _ = try await act("dispute/deadline", #"{"dispute":"\#(asked)","seconds":1900000000}"#)
            _ = try await act("fee", #"{\#(account),"currency":"nok","amount":7}"#)
            let payout = try await act("payout", #"{\#(account),"currency":"nok"}"#)["payout"].text ?? ""
            _ = try await act("payout/finish", #"{"payout":"\#(payout)"}"#)
            _ = try await act("payout/fail", #"{"payout":"\#(payout)"}"#)
            let parameters = #""parameters":{"invoice":"\#(second)","amount":"500"}"#
            let note = try await act(
                "dashboard", #"{\#(account),"method":"POST","path":"/v1/credit_notes",\#(parameters)}"#)
            #expect(note["pre_payment_amount"].whole == 500)
            _ = try await act("faults", #"{"path":"/v1/","kind":"lock_timeout"}"#)
            let locked = try await client.send(request("POST", "/v1/customers", "name=A"), to: base)
            #expect(locked.status == 429)
            let ledgers = try await client.send(request("GET", "/_sandbox/ledgers"), to: base)
            let kinds = Set(
                try String(decoding: ledgers.body, as: UTF8.self).split(separator: "\n").compactMap {
                    try JSONDecoder().decode(LooseJSON.self, from: Data($0.utf8))["kind"].text
                })
            #expect(kinds == ["credit_note", "balance_transaction", "payout", "balance"])
        }
    }

    @Test("People pay, decline, dispute and refund through the control API, and the books show it")
    func control() async throws {
        let first = try bench.open(5_000)
        let second = try bench.open(6_000)
        try await withServer { base in
            let paid = try await client.send(
                request("POST", "/_sandbox/pay", #"{"invoice":"\#(first)","amount":2000}"#), to: base)
            #expect(paid.status == 200)
            let charge = try #require(try json(paid)["charge"].text)
            for (action, body) in [
                ("pay", #"{"invoice":"\#(first)"}"#), ("fail", #"{"invoice":"\#(second)","code":"expired_card"}"#),
                ("dispute", #"{"charge":"\#(charge)","reason":"duplicate"}"#),
                ("refund", #"{"invoice":"\#(first)","amount":100}"#), ("clock/advance", #"{"seconds":60}"#),
                ("faults", #"{"path":"/v1/","kind":"half_body"}"#),
            ] {
                let answer = try await client.send(request("POST", "/_sandbox/\(action)", body), to: base)
                #expect(answer.status == 200, "\(action): \(String(decoding: answer.body, as: UTF8.self))")
            }
            #expect(bench.now == StripeBench.start + 60)
            let books = try await client.send(request("GET", "/_sandbox/books"), to: base)
            let lines = String(decoding: books.body, as: UTF8.self).split(separator: "\n")
            #expect(lines.map(String.init) == bench.stripe.books() + [#"{"kind":"other"}"#])
            #expect(lines.contains { $0.contains(#""kind":"refund""#) && $0.contains(#""amount":100"#) })
            let calls = try await client.send(request("GET", "/_sandbox/calls"), to: base)
            #expect(try json(calls)["acct_bench"]["POST /v1/invoices"].whole == 2)
            for body in [#"{"invoice":"\#(first)"}"#, #"{"invoice":"in_none"}"#] {
                let refused = try await client.send(request("POST", "/_sandbox/pay", body), to: base)
                #expect(refused.status == 409)
            }
            for body in ["{}", #"{"invoice":"#, #"{"invoice":3}"#] {
                let refused = try await client.send(request("POST", "/_sandbox/pay", body), to: base)
                #expect(refused.status == 400)
            }
        }
    }

    @Test("The page lists invoices, escapes their names and takes forms")
    func page() async throws {
        let customer = try bench.customer(name: #"<b>"Bad" & Co</b>"#)
        let invoice = try bench.open(5_000, customer: customer)
        try await withServer { base in
            let page = try await client.send(request("GET", "/_sandbox/"), to: base)
            let text = String(decoding: page.body, as: UTF8.self)
            #expect(text.contains("&lt;b&gt;&quot;Bad&quot; &amp; Co&lt;/b&gt;"))
            #expect(!text.contains("<b>"))
            var form = request("POST", "/_sandbox/pay", "invoice=\(invoice)&amount=")
            form.headers.append(("Content-Type", "application/x-www-form-urlencoded"))
            let answer = try await client.send(form, to: base)
            #expect(answer.status == 303)
            #expect(header("Location", of: answer) == "/_sandbox/")
            #expect(try bench.get("/v1/invoices/\(invoice)").json["status"].text == "paid")
        }
    }

    @Test("The courier delivers over HTTP and tries again until it is accepted")
    func courier() async throws {
        let arrivals = Arrivals()
        let receiver: SandboxServer.Handler = { request in
            await arrivals.add(request.header("Stripe-Signature") ?? "")
            let count = await arrivals.ids.count
            // A redirect is a refusal too, and is not followed.
            if count == 1 { return SandboxResponse(status: 302, headers: [("Location", "/elsewhere")]) }
            return SandboxResponse(status: count < 3 ? 500 : 200)
        }
        try await withServer(other: receiver) { base in
            _ = try bench.post(
                "/v1/webhook_endpoints", [("url", base + "/hooks"), ("enabled_events[]", "invoice.paid")])
            try bench.stripe.pay(invoice: try bench.open(1_000))
            let courier = WebhookCourier(stripe: bench.stripe)
            for _ in 0..<4 {
                await courier.deliverDue()
                bench.clock.advance(bySeconds: 5)
            }
            #expect(courier.tally == WebhookCourier.Tally(sent: 3, accepted: 1, refused: 2, dropped: 0))
            #expect(await arrivals.ids.allSatisfy { $0.hasPrefix("t=") })
            #expect(bench.stripe.pendingDeliveries() == 0)
        }
    }

    @Test("As a service the courier delivers what comes due, until it is cancelled")
    func courierRuns() async throws {
        _ = try bench.post(
            "/v1/webhook_endpoints", [("url", "http://a.example"), ("enabled_events[]", "invoice.paid")])
        let (types, type) = AsyncStream.makeStream(of: String.self)
        let courier = WebhookCourier(stripe: bench.stripe, tickMilliseconds: 1) { delivery in
            type.yield(delivery.eventType)
            return 200
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await courier.run() }
            try bench.stripe.pay(invoice: try bench.open(1_000))
            let first = await types.first { _ in true }
            #expect(first == "invoice.paid")
            group.cancelAll()
        }
    }

    @Test("A port that is taken is an error, not a silent wait")
    func portInUse() async throws {
        try await withServer { base in
            let port = try #require(Int(base.split(separator: ":").last ?? ""))
            await #expect(throws: (any Error).self) {
                try await SandboxServer(stripe: bench.stripe, port: port).whileServing { _ in }
            }
        }
    }
}
