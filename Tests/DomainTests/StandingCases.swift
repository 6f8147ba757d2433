@testable import Domain

enum StandingCases {
    static let finalized: [PlanCase] = [
        PlanCase("an open unpaid invoice with its record written: nothing to do", Samples.collecting(), []),
        PlanCase(
            "Visma has voided a payment as we asked: noted, and what is open again by it is no change to review",
            Samples.booked(), ["mark inpay_1 voided"]
        ) {
            $0.bookings[0].state = .voiding
            $0.bookings[0].voidedFor = .undo
            $0.receivable?.applications = [Samples.application(voided: true)]
            $0.receivable?.balance = Samples.kroner(1250)
            $0.receivable?.status = "Open"
        },
        PlanCase(
            "just finalized: the payment link goes on to the invoice, and it is being collected",
            Samples.collecting(), ["write record by note", "link collecting"]
        ) {
            $0.link = Samples.link(.drafted)
            $0.receivable?.note = nil
        },
        PlanCase(
            "finalized with another amount due: a review and void, and no link gets out", Samples.collecting(),
            ["review total_mismatch", "void"]
        ) {
            $0.link = Samples.link(.drafted)
            $0.receivable?.note = nil
            $0.collection?.amountDue = Samples.kroner(1200)
        },
        PlanCase(
            "a voiding that Stripe refused is not tried again", Samples.collecting(),
            ["review total_mismatch", "review effect_refused"]
        ) {
            $0.link = Samples.link(.drafted)
            $0.collection?.amountDue = Samples.kroner(1200)
            $0.effects = [Samples.effect(Step.voidInvoice, cause: "any", .failed)]
        },
        PlanCase(
            "a wrong amount with money on it is not voided", Samples.collecting(),
            ["post payment 500.00 NOK applied 500.00 for inpay_1", "link collecting"]
        ) {
            $0.link = Samples.link(.drafted)
            $0.collection?.amountDue = Samples.kroner(1200)
            $0.collection?.amountRemaining = Samples.kroner(700)
            $0.collection?.payments = [Samples.payment("inpay_1", Samples.kroner(500))]
        },
        PlanCase(
            "voided by us as the amounts did not agree", Samples.collecting(),
            ["review total_mismatch", "link stopped"]
        ) {
            $0.collection?.status = "void"
            $0.effects = [Samples.effect(Step.voidInvoice, cause: "any", .done)]
        },
        PlanCase("voided by a person", Samples.collecting(), ["review changed_in_stripe"]) {
            $0.collection?.status = "void"
        },
        PlanCase(
            "voided by a person after we had voided a former push", Samples.collecting(),
            ["review changed_in_stripe"]
        ) {
            $0.link = Samples.link(.collecting, revision: 2)
            $0.collection?.status = "void"
            $0.effects = [Samples.effect(Step.voidInvoice, cause: "any", .done, revision: 1)]
        },
        PlanCase("marked uncollectible by a person", Samples.collecting(), ["review changed_in_stripe"]) {
            $0.collection?.status = "uncollectible"
        },
        PlanCase(
            "paid, then voided in a way nobody knows: booked and a review", Samples.paid(),
            ["post payment 1250.00 NOK applied 1250.00 for inpay_1", "review changed_in_stripe"]
        ) {
            $0.collection?.status = "evaporated"
        },
        PlanCase("Stripe does not have our invoice any more", Samples.collecting(), ["review changed_in_stripe"]) {
            $0.collection = nil
        },
        PlanCase(
            "Visma does not have the document any more", Samples.collecting(),
            ["review changed_after_push", "look again in 3600 s"]
        ) { $0.receivable = nil },
        PlanCase(
            "a credit note with our payment's number is not our payment", Samples.paid(), ["release payment P1"]
        ) {
            $0.bookings = [Samples.booking(.created)]
            $0.receivable?.applications = [
                .init(
                    documentType: "CreditNote", number: "P1", amount: Samples.kroner(100), isReleased: true,
                    isVoided: false, paymentReference: nil)
            ]
        },
        PlanCase("amounts differ without a payment between them", Samples.collecting(), ["review changed_after_push"]) {
            $0.receivable?.balance = Samples.kroner(1000)
        },
        PlanCase("nothing is open in Visma, and nothing says why", Samples.collecting(), ["review changed_after_push"])
        {
            $0.receivable?.status = "Closed"
            $0.receivable?.balance = Samples.kroner(0)
        },
    ]

