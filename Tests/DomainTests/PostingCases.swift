@testable import Domain

enum PostingCases {
    static let periods: [PlanCase] = [
        PlanCase("a closed period: a review", closed(), ["review period_closed"]),
        PlanCase(
            "a closed period, by policy: the next open one is looked for", closed(),
            ["find open period from 2026-11-22"]
        ) { next(&$0) },
        PlanCase(
            "the next open period is known: booked there", closed(),
            ["post payment 1250.00 NOK applied 1250.00 for inpay_1"]
        ) {
            next(&$0)
            $0.openDays = [Samples.date("2026-11-22"): Samples.date("2026-12-01")]
        },
        PlanCase("Visma says that the period is open after all: a review", closed(), ["review period_closed"]) {
            next(&$0)
            $0.openDays = [Samples.date("2026-11-22"): Samples.date("2026-11-22")]
        },
        PlanCase("the next open period is refused, too: a review", closed(), ["review period_closed"]) {
            next(&$0)
            $0.openDays = [Samples.date("2026-11-22"): Samples.date("2026-12-01")]
            $0.effects.append(refusal(attempt: 2))
        },
        PlanCase(
            "a person asks again after the period was opened: booked on its own day", closed(),
            ["post payment 1250.00 NOK applied 1250.00 for inpay_1"]
        ) {
            $0.forgivesBefore = $0.now.adding(seconds: 1)
        },
        PlanCase("a closed period refuses the release: a review", Samples.paid(), ["review period_closed"]) {
            $0.bookings = [Samples.booking(.created)]
            $0.effects = [
                Samples.effect(Step.releasePayment, cause: "inpay_1", .failed, failure: "visma.period_closed")
            ]
        },
        PlanCase("a closed period refuses the refund: a review", Samples.refunded(), ["review period_closed"]) {
            $0.credits = .init(creditNotes: [Samples.creditNote()], refundDocuments: [])
            $0.effects = [Samples.effect(Step.createRefund, cause: "re_1", .failed, failure: "visma.period_closed")]
        },
    ]

    static let strays: [PlanCase] = [
        PlanCase(
            "an unreleased payment of ours that stands for no booking: a review", stray(), ["review stray_document"]),
        PlanCase("the booking itself, not released yet, is none", Samples.settled(), []) {
            $0.receivable?.applications[0].isReleased = true
        },
        PlanCase("a bookkeeper's draft with a reference of its own is none", stray("bank 7"), []),
        PlanCase("once voided it is none any more", stray(), []) {
            $0.receivable?.applications[1].isVoided = true
        },
    ]

    /// Settled, with a second payment on the invoice.
    private static func stray(_ reference: String = Samples.intent.rawValue) -> Situation {
        var situation = Samples.settled()
        situation.receivable?.applications.append(
            Receivable.Application(
                documentType: "Payment", number: "P9", amount: Samples.kroner(1250), isReleased: false,
                isVoided: false, paymentReference: reference))
        return situation
    }

    static let undo: [PlanCase] = [
        PlanCase("a person has the payment undone: voided", Samples.settled(), ["void payment P1 for undo"]) {
            $0.requests = [Samples.undo("inpay_1")]
        },
        PlanCase("an undo of another booking is nothing to this one", Samples.settled(), []) {
            $0.requests = [Samples.undo("inpay_2")]
        },
        PlanCase("an undo of what is still being released waits for it", Samples.paid(), ["look again in 5 s"]) {
            $0.bookings = [Samples.booking(.releasing)]
            $0.requests = [Samples.undo("inpay_1")]
        },
        PlanCase("an undo of what is on hold: a review", Samples.paid(), ["review effect_refused"]) {
            $0.bookings = [Samples.booking(.held)]
            $0.requests = [Samples.undo("inpay_1")]
        },
        PlanCase("voided for an undo: never booked again", Samples.settled(), ["link collecting"]) {
            $0.requests = [Samples.undo("inpay_1")]
            $0.bookings[0].state = .voided
            $0.bookings[0].voidedFor = .undo
            reopen(&$0)
        },
        PlanCase("a void is queued: looked at again", Samples.settled(), ["look again in 5 s", "link collecting"]) {
            $0.bookings[0].state = .voiding
            $0.bookings[0].voidedFor = .undo
        },
        PlanCase(
            "a queued void that Visma has done: marked", Samples.settled(), ["mark inpay_1 voided", "link collecting"]
        ) {
            $0.bookings[0].state = .voiding
            $0.bookings[0].voidedFor = .undo
            reopen(&$0)
        },
        PlanCase(
            "an undo of a person's own document: a review", Samples.refunded(),
            ["review effect_refused", "link settled"]
        ) {
            var booking = Samples.booking(.booked, of: "re_1", .refund, number: "R1")
            booking.origin = .matched
            $0.bookings.append(booking)
            $0.requests = [Samples.undo("re_1")]
        },
    ]

