import Outbound
import Sandbox
import Storage
import Sync

/// From the first POST of Stripe that tells of a payment to the request that makes the payment in Visma, both over
/// HTTP, while events come at a steady rate.
struct WebhookFigure: Figure {
    let names = ["webhook_to_write_p99_ms"]

    private static let companyCount = 10
    private static let eventsPerSecond = 50
    /// What the simulated Stripe sends of one payment to the connector's endpoint; the rate that came of it is printed.
    private static let eventsPerPayment = 4
    private static let seconds = 20
    private static let warmUpSeconds = 3
    private static let patienceSeconds = 30.0
    private static let bareCount = 200

    func measure(_ options: FigureOptions) async throws -> [Reading] {
        let database = try SQLiteDatabase(.pool(path: options.scratch + "/ml-connector.sqlite"))
        let perSecond = Double(Self.eventsPerSecond) / Double(Self.eventsPerPayment)
        let counts = [Self.warmUpSeconds, Self.seconds].map { Int(Double($0) * perSecond) }
        let payments = counts.reduce(0, +)
        let invoicesEach = (payments + Self.companyCount - 1) / Self.companyCount
        let companies = try await Companies(
            .init(count: Self.companyCount, invoicesEach: invoicesEach, seed: options.seed), database: database,
            scratch: options.scratch)
        let watch = CallWatch()
        let (round, bare) = try await Connector.run(companies, watch: watch.around) { connector in
            try await watch.untilPushed(companies.plan.count * companies.plan.invoicesEach)
            try await connector.carryAll(of: companies.stripe)
            var invoices = companies.simulators.openInvoices()[...]
            tell("  \(invoices.count) invoices pushed")
            let course = Course(connector: connector, companies: companies, watch: watch)
            _ = try await course.pay(invoices.prefix(counts[0]), perSecond: perSecond)
            invoices = invoices.dropFirst(counts[0])
            let round = try await course.pay(invoices.prefix(counts[1]), perSecond: perSecond)
            return (round, try await course.bare(Self.bareCount))
        }
        let synchronous = try await database.pragma("synchronous")
        try database.shutDown()
        return readings(round, bare, synchronous)
    }

    private func readings(_ round: Course.Round, _ bare: [Double], _ synchronous: String) -> [Reading] {
        let latencies = round.latencies
        let rate = Double(round.deliveries) / round.seconds
        return [
            Reading(
                "webhook_to_write_p99_ms", latencies.percentile(99), aim: .atMost(150),
                "of \(latencies.count) payments, \(round.deliveries) events at "
                    + "\(Int(rate.rounded())) a second, \(Self.companyCount) companies, "
                    + "synchronous \(synchronous)"),
            Reading("webhook_to_write_median_ms", latencies.median),
            Reading(
                "sandbox_post_median_ms", bare.median,
                "a bare POST through the same HTTP client to the same sandbox; p99 "
                    + String(Int(bare.percentile(99).rounded(.up))) + " ms"),
        ]
    }

    private struct Course: Sendable {
        let connector: Connector
        let companies: Companies
        let watch: CallWatch

        struct Round: Sendable {
            /// In milliseconds, one for each payment.
            var latencies: [Double] = []
            var deliveries = 0
            var seconds = 0.0
        }

        /// Pays these invoices one after the other and posts what Stripe sends of each at once; every one must come
        /// to be booked.
        func pay(_ invoices: ArraySlice<String>, perSecond: Double) async throws -> Round {
            let begun = ContinuousClock.now
            var postedAt: [String: ContinuousClock.Instant] = [:]
            var round = Round()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for await number in Pace.ticks(invoices.count, perSecond: perSecond) {
                    let made = try companies.stripe.pay(invoice: invoices[invoices.startIndex + number])
                    let deliveries = companies.stripe.takeDeliveries()
                    round.deliveries += deliveries.count
                    postedAt[made.paymentIntent] = ContinuousClock.now
                    for delivery in deliveries {
                        group.addTask { try await connector.carry(delivery, of: companies.stripe) }
                    }
                }
                try await group.waitForAll()
            }
            // The last payment has the time until the next would come.
            round.seconds = max((ContinuousClock.now - begun) / .seconds(1), Double(invoices.count) / perSecond)
            let sentAt = try await watch.sent(Set(postedAt.keys), withinSeconds: patienceSeconds)
            round.latencies = postedAt.compactMap { intent, posted in
                sentAt[intent].map { ($0 - posted) / .milliseconds(1) }
            }
            guard round.latencies.count == invoices.count else {
                throw Load.Failed(description: "\(invoices.count - round.latencies.count) payments were not measured")
            }
            return round
        }

        /// How long a POST takes that is refused at the door, as it has no token.
        func bare(_ count: Int) async throws -> [Double] {
            let request = OutboundRequest(
                method: "POST", url: connector.environment.endpoints.vismaAPI.text + "/v1/customerPayment",
                headers: [], body: [], timeoutMilliseconds: 5000)
            var durations: [Duration] = []
            for _ in 0..<count {
                let begun = ContinuousClock.now
                guard try await connector.environment.transport.send(request).status == 401 else {
                    throw Load.Failed(description: "a call without a token was not refused")
                }
                durations.append(ContinuousClock.now - begun)
            }
            return durations.milliseconds
        }
    }
}
