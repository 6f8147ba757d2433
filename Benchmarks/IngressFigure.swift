import Foundation
import LibCrypto
import Storage
import Sync

/// Durable, verified, deduplicated acknowledgements a second against a bare echo of the same server: rounds of both by
/// turns, as the machine is not quiet; the ratio is the middle one.
struct IngressFigure: Figure {
    let names: [String]
    /// The least that the ratio should be.
    let aim: Double
    let open: @Sendable (_ scratch: String) throws -> any StageEngine

    static let sqlite = Self(names: ["ingress_ratio_sqlite", "ingress_p99_ratio"], aim: 0.6) { try SQLiteStage($0) }
    #if POSTGRES
        static let postgres = Self(names: ["ingress_ratio_postgres", "ingress_p99_ratio_postgres"], aim: 0.4) { _ in
            try PostgresStage()
        }
    #endif

    private static let tenantCount = 10
    private static let rounds = 5
    private static let roundSeconds = 2.0
    /// More than a round can use up.
    private static let messagesMax = 40_000

    func measure(_ options: FigureOptions) async throws -> [Reading] {
        let stage = try await Stage.open(options.scratch, on: try open(options.scratch))
        try await stage.add(0..<Self.tenantCount, tenantCount: Self.tenantCount)
        let ingress = WebhookIngress(environment: stage.environment) { _ in }
        try await ingress.reload()
        var rounds: [(echo: Load.Result, ingress: Load.Result)] = []
        var acknowledged = 0
        let syncsBefore = try await stage.engine.syncs()
        for round in 0...Self.rounds {
            let echo = try await Server.runEcho { port in
                let body = Stage.event("evt_echo")
                let message = Load.message("/echo", body)
                return try await Load(
                    port: port, messages: Array(repeating: message, count: 2 * Self.messagesMax),
                    seconds: Self.roundSeconds
                ).run()
            }
            let messages = try Self.messages(round: round)
            let durable = try await Server.run(stage.app(ingress)) { port in
                try await Load(port: port, messages: messages, seconds: Self.roundSeconds).run()
            }
            guard durable.statuses.keys.allSatisfy({ $0 == 200 }), !durable.acknowledged.isEmpty else {
                throw Load.Failed(description: "not all were taken: \(durable.statuses)")
            }
            tell(
                "  echo \(Int(echo.perSecond)), durable \(Int(durable.perSecond)) a second; CPU "
                    + "\(Int(echo.cpuMicroseconds)) and \(Int(durable.cpuMicroseconds)) us each")
            acknowledged += durable.acknowledged.count
            // The first round warms up.
            if round > 0 { rounds.append((echo, durable)) }
        }
        let syncs = try await stage.engine.syncs() - syncsBefore
        let durability = try await stage.database.durability()
        guard durability.allSatisfy(\.isGood) else {
            throw Load.Failed(description: "a commit could be lost: \(durability)")
        }
        try stage.engine.end()
        let engine = stage.engine.name
        return readings(rounds, engine)
            + durability.map { Reading($0.check, .text($0.value)) } + [
                Reading(
                    "ingress_commits_per_sync_\(engine)", Double(acknowledged) / Double(max(1, syncs)),
                    "\(acknowledged) acknowledged events, \(syncs) syncs of the log")
            ]
    }

    private func readings(
        _ rounds: [(echo: Load.Result, ingress: Load.Result)], _ engine: String
    ) -> [Reading] {
        let echo = rounds.map(\.echo.perSecond).median
        let durable = rounds.map(\.ingress.perSecond).median
        let echoP99 = rounds.map(\.echo.p99Milliseconds).median
        let durableP99 = rounds.map(\.ingress.p99Milliseconds).median
        return [
            Reading(
                names[0], rounds.map { $0.ingress.perSecond / $0.echo.perSecond }.median, aim: .atLeast(aim),
                "\(Int(durable)) a second against \(Int(echo)) of a bare echo, 64 connections, 10 tenants"),
            Reading(
                names[1], rounds.map { $0.ingress.p99Milliseconds / $0.echo.p99Milliseconds }.median,
                aim: .atMost(3), "\(milliseconds(durableP99)) ms against \(milliseconds(echoP99)) ms"),
            Reading("ingress_per_second_\(engine)", durable.rounded()),
            Reading("echo_per_second_\(engine)", echo.rounded()),
            Reading(
                "ingress_cpu_us_\(engine)", rounds.map(\.ingress.cpuMicroseconds).median,
                "of this process an event, generator and kernel included; an echo "
                    + "\(Int(rounds.map(\.echo.cpuMicroseconds).median))"),
        ]
    }

    private func milliseconds(_ value: Double) -> String { String(format: "%.1f", value) }

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
