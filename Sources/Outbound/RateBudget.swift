package import Domain

/// What an answer says of the calls that are left. Visma counts per hour, company and application
/// (`X-RateLimit-*`, docs "rate-limits"); Stripe names what was limited, and documents no `Retry-After`.
package struct RateBudget: Hashable, Sendable {
    package var limit: Int?
    package var remaining: Int?
    /// Seconds until the window begins anew.
    package var resetSeconds: Int?
    package var retryAfterSeconds: Int?
    /// Nil when the answer does not name one that is known.
    package var scope: Scope?

    /// What a refusal holds for (`Stripe-Rate-Limited-Reason`, docs "rate-limits").
    package enum Scope: Hashable, Sendable {
        case account, endpoint, object

        init?(reason: String) {
            switch reason {
            case "global-rate", "global-concurrency": self = .account
            case "endpoint-rate", "endpoint-concurrency": self = .endpoint
            case "resource-specific": self = .object
            default: return nil
            }
        }
    }

    package init(
        limit: Int? = nil, remaining: Int? = nil, resetSeconds: Int? = nil, retryAfterSeconds: Int? = nil,
        scope: Scope? = nil
    ) {
        self.scope = scope
        self.limit = limit
        self.remaining = remaining
        self.resetSeconds = resetSeconds
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// Visma's documents say that the reset is in seconds left; in 2021 it was an epoch. Both are understood.
    package init(_ response: OutboundResponse, now: Timestamp) {
        limit = Self.number(response.header("x-ratelimit-limit"))
        remaining = Self.number(response.header("x-ratelimit-remaining"))
        retryAfterSeconds = Self.number(response.header("retry-after"))
        scope = response.header("stripe-rate-limited-reason").flatMap(Scope.init)
        resetSeconds = Self.number(response.header("x-ratelimit-reset")).map { value in
            value > 1_000_000_000 ? max(0, value - Int(now.unixSeconds)) : value
        }
    }

    /// How long to wait before the next call, when the answer says so at all.
    package var waitSeconds: Int? { retryAfterSeconds ?? (remaining == 0 ? resetSeconds : nil) }

    private static func number(_ text: String?) -> Int? {
        guard let text else { return nil }
        let trimmed = text.drop { $0 == " " }
        let digits = trimmed.prefix { $0.isASCII && $0.isNumber }
        // `Wed, 21 Oct 2026 …` and `-1` are nothing that can be waited for.
        guard !digits.isEmpty, digits.count <= 12 else { return nil }
        return Int(digits)
    }
}
