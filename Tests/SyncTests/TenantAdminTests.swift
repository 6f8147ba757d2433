import Domain
import LibCrypto
import Simulation
import Storage
import Sync
import Testing

@Suite("What an operator does to tenants")
struct TenantAdminTests {
    private func manifest(_ id: String = "ny", vismaTenant: String? = nil, more: String = "") throws -> Manifest {
        try Manifest(
            yaml: """
                id: \(id)
                name: Ny AS
                \(more.isEmpty ? "state: onboarding" : more)
                visma: {tenant: \(vismaTenant ?? "33333333-3333-4333-8333-333333333333")}
                stripe: {account: acct_new}
                policy:
                  {time_zone: Europe/Oslo, start_date: "2026-01-01", payment_method: "5", cash_accounts: {NOK: "1"}}
                """)
    }

    @Test("A live key on a test tenant is refused, and nothing is stored")
    func wrongMode() async throws {
        let world = try await World(seed: 1)
        let admin = try world.admin()
        try await admin.add(manifest())
        let tenant = TenantID("ny")
        for key in ["sk_live_not_a_real_key_1", "rk_live_not_a_real_key_1", "pk_test_abcdefgh", "nonsense", ""] {
            let error = await #expect(throws: ConnectorError.self) {
                _ = try await admin.setCredential(.stripeKey, Secret(key), of: tenant)
            }
            #expect(error?.text.contains(key.isEmpty ? "too short" : "key") == true)
            #expect(key.isEmpty || error?.description.contains(key) == false)
        }
        let stored = try await world.database.read { try CredentialsTable.list($0, tenant: tenant) }
        #expect(stored.allSatisfy { $0.purpose != .stripeKey })
    }

    @Test("A tenant cannot be active without its credentials, and the error names the missing ones")
    func withoutCredentials() async throws {
        let world = try await World(seed: 1)
        let admin = try world.admin()
        try await admin.add(manifest())
        _ = try await admin.setCredential(.vismaClientID, Secret("client"), of: TenantID("ny"))
        let error = await #expect(throws: ConnectorError.self) {
            _ = try await admin.apply(manifest(more: "state: active"))
        }
        #expect(error?.code == "tenant.credentials_missing")
        #expect(error?.text.contains("visma_client_secret, stripe_key") == true)
        #expect(error?.text.contains("credentials set") == true)
        let state = try await world.database.read { try TenantsTable.find($0, tenant: TenantID("ny"))?.state }
        #expect(state == .onboarding)
    }

    @Test(
        "Which company and account a tenant is cannot be changed", arguments: ["mode", "tenant", "account", "company"])
    func identity(part: String) async throws {
        let world = try await World(seed: 1)
        let admin = try world.admin()
        try await admin.add(manifest())
        var changed = try manifest()
        switch part {
        case "mode": changed.isLive = true
        case "tenant": changed.visma.tenant = "44444444-4444-4444-8444-444444444444"
        case "company": changed.visma.company = "2"
        default: changed.stripeAccount = "acct_other"
        }
        let sent = changed
        let error = await #expect(throws: ConnectorError.self) { _ = try await admin.apply(sent) }
        #expect(error?.code == "tenant.identity")
        #expect(error?.text.contains(part) == true)
    }

    @Test("The same id, and the same pair of company and account, are refused")
    func taken() async throws {
        let world = try await World(seed: 1)
        let admin = try world.admin()
        try await admin.add(manifest())
        let again = await #expect(throws: ConnectorError.self) { try await admin.add(manifest()) }
        #expect(again?.code == "tenant.exists")
        var pair = try world.manifest(of: world.nord)
        pair.id = TenantID("annen")
        // The tenant id is the company; a header beside it does not make another one of it.
        pair.visma.company = "1"
        let same = pair
        let refused = await #expect(throws: ConnectorError.self) { try await admin.add(same) }
        #expect(refused?.code == "tenant.pair_taken")
        pair.stripeAccount = nil
        let unknown = pair
        let unsure = await #expect(throws: ConnectorError.self) { try await admin.add(unknown) }
        #expect(unsure?.code == "tenant.pair_taken")
        pair.stripeAccount = "acct_other"
        let other = pair
        try await admin.add(other)
        var twin = pair
        twin.id = TenantID("tredje")
        let third = twin
        let error = await #expect(throws: ConnectorError.self) { try await admin.add(third) }
        #expect(error?.code == "tenant.pair_taken")
    }

    @Test("Applying what is there changes nothing and says so; a change is told in words")
    func apply() async throws {
        let world = try await World(seed: 1)
        #expect(try await world.apply() == [])
        #expect(try await world.apply(policy: ["booking: hold"]) == ["policy version 2"])
        #expect(try await world.apply(policy: ["booking: hold"], state: "paused") == ["state active -> paused"])
        let report = try #require(try await world.turn(world.nord.tenant))
        #expect(report.stopped == "the tenant is not active")
        let error = await #expect(throws: ConnectorError.self) {
            try await world.admin().syncNow(world.nord.tenant)
        }
        #expect(error?.code == "tenant.not_active")
        #expect(error?.text.contains("state: active") == true)
    }

    @Test("What is said of a tenant that does not exist names the command that lists them")
    func unknown() async throws {
        let world = try await World(seed: 1)
        let error = await #expect(throws: ConnectorError.self) {
            try await world.admin().syncNow(TenantID("ingen"))
        }
        #expect(error?.text.contains("ml-connector tenant list") == true)
    }

    @Test("A policy that changes while a turn is under way is not applied half")
    func policyMeanwhile() async throws {
        let world = try await World(seed: 1)
        let document = try world.addInvoice()
        let once = Countdown(1)
        world.interlude { [weak world] reached in
            guard reached == .observed, once.next(), let world else { return }
            try await world.apply(policy: ["exclude:\n    currencies: [NOK]"])
        }
        let report = try #require(try await world.turn(world.nord.tenant))
        #expect(report.looks < 5)
        try await world.quiet()
        #expect(world.pushed(document).isEmpty)
        #expect(try await world.link(document)?.state == .stopped)
    }
}
