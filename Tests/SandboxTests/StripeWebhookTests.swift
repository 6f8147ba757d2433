import Foundation
import LibCrypto
import Testing

@testable import Sandbox

@Suite("Webhook deliveries of the simulated Stripe")
struct StripeWebhookTests {
    let bench = StripeBench()

    private func endpoint(_ events: [String] = ["*"], version: String? = nil) throws -> (id: String, secret: String) {
        var parameters = [("url", "http://127.0.0.1:9/hook")] + events.map { ("enabled_events[]", $0) }
        if let version { parameters.append(("api_version", version)) }
        let json = try bench.post("/v1/webhook_endpoints", parameters).json
        return (json["id"].text ?? "", json["secret"].text ?? "")
    }

    /// RFC 2104 from its two pads over SHA-256: nothing of it is shared with the code that signs.
    private func hmac(_ key: [UInt8], _ message: [UInt8]) -> String {
        var block = key.count > 64 ? sha256(key) : key
        block += [UInt8](repeating: 0, count: 64 - block.count)
        let inner = sha256(block.map { $0 ^ 0x36 } + message)
        return hex(sha256(block.map { $0 ^ 0x5c } + inner))
    }

    @Test("A delivery is signed with its endpoint's secret over time and body, anew for each attempt")
    func signatures() throws {
        let endpoint = try endpoint(["charge.succeeded"], version: "2025-03-31.basil")
        try bench.stripe.pay(invoice: try bench.open(1_000))
        var stamps: Set<String> = []
        for attempt in 1...3 {
            let delivery = try #require(bench.stripe.takeDeliveries().first)
            #expect(delivery.attempt == attempt)
            let header = try #require(delivery.headers.first { $0.name == "Stripe-Signature" }?.value)
            let parts = header.split(separator: ",")
            let stamp = try #require(parts.first { $0.hasPrefix("t=") }?.dropFirst(2))
            let code = try #require(parts.first { $0.hasPrefix("v1=") }?.dropFirst(3))
            #expect(hmac(Array(endpoint.secret.utf8), Array("\(stamp).".utf8) + delivery.body) == code)
            #expect(Int64(stamp) == bench.now)
            stamps.insert(String(stamp))
            bench.stripe.report(delivery, status: 500)
            bench.clock.advance(bySeconds: 10)
        }
        #expect(stamps.count == 3)
    }

    @Test("Only what an endpoint asked for is delivered, in its version's name, once it is accepted")
    func selection() throws {
        _ = try endpoint(["charge.succeeded", "invoice_payment.paid"], version: "2025-03-31.basil")
        try bench.stripe.pay(invoice: try bench.open(1_000))
        let due = bench.stripe.takeDeliveries()
        #expect(due.map(\.eventType) == ["charge.succeeded", "invoice_payment.paid"])
        let event = try JSONDecoder().decode(LooseJSON.self, from: Data(due[1].body))
        #expect(event["api_version"].text == "2025-03-31.basil")
        #expect(event["data"]["object"]["object"].text == "invoice_payment")
        #expect(event["request"]["id"] == .null)
        #expect(bench.stripe.takeDeliveries().isEmpty)
        for delivery in due { bench.stripe.report(delivery, status: 200) }
        bench.clock.advance(bySeconds: 3600)
        #expect(bench.stripe.takeDeliveries().isEmpty)
        #expect(bench.stripe.pendingDeliveries() == 0)
    }

    @Test("Refused deliveries come again with growing pauses for three days, then the event counts as undelivered")
    func retries() throws {
        _ = try endpoint(["invoice.paid"])
        try bench.stripe.pay(invoice: try bench.open(1_000))
        var attempts = 0
        for _ in 0..<(3 * 24 + 4) {
            for delivery in bench.stripe.takeDeliveries() {
                attempts += 1
                bench.stripe.report(delivery, status: 302)
            }
            bench.clock.advance(bySeconds: 3600)
        }
        #expect(attempts > 10)
        #expect(bench.stripe.pendingDeliveries() == 0)
        let failed = try bench.get("/v1/events", [("delivery_success", "false")]).json["data"].array
        #expect(failed.compactMap { $0["type"].text } == ["invoice.paid"])
    }

    @Test("A delivery that nobody reports on is given out again after twenty seconds")
    func unanswered() throws {
        _ = try endpoint(["invoice.paid"])
        try bench.stripe.pay(invoice: try bench.open(1_000))
        #expect(bench.stripe.takeDeliveries().count == 1)
        bench.clock.advance(bySeconds: 19)
        #expect(bench.stripe.takeDeliveries().isEmpty)
        bench.clock.advance(bySeconds: 1)
        #expect(bench.stripe.takeDeliveries().first?.attempt == 2)
    }

    @Test("Disabled and deleted endpoints get nothing more; an event can be sent again by hand")
    func endings() throws {
        let first = try endpoint(["invoice.paid"])
        try bench.stripe.pay(invoice: try bench.open(1_000))
        _ = try bench.post("/v1/webhook_endpoints/\(first.id)", [("disabled", "true")])
        #expect(bench.stripe.takeDeliveries().isEmpty)
        _ = try bench.post("/v1/webhook_endpoints/\(first.id)", [("disabled", "false")])
        let event = try bench.get("/v1/events", [("type", "invoice.paid")]).json["data"][0]["id"].text ?? ""
        try bench.stripe.resend(event: event)
        let again = bench.stripe.takeDeliveries()
        #expect(again.map(\.eventID) == [event])
        _ = try bench.send("DELETE", "/v1/webhook_endpoints/\(first.id)")
        bench.clock.advance(bySeconds: 100)
        #expect(bench.stripe.takeDeliveries().isEmpty)
    }

    @Test("The courier's plan duplicates, reorders and drops, and everything arrives in the end")
    func courierPlan() async throws {
        _ = try endpoint()
        for _ in 0..<5 { try bench.stripe.pay(invoice: try bench.open(1_000)) }
        let events = Set(try bench.eventTypes().indices)
        let arrivals = Arrivals()
        let plan = WebhookCourier.Plan(duplicates: true, reorders: true, dropsPerHundred: 30, seed: 3)
        let courier = WebhookCourier(stripe: bench.stripe, plan: plan) { delivery in
            await arrivals.add(delivery.eventID)
            return 200
        }
        for _ in 0..<10 {
            await courier.deliverDue()
            bench.clock.advance(bySeconds: 5)
        }
        let seen = await arrivals.ids
        #expect(Set(seen).count == events.count)
        #expect(seen.count == 2 * events.count)
        #expect(courier.tally.dropped > 0)
        let made = try bench.get("/v1/events", [("limit", "100")]).json["data"].array.compactMap { $0["id"].text }
        var order: [String] = []
        for id in seen where !order.contains(id) { order.append(id) }
        #expect(order != made.reversed())
        #expect(bench.stripe.pendingDeliveries() == 0)
    }
}

/// What arrived, in order.
actor Arrivals {
    private(set) var ids: [String] = []
    func add(_ id: String) { ids.append(id) }
}
