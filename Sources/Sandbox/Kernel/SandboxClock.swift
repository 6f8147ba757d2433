import Foundation
import Synchronization

/// The simulators' time. It stands still unless moved (`manual`), or runs with the machine's (`running`), in which
/// case moving it adds to an offset, so that a person can jump ahead.
package final class SandboxClock: Sendable {
    private let isRunning: Bool
    private let microseconds: Mutex<Int64>

    private init(isRunning: Bool, microseconds: Int64) {
        self.isRunning = isRunning
        self.microseconds = Mutex(microseconds)
    }

    package static func manual(startingAt microseconds: Int64) -> SandboxClock {
        SandboxClock(isRunning: false, microseconds: microseconds)
    }

    package static func running() -> SandboxClock { SandboxClock(isRunning: true, microseconds: 0) }

    /// Microseconds since 1970, UTC.
    package func now() -> Int64 {
        microseconds.withLock { kept in
            guard isRunning else { return kept }
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000 + kept
        }
    }

    package func advance(byMicroseconds amount: Int64) { microseconds.withLock { $0 += amount } }
    package func advance(bySeconds amount: Int64) { advance(byMicroseconds: amount * 1_000_000) }
}
