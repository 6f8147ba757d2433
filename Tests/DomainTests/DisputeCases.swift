@testable import Domain

enum DisputeCases {
    static let dunning: [PlanCase] = [
        PlanCase(
            "a dispute is opened on an open invoice: no reminders meanwhile", open("needs_response"), ["stop dunning"]),
        PlanCase("a dispute under review: no reminders meanwhile", open("under_review"), ["stop dunning"]),
        PlanCase("an inquiry stops no reminders", open("warning_needs_response"), []),
        PlanCase("reminders are stopped already", open("needs_response"), []) {
            $0.receivable?.isDunningStopped = true
        },
        PlanCase("the policy leaves reminders alone", open("needs_response"), []) {
            $0.policy.posting.stopsDunning = false
        },
        PlanCase("won: reminders as before", open("won"), ["resume dunning"]) { stopped(&$0) },
        PlanCase("won, but a person stopped the reminders: they stay stopped", open("won"), []) {
            $0.receivable?.isDunningStopped = true
        },
        PlanCase("one of two is won: still no reminders", open("won"), []) {
            stopped(&$0)
            $0.collection?.disputes.append(Samples.dispute("needs_response", id: "dp_2"))
        },
        PlanCase("a closed invoice has no reminders to stop", closed("needs_response"), []),
        PlanCase(
            "a stop that Visma refused is not sent again: a person is told", open("needs_response"),
            ["review record_refused"]
        ) {
            $0.effects = [Samples.effect(Step.setDunning, cause: "stop", .failed)]
        },
    ]

    static let lost: [PlanCase] = [
        PlanCase("opened: nothing is posted", closed("needs_response"), []),
        PlanCase("an inquiry is closed: nothing is posted", closed("warning_closed"), []),
        PlanCase("prevented: nothing is posted", closed("prevented"), []),
        PlanCase("won: nothing is posted", closed("won"), []),
        PlanCase("lost: a review with the postings proposed", closed("lost"), ["review dispute_closed"]),
        PlanCase(
            "lost, and the company posts it: the payment is voided", closed("lost"), ["void payment P1 for dispute"]
        ) { posts(&$0) },
        PlanCase("lost in part: a cash entry", closed("lost"), ["post cash entry 400.00 NOK LOST for dp_1"]) {
            posts(&$0)
            $0.collection?.disputes[0].amount = Samples.kroner(400)
        },
        PlanCase(
            "lost for more than was charged: a cash entry", closed("lost"),
            ["post cash entry 1300.00 NOK LOST for dp_1"]
        ) {
            posts(&$0)
            $0.collection?.disputes[0].amount = Samples.kroner(1300)
        },
        PlanCase(
            "lost, and the payment carries a fee: a cash entry", closed("lost"),
            ["post cash entry 1250.00 NOK LOST for dp_1"]
        ) {
            posts(&$0)
            $0.bookings[0].fee = Samples.kroner(20)
        },
        PlanCase(
            "two are lost on one charge: cash entries", closed("lost"),
            ["post cash entry 600.00 NOK LOST for dp_1", "post cash entry 650.00 NOK LOST for dp_2"]
        ) {
            posts(&$0)
            $0.collection?.disputes[0].amount = Samples.kroner(600)
            var second = Samples.dispute("lost", id: "dp_2")
            second.amount = Samples.kroner(650)
            $0.collection?.disputes.append(second)
        },
        PlanCase(
            "lost on a payment of several invoices: a cash entry, by the first of them", closed("lost"),
            ["post cash entry 1250.00 NOK LOST for dp_1"]
        ) {
            posts(&$0)
            $0.sharers = [Samples.intent: [DocumentRef(type: .invoice, number: "000225")]]
        },
        PlanCase("lost on a payment of several invoices: nothing by the others", closed("lost"), []) {
            posts(&$0)
            $0.sharers = [Samples.intent: [DocumentRef(type: .invoice, number: "000001")]]
        },
        PlanCase("lost before the payment is released: waited for", closed("lost"), ["look again in 5 s"]) {
            posts(&$0)
            $0.bookings[0].state = .releasing
            $0.receivable?.applications = []
            $0.receivable?.balance = Samples.kroner(1250)
            $0.receivable?.status = "Open"
            $0.link = Samples.link(.collecting)
        },
        PlanCase("lost, no entry type: a review with the postings proposed", closed("lost"), ["review dispute_closed"])
        {
            posts(&$0)
            $0.policy.posting.disputeEntryType = nil
            $0.collection?.disputes[0].amount = Samples.kroner(400)
        },
        PlanCase("lost, no cash account: a review", closed("lost"), ["review cash_account_missing"]) {
            posts(&$0)
            $0.policy.posting.cashAccounts = [:]
            $0.collection?.disputes[0].amount = Samples.kroner(400)
        },
        PlanCase("lost and voided: nothing more", closed("lost"), []) { voided(&$0) },
        PlanCase("lost, and a person voided the payment for that: nothing more", closed("lost"), []) {
            voided(&$0)
            $0.bookings[0].voidedFor = nil
        },
        PlanCase(
            "lost and refunded in full as well: the void of a person stands for the refund, the loss is an entry",
            closed("lost"), ["post cash entry 1250.00 NOK LOST for dp_1"]
        ) {
            voided(&$0)
            $0.bookings[0].voidedFor = nil
            $0.collection?.refunds = [Samples.refund()]
        },
        PlanCase(
            "lost and voided, and another is lost: an entry for that one alone", closed("lost"),
            ["post cash entry 400.00 NOK LOST for dp_2"]
        ) {
            voided(&$0)
            var second = Samples.dispute("lost", id: "dp_2")
            second.amount = Samples.kroner(400)
            $0.collection?.disputes.append(second)
        },
        PlanCase(
            "the cash entry of a lost one is released", closed("lost"), ["release cash_entry E1", "link collecting"]
        ) {
            posts(&$0)
            $0.bookings.append(Samples.booking(.created, of: "dp_1", .cashEntry, number: "E1"))
        },
    ]

