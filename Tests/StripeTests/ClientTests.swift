import Domain
import LibCrypto
import Outbound
import Stripe
import Testing

@Suite("Reading from Stripe")
struct ClientTests {
    private let missing = answer(404, #"{"error":{"code":"resource_missing","message":"No such invoice: 'in_1'"}}"#)

    @Test("every call carries key, version, agent, and a write its idempotency key and form type")
    func headers() async throws {
        let transport = ScriptedTransport(bodies: [invoiceJSON()])
        _ = try await client(transport).perform(StripeRequests.finalize(StripeInvoiceID("in_1"), key: "effect/1"))
        let sent = try #require(transport.sent.first)
        #expect(sent.method == "POST")
        #expect(sent.url == "https://api.stripe.test/v1/invoices/in_1/finalize")
        #expect(sent.timeoutMilliseconds == 5000)
        let headers = Dictionary(uniqueKeysWithValues: sent.headers.map { ($0.name, $0.value) })
        #expect(
            headers == [
                "authorization": "Bearer rk_test_51abcDEF", "stripe-version": "2026-08-26.dahlia",
                "accept": "application/json", "user-agent": "ml-connector", "idempotency-key": "effect/1",
                "content-type": "application/x-www-form-urlencoded",
            ])
    }

    @Test("a key of the other mode, or one that cannot be opened, makes no call at all")
    func wrongKey() async throws {
        let transport = ScriptedTransport([])
        for (key, mode) in [("sk_live_51abc", StripeMode.test), ("rk_test_51abc", .live)] {
            let error = await #expect(throws: ConnectorError.self) {
                try await client(transport, key: key, mode: mode).ping()
            }
            #expect(error?.code == "stripe.mode_mismatch")
            #expect(error?.text.contains("set a key that begins with rk_\(mode.rawValue)_") == true)
        }
        let broken = StripeClient(
            settings: StripeSettings(origin: "https://api.stripe.test", timeoutMilliseconds: 1, mode: .test),
            transport: transport, key: { throw CryptoFailure.notAuthentic }, now: { exampleNow })
        let error = await #expect(throws: ConnectorError.self) { try await broken.ping() }
        #expect(error?.code == "stripe.key_unavailable")
        #expect(transport.sent.isEmpty)
    }

    @Test("a POST without an idempotency key and a call for the other system are not sent")
    func refusedCalls() async {
        let transport = ScriptedTransport([])
        for call in [
            OutboundCall(system: .stripe, method: "POST", path: "/v1/customers"),
            OutboundCall(system: .visma, method: "GET", path: "/v1/customers"),
            OutboundCall(system: .stripe, method: "GET", path: "@evil.example/"),
        ] {
            await #expect(throws: ConnectorError.self) { try await client(transport).perform(call) }
        }
        #expect(transport.sent.isEmpty)
    }

    @Test("ping lists one customer and answers with the request id")
    func ping() async throws {
        let transport = ScriptedTransport([.answer(answer(200, list([]), [("Request-Id", "req_7")]))])
        #expect(try await client(transport).ping() == "req_7")
        #expect(transport.targets == ["GET /v1/customers?limit=1"])
    }

    @Test("more payments than fit inside the invoice are paged from their own list")
    func manyPayments() async throws {
        let one = paymentJSON(id: "inpay_1", settlement: #"{"type":"payment_intent","payment_intent":"pi_1"}"#)
        let two = paymentJSON(id: "inpay_2", settlement: #"{"type":"payment_intent","payment_intent":"pi_2"}"#)
        let transport = ScriptedTransport(bodies: [
            invoiceJSON(payments: list([one], more: true)), list([one], more: true), list([two]),
        ])
        let collection = try #require(try await client(transport).invoice(StripeInvoiceID("in_1")))
        #expect(collection.payments.map(\.id.rawValue) == ["inpay_1", "inpay_2"])
        #expect(
            transport.targets == [
                "GET /v1/invoices/in_1?expand[]=payments", "GET /v1/invoice_payments?invoice=in_1&limit=100",
                "GET /v1/invoice_payments?invoice=in_1&limit=100&starting_after=inpay_1",
            ])
    }

    @Test("a deleted draft is nil; an object of the other mode is not taken for a deleted one")
    func gone() async throws {
        #expect(try await client(ScriptedTransport([.answer(missing)])).collection(StripeInvoiceID("in_1")) == nil)
        let deleted = #"{"id":"cus_1","object":"customer","deleted":true}"#
        #expect(try await client(ScriptedTransport(bodies: [deleted])).customer(StripeCustomerID("cus_1")) == nil)
        for body in [
            #"{"error":{"code":"resource_missing","#
                + #""message":"No such invoice: 'in_1'; a similar object exists in live mode,"#
                + #" but a test mode key was used"}}"#,
            #"{"error":{"message":"Unrecognized request URL"}}"#,
        ] {
            await #expect(throws: ConnectorError.self) {
                try await client(ScriptedTransport([.answer(answer(404, body))])).invoice(StripeInvoiceID("in_1"))
            }
        }
    }

    @Test("lists are paged to the end, and a list that never ends or does not move is an error")
    func paging() async throws {
        func customer(_ id: String) -> String { #"{"id":"\#(id)","object":"customer","email":null,"metadata":{}}"# }
        let transport = ScriptedTransport(bodies: [
            list([customer("cus_3"), customer("cus_2")], more: true), list([customer("cus_1")]),
        ])
        let found = try await client(transport).customersCreated(from: Timestamp(unixSeconds: 1_794_000_000))
        #expect(found.map(\.id.rawValue) == ["cus_3", "cus_2", "cus_1"])
        #expect(
            transport.targets == [
                "GET /v1/customers?created[gte]=1794000000&limit=100",
                "GET /v1/customers?created[gte]=1794000000&limit=100&starting_after=cus_2",
            ])
        for pages in [
            [list([], more: true)], [list([customer("cus_1")], more: true), list([customer("cus_1")], more: true)],
        ] {
            let error = await #expect(throws: ConnectorError.self) {
                try await client(ScriptedTransport(bodies: pages)).customersCreated(from: nil)
            }
            #expect(error?.code == "stripe.unreadable_answer")
        }
        let endless = ScriptedTransport(bodies: (0...1000).map { list([customer("cus_\($0)")], more: true) })
        let error = await #expect(throws: ConnectorError.self) { try await client(endless).customersCreated(from: nil) }
        #expect(error?.code == "stripe.too_many_pages")
        #expect(endless.sent.count == 1000)
    }

    @Test("customers by metadata: quoted, sorted, paged by the page token; by e-mail: exact")
    func customers() async throws {
        let transport = ScriptedTransport(bodies: [
            #"{"object":"search_result","has_more":true,"next_page":"tok=","data":[{"id":"cus_1","#
                + #""name":"A","metadata":{"b":"x"}}]}"#,
            #"{"object":"search_result","has_more":false,"data":[]}"#, list([]),
        ])
        let found = try await client(transport).customers(metadata: ["b": #"say "hi" \o/"#, "a": "1"])
        #expect(
            found == [
                StripeCustomer(
                    id: StripeCustomerID("cus_1"), name: "A", email: nil, description: nil, metadata: ["b": "x"])
            ])
        #expect(
            transport.targets[0].hasPrefix(
                #"GET /v1/customers/search?query=metadata["a"]:"1" AND metadata["b"]:"say \"#.replacing(
                    "\\", with: "%5C")))
        #expect(transport.targets[0].contains(#"%5C"hi%5C" %5C%5Co%2F"&limit=100"#))
        #expect(transport.targets[1].hasSuffix("&limit=100&page=tok%3D".replacing("%3A", with: ":")))
        _ = try await client(transport).customers(email: "a+b@c.no")
        #expect(transport.targets[2] == "GET /v1/customers?email=a%2Bb%40c.no&limit=100")
        for search in [[:], Dictionary(uniqueKeysWithValues: (0..<11).map { ("k\($0)", "v") })] {
            await #expect(throws: ConnectorError.self) { try await client(transport).customers(metadata: search) }
        }
        await #expect(throws: ConnectorError.self) { try await client(transport).customers(email: "") }
        #expect(transport.sent.count == 3)
    }

    @Test("invoices of a customer, invoice payments of an intent, one charge, endpoints")
    func lookUps() async throws {
        let payment = paymentJSON(id: "inpay_1", settlement: #"{"type":"payment_intent","payment_intent":"pi_1"}"#)
        let endpoint =
            #"{"id":"we_1","object":"webhook_endpoint","url":"https://c.example/w","status":"enabled","#
            + #""enabled_events":["*"],"api_version":null,"metadata":{}}"#
        let transport = ScriptedTransport(bodies: [
            list([invoiceJSON(id: "in_2", status: "draft")]), list([payment]), chargeJSON(id: "ch_1"), list([endpoint]),
        ])
        let stripe = client(transport)
        let invoices = try await stripe.invoices(
            customer: StripeCustomerID("cus_1"), createdFrom: Timestamp(unixSeconds: 1_794_000_000))
        #expect(invoices.map(\.invoice.rawValue) == ["in_2"])
        let pairs = try await stripe.invoicePayments(intent: PaymentIntentID("pi_1"))
        #expect(pairs.map { $0.0.rawValue + $0.1.rawValue } == ["inpay_1in_1"])
        #expect(try await stripe.charge(ChargeID("ch_1"))?.intent == PaymentIntentID("pi_1"))
        #expect(
            try await stripe.webhookEndpoints() == [
                StripeEndpoint(
                    id: "we_1", url: "https://c.example/w", status: "enabled", enabledEvents: ["*"], apiVersion: nil,
                    metadata: [:])
            ])
        #expect(
            transport.targets == [
                "GET /v1/invoices?customer=cus_1&created[gte]=1794000000&limit=100",
                "GET /v1/invoice_payments?payment[type]=payment_intent&payment[payment_intent]=pi_1&limit=100",
                "GET /v1/charges/ch_1?expand[]=balance_transaction", "GET /v1/webhook_endpoints?limit=100",
            ])
    }

    @Test("listed events keep their body, and the same event always the same bytes")
    func events() async throws {
        let event =
            #"{"type":"invoice.paid","object":"event","id":"evt_1","livemode":false,"#
            + #""created":1795000000,"data":{"object":{"id":"in_1","object":"invoice","#
            + #""total":99999999999}}}"#
        let transport = ScriptedTransport(bodies: [
            list([event], more: true), list([event.replacing("evt_1", with: "evt_0")]), list([]),
        ])
        let found = try await client(transport).events(createdFrom: exampleNow, undeliveredOnly: true)
        #expect(found.map(\.envelope.id) == ["evt_1", "evt_0"])
        #expect(try EventEnvelope.parse(found[0].body) == found[0].envelope)
        #expect(String(decoding: found[0].body, as: UTF8.self).contains(#""livemode":false"#))
        #expect(String(decoding: found[0].body, as: UTF8.self).contains(#""total":99999999999"#))
        #expect(
            transport.targets == [
                "GET /v1/events?created[gte]=1795000000&delivery_success=false&limit=100",
                "GET /v1/events?created[gte]=1795000000&delivery_success=false&limit=100&starting_after=evt_1",
            ])
        _ = try await client(transport).events(
            createdFrom: exampleNow, createdBefore: exampleNow.adding(seconds: 60), undeliveredOnly: false)
        #expect(
            transport.targets[2] == "GET /v1/events?created[gte]=1795000000&created[lt]=1795000060&limit=100")
    }

    @Test("of an object that an event names only the ids are read, and of a strange invoice the metadata")
    func traced() async throws {
        let gone = answer(404, #"{"error":{"code":"resource_missing","message":"No such refund: 're_2'"}}"#)
        let transport = ScriptedTransport([
            .answer(answer(200, #"{"id":"re_1","object":"refund","charge":"ch_1","payment_intent":"pi_1","x":[]}"#)),
            .answer(gone), .answer(answer(200, #"{"id":"in_1","object":"invoice","metadata":{"a":"b"}}"#)),
        ])
        let stripe = client(transport)
        #expect(
            try await stripe.objects(of: "refund", id: "re_1")
                == .init(kind: "refund", id: "re_1", intent: PaymentIntentID("pi_1"), charge: ChargeID("ch_1")))
        #expect(try await stripe.objects(of: "refund", id: "re_2") == nil)
        #expect(try await stripe.objects(of: "subscription", id: "sub_1") == nil)
        #expect(try await stripe.metadata(of: StripeInvoiceID("in_1")) == ["a": "b"])
        #expect(transport.targets == ["GET /v1/refunds/re_1", "GET /v1/refunds/re_2", "GET /v1/invoices/in_1"])
    }

    @Test("the answers of writes")
    func answers() throws {
        let paid = list([paymentJSON(id: "inpay_1", settlement: #"{"type":"payment_intent","payment_intent":"pi_1"}"#)])
        let lines = list([#"{"id":"il_1"}"#, #"{"id":"il_2"}"#])
        let collection = try StripeAnswers.collection(
            from: answer(200, invoiceJSON(currency: "jpy", payments: paid, lines: lines)))
        #expect(collection.currency == .jpy)
        #expect(collection.lineCount == 2)
        #expect(collection.payments.map(\.id.rawValue) == ["inpay_1"])
        #expect(
            try StripeAnswers.customer(from: answer(200, #"{"id":"cus_1","name":"A"}"#)).id == StripeCustomerID("cus_1")
        )
        #expect(try StripeAnswers.deletedID(from: answer(200, #"{"id":"in_1","deleted":true}"#)) == "in_1")
        let endpoint =
            #"{"id":"we_1","url":"u","status":"enabled","enabled_events":["*"],"metadata":{},"#
            + #""secret":"whsec_abcdefgh"}"#
        let created = try StripeAnswers.endpoint(from: answer(200, endpoint))
        #expect(created.id == "we_1")
        let secret = created.takeSecret()
        #expect(secret?.fingerprint() == "…efgh")
    }

    @Test("an answer to a write that cannot be read is uncertain and says where, not what")
    func unreadable() {
        for (body, place) in [
            ("{", "it is not JSON"), (#"{"id":"in_1"}"#, "customer is missing"),
            (invoiceJSON(currency: "krone"), "its currency is not three letters"),
            (invoiceJSON().replacing("125000", with: #""secret text""#), "total has another type"),
        ] {
            let error = #expect(throws: ConnectorError.self) {
                try StripeAnswers.collection(from: answer(200, body, [("Request-Id", "req_1")]))
            }
            #expect(error?.disposition == .uncertain)
            #expect(error?.text == "Stripe's answer cannot be read: \(place)")
            #expect(error?.requestID == "req_1")
        }
    }
}
