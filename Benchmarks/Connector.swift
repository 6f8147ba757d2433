import AsyncHTTPClient
import Domain
import Foundation
import LibCrypto
import Logging
import Outbound
import Sandbox
import ServiceLifecycle
import Storage
import Sync
import Web

/// The connector in this process, put together as `serve` does it: real HTTP to both simulators and from Stripe's.
struct Connector: Sendable {
    /// Nobody listens there: deliveries are carried to the port that was bound, as a proxy would.
    private static let publicURL = "http://127.0.0.1:9"
    private static let node = "bench"
    /// What goes wrong is told.
    private static let log = {
        var log = Logger(label: "connector", factory: { StreamLogHandler.standardError(label: $0) })
        log.logLevel = .warning
        return log
    }()

    let environment: SyncEnvironment
    /// Where webhooks are taken.
    let port: Int
    private let client = LoopbackClient()

    /// Runs it for the length of `body` beside both simulators.
    /// - Parameter watch: is put around the network itself, so that it sees each call when it is sent.
    static func run<R: Sendable>(
        _ companies: Companies, watch: @escaping @Sendable (any Transport) -> any Transport = { $0 },
        _ body: @escaping @Sendable (Connector) async throws -> R
    ) async throws -> R {
        try await companies.simulators.whileServing { systems in
            try await Network.with { network in
                let environment = try Self.environment(companies, systems, watch(network))
                return try await serve(environment, body)
            }
        }
    }

    /// The network as `serve` makes it, limits included, on a transport.
    static func limited(_ transport: any Transport, _ endpoints: SyncEnvironment.Endpoints) -> any Transport {
        let stripe = endpoints.stripe.text + "/"
        return LimitedTransport(transport) { $0.url.hasPrefix(stripe) ? .stripe : .visma }
    }

    static func endpoints(_ systems: Simulators.Systems) throws -> SyncEnvironment.Endpoints {
        let rules = try HostRules()
        let visma = try rules.baseURL("http://127.0.0.1:\(systems.vismaPort)")
        return .init(
            vismaAPI: visma, vismaConnect: visma,
            stripe: try rules.baseURL("http://127.0.0.1:\(systems.stripePort)"))
    }

    private static func environment(
        _ companies: Companies, _ systems: Simulators.Systems, _ transport: any Transport
    ) throws -> SyncEnvironment {
        let endpoints = try endpoints(systems)
        return SyncEnvironment(
            database: companies.database, vault: companies.vault, now: Stage.now,
            makeID: { UUID().uuidString.lowercased().filter { $0 != "-" } },
            transport: limited(transport, endpoints), endpoints: endpoints, log: log, node: node,
            publicURL: publicURL)
    }

    private static func serve<R: Sendable>(
        _ base: SyncEnvironment, _ body: @escaping @Sendable (Connector) async throws -> R
    ) async throws -> R {
        var environment = base
        let membership = NodeMembership(environment: environment, version: Product.version)
        environment.isLeaving = { membership.isDraining }
        let registry = TenantRegistry(environment: environment)
        let scheduler = Scheduler(environment: environment, registry: registry, membership: membership)
        let sender = NoticeSender(environment: environment)
        let wake: @Sendable (TenantID) -> Void = { tenant in
            if membership.owns(tenant) { scheduler.wake(tenant) } else { sender.tell(.work(tenant)) }
        }
        let ingress = WebhookIngress(environment: environment, received: wake)
        let visma = VismaWebhooks(environment: environment, due: wake)
        let listener = NoticeListener(environment: environment) { notice in
            switch notice {
            case .work(let tenant): scheduler.wake(tenant)
            case .secrets(let endpointKey): await ingress.follow(endpointKey)
            }
        }
        let start = ContinuousClock.now
        let app = WebApp(
            ingress: ingress, visma: visma,
            checks: [.database(environment.database), .serving { !membership.isDraining }],
            metrics: PrometheusRegistry(), makeRequestID: environment.makeID, uptime: { ContinuousClock.now - start })
        try await membership.join()
        let served = environment
        return try await Server.run(
            app, beside: [membership, sender, listener, scheduler, ingress, visma, membership.leaving]
        ) { port in
            try await body(Connector(environment: served, port: port))
        }
    }

    /// Posts a delivery of the simulated Stripe to its endpoint and tells the simulator that it was taken. Throws when
    /// it was not.
    func carry(_ delivery: StripeDelivery, of stripe: StripeSimulator) async throws {
        let request = SandboxRequest(
            method: "POST", path: URL(string: delivery.url)?.path ?? "", headers: delivery.headers,
            body: delivery.body)
        let status = try await client.send(request, to: "http://127.0.0.1:\(port)").status
        stripe.report(delivery, status: status)
        guard status == 200 else { throw Load.Failed(description: "a delivery was answered with \(status)") }
    }

    /// Posts all deliveries that are due, one after the other.
    func carryAll(of stripe: StripeSimulator) async throws {
        for delivery in stripe.takeDeliveries() { try await carry(delivery, of: stripe) }
    }
}

/// The HTTP client with the settings of `serve`.
enum Network {
    static func with<R>(_ body: (any Transport) async throws -> R) async throws -> R {
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: HTTPClientTransport.configuration())
        do {
            let result = try await body(HTTPClientTransport(client: client, rules: try HostRules()))
            try await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }
}
