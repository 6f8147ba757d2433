package import Domain

/// What is left of an outside system's budget for one tenant, as a value. The last part of an hour's calls is for
/// money that has moved: pushes and polls stop before it.
package struct CallBudget: Hashable, Sendable {
    package enum Use: Hashable, Sendable {
        /// Payments, refunds, disputes and payouts on their way back.
        case money
        /// Pushes, their look-ups, and polls.
        case other
    }

    package struct Limits: Hashable, Sendable {
        /// Of an hour's calls, for money alone.
        package var reservePercent = 20
        /// After a refusal that names no time; it doubles with each one in a row up to the largest.
        package var pauseMilliseconds: Int64 = 1000
        package var pauseMillisecondsMax: Int64 = 60_000
        /// So many times as long all else waits after a refusal that money waits for, too.
        package var otherPauses: Int64 = 4
        package init() {}
    }

    private let limits: Limits
    private var limit: Int?
    private var remaining: Int?
    private var resetsAt: Timestamp?
    private var spentUntil: Timestamp?
    private var reservedUntil: Timestamp?
    /// Refusals in a row.
    private var refusals = 0

    package init(limits: Limits = Limits()) { self.limits = limits }

    /// Until when calls of this use wait; nil when they may go.
    package func keptUntil(_ use: Use, now: Timestamp) -> Timestamp? {
        var moments = [spentUntil]
        if use == .other { moments += [reservedUntil, isNearlyUsedUp ? resetsAt : nil] }
        return moments.compactMap { $0 }.filter { $0 > now }.max()
    }

    private var isNearlyUsedUp: Bool {
        guard let limit, let remaining else { return false }
        return remaining <= limit * limits.reservePercent / 100
    }

    /// Takes in what an answer says.
    package mutating func learn(_ answer: RateBudget, status: Int, now: Timestamp) {
        if let left = answer.remaining {
            remaining = left
            limit = answer.limit ?? limit
            if let seconds = answer.resetSeconds { resetsAt = now.adding(seconds: Int64(seconds)) }
        }
        guard status == 429 else {
            refusals = 0
            if answer.remaining == 0, let resetsAt { spentUntil = resetsAt }
            return
        }
        refuse(answer, now)
    }

    private mutating func refuse(_ answer: RateBudget, _ now: Timestamp) {
        let told = answer.retryAfterSeconds ?? (answer.remaining == 0 ? answer.resetSeconds : nil)
        let pause = told.map { Int64($0) * 1000 } ?? pauseMilliseconds
        switch answer.scope {
        case .account:
            refusals += 1
            spentUntil = now.adding(milliseconds: pause)
            reservedUntil = now.adding(milliseconds: pause * limits.otherPauses)
        case .endpoint:
            refusals += 1
            reservedUntil = now.adding(milliseconds: pause * limits.otherPauses)
        case .object:
            // Another call holds the object: nothing about the others.
            break
        case nil:
            // With calls left, or without a word on when, it is about that one call: its look waits by itself.
            guard told != nil, answer.remaining ?? 0 == 0 else { return }
            spentUntil = now.adding(milliseconds: pause)
        }
    }

    private var pauseMilliseconds: Int64 {
        min(limits.pauseMilliseconds << Int64(min(refusals, 20)), limits.pauseMillisecondsMax)
    }
}