    static let stripeCredits: [PlanCase] = [
        PlanCase("a person credits in Stripe: a review", credited(), ["review credited_in_stripe"]),
        PlanCase("our own Stripe credit note is no person's", credited(), []) {
            $0.settlements = [Samples.settlement("CreditNote:C1", Samples.kroner(250), .creditNote, object: "cn_1")]
            $0.receivable?.applications = [Samples.application("CreditNote", "C1", Samples.kroner(250))]
            $0.receivable?.balance = Samples.kroner(1000)
        },
        PlanCase("a voided Stripe credit note is nothing", credited(), []) {
            $0.collection?.creditNotes[0].status = "void"
            $0.collection?.amountRemaining = Samples.kroner(1250)
        },
        PlanCase(
            "a person credits a paid invoice, to the customer's balance: a review, though both are settled",
            Samples.settled(), ["review credited_in_stripe"]
        ) { gaveBack(&$0) },
        PlanCase(
            "the same by policy: a review, as nothing is open that it could be applied to", Samples.settled(),
            ["review credited_in_stripe"]
        ) {
            books(&$0)
            gaveBack(&$0)
        },
        PlanCase("by policy: a Visma credit note on the invoice", credited(), ["post credit note 250.00 NOK for cn_1"])
        { books(&$0) },
        PlanCase(
            "by policy, but there is a refund, whose credit note it may be: a review", credited(),
            ["review credited_in_stripe"]
        ) {
            books(&$0)
            $0.collection?.refunds = [Samples.refund(Samples.kroner(1), "pending")]
        },
        PlanCase("by policy, made before a refund came: released all the same", credited(), ["release credit_note C1"])
        {
            made(&$0, .created, 25_000)
            $0.collection?.refunds = [Samples.refund(Samples.kroner(1), "pending")]
        },
        PlanCase("by policy, made with the right total: released", credited(), ["release credit_note C1"]) {
            made(&$0, .created, 25_000)
        },
        PlanCase(
            "by policy, made with a wrong total: reviewed and deleted", credited(),
            ["review total_mismatch", "discard credit_note C1"]
        ) { made(&$0, .created, 25_001) },
        PlanCase("by policy, made and released: the open amounts agree", credited(), []) {
            made(&$0, .booked, 25_000)
            $0.receivable?.applications = [Samples.application("CreditNote", "C1", Samples.kroner(250))]
            $0.receivable?.balance = Samples.kroner(1000)
        },
        PlanCase(
            "by policy, made and released, and the open amounts differ: a review", credited(),
            ["review changed_after_push"]
        ) {
            made(&$0, .booked, 25_000)
            $0.receivable?.applications = [Samples.application("CreditNote", "C1", Samples.kroner(250))]
            $0.receivable?.balance = Samples.kroner(900)
        },
        PlanCase(
            "credited in Stripe and paid too much: the credit takes what is open first", credited(),
            ["release credit_note C1", "post payment 1100.00 NOK applied 1000.00 for inpay_1"]
        ) {
            made(&$0, .created, 25_000)
            $0.collection?.status = "paid"
            $0.collection?.amountRemaining = Samples.kroner(0)
            $0.collection?.payments = [Samples.payment("inpay_1", Samples.kroner(1100))]
        },
    ]

