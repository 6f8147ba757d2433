import Foundation
import Sandbox
import Testing

/// A process that is watched without blocking a thread for long.
final class Watched {
    let process: pid_t
    private(set) var status: Int32?

    init(_ program: [String], environment: [String: String], output: String, errors: String) throws {
        process = try Spawn.start(
            program, environment: environment, input: "/dev/null", output: output, errors: errors)
    }

    deinit { end() }

    /// The exit status or the negative signal; nil while it runs.
    func ended() -> Int32? {
        if status != nil { return status }
        var raw: Int32 = 0
        guard waitpid(process, &raw, WNOHANG) == process else { return nil }
        let signal = raw & 0x7f
        status = signal == 0 ? (raw >> 8) & 0xff : -signal
        return status
    }

    /// As a power cut would end it.
    func end() {
        guard status == nil else { return }
        kill(process, SIGKILL)
        status = Spawn.wait(process)
    }
}

/// Both simulators in one process, one company and one database; servers come and go on them.
final class KillBench {
    /// How long anything that must happen may take.
    static let patienceSeconds: Int64 = 30
    static let account = "acct_sandbox"
    private static let origin = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    static let driftScript = origin.appendingPathComponent("../../ops/drift.py").standardized.path

    struct TookTooLong: Error, CustomStringConvertible {
        var description: String
    }

    let tool: Tool
    private let rows: KillRows
    private let sandbox: Watched
    let stripeURL: String
    let stripeKey: String
    private(set) var port: Int
    /// Documents that a person must look at in the end, each with the review's code: they are listed apart from drift.
    var expectedReviews: [String: String] = [:]
    /// Documents of which Stripe has no live invoice in the end.
    var unpushed: Set<String> = []
    let policy: Policy
    let client = LoopbackClient()

    /// What the company decides besides the usual.
    enum Policy {
        case usual
        /// Stripe mails invoices; refunds void payments.
        case mailsAndVoids
        /// Whatever Stripe does is posted.
        case postsAll

        /// Lines of the manifest.
        var lines: [String] {
            switch self {
            case .usual: []
            case .mailsAndVoids: ["send_email: true", "refunds: void", "write_offs: uncollectible"]
            case .postsAll:
                [
                    "refunds: own_credit_note", "fees: post", "fee_entry_type: FEE", "disputes: post",
                    "dispute_entry_type: LOSS", "payouts: journal", "bank_ledger_accounts: {NOK: \"1920\"}",
                    "clearing_ledger_accounts: {NOK: \"1570\"}",
                ]
            }
        }
    }

    /// - Parameter sandboxOptions: what the simulated Visma.net is like.
    init(_ sandboxOptions: [String], _ policy: Policy = .usual, on engine: KillEngine = .sqlite) async throws {
        self.policy = policy
        let tool = try Tool()
        rows = try KillRows(engine, tool)
        let output = tool.path("sandbox.out")
        let sandbox = try Watched(
            // Nothing is left over should the tests themselves be killed.
            ["/usr/bin/timeout", "-s", "TERM", "3600", Tool.binary.path, "sandbox", "--seed", "5"]
                + sandboxOptions,
            environment: [:], output: output, errors: tool.path("sandbox.err"))
        var line = ""
        try await Self.until("the sandbox listens") {
            line = try String(contentsOfFile: output, encoding: .utf8)
            return line.hasSuffix("\n")
        }
        let told = try SandboxJSON.parse(line.utf8)
        let company = try #require(told["companies"]?.elements?.first)
        stripeURL = try #require(told["stripe_url"]?.stringValue)
        stripeKey = try #require(company["stripe_key"]?.stringValue)
        self.tool = tool
        self.sandbox = sandbox
        port = try Self.freePort(tool)
        tool.environment = [
            "MLC_VISMA_API_URL": try #require(told["visma_api_url"]?.stringValue),
            "MLC_VISMA_CONNECT_URL": try #require(told["visma_connect_url"]?.stringValue),
            "MLC_STRIPE_URL": stripeURL, "MLC_DATABASE": rows.database, "MLC_KEY_FILE": tool.keyFile,
            "MLC_VISMA_TIMEOUT_SECONDS": "1", "MLC_STRIPE_TIMEOUT_SECONDS": "1",
            "MLC_LATE_EFFECT_SECONDS": "1",
        ]
        try admit(company)
    }

    deinit {
        // `timeout` passes this on; a SIGKILL it could not.
        kill(sandbox.process, SIGTERM)
    }

