import ArgumentParser
import Domain
import Foundation
import Logging
import Metrics
import Outbound
import ServiceLifecycle
import Storage
import Sync
import UnixSignals
import Web

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs the connector: scheduler, webhooks, health and metrics.",
        discussion: """
            It brings the database to this version's schema and takes its lock. One server works on a SQLite file; on \
            PostgreSQL several share the companies between them (`ml-connector node list`). It stops on SIGTERM or \
            SIGINT: first the HTTP server, then the scheduler. /healthz, /readyz and /metrics tell how it is.

            Example: ml-connector serve --port 8080 --public-url https://connector.example.com
            """)

    /// How long what is under way may take after a signal.
    static let shutdownSecondsMax: Int64 = 20

    @Option(name: .long, help: "Write the port that was bound to this file, once requests are taken.")
    var portFile: String?

    @OptionGroup var server: ServerOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var systems: SystemOptions
    @OptionGroup var format: OutputOptions

    func run() async throws {
        let settings = try Settings.load(store.given, systems.given, server.given)
        if settings.port != 0 { try PortProbe.requireFree(host: settings.host, port: settings.port) }
        let certificate = try settings.tls.map {
            try ServerCertificate(certificateFile: $0.certificate, keyFile: $0.key, log: Logger(label: "tls"))
        }
        let trust = PeerTrust(hasTLS: certificate != nil, proxies: settings.trustedProxies)
        guard trust.suits(host: settings.host) else {
            throw Failure(
                .usage,
                "plain HTTP is not served to the network: with --host \(settings.host), name a certificate with "
                    + "--tls-certificate and --tls-key, or the proxy that ends TLS with --trusted-proxies")
        }
        let announce = announcement(host: settings.host, scheme: certificate == nil ? "http" : "https")
        try await Assembly.runAsNode(settings) { assembly in
            try await Self.group(assembly, certificate, announce).run()
        }
    }

    /// The services in the order of their start; they stop in the reverse order, HTTP first.
    private static func group(
        _ assembly: Assembly, _ certificate: ServerCertificate?, _ announce: @escaping @Sendable (Int) -> Void
    ) async throws -> ServiceGroup {
        let (environment, membership) = (assembly.environment, assembly.membership)
        let scheduler = Scheduler(environment: environment, registry: assembly.registry, membership: membership)
        let sender = NoticeSender(environment: environment)
        let wake: @Sendable (TenantID) -> Void = { tenant in
            if membership.owns(tenant) { scheduler.wake(tenant) } else { sender.tell(.work(tenant)) }
        }
        let ingress = WebhookIngress(environment: environment, received: wake)
        let visma = VismaWebhooks(
            environment: environment, header: assembly.settings.vismaSignatureHeader, due: wake)
        let listener = NoticeListener(environment: environment) { notice in
            switch notice {
            case .work(let tenant): scheduler.wake(tenant)
            case .secrets(let endpointKey): await ingress.follow(endpointKey)
            }
        }
        if !environment.writesOn {
            environment.log.warning("outside writes are off: what is to be done waits until they are on again")
        }
        let metrics = PrometheusRegistry()
        MetricsSystem.bootstrap(metrics)
        let start = ContinuousClock.now
        let app = WebApp(
            ingress: ingress, visma: visma,
            checks: [
                .database(assembly.database), .migrations(assembly.database),
                .serving { !membership.isDraining },
            ], metrics: metrics,
            remarks: environment.writesOn ? [] : ["outside writes are off"],
            gauges: TenantGauges(database: assembly.database).samples,
            trust: PeerTrust(hasTLS: certificate != nil, proxies: assembly.settings.trustedProxies),
            makeRequestID: SystemSource.makeID, uptime: { ContinuousClock.now - start })
        let http = HTTPService(
            host: assembly.settings.host, port: assembly.settings.port, app: app, certificate: certificate,
            log: Logger(label: "http"),
            bound: announce)
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: membership), .init(service: sender), .init(service: listener),
                .init(service: scheduler), .init(service: ingress), .init(service: visma), .init(service: http),
                .init(service: membership.leaving),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "service"))
        configuration.maximumGracefulShutdownDuration = .seconds(Self.shutdownSecondsMax)
        return ServiceGroup(configuration: configuration)
    }

    /// Tells people, programs and the port file where the server listens.
    private func announcement(host: String, scheme: String) -> @Sendable (Int) -> Void {
        let (portFile, output) = (portFile, format.output)
        return { port in
            let url = "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
            Terminal.error("listening on \(url)")
            if output == .json { Terminal.out(JSONWriter.text(.record(["listening": .text(url)]))) }
            guard let portFile else { return }
            do {
                // Written beside and renamed, so that a reader never sees half a number.
                try Data("\(port)\n".utf8).write(to: URL(fileURLWithPath: portFile), options: .atomic)
            } catch {
                Logger(label: "serve").error(
                    "the port file cannot be written", metadata: ["path": "\(portFile)", "error": "\(error)"])
            }
        }
    }
}
