import Domain
import Sandbox
import Simulation
import Storage
import Stripe
import Sync
import Testing

@Suite("Trying a tenant's webhook endpoint")
struct PingEndpointTests {
    /// The step of that name once `change` was done to the registered endpoint.
    private func step(
        _ name: String, _ change: (World, EndpointRecord, String) async throws -> Void
    ) async throws -> Ping.Step? {
        let world = try await World(seed: 2)
        try await world.quiet()
        let tenant = world.nord.tenant
        let ours = try #require(try await world.database.read { try EndpointsTable.list($0, tenant: tenant) }.first)
        try await change(world, ours, "/v1/webhook_endpoints/" + (try #require(ours.stripeEndpointID)))
        let steps = try await Ping(environment: world.environment()).run(tenant)
        return steps.first { $0.name == name }
    }

    @Test("Enabled, at our URL, with all events and our version")
    func right() async throws {
        for name in ["stripe.webhook", "stripe.webhook_events", "stripe.webhook_version"] {
            #expect(try await step(name) { _, _, _ in }?.outcome == .passed)
        }
    }

    @Test("Disabled in the Dashboard: enable it")
    func disabled() async throws {
        let step = try await step("stripe.webhook") { world, _, path in
            try world.stripePost(path, ["disabled": "true"])
        }
        #expect(step?.outcome == .failed)
        #expect(step?.remedy?.hasPrefix("enable it") == true)
    }

    @Test("At another URL: which one is ours")
    func otherURL() async throws {
        var url = ""
        let step = try await step("stripe.webhook") { world, ours, path in
            url = ours.url
            try world.stripePost(path, ["url": "https://elsewhere.invalid/hook"])
        }
        #expect(step?.outcome == .failed)
        #expect(step?.seen.contains("https://elsewhere.invalid/hook") == true)
        #expect(step?.remedy?.contains(url) == true)
    }

    @Test("Deleted at Stripe: how payments are found until there is another")
    func deleted() async throws {
        let step = try await step("stripe.webhook") { world, ours, _ in
            world.deleteStripeEndpoint(ours.stripeEndpointID ?? "")
        }
        #expect(step?.outcome == .failed)
        #expect(step?.remedy?.contains("--public-url") == true)
    }

    @Test("Events that it does not send are named")
    func events() async throws {
        let step = try await step("stripe.webhook_events") { world, _, path in
            try world.stripePost(path, ["enabled_events[]": "invoice.paid"])
        }
        #expect(step?.outcome == .warned)
        #expect(step?.seen.contains("payout.failed") == true)
        #expect(step?.seen.contains("invoice.paid,") == false)
    }

    @Test("Another version of the API is told, and no failure")
    func version() async throws {
        let step = try await step("stripe.webhook_version") { world, ours, _ in
            let other = try world.stripePost(
                "/v1/webhook_endpoints",
                ["url": ours.url, "enabled_events[]": "*", "api_version": "2025-03-31.basil"])
            let (id, tenant) = (try #require(other["id"]?.stringValue), world.nord.tenant)
            try await world.database.write { db in
                try EndpointsTable.update(
                    db, tenant: tenant, endpointKey: ours.endpointKey, state: .active, stripeEndpointID: id)
            }
        }
        #expect(step?.outcome == .warned)
        #expect(step?.seen.contains("2025-03-31.basil") == true)
    }
}
