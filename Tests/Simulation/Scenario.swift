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
    /// What somebody does just as a write is about to leave, and what then becomes of it; nil lets it pass. The number
    /// says how many writes of that step came here before it in this run.
    let disturbance: Disturbance
    let play: @Sendable (World) async throws -> Void

    typealias Disturbance = @Sendable (_ world: World, _ step: String, _ before: Int) -> Chaos.NetworkFault?
    package typealias Fault = @Sendable (OutboundRequest) -> Chaos.NetworkFault?

    package var description: String { name }

    init(
        _ name: String, reaching steps: [String] = [], acceptsNotes: Bool = false,
        disturbance: @escaping Disturbance = { _, _, _ in nil },
        play: @escaping @Sendable (World) async throws -> Void
    ) {
        self.name = name
        self.steps = steps
        self.acceptsNotes = acceptsNotes
        self.disturbance = disturbance
        self.play = play
    }

    /// The whole course in a new world, with `fault` deciding before the scenario's own disturbance does.
    package func run(prepare: (World) -> Void = { _ in }, fault: @escaping Fault = { _ in nil }) async throws -> World {
        let world = try await World(seed: 7, recordEdits: acceptsNotes ? .noteAllowed : .refused)
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

    package static let all = [
        push, pushWithNote, payment, failureAndDispute, changedWhileDrafted, creditSpentAtFinalize, endpointLost,
    ]

    private static let push = Scenario(
        "a first push",
        reaching: [
            Step.createCustomer, Step.createInvoice, Step.addLines, Step.finalizeInvoice, Step.attachRecord,
            Step.createEndpoint,
        ]
    ) { world in
        _ = try world.addInvoice()
    }

    private static let pushWithNote = Scenario(
        "a push whose record is a note", reaching: [Step.writeNote], acceptsNotes: true
    ) { world in
        _ = try world.addInvoice { $0.note = "Ring kunden." }
    }

    private static let payment = Scenario(
        "a payment in two parts", reaching: [Step.createPayment, Step.releasePayment]
    ) { world in
        let document = try world.addInvoice()
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id, amount: 50_000)
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id)
    }

    private static let failureAndDispute = Scenario("a declined card, a payment, a dispute", acceptsNotes: true) {
        world in
        let document = try world.addInvoice()
        try await world.quiet()
        let invoice = try world.live(document).id
        try world.stripe.failCard(invoice: invoice)
        try await world.quiet()
        let made = try world.stripe.pay(invoice: invoice)
        try await world.quiet()
        try world.stripe.dispute(charge: made.charge)
    }

    /// The bank pays a part while the draft stands: it is deleted, and the rest is pushed.
    private static let changedWhileDrafted = Scenario(
        "a document that changes between lines and finalize", reaching: [Step.deleteDraft],
        disturbance: { world, step, before in
            guard step == Step.finalizeInvoice, before == 0,
                let document = world.vismaRows("document").first?["number"]?.stringValue
            else { return nil }
            _ = try? world.visma.applyOutsidePayment(to: document, amount: "250", in: world.nord.vismaTenant)
            return .notSent
        }, play: { _ = try $0.addInvoice() })

    /// The customer overpays another invoice at the very moment, and Stripe would spend the credit on this one.
    private static let creditSpentAtFinalize = Scenario(
        "a credit balance that appears at finalize", reaching: [Step.voidInvoice],
        disturbance: { world, step, _ in
            guard step == Step.finalizeInvoice,
                let other = world.stripe.invoices().first(where: { $0.status == "open" })
            else { return nil }
            _ = try? world.stripe.pay(invoice: other.id, amount: other.amountRemaining + 10_000)
            return nil
        },
        play: { world in
            let customer = try world.addCustomer()
            _ = try world.addInvoice(of: customer)
            try await world.quiet()
            _ = try world.addInvoice("400", of: customer)
        })

    /// The answer that holds the endpoint's secret is lost for longer than Stripe keeps idempotency keys.
    private static let endpointLost = Scenario(
        "an endpoint whose secret was never learned", reaching: [Step.deleteEndpoint],
        disturbance: { world, step, _ in
            step == Step.createEndpoint && world.now() < World.start.adding(seconds: 3600) ? .lostAnswer : nil
        },
        play: { world in
            for company in world.companies { try await world.turn(company.tenant) }
            world.clock.advance(bySeconds: 25 * 3600)
        })
}

/// Strikes the first request of one step, then never again.
package final class AimedFault: Sendable {
    private let fault: Chaos.NetworkFault
    private let step: String
    private let struck = Mutex(false)

    package init(_ fault: Chaos.NetworkFault, on step: String) {
        self.fault = fault
        self.step = step
    }

    package var didStrike: Bool { struck.withLock { $0 } }

    package func strike(_ request: OutboundRequest) -> Chaos.NetworkFault? {
        guard request.step == step else { return nil }
        return struck.withLock { struck in
            guard !struck else { return nil }
            struck = true
            return fault
        }
    }
}
