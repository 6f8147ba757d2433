import Foundation
import LibCrypto
import Sandbox
import Storage

/// What the real server holds of 100,000 active tenants with nothing due, above what it holds on an empty database:
/// once it has read all endpoint secrets, and has been asked for its metrics as an operator's scraper does.
struct RestingFigure: Figure {
    let names = ["rss_100k_tenants_mb"]

    private static let tenantCount = 100_000
    /// Each question that comes too early makes it look through all secrets that it has.
    private static let askEveryMilliseconds: Int64 = 2000

    func measure(_ options: FigureOptions) async throws -> [Reading] {
        let empty = try await rest(options.scratch + "/empty", tenantCount: 0)
        let full = try await rest(options.scratch + "/full", tenantCount: Self.tenantCount)
        let held = full.megabytes - empty.megabytes
        return [
            Reading(
                "rss_100k_tenants_mb", held, aim: .atMost(200),
                "\(Int(full.megabytes)) MB with 100,000 idle tenants against \(Int(empty.megabytes)) MB with none"),
            Reading("rss_bytes_per_tenant", (held * 1_000_000 / Double(Self.tenantCount)).rounded()),
            Reading("rss_ready_seconds", full.seconds, "from its start until all 100,000 secrets were read"),
        ]
    }

    private func rest(_ folder: String, tenantCount: Int) async throws -> (megabytes: Double, seconds: Double) {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let stage = try await Stage.open(folder)
        try await stage.add(0..<tenantCount, tenantCount: max(1, tenantCount), state: .active)
        try stage.database.shutDown()
        let began = ContinuousClock.now
        let server = try Node(
            name: "server", scratch: folder,
            environment: [
                "MLC_DATABASE": folder + "/ml-connector.sqlite", "MLC_KEY_FILE": stage.keyFile,
                "MLC_LOG_LEVEL": "error",
            ])
        let port = try await server.listening()
        if let last = (0..<tenantCount).max(by: { "\(Stage.tenant($0))" < "\(Stage.tenant($1))" }) {
            try await Node.until("all secrets are read", pauseMilliseconds: Self.askEveryMilliseconds) {
                try await isKnown(last, port)
            }
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let client = LoopbackClient()
        for path in ["/readyz", "/metrics"] {
            let answer = try await client.send(
                SandboxRequest(method: "GET", path: path, headers: []), to: "http://127.0.0.1:\(port)")
            guard answer.status == 200 else { throw Load.Failed(description: "\(path) answered \(answer.status)") }
        }
        let megabytes = try server.megabytes(.resident)
        server.signal(SIGKILL)
        try await Node.until("the server is gone") { !server.isRunning }
        return (megabytes, seconds)
    }

    /// Whether a delivery is taken whose URL does not say whose it is: the secrets are read in the order of tenants.
    private func isKnown(_ index: Int, _ port: Int) async throws -> Bool {
        let body = Stage.event("evt_last")
        let message = Load.message(
            "/webhooks/stripe", body, signature: try Stage.signature(body, HMACKey(Secret(Stage.secret(index)))))
        let answers = try await Load(port: port, connections: 1, messages: [message], seconds: 10).run()
        guard answers.statuses.keys.allSatisfy({ $0 == 200 || $0 == 503 }) else {
            throw Load.Failed(description: "it answered \(answers.statuses)")
        }
        return answers.statuses[200] == 1
    }
}
