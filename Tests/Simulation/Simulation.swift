import Domain
package import Sandbox
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

    package static func run(seed: UInt64, steps: Int) async -> Outcome {
        do {
            let world = try await World(seed: seed, recordEdits: seed % 2 == 0 ? .noteAllowed : .refused)
            let failure: String?
            do {
                failure = try await play(world, seed: seed, steps: steps)
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

    private static func play(_ world: World, seed: UInt64, steps: Int) async throws -> String? {
        var random = SandboxRandom(seed: seed)
        var people = People(seed: seed)
        for company in world.companies { for _ in 0..<3 { try people.invoice(company, world) } }
        world.chaos.set(on: true)
        for _ in 0..<steps {
            switch random.next() % 8 {
            case 0, 1: try people.act(in: world)
            case 2: world.clock.advance(bySeconds: Int64(random.next() % 400))
            case 3, 4: _ = await world.deliver(&random)
            default:
                let company = world.companies[Int(random.next() % UInt64(world.companies.count))]
                try await world.turn(company.tenant)
                world.clock.advance(bySeconds: 1)
            }
        }
        world.chaos.set(on: false)
        try await world.becomeQuiet(&random)
        return try await world.fault()
    }
}

extension World {
    /// Faults are off: deliveries, polls and looks go on until nothing moves any more.
    package func becomeQuiet(_ random: inout SandboxRandom) async throws {
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
            if moved == 0, stripe.pendingDeliveries() == 0 { return }
        }
        trace.note("did not become quiet")
    }
}
