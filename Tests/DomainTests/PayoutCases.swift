import Testing

@testable import Domain

/// One payout and what the plan must say of it, in the words of `sketch`.
struct PayoutCase: Sendable, CustomTestStringConvertible {
    let name: String
    let situation: PayoutSituation
    let expected: [String]
    var testDescription: String { name }

    init(_ name: String, _ expected: [String], change: (inout PayoutSituation) -> Void = { _ in }) {
        self.name = name
        self.expected = expected
        var situation = Self.paid()
        change(&situation)
        self.situation = situation
    }

    /// A payout with a fee that belongs to no charge.
    static func paid() -> PayoutSituation {
        var situation = PayoutSituation(
            id: PayoutID("po_1"), payout: payout, policy: Samples.policy(), now: Samples.now)
        situation.policy.posting.bankLedgerAccounts = ["NOK": "1920"]
        situation.policy.posting.clearingLedgerAccounts = ["NOK": "1512"]
        situation.policy.posting.feeEntryType = "FEE"
        return situation
    }

    private static let payout = Payout(
        id: PayoutID("po_1"), amount: Samples.kroner(1130), status: "paid", arrivesOn: Samples.now, isAutomatic: true,
        failure: nil,
        movements: [
            Samples.movement(), Samples.movement("txn_2", Samples.kroner(-100), fee: Samples.kroner(0), source: nil),
        ])

    static let all: [PayoutCase] = [
        PayoutCase("the policy reports payouts: nothing is posted", []),
        PayoutCase("a payout that Stripe does not know: nothing", []) { $0.payout = nil },
        PayoutCase("a journal from clearing to bank", ["post journal of 2 lines for po_1"]) { journal(&$0) },
        PayoutCase("what it is made of is not known yet: a look later", ["look again in 3600 s"]) {
            journal(&$0)
            $0.payout?.isReconciling = true
        },
        PayoutCase("not there yet: nothing is posted", []) {
            journal(&$0)
            $0.payout?.status = "in_transit"
        },
        PayoutCase("failed before it was booked: nothing is posted", []) {
            journal(&$0)
            $0.payout?.status = "failed"
        },
        PayoutCase("of nothing: nothing is posted", []) {
            journal(&$0)
            $0.payout?.amount = Samples.kroner(0)
        },
        PayoutCase("no ledger accounts for the currency: a review", ["review payout_unbooked"]) {
            journal(&$0)
            $0.policy.posting.bankLedgerAccounts = [:]
        },
        PayoutCase("the journal is released", ["release journal_entry J1"]) { booked(&$0, .created) },
        PayoutCase("released: nothing more", []) { booked(&$0, .booked) },
        PayoutCase("failed after it was booked: a review", ["review payout_unbooked"]) {
            booked(&$0, .booked)
            $0.payout?.status = "failed"
        },
        PayoutCase("an undo of a journal: a review, as Visma has no way back", ["review effect_refused"]) {
            booked(&$0, .booked)
            $0.requests = [Samples.undo("po_1")]
        },
        PayoutCase("the journal's period is closed: a review", ["review period_closed"]) { closed(&$0) },
        PayoutCase(
            "the journal's period is closed, by policy: the next open one is looked for",
            ["find open period from 2026-11-22"]
        ) {
            closed(&$0)
            $0.policy.posting.closedPeriod = .nextOpenPeriod
        },
        PayoutCase("a fee without a source: a cash entry", ["post cash entry 100.00 NOK FEE for txn_2"]) {
            $0.policy.posting.fees = .post
        },
        PayoutCase("a fee without an entry type: a review", ["review fee_unbooked"]) {
            $0.policy.posting.fees = .post
            $0.policy.posting.feeEntryType = nil
        },
        PayoutCase("a fee without a cash account: a review", ["review cash_account_missing"]) {
            $0.policy.posting.fees = .post
            $0.policy.posting.cashAccounts = [:]
        },
        PayoutCase("a refused fee that a person asks for again", ["post cash entry 100.00 NOK FEE for txn_2"]) {
            $0.policy.posting.fees = .post
            $0.effects = [Samples.effect(Step.createCashEntry, cause: "txn_2", .failed)]
            $0.forgivesBefore = $0.now.adding(seconds: 1)
        },
    ]

    static func journal(_ situation: inout PayoutSituation) { situation.policy.posting.payouts = .journal }

    private static func booked(_ situation: inout PayoutSituation, _ state: Booking.State) {
        journal(&situation)
        situation.bookings = [booking("po_1", "J1", state, Samples.kroner(1130))]
    }

    static func booking(_ cause: String, _ number: String, _ state: Booking.State, _ amount: Money) -> Booking {
        Booking(
            subject: .payout(PayoutID("po_1")), cause: cause, kind: .journalEntry, state: state, amount: amount,
            applied: amount, number: VismaNumber(number), reference: cause)
    }

    private static func closed(_ situation: inout PayoutSituation) {
        journal(&situation)
        situation.effects = [
            Samples.effect(Step.createJournalEntry, cause: "po_1", .failed, failure: "visma.period_closed")
        ]
    }
}
