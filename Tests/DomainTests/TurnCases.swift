@testable import Domain

/// Which of several payments takes what is open, and what waits for which: the same whenever it is looked at.
enum TurnCases {
    static let all: [PlanCase] = [
        PlanCase(
            "the earlier of two payments falls into a closed period: the later does not take its place", twice(),
            [
                "review period_closed", "post payment 1250.00 NOK applied 0.00 for inpay_2",
            ]
        ) {
            $0.effects = [
                Samples.effect(
                    Step.createPayment, cause: "inpay_1", .failed, failure: "visma.period_closed: 11-2026")
            ]
        },
        PlanCase(
            "the first is being voided for its refund: the second waits for what that gives back", voiding(),
            ["look again in 5 s", "find credits"]
        ) { $0.bookings[0].state = .voiding },
        PlanCase(
            "the first is refunded before the second comes, and is to be voided: the second waits", voiding(),
            ["void payment P1 for refund"]
        ) { _ in },
        PlanCase(
            "the same, and Visma refuses the void: the second is not applied", voiding(),
            [
                "post payment 1250.00 NOK applied 0.00 for inpay_2", "review effect_refused",
            ]
        ) { $0.effects = [Samples.effect(Step.voidPayment, cause: "inpay_1", .failed, failure: "no")] },
        PlanCase(
            "the same on hold: a person may never release the first", voiding(),
            [
                "post payment 1250.00 NOK applied 0.00 for inpay_2",
                "look again in 604800 s",
            ]
        ) {
            $0.policy.posting.booking = .hold
            $0.bookings[0].state = .held
            $0.posted = [Samples.posted(.payment, "P1", status: "Hold")]
            $0.receivable?.applications = []
            $0.receivable?.balance = Samples.kroner(1250)
        },
        PlanCase(
            "the first is refunded after the second came: it stood when the second was paid", voiding(),
            [
                "post payment 1250.00 NOK applied 0.00 for inpay_2", "void payment P1 for refund",
            ]
        ) { $0.collection?.refunds[0].createdAt = Samples.now.adding(seconds: 120) },
        PlanCase(
            "refunded before its payment is booked, with credit notes of our own: the payment comes first",
            Samples.refunded(), ["post payment 1250.00 NOK applied 1250.00 for inpay_1", "find credits"]
        ) {
            $0.policy.posting.refunds = .ownCreditNote
            unbook(&$0)
        },
        PlanCase(
            "the same with a person's credit note at hand", Samples.refunded(),
            ["post payment 1250.00 NOK applied 1250.00 for inpay_1"]
        ) {
            $0.credits = .init(creditNotes: [Samples.creditNote()], refundDocuments: [])
            unbook(&$0)
        },
        PlanCase(
            "refunded in part of what came too much, then all lost in a dispute: no credit note for it",
            Samples.refunded(Samples.refund(Samples.kroner(400))), ["review refund", "look again in 21600 s"]
        ) {
            $0.policy.posting.refunds = .ownCreditNote
            $0.policy.posting.disputes = .post
            $0.credits = .init(creditNotes: [], refundDocuments: [])
            $0.collection?.charges[0].amount = Samples.kroner(1500)
            $0.collection?.amountOverpaid = Samples.kroner(250)
            $0.collection?.disputes = [Samples.dispute("lost")]
            $0.collection?.disputes[0].amount = Samples.kroner(1500)
            $0.bookings[0].amount = Samples.kroner(1500)
            $0.bookings[0].state = .voided
            $0.bookings[0].voidedFor = .dispute
            $0.receivable?.applications = [Samples.application(voided: true)]
            $0.receivable?.balance = Samples.kroner(1250)
        },
        PlanCase(
            "credited by a person in Visma and in Stripe, and paid: no third credit", creditedInBoth(),
            ["post payment 1000.00 NOK applied 1000.00 for inpay_1"]
        ) { _ in },
        PlanCase(
            "credited in Stripe alone, and paid: the credit note takes its part", creditedInBoth(),
            [
                "post credit note 250.00 NOK for cn_1", "post payment 1000.00 NOK applied 1000.00 for inpay_1",
            ]
        ) {
            $0.receivable?.applications = []
            $0.receivable?.balance = Samples.kroner(1250)
        },
    ]

    /// What was decided on what is not so any more, or waits for a person.
    static let changed: [PlanCase] = [
        PlanCase(
            "refused as the document was settled meanwhile: once more with what is open now", Samples.paid(),
            ["post payment 1250.00 NOK applied 0.00 for inpay_1"]
        ) { paidAtBank(&$0, attempts: 1) },
        PlanCase("refused again: a review", Samples.paid(), ["review effect_refused"]) {
            paidAtBank(&$0, attempts: 2)
        },
        PlanCase(
            "lost in a dispute while the payment is on hold: a review", Samples.settled(),
            ["review dispute_closed", "link collecting"]
        ) {
            $0.policy.posting.booking = .hold
            $0.policy.posting.disputes = .post
            $0.collection?.disputes = [Samples.dispute("lost")]
            $0.bookings[0].state = .held
            $0.posted = [Samples.posted(.payment, "P1", status: "Hold")]
            $0.receivable?.applications = []
            $0.receivable?.balance = Samples.kroner(1250)
            $0.receivable?.status = "Open"
        },
        PlanCase(
            "the credit note names another document of the same payment: the refund is on it", Samples.refunded(),
            ["post refund 1250.00 NOK on CreditNote:C1 for re_1"]
        ) {
            $0.sharers = [Samples.intent: [DocumentRef(type: .invoice, number: "000225")]]
            $0.credits = .init(
                creditNotes: [Samples.creditNote(names: "Credit of invoice 000225")], refundDocuments: [])
        },
        PlanCase(
            "Visma refuses to stop the reminders: a review", Samples.collecting(), ["review record_refused"]
        ) {
            $0.policy.writesInvoiceRecord = false
            $0.receivable?.etag = "\"1\""
            $0.collection?.disputes = [Samples.dispute("needs_response")]
            $0.effects = [Samples.effect(Step.setDunning, cause: "stop", .failed, failure: "closed for edits")]
        },
        PlanCase(
            "paid at the bank, and the record to be written: Stripe is told first", Samples.collecting(),
            ["pay out of band for Payment:B1=125000", "write record by note"]
        ) {
            $0.receivable?.note = nil
            $0.receivable?.applications = [Samples.application("B1")]
            $0.receivable?.balance = Samples.kroner(0)
            $0.receivable?.status = "Closed"
        },
    ]

