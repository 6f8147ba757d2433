@testable import Domain

enum SettlementCases {
    private static let bank = Samples.application("Payment", "B1", Samples.kroner(1250))
    private static let part = Samples.application("Payment", "B1", Samples.kroner(500))
    private static let credit = Samples.application("CreditNote", "C1", Samples.kroner(500))

    static let told: [PlanCase] = [
        PlanCase("paid at the bank in full: out of band", none([bank]), ["pay out of band for Payment:B1=125000"]),
        PlanCase(
            "a prepayment in full: out of band", none([Samples.application("Prepayment", "B1", Samples.kroner(1250))]),
            ["pay out of band for Prepayment:B1=125000"]),
        PlanCase(
            "paid at the bank in part: reported", some([part], 750),
            ["report payment of 500.00 NOK for Payment:B1=50000"]),
        PlanCase("reported and not attached: attached", some([part], 750), ["attach prec_1 for Payment:B1=50000"]) {
            $0.settlements = [record(isAttached: false)]
        },
        PlanCase("reported and attached: nothing more", some([part], 750), []) { attached(&$0) },
        PlanCase(
            "reported, and the customer paid before it was attached: the rest out of band", some([part], 0),
            ["pay out of band for Payment:B1=50000"]
        ) {
            $0.settlements = [record(isAttached: false)]
            $0.collection?.amountRemaining = Samples.kroner(100)
        },
        PlanCase(
            "two parts, the first told: the second closes it out of band",
            none([part, Samples.application("Payment", "B2", Samples.kroner(750))]),
            ["pay out of band for Payment:B2=75000"]
        ) { attached(&$0) },
        PlanCase(
            "the same payment applied with more: the difference is told",
            some([Samples.application("Payment", "B1", Samples.kroner(600))], 650),
            ["report payment of 100.00 NOK for Payment:B1=60000"]
        ) { attached(&$0) },
        PlanCase(
            "a payment in two rows is one settlement",
            some(
                [
                    Samples.application("Payment", "B1", Samples.kroner(200)),
                    Samples.application("Payment", "B1", Samples.kroner(300)),
                ], 750), ["report payment of 500.00 NOK for Payment:B1=50000"]),
        PlanCase(
            "a payment that closed it with less, as a discount was taken: out of band",
            none([Samples.application("Payment", "B1", Samples.kroner(1225))]),
            ["pay out of band for Payment:B1=122500"]),
        PlanCase("settled before the push: not told", some([part], 750), []) {
            $0.settlements = [Samples.settlement("Payment:B1", Samples.kroner(500), .pushed)]
            $0.collection?.amountRemaining = Samples.kroner(750)
        },
        PlanCase("an unreleased payment settles nothing", some([], 1250), []) {
            var hold = part
            hold.isReleased = false
            $0.receivable?.applications = [hold]
        },
        PlanCase(
            "credited in part: a Stripe credit note for exactly that", some([credit], 750),
            ["credit 500.00 NOK for CreditNote:C1=50000"]),
        PlanCase(
            "credited in full: void", none([Samples.application("CreditNote", "C1", Samples.kroner(1250))]),
            ["void for CreditNote:C1=125000"]),
        PlanCase(
            "credited in full after a part was paid: a Stripe credit note for the rest",
            none([part, Samples.application("CreditNote", "C1", Samples.kroner(750))]),
            ["credit 750.00 NOK for CreditNote:C1=75000"]
        ) { attached(&$0) },
        PlanCase(
            "written off: void", none([Samples.application("SmallBalanceWo", "W1", Samples.kroner(1250))]),
            ["void for SmallBalanceWo:W1=125000"]),
        PlanCase(
            "written off, by policy: uncollectible",
            none([Samples.application("SmallBalanceWo", "W1", Samples.kroner(1250))]),
            ["mark uncollectible for SmallBalanceWo:W1=125000"]
        ) { $0.policy.posting.writeOffs = .uncollectible },
        PlanCase(
            "the rest of a paid part is written off: uncollectible, as Stripe voids no more",
            none([part, Samples.application("SmallBalanceWo", "W1", Samples.kroner(750))]),
            ["mark uncollectible for SmallBalanceWo:W1=75000"]
        ) { attached(&$0) },
        PlanCase(
            "written off in part: a Stripe credit note",
            some([Samples.application("SmallCreditWo", "W1", Samples.kroner(5))], 1245),
            ["credit 5.00 NOK for SmallCreditWo:W1=500"]),
        PlanCase(
            "settled in a way that nobody knows: a review",
            some([Samples.application("Barter", "X1", Samples.kroner(500))], 750), ["review changed_after_push"]),
        PlanCase("Stripe refused to be told: a review, not sent again", none([bank]), ["review effect_refused"]) {
            $0.effects = [Samples.effect(Step.payOutOfBand, cause: "Payment:B1=125000", .failed)]
        },
    ]

