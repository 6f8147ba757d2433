import Domain
import Foundation
import Sandbox
import Storage

/// The real server killed while it works on 100,000 dirty subjects, and started again: how long until it goes on, what
/// memory it takes, and whether everything was done once. A hundredth of the subjects are invoices to be pushed, which
/// come first; of the others Visma knows nothing, so that a look at them ends after one call.
struct RecoveryFigure: Figure {
    let names = ["recovery_seconds", "recovery_rss_mb", "recovery_undone", "recovery_pushed_twice"]

    private static let companyCount = 100
    private static let invoicesEach = 10
    private static let subjectsEach = 1000
    private static let pushedCount = companyCount * invoicesEach
    private static let subjectCount = companyCount * subjectsEach
    private static let quietSeconds: Int64 = 60

    func measure(_ options: FigureOptions) async throws -> [Reading] {
        let path = options.scratch + "/ml-connector.sqlite"
        let database = try SQLiteDatabase(.pool(path: path))
        let companies = try await Companies(
            .init(count: Self.companyCount, invoicesEach: Self.invoicesEach, seed: options.seed), database: database,
            scratch: options.scratch)
        try database.shutDown()
        return try await companies.simulators.whileServing { systems in
            let course = Course(
                companies: companies, path: path, scratch: options.scratch,
                settings: companies.settings(database: path, systems).merging(["MLC_LOG_LEVEL": "error"]) { $1 })
            return try await course.run(seed: options.seed)
        }
    }

    private struct Course: Sendable {
        let companies: Companies
        let path: String
        let scratch: String
        let settings: [String: String]

        func run(seed: UInt64) async throws -> [Reading] {
            // The companies' lists are to be read: a server that begins on them alone is the baseline.
            let (small, smallSeconds) = try await start("small")
            let smallPeak = try small.megabytes(.peak)
            try await kill(small)
            try await makeDirty()
            let (first, _) = try await start("first")
            var random = SandboxRandom(seed: seed)
            let enough = Int(random.next() % UInt64(pushedCount / 2)) + pushedCount / 4
            try await Node.until("\(enough) invoices are in Stripe", pauseMilliseconds: 1) {
                companies.stripe.invoices().count >= enough
            }
            try await kill(first)
            let atKill = companies.stripe.invoices().count
            tell("  killed when \(atKill) of \(pushedCount) invoices were in Stripe")
            let began = ContinuousClock.now
            let (second, seconds) = try await start("second")
            let database = try SQLiteDatabase(.pool(path: path))
            try await Node.until("all is done", pauseMilliseconds: 500) {
                let limit = Stage.now().adding(seconds: quietSeconds)
                return try await database.read {
                    try SchedulesTable.due($0, by: limit, limit: companyCount).allSatisfy(\.isPollOnly)
                }
            }
            let doneSeconds = (ContinuousClock.now - began) / .seconds(1)
            let peak = try second.megabytes(.peak)
            try await kill(second)
            let (known, undone) = try await counts(database)
            try database.shutDown()
            guard known >= subjectCount else { throw Load.Failed(description: "only \(known) subjects are known") }
            let invoices = companies.stripe.invoices()
            let wanted = Set(invoices.map { "\($0.account) \($0.number ?? $0.id)" })
            guard wanted.count == pushedCount else {
                throw Load.Failed(description: "\(wanted.count) of \(pushedCount) invoices are in Stripe")
            }
            return [
                Reading(
                    "recovery_seconds", seconds, aim: .atMost(2),
                    "from the start after SIGKILL to the first outside call of a turn, \(known) dirty subjects; "
                        + String(format: "%.2f s", smallSeconds) + " on the \(companyCount) companies alone"),
                Reading(
                    "recovery_rss_mb", peak,
                    "at the most until all was done; \(Int(smallPeak)) MB at the start on the companies alone"),
                Reading(
                    "recovery_undone", Double(undone), aim: .atMost(0),
                    "of \(known) subjects, all of them \(Int(doneSeconds)) s after the start"),
                Reading(
                    "recovery_pushed_twice", Double(invoices.count - wanted.count), aim: .atMost(0),
                    "of \(pushedCount) invoices in Stripe's books, \(atKill) of them before the kill"),
            ]
        }

        private var companyCount: Int { RecoveryFigure.companyCount }
        private var pushedCount: Int { RecoveryFigure.pushedCount }
        private var subjectCount: Int { RecoveryFigure.subjectCount }
        private var quietSeconds: Int64 { RecoveryFigure.quietSeconds }

        /// Starts it and waits for its first call.
        private func start(_ name: String) async throws -> (Node, seconds: Double) {
            let before = calls
            let began = ContinuousClock.now
            let node = try Node(name: name, scratch: scratch, environment: settings)
            try await Node.until("\(name) calls", pauseMilliseconds: 2) {
                guard node.isRunning else {
                    throw Load.Failed(description: "\(name) ended: \(node.said().suffix(500))")
                }
                return calls > before
            }
            return (node, (ContinuousClock.now - began) / .seconds(1))
        }

        private func kill(_ node: Node) async throws {
            node.signal(SIGKILL)
            try await Node.until("\(node.name) is gone") { !node.isRunning }
            // What it had sent is answered still.
            var last = -1
            try await Node.until("its calls are answered", pauseMilliseconds: 200) {
                defer { last = calls }
                return last == calls
            }
        }

        /// To Visma, those for a token included.
        private var calls: Int {
            (1...companyCount).map(Companies.vismaTenant).reduce(0) {
                $0 + companies.visma.callCount(of: $1) + companies.visma.tokenCount(of: $1)
            }
        }

        private func makeDirty() async throws {
            let invoices = Dictionary(grouping: companies.visma.books()) { $0["visma_tenant"]?.stringValue ?? "" }
            let database = try SQLiteDatabase(.pool(path: path))
            for index in 1...companyCount {
                let numbers = (invoices[Companies.vismaTenant(index)] ?? [])
                    .filter { $0["kind"]?.stringValue == "document" }.compactMap { $0["number"]?.stringValue }
                let unknown = (numbers.count..<RecoveryFigure.subjectsEach).map { "unknown-\($0)" }
                let now = Stage.now()
                try await database.write { db in
                    for (order, number) in (numbers + unknown).enumerated() {
                        try WorkTable.dirty(
                            db, tenant: Companies.tenant(index),
                            subject: .document(DocumentRef(type: .invoice, number: number)), cause: "bench",
                            dueAt: now.adding(milliseconds: Int64(order)))
                    }
                }
            }
            try database.shutDown()
        }

        private func counts(_ database: SQLiteDatabase) async throws -> (known: Int, undone: Int) {
            try await database.read { db in
                try companies.tenants.reduce(into: (known: 0, undone: 0)) { sum, tenant in
                    let counts = try WorkTable.counts(db, tenant: tenant)
                    sum.known += counts.subjects
                    sum.undone += counts.dirty
                }
            }
        }
    }
}
