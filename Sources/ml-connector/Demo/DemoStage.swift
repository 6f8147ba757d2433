import Domain
import Foundation
import LibCrypto
import Logging
import Sandbox
import ServiceLifecycle
import Storage
import Sync
import Vault
import Web

/// Everything that the demo runs: both simulators and the connector, each behind its own port on this machine.
struct DemoStage: Sendable {
    /// How long anything may take before the demo gives up.
    static let patienceSeconds = 120
    /// What is to be looked at later than this waits for people, and is told of at the end.
    static let soonSeconds: Int64 = 60

    let companies: DemoCompanies
    let assembly: Assembly
    let tenants: [TenantID]
    private let progress: DemoProgress

    /// Sets the stage, lets `play` run on it, and takes it down.
    static func run<R: Sendable>(
        companies: DemoCompanies, directory: String, database: String, seed: UInt64, progress: DemoProgress,
        logLevel: String, _ play: @escaping @Sendable (DemoStage) async throws -> R
    ) async throws -> R {
        var quiet = Logger(label: "sandbox")
        quiet.logLevel = .error
        let log = quiet
        let visma = companies.visma
        return try await SandboxServer(stripe: companies.stripe, logger: log).whileServing { stripePort in
            try await SandboxServer(other: { visma.handle($0) }, logger: log).whileServing { vismaPort in
                let settings = try settings(
                    directory, database: database, stripePort: stripePort, vismaPort: vismaPort, logLevel: logLevel)
                return try await Assembly.runAsNode(settings) { assembly in
                    let stage = DemoStage(
                        companies: companies, assembly: assembly,
                        tenants: try companies.all.map { try Manifest(yaml: $0.manifest).id }, progress: progress)
                    return try await stage.serve(seed: seed, play)
                }
            }
        }
    }

    private static func settings(
        _ directory: String, database: String, stripePort: Int, vismaPort: Int, logLevel: String
    ) throws -> Settings {
        let keyFile = directory + "/master.key"
        _ = try MasterKeyFile.generate(at: keyFile, randomBytes: SystemSource.randomBytes)
        let port = try PortProbe.freePort()
        return try Settings(
            given: [
                .keyFile: keyFile, .port: String(port),
                .publicURL: "http://127.0.0.1:\(port)", .stripe: "http://127.0.0.1:\(stripePort)",
                .vismaAPI: "http://127.0.0.1:\(vismaPort)", .vismaConnect: "http://127.0.0.1:\(vismaPort)",
                .logLevel: logLevel,
            ], environment: [Setting.database.rawValue: database])
    }

    /// Runs scheduler, ingress and courier for the length of `play`.
    private func serve<R: Sendable>(
        seed: UInt64, _ play: @escaping @Sendable (DemoStage) async throws -> R
    ) async throws -> R {
        let environment = assembly.environment
        let scheduler = Scheduler(
            environment: environment, registry: assembly.registry, membership: assembly.membership)
        let ingress = WebhookIngress(environment: environment) { scheduler.wake($0) }
        let visma = VismaWebhooks(environment: environment) { scheduler.wake($0) }
        let start = ContinuousClock.now
        let app = WebApp(
            ingress: ingress, visma: visma, checks: [.database(assembly.database), .migrations(assembly.database)],
            metrics: PrometheusRegistry(), makeRequestID: SystemSource.makeID,
            uptime: { ContinuousClock.now - start })
        let http = HTTPService(
            host: assembly.settings.host, port: assembly.settings.port, app: app, log: Logger(label: "http"))
        let courier = WebhookCourier(
            stripe: companies.stripe, plan: .init(duplicates: true, reorders: true, seed: seed),
            logger: Logger(label: "courier"))
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: assembly.membership), .init(service: scheduler), .init(service: ingress),
                    .init(service: http), .init(service: courier),
                ],
                logger: Logger(label: "demo")))
        return try await withThrowingTaskGroup(of: R?.self) { tasks in
            tasks.addTask {
                try await group.run()
                return nil
            }
            tasks.addTask { try await play(self) }
            defer { tasks.cancelAll() }
            while let result = try await tasks.next() {
                guard let result else { continue }
                await group.triggerGracefulShutdown()
                for try await _ in tasks {}
                return result
            }
            throw Failure(.failed, "the demo's services ended before its play")
        }
    }

    /// Waits until nothing moves any more on any side: no delivery on its way, no event unread, no subject due soon,
    /// and every list swept since this was asked.
    func untilQuiet(_ what: String) async throws {
        let asked = SystemSource.now()
        let patience = ContinuousClock.now + .seconds(Self.patienceSeconds)
        while true {
            let left = try await unfinished(since: asked)
            if left == nil { return }
            guard ContinuousClock.now < patience else {
                throw Failure(.failed, "\(what) took longer than \(Self.patienceSeconds) s: \(left ?? "")")
            }
            progress.show(what, left ?? "")
            try await Task.sleep(for: .milliseconds(40))
        }
    }

    private func unfinished(since asked: Timestamp) async throws -> String? {
        let deliveries = companies.stripe.pendingDeliveries()
        if deliveries > 0 { return "\(deliveries) webhooks on their way" }
        let now = SystemSource.now()
        return try await assembly.database.read { [tenants] db in
            for tenant in tenants {
                let unread = try EventsTable.nextReceived(db, tenant: tenant, limit: 1).count
                let dirty = try WorkTable.dirtyList(db, tenant: tenant, limit: 1000)
                    .filter { $0.dueAt.seconds(since: now) < Self.soonSeconds }.count
                if unread + dirty > 0 { return "\(tenant): \(dirty) invoices being worked on" }
                for stream in [SyncStream.vismaInvoices, .vismaPayments, .vismaCreditNotes] {
                    let swept = try CursorsTable.get(db, tenant: tenant, stream: stream)?.sweptAt
                    guard let swept, swept > asked else { return "\(tenant): polling Visma" }
                }
            }
            return nil
        }
    }
}
