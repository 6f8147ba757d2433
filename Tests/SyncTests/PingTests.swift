import Domain
import LibCrypto
import Outbound
import Sandbox
import Simulation
import Storage
import Stripe
import Sync
import Testing

@Suite("Trying a tenant's credentials")
struct PingTests {
    /// The steps of a ping in which nothing may have been written anywhere.
    private func ping(_ world: World) async throws -> [String: Ping.Step] {
        let visma = world.visma.calls(of: world.nord.vismaTenant)
        let writes = world.stripeWrites()
        let steps = try await Ping(environment: world.environment()).run(world.nord.tenant)
        #expect(world.stripeWrites() == writes)
        let after = world.visma.calls(of: world.nord.vismaTenant)
        #expect(after.filter { !$0.key.hasPrefix("GET") } == visma.filter { !$0.key.hasPrefix("GET") })
        for step in steps { #expect(step.outcome != .failed || step.remedy?.isEmpty == false, "\(step.name)") }
        return Dictionary(steps.map { ($0.name, $0) }) { $1 }
    }

    @Test("With everything right every step passes, and what was seen is told")
    func right() async throws {
        let world = try await World(seed: 2)
        _ = try world.addInvoice()
        try await world.quiet()
        let steps = try await ping(world)
        #expect(steps.values.allSatisfy { $0.outcome == .passed })
        #expect(steps["visma.organization"]?.seen.contains("NOK") == true)
        #expect(steps["visma.invoices"]?.seen == "1 invoices can be read")
        #expect(steps["stripe.key"]?.seen.contains("test mode") == true)
        let tenant = world.nord.tenant
        let kept = try await world.database.read { try PingsTable.list($0, tenant: tenant, limit: 5) }
        #expect(kept.map(\.outcome) == [.passed])
    }

    @Test("An empty company, and an endpoint that is not there yet, are warnings with a remedy")
    func empty() async throws {
        let world = try await World(seed: 2)
        let steps = try await ping(world)
        #expect(steps["visma.invoices"]?.outcome == .warned)
        #expect(steps["visma.invoices"]?.remedy?.contains("wrong company") == true)
        #expect(steps["stripe.webhook"]?.outcome == .warned)
    }

    @Test("A wrong client secret: both are to be copied again")
    func secret() async throws {
        let world = try await World(seed: 2)
        try world.visma.changeCompany(world.nord.vismaTenant) { $0.clientSecret = "another" }
        let steps = try await ping(world)
        #expect(steps["visma.organization"]?.outcome == .failed)
        #expect(steps["visma.organization"]?.seen.contains("copy both again") == true)
        #expect(steps["visma.organization"]?.remedy?.contains("credentials set") == true)
        #expect(steps["visma.invoices"]?.outcome == .skipped)
        #expect(steps["stripe.key"]?.outcome == .passed)
    }

    @Test("The contract's tenant id in place of the company's: said in so many words")
    func contractTenant() async throws {
        let world = try await World(seed: 2)
        let tenant = world.nord.tenant
        let contract = world.nord.contractTenant
        let now = world.now()
        try await world.database.write { db in
            try TenantsTable.setIdentity(
                db, tenant: tenant, vismaTenant: contract, company: nil, stripeAccount: nil, now: now)
        }
        let steps = try await ping(world)
        #expect(steps["visma.organization"]?.outcome == .failed)
        #expect(steps["visma.organization"]?.seen.contains("Tenant id") == true)
    }

    @Test("A scope that the company has not accepted: who accepts it, and where")
    func scope() async throws {
        let world = try await World(seed: 2)
        try world.visma.changeCompany(world.nord.vismaTenant) { $0.grantedScopes.remove(VismaCompany.createScope) }
        let steps = try await ping(world)
        #expect(steps["visma.organization"]?.outcome == .failed)
        #expect(steps["visma.organization"]?.seen.contains("Integration Administrator") == true)
    }

    @Test("A revoked Stripe key: set a valid one; the key itself is not shown")
    func revoked() async throws {
        let world = try await World(seed: 2)
        _ = try await world.admin().setCredential(
            .stripeKey, Secret("sk_test_revoked_0123456789abcdef"), of: world.nord.tenant)
        let steps = try await ping(world)
        #expect(steps["stripe.key"]?.outcome == .failed)
        #expect(steps["stripe.key"]?.seen.contains("did not accept the API key") == true)
        #expect(steps["stripe.key"]?.seen.contains("revoked_0123456789") == false)
        #expect(steps["stripe.key"]?.remedy?.contains("credentials set") == true)
        #expect(steps["stripe.webhook"]?.outcome == .skipped)
    }

    @Test("A restricted key without a permission: the permission is named")
    func restricted() async throws {
        let world = try await World(seed: 2)
        world.stripe.addAccount(
            id: world.nord.account, secretKey: "rk_test_narrow_0123456789", country: "NO",
            supportedCurrencies: ["nok"], permissions: ["rak_invoice_write"])
        _ = try await world.admin().setCredential(
            .stripeKey, Secret("rk_test_narrow_0123456789"), of: world.nord.tenant)
        let steps = try await ping(world)
        #expect(steps["stripe.key"]?.outcome == .failed)
        #expect(steps["stripe.key"]?.seen.contains("rak_customer_read") == true)
    }

    @Test("A host that cannot be reached: look at its address", arguments: [":1/", ":2/"])
    func unreachable(port: String) async throws {
        let world = try await World(seed: 2)
        world.transport.aim { "\($0.url)".contains(port) ? .notSent : nil }
        let steps = try await ping(world)
        let failed = steps[port == ":1/" ? "visma.organization" : "stripe.key"]
        #expect(failed?.outcome == .failed)
        #expect(failed?.remedy?.contains("address in the configuration") == true)
        let tenant = world.nord.tenant
        let kept = try await world.database.read { try PingsTable.list($0, tenant: tenant, limit: 5) }
        #expect(kept.map(\.outcome) == [.failed])
    }
}
