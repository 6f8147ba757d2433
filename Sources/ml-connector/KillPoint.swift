import Foundation
import Sync
import Synchronization

/// Where a proof wants this process to die or to stand still: the n-th time that a checkpoint is reached.
struct KillPoint: Hashable, Sendable {
    let checkpoint: String
    /// From 1.
    let occurrence: Int

    /// Reads `turn.observed` or `effect.sent/payment.create:2`.
    init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let occurrence = parts.count == 2 ? Int(parts[1]) : 1
        guard let occurrence, occurrence >= 1, Checkpoint.all.contains(where: { $0.name == parts[0] }) else {
            return nil
        }
        checkpoint = parts[0]
        self.occurrence = occurrence
    }
}

/// Counts checkpoints and, at the one asked for, kills the process as a power cut would, or has it stand still until
/// somebody lets it go on (SIGCONT).
final class KillSwitch: Sendable {
    private let point: KillPoint
    private let isPause: Bool
    private let count = Mutex(0)

    init(_ point: KillPoint, isPause: Bool) {
        self.point = point
        self.isPause = isPause
    }

    func reached(_ checkpoint: Checkpoint) {
        guard checkpoint.name == point.checkpoint else { return }
        let seen = count.withLock { count in
            count += 1
            return count
        }
        guard seen == point.occurrence else { return }
        if isPause {
            kill(getpid(), SIGSTOP)
            return
        }
        kill(getpid(), SIGKILL)
        // The signal may be taken by another thread first: nothing more may happen on this one.
        while true { pause() }
    }
}
