import CoreMetrics
import HTTPTypes
import Hummingbird
import Logging

/// What the machine room asks: `/healthz`, `/readyz`, `/metrics`.
struct OperationRoutes: Sendable {
    private let checks: [ReadinessCheck]
    private let remarks: [String]
    private let metrics: PrometheusRegistry
    private let gauges: @Sendable () async throws -> [MetricSample]
    private let scrapeErrors: Counter

    init(
        checks: [ReadinessCheck], remarks: [String], metrics: PrometheusRegistry,
        gauges: @escaping @Sendable () async throws -> [MetricSample]
    ) {
        self.checks = checks
        self.remarks = remarks
        self.metrics = metrics
        self.gauges = gauges
        scrapeErrors = Counter(label: MetricName.scrapeErrors, factory: metrics)
    }

    /// The process runs and its event loops turn; nothing else is asked, since a restart would not cure it.
    @Sendable func healthz(_ request: Request, _ context: WebContext) async throws -> Response { .text("ok\n") }

    @Sendable func readyz(_ request: Request, _ context: WebContext) async throws -> Response {
        var failing: [String] = []
        for check in checks {
            do {
                try await check.check()
            } catch {
                failing.append(check.name)
                context.logger.warning("not ready", metadata: ["check": "\(check.name)", "error": "\(error)"])
            }
        }
        guard failing.isEmpty else {
            let problem = Problem(
                .serviceUnavailable, detail: "not ready: \(failing.joined(separator: ", "))", failing: failing)
            return try problem.response(
                .serviceUnavailable, headers: [.retryAfter: "\(WebLimits.retryAfterSeconds)"])
        }
        return .text((["ok"] + remarks).map { $0 + "\n" }.joined())
    }

    /// A failure to read the gauges leaves the rest of the scrape as it is: it is then that the figures are needed.
    @Sendable func scrape(_ request: Request, _ context: WebContext) async throws -> Response {
        var samples: [MetricSample] = []
        do {
            samples = try await gauges()
        } catch {
            scrapeErrors.increment()
            context.logger.warning("gauges not read", metadata: ["error": "\(error)"])
        }
        return .text(metrics.text(with: samples), type: PrometheusText.contentType)
    }
}
