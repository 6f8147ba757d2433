@testable import Domain

enum RefundCases {
    static let waiting: [PlanCase] = [
        PlanCase("refunded: what people made of it is looked for", Samples.refunded(), ["find credits"]),
        PlanCase("no credit note yet: waited for", Samples.refunded(), ["look again in 21600 s"]) { $0.credits = none },
        PlanCase(
            "no credit note after seven days: a review, and still waited for",
            Samples.refunded(Samples.refund(daysAgo: 7)), ["review refund", "look again in 21600 s"]
        ) { $0.credits = none },
        PlanCase(
            "six days are not seven", Samples.refunded(Samples.refund(daysAgo: 6)), ["look again in 21600 s"]
        ) { $0.credits = none },
        PlanCase(
            "the policy waits for two days", Samples.refunded(Samples.refund(daysAgo: 2)),
            ["review refund", "look again in 21600 s"]
        ) {
            $0.credits = none
            $0.policy.posting.refundReviewDays = 2
        },
        PlanCase(
            "a pending refund is nothing yet", Samples.refunded(Samples.refund(Samples.kroner(1250), "pending")), []),
        PlanCase(
            "a refund that waits for its recipient is nothing yet",
            Samples.refunded(Samples.refund(Samples.kroner(1250), "requires_action")), []),
        PlanCase(
            "a refund in a state that nobody knows: a review",
            Samples.refunded(Samples.refund(Samples.kroner(1250), "lost_at_sea")), ["review refund", "link settled"]),
        PlanCase("a refund of a charge that is not here is another's", Samples.refunded(), ["link settled"]) {
            $0.collection?.refunds[0].charge = ChargeID("ch_elsewhere")
        },
    ]

