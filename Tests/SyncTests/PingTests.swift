import Domain
import LibCrypto
import Outbound
import Sandbox
import Simulation
import Storage
import Stripe
import Sync
import Testing
import Vault

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
        for step in steps where step.outcome == .failed || step.outcome == .warned {
            #expect(step.remedy?.isEmpty == false, "\(step.name)")
        }
        return Dictionary(steps.map { ($0.name, $0) }) { $1 }
    }

    /// A restricted key of the first company, with these permissions.
    private func setKey(_ permissions: Set<String>, in world: World) async throws {
        let key = "rk_test_narrow_0123456789"
        world.stripe.addAccount(
            id: world.nord.account, secretKey: key, country: "NO", supportedCurrencies: ["nok", "eur"],
            permissions: permissions)
        _ = try await world.admin().setCredential(.stripeKey, Secret(key), of: world.nord.tenant)
    }

    private static let allReads = Set(StripeReadRight.all.map(\.permission)).union(["rak_webhook_read"])

    @Test("With everything right every step passes, and what was seen is told")
    func right() async throws {
        let world = try await World(seed: 2)
        _ = try world.addInvoice()
        try await world.quiet()
        try await setKey(Self.allReads.union(["rak_accounts_kyc_basic_read"]), in: world)
        let steps = try await ping(world)
        #expect(steps.values.filter { $0.outcome != .passed }.map(\.name) == ["stripe.write"])
        #expect(steps["stripe.write"]?.outcome == .skipped)
        #expect(steps["visma.organization"]?.seen.contains("NOK") == true)
        #expect(steps["visma.invoices"]?.seen == "1 invoices can be read")
        #expect(steps["visma.cash_accounts"]?.seen == "EUR 15EUR, NOK 15NOK")
        #expect(steps["visma.rate_limit"]?.seen.contains("of 15000 calls") == true)
        #expect(steps["visma.invoice_record"]?.seen.contains("files on them are accepted") == true)
        #expect(steps["stripe.key"]?.seen == "a restricted key in test mode is accepted")
        #expect(steps["stripe.account"]?.seen == "acct_nord, NO: can be paid in EUR, NOK")
        let tenant = world.nord.tenant
        let kept = try await world.database.read { try PingsTable.list($0, tenant: tenant, limit: 5) }
        #expect(kept.map(\.outcome) == [.passed])
        #expect(try kept.first.map(Ping.steps)?.count == steps.count)
    }

    @Test("A ping writes nothing: every call but the one for a token is a GET")
    func readsOnly() async throws {
        let world = try await World(seed: 2)
        try world.visma.changeCompany(world.nord.vismaTenant) { $0.grantedScopes.remove(VismaCompany.createScope) }
        let asked = Asked()
        world.transport.observe { request, _ in asked.note("\(request.method) \(request.url)") }
        _ = try await ping(world)
        let others = asked.all.filter { !$0.hasPrefix("GET ") }
        #expect(asked.count - others.count > 15)
        #expect(others.allSatisfy { $0 == "POST \(MemoryTransport.vismaOrigin)/connect/token" })
    }

    @Test("An empty company, and an endpoint that is not there yet, are warnings with a remedy")
    func empty() async throws {
        let world = try await World(seed: 2)
        let steps = try await ping(world)
        #expect(steps["visma.invoices"]?.outcome == .warned)
        #expect(steps["visma.invoices"]?.remedy?.contains("wrong company") == true)
        #expect(steps["visma.invoice_record"]?.outcome == .skipped)
        #expect(steps["stripe.webhook"]?.outcome == .warned)
    }

    @Test("A secret key is accepted, and a restricted one advised")
    func secretKey() async throws {
        let steps = try await ping(World(seed: 2))
        #expect(steps["stripe.key"]?.outcome == .warned)
        #expect(steps["stripe.key"]?.remedy?.contains("restricted key") == true)
        #expect(steps["stripe.write"]?.outcome == .passed)
    }

    @Test("A wrong client secret: both are to be copied again")
    func secret() async throws {
        let world = try await World(seed: 2)
        try world.visma.changeCompany(world.nord.vismaTenant) { $0.clientSecret = "another" }
        let steps = try await ping(world)
        #expect(steps["visma.token"]?.outcome == .failed)
        #expect(steps["visma.token"]?.seen.contains("copy both again") == true)
        #expect(steps["visma.token"]?.remedy?.contains("credentials set") == true)
        #expect(steps["visma.scope.read"]?.outcome == .skipped)
        #expect(steps["visma.invoices"]?.outcome == .skipped)
        #expect(steps["stripe.read.customers"]?.outcome == .passed)
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
        #expect(steps["visma.token"]?.outcome == .passed)
        #expect(steps["visma.organization"]?.outcome == .failed)
        #expect(steps["visma.organization"]?.seen.contains("Tenant id") == true)
        #expect(steps["visma.organization"]?.remedy?.contains("compare visma.tenant") == true)
        #expect(steps["visma.invoices"]?.outcome == .skipped)
    }

    @Test(
        "A scope that the company has not accepted is named; what the others allow is tried all the same",
        arguments: [VismaCompany.createScope, VismaCompany.updateScope])
    func scope(_ missing: String) async throws {
        let world = try await World(seed: 2)
        _ = try world.addInvoice()
        try world.visma.changeCompany(world.nord.vismaTenant) { $0.grantedScopes.remove(missing) }
        let steps = try await ping(world)
        let scopes = steps.values.filter { $0.name.hasPrefix("visma.scope.") }
        #expect(scopes.count == 3)
        let failed = scopes.filter { $0.outcome == .failed }
        #expect(failed.count == 1)
        #expect(failed.first?.seen.contains(missing) == true)
        #expect(failed.first?.remedy?.contains("Integration Administrator") == true)
        #expect(steps["visma.invoices"]?.outcome == .passed)
    }

    @Test("Without the scope to read nothing else is tried")
    func readScope() async throws {
        let world = try await World(seed: 2)
        try world.visma.changeCompany(world.nord.vismaTenant) { $0.grantedScopes.remove(VismaCompany.readScope) }
        let steps = try await ping(world)
        #expect(steps["visma.scope.read"]?.outcome == .failed)
        #expect(steps["visma.organization"]?.outcome == .skipped)
    }

    @Test("A company header that makes lists empty, or a missing one")
    func companyHeader() async throws {
        let world = try await World(seed: 2)
        _ = try world.addInvoice()
        let tenant = world.nord.tenant
        let now = world.now()
        try world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.companyHeader = .needed }
        #expect(try await ping(world)["visma.invoices"]?.outcome == .warned)
        for company in ["1", "9"] {
            try await world.database.write { db in
                try TenantsTable.setIdentity(
                    db, tenant: tenant, vismaTenant: nil, company: company, stripeAccount: nil, now: now)
            }
            let steps = try await ping(world)
            #expect(steps["visma.invoices"]?.outcome == (company == "1" ? .passed : .warned))
            #expect(steps["visma.company"]?.outcome == .passed)
        }
        try world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.companyHeader = .optional }
        let steps = try await ping(world)
        #expect(steps["visma.company"]?.outcome == .failed)
        #expect(steps["visma.company"]?.remedy?.contains("visma.company") == true)
    }

    @Test("A cash account that is not there or in another currency, and a payment method: what there is instead")
    func bookingPlaces() async throws {
        let world = try await World(seed: 2)
        try world.visma.changeCompany(world.nord.vismaTenant) { company in
            company.cashAccounts.removeAll { $0.number == "15EUR" }
            company.cashAccounts[0].currency = "SEK"
            company.paymentMethods = [.init(id: "9", description: "Bank")]
        }
        let steps = try await ping(world)
        #expect(steps["visma.cash_accounts"]?.outcome == .failed)
        #expect(
            steps["visma.cash_accounts"]?.seen
                == "EUR: there is no cash account 15EUR; NOK: cash account 15NOK is in SEK")
        #expect(steps["visma.cash_accounts"]?.remedy?.contains("15NOK (SEK, NOK)") == true)
        #expect(steps["visma.payment_method"]?.seen == "payment method 5 is not there")
        #expect(steps["visma.payment_method"]?.remedy?.contains("9 (Bank)") == true)
    }

    @Test("Few calls left in the hour")
    func rateLimit() async throws {
        let world = try await World(seed: 2)
        try world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.hourlyCallsMax = 4 }
        let steps = try await ping(world)
        #expect(steps["visma.rate_limit"]?.outcome == .warned)
        #expect(steps["visma.rate_limit"]?.seen.hasPrefix("0 of 4 calls are left") == true)
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
        #expect(steps["stripe.key"]?.remedy?.contains("revoked") == true)
        #expect(steps["stripe.webhook"]?.outcome == .skipped)
    }

    @Test(
        "A restricted key without a permission: each is named by the step that needs it",
        arguments: allReads.sorted())
    func restricted(_ missing: String) async throws {
        let world = try await World(seed: 2)
        try await setKey(Self.allReads.subtracting([missing]), in: world)
        let steps = try await ping(world)
        let failed = steps.values.filter { $0.outcome == .failed }
        #expect(!failed.isEmpty)
        #expect(failed.allSatisfy { $0.seen.contains(missing) && $0.remedy?.contains(missing) == true })
        #expect(steps["stripe.key"]?.outcome == .passed)
    }

    @Test("A live key on a test tenant is not used: another tenant is for the other mode")
    func liveKey() async throws {
        let world = try await World(seed: 2)
        let tenant = world.nord.tenant
        let environment = try world.environment()
        _ = try await world.database.write { db in
            try environment.vault.store(
                db, purpose: .stripeKey, secret: Secret("sk_live_not_a_real_key_1"), tenant: tenant,
                now: environment.now())
        }
        let asked = Asked()
        world.transport.observe { request, _ in asked.note(request.url) }
        let steps = try await ping(world)
        #expect(steps["stripe.key"]?.outcome == .failed)
        #expect(steps["stripe.key"]?.remedy?.contains("the other mode is another tenant") == true)
        #expect(!asked.all.contains { $0.hasPrefix(MemoryTransport.stripeOrigin) })
    }

    @Test("A key of another account, and currencies that the account cannot be paid in")
    func account() async throws {
        let world = try await World(seed: 2)
        let key = "rk_test_other_0123456789"
        world.stripe.addAccount(
            id: "acct_other", secretKey: key, country: "NO", supportedCurrencies: ["nok"],
            permissions: Self.allReads.union(["rak_accounts_kyc_basic_read"]))
        _ = try await world.admin().setCredential(.stripeKey, Secret(key), of: world.nord.tenant)
        let other = try await ping(world)
        #expect(other["stripe.account"]?.outcome == .failed)
        #expect(other["stripe.account"]?.seen == "the key is of account acct_other, the company's is acct_nord")
        let (tenant, now) = (world.nord.tenant, world.now())
        try await world.database.write { db in
            try TenantsTable.setIdentity(
                db, tenant: tenant, vismaTenant: nil, company: nil, stripeAccount: "acct_other", now: now)
        }
        let same = try await ping(world)
        #expect(same["stripe.account"]?.outcome == .warned)
        #expect(same["stripe.account"]?.seen.contains("cannot be paid in EUR") == true)
    }

    @Test("A host that cannot be reached: look at its address", arguments: [":1/", ":2/"])
    func unreachable(port: String) async throws {
        let world = try await World(seed: 2)
        world.transport.aim { "\($0.url)".contains(port) ? .notSent : nil }
        let steps = try await ping(world)
        let failed = steps[port == ":1/" ? "visma.token" : "stripe.key"]
        #expect(failed?.outcome == .failed)
        #expect(failed?.remedy?.contains("address in the configuration") == true)
        let tenant = world.nord.tenant
        let kept = try await world.database.read { try PingsTable.list($0, tenant: tenant, limit: 5) }
        #expect(kept.map(\.outcome) == [.failed])
    }
}
