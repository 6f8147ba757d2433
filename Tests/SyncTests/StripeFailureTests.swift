import Domain
import Outbound
import Sandbox
import Simulation
import Synchronization
import Testing

@Suite("A Stripe that is busy, or that keeps a failure under the key")
struct StripeFailureTests {
    private static let failures: [StripeSimulator.Failure] = [
        .lockTimeout, .keyInUse, .serverError(afterEffect: false), .serverError(afterEffect: true),
    ]

    /// Every write with an idempotency key: all that neither goes to Visma nor deletes.
    private static let keyed = Step.all.filter { step in
        let noun = step.prefix { $0 != "." }
        let ofVisma = ["payment", "refund", "visma_credit_note", "cash_entry", "journal_entry", "record"]
        return !ofVisma.contains(String(noun)) && !step.hasSuffix(".delete")
    }

    @Test("Whatever it answers to whichever write, in the end it is there once", arguments: keyed)
    func failed(step: String) async throws {
        let scenario = try #require(Scenario.all.first { $0.steps.contains(step) }, "no scenario reaches \(step)")
        for failure in Self.failures {
            let once = Countdown(1)
            let stripe = Mutex<StripeSimulator?>(nil)
            let world = try await scenario.run(
                prepare: { world in stripe.withLock { $0 = world.stripe } },
                fault: { request in
                    if request.step == step, once.next() {
                        stripe.withLock { $0 }?.plan(failure, pathPrefix: request.path)
                    }
                    return nil
                })
            #expect(!once.next(), "\(step) is never sent in \(scenario)")
            try await Soundness.expect(world, ending: scenario, "\(failure) on \(step) in \(scenario)")
        }
    }

    @Test("A key that is in use is asked again and never replaced: the first attempt may still be under way")
    func keyInUse() async throws {
        let world = try await World(seed: 31)
        let document = try world.addInvoice()
        let keys = Asked()
        world.transport.aim { request in
            if request.step == Step.finalizeInvoice {
                keys.note(request.headers.first { $0.name == "Idempotency-Key" }?.value ?? "")
            }
            return nil
        }
        world.stripe.plan(.keyInUse, pathPrefix: "/v1/invoices/", count: 3)
        try await world.quiet()
        #expect(try await world.link(document)?.state == .collecting)
        #expect(Set(keys.all).count == 1)
        try await Soundness.expect(world, "a key in use")
    }
}
