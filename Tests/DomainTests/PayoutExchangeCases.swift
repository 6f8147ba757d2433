import Testing

@testable import Domain

/// Payouts that hold what Stripe exchanged from other currencies. Of the sample payout of 1130.00 NOK, 1250.00 NOK came
/// as 100.00 EUR.
extension PayoutCase {
    static let exchanged: [PayoutCase] =
        [
            PayoutCase(
                "a part was exchanged: its own journal with the exchange account, and one in the other currency",
                ["post journal of 3 lines for po_1", "post journal of 2 lines for po_1:EUR"]
            ) { exchange(&$0) },
            PayoutCase("by the policy that reports: nothing", []) {
                exchange(&$0)
                $0.policy.posting.payouts = .report
            },
            PayoutCase("no exchange account is set: a review", ["review payout_unbooked"]) {
                exchange(&$0)
                $0.policy.posting.exchangeLedgerAccount = nil
            },
            PayoutCase("what was paid is not known: a review", ["review payout_unbooked"]) {
                exchange(&$0)
                $0.payout?.movements[0].original = nil
            },
            PayoutCase("exchanged from its own currency, which cannot be: a review", ["review payout_unbooked"]) {
                exchange(&$0)
                $0.payout?.movements[0].original = Samples.kroner(100)
            },
            PayoutCase("settled in another currency than the payout's: a review", ["review payout_unbooked"]) {
                exchange(&$0)
                $0.payout?.movements[0].amount = euro(10_000)
            },
            PayoutCase("no clearing account for the other currency: a review", ["review payout_unbooked"]) {
                exchange(&$0)
                $0.policy.posting.clearingLedgerAccounts["EUR"] = nil
            },
            PayoutCase(
                "no bank account for the other currency: it is not needed",
                [
                    "post journal of 3 lines for po_1", "post journal of 2 lines for po_1:EUR",
                ]
            ) {
                exchange(&$0)
                $0.policy.posting.bankLedgerAccounts["EUR"] = nil
            },
            PayoutCase(
                "all of it was exchanged and no fee kept: nothing is left for the clearing account",
                ["post journal of 2 lines for po_1", "post journal of 2 lines for po_1:EUR"]
            ) {
                exchange(&$0)
                $0.payout?.amount = Samples.kroner(1250)
            },
            PayoutCase(
                "paid and given back at two rates: the difference is in the payout's journal alone",
                ["post journal of 3 lines for po_1"]
            ) {
                exchange(&$0)
                $0.payout?.movements.append(movement("txn_3", Samples.kroner(-1240), euro(-10_000)))
            },
            PayoutCase(
                "of two other currencies: a journal in each",
                [
                    "post journal of 3 lines for po_1", "post journal of 2 lines for po_1:EUR",
                    "post journal of 2 lines for po_1:JPY",
                ]
            ) {
                exchange(&$0)
                $0.policy.posting.clearingLedgerAccounts["JPY"] = "1514"
                $0.payout?.movements.append(movement("txn_3", Samples.kroner(70), money(1000, "JPY")))
            },
            PayoutCase(
                "a payout that failed had held it: this one pays it, and books the exchange",
                ["post journal of 3 lines for po_1", "post journal of 2 lines for po_1:EUR"]
            ) {
                exchange(&$0)
                $0.payout?.returned = [movement("txn_0", Samples.kroner(1250), euro(10_000))]
                $0.payout?.movements.removeFirst()
            },
        ] + followed

    /// What becomes of the pair.
    private static let followed: [PayoutCase] = [
        PayoutCase("one of the two is made: the other follows", ["release journal_entry J1", second]) {
            exchange(&$0)
            $0.bookings = [booking("po_1", "J1", .created, Samples.kroner(1250))]
        },
        PayoutCase("both are released", ["release journal_entry J1", "release journal_entry J2"]) {
            pair(&$0, .created)
        },
        PayoutCase("both are booked: nothing more", []) { pair(&$0, .booked) },
        PayoutCase("held by policy: a person releases both", ["mark po_1 held", "mark po_1:EUR held"]) {
            pair(&$0, .created)
            $0.policy.posting.booking = .hold
        },
        PayoutCase(
            "failed after they were booked: a review for each",
            ["review payout_unbooked", "review payout_unbooked"]
        ) {
            pair(&$0, .booked)
            $0.payout?.status = "failed"
        },
        PayoutCase("cancelled between the two: the one that stands is a review", ["review payout_unbooked"]) {
            exchange(&$0)
            $0.bookings = [booking("po_1", "J1", .booked, Samples.kroner(1250))]
            $0.payout?.status = "canceled"
        },
        PayoutCase("a person voided the first: the second is not made", ["review booking_changed"]) {
            exchange(&$0)
            $0.bookings = [booking("po_1", "J1", .voided, Samples.kroner(1250))]
        },
        PayoutCase("the first is refused: the second is not tried", ["review effect_refused"]) {
            exchange(&$0)
            refuse(&$0, "po_1", "visma.invalid")
        },
        PayoutCase("the second is refused: a review", ["review effect_refused"]) {
            half(&$0)
            refuse(&$0, "po_1:EUR", "visma.invalid")
        },
        PayoutCase("the second is refused, and a person asks again", [second]) {
            half(&$0)
            refuse(&$0, "po_1:EUR", "visma.invalid")
            $0.forgivesBefore = $0.now.adding(seconds: 1)
        },
        PayoutCase("the second's period is closed: a review", ["review period_closed"]) {
            half(&$0)
            refuse(&$0, "po_1:EUR", "visma.period_closed")
        },
        PayoutCase(
            "the second's period is closed, by policy: the next open one is looked for",
            ["find open period from 2026-11-22"]
        ) {
            half(&$0)
            refuse(&$0, "po_1:EUR", "visma.period_closed")
            $0.policy.posting.closedPeriod = .nextOpenPeriod
        },
        PayoutCase("half of it is booked, and payouts are only reported since: a review", ["review payout_unbooked"]) {
            half(&$0)
            $0.policy.posting.payouts = .report
            $0.policy.posting.exchangeLedgerAccount = nil
        },
        PayoutCase("an undo of one of them: a review, as Visma has no way back", ["review effect_refused"]) {
            pair(&$0, .booked)
            $0.requests = [Samples.undo("po_1:EUR")]
        },
    ]

