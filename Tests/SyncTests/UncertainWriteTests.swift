import Domain
import Outbound
import Sandbox
import Simulation
import Storage
import Sync
import Synchronization
import Testing

@Suite("A write whose outcome is not known")
struct UncertainWriteTests {
    @Test("Every scenario by itself ends with books that agree", arguments: Scenario.all)
    func undisturbed(scenario: Scenario) async throws {
        try await Soundness.expect(try await scenario.run(), ending: scenario, scenario.name)
    }

    @Test("Whatever is lost of whichever write, in the end it is there once", arguments: Step.all)
    func lost(step: String) async throws {
        let scenario = try #require(Scenario.all.first { $0.steps.contains(step) }, "no scenario reaches \(step)")
        for fault in [Chaos.NetworkFault.lostAnswer, .lateEffect, .lostRequest, .serverError] {
            let aimed = AimedFault(fault, on: step)
            let world = try await scenario.run(fault: { aimed.strike($0) })
            #expect(aimed.didStrike)
            try await Soundness.expect(world, ending: scenario, "\(fault.rawValue) on \(step) in \(scenario)")
        }
    }

    @Test("Lost once and the process killed before it could look: the next one finds it", arguments: Step.all)
    func lostAndKilled(step: String) async throws {
        let scenario = try #require(Scenario.all.first { $0.steps.contains(step) }, "no scenario reaches \(step)")
        for fault in [Chaos.NetworkFault.lostAnswer, .lateEffect, .lostRequest] {
            let aimed = AimedFault(fault, on: step)
            let world = try await scenario.run(
                prepare: { $0.chaos.crashOnce(at: .effectAnswered(step)) }, fault: { aimed.strike($0) })
            #expect(aimed.didStrike)
            try await Soundness.expect(
                world, ending: scenario, "\(fault.rawValue) on \(step) and a kill in \(scenario)")
        }
    }

    @Test("What a person deleted in the same moment counts as deleted, and the document is pushed anew")
    func deletedMeanwhile() async throws {
        let scenario = try #require(Scenario.all.first { $0.steps.contains(Step.deleteDraft) })
        let deletions = Countdown(1)
        let stripe = Mutex<StripeSimulator?>(nil)
        let world = try await scenario.run(
            prepare: { world in stripe.withLock { $0 = world.stripe } },
            fault: { request in
                if request.step == Step.deleteDraft, deletions.next() {
                    let same = SandboxRequest(method: "DELETE", path: request.path, headers: request.headers)
                    _ = stripe.withLock { $0 }?.handle(same)
                }
                return nil
            })
        #expect(!deletions.next())
        #expect(try await world.openReviews().map(\.found) == [])
        try await Soundness.expect(world, "a draft that somebody else deleted")
    }

    @Test("A payment that Visma makes only minutes after its caller gave up is not made again meanwhile")
    func lateBooking() async throws {
        let world = try await World(seed: 7)
        let document = try world.addInvoice()
        try await world.quiet()
        // A part, so that Visma would take it twice: the whole is refused once nothing is open.
        try world.stripe.pay(invoice: world.live(document).id, amount: 50_000)
        let aimed = AimedFault(.lateEffect, on: Step.createPayment)
        world.transport.aim { aimed.strike($0) }
        await world.deliverAll()
        // Turns every few seconds, as the scheduler takes them, through all the time that Visma works on it.
        for _ in 0..<40 {
            try await world.turn(world.nord.tenant)
            world.clock.advance(bySeconds: 10)
        }
        try await world.quiet()
        #expect(aimed.didStrike)
        #expect(world.vismaRows("payment").count == 1)
        try await Soundness.expect(world, "made late")
    }
}
