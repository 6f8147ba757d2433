package import Sandbox
package import Sync
import Synchronization

/// What goes wrong, drawn from one seed. Silent until it is switched on, and silent again for the quiet end.
package final class Chaos: Sendable {
    package enum NetworkFault: String, Sendable {
        /// The request never left.
        case notSent
        /// It left, nothing happened there, no answer came.
        case lostRequest
        /// It took effect, no answer came.
        case lostAnswer
        /// No answer came, and it takes effect only later.
        case lateEffect
        case serverError
        case tooManyRequests
    }

    /// Chances in a thousand; each run draws its own mix, so that rare ones meet in some.
    package struct Mix: Sendable {
        package var faults: [(NetworkFault, UInt64)]
        package var crash: UInt64
        package var dropDelivery: UInt64
        package var duplicateDelivery: UInt64

        package init(drawing random: inout SandboxRandom) {
            let all: [NetworkFault] = [
                .notSent, .lostRequest, .lostAnswer, .lateEffect, .serverError, .tooManyRequests,
            ]
            faults = []
            for fault in all { faults.append((fault, random.next() % 3 == 0 ? random.next() % 40 : 0)) }
            crash = random.next() % 2 == 0 ? random.next() % 30 : 0
            dropDelivery = random.next() % 300
            duplicateDelivery = random.next() % 400
        }
    }

    private struct State {
        var random: SandboxRandom
        var isOn = false
        var crashAt: Checkpoint?
        var faults = 0
        var crashes = 0
        var seen: Set<Checkpoint> = []
    }

    package let mix: Mix
    private let state: Mutex<State>

    package init(seed: UInt64) {
        var random = SandboxRandom(seed: seed ^ 0xC4A0_5000)
        mix = Mix(drawing: &random)
        state = Mutex(State(random: random))
    }

    package func set(on isOn: Bool) { state.withLock { $0.isOn = isOn } }

    /// The next time `checkpoint` is reached the process dies there, chaos or not.
    package func crashOnce(at checkpoint: Checkpoint) { state.withLock { $0.crashAt = checkpoint } }

    package func networkFault() -> NetworkFault? {
        state.withLock { state in
            guard state.isOn else { return nil }
            for (fault, chance) in mix.faults where state.random.next() % 1000 < chance {
                state.faults += 1
                return fault
            }
            return nil
        }
    }

    package func crashes(at checkpoint: Checkpoint) -> Bool {
        state.withLock { state in
            state.seen.insert(checkpoint)
            if state.crashAt == checkpoint {
                state.crashAt = nil
                state.crashes += 1
                return true
            }
            let crashes = state.isOn && state.random.next() % 1000 < mix.crash
            if crashes { state.crashes += 1 }
            return crashes
        }
    }

    /// Every checkpoint that was reached so far, crash or not.
    package var seen: Set<Checkpoint> { state.withLock { $0.seen } }
    /// Network faults drawn, aimed ones apart.
    package var faults: Int { state.withLock { $0.faults } }
    package var crashes: Int { state.withLock { $0.crashes } }

    package func drops() -> Bool { draw(mix.dropDelivery) }
    package func duplicates() -> Bool { draw(mix.duplicateDelivery) }

    private func draw(_ chance: UInt64) -> Bool {
        state.withLock { $0.isOn && $0.random.next() % 1000 < chance }
    }
}

/// The process is gone: nothing of it is caught, nothing of it goes on.
package struct SimulatedCrash: Error {
    package let checkpoint: Checkpoint
}
