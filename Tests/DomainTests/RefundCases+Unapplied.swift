@testable import Domain

extension RefundCases {
    /// More came than was open: 250 of 1500, or all of a second payment, stand unapplied.
    static let unapplied: [PlanCase] = [
        PlanCase(
            "what came too much is refunded: from the payment, on no credit note", over(250),
            ["post refund 250.00 NOK on Payment:P1 for re_1"]
        ) { _ in },
        PlanCase(
            "with credit notes of our own, too: nothing was sold for that money", over(250),
            ["post refund 250.00 NOK on Payment:P1 for re_1"]
        ) { own(&$0) },
        PlanCase(
            "paid twice, and the second refunded: from the payment",
            over(1500) { $0.bookings[0].applied = Samples.kroner(0) },
            ["post refund 1500.00 NOK on Payment:P1 for re_1"]
        ) { own(&$0) },
        PlanCase(
            "more is refunded than stands unapplied: a review", over(400),
            ["review refund", "look again in 21600 s"]
        ) { own(&$0) },
        PlanCase(
            "a second refund, beyond what the first has left: a review", over(250),
            ["post refund 250.00 NOK on Payment:P1 for re_1"]
        ) { $0.collection?.refunds.append(Samples.refund(Samples.kroner(100), id: "re_2")) },
        PlanCase("a person's refund document is adopted all the same", over(250), ["adopt refund R9 for re_1"]) {
            $0.credits = .init(
                creditNotes: [],
                refundDocuments: [Samples.refundDocument("R9", reference: "re_1", amount: Samples.kroner(250))])
        },
    ]

    private static func over(_ refunded: Int64, _ change: (inout Situation) -> Void = { _ in }) -> Situation {
        var situation = Samples.refunded(Samples.refund(Samples.kroner(refunded)))
        situation.collection?.charges[0].amount = Samples.kroner(1500)
        situation.collection?.amountOverpaid = Samples.kroner(250)
        situation.bookings[0].amount = Samples.kroner(1500)
        situation.credits = none
        change(&situation)
        return situation
    }
}
