import CoreMetrics
import Domain
import Storage
import Testing
import Web

@Suite("What the machine room asks") struct OperationTests {
    @Test("Alive is alive, whatever else fails")
    func healthz() async throws {
        let bench = try await Bench.open()
        let broken = ReadinessCheck("database") { throw StorageError(.ioFailure, "no disk") }
        try await serving(bench.app(checks: [broken])) { server in
            let answer = try await server.get("/healthz")
            #expect(answer.status == 200)
            #expect(answer.body == "ok\n")
            #expect(try await server.call("HEAD", "/healthz").status == 200)
        }
    }

    @Test("Ready when all checks hold; 503 with the names of those that do not")
    func readyz() async throws {
        let bench = try await Bench.open()
        let sound: [ReadinessCheck] = [.database(bench.database), .migrations(bench.database)]
        try await serving(bench.app(checks: sound)) { server in
            let answer = try await server.get("/readyz")
            #expect(answer.status == 200)
        }
        let broken = ReadinessCheck("keys") { throw StorageError(.other, "inner-marker") }
        try await serving(bench.app(checks: sound + [broken])) { server in
            let answer = try await server.get("/readyz")
            #expect(answer.status == 503)
            #expect(answer.type == "application/problem+json")
            #expect(answer.body.contains(#""failing":["keys"]"#))
            #expect(!answer.body.contains("inner-marker"))
        }
    }

    @Test("What is to be known besides stands in the text of a ready server, a line each")
    func remarks() async throws {
        let bench = try await Bench.open()
        try await serving(bench.app(remarks: ["outside writes are off"])) { server in
            let answer = try await server.get("/readyz")
            #expect(answer.status == 200)
            #expect(answer.body == "ok\noutside writes are off\n")
        }
    }

    @Test("A database without the schema is not ready")
    func notMigrated() async throws {
        let bench = try await Bench.open()
        let empty = try SQLiteDatabase(.inline(path: nil))
        let checks: [ReadinessCheck] = [.database(empty), .migrations(empty)]
        try await serving(bench.app(checks: checks)) { server in
            let answer = try await server.get("/readyz")
            #expect(answer.status == 503)
            #expect(answer.body.contains(#""failing":["database","migrations"]"#))
        }
    }

    @Test("A scrape parses and tells outcomes, durations and the backlog")
    func metrics() async throws {
        let bench = try await Bench.open()
        try await serving(bench.app()) { server in
            _ = try await server.send(bench.signed(Delivery.event("evt_1")))
            _ = try await server.send(bench.signed(Delivery.event("evt_1")))
            _ = try await server.send(Delivery(body: [1], signature: nil))
            _ = try await server.get("/a/b/c")
            let answer = try await server.get("/metrics")
            #expect(answer.status == 200)
            #expect(answer.type == "text/plain; version=0.0.4; charset=utf-8")
            let series = try Scrape.parse(answer.body)
            #expect(series[#"mlc_webhooks_total{outcome="stored"}"#] == 1)
            #expect(series[#"mlc_webhooks_total{outcome="duplicate"}"#] == 1)
            #expect(series[#"mlc_webhooks_total{outcome="refused"}"#] == 1)
            #expect(series[#"mlc_webhooks_total{outcome="not_durable"}"#] == 0)
            let posts = #"{method="POST",route="/webhooks/stripe",status="200"}"#
            #expect(series["mlc_http_request_duration_seconds_count\(posts)"] == 2)
            #expect((series["mlc_http_request_duration_seconds_sum\(posts)"] ?? 0) > 0)
            let lost = #"{method="GET",route="NotFound",status="404"}"#
            #expect(series["mlc_http_request_duration_seconds_count\(lost)"] == 1)
            #expect(series[#"mlc_events{state="received",tenant="alpha"}"#] == 1)
            #expect(series[#"mlc_reviews_open{tenant="beta"}"#] == 0)
            #expect(series[#"mlc_tenants{state="active"}"#] == 2)
            #expect(!answer.body.contains("/a/b/c"))
        }
    }

    @Test("A scrape whose gauges cannot be read still tells the counters")
    func brokenGauges() async throws {
        let bench = try await Bench.open()
        let app = WebApp(
            ingress: bench.ingress, visma: bench.visma, checks: [], metrics: PrometheusRegistry(),
            gauges: { throw StorageError(.busy, "locked") }, makeRequestID: { "r" }, uptime: { .zero })
        try await serving(app) { server in
            let series = try Scrape.parse(try await server.get("/metrics").body)
            #expect(series["mlc_metrics_scrape_errors_total"] == 1)
            #expect(series[#"mlc_webhooks_total{outcome="stored"}"#] == 0)
        }
    }

    @Test("A port in use is named, with the remedy")
    func portInUse() async throws {
        let bench = try await Bench.open()
        let app = bench.app()
        try await serving(app) { server in
            let second = HTTPService(host: "127.0.0.1", port: server.port, app: app, log: bench.log.logger())
            let error = await #expect(throws: ConnectorError.self) { try await second.run() }
            #expect(error?.code == "serve.port_in_use")
            let text = "the port 127.0.0.1:\(server.port) is in use; choose another with --port"
            #expect(error?.text == text)
            let answer = try await server.get("/healthz")
            #expect(answer.status == 200)
        }
    }
}

/// The text format read back, strictly: every line is a comment, or a series with a number.
enum Scrape {
    struct Malformed: Error { var line: String }

    static func parse(_ text: String) throws -> [String: Double] {
        guard text.hasSuffix("\n") else { throw Malformed(line: "no line end at the end") }
        let name = "[a-zA-Z_][a-zA-Z0-9_]*"
        let labels =
            #"\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*")*\}"#
        let line = try Regex("^(\(name)(?:\(labels))?) (\\S+)$")
        let comment = try Regex("^# (?:HELP \(name) .+|TYPE \(name) (?:counter|gauge|summary))$")
        var series: [String: Double] = [:]
        for each in text.split(separator: "\n") {
            if each.hasPrefix("#") {
                guard try comment.wholeMatch(in: each) != nil else { throw Malformed(line: String(each)) }
                continue
            }
            guard let match = try line.wholeMatch(in: each), let key = match.output[1].substring,
                let number = match.output[2].substring.flatMap({ Double($0) }), series[String(key)] == nil
            else { throw Malformed(line: String(each)) }
            series[String(key)] = number
        }
        return series
    }
}
