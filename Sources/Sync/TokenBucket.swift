import Domain

/// So much a second, and at once no more than a second's worth. What is taken may exceed what is there, as one unit of
/// work can be larger than the allowance of a second: the debt is waited off before anything else is let through.
struct TokenBucket: Sendable {
    let perSecond: Int64
    /// In millionths, so that short spans count.
    private var level: Int64
    private var filledAt: Timestamp?

    init(perSecond: Int64) {
        self.perSecond = perSecond
        level = perSecond * 1_000_000
    }

    /// False, with nothing taken, while there is nothing left.
    mutating func take(_ cost: Int64, at now: Timestamp) -> Bool {
        let full = perSecond * 1_000_000
        if let filledAt {
            let elapsed = max(0, now.microseconds - filledAt.microseconds)
            let (gain, isLarge) = elapsed.multipliedReportingOverflow(by: perSecond)
            level = isLarge || gain > full - level ? full : level + gain
        }
        filledAt = now
        guard level > 0 else { return false }
        level -= cost * 1_000_000
        return true
    }
}
