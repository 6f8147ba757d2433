import LibCrypto
import Storage
import Sync

/// What 200 forged requests a second, which fit no secret of 10,000, take from honest traffic.
struct ForgedFigure: Figure {
    let names = ["forged_honest_ratio"]

    private static let endpointCount = 10_000
    private static let tenantCount = 100
    private static let forgedPerSecond = 200.0
    private static let rounds = 5
    private static let roundSeconds = 2.0
    private static let messagesMax = 30_000

    func measure(_ options: FigureOptions) async throws -> [Reading] {
        let stage = try await Stage.open(options.scratch)
        try await stage.add(0..<Self.endpointCount, tenantCount: Self.tenantCount)
        let ingress = WebhookIngress(environment: stage.environment) { _ in }
        try await ingress.reload()
        var ratios: [Double] = []
        var forgedStatuses: [Int: Int] = [:]
        var quietRates: [Double] = []
        for round in 0...Self.rounds {
            let (quiet, beset) = (try Self.honest("q\(round)"), try Self.honest("b\(round)"))
            let forged = try Self.forged(round)
            let (alone, among, answers) = try await Server.run(stage.app(ingress)) { port in
                let alone = try await Load(port: port, messages: quiet, seconds: Self.roundSeconds).run()
                let stop = Load.Stop()
                async let attack = Load(
                    port: port, connections: 16, messages: forged, seconds: 60, perSecond: Self.forgedPerSecond,
                    stop: stop
                ).run()
                let among = try await Load(port: port, messages: beset, seconds: Self.roundSeconds).run()
                stop.set()
                return (alone, among, try await attack)
            }
            for (status, count) in answers.statuses { forgedStatuses[status, default: 0] += count }
            guard [alone, among].allSatisfy({ $0.statuses.keys.allSatisfy { $0 == 200 } }) else {
                throw Load.Failed(description: "honest ones were refused: \(alone.statuses), \(among.statuses)")
            }
            guard forgedStatuses[200] == nil else { throw Load.Failed(description: "a forged one was taken") }
            if round > 0 {
                ratios.append(among.perSecond / alone.perSecond)
                quietRates.append(alone.perSecond)
            }
        }
        try stage.engine.end()
        let told = forgedStatuses.sorted { $0.key < $1.key }.map { "\($0.value) times \($0.key)" }
        return [
            Reading(
                "forged_honest_ratio", ratios.median, aim: .atLeast(0.8),
                "of \(Int(quietRates.median)) a second; forged ones were answered \(told.joined(separator: ", "))")
        ]
    }

    private static func honest(_ mark: String) throws -> [[UInt8]] {
        let keys = try (0..<tenantCount).map { try HMACKey(Secret(Stage.secret($0))) }
        return try (0..<messagesMax).map { index in
            let door = index % tenantCount
            let body = Stage.event("evt_\(mark)_\(index)")
            return Load.message(
                "/webhooks/stripe/\(Stage.endpointKey(door))", body, signature: try Stage.signature(body, keys[door]))
        }
    }

    /// By turns without a hint, with the URL of an endpoint there is, and with one that nobody has.
    private static func forged(_ round: Int) throws -> [[UInt8]] {
        let key = try HMACKey(Secret("whsec_forged_0123456789"))
        return try (0..<20_000).map { index in
            let body = Stage.event("evt_forged_\(index)")
            let path = ["", "/" + Stage.endpointKey(index % endpointCount), "/none\(round)x\(index)"][index % 3]
            return Load.message("/webhooks/stripe" + path, body, signature: try Stage.signature(body, key))
        }
    }
}
