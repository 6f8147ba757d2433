import AsyncHTTPClient
import Domain
import NIOCore
import Storage
import Testing
import Web

@Suite("Webhooks over a socket") struct WebhookTests {
    enum Engine: CaseIterable { case inline, pool }

    /// The same proof on both engines.
    private func bench<R: Sendable>(_ engine: Engine, _ body: (Bench, Served) async throws -> R) async throws -> R {
        switch engine {
        case .inline:
            let bench = try await Bench.open()
            return try await serving(bench.app()) { try await body(bench, $0) }
        case .pool:
            return try await withDirectory { directory in
                let bench = try await Bench.open(.pool(path: directory + "/db"))
                let result = try await serving(bench.app()) { try await body(bench, $0) }
                try bench.database.shutDown()
                return result
            }
        }
    }

    @Test("A signed event is stored with its raw bytes and answered 200", arguments: Engine.allCases)
    func signed(engine: Engine) async throws {
        try await bench(engine) { bench, server in
            let delivery = try bench.signed(Delivery.event("evt_1"))
            let answer = try await server.send(delivery)
            #expect(answer.status == 200)
            #expect(answer.body == #"{"received":true}"#)
            #expect(answer.type == "application/json")
            let events = try await bench.events()
            #expect(events.map(\.eventID) == ["evt_1"])
            #expect(events.first?.body == delivery.body)
            #expect(events.first?.state == .received)
        }
    }

    @Test("A second delivery is answered 200, adds no row and is counted", arguments: Engine.allCases)
    func duplicate(engine: Engine) async throws {
        try await bench(engine) { bench, server in
            let body = Delivery.event("evt_1")
            #expect(try await server.send(bench.signed(body)).status == 200)
            // Stripe signs each delivery anew.
            let again = try await server.send(bench.signed(body, age: 7))
            #expect(again.status == 200)
            #expect(again.body == #"{"duplicate":true,"received":true}"#)
            let events = try await bench.events()
            #expect(events.count == 1)
            #expect(events.first?.deliveries == 2)
        }
    }

    @Test("What is not signed as it should be is refused, says why, and leaves nothing")
    func refused() async throws {
        try await bench(.inline) { bench, server in
            let body = Delivery.event("evt_1")
            let now = Bench.now.unixSeconds
            let forged = try Delivery.header(body, secret: "whsec_somebody_else", at: now)
            let good = try bench.signed(body).signature ?? ""
            let cases: [(String?, String)] = [
                (nil, "missing or empty"), ("", "missing or empty"), ("bad_header", "not a list of name=value"),
                ("t=\(now),v0=00", "no v1 signature"), (forged, "no v1 signature matches"),
                (try bench.signed(body, age: 301).signature, "signed 301 s ago"),
            ]
            for (signature, why) in cases {
                let answer = try await server.send(Delivery(body: body, signature: signature))
                #expect(answer.status == 400)
                #expect(answer.body.hasPrefix(#"{"error":""#))
                #expect(answer.body.contains(why), "\(answer.body)")
                #expect(!answer.body.contains("alpha") && !answer.body.contains("beta"))
            }
            #expect(try await server.send(Delivery(body: [], signature: good)).status == 400)
            // One flipped byte of the body.
            var altered = body
            altered[20] ^= 1
            #expect(try await server.send(Delivery(body: altered, signature: good)).status == 400)
            #expect(try await bench.events().isEmpty)
            #expect(try await bench.events(Bench.beta).isEmpty)
        }
    }

    @Test("Several signature headers are refused, even when one of them is right")
    func severalHeaders() async throws {
        try await bench(.inline) { bench, server in
            let delivery = try bench.signed(Delivery.event("evt_1"))
            let name = "Stripe-Signature"
            let answer = try await server.call(
                "POST", delivery.path,
                headers: [(name, delivery.signature ?? ""), (name, "t=1,v1=00")],
                body: .bytes(ByteBuffer(bytes: delivery.body)))
            #expect(answer.status == 400)
            #expect(answer.body.contains("2 Stripe-Signature headers"))
            #expect(try await bench.events().isEmpty)
        }
    }

