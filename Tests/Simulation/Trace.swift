import LibCrypto
import Synchronization

/// Everything that happened, as a chain of hashes over its lines: two runs are the same exactly when their hashes are.
package final class Trace: Sendable {
    private struct State {
        var hash = [UInt8](repeating: 0, count: 32)
        var tail: [String] = []
        var count = 0
    }

    private let state = Mutex(State())

    /// Lines kept for a failure's report.
    private let tailMax: Int

    package init(tailMax: Int = 60) { self.tailMax = tailMax }

    package func note(_ line: String) {
        state.withLock { state in
            state.hash = sha256(state.hash + Array(line.utf8))
            state.count += 1
            state.tail.append(line)
            if state.tail.count > tailMax { state.tail.removeFirst() }
        }
    }

    /// The first 16 hexadecimal digits are enough to tell runs apart.
    package var hash: String { state.withLock { String(hex($0.hash).prefix(16)) } }
    package var tail: [String] { state.withLock { $0.tail } }
    package var count: Int { state.withLock { $0.count } }
}
