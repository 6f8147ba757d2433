import Domain
package import Sandbox
import Storage
import Sync

/// One seeded run: people act and things go wrong for so many steps, then the faults stop, everything becomes quiet,
/// and both books are compared.
package struct Simulation {
    /// Rounds given for everything to become quiet.
    static let quietRoundsMax = 60

    package struct Outcome: Sendable {
        package var seed: UInt64
        package var steps: Int
        package var hash: String
        /// Nil when the run passed.
        package var failure: String?
        package var tail: [String]
        package var stripeInvoices: Int
        /// How often chaos struck.
        package var faults: Int
        package var crashes: Int

        /// The last line of a run.
        package var line: String {
            failure.map { "seed \(seed) steps \(steps) trace \(hash) failed: \($0)" }
                ?? "seed \(seed) steps \(steps) trace \(hash) ok"
        }
    }

    /// `hasChaos` false: people act, and nothing goes wrong on the way.
    package static func run(
        seed: UInt64, steps: Int, hasChaos: Bool = true, tailMax: Int = 60
    ) async -> Outcome {
        do {
            let trace = Trace(tailMax: tailMax)
            let world = try await World(
                seed: seed, recordEdits: seed % 2 == 0 ? .noteAllowed : .refused, trace: trace)
            let failure: String?
            do {
                failure = try await play(world, seed: seed, steps: steps, hasChaos: hasChaos)
            } catch {
                failure = "threw \(error)"
            }
            return Outcome(
                seed: seed, steps: steps, hash: world.trace.hash, failure: failure, tail: world.trace.tail,
                stripeInvoices: world.stripe.invoices().count, faults: world.chaos.faults,
                crashes: world.chaos.crashes)
        } catch {
            return Outcome(
                seed: seed, steps: steps, hash: "-", failure: "no world: \(error)", tail: [], stripeInvoices: 0,
                faults: 0,
                crashes: 0)
        }
    }

    private static func play(_ world: World, seed: UInt64, steps: Int, hasChaos: Bool) async throws -> String? {
        var random = SandboxRandom(seed: seed)
        var people = People(seed: seed)
        try await world.draw(&random)
        for company in world.companies { for _ in 0..<3 { _ = try people.invoice(company, world) } }
        world.chaos.set(on: hasChaos)
        for _ in 0..<steps {
            switch random.next() % 10 {
            case 0, 1, 2, 3: try people.act(in: world)
            case 4: world.clock.advance(bySeconds: pause(&random))
            case 5, 6: _ = await world.deliver(&random)
            default:
                let company = world.companies[Int(random.next() % UInt64(world.companies.count))]
                try await world.turn(company.tenant)
                world.clock.advance(bySeconds: 1)
            }
        }
        world.chaos.set(on: false)
        return try await end(world, &people, &random)
    }

    /// Minutes mostly, days at times.
    private static func pause(_ random: inout SandboxRandom) -> Int64 {
        let seconds = random.next() % 10 == 0 ? 2 * 86_400 : 400
        return Int64(random.next() % UInt64(seconds))
    }

    /// Payments come to their end, what waits for people is done, and what waits for time has had it.
    private static func end(
        _ world: World, _ people: inout People, _ random: inout SandboxRandom
    ) async throws -> String? {
        try people.openPeriods(in: world)
        try await world.becomeQuiet(&random)
        try people.endPayments(in: world)
        try await world.becomeQuiet(&random)
        try people.endPayouts(in: world)
        try await world.becomeQuiet(&random)
        try people.releaseAll(in: world)
        try await world.retryReviewed()
        for hours in [1, 7, 8 * 24, 7] as [Int64] {
            world.clock.advance(bySeconds: hours * 3600)
            guard try await world.becomeQuiet(&random) else { return try await world.restlessness() }
        }
        let (books, writes) = (try world.allBooks(), world.writeCount())
        for company in world.companies { try await world.turn(company.tenant) }
        world.clock.advance(bySeconds: 7 * 3600)
        for company in world.companies { try await world.turn(company.tenant) }
        guard world.writeCount() == writes else { return "\(world.writeCount() - writes) writes more at rest" }
        let changed = Set(try world.allBooks()).symmetricDifference(books).sorted()
        if let first = changed.first { return "at rest something changed: \(first)" }
        return try await world.faultInEveryState()
    }
}

extension World {
    /// Faults are off: deliveries, polls and looks go on until nothing moves any more.
    /// False when it did not happen in the rounds that are given for it.
    @discardableResult
    package func becomeQuiet(_ random: inout SandboxRandom) async throws -> Bool {
        for _ in 0..<Simulation.quietRoundsMax {
            clock.advance(bySeconds: 301)
            var moved = await deliver(&random)
            for company in companies {
                guard let report = try await turn(company.tenant) else {
                    // It was killed: what it left is still to be done.
                    moved += 1
                    continue
                }
                moved += report.eventsResolved + report.rowsChanged + report.looks
            }
            if moved == 0, stripe.pendingDeliveries() == 0 { return true }
        }
        trace.note("did not become quiet")
        return false
    }

    /// Somebody asks for every document that has an open review to be tried again, and for those with a payment on
    /// hold: that it was deleted shows in no list.
    func retryReviewed() async throws {
        for company in companies {
            let held = try await database.read { db in
                try CollectedTable.list(db, tenant: company.tenant, subject: nil).filter { $0.state == .held }
            }
            let subjects = try await openReviews(in: company).map(\.subject) + held.map(\.subject)
            for subject in Set(subjects).sorted() {
                guard case .document(let document) = subject else { continue }
                try await admin().syncNow(company.tenant, document: document)
            }
        }
    }
}