    static let creditNotes: [PlanCase] = [
        PlanCase(
            "the credit note that names the invoice is paid out", Samples.refunded(),
            ["post refund 1250.00 NOK on CreditNote:C1 for re_1"]
        ) {
            $0.credits = .init(creditNotes: [Samples.creditNote()], refundDocuments: [])
        },
        PlanCase(
            "a part is paid out on a larger credit note that names the invoice",
            Samples.refunded(Samples.refund(Samples.kroner(100))), ["post refund 100.00 NOK on CreditNote:C1 for re_1"]
        ) { $0.credits = .init(creditNotes: [Samples.creditNote()], refundDocuments: []) },
        PlanCase(
            "the only credit note of exactly this amount is paid out, named or not", Samples.refunded(),
            ["post refund 1250.00 NOK on CreditNote:C1 for re_1"]
        ) { $0.credits = .init(creditNotes: [Samples.creditNote(names: "Goods returned")], refundDocuments: []) },
        PlanCase(
            "a larger credit note that names nothing is not taken", Samples.refunded(Samples.refund(Samples.kroner(9))),
            ["look again in 21600 s"]
        ) { $0.credits = .init(creditNotes: [Samples.creditNote(names: "")], refundDocuments: []) },
        PlanCase(
            "a number within another is not the invoice's", Samples.refunded(Samples.refund(Samples.kroner(9))),
            ["look again in 21600 s"]
        ) {
            $0.credits = .init(creditNotes: [Samples.creditNote(names: "Invoice 0002241")], refundDocuments: [])
        },
        PlanCase(
            "of two that name the invoice the one of exactly this amount is paid out", Samples.refunded(),
            ["post refund 1250.00 NOK on CreditNote:C2 for re_1"]
        ) {
            $0.credits = .init(
                creditNotes: [Samples.creditNote("C1", Samples.kroner(2000)), Samples.creditNote("C2")],
                refundDocuments: [])
        },
        PlanCase(
            "several credit notes may be meant: a review", Samples.refunded(),
            ["review refund_unmatched", "look again in 21600 s"]
        ) {
            $0.credits = .init(creditNotes: [Samples.creditNote("C1"), Samples.creditNote("C2")], refundDocuments: [])
        },
        PlanCase("a credit note that is not open is not taken", Samples.refunded(), ["look again in 21600 s"]) {
            $0.credits = .init(creditNotes: [Samples.creditNote(status: "Balanced")], refundDocuments: [])
        },
        PlanCase("a credit note with too little left is not taken", Samples.refunded(), ["look again in 21600 s"]) {
            $0.credits = .init(creditNotes: [Samples.creditNote("C1", Samples.kroner(1000))], refundDocuments: [])
        },
        PlanCase("no cash account for the currency: a review", Samples.refunded(), ["review cash_account_missing"]) {
            $0.credits = .init(creditNotes: [Samples.creditNote()], refundDocuments: [])
            $0.policy.posting.cashAccounts = [:]
        },
        PlanCase(
            "two refunds: the second waits until the first is released, as it does not show on the credit note yet",
            Samples.refunded(Samples.refund(Samples.kroner(600))), ["release refund R1", "look again in 21600 s"]
        ) {
            $0.collection?.refunds.append(Samples.refund(Samples.kroner(650), id: "re_2"))
            $0.bookings.append(
                Samples.booking(.created, of: "re_1", .refund, number: "R1", amount: Samples.kroner(600)))
            $0.credits = .init(creditNotes: [Samples.creditNote()], refundDocuments: [])
        },
        PlanCase(
            "two refunds, and nobody releases the first: a review in time",
            Samples.refunded(Samples.refund(Samples.kroner(600))), ["review refund", "look again in 712800 s"]
        ) {
            // 712,800 s after the usual now is a quarter of a day after this one.
            $0.now = $0.now.adding(seconds: 8 * 86_400)
            $0.collection?.refunds.append(Samples.refund(Samples.kroner(650), id: "re_2"))
            $0.bookings.append(Samples.booking(.held, of: "re_1", .refund, number: "R1", amount: Samples.kroner(600)))
            $0.credits = .init(creditNotes: [Samples.creditNote()], refundDocuments: [])
        },
        PlanCase("booked and released: settled", Samples.refunded(), ["link settled"]) {
            $0.bookings.append(Samples.booking(.booked, of: "re_1", .refund, number: "R1"))
        },
        PlanCase("the refund document is released", Samples.refunded(), ["release refund R1"]) {
            $0.bookings.append(Samples.booking(.created, of: "re_1", .refund, number: "R1"))
        },
        PlanCase(
            "a person voided the refund document: marked, and a review", Samples.refunded(),
            ["mark re_1 voided", "review booking_changed"]
        ) {
            $0.bookings.append(Samples.booking(.releasing, of: "re_1", .refund, number: "R1"))
            $0.posted = [Samples.posted(.refund, "R1", status: "Voided")]
        },
    ]

    /// A person voids the payment in Visma.
    static let voidedByPerson: [PlanCase] = [
        PlanCase("refunded in full: that says the same, settled", Samples.refunded(), ["link settled"]) {
            $0.bookings[0].state = .voided
        },
        PlanCase(
            "refunded in full, and the refund stands in a document of its own: a review", Samples.refunded(),
            ["review booking_changed"]
        ) {
            $0.bookings[0].state = .voided
            $0.bookings.append(Samples.booking(.booked, of: "re_1", .refund, number: "R1"))
        },
        PlanCase(
            "refunded in full, and another document that it paid has booked the refund: a review", Samples.refunded(),
            ["review booking_changed"]
        ) {
            $0.bookings[0].state = .voided
            $0.sharers = [Samples.intent: [DocumentRef(type: .invoice, number: "000001")]]
            $0.bookedElsewhere = ["re_1"]
        },
        PlanCase(
            "refunded in part: a review", Samples.refunded(Samples.refund(Samples.kroner(600))),
            ["review booking_changed", "find credits"]
        ) { $0.bookings[0].state = .voided },
    ]

