package import Domain

/// Whether an outside system is worth a call, as a value: after some failures in a row it is left alone for a while,
/// then tried with one call, and left alone for longer when that fails too.
package struct CircuitBreaker: Hashable, Sendable {
    package struct Limits: Hashable, Sendable {
        /// Failures in a row after which no more is asked.
        package var failuresMax = 5
        package var firstOpenMilliseconds: Int64 = 10_000
        /// The time doubles up to this.
        package var openMillisecondsMax: Int64 = 300_000
        /// By how much less at most it is than that, so that many tenants do not come back together.
        package var jitterPercent: Int64 = 20
        /// What others wait while the one probe is under way.
        package var probeMilliseconds: Int64 = 1000
        package init() {}
    }

    package enum State: Hashable, Sendable {
        case closed(failures: Int)
        case open(until: Timestamp)
        /// One call is under way, and all others wait for it.
        case halfOpen
    }

    /// A call that was let through: what came of it is told with it, so that an answer that comes late counts for the
    /// state that it was asked in.
    package enum Pass: Hashable, Sendable { case call, probe }

    package private(set) var state = State.closed(failures: 0)
    /// Times in a row that it was opened.
    private var openings = 0
    private let limits: Limits
    /// What the jitter is drawn from: one for each tenant and system.
    private let seed: UInt64

    package init(seed: UInt64, limits: Limits = Limits()) {
        self.seed = seed
        self.limits = limits
    }

    /// Until when a call would not be let through now; nil when it would.
    package func refusedUntil(now: Timestamp) -> Timestamp? {
        switch state {
        case .closed: nil
        case .open(let until): now < until ? until : nil
        case .halfOpen: now.adding(milliseconds: limits.probeMilliseconds)
        }
    }

    /// Lets a call through, or answers nil. Whoever gets a pass must tell what came of it.
    package mutating func pass(now: Timestamp) -> Pass? {
        guard refusedUntil(now: now) == nil else { return nil }
        guard case .open = state else { return .call }
        state = .halfOpen
        return .probe
    }

    /// The system answered, whatever it said.
    package mutating func answered(_ pass: Pass) {
        switch (state, pass) {
        case (.closed, _):
            state = .closed(failures: 0)
            openings = 0
        case (.halfOpen, .probe):
            // On trial: the next failure opens it again, for longer.
            state = .closed(failures: limits.failuresMax - 1)
        case (.open, _), (.halfOpen, .call):
            break
        }
    }

    /// It did not answer, or only that it cannot.
    package mutating func failed(_ pass: Pass, now: Timestamp) {
        switch (state, pass) {
        case (.closed(let failures), _) where failures + 1 < limits.failuresMax:
            state = .closed(failures: failures + 1)
        case (.closed, _), (.halfOpen, .probe):
            state = .open(until: now.adding(milliseconds: openMilliseconds()))
            openings += 1
        case (.open, _), (.halfOpen, .call):
            break
        }
    }

    private func openMilliseconds() -> Int64 {
        let doubled = limits.firstOpenMilliseconds << Int64(min(openings, 20))
        let whole = min(doubled, limits.openMillisecondsMax)
        let room = UInt64(max(1, whole * limits.jitterPercent / 100))
        return whole - Int64(Self.mixed(seed &+ UInt64(openings)) % room)
    }

    /// SplitMix64's last step: neighbouring seeds give unlike numbers.
    private static func mixed(_ seed: UInt64) -> UInt64 {
        var value = seed &+ 0x9E37_79B9_7F4A_7C15
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
