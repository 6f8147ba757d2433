import HTTPTypes
package import Hummingbird
package import Sync

/// Everything that is served, composed once. `/metrics` names tenants: a proxy that faces the internet forwards
/// `/webhooks/` only.
package struct WebApp: Sendable {
    private static let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]

    private let webhooks: WebhookRoute
    private let operations: OperationRoutes
    private let observer: RequestObserver
    private let trust: PeerTrust

    /// - Parameters:
    ///   - checks: what `/readyz` asks, one after the other.
    ///   - remarks: what `/readyz` says besides when it is ready, a line each.
    ///   - metrics: where requests are counted, and what `/metrics` shows.
    ///   - gauges: computed at each scrape and shown beside them, like `TenantGauges.samples`.
    ///   - trust: from whom requests are taken.
    ///   - makeRequestID: a fresh id for each request, for the logs and `X-Request-Id`.
    ///   - uptime: a monotonic clock, from any beginning.
    package init(
        ingress: WebhookIngress, visma: VismaWebhooks, checks: [ReadinessCheck], metrics: PrometheusRegistry,
        remarks: [String] = [],
        gauges: @escaping @Sendable () async throws -> [MetricSample] = { [] }, trust: PeerTrust = PeerTrust(),
        makeRequestID: @escaping @Sendable () -> String, uptime: @escaping @Sendable () -> Duration
    ) {
        webhooks = WebhookRoute(ingress: ingress, visma: visma, metrics: metrics)
        operations = OperationRoutes(checks: checks, remarks: remarks, metrics: metrics, gauges: gauges)
        self.trust = trust
        observer = RequestObserver(metrics: metrics, makeRequestID: makeRequestID, uptime: uptime)
    }

    private typealias Handler = @Sendable (Request, WebContext) async throws -> Response

    /// What is posted here by other systems.
    private var received: [(path: RouterPath, post: Handler)] {
        [
            ("/webhooks/stripe", webhooks.post), ("/webhooks/stripe/{endpoint}", webhooks.post),
            ("/webhooks/visma/{endpoint}", webhooks.postFromVisma),
        ]
    }

    private var pages: [(path: RouterPath, page: Handler)] {
        [("/healthz", operations.healthz), ("/readyz", operations.readyz), ("/metrics", operations.scrape)]
    }

    /// Every path that is served, as it is matched.
    package var paths: [String] { (received.map(\.path) + pages.map(\.path)).map(\.description) }

    package func responder() -> RouterResponder<WebContext> {
        let router = Router(context: WebContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: observer)
        router.add(middleware: TrustGuard(trust: trust))
        for (path, post) in received {
            router.on(path, method: .post, use: post)
            for method in Self.methods where method != .post {
                router.on(path, method: method) { _, _ in try WebhookRoute.wrongMethod() }
            }
        }
        for (path, page) in pages {
            router.on(path, method: .get, use: page)
            for method in Self.methods where method != .get && method != .head {
                router.on(path, method: method) { _, _ in
                    try Problem(.methodNotAllowed, detail: "this address is read by GET")
                        .response(.methodNotAllowed, headers: [.allow: "GET, HEAD"])
                }
            }
        }
        return router.buildResponder()
    }
}