    static let documents: [PlanCase] = [
        PlanCase(
            "a person's refund document with our reference is the booking", Samples.refunded(),
            ["adopt refund R1 for re_1"]
        ) {
            $0.credits = .init(
                creditNotes: [], refundDocuments: [Samples.refundDocument(reference: "re_1", account: "9")])
        },
        PlanCase("one with the charge's id is the booking", Samples.refunded(), ["adopt refund R1 for re_1"]) {
            $0.credits = .init(creditNotes: [], refundDocuments: [Samples.refundDocument(reference: "ch_1")])
        },
        PlanCase(
            "the only one of this amount on the clearing account is the booking", Samples.refunded(),
            ["adopt refund R1 for re_1"]
        ) {
            $0.credits = .init(creditNotes: [Samples.creditNote()], refundDocuments: [Samples.refundDocument()])
        },
        PlanCase("one on another account is not", Samples.refunded(), ["look again in 21600 s"]) {
            $0.credits = .init(creditNotes: [], refundDocuments: [Samples.refundDocument(account: "1920")])
        },
        PlanCase("one of another amount is not", Samples.refunded(), ["look again in 21600 s"]) {
            $0.credits = .init(creditNotes: [], refundDocuments: [Samples.refundDocument(amount: Samples.kroner(9))])
        },
        PlanCase("one that names another refund is not", Samples.refunded(), ["look again in 21600 s"]) {
            $0.collection?.refunds.append(Samples.refund(Samples.kroner(1), "pending", id: "re_2"))
            $0.credits = .init(creditNotes: [], refundDocuments: [Samples.refundDocument(reference: "re_2")])
        },
        PlanCase("one that stands for another refund already is not", Samples.refunded(), ["look again in 21600 s"]) {
            $0.collection?.refunds.append(Samples.refund(Samples.kroner(1250), "succeeded", id: "re_0", daysAgo: 1))
            $0.bookings.append(Samples.booking(.booked, of: "re_0", .refund, number: "R1"))
            $0.credits = .init(creditNotes: [], refundDocuments: [Samples.refundDocument()])
        },
        PlanCase(
            "two refunds of one amount, and one document: the first has it, the second waits",
            Samples.refunded(Samples.refund(Samples.kroner(600))), ["adopt refund R1 for re_1"]
        ) {
            $0.collection?.refunds.append(Samples.refund(Samples.kroner(600), id: "re_2"))
            $0.credits = .init(creditNotes: [], refundDocuments: [Samples.refundDocument(amount: Samples.kroner(600))])
        },
        PlanCase(
            "several may be meant: a review", Samples.refunded(), ["review refund_unmatched", "look again in 21600 s"]
        ) {
            $0.credits = .init(
                creditNotes: [], refundDocuments: [Samples.refundDocument("R1"), Samples.refundDocument("R2")])
        },
        PlanCase(
            "of several the one with our reference is the booking", Samples.refunded(), ["adopt refund R2 for re_1"]
        ) {
            $0.credits = .init(
                creditNotes: [],
                refundDocuments: [Samples.refundDocument("R1"), Samples.refundDocument("R2", reference: "re_1")])
        },
    ]

