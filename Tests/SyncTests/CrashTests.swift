import Domain
import Simulation
import Sync
import Testing

@Suite("A process killed between two commits, or between a commit and a call")
struct CrashTests {
    /// Those that a checkpoint of one write is about, or for all others the three that do most.
    private func scenarios(_ checkpoint: Checkpoint) -> [Scenario] {
        let step = Step.all.first { checkpoint.name.hasSuffix("/" + $0) }
        return step.map { step in Scenario.all.filter { $0.steps.contains(step) } } ?? Array(Scenario.all[1...3])
    }

    @Test("Killed at any checkpoint, in the end both books agree and nothing is there twice", arguments: Checkpoint.all)
    func killed(checkpoint: Checkpoint) async throws {
        var killed = 0
        for scenario in scenarios(checkpoint) {
            let world = try await scenario.run(prepare: { $0.chaos.crashOnce(at: checkpoint) })
            killed += world.chaos.crashes
            try await Soundness.expect(world, ending: scenario, "killed at \(checkpoint) in \(scenario)")
        }
        // A checkpoint that nothing here reaches would be one at which nobody was ever killed.
        #expect(killed > 0, "no scenario reaches \(checkpoint)")
    }

    @Test("Killed at the same checkpoint again and again, it still comes to an end", arguments: Checkpoint.all)
    func killedOften(checkpoint: Checkpoint) async throws {
        guard let scenario = scenarios(checkpoint).first else { return }
        let world = try await scenario.run(prepare: { world in
            let count = Countdown(3)
            world.interlude { [weak world] reached in
                if reached == checkpoint, count.next() { world?.chaos.crashOnce(at: checkpoint) }
            }
        })
        try await Soundness.expect(
            world, ending: scenario, "killed up to three times at \(checkpoint) in \(scenario)")
    }
}
