import LibCrypto
import Storage
import Sync

/// Durable, verified, deduplicated acknowledgements a second against a bare echo of the same server: rounds of both by
/// turns, as the machine is not quiet; the ratio is the middle one.
struct IngressFigure: Figure {
    let names = ["ingress_ratio_sqlite", "ingress_p99_ratio"]

    private static let tenantCount = 10
    private static let rounds = 5
    private static let roundSeconds = 2.0
    /// More than a round can use up.
    private static let messagesMax = 40_000

    func measure(_ options: FigureOptions) async throws -> [Reading] {
        let stage = try await Stage.open(options.scratch)
        try await stage.add(0..<Self.tenantCount, tenantCount: Self.tenantCount)
        let ingress = WebhookIngress(environment: stage.environment) { _ in }
        try await ingress.reload()
        var rounds: [(echo: Load.Result, ingress: Load.Result)] = []
        var commits = 0
        for round in 0...Self.rounds {
            let echo = try await Server.runEcho { port in
                let body = Stage.event("evt_echo")
                let message = Load.message("/echo", body)
                return try await Load(
                    port: port, messages: Array(repeating: message, count: 2 * Self.messagesMax),
                    seconds: Self.roundSeconds
                ).run()
            }
            let before = stage.commitCount
            let messages = try Self.messages(round: round)
            let durable = try await Server.run(stage.app(ingress)) { port in
                try await Load(port: port, messages: messages, seconds: Self.roundSeconds).run()
            }
            guard durable.statuses.keys.allSatisfy({ $0 == 200 }), !durable.acknowledged.isEmpty else {
                throw Load.Failed(description: "not all were taken: \(durable.statuses)")
            }
            tell("  echo \(Int(echo.perSecond)), durable \(Int(durable.perSecond)) a second")
            // The first round warms up.
            guard round > 0 else { continue }
            rounds.append((echo, durable))
            commits += stage.commitCount - before
        }
        let synchronous = try await stage.database.pragma("synchronous")
        let journal = try await stage.database.pragma("journal_mode")
        try stage.database.shutDown()
        return readings(rounds, commits: commits, synchronous: synchronous, journal: journal)
    }

    private func readings(
        _ rounds: [(echo: Load.Result, ingress: Load.Result)], commits: Int, synchronous: String, journal: String
    ) -> [Reading] {
        let echo = rounds.map(\.echo.perSecond).median
        let durable = rounds.map(\.ingress.perSecond).median
        let echoP99 = rounds.map(\.echo.p99Milliseconds).median
        let durableP99 = rounds.map(\.ingress.p99Milliseconds).median
        let acknowledged = rounds.reduce(0) { $0 + $1.ingress.acknowledged.count }
        return [
            Reading(
                "ingress_ratio_sqlite", rounds.map { $0.ingress.perSecond / $0.echo.perSecond }.median,
                aim: .atLeast(0.6),
                "\(Int(durable)) a second against \(Int(echo)) of a bare echo, 64 connections, 10 tenants"),
            Reading(
                "ingress_p99_ratio", rounds.map { $0.ingress.p99Milliseconds / $0.echo.p99Milliseconds }.median,
                aim: .atMost(3), "\(Int(durableP99)) ms against \(Int(echoP99)) ms"),
            Reading("ingress_per_second", durable.rounded()), Reading("echo_per_second", echo.rounded()),
            Reading("sqlite_synchronous", .text(synchronous), "2 is FULL"),
            Reading("sqlite_journal_mode", .text(journal)),
            Reading(
                "ingress_commits_per_sync", Double(acknowledged) / Double(max(1, commits)),
                "\(acknowledged) acknowledged events in \(commits) transactions, each one a sync of the log"),
        ]
    }

    private static func messages(round: Int) throws -> [[UInt8]] {
        let keys = try (0..<tenantCount).map { try HMACKey(Secret(Stage.secret($0))) }
        return try (0..<messagesMax).map { index in
            let door = index % tenantCount
            let body = Stage.event("evt_\(round)_\(index)")
            return Load.message(
                "/webhooks/stripe/\(Stage.endpointKey(door))", body,
                signature: try Stage.signature(body, keys[door]))
        }
    }
}