    static let modes: [PlanCase] = [
        PlanCase("policy void: the payment is voided", Samples.refunded(), ["void payment P1 for refund"]) {
            voids(&$0)
        },
        PlanCase(
            "policy void, in part: a credit note is waited for", Samples.refunded(Samples.refund(Samples.kroner(1))),
            ["find credits"]
        ) { voids(&$0) },
        PlanCase(
            "policy void, in two parts: the payment is voided", Samples.refunded(Samples.refund(Samples.kroner(600))),
            ["void payment P1 for refund", "void payment P1 for refund"]
        ) {
            voids(&$0)
            $0.collection?.refunds.append(Samples.refund(Samples.kroner(650), id: "re_2"))
        },
        PlanCase(
            "policy void, but a part stands on a credit note: the rest waits for one",
            Samples.refunded(Samples.refund(Samples.kroner(600))), ["find credits"]
        ) {
            voids(&$0)
            $0.collection?.refunds.append(Samples.refund(Samples.kroner(650), id: "re_2"))
            $0.bookings.append(Samples.booking(.booked, of: "re_1", .refund, number: "R1", amount: Samples.kroner(600)))
        },
        PlanCase("policy void, the payment not released yet: waited for", Samples.refunded(), ["look again in 5 s"]) {
            voids(&$0)
            $0.bookings[0].state = .releasing
            $0.receivable?.applications = []
            $0.receivable?.balance = Samples.kroner(1250)
            $0.receivable?.status = "Open"
        },
        PlanCase(
            "policy void, and the payment is on hold: waited for, then a review", Samples.refunded(),
            ["look again in 604800 s"]
        ) {
            voids(&$0)
            unreleased(&$0)
        },
        PlanCase("policy void, and the payment is on hold too long: a review", Samples.refunded(), ["review refund"]) {
            voids(&$0)
            unreleased(&$0)
            $0.now = $0.now.adding(seconds: 7 * 86_400)
        },
        PlanCase(
            "policy void, but the payment carries a fee: a credit note is waited for", Samples.refunded(),
            ["find credits"]
        ) {
            voids(&$0)
            $0.bookings[0].fee = Samples.kroner(20)
        },
        PlanCase(
            "policy void, but the payment paid another invoice too: a credit note is waited for", Samples.refunded(),
            ["find credits"]
        ) {
            voids(&$0)
            $0.sharers = [Samples.intent: [DocumentRef(type: .invoice, number: "000225")]]
        },
        PlanCase("policy void, voided: the invoice is open again and settled", Samples.refunded(), ["link settled"]) {
            voided(&$0)
        },
        PlanCase(
            "policy void, and the refund failed after all: the payment is booked again",
            Samples.refunded(Samples.refund(Samples.kroner(1250), "failed")),
            ["post payment 1250.00 NOK applied 1250.00 for inpay_1+2", "link settled"]
        ) {
            voided(&$0)
        },
        PlanCase("a void that Visma refused: a review, not sent again", Samples.refunded(), ["review effect_refused"]) {
            voids(&$0)
            $0.effects = [Samples.effect(Step.voidPayment, cause: "inpay_1", .failed)]
        },
        PlanCase(
            "the refund document is voided when the refund failed",
            Samples.refunded(Samples.refund(Samples.kroner(1250), "failed")), ["void refund R1 for failure"]
        ) {
            $0.bookings.append(Samples.booking(.booked, of: "re_1", .refund, number: "R1"))
        },
        PlanCase(
            "a failed refund whose document is still being released waits for it",
            Samples.refunded(Samples.refund(Samples.kroner(1250), "failed")), ["look again in 5 s"]
        ) {
            $0.bookings.append(Samples.booking(.releasing, of: "re_1", .refund, number: "R1"))
        },
        PlanCase(
            "a failed refund whose document is on hold: a review",
            Samples.refunded(Samples.refund(Samples.kroner(1250), "canceled")), ["review effect_refused"]
        ) {
            $0.bookings.append(Samples.booking(.held, of: "re_1", .refund, number: "R1"))
            $0.posted = [Samples.posted(.refund, "R1", status: "Hold")]
        },
        PlanCase(
            "a failed refund that was never booked is nothing",
            Samples.refunded(Samples.refund(Samples.kroner(1250), "failed")), ["link settled"]),
        PlanCase(
            "a failed refund that a person booked: a review",
            Samples.refunded(Samples.refund(Samples.kroner(1250), "failed")), ["review refund"]
        ) {
            var booking = Samples.booking(.booked, of: "re_1", .refund, number: "R1")
            booking.origin = .matched
            $0.bookings.append(booking)
        },
        PlanCase(
            "a payment that paid several invoices: its refund is the first invoice's", Samples.refunded(),
            ["link settled"]
        ) {
            $0.sharers = [Samples.intent: [DocumentRef(type: .invoice, number: "000001")]]
        },
        PlanCase(
            "policy void, nothing was booked, as its period is closed: waited for", Samples.refunded(),
            ["review period_closed"]
        ) {
            voids(&$0)
            $0.bookings = []
            $0.receivable?.applications = []
            $0.receivable?.balance = Samples.kroner(1250)
            $0.receivable?.status = "Open"
            $0.effects = [Samples.effect(Step.createPayment, cause: "inpay_1", .failed, failure: "visma.period_closed")]
        },
    ]