    @Test("3 MiB are refused by Content-Length and when they are streamed; 2 MiB are taken")
    func tooLarge() async throws {
        try await bench(.inline) { bench, server in
            let large = [UInt8](repeating: 0x20, count: 3 * 1024 * 1024)
            let delivery = try bench.signed(large)
            let declared = try await server.send(delivery)
            #expect(declared.status == 413)
            #expect(declared.body.contains("larger than 2097152 bytes"))
            let part = ByteBuffer(repeating: 0x20, count: 64 * 1024)
            let parts = AsyncStream { continuation in
                for _ in 0..<48 { continuation.yield(part) }
                continuation.finish()
            }
            let streamed = try await server.call(
                "POST", delivery.path, headers: [("Stripe-Signature", delivery.signature ?? "")],
                body: .stream(parts, length: .unknown))
            #expect(streamed.status == 413)
            #expect(try await bench.events().isEmpty)

            let event = Delivery.event("evt_large")
            let padding = [UInt8](repeating: 0x20, count: WebLimits.webhookBodyBytesMax - event.count)
            #expect(try await server.send(bench.signed(event + padding)).status == 200)
            #expect(try await server.send(bench.signed(event + padding + [0x20])).status == 413)
            #expect(try await bench.events().map(\.eventID) == ["evt_large"])
        }
    }

    @Test("Signed but truncated JSON is kept as ignored, with the reason, and answered 200")
    func truncated() async throws {
        try await bench(.inline) { bench, server in
            let body = Array(Delivery.event("evt_1").dropLast(9))
            #expect(try await server.send(bench.signed(body)).status == 200)
            let events = try await bench.events()
            #expect(events.count == 1)
            #expect(events.first?.state == .ignored)
            #expect(events.first?.reason?.contains("not JSON") == true)
            #expect(events.first?.body == body)
        }
    }

    @Test("A live event for a tenant in test mode is kept as ignored, with the reason")
    func wrongMode() async throws {
        try await bench(.inline) { bench, server in
            #expect(try await server.send(bench.signed(Delivery.event("evt_1", live: true))).status == 200)
            let events = try await bench.events()
            #expect(events.first?.state == .ignored)
            #expect(events.first?.reason?.contains("live") == true)
        }
    }

    @Test("The URL only suggests: the event lands with the tenant whose secret verifies it")
    func hint() async throws {
        try await bench(.inline) { bench, server in
            for (index, hint) in [Bench.endpointKey(Bench.alpha), Bench.endpointKey(Bench.beta), "nobody"].enumerated()
            {
                var delivery = try bench.signed(Delivery.event("evt_\(index)"))
                delivery.path = "/webhooks/stripe/\(hint)"
                #expect(try await server.send(delivery).status == 200)
            }
            #expect(try await bench.events().count == 3)
            #expect(try await bench.events(Bench.beta).isEmpty)
        }
    }

    @Test("An endpoint of a tenant that has left is gone")
    func gone() async throws {
        try await bench(.inline) { bench, server in
            try await bench.database.write { db in
                try TenantsTable.setState(db, tenant: Bench.alpha, .offboarded, now: Bench.now)
            }
            #expect(try await server.send(bench.signed(Delivery.event("evt_1"))).status == 410)
            #expect(try await bench.events().isEmpty)
        }
    }

    @Test("Webhooks are sent by POST; unknown addresses are a problem in JSON")
    func addresses() async throws {
        try await bench(.inline) { _, server in
            for method in ["GET", "PUT", "DELETE"] {
                let answer = try await server.call(method, "/webhooks/stripe/keyalpha")
                #expect(answer.status == 405)
                #expect(answer.headers["allow"] == "POST")
            }
            let page = try await server.call("POST", "/healthz")
            #expect(page.status == 405)
            #expect(page.type == "application/problem+json")
            let nothing = try await server.get("/webhooks/other?secret=1")
            #expect(nothing.status == 404)
            #expect(nothing.type == "application/problem+json")
            #expect(nothing.body.contains(#""status":404"#))
            #expect(nothing.body.contains(#""title":"Not Found""#))
            #expect(!nothing.body.contains("secret"))
        }
    }

    @Test("The log at trace level holds no signature, body, query or endpoint key")
    func logs() async throws {
        let bench = try await Bench.open()
        try await serving(bench.app(), log: bench.log.logger()) { server in
            var delivery = try bench.signed(Delivery.event("evt_1"))
            delivery.path = "/webhooks/stripe/\(Bench.endpointKey(Bench.alpha))?q=query-marker"
            #expect(try await server.send(delivery).status == 200)
            delivery.signature = "t=1,v1=signature-marker"
            #expect(try await server.send(delivery).status == 400)
            #expect(try await server.get("/path-marker").status == 404)
        }
        let text = bench.log.text
        #expect(text.contains("webhook refused"))
        #expect(text.contains("request-"))
        let marks = [
            "query-marker", "payload-marker", "signature-marker", "path-marker", "v1=", Bench.secret(Bench.alpha),
            Bench.endpointKey(Bench.alpha),
        ]
        for mark in marks { #expect(!text.contains(mark), "\(mark)") }
    }
}