    static let betweenTheTwo: [PlanCase] = [
        PlanCase("settled while a payment is in flight: looked at again", none([bank]), ["look again in 3600 s"]) {
            $0.collection?.payments = [Samples.payment(status: "open")]
            $0.collection?.payments[0].intentStatus = "processing"
        },
        PlanCase(
            "reported, and a payment is in flight before it is attached: looked at again", some([part], 750),
            ["look again in 3600 s"]
        ) {
            $0.settlements = [record(isAttached: false)]
            $0.collection?.payments = [Samples.payment(status: "open")]
            $0.collection?.payments[0].intentStatus = "processing"
        },
        PlanCase("settled while a payment is partly funded: looked at again", none([bank]), ["look again in 3600 s"]) {
            $0.collection?.payments = [Samples.payment(status: "open")]
            $0.collection?.payments[0].isPartlyFunded = true
        },
        PlanCase(
            "settled while a booking of ours is on hold: looked at again", some([part], 750),
            ["look again in 3600 s"]
        ) {
            $0.bookings = [Samples.booking(.held, amount: Samples.kroner(100))]
            $0.collection?.payments = [Samples.payment("inpay_1", Samples.kroner(100))]
        },
        PlanCase(
            "the bank's payment was voided after Stripe was told: a review", some([], 1250),
            ["review settlement_undone"]
        ) { attached(&$0) },
        PlanCase(
            "the bank's payment is applied with less now: a review",
            some([Samples.application("Payment", "B1", Samples.kroner(400))], 850),
            ["review settlement_undone"]
        ) { attached(&$0) },
        PlanCase(
            "paid on both sides at once: booked unapplied", none([bank]),
            ["post payment 1250.00 NOK applied 0.00 for inpay_1"]
        ) {
            $0.collection?.status = "paid"
            $0.collection?.amountRemaining = Samples.kroner(0)
            $0.collection?.payments = [Samples.payment()]
        },
        PlanCase("paid out of band by us: its echo is no payment", none([bank]), ["link settled"]) {
            echoed(&$0, "prec_9")
        },
        PlanCase("paid out of band by us, with no record: its echo is no payment", none([bank]), ["link settled"]) {
            echoed(&$0, nil)
        },
        PlanCase("reported by us: its echo is no payment", some([part], 750), []) {
            attached(&$0)
            $0.collection?.payments = [outside("prec_1", 500)]
        },
        PlanCase("another record than ours, and the amounts agree: nothing to say", some([part], 750), []) {
            attached(&$0)
            $0.collection?.payments = [outside("prec_2", 500)]
        },
        PlanCase(
            "voided for a credit note: stopped, and nothing to say",
            none([Samples.application("CreditNote", "C1", Samples.kroner(1250))]), ["link stopped"]
        ) {
            $0.settlements = [Samples.settlement("CreditNote:C1", Samples.kroner(1250), .void)]
            $0.collection?.status = "void"
        },
        PlanCase(
            "marked uncollectible for a write-off: stopped, and nothing to say",
            none([Samples.application("SmallBalanceWo", "W1", Samples.kroner(1250))]), ["link stopped"]
        ) {
            $0.settlements = [Samples.settlement("SmallBalanceWo:W1", Samples.kroner(1250), .uncollectible)]
            $0.collection?.status = "uncollectible"
        },
        PlanCase(
            "voided for a credit note that was taken back: a review", some([], 1250),
            ["review settlement_undone", "link stopped"]
        ) {
            $0.settlements = [Samples.settlement("CreditNote:C1", Samples.kroner(1250), .void)]
            $0.collection?.status = "void"
        },
    ]

