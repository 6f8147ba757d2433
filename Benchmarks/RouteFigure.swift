import Domain
import LibCrypto
import Sandbox
import Storage
import Stripe
import Sync

/// What it costs to find whose a delivery is: by its URL among 100,000 secrets against one, and without among 10,000.
struct RouteFigure: Figure {
    let names = ["route_hint_ratio", "route_search_ms_10k"]

    private static let manyCount = 100_000
    private static let searchedCount = 10_000
    private static let rounds = 9
    private static let perRound = 5000

    func measure(_ options: FigureOptions) async throws -> [Reading] {
        let stage = try await Stage.open(options.scratch)
        try await stage.add(0..<1, tenantCount: 1)
        let one = WebhookIngress(environment: stage.environment) { _ in }
        try await one.reload()
        try await stage.add(1..<Self.searchedCount, tenantCount: 1000)
        let searched = WebhookIngress(environment: stage.environment) { _ in }
        try await searched.reload()
        let search = try await searchMilliseconds(searched)
        try await stage.add(Self.searchedCount..<Self.manyCount, tenantCount: 1000)
        let many = WebhookIngress(environment: stage.environment) { _ in }
        let clock = ContinuousClock()
        let loading = try await clock.measure { try await many.reload() }
        var random = SandboxRandom(seed: options.seed)
        var ratios: [Double] = []
        var oneNanoseconds: [Double] = []
        var manyNanoseconds: [Double] = []
        for _ in 0..<Self.rounds {
            let alone = try await hinted(one, doors: Array(repeating: 0, count: Self.perRound))
            let doors = (0..<Self.perRound).map { _ in Int(random.next() % UInt64(Self.manyCount)) }
            let among = try await hinted(many, doors: doors)
            ratios.append(among / alone)
            oneNanoseconds.append(alone)
            manyNanoseconds.append(among)
        }
        try stage.engine.end()
        return [
            Reading(
                "route_hint_ratio", ratios.median, aim: .atMost(1.2),
                "\(Int(manyNanoseconds.median)) ns among 100,000 against \(Int(oneNanoseconds.median)) ns with one"
            ),
            Reading("route_search_ms_10k", search, aim: .atMost(25), "none of 10,000 secrets fits a body of 3 KB"),
            Reading(
                "route_load_100k_seconds", loading / .seconds(1), "opening all secrets at the start, beside serving"),
        ]
    }

    /// Nanoseconds from a delivery's raw header and body to the tenant whose endpoint its URL names.
    private func hinted(_ ingress: WebhookIngress, doors: [Int]) async throws -> Double {
        let body = Stage.event("evt_routed")
        let now = Stage.now()
        var deliveries: [(header: [UInt8], key: String)] = []
        for door in doors {
            let header = try Stage.signature(body, HMACKey(Secret(Stage.secret(door))))
            deliveries.append((Array(header.utf8), Stage.endpointKey(door)))
        }
        let clock = ContinuousClock()
        let spent = try await clock.measure {
            for (header, key) in deliveries {
                let payload = try SignedPayload.parse(header: header, body: body)
                guard case .found = try await ingress.verify(payload, key, at: now) else {
                    throw Load.Failed(description: "a delivery was not routed")
                }
            }
        }
        return spent / .nanoseconds(1) / Double(doors.count)
    }

    private func searchMilliseconds(_ ingress: WebhookIngress) async throws -> Double {
        let body = Stage.event("evt_forged")
        let header = try Stage.signature(body, HMACKey(Secret("whsec_forged_0123456789")))
        let payload = try SignedPayload.parse(header: Array(header.utf8), body: body)
        let clock = ContinuousClock()
        var spent: [Double] = []
        for round in 0..<15 {
            // A second apart by the clock that is told, so that the budget lets it.
            let now = Stage.now().adding(seconds: Int64(round))
            let time = try await clock.measure {
                guard case .notFound = try await ingress.verify(payload, nil, at: now) else {
                    throw Load.Failed(description: "a search was not made")
                }
            }
            spent.append(time / .milliseconds(1))
        }
        return spent.median
    }
}