    /// A person has credited it in Visma.
    static let onHold: [PlanCase] = [
        PlanCase(
            "credited in Visma while the fee of an earlier payment is on hold: Stripe is told", partlyPaid(),
            ["credit 250.00 NOK for CreditNote:C9=25000"]
        ) {
            $0.bookings.append(
                Samples.booking(.held, of: "txn_1", .cashEntry, number: "E1", amount: Samples.kroner(20)))
            $0.posted = [Samples.posted(.cashEntry, "E1", Samples.kroner(20), status: "Hold")]
        },
        PlanCase(
            "credited in Visma while a payment of ours is on hold: later", partlyPaid(), ["look again in 3600 s"]
        ) {
            $0.bookings[0].state = .held
            $0.posted = [Samples.posted(.payment, "P1", Samples.kroner(500), status: "Hold")]
            $0.receivable?.applications = [Samples.application("CreditNote", "C9", Samples.kroner(250))]
            $0.receivable?.balance = Samples.kroner(1000)
        },
    ]

    private static func partlyPaid() -> Situation {
        var situation = Samples.collecting()
        situation.policy.writesInvoiceRecord = false
        situation.policy.posting.booking = .hold
        situation.bookings = [Samples.booking(.booked, amount: Samples.kroner(500))]
        situation.receivable?.balance = Samples.kroner(500)
        situation.receivable?.applications = [
            Samples.application("P1", Samples.kroner(500)),
            Samples.application("CreditNote", "C9", Samples.kroner(250)),
        ]
        situation.collection?.payments = [Samples.payment("inpay_1", Samples.kroner(500))]
        situation.collection?.amountPaid = Samples.kroner(500)
        situation.collection?.amountRemaining = Samples.kroner(750)
        return situation
    }

    private static func paidAtBank(_ situation: inout Situation, attempts: Int) {
        situation.policy.writesInvoiceRecord = false
        situation.receivable?.applications = [Samples.application("B1")]
        situation.receivable?.balance = Samples.kroner(0)
        situation.receivable?.status = "Closed"
        situation.effects = (1...attempts).map {
            Samples.effect(
                Step.createPayment, cause: "inpay_1", .failed, attempt: $0, failure: "visma.http_400: closed")
        }
    }

    private static func second() -> Domain.Collection.Payment {
        var second = Samples.payment("inpay_2")
        second.paidAt = Samples.now.adding(seconds: 60)
        return second
    }

    /// Two payments of all of it, neither booked.
    private static func twice() -> Situation {
        var situation = Samples.paid()
        situation.policy.writesInvoiceRecord = false
        situation.collection?.payments.append(second())
        situation.collection?.charges = [Samples.charge(), secondCharge()]
        return situation
    }

    private static func secondCharge() -> Domain.Collection.Charge {
        var charge = Samples.charge()
        charge.id = ChargeID("ch_2")
        charge.intent = PaymentIntentID("pi_of_inpay_2")
        return charge
    }

    /// The first is booked and refunded in full, which voids it by policy; the second comes after.
    private static func voiding() -> Situation {
        var situation = Samples.refunded()
        situation.policy.posting.refunds = .void
        situation.collection?.payments.append(second())
        situation.collection?.charges.append(secondCharge())
        situation.collection?.amountPaid = Samples.kroner(1250)
        situation.posted = [Samples.posted(.payment, "P1", status: "Closed")]
        return situation
    }

    private static func unbook(_ situation: inout Situation) {
        situation.bookings = []
        situation.receivable?.applications = []
        situation.receivable?.balance = Samples.kroner(1250)
        situation.receivable?.status = "Open"
    }

    private static func creditedInBoth() -> Situation {
        var situation = Samples.paid()
        situation.policy.writesInvoiceRecord = false
        situation.policy.posting.stripeCredits = .creditNote
        situation.receivable?.lines[0].account = "3000"
        situation.receivable?.applications = [Samples.application("CreditNote", "C9", Samples.kroner(250))]
        situation.receivable?.balance = Samples.kroner(1000)
        situation.collection?.amountPaid = Samples.kroner(1000)
        situation.collection?.amountCredited = Samples.kroner(250)
        situation.collection?.payments = [Samples.payment("inpay_1", Samples.kroner(1000))]
        situation.collection?.charges = [Samples.charge(amount: Samples.kroner(1000))]
        situation.collection?.creditNotes = [
            .init(id: "cn_1", number: nil, amount: Samples.kroner(250), status: "issued", metadata: [:])
        ]
        return situation
    }
}
