import Domain
import Outbound
import Testing

@Suite("Call budget")
struct CallBudgetTests {
    private static let start = Timestamp(unixSeconds: 1_800_000_000)

    struct Answer: Sendable {
        var status = 200
        var headers: [(name: String, value: String)] = []
    }

    private static func visma(_ remaining: Int, of limit: Int = 100, reset: Int = 600, status: Int = 200) -> Answer {
        Answer(
            status: status,
            headers: [
                ("X-RateLimit-Limit", "\(limit)"), ("X-RateLimit-Remaining", "\(remaining)"),
                ("X-RateLimit-Reset", "\(reset)"),
            ])
    }

    private static func stripe(_ reason: String?, retryAfter: Int? = nil) -> Answer {
        Answer(
            status: 429,
            headers: (reason.map { [("Stripe-Rate-Limited-Reason", $0)] } ?? [])
                + (retryAfter.map { [("Retry-After", "\($0)")] } ?? []))
    }

    /// Seconds that money and all else wait after the answers.
    static let courses: [(name: String, answers: [Answer], money: Int64?, other: Int64?)] = [
        ("nothing told", [Answer()], nil, nil),
        ("much is left", [visma(21)], nil, nil),
        ("the reserve is reached", [visma(20)], nil, 600),
        ("the last call is used", [visma(0)], 600, 600),
        ("a new hour", [visma(0), visma(99, reset: 3600)], 600, 600),
        ("no limit told", [Answer(headers: [("X-RateLimit-Remaining", "3"), ("X-RateLimit-Reset", "60")])], nil, nil),
        ("refused until the reset", [visma(0, reset: 411, status: 429)], 411, 411),
        (
            "refused, and told when",
            [Answer(status: 429, headers: [("Retry-After", "7"), ("X-RateLimit-Remaining", "0")])], 7, 7
        ),
        ("refused with calls left: that call only", [visma(50, status: 429)], nil, nil),
        ("a limit of the account", [stripe("global-rate")], 1, 4),
        ("of its calls at once", [stripe("global-concurrency", retryAfter: 3)], 3, 12),
        ("again and again", [stripe("global-rate"), stripe("global-rate"), stripe("global-rate")], 4, 16),
        (
            "an answer between", [stripe("global-rate"), stripe("global-rate"), Answer(), stripe("global-rate")], 1, 4
        ),
        ("a limit of one address", [stripe("endpoint-rate")], nil, 4),
        ("of its calls at once", [stripe("endpoint-concurrency")], nil, 4),
        ("a limit of one object", [stripe("resource-specific")], nil, nil),
        ("a lock", [stripe(nil)], nil, nil),
        ("a reason of tomorrow", [stripe("lunar-phase")], nil, nil),
        ("never more than a minute", Array(repeating: stripe("global-rate"), count: 40), 60, 240),
    ]

    @Test("What an answer says, for money and for all else", arguments: courses.indices)
    func course(_ index: Int) {
        let (name, answers, money, other) = Self.courses[index]
        var budget = CallBudget()
        for answer in answers {
            let response = OutboundResponse(status: answer.status, headers: answer.headers)
            budget.learn(RateBudget(response, now: Self.start), status: answer.status, now: Self.start)
        }
        func wait(_ use: CallBudget.Use) -> Int64? {
            budget.keptUntil(use, now: Self.start)?.seconds(since: Self.start)
        }
        #expect(wait(.money) == money, "\(name)")
        #expect(wait(.other) == other, "\(name)")
        #expect(budget.keptUntil(.other, now: Self.start.adding(seconds: 3601)) == nil, "\(name)")
    }
}
