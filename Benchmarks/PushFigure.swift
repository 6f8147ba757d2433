import Domain
import Foundation
import Outbound
import Storage
import Sync

/// Invoices pushed a second against what the HTTP client alone reaches with the very same calls: each company's in
/// their order, the same number of companies at once, to simulators that were planted alike and so give the same ids.
/// Stripe's webhooks about the pushes themselves are not carried. Rounds of both by turns.
struct PushFigure: Figure {
    let names = ["push_ratio"]

    private static let companyCount = 10
    private static let invoicesEach = 100
    private static let rounds = 3

    func measure(_ options: FigureOptions) async throws -> [Reading] {
        var rounds: [Round] = []
        var synchronous = ""
        for number in 0...Self.rounds {
            let folder = options.scratch + "/\(number)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            let database = try SQLiteDatabase(.pool(path: folder + "/ml-connector.sqlite"))
            let plan = Self.plan(options.seed)
            let record = try await Self.push(plan, database, folder)
            synchronous = try await database.pragma("synchronous")
            try database.shutDown()
            let replay = try await Self.replay(plan, record)
            let round = Round(invoices: plan.count * plan.invoicesEach, record: record, replay: replay)
            tell("  connector \(Int(round.perSecond)), client alone \(Int(round.alone)) invoices a second")
            guard replay.others * 100 <= round.calls else {
                throw Load.Failed(description: "\(replay.others) of \(round.calls) calls were answered otherwise alone")
            }
            // The first round warms up.
            if number > 0 { rounds.append(round) }
        }
        return Self.readings(rounds, synchronous)
    }

    private static func plan(_ seed: UInt64) -> Companies.Plan {
        var plan = Companies.Plan(count: companyCount, invoicesEach: invoicesEach, seed: seed)
        plan.pushesPerHourMax = 1_000_000
        return plan
    }

    /// Pushes all invoices of fresh companies.
    private static func push(
        _ plan: Companies.Plan, _ database: SQLiteDatabase, _ folder: String
    ) async throws -> CallRecord {
        let companies = try await Companies(plan, database: database, scratch: folder)
        let (record, watch) = (CallRecord(companies: plan.count), CallWatch())
        try await Connector.run(companies, watch: { watch.around(record.around($0)) }) { _ in
            try await watch.untilPushed(plan.count * plan.invoicesEach)
        }
        return record
    }

    /// Sends the same calls through the same client, limits included.
    private static func replay(_ plan: Companies.Plan, _ record: CallRecord) async throws -> CallRecord.Replay {
        try await Simulators(plan).whileServing { systems in
            let endpoints = try Connector.endpoints(systems)
            return try await Network.with { network in
                try await record.replay(
                    over: Connector.limited(network, endpoints), stripe: endpoints.stripe.text,
                    visma: endpoints.vismaAPI.text)
            }
        }
    }

    private struct Round {
        var invoices: Int
        var record: CallRecord
        var replay: CallRecord.Replay

        var calls: Int { record.calls.joined().count }
        var perSecond: Double { Double(invoices) / record.seconds }
        var alone: Double { Double(invoices) / replay.seconds }
        var ratio: Double { replay.seconds / record.seconds }

        func perInvoice(_ system: RemoteSystem) -> Double {
            Double(record.calls.joined().count { $0.system == system }) / Double(invoices)
        }
    }

    private static func readings(_ rounds: [Round], _ synchronous: String) -> [Reading] {
        let most = rounds.map(\.record.underWayMax).max() ?? 0
        return [
            Reading(
                "push_ratio", rounds.map(\.ratio).median, aim: .atLeast(0.5),
                "\(Int(rounds.map(\.perSecond).median)) invoices a second against "
                    + "\(Int(rounds.map(\.alone).median)) of the client alone; \(companyCount) companies, "
                    + "\(rounds.reduce(0) { $0 + $1.invoices }) invoices, at most \(most) calls at once, "
                    + "synchronous \(synchronous)"),
            Reading("push_per_second", rounds.map(\.perSecond).median),
            Reading("calls_per_invoice_stripe", rounds.map { $0.perInvoice(.stripe) }.median),
            Reading("calls_per_invoice_visma", rounds.map { $0.perInvoice(.visma) }.median),
        ]
    }
}