    static let payments: [PlanCase] = [
        PlanCase("paid: booked", Samples.paid(), ["post payment 1250.00 NOK applied 1250.00 for inpay_1"]),
        PlanCase("an open or canceled payment is not booked", Samples.collecting(), []) {
            $0.collection?.payments = [
                Samples.payment("inpay_1", status: "open"), Samples.payment("inpay_2", status: "canceled"),
            ]
        },
        PlanCase("a payment in an unknown state is a review", Samples.collecting(), ["review unreadable"]) {
            $0.collection?.payments = [Samples.payment(status: "floating")]
        },
        PlanCase("booked, not released: released", Samples.paid(), ["release payment P1"]) {
            $0.bookings = [Samples.booking(.created)]
        },
        PlanCase("the policy holds payments: held, not released", Samples.paid(), ["mark inpay_1 held"]) {
            $0.bookings = [Samples.booking(.created)]
            $0.policy.posting.booking = .hold
        },
        PlanCase("a held payment waits for a person", Samples.paid(), []) { $0.bookings = [Samples.booking(.held)] },
        PlanCase("a held payment that a person deleted is a review", Samples.paid(), ["review booking_changed"]) {
            $0.bookings = [Samples.booking(.held)]
            $0.posted = $0.bookings.map(PostedDocument.gone)
        },
        PlanCase(
            "a held payment that takes more than is open by now is a review", Samples.paid(),
            ["review changed_after_push"]
        ) {
            $0.bookings = [Samples.booking(.held)]
            $0.receivable?.balance = Samples.kroner(1000)
        },
        PlanCase("one that was deleted before its release is a review", Samples.paid(), ["review booking_changed"]) {
            $0.bookings = [Samples.booking(.created)]
            $0.posted = $0.bookings.map(PostedDocument.gone)
        },
        PlanCase("a held payment that a person released is booked", Samples.booked(), ["mark inpay_1 booked"]) {
            $0.bookings = [Samples.booking(.held)]
        },
        PlanCase("release refused: a review, not sent again", Samples.paid(), ["review effect_refused"]) {
            $0.bookings = [Samples.booking(.created)]
            $0.effects = [Samples.effect(Step.releasePayment, cause: "inpay_1", .failed)]
        },
        PlanCase("release queued: looked at again", Samples.paid(), ["look again in 5 s"]) {
            $0.bookings = [Samples.booking(.releasing)]
        },
        PlanCase("release queued for ten minutes: looked at less often", Samples.paid(), ["look again in 600 s"]) {
            $0.bookings = [Samples.booking(.releasing)]
            $0.effects = [released(secondsAgo: 600)]
        },
        PlanCase(
            "release queued for two hours: a review, and still looked at", Samples.paid(),
            ["review effect_refused", "look again in 3600 s"]
        ) {
            $0.bookings = [Samples.booking(.releasing)]
            $0.effects = [released(secondsAgo: 7200)]
        },
        PlanCase("released, read back from the payment", Samples.paid(), ["mark inpay_1 booked"]) {
            $0.bookings = [Samples.booking(.releasing)]
            $0.posted = [Samples.vismaPayment("Closed").posted]
        },
        PlanCase("balanced is not released", Samples.paid(), ["look again in 5 s"]) {
            $0.bookings = [Samples.booking(.releasing)]
            $0.posted = [Samples.vismaPayment("Balanced").posted]
        },
        PlanCase("released, read back from the invoice", Samples.booked(), ["mark inpay_1 booked"]) {
            $0.bookings = [Samples.booking(.releasing)]
        },
        PlanCase("booked and equal: settled", Samples.booked(), ["link settled"]),
        PlanCase("settled: nothing to do", Samples.booked(), []) { $0.link = Samples.link(.settled) },
        PlanCase("no cash account for the currency: a review", Samples.paid(), ["review cash_account_missing"]) {
            $0.policy.posting.cashAccounts = ["SEK": "1513"]
        },
        PlanCase("paid in another currency: a review", Samples.paid(), ["review amounts_disagree"]) {
            $0.collection?.payments = [Samples.payment("inpay_1", Money(minorUnits: 100, currency: .eur))]
        },
        PlanCase("a payment that Visma refused: a review, not sent again", Samples.paid(), ["review effect_refused"]) {
            $0.effects = [Samples.effect(Step.createPayment, cause: "inpay_1", .failed)]
        },
        PlanCase("paid outside Stripe: a review", Samples.paid(), ["review paid_outside_stripe"]) {
            $0.collection?.payments[0].source = .outsideStripe("prec_1")
            $0.receivable?.balance = Samples.kroner(1250)
        },
        PlanCase(
            "a booking voided in Visma: marked, and a review", Samples.paid(),
            ["mark inpay_1 voided", "review booking_changed"]
        ) {
            $0.bookings = [Samples.booking(.booked)]
            $0.receivable?.applications = [Samples.application(voided: true)]
        },
        PlanCase(
            "a queued booking voided in Visma: marked, and a review", Samples.paid(),
            ["mark inpay_1 voided", "review booking_changed"]
        ) {
            $0.bookings = [Samples.booking(.releasing)]
            $0.posted = [Samples.vismaPayment("Voided").posted]
        },
        PlanCase(
            "a voided booking is never booked again", Samples.paid(),
            ["review booking_changed"]
        ) { $0.bookings = [Samples.booking(.voided)] },
    ]

