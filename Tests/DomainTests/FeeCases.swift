@testable import Domain

enum FeeCases {
    static let all: [PlanCase] = [
        PlanCase(
            "known in time: on the payment", paid(), ["post payment 1250.00 NOK applied 1250.00 less 20.00 for inpay_1"]
        ),
        PlanCase("the policy books no fees", paid(), ["post payment 1250.00 NOK applied 1250.00 for inpay_1"]) {
            $0.policy.posting.fees = .none
        },
        PlanCase(
            "settled in another currency: not on the payment", paid(Samples.movement(fee: euro)),
            ["post payment 1250.00 NOK applied 1250.00 for inpay_1"]),
        PlanCase(
            "not known yet: not on the payment", paid(nil), ["post payment 1250.00 NOK applied 1250.00 for inpay_1"]),
        PlanCase(
            "a payment of several invoices: not on the payment", paid(),
            ["post payment 1250.00 NOK applied 1250.00 for inpay_1"]
        ) { shared(&$0, "000225") },
        PlanCase("no entry type: not on the payment", paid(), ["post payment 1250.00 NOK applied 1250.00 for inpay_1"])
        { $0.policy.posting.feeEntryType = nil },
        PlanCase("known after the payment: a cash entry", booked(), ["post cash entry 20.00 NOK FEE for txn_1"]),
        PlanCase(
            "in another currency: a cash entry on that currency's account", booked(Samples.movement(fee: euro)),
            ["post cash entry 2.00 EUR FEE for txn_1"]),
        PlanCase(
            "in another currency without an account: a review", booked(Samples.movement(fee: euro)),
            ["review cash_account_missing"]
        ) { $0.policy.posting.cashAccounts = ["NOK": "1512"] },
        PlanCase("without an entry type: a review", booked(), ["review fee_unbooked"]) {
            $0.policy.posting.feeEntryType = nil
        },
        PlanCase("still not known: asked again in an hour", booked(nil), ["look again in 3600 s"]),
        PlanCase("no fee at all: nothing", booked(Samples.movement(fee: Samples.kroner(0))), []),
        PlanCase("on the payment: nothing more", booked(), []) { $0.bookings[0].fee = Samples.kroner(20) },
        PlanCase(
            "the payment with the fee was voided by a person: the fee is booked by itself", booked(),
            ["review booking_changed", "post cash entry 20.00 NOK FEE for txn_1", "link collecting"]
        ) {
            $0.bookings[0].fee = Samples.kroner(20)
            $0.bookings[0].state = .voided
            $0.receivable?.applications = [Samples.application(voided: true)]
            $0.receivable?.balance = Samples.kroner(1250)
            $0.receivable?.status = "Open"
        },
        PlanCase("booked: its cash entry is released", booked(), ["release cash_entry E1", "link collecting"]) {
            $0.bookings.append(entry(.created, "txn_1"))
        },
        PlanCase("booked and released: nothing more", booked(), []) { $0.bookings.append(entry(.booked, "txn_1")) },
        PlanCase(
            "of a payment of several invoices: a cash entry by the first of them", booked(),
            ["post cash entry 20.00 NOK FEE for txn_1"]
        ) { shared(&$0, "000225") },
        PlanCase("of a payment of several invoices: nothing by the others", booked(), []) { shared(&$0, "000001") },
        PlanCase("a dispute's fee: a cash entry", booked(), ["post cash entry 150.00 NOK FEE for txn_dp"]) {
            disputed(&$0, 150)
        },
        PlanCase(
            "a dispute's fee given back: a cash entry the other way", booked(),
            ["post cash entry -150.00 NOK FEE for txn_dp"]
        ) { disputed(&$0, -150) },
        PlanCase("a failed charge has no fee", booked(), []) { $0.collection?.charges[0].status = "failed" },
    ]

    private static let euro = Money(minorUnits: 200, currency: .eur)

    private static func policy(_ situation: inout Situation) {
        situation.policy.writesInvoiceRecord = false
        situation.policy.posting.fees = .post
        situation.policy.posting.feeEntryType = "FEE"
        situation.policy.posting.cashAccounts = ["NOK": "1512", "EUR": "1513"]
    }

    private static func paid(_ movement: BalanceMovement? = Samples.movement()) -> Situation {
        var situation = Samples.paid()
        situation.collection?.charges = [Samples.charge(movement)]
        policy(&situation)
        return situation
    }

    private static func booked(_ movement: BalanceMovement? = Samples.movement()) -> Situation {
        var situation = Samples.settled()
        situation.collection?.charges = [Samples.charge(movement)]
        policy(&situation)
        return situation
    }

    private static func entry(_ state: Booking.State, _ cause: String) -> Booking {
        var booking = Samples.booking(state, of: cause, .cashEntry, number: "E1", amount: Samples.kroner(20))
        booking.applied = Samples.kroner(0)
        return booking
    }

    private static func shared(_ situation: inout Situation, _ number: String) {
        situation.sharers = [Samples.intent: [DocumentRef(type: .invoice, number: number)]]
    }

    private static func disputed(_ situation: inout Situation, _ fee: Int64) {
        situation.bookings.append(entry(.booked, "txn_1"))
        situation.collection?.disputes = [Samples.dispute("needs_response")]
        situation.collection?.disputes[0].movements = [
            Samples.movement("txn_dp", Samples.kroner(-1250), fee: Samples.kroner(fee), source: "dp_1")
        ]
    }
}