    static let undone: [PlanCase] = [
        PlanCase(
            "won after all: the payment is booked again", closed("won"),
            ["post payment 1250.00 NOK applied 1250.00 for inpay_1+2"]
        ) { voided(&$0) },
        PlanCase(
            "booked again: the second booking is settled like the first", closed("won"),
            ["release payment P2", "link collecting"]
        ) {
            voided(&$0)
            $0.bookings.append(Samples.booking(.created, "inpay_1+2", number: "P2"))
        },
        PlanCase(
            "won after all: the cash entry is reversed", closed("won"), ["post cash entry -1250.00 NOK LOST for dp_1+2"]
        ) {
            posts(&$0)
            $0.bookings.append(Samples.booking(.booked, of: "dp_1", .cashEntry, number: "E1"))
        },
        PlanCase("appealed with the money gone: still lost", closed("appeal_under_review"), []) {
            voided(&$0)
            $0.collection?.disputes[0].movements = [withdrawn]
        },
        PlanCase(
            "appealed with the money gone, and nothing booked: booked as lost", closed("appeal_needs_response"),
            ["void payment P1 for dispute"]
        ) {
            posts(&$0)
            $0.collection?.disputes[0].movements = [withdrawn]
        },
        PlanCase("appealed by the bank after it was won: nothing is posted", closed("appeal_under_review"), []) {
            posts(&$0)
            var given = withdrawn
            given.amount = Samples.kroner(1250)
            $0.collection?.disputes[0].movements = [withdrawn, given]
        },
        PlanCase("a state that nobody knows: a review", closed("escalated"), ["review dispute_closed"]),
        PlanCase("a dispute of a charge that is not here is another's", closed("lost"), []) {
            $0.collection?.disputes[0].charge = ChargeID("ch_elsewhere")
        },
    ]

    private static let withdrawn = Samples.movement("txn_dp", Samples.kroner(-1250), fee: Samples.kroner(0))

    private static func closed(_ status: String) -> Situation {
        var situation = Samples.settled()
        situation.collection?.disputes = [Samples.dispute(status)]
        return situation
    }

    /// Paid in part, so that the invoice is still open.
    private static func open(_ status: String) -> Situation {
        var situation = closed(status)
        let part = Samples.kroner(500)
        situation.link = Samples.link(.collecting)
        situation.receivable?.etag = "\"1\""
        situation.receivable?.status = "Open"
        situation.receivable?.balance = Samples.kroner(750)
        situation.receivable?.applications = [Samples.application("P1", part)]
        situation.bookings = [Samples.booking(.booked, amount: part)]
        situation.collection?.status = "open"
        situation.collection?.amountPaid = part
        situation.collection?.amountRemaining = Samples.kroner(750)
        situation.collection?.payments = [Samples.payment("inpay_1", part)]
        situation.collection?.charges = [Samples.charge(amount: part)]
        return situation
    }

    private static func posts(_ situation: inout Situation) {
        situation.policy.posting.disputes = .post
        situation.policy.posting.disputeEntryType = "LOST"
    }

    private static func stopped(_ situation: inout Situation) {
        situation.receivable?.isDunningStopped = true
        situation.effects = [Samples.effect(Step.setDunning, cause: "stop", .done)]
    }

    private static func voided(_ situation: inout Situation) {
        posts(&situation)
        situation.bookings[0].state = .voided
        situation.bookings[0].voidedFor = .dispute
        situation.receivable?.applications = [Samples.application(voided: true)]
        situation.receivable?.balance = Samples.kroner(1250)
        situation.receivable?.status = "Open"
    }
}