    private static let second = "post journal of 2 lines for po_1:EUR"

    static func exchange(_ situation: inout PayoutSituation) {
        journal(&situation)
        situation.policy.posting.bankLedgerAccounts["EUR"] = "1922"
        situation.policy.posting.clearingLedgerAccounts["EUR"] = "1513"
        situation.policy.posting.exchangeLedgerAccount = "8060"
        situation.payout?.movements[0].isExchanged = true
        situation.payout?.movements[0].original = euro(10_000)
    }

    static func movement(_ id: String, _ amount: Money, _ original: Money) -> BalanceMovement {
        var movement = Samples.movement(id, amount, fee: Samples.kroner(0), source: "ch_of_\(id)")
        movement.isExchanged = true
        movement.original = original
        return movement
    }

    private static func half(_ situation: inout PayoutSituation) {
        exchange(&situation)
        situation.bookings = [booking("po_1", "J1", .booked, Samples.kroner(1250))]
    }

    private static func pair(_ situation: inout PayoutSituation, _ state: Booking.State) {
        exchange(&situation)
        situation.bookings = [
            booking("po_1", "J1", state, Samples.kroner(1250)), booking("po_1:EUR", "J2", state, euro(10_000)),
        ]
    }

    private static func refuse(_ situation: inout PayoutSituation, _ cause: String, _ failure: String) {
        situation.effects = [Samples.effect(Step.createJournalEntry, cause: cause, .failed, failure: failure)]
    }

    static func euro(_ cents: Int64) -> Money { Money(minorUnits: cents, currency: .eur) }
    static func money(_ units: Int64, _ code: String) -> Money {
        Money(minorUnits: units, currency: Currency(code) ?? .nok)
    }
}

@Suite("The exchange in a payout")
struct PayoutExchangeTests {
    private func journals(_ change: (inout PayoutSituation) -> Void = { _ in }) -> [JournalDraft] {
        var situation = PayoutCase.paid()
        PayoutCase.exchange(&situation)
        change(&situation)
        return PayoutPlan.actions(for: situation).compactMap {
            if case .post(.journalEntry(let draft), _) = $0 { draft } else { nil }
        }
    }

    private func lines(_ draft: JournalDraft) -> [String] { draft.lines.map { "\($0.account) \($0.debit)" } }

    @Test("What was exchanged, before fees, goes to the exchange account, and what was paid comes from there")
    func accounts() {
        let drafts = journals()
        #expect(drafts.map(\.currency) == [.nok, .eur])
        #expect(lines(drafts[0]) == ["1920 1130.00 NOK", "1512 120.00 NOK", "8060 -1250.00 NOK"])
        #expect(lines(drafts[1]) == ["8060 100.00 EUR", "1513 -100.00 EUR"])
    }

    @Test("More given back than paid turns the sides round; each journal balances, and its debits are its amount")
    func turned() {
        let drafts = journals { situation in
            situation.payout?.movements.append(
                PayoutCase.movement("txn_3", Samples.kroner(-1800), PayoutCase.euro(-15_000)))
        }
        #expect(lines(drafts[0]) == ["1920 1130.00 NOK", "1512 -1680.00 NOK", "8060 550.00 NOK"])
        #expect(lines(drafts[1]) == ["8060 -50.00 EUR", "1513 50.00 EUR"])
        #expect(drafts.map { Posting.journalEntry($0).amount } == [Samples.kroner(1680), PayoutCase.euro(5000)])
        for draft in drafts { #expect(draft.lines.map(\.debit).reduce(.zero(draft.currency), +).isZero) }
    }

    @Test("Each is found again by its own reference, which no other's text holds as a word")
    func references() {
        let drafts = journals()
        #expect(drafts.map(\.reference) == ["po_1", "po_1:EUR"])
        #expect(!drafts[1].text.split(separator: " ").contains("po_1"))
        #expect(!drafts[0].text.split(separator: " ").contains("po_1:EUR"))
    }

    @Test("The review says what lacks, of which movements, and how to mend it")
    func review() {
        var situation = PayoutCase.paid()
        PayoutCase.exchange(&situation)
        situation.policy.posting.exchangeLedgerAccount = nil
        situation.policy.posting.clearingLedgerAccounts["EUR"] = nil
        var unknown = PayoutCase.movement("txn_3", Samples.kroner(5), PayoutCase.euro(40))
        unknown.original = nil
        situation.payout?.movements.append(unknown)
        guard case .review(let review)? = PayoutPlan.actions(for: situation).first else {
            Issue.record("no review")
            return
        }
        for text in [
            "1255.00 NOK", "2: ch_1, ch_of_txn_3", "not known of ch_of_txn_3", "clearing ledger account", "EUR",
        ] {
            #expect(review.found.contains(text), "\(review.found)")
        }
        #expect(review.proposals.contains { $0.contains("exchange_ledger_account") })
        #expect(review.proposals.contains { $0.contains("clearing ledger account for EUR") })
    }
}
