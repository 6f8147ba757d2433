import Testing

@testable import Domain

@Suite("The cap on pushes")
struct PushTallyTests {
    private static func kroner(_ whole: Int64) -> Int64 { whole * 100 }

    struct Course: Sendable, CustomTestStringConvertible {
        let name: String
        let expected: [String]
        let change: @Sendable (inout Situation) -> Void
        var testDescription: String { name }
        init(_ name: String, _ expected: [String], _ change: @escaping @Sendable (inout Situation) -> Void) {
            self.name = name
            self.expected = expected
            self.change = change
        }
    }

    private static let pushed = ["create invoice 1250.00 NOK"]
    private static let held = ["review push_cap"]
    private static let request = Request(kind: .push, cause: nil, reason: "x", actor: "kari", askedAt: Samples.now)

    static let courses: [Course] = [
        Course("nothing pushed yet", pushed) { _ in },
        Course("the last invoice under the default", pushed) { $0.pushed = PushTally(invoices: 999) },
        Course("one more than the default", held) { $0.pushed = PushTally(invoices: 1000) },
        Course("the policy's number", held) {
            $0.policy.pushCap.invoicesPerHour = 3
            $0.pushed = PushTally(invoices: 3)
        },
        Course("none at all", held) { $0.policy.pushCap.invoicesPerHour = 0 },
        Course("exactly the sum", pushed) {
            $0.policy.pushCap.amountsPerHour = ["NOK": Samples.kroner(5000)]
            $0.pushed = PushTally(invoices: 1, amounts: [.nok: kroner(3750)])
        },
        Course("a hundredth more", held) {
            $0.policy.pushCap.amountsPerHour = ["NOK": Samples.kroner(5000)]
            $0.pushed = PushTally(invoices: 1, amounts: [.nok: kroner(3750) + 1])
        },
        Course("another currency's sum", pushed) {
            $0.policy.pushCap.amountsPerHour = ["NOK": Samples.kroner(5000)]
            $0.pushed = PushTally(invoices: 1, amounts: [.eur: kroner(9_000_000)])
        },
        Course("the default sum", held) {
            $0.pushed = PushTally(invoices: 1, amounts: [.nok: kroner(30_000_000 - 1249)])
        },
        Course("just under the default sum", pushed) {
            $0.pushed = PushTally(invoices: 1, amounts: [.nok: kroner(30_000_000 - 1250)])
        },
        Course("one that is larger than the cap by itself", held) {
            $0.policy.pushCap.amountsPerHour = ["NOK": Samples.kroner(1249)]
        },
        Course("held before: the hour's end lets nothing go", held) { $0.pushHold = .held(found: "before") },
        Course("a person has confirmed it", pushed) {
            $0.pushHold = .confirmed
            $0.pushed = PushTally(invoices: 5000)
        },
        Course("a person asks for it", pushed) {
            $0.pushHold = .held(found: "before")
            $0.pushed = PushTally(invoices: 5000)
            $0.requests = [request]
        },
        Course("nothing is looked for at Stripe while it waits", held) {
            $0.pushed = PushTally(invoices: 1000)
            $0.customer = .notLooked
        },
        Course("what is not to be pushed does not wait", ["link stopped"]) {
            $0.pushed = PushTally(invoices: 1000)
            $0.receivable?.status = "Closed"
        },
    ]

    @Test("Beyond it a person decides", arguments: courses)
    func course(_ course: Course) {
        var situation = Samples.before()
        course.change(&situation)
        #expect(situation.plan.map(PlanCase.sketch) == course.expected)
    }

    @Test("The review names the sum, and stays as it was while it is held")
    func words() {
        var situation = Samples.before()
        situation.policy.pushCap.amountsPerHour = ["NOK": Samples.kroner(5000)]
        situation.pushed = PushTally(invoices: 4, amounts: [.nok: Self.kroner(4000)])
        func found() -> String? {
            if case .review(let review)? = Plan.actions(for: situation).first { review.found } else { nil }
        }
        let words = "4000.00 NOK was pushed within the hour; with 1250.00 NOK it would be more than the cap of "
        #expect(found() == words + "5000.00 NOK")
        situation.pushHold = .held(found: "as it was")
        #expect(found() == "as it was")
    }

    @Test("A stored policy from before has the default, and what is stored is read again")
    func stored() throws {
        var cap = PushCap()
        #expect(cap.amount(in: .usd) == Money(minorUnits: 500_000_000, currency: .usd))
        #expect(cap.amount(in: .jpy) == Money(minorUnits: 500_000_000, currency: .jpy))
        let crowns = try #require(Currency("ISK"))
        #expect(cap.amount(in: crowns) == nil)
        cap.invoicesPerHour = 7
        cap.amountsPerHour = ["JPY": Money(minorUnits: 9, currency: .jpy)]
        #expect(cap.amount(in: .jpy) == Money(minorUnits: 9, currency: .jpy))
    }
}
