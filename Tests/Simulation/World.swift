package import Domain
import Foundation
import LibCrypto
package import Logging
import Outbound
package import Sandbox
package import Storage
package import Sync
import Synchronization
import Vault

/// Identifiers that a seed repeats.
private final class SeededIDs: Sendable {
    private let random: Mutex<SandboxRandom>
    init(seed: UInt64) { random = Mutex(SandboxRandom(seed: seed)) }
    func next() -> String { random.withLock { $0.idText(24).lowercased() } }
}

/// The whole platform in one process: real Sync, Storage, Vault and ingress, the sandbox behind a transport in
/// memory, one clock that stands still unless moved, one seed.
package final class World: Sendable {
    /// 2026-11-22 09:00 UTC.
    package static let start = Timestamp(unixSeconds: 1_795_338_000)

    package struct Company: Sendable {
        package let tenant: TenantID
        package let vismaTenant: String
        package let account: String
        package let currencies: [String]
        /// Known to Visma Connect, refused by the API.
        package var contractTenant: String { vismaTenant.replacing("-4", with: "-5") }
        package var stripeKey: String { "sk_test_simulated_\(tenant)" }
        package var vismaSecret: String { "visma-secret-\(tenant)" }
    }

    private struct Process {
        var registry: TenantRegistry
        var ingress: WebhookIngress
        var environment: SyncEnvironment
        var number: Int
    }

    package let clock: SandboxClock
    package let visma: VismaSimulator
    package let stripe: StripeSimulator
    package let transport: MemoryTransport
    package let database: any Database
    package let chaos: Chaos
    package let trace: Trace
    package let companies: [Company]
    private let log: Logger
    private let vault: Vault
    private let ids: SeededIDs
    private let amend: PolicyChange
    private let process: Mutex<Process?>
    /// Runs at every checkpoint before chaos does: for proofs that interleave.
    private let interlude = Mutex<CheckpointReached?>(nil)

    package typealias PolicyChange = @Sendable (inout Policy) -> Void

    /// `policy` are further lines of every company's policy, such as `booking: hold`; `amend` changes what the lines
    /// make.
    package init(
        seed: UInt64, database: (any Database)? = nil, recordEdits: VismaBehaviour.RecordEdits = .refused,
        policy: [String] = [], trace: Trace = Trace(),
        log: Logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() },
        amend: @escaping PolicyChange = { _ in }
    ) async throws {
        self.log = log
        self.amend = amend
        let clock = SandboxClock.manual(startingAt: Self.start.microseconds)
        self.clock = clock
        visma = VismaSimulator(clock: clock, seed: seed)
        stripe = StripeSimulator(clock: clock, seed: seed)
        chaos = Chaos(seed: seed)
        self.trace = trace
        transport = MemoryTransport(visma: visma, stripe: stripe, chaos: chaos, trace: trace)
        self.database = try database ?? SQLiteDatabase(.inline(path: nil))
        _ = try await Migrator(database: self.database).migrate(now: Self.start)
        let nonces = Mutex(SandboxRandom(seed: seed ^ 0x5EED))
        let master = "sim:" + Data((0..<32).map { UInt8($0) }).base64EncodedString()
        vault = Vault(
            database: self.database, keys: try MasterKeyRing(parsing: Secret(master), origin: "the simulation"),
            randomBytes: { count in
                nonces.withLock { random in (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
            })
        ids = SeededIDs(seed: seed ^ 0x1D5)
        process = Mutex(nil)
        companies = [
            Company(
                tenant: TenantID("nord"), vismaTenant: "11111111-1111-4111-8111-111111111111", account: "acct_nord",
                currencies: ["NOK", "EUR"]),
            Company(
                tenant: TenantID("kyst"), vismaTenant: "22222222-2222-4222-8222-222222222222", account: "acct_kyst",
                currencies: ["DKK", "JPY"]),
        ]
        plantCompanies(recordEdits)
        try await boot()
        for company in companies { try await admit(company, policy: policy) }
    }

    private func plantCompanies(_ edits: VismaBehaviour.RecordEdits) {
        for (index, company) in companies.enumerated() {
            var behaviour = VismaBehaviour()
            behaviour.recordEdits = index == 0 ? edits : .noteAllowed
            visma.addCompany(
                VismaCompany(
                    tenantID: company.vismaTenant, contractTenantID: company.contractTenant, number: "\(index + 1)",
                    name: company.tenant.rawValue,
                    clientID: "client-\(company.tenant)", clientSecret: company.vismaSecret,
                    baseCurrency: company.currencies[0],
                    cashAccounts: company.currencies.map { currency in
                        .init(
                            number: "15\(currency)", description: currency, currency: currency,
                            entryTypes: [.init(Scenario.feeEntryType), .init(Scenario.disputeEntryType)])
                    },
                    paymentMethods: [.init(id: "5", description: "Stripe")], behaviour: behaviour))
            stripe.addAccount(
                id: company.account, secretKey: company.stripeKey, country: "NO",
                supportedCurrencies: ["nok", "eur", "dkk", "jpy", "sek", "usd"])
        }
    }

    /// What the company wants. `policy` are further lines; one with the key of a line given here takes its place.
    package func manifest(
        of company: Company, state: String = "active", policy: [String] = [], vismaTenant: String? = nil
    ) throws -> Manifest {
        let accounts = company.currencies.map { "    \($0): \"15\($0)\"" }.joined(separator: "\n")
        let usual = [
            "time_zone: Europe/Oslo", "start_date: \"2026-01-01\"", "payment_method: \"5\"", "poll_seconds: 300",
            "cash_accounts:\n\(accounts)",
        ].filter { line in !policy.contains { $0.prefix { $0 != ":" } == line.prefix { $0 != ":" } } }
        var manifest = try Manifest(
            yaml: """
                id: \(company.tenant)
                name: \(company.tenant)
                state: \(state)
                visma:
                  tenant: \(vismaTenant ?? company.vismaTenant)
                stripe:
                  account: \(company.account)
                policy:
                  \((usual + policy).joined(separator: "\n  "))
                """)
        amend(&manifest.policy)
        return manifest
    }

    private func admit(_ company: Company, policy: [String]) async throws {
        let admin = TenantAdmin(environment: try environment(), actor: "cli:simulation")
        let manifest = try manifest(of: company, policy: policy)
        try await admin.add(manifest)
        _ = try await admin.setCredential(.vismaClientID, Secret("client-\(company.tenant)"), of: company.tenant)
        _ = try await admin.setCredential(.vismaClientSecret, Secret(company.vismaSecret), of: company.tenant)
        _ = try await admin.setCredential(.stripeKey, Secret(company.stripeKey), of: company.tenant)
        _ = try await admin.apply(manifest)
    }

    package func interlude(_ body: CheckpointReached?) { interlude.withLock { $0 = body } }

    package func now() -> Timestamp { Timestamp(microseconds: clock.now()) }

    package func environment() throws -> SyncEnvironment {
        guard let running = process.withLock({ $0 }) else { throw SimulatedCrash(checkpoint: .observed) }
        return running.environment
    }

    /// A new process on the same database: nothing of the old one is left but what was committed.
    package func boot(writesOn: Bool = true) async throws {
        let number = (process.withLock { $0?.number } ?? 0) + 1
        let rules = try HostRules()
        let environment = SyncEnvironment(
            database: database, vault: vault, now: { [clock] in Timestamp(microseconds: clock.now()) },
            makeID: { [ids] in ids.next() }, transport: transport,
            endpoints: .init(
                vismaAPI: try rules.baseURL(MemoryTransport.vismaOrigin),
                vismaConnect: try rules.baseURL(MemoryTransport.vismaOrigin),
                stripe: try rules.baseURL(MemoryTransport.stripeOrigin)),
            log: log,
            reached: { [chaos, trace, weak self] checkpoint in
                if let interlude = self?.interlude.withLock({ $0 }) { try await interlude(checkpoint) }
                guard chaos.crashes(at: checkpoint) else { return }
                trace.note("crash at \(checkpoint)")
                throw SimulatedCrash(checkpoint: checkpoint)
            }, node: "node-\(number)", writesOn: writesOn, publicURL: "https://connector.invalid")
        let ingress = WebhookIngress(environment: environment, received: { _ in })
        process.withLock {
            $0 = Process(
                registry: TenantRegistry(environment: environment), ingress: ingress, environment: environment,
                number: number)
        }
        // What `serve` does at its start: the lock on the database proves that no owner of a lease lives.
        try await database.write { try LeasesTable.clearAcrossTenants($0) }
        try await ingress.reload()
    }

    /// One turn of one tenant; a crash in it boots a new process.
    @discardableResult
    package func turn(_ tenant: TenantID) async throws -> TenantSync.Report? {
        guard let registry = process.withLock({ $0?.registry }) else { return nil }
        do {
            let report = try await registry.sync(tenant).turn()
            trace.note(
                "turn \(tenant) events \(report.eventsResolved) rows \(report.rowsChanged) looks \(report.looks) "
                    + (report.stopped ?? "")
            )
            return report
        } catch is SimulatedCrash {
            try await boot()
            return nil
        }
    }

    /// Hands over what Stripe wants delivered now, shuffled, with drops and doubles. Answers how many were due.
    package func deliver(_ random: inout SandboxRandom) async -> Int {
        let due = stripe.takeDeliveries().shuffled(using: &random)
        for delivery in due {
            if chaos.drops() {
                trace.note("webhook \(delivery.eventType) dropped")
                stripe.report(delivery, status: 0)
                continue
            }
            var status = 0
            for _ in 0..<(chaos.duplicates() ? 2 : 1) { status = await receive(delivery) }
            trace.note("webhook \(delivery.eventType) \(status)")
            stripe.report(delivery, status: status)
        }
        return due.count
    }

    package func receive(_ delivery: StripeDelivery) async -> Int {
        guard let ingress = process.withLock({ $0?.ingress }) else { return 0 }
        let signature = delivery.headers.first { $0.name.lowercased() == "stripe-signature" }?.value
        let outcome = await ingress.receive(
            body: delivery.body, signature: signature.map { Array($0.utf8) },
            endpointKey: delivery.url.split(separator: "/").last.map(String.init))
        switch outcome {
        case .stored, .duplicate: return 200
        case .refused: return 400
        case .gone: return 410
        case .notDurable, .overloaded: return 503
        }
    }
}
