import Domain
package import Outbound
import Sandbox
import Storage
import Sync
import Synchronization

/// A short course of events that reaches certain outside writes. The same scenarios are run under every fault of
/// every write and under a crash at every checkpoint: what must hold at the end is always the same.
package struct Scenario: Sendable, CustomStringConvertible {
    package let name: String
    /// The writes for whose faults this is the scenario to run.
    package let steps: [String]
    /// Whether this company's Visma lets notes on released invoices be changed.
    let acceptsNotes: Bool
    let policy: World.PolicyChange
    /// The codes of the reviews that are open at the end: no fault may add one or take one away.
    package let reviews: [String]
    /// What somebody does just as a write is about to leave, and what then becomes of it; nil lets it pass. The number
    /// says how many writes of that step came here before it in this run.
    let disturbance: Disturbance
    let play: @Sendable (World) async throws -> Void

    typealias Disturbance = @Sendable (_ world: World, _ step: String, _ before: Int) -> Chaos.NetworkFault?
    package typealias Fault = @Sendable (OutboundRequest) -> Chaos.NetworkFault?

    package var description: String { name }

    init(
        _ name: String, reaching steps: [String] = [], acceptsNotes: Bool = false,
        reviews: [String] = [], policy: @escaping World.PolicyChange = { _ in },
        disturbance: @escaping Disturbance = { _, _, _ in nil },
        play: @escaping @Sendable (World) async throws -> Void
    ) {
        self.name = name
        self.steps = steps
        self.acceptsNotes = acceptsNotes
        self.reviews = reviews
        self.policy = policy
        self.disturbance = disturbance
        self.play = play
    }

    /// What cash transactions are booked by: of every cash account, for policies that post fees and lost disputes.
    static let feeEntryType = "FEE"
    static let disputeEntryType = "LOSS"
    /// What stands for Stripe in the general ledger.
    static let clearingLedgerAccount = "1570"

    /// The whole course in a new world, with `fault` deciding before the scenario's own disturbance does.
    package func run(prepare: (World) -> Void = { _ in }, fault: @escaping Fault = { _ in nil }) async throws -> World {
        let world = try await World(seed: 7, recordEdits: acceptsNotes ? .noteAllowed : .refused, amend: policy)
        prepare(world)
        let counts = Mutex<[String: Int]>([:])
        let tally: @Sendable (String) -> Int = { step in
            counts.withLock { counts in
                counts[step, default: 0] += 1
                return counts[step, default: 0] - 1
            }
        }
        world.transport.aim { [disturbance, weak world] request in
            if let found = fault(request) { return found }
            guard let world, let step = request.step else { return nil }
            return disturbance(world, step, tally(step))
        }
        try await play(world)
        try await world.quiet()
        return world
    }
}