    static let withdrawn: [PlanCase] = [
        PlanCase("handed to a debt collector: void", Samples.collecting(), ["void for Withdrawn:000224=0"]) {
            $0.receivable?.isWithDebtCollector = true
        },
        PlanCase("handed to a debt collector, and the policy does not mind: nothing", Samples.collecting(), []) {
            $0.receivable?.isWithDebtCollector = true
            $0.policy.selection.skips = []
        },
        PlanCase(
            "a direct debit mandate while a payment is in flight: looked at again", Samples.collecting(),
            ["look again in 3600 s", "write record by note"]
        ) {
            $0.receivable?.hasDirectDebitMandate = true
            $0.collection?.payments = [Samples.payment(status: "open")]
            $0.collection?.payments[0].intentStatus = "processing"
        },
        PlanCase(
            "handed to a debt collector after a part was credited: a review", some([credit], 750),
            ["review not_for_collection"]
        ) {
            $0.receivable?.isWithDebtCollector = true
            $0.settlements = [Samples.settlement("CreditNote:C1", Samples.kroner(500), .creditNote, object: "cn_1")]
            $0.collection?.creditNotes = [
                .init(id: "cn_1", number: nil, amount: Samples.kroner(500), status: "issued", metadata: [:])
            ]
            $0.collection?.amountCredited = Samples.kroner(500)
            $0.collection?.amountRemaining = Samples.kroner(750)
        },
        PlanCase("Stripe refused the void: a review", Samples.collecting(), ["review not_for_collection"]) {
            $0.receivable?.isWithDebtCollector = true
            $0.effects = [Samples.effect(Step.voidInvoice, cause: "Withdrawn:000224=0", .failed)]
        },
        PlanCase("withdrawn: stopped, and nothing to say", isWithdrawn(), ["link stopped"]) {
            $0.receivable?.isWithDebtCollector = true
        },
        PlanCase(
            "withdrawn, and for collection again: a review", isWithdrawn(),
            ["review not_for_collection", "link stopped"]),
        PlanCase("withdrawn, and settled since: stopped", isWithdrawn(), ["link stopped"]) {
            $0.receivable?.balance = Samples.kroner(0)
            $0.receivable?.status = "Closed"
        },
    ]

    private static func isWithdrawn() -> Situation {
        var situation = Samples.collecting()
        situation.collection?.status = "void"
        situation.settlements = [Samples.settlement("Withdrawn:000224", Samples.kroner(0), .void)]
        return situation
    }

    /// Nothing is open in Visma.
    private static func none(_ applications: [Receivable.Application]) -> Situation {
        Samples.settledInVisma(applications, open: Samples.kroner(0))
    }

    private static func some(_ applications: [Receivable.Application], _ open: Int64) -> Situation {
        Samples.settledInVisma(applications, open: Samples.kroner(open))
    }

    private static func record(isAttached: Bool) -> Settlement {
        Samples.settlement(
            "Payment:B1", Samples.kroner(500), .paymentRecord, object: "prec_1", isAttached: isAttached)
    }

    private static func attached(_ situation: inout Situation) {
        situation.settlements = [record(isAttached: true)]
        situation.collection?.amountPaid = Samples.kroner(500)
        situation.collection?.amountRemaining = Samples.kroner(750)
    }

    private static func outside(_ record: String?, _ amount: Int64) -> Domain.Collection.Payment {
        var payment = Samples.payment("inpay_x", Samples.kroner(amount))
        payment.source = .outsideStripe(record)
        return payment
    }

    private static func echoed(_ situation: inout Situation, _ record: String?) {
        situation.settlements = [Samples.settlement("Payment:B1", Samples.kroner(1250), .outOfBand)]
        situation.collection?.status = "paid"
        situation.collection?.amountRemaining = Samples.kroner(0)
        situation.collection?.payments = [outside(record, 1250)]
    }
}