    static let several: [PlanCase] = [
        PlanCase(
            "two payments, neither booked: the earlier first", Samples.paid(),
            [
                "post payment 1000.00 NOK applied 1000.00 for inpay_2",
                "post payment 250.00 NOK applied 250.00 for inpay_1",
            ]
        ) {
            $0.collection?.payments = [
                Samples.payment("inpay_1", Samples.kroner(250)), Samples.payment("inpay_2", Samples.kroner(1000)),
            ]
            $0.collection?.payments[1].paidAt = Samples.now.adding(seconds: -60)
        },
        PlanCase(
            "two payments, one booked: the other is applied to what is left", Samples.paid(),
            ["look again in 5 s", "post payment 250.00 NOK applied 250.00 for inpay_2"]
        ) {
            $0.collection?.payments = [
                Samples.payment("inpay_1", Samples.kroner(1000)), Samples.payment("inpay_2", Samples.kroner(250)),
            ]
            $0.bookings = [Samples.booking(.releasing, amount: Samples.kroner(1000))]
        },
        PlanCase(
            "overpaid: what is open is applied", Samples.paid(),
            ["post payment 1300.00 NOK applied 1250.00 for inpay_1"]
        ) {
            $0.collection?.payments = [Samples.payment("inpay_1", Samples.kroner(1300))]
        },
        PlanCase("overpaid and booked: a review about the rest", Samples.booked(), ["review overpaid", "link settled"])
        {
            $0.bookings = [Samples.booking(.booked, amount: Samples.kroner(1300), applied: Samples.kroner(1250))]
        },
        PlanCase(
            "paid when Visma is closed already: booked unapplied", Samples.paid(),
            ["post payment 1250.00 NOK applied 0.00 for inpay_1"]
        ) {
            $0.receivable?.status = "Closed"
            $0.receivable?.balance = Samples.kroner(0)
        },
        PlanCase("paid on both sides and booked: a review", Samples.booked(), ["review paid_twice", "link settled"]) {
            $0.bookings = [Samples.booking(.booked, applied: Samples.kroner(0))]
        },
        PlanCase(
            "an overpaid booking that was voided says nothing about a rest", Samples.paid(),
            ["review booking_changed"]
        ) {
            $0.bookings = [Samples.booking(.voided, amount: Samples.kroner(1300), applied: Samples.kroner(1250))]
        },
        PlanCase(
            "paid in part: booked, and still collected", Samples.collecting(),
            ["post payment 500.00 NOK applied 500.00 for inpay_1"]
        ) {
            $0.collection?.amountRemaining = Samples.kroner(750)
            $0.collection?.payments = [Samples.payment("inpay_1", Samples.kroner(500))]
        },
    ]

