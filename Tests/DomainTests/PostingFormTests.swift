import Testing

@testable import Domain

/// What the company's booking mode and dates make of each kind of posting.
@Suite("The form of a posting")
struct PostingFormTests {
    enum Kind: CaseIterable {
        case payment, refund, creditNote, dispute, fee, payoutFee, payout, exchange

        var step: String {
            switch self {
            case .payment: Step.createPayment
            case .refund: Step.createRefund
            case .creditNote: Step.createCreditNote
            case .dispute, .fee, .payoutFee: Step.createCashEntry
            case .payout, .exchange: Step.createJournalEntry
            }
        }

        var cause: String {
            switch self {
            case .payment: "inpay_1"
            case .refund: "re_1"
            case .creditNote: "re_1:credit"
            case .dispute: "dp_1"
            case .fee: "txn_1"
            case .payoutFee: "txn_2"
            case .payout: "po_1"
            case .exchange: "po_1:EUR"
            }
        }

        /// The fact is three days old.
        func posting(_ change: (inout PostingPolicy) -> Void, refused: Bool = false) -> Posting? {
            let effects = refused ? [Samples.effect(step, cause: cause, .failed, failure: "visma.period_closed")] : []
            let openDays = [PostingFormTests.factDay: PostingFormTests.openDay]
            let actions: [Action]
            if [.payout, .payoutFee, .exchange].contains(self) {
                var situation = PayoutCase.paid()
                if self == .exchange { PayoutCase.exchange(&situation) }
                situation.policy.posting.payouts = .journal
                situation.policy.posting.fees = .post
                change(&situation.policy.posting)
                situation.now = situation.now.adding(seconds: 3 * 86_400)
                (situation.effects, situation.openDays) = (effects, openDays)
                actions = PayoutPlan.actions(for: situation)
            } else {
                var situation = situation()
                change(&situation.policy.posting)
                situation.now = situation.now.adding(seconds: 3 * 86_400)
                (situation.effects, situation.openDays) = (effects, openDays)
                actions = Plan.actions(for: situation)
            }
            return actions.compactMap { action in
                if case .post(let posting, cause) = action { posting } else { nil }
            }.first
        }

        private func situation() -> Situation {
            switch self {
            case .payment, .payout, .payoutFee, .exchange: return Samples.paid()
            case .refund:
                var situation = Samples.refunded()
                situation.credits = .init(creditNotes: [Samples.creditNote()], refundDocuments: [])
                return situation
            case .creditNote:
                var situation = Samples.refunded()
                situation.policy.posting.refunds = .ownCreditNote
                situation.receivable?.lines[0].account = "3000"
                return situation
            case .dispute:
                var situation = Samples.settled()
                situation.collection?.disputes = [Samples.dispute("lost")]
                situation.collection?.disputes[0].amount = Samples.kroner(400)
                situation.policy.posting.disputes = .post
                situation.policy.posting.disputeEntryType = "LOST"
                return situation
            case .fee:
                var situation = Samples.settled()
                situation.collection?.charges = [Samples.charge(Samples.movement())]
                situation.policy.posting.fees = .post
                situation.policy.posting.feeEntryType = "FEE"
                return situation
            }
        }
    }

    static let factDay = Samples.date("2026-11-22")
    static let openDay = Samples.date("2026-12-01")

    private func isOnHold(_ posting: Posting) -> Bool {
        switch posting {
        case .payment(let draft), .refund(let draft): draft.isOnHold
        case .creditNote(let draft): draft.isOnHold
        case .cashEntry(let draft): draft.isOnHold
        case .journalEntry(let draft): draft.isOnHold
        }
    }

    private func text(_ posting: Posting) -> String? {
        switch posting {
        case .payment(let draft), .refund(let draft): draft.text
        case .creditNote(let draft): draft.text
        case .cashEntry(let draft): draft.text
        case .journalEntry(let draft): draft.text
        }
    }

    @Test("By 'booking: hold' everything is made on hold, by 'release' nothing", arguments: Kind.allCases)
    func hold(_ kind: Kind) throws {
        #expect(isOnHold(try #require(kind.posting { $0.booking = .hold })))
        #expect(!isOnHold(try #require(kind.posting { $0.booking = .release })))
    }

    @Test("By 'booking_date: paid' the day is the fact's, by 'booked' today", arguments: Kind.allCases)
    func date(_ kind: Kind) throws {
        #expect(try #require(kind.posting { $0.bookingDate = .paid }).date == Self.factDay)
        #expect(try #require(kind.posting { $0.bookingDate = .booked }).date == Self.factDay.adding(days: 3))
    }

    @Test("By 'next_open_period' it goes there and says of which day it is", arguments: Kind.allCases)
    func nextOpenPeriod(_ kind: Kind) throws {
        let posting = try #require(
            kind.posting({ ($0.closedPeriod, $0.bookingDate) = (.nextOpenPeriod, .paid) }, refused: true))
        #expect(posting.date == Self.openDay)
        #expect(text(posting)?.contains("2026-11-22") == true)
        #expect(kind.posting({ ($0.closedPeriod, $0.bookingDate) = (.review, .paid) }, refused: true) == nil)
        let onTime = try #require(kind.posting { $0.bookingDate = .paid })
        #expect(text(onTime)?.contains("2026-11-22") == false)
    }

    @Test("What several reviews of one code say stands in one")
    func reviews() {
        var situation = Samples.settled()
        situation.collection?.disputes = [Samples.dispute("lost"), Samples.dispute("lost", id: "dp_2")]
        let reviews = situation.plan.compactMap { if case .review(let review) = $0 { review } else { nil } }
        #expect(reviews.map(\.code) == [.disputeClosed])
        #expect(reviews.first?.found.contains("dp_1") == true && reviews.first?.found.contains("dp_2") == true)
    }
}
