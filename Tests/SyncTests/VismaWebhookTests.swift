import Domain
import Foundation
import LibCrypto
import Sandbox
import Simulation
import Storage
import Synchronization
import Testing

@testable import Sync

@Suite("Visma's own webhooks, which make a poll due")
struct VismaWebhookTests {
    private static let key = "visma-signature-key-of-a-test"
    private static let body = Array("{\"any\": \"b\u{f8}dy\"}".utf8)

    private struct Bench {
        let world: World
        let webhooks: VismaWebhooks
        let due: @Sendable () -> [TenantID]
        var tenant: TenantID { world.companies[0].tenant }

        /// Whether the tenant's lists are due; true also when they were never read.
        func isDue() async throws -> Bool {
            let now = world.now()
            let policy = try #require(try await world.policy(of: world.companies[0]))
            return try await !world.database.read {
                try PollSchedule.due($0, tenant: tenant, policy: policy, now: now)
            }.isEmpty
        }

        func send(
            _ key: String = VismaWebhookTests.key, body: [UInt8] = VismaWebhookTests.body, to endpoint: String? = nil
        ) async throws -> VismaWebhooks.Outcome {
            let code = try HMACKey(Secret(key)).code(VismaWebhookTests.body)
            return await webhooks.receive(
                body: body, signature: Array(Data(code).base64EncodedString().utf8),
                endpoint: endpoint ?? tenant.rawValue)
        }
    }

    private func bench(key: String? = VismaWebhookTests.key) async throws -> Bench {
        let world = try await World(seed: 1)
        let environment = try world.environment()
        let tenant = world.companies[0].tenant
        if let key {
            let admin = TenantAdmin(environment: environment, actor: "cli:test")
            _ = try await admin.setCredential(.vismaWebhookKey, Secret(key), of: tenant)
        }
        try await world.turn(tenant)
        let due = Mutex<[TenantID]>([])
        let webhooks = VismaWebhooks(environment: environment) { tenant in due.withLock { $0.append(tenant) } }
        let bench = Bench(world: world, webhooks: webhooks) { due.withLock { $0 } }
        #expect(try await !bench.isDue())
        return bench
    }

    @Test("A verified one makes the tenant's poll due now, and no other tenant's")
    func verified() async throws {
        let bench = try await bench()
        let other = bench.world.companies[1].tenant
        try await bench.world.turn(other)
        #expect(try await bench.send() == .taken(bench.tenant))
        #expect(try await bench.isDue())
        #expect(bench.due() == [bench.tenant])
        let now = bench.world.now()
        let policy = try #require(try await bench.world.policy(of: bench.world.companies[1]))
        let others = try await bench.world.database.read {
            try PollSchedule.due($0, tenant: other, policy: policy, now: now)
        }
        #expect(others.isEmpty)
    }

    @Test("A wrong key, an altered body, another tenant's address, an unknown one and no base64 are all refused alike")
    func refused() async throws {
        let bench = try await bench()
        #expect(try await bench.send("another-signature-key") == .refused)
        #expect(try await bench.send(body: Self.body + [0x20]) == .refused)
        #expect(try await bench.send(to: bench.world.companies[1].tenant.rawValue) == .refused)
        #expect(try await bench.send(to: "nobody") == .refused)
        for signature in [nil, [], Array("!!!!".utf8), Array("AAAA".utf8)] as [[UInt8]?] {
            let outcome = await bench.webhooks.receive(
                body: Self.body, signature: signature, endpoint: bench.tenant.rawValue)
            #expect(outcome == .refused)
        }
        #expect(try await !bench.isDue())
        #expect(bench.due().isEmpty)
    }

    @Test("Of many within ten seconds the first counts at once and the others once, when that time is over")
    func merged() async throws {
        let bench = try await bench()
        for _ in 0..<20 { #expect(try await bench.send() == .taken(bench.tenant)) }
        #expect(bench.due().count == 1)
        try await bench.world.turn(bench.tenant)
        #expect(try await !bench.isDue())
        await bench.webhooks.makeWaitingDue()
        #expect(bench.due().count == 1)
        bench.world.clock.advance(bySeconds: VismaWebhooks.hintsApartSeconds)
        await bench.webhooks.makeWaitingDue()
        #expect(try await bench.isDue())
        #expect(bench.due().count == 2)
        bench.world.clock.advance(bySeconds: VismaWebhooks.hintsApartSeconds)
        await bench.webhooks.makeWaitingDue()
        #expect(bench.due().count == 2)
    }

    @Test("A key that was set anew holds within a minute, and the old one no longer")
    func rotated() async throws {
        let bench = try await bench()
        #expect(try await bench.send() == .taken(bench.tenant))
        let admin = TenantAdmin(environment: try bench.world.environment(), actor: "cli:test")
        _ = try await admin.setCredential(.vismaWebhookKey, Secret("a-new-signature-key"), of: bench.tenant)
        bench.world.clock.advance(bySeconds: 61)
        #expect(try await bench.send() == .refused)
        #expect(try await bench.send("a-new-signature-key") == .taken(bench.tenant))
    }

    @Test("Without a key, or for a tenant that is paused, nothing is taken")
    func notReady() async throws {
        let none = try await bench(key: nil)
        #expect(try await none.send() == .refused)
        let paused = try await bench()
        let now = paused.world.now()
        try await paused.world.database.write {
            try TenantsTable.setState($0, tenant: paused.tenant, .paused, now: now)
        }
        #expect(try await paused.send() == .refused)
    }

    @Test("Asked for by names that nobody has, keys are read at a limited rate")
    func flood() async throws {
        let bench = try await bench()
        var overloaded = 0
        for number in 0..<300 where try await bench.send(to: "no-\(number)") == .overloaded { overloaded += 1 }
        #expect(overloaded >= 200)
    }
}