    static let incidents: [PlanCase] = [
        PlanCase("a failed charge goes on to the invoice by note", Samples.collecting(), ["write record by note"]) {
            $0.collection?.charges = [Samples.failedCharge()]
        },
        PlanCase("Stripe gives another payment link: the one that was written lately leads there too", relinked(), []) {
            _ in
        },
        PlanCase("the link was written long ago: the new one", relinked(), ["write record by note"]) {
            $0.effects[0].sentAt = Samples.now.adding(seconds: -26 * 86_400)
        },
        PlanCase("pushed again: the link of the new invoice", relinked(), ["write record by note"]) {
            $0.link?.revision = 2
        },
        PlanCase("notes are refused here: by attachment", Samples.collecting(), ["write record by attachment"]) {
            $0.collection?.charges = [Samples.failedCharge()]
            $0.recordAbility = .attachment
        },
        PlanCase("the attachment is there: nothing to do", Samples.collecting(), []) {
            $0.recordAbility = .attachment
            $0.collection?.charges = [Samples.failedCharge()]
            if let collection = $0.collection,
                let block = InvoiceRecord.desired(for: collection, policy: $0.policy)
            {
                $0.receivable?.attachmentNames = [InvoiceRecord.fileName(for: block, of: collection)]
            }
        },
        PlanCase("neither is accepted here: a review", Samples.collecting(), ["review record_refused"]) {
            $0.collection?.charges = [Samples.failedCharge()]
            $0.recordAbility = .none
        },
        PlanCase("a payment link alone is not worth a review", Samples.collecting(), []) { $0.recordAbility = .none },
        PlanCase("the policy writes no record", Samples.collecting(), []) {
            $0.policy.writesInvoiceRecord = false
            $0.collection?.charges = [Samples.failedCharge()]
        },
        PlanCase("a dispute is opened: on to the invoice", disputed("needs_response"), ["write record by note"]),
        PlanCase(
            "an inquiry is opened: on to the invoice", disputed("warning_needs_response"), ["write record by note"]),
        PlanCase("a dispute is lost: a review", disputed("lost"), ["review dispute_closed", "write record by note"]),
        PlanCase("a dispute is won: on to the invoice", disputed("won"), ["write record by note"]),
        PlanCase(
            "a dispute in a status that nobody knows: a review", disputed("teleported"),
            ["review dispute_closed", "write record by note"]),
    ]

    private static func relinked() -> Situation {
        var situation = Samples.collecting()
        let key = InvoiceRecord.contentKey(InvoiceRecord.block(in: situation.receivable?.note) ?? "")
        situation.effects = [
            Samples.effect(Step.writeNote, cause: key, .done, sentAt: Samples.now.adding(seconds: -86_400))
        ]
        situation.collection?.hostedURL = "https://invoice.stripe.test/i/2"
        return situation
    }

    private static func disputed(_ status: String) -> Situation {
        var situation = Samples.booked()
        situation.link = Samples.link(.settled)
        situation.collection?.charges = [Samples.paidCharge()]
        situation.collection?.disputes = [Samples.dispute(status)]
        return situation
    }

    private static func released(secondsAgo: Int64) -> Effect {
        Samples.effect(
            Step.releasePayment, cause: "inpay_1", .done, sentAt: Samples.now.adding(seconds: -secondsAgo))
    }
}