    static let overpayments: [PlanCase] = [
        PlanCase(
            "too much, counted beside the allocation: booked whole", over(beside: 50),
            ["post payment 1300.00 NOK applied 1250.00 for inpay_1"]),
        PlanCase(
            "too much, counted in the allocation: booked once", over(beside: 0),
            ["post payment 1300.00 NOK applied 1250.00 for inpay_1"]),
        PlanCase(
            "paid too much twice: each with its own", over(beside: 50),
            [
                "post payment 1300.00 NOK applied 1250.00 for inpay_1",
                "post payment 1250.00 NOK applied 0.00 for inpay_2",
            ]
        ) {
            $0.collection?.amountOverpaid = Samples.kroner(1300)
            var second = Samples.payment("inpay_2", Samples.kroner(0))
            second.paidAt = Samples.now.adding(seconds: 60)
            $0.collection?.payments.append(second)
            var charge = Samples.charge()
            charge.id = ChargeID("ch_2")
            charge.intent = PaymentIntentID("pi_of_inpay_2")
            $0.collection?.charges.append(charge)
        },
    ]

    static let branches: [PlanCase] = [
        PlanCase(
            "a branch with an account of its own is enough", Samples.paid(),
            ["post payment 1250.00 NOK applied 1250.00 for inpay_1"]
        ) {
            $0.policy.posting.cashAccounts = [:]
            $0.policy.posting.branchCashAccounts = ["1": ["NOK": "1519"]]
        },
        PlanCase("another branch's account is not", Samples.paid(), ["review cash_account_missing"]) {
            $0.policy.posting.cashAccounts = [:]
            $0.policy.posting.branchCashAccounts = ["2": ["NOK": "1519"]]
        },
    ]

    private static func refusal(attempt: Int) -> Effect {
        Samples.effect(
            Step.createPayment, cause: "inpay_1", .failed, attempt: attempt, failure: "visma.period_closed: 11-2026")
    }

    private static func closed() -> Situation {
        var situation = Samples.paid()
        situation.effects = [refusal(attempt: 1)]
        return situation
    }

    private static func next(_ situation: inout Situation) { situation.policy.posting.closedPeriod = .nextOpenPeriod }

    private static func reopen(_ situation: inout Situation) {
        situation.receivable?.applications = [Samples.application(voided: true)]
        situation.receivable?.balance = Samples.kroner(1250)
        situation.receivable?.status = "Open"
    }

    private static func credited() -> Situation {
        var situation = Samples.collecting()
        situation.policy.writesInvoiceRecord = false
        situation.receivable?.lines[0].account = "3000"
        situation.collection?.amountCredited = Samples.kroner(250)
        situation.collection?.amountRemaining = Samples.kroner(1000)
        situation.collection?.creditNotes = [
            .init(id: "cn_1", number: nil, amount: Samples.kroner(250), status: "issued", metadata: [:])
        ]
        return situation
    }

    private static func gaveBack(_ situation: inout Situation) {
        situation.collection?.creditNotes = [
            .init(
                id: "cn_1", number: nil, amount: Samples.kroner(250), status: "issued", metadata: [:],
                givenBack: Samples.kroner(250))
        ]
    }

    private static func books(_ situation: inout Situation) { situation.policy.posting.stripeCredits = .creditNote }

    private static func made(_ situation: inout Situation, _ state: Booking.State, _ total: Int64) {
        books(&situation)
        situation.bookings = [
            Samples.booking(state, of: "cn_1", .creditNote, number: "C1", amount: Samples.kroner(250))
        ]
        situation.posted = [
            Samples.posted(.creditNote, "C1", Samples.ore(total), status: state == .created ? "Balanced" : "Open")
        ]
    }

    private static func over(beside: Int64) -> Situation {
        var situation = Samples.paid()
        situation.policy.writesInvoiceRecord = false
        situation.collection?.amountOverpaid = Samples.kroner(50)
        situation.collection?.payments = [Samples.payment("inpay_1", Samples.kroner(1300 - beside))]
        situation.collection?.charges = [Samples.charge(amount: Samples.kroner(1300))]
        return situation
    }
}
