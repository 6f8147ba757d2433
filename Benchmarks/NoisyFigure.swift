import Domain
import Sandbox
import Storage

/// How long a tenant with one event waits for its payment request, alone and beside a tenant with 100,000 dirty
/// documents. Those are invoices that stand in Visma and are not pushed yet: each look is a whole push.
struct NoisyFigure: Figure {
    let names = ["noisy_neighbour_ratio"]

    private static let dirtyCount = 100_000
    private static let rowsPerTransaction = 5000
    private static let repetitions = 60
    /// So far apart that one is over before the next begins.
    private static let perSecond = 4.0
    private static let patienceSeconds = 60.0
    /// The companies' numbers.
    private static let (small, big) = (1, 2)

    func measure(_ options: FigureOptions) async throws -> [Reading] {
        let database = try SQLiteDatabase(.pool(path: options.scratch + "/ml-connector.sqlite"))
        var plan = Companies.Plan(count: 2, invoicesEach: 1, seed: options.seed)
        plan.pushesPerHourMax = 1_000_000
        let companies = try await Companies(plan, database: database, scratch: options.scratch)
        // The first repetitions of each kind warm up.
        let payments = 2 * (Self.repetitions + Self.warmUps)
        try companies.simulators.addInvoices(payments, to: Self.small)
        let watch = CallWatch()
        let readings = try await Connector.run(companies, watch: watch.around) { connector in
            try await watch.untilPushed(payments + 2)
            try await connector.carryAll(of: companies.stripe)
            let invoices = companies.stripe.invoices().filter { $0.account == Companies.account(Self.small) }
                .map(\.id)
            let course = Course(connector: connector, companies: companies, watch: watch)
            let alone = try await course.pay(invoices.prefix(payments / 2))
            try await Self.dirty(companies)
            let before = try await Self.looksLeft(database)
            // The neighbour is at work.
            try await watch.untilPushed(Self.warmUps)
            let beside = try await course.pay(invoices.dropFirst(payments / 2).prefix(payments / 2))
            let left = try await Self.looksLeft(database)
            guard left > 0, left < before else {
                throw Load.Failed(description: "the neighbour did not work all the time: \(left) of \(before) left")
            }
            return Self.readings(alone, beside, (before, left))
        }
        try database.shutDown()
        return readings
    }

    private static let warmUps = 10

    /// Releases invoices in Visma and makes each dirty, as a poll that has read all of them does.
    private static func dirty(_ companies: Companies) async throws {
        let numbers = try companies.simulators.addInvoices(dirtyCount, to: big)
        for start in stride(from: 0, to: numbers.count, by: rowsPerTransaction) {
            let rows = numbers[start..<min(start + rowsPerTransaction, numbers.count)]
            try await companies.database.write { db in
                let now = Stage.now()
                for number in rows {
                    try WorkTable.dirty(
                        db, tenant: Companies.tenant(big),
                        subject: .document(DocumentRef(type: .invoice, number: number)),
                        cause: "poll", dueAt: now)
                }
            }
        }
    }

    private static func looksLeft(_ database: SQLiteDatabase) async throws -> Int {
        try await database.read { try WorkTable.counts($0, tenant: Companies.tenant(big)).dirty }
    }

    private struct Course: Sendable {
        let connector: Connector
        let companies: Companies
        let watch: CallWatch

        /// Pays these invoices and posts one event of each, `invoice.paid`; the others of the payment are kept back.
        /// Answers milliseconds from the POST to the request that makes the payment in Visma.
        func pay(_ invoices: ArraySlice<String>) async throws -> [Double] {
            var latencies: [Double] = []
            for await number in Pace.ticks(invoices.count, perSecond: perSecond) {
                let made = try companies.stripe.pay(invoice: invoices[invoices.startIndex + number])
                var posted = ContinuousClock.now
                for delivery in companies.stripe.takeDeliveries() {
                    guard delivery.eventType == "invoice.paid" else {
                        companies.stripe.report(delivery, status: 200)
                        continue
                    }
                    posted = ContinuousClock.now
                    try await connector.carry(delivery, of: companies.stripe)
                }
                let sent = try await watch.sent([made.paymentIntent], withinSeconds: patienceSeconds)
                guard let moment = sent[made.paymentIntent] else {
                    throw Load.Failed(description: "a payment was not measured")
                }
                if number >= warmUps { latencies.append((moment - posted) / .milliseconds(1)) }
            }
            return latencies
        }
    }

    private static func readings(
        _ alone: [Double], _ beside: [Double], _ dirty: (before: Int, left: Int)
    ) -> [Reading] {
        func both(_ latencies: [Double]) -> String {
            let (middle, high) = (latencies.median.rounded(.up), latencies.percentile(99).rounded(.up))
            return "\(Int(middle)) ms (p99 \(Int(high)) ms)"
        }
        return [
            Reading(
                "noisy_neighbour_ratio", beside.median / alone.median, aim: .atMost(2),
                "median \(both(beside)) beside against \(both(alone)) alone, \(alone.count) times each; of the "
                    + "neighbour's \(dirty.before) dirty documents \(dirty.left) were left"),
            Reading("latency_alone_ms", alone.median), Reading("latency_beside_ms", beside.median),
        ]
    }
}
