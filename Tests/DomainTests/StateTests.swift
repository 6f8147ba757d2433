import Testing

@testable import Domain

@Suite("The plan of every state")
struct StateTests {
    private func check(_ sample: PlanCase) {
        let actions = Plan.actions(for: sample.situation)
        #expect(actions.map(PlanCase.sketch) == sample.expected, "\(sample.name)")
        for case .review(let review) in actions {
            #expect(!review.found.isEmpty && !review.proposals.isEmpty)
        }
    }

    @Test("Refunds that wait", arguments: RefundCases.waiting)
    func waitingRefunds(_ sample: PlanCase) { check(sample) }

    @Test("Refunds and credit notes", arguments: RefundCases.creditNotes)
    func creditNotes(_ sample: PlanCase) { check(sample) }

    @Test("Refund documents that people make", arguments: RefundCases.documents)
    func refundDocuments(_ sample: PlanCase) { check(sample) }

    @Test("Refunds of what came too much", arguments: RefundCases.unapplied)
    func unapplied(_ sample: PlanCase) { check(sample) }

    @Test("Payments that people void in Visma", arguments: RefundCases.voidedByPerson)
    func voidedByPerson(_ sample: PlanCase) { check(sample) }

    @Test("Refunds by policy, and failed ones", arguments: RefundCases.modes)
    func refundModes(_ sample: PlanCase) { check(sample) }

    @Test("Credit notes of ours for refunds", arguments: RefundCases.ownCreditNotes)
    func ownCreditNotes(_ sample: PlanCase) { check(sample) }

    @Test("Reminders during disputes", arguments: DisputeCases.dunning)
    func dunning(_ sample: PlanCase) { check(sample) }

    @Test("Lost disputes", arguments: DisputeCases.lost)
    func lostDisputes(_ sample: PlanCase) { check(sample) }

    @Test("Disputes won after all, and appeals", arguments: DisputeCases.undone)
    func undoneDisputes(_ sample: PlanCase) { check(sample) }

    @Test("Fees", arguments: FeeCases.all)
    func fees(_ sample: PlanCase) { check(sample) }

    @Test("What settles it in Visma, told to Stripe", arguments: SettlementCases.told)
    func told(_ sample: PlanCase) { check(sample) }

    @Test("Collected in another way since", arguments: SettlementCases.withdrawn)
    func withdrawn(_ sample: PlanCase) { check(sample) }

    @Test("Settlements and payments at once", arguments: SettlementCases.betweenTheTwo)
    func betweenTheTwo(_ sample: PlanCase) { check(sample) }

    @Test("Closed periods", arguments: PostingCases.periods)
    func periods(_ sample: PlanCase) { check(sample) }

    @Test("What another node sent too late", arguments: PostingCases.strays)
    func strays(_ sample: PlanCase) { check(sample) }

    @Test("What a person has undone", arguments: PostingCases.undo)
    func undo(_ sample: PlanCase) { check(sample) }

    @Test("Credit notes that people make in Stripe", arguments: PostingCases.stripeCredits)
    func stripeCredits(_ sample: PlanCase) { check(sample) }

    @Test("Overpayments", arguments: PostingCases.overpayments)
    func overpayments(_ sample: PlanCase) { check(sample) }

    @Test("Which payment takes what is open, and what waits for which", arguments: TurnCases.all)
    func turns(_ sample: PlanCase) { check(sample) }

    @Test("What changed meanwhile, or waits for a person", arguments: TurnCases.changed)
    func changes(_ sample: PlanCase) { check(sample) }

    @Test("What is on hold while Stripe is to be told", arguments: TurnCases.onHold)
    func onHold(_ sample: PlanCase) { check(sample) }

    @Test("Cash accounts by branch", arguments: PostingCases.branches)
    func branches(_ sample: PlanCase) { check(sample) }

    @Test("Payouts", arguments: PayoutCase.all + PayoutCase.exchanged)
    func payouts(_ sample: PayoutCase) {
        let actions = PayoutPlan.actions(for: sample.situation)
        #expect(actions.map(PlanCase.sketch) == sample.expected, "\(sample.name)")
    }

    @Test("A payout's journal debits the bank and credits the clearing account with the same amount")
    func payoutJournal() {
        guard let sample = PayoutCase.all.first(where: { $0.expected == ["post journal of 2 lines for po_1"] }),
            case .post(.journalEntry(let draft), _)? = PayoutPlan.actions(for: sample.situation).first
        else {
            Issue.record("no journal is posted")
            return
        }
        #expect(draft.lines.map(\.account) == ["1920", "1512"])
        #expect(draft.lines.map(\.debit) == [Samples.kroner(1130), Samples.kroner(-1130)])
    }

    @Test("Every case of a table has a name of its own")
    func names() {
        let tables = [
            RefundCases.waiting, RefundCases.creditNotes, RefundCases.documents, RefundCases.voidedByPerson,
            RefundCases.unapplied,
            RefundCases.modes,
            RefundCases.ownCreditNotes, DisputeCases.dunning, DisputeCases.lost, DisputeCases.undone, FeeCases.all,
            SettlementCases.told, SettlementCases.withdrawn, SettlementCases.betweenTheTwo, PostingCases.periods,
            PostingCases.undo, PostingCases.strays,
            PostingCases.stripeCredits, PostingCases.overpayments, PostingCases.branches,
            TurnCases.all, TurnCases.changed, TurnCases.onHold,
        ]
        for table in tables { #expect(Set(table.map(\.name)).count == table.count) }
        let payouts = PayoutCase.all + PayoutCase.exchanged
        #expect(Set(payouts.map(\.name)).count == payouts.count)
    }
}