    static let ownCreditNotes: [PlanCase] = [
        PlanCase("own credit note: it is made", Samples.refunded(), ["post credit note 1250.00 NOK for re_1:credit"]) {
            own(&$0)
        },
        PlanCase(
            "own credit note: one with the right total is released", Samples.refunded(), ["release credit_note C1"]
        ) { made(&$0, .created, 125_000) },
        PlanCase(
            "own credit note: one with a wrong total is reviewed and deleted", Samples.refunded(),
            ["review total_mismatch", "discard credit_note C1"]
        ) { made(&$0, .created, 125_001) },
        PlanCase(
            "own credit note: a deleted one is not made again, the company's is awaited", Samples.refunded(),
            ["find credits"]
        ) {
            made(&$0, .voided, 125_001)
            $0.bookings[1].voidedFor = .failure
        },
        PlanCase(
            "own credit note: a deleted one, and the company has made none: a review", Samples.refunded(),
            ["review refund", "look again in 21600 s"]
        ) {
            made(&$0, .voided, 125_001)
            $0.bookings[1].voidedFor = .failure
            $0.credits = none
        },
        PlanCase(
            "own credit note: the refund document stands on it", Samples.refunded(),
            ["post refund 1250.00 NOK on CreditNote:C1 for re_1"]
        ) { made(&$0, .booked, 125_000) },
        PlanCase(
            "own credit note, but a line names no account: the company's is awaited", Samples.refunded(),
            ["find credits"]
        ) {
            own(&$0)
            $0.receivable?.lines[0].account = nil
        },
        PlanCase(
            "own credit note, not released, and the refund failed: deleted",
            Samples.refunded(Samples.refund(Samples.kroner(1250), "failed")), ["discard credit_note C1"]
        ) { made(&$0, .created, 125_000) },
        PlanCase(
            "own credit note, released, and the refund failed: a review",
            Samples.refunded(Samples.refund(Samples.kroner(1250), "failed")), ["review refund", "link settled"]
        ) { made(&$0, .booked, 125_000) },
    ]

    static let none = Situation.Credits(creditNotes: [], refundDocuments: [])

    private static func unreleased(_ situation: inout Situation) {
        situation.policy.posting.booking = .hold
        situation.bookings[0].state = .held
        situation.receivable?.applications = []
        situation.receivable?.balance = Samples.kroner(1250)
        situation.receivable?.status = "Open"
    }

    private static func voids(_ situation: inout Situation) { situation.policy.posting.refunds = .void }

    private static func voided(_ situation: inout Situation) {
        voids(&situation)
        situation.bookings[0].state = .voided
        situation.bookings[0].voidedFor = .refund
        situation.receivable?.applications = [Samples.application(voided: true)]
        situation.receivable?.balance = Samples.kroner(1250)
        situation.receivable?.status = "Open"
    }

    static func own(_ situation: inout Situation) { situation.policy.posting.refunds = .ownCreditNote }

    private static func made(_ situation: inout Situation, _ state: Booking.State, _ total: Int64) {
        own(&situation)
        var booking = Samples.booking(state, of: "re_1:credit", .creditNote, number: "C1")
        booking.applied = Samples.kroner(0)
        situation.bookings.append(booking)
        situation.posted = [
            Samples.posted(.creditNote, "C1", Samples.ore(total), status: state == .created ? "Balanced" : "Open")
        ]
    }
}