    private func admit(_ company: SandboxJSON) throws {
        let extra = policy.lines.map { "  " + $0 }.joined(separator: "\n")
        let swift = { (state: String) in
            Manifests.acme(state: state, extra: extra).replacing(
                "poll_seconds: 3600", with: "poll_seconds: 1")
        }
        try tool.setUp()
        try #require(
            tool.run("tenant", "add", tool.write(swift("onboarding"), to: "acme.yaml")).status == 0)
        for (purpose, field) in [
            ("visma-client-id", "visma_client_id"), ("visma-client-secret", "visma_client_secret"),
            ("stripe-key", "stripe_key"),
        ] {
            let secret = try #require(company[field]?.stringValue)
            try #require(tool.run("credentials", "set", "acme", purpose, input: secret).status == 0)
        }
        try #require(
            tool.run("tenant", "apply", tool.write(swift("active"), to: "active.yaml")).status == 0)
    }

    // MARK: Waiting

    /// Asks again and again, a moment apart, until it is so; other tests get their turn meanwhile.
    static func until(
        _ what: String, apartMilliseconds: Int32 = 20, _ isSo: () async throws -> Bool
    ) async throws {
        let limit = ContinuousClock.now + .seconds(patienceSeconds)
        while try await !isSo() {
            guard ContinuousClock.now < limit else {
                throw TookTooLong(description: "not within \(patienceSeconds) s: \(what)")
            }
            poll(nil, 0, apartMilliseconds)
            await Task.yield()
        }
    }

    private static func freePort(_ tool: Tool) throws -> Int {
        let script =
            "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
        return try #require(Int(try tool.python(script)))
    }

    // MARK: The server

    func moveToNewAddress() throws { port = try Self.freePort(tool) }

    private func serve(_ settings: [String: String]) throws -> Watched {
        try Watched(
            [
                Tool.binary.path, "serve", "--port", "\(port)", "--public-url", "http://127.0.0.1:\(port)",
            ],
            environment: tool.environment.merging(settings) { $1 }, output: tool.path("serve.out"),
            errors: tool.path("serve.err"))
    }

    /// Runs a server for the length of `body`, once it takes requests.
    func whileServing(_ settings: [String: String], _ body: () async throws -> Void) async throws {
        let server = try serve(settings)
        try await Self.until("the server is healthy") {
            if let status = server.ended() { throw TookTooLong(description: "died early: \(status)") }
            return await isHealthy()
        }
        try await body()
        server.end()
    }

    /// A page of the server's own.
    func page(_ path: String) async throws -> String {
        let request = SandboxRequest(method: "GET", path: path)
        let answer = try await client.send(request, to: "http://127.0.0.1:\(port)")
        return String(decoding: answer.body, as: UTF8.self)
    }

    private func isHealthy() async -> Bool {
        let request = SandboxRequest(method: "GET", path: "/healthz")
        guard let answer = try? await client.send(request, to: "http://127.0.0.1:\(port)") else {
            return false
        }
        return answer.status == 200
    }

    /// Runs a server that must die by SIGKILL at the checkpoint. `act` happens once it takes requests.
    func dies(at checkpoint: String, _ act: (() async throws -> Void)? = nil) async throws {
        let server = try serve(["MLC_KILL_AT": checkpoint])
        if let act {
            try await Self.until("the server is healthy") {
                if let status = server.ended() {
                    throw TookTooLong(description: "died early at \(checkpoint): \(status)")
                }
                return await isHealthy()
            }
            try await act()
        }
        try await Self.until("the server reaches \(checkpoint)") { server.ended() != nil }
        let (status, said) = (server.status, try errors())
        try #require(status == -SIGKILL, "\(checkpoint): \(said)")
    }

    /// Runs a server until nothing is left to do and both books agree, then checks them in every way. `act` happens
    /// once it takes requests.
    func recovers(after checkpoint: String, _ act: (() async throws -> Void)? = nil) async throws {
        let server = try serve([:])
        var last = ""
        var quietSince: Int64?
        do {
            if let act {
                try await Self.until("the server is healthy") { await isHealthy() }
                try await act()
            }
            try await Self.until("recovery", apartMilliseconds: 100) {
                if let status = server.ended() { throw TookTooLong(description: "died: \(status)") }
                // Cheaper than the state, so asked first.
                let report = try await drift()
                last = "\(report.differences)"
                guard report.drift == 0 else {
                    quietSince = nil
                    return false
                }
                let state = try state()
                last = "\(state)"
                let isQuiet =
                    state.isIdle && state.endpoints.contains { $0.hasPrefix("http://127.0.0.1:\(port)/") }
                // What was written last is read once more: the next server would look at it before anything is done.
                quietSince = isQuiet ? quietSince ?? state.now : nil
                return quietSince.map { state.swept > $0 } ?? false
            }
        } catch let error as TookTooLong {
            throw TookTooLong(description: "\(checkpoint): \(error): \(last)\n\(try errors())")
        }
        server.end()
        try await requireOneOfEach(checkpoint)
        try await requireNoDrift(checkpoint)
    }

    func errors() throws -> String {
        try String(contentsOfFile: tool.path("serve.err"), encoding: .utf8)
    }

    /// What the simulated Stripe has not been able to deliver.
    func undeliveredEvents() async throws -> [SandboxJSON] {
        let request = SandboxRequest(
            method: "GET", path: "/v1/events", query: "delivery_success=false&limit=100",
            headers: [("Authorization", "Bearer \(stripeKey)")])
        let answer = try await client.send(request, to: stripeURL)
        try #require(answer.status == 200)
        return try SandboxJSON.parse(answer.body)["data"]?.elements ?? []
    }

    // MARK: What people do

    @discardableResult
    func act(_ action: String, _ fields: [(String, SandboxJSON)]) async throws -> SandboxJSON {
        let request = SandboxRequest(
            method: "POST", path: "/_sandbox/" + action, headers: [("Content-Type", "application/json")],
            body: SandboxJSON.object(fields).bytes)
        let answer = try await client.send(request, to: stripeURL)
        try #require(answer.status == 200, "\(action): \(String(decoding: answer.body, as: UTF8.self))")
        return try SandboxJSON.parse(answer.body)
    }

    func customer(_ name: String) async throws -> String {
        let made = try await act(
            "visma/customer",
            [("name", .string(name)), ("email", .string("\(name.lowercased())@example.com"))])
        return try #require(made["customer"]?.stringValue)
    }

    /// Answers the document: `Invoice:000101`.
    @discardableResult
    func invoice(_ customer: String, _ total: String = "1000.00") async throws -> String {
        let made = try await act(
            "visma/invoice", [("customer", .string(customer)), ("total", .string(total))])
        return "Invoice:" + (try #require(made["invoice"]?.stringValue))
    }

    // MARK: Our own side

    struct State: CustomStringConvertible {
        var json: SandboxJSON
        var description: String { json.serialised }
        private func count(_ name: String) -> Int64 { json[name]?.intValue ?? -1 }
        private func texts(_ name: String) -> [String] {
            json[name]?.elements?.compactMap(\.stringValue) ?? []
        }

        var isIdle: Bool { count("unsettled") == 0 && count("dirty") == 0 && count("unread") == 0 }
        /// Microseconds since 1970: now, when the Visma list swept longest ago was swept, and when the last call whose
        /// outcome is not known is over for certain.
        var now: Int64 { count("now") }
        var swept: Int64 { count("swept") }
        var deadline: Int64 { count("deadline") }
        var endpoints: [String] { texts("endpoints") }
        var reviews: [String] { texts("reviews") }
    }

    /// Read by another program while the server works.
    func state() throws -> State {
        let text = try tool.python(
            """
            import json, sys, time
            \(rows.reader)
            one = lambda text: int(rows(text)[0][0])
            print(json.dumps({
                "unsettled": one("SELECT count(*) FROM journal WHERE settled_at IS NULL"),
                "dirty": one("SELECT count(*) FROM work WHERE generation > done_generation"
                             f" AND due_at < {time.time_ns() // 1000 + 60_000_000}"),
                "unread": one("SELECT count(*) FROM events WHERE state = 'received'"),
                "deadline": one("SELECT coalesce(max(deadline_at), 0) FROM journal WHERE settled_at IS NULL"),
                "swept": one("SELECT coalesce(min(swept_at), 0) FROM cursors WHERE stream LIKE 'visma%'"),
                "endpoints": [row[0] for row in rows("SELECT url FROM webhook_endpoints WHERE state = 'active'")],
                "reviews": [f"{row[0]} {row[1]}" for row in
                            rows("SELECT subject, code FROM reviews WHERE state = 'open'")],
                "found": [row[0] for row in rows("SELECT found FROM reviews WHERE state = 'open'")],
                "waiting": [f"{row[0]}: {row[1]}" for row in rows(
                    "SELECT subject, last_error FROM work WHERE generation > done_generation")],
                "now": time.time_ns() // 1000,
            }))
            """, rows.database)
        return State(json: try SandboxJSON.parse(text.utf8))
    }

    /// Until a call that was cut off can no longer be under way.
    func callsAreOver() async throws {
        try await Self.until("every call is over") {
            let state = try state()
            return state.now > state.deadline + 1_000_000
        }
    }
}
