import Testing

@testable import Domain

/// What each action would lead to, followed by the plan itself to its end.
@Suite("The plan can be followed to its end without doing anything")
struct ForecastTests {
    /// All that would be done, in words, and what it would come to.
    private func course(_ situation: Situation) throws -> (steps: [String], end: Situation) {
        var (now, steps) = (situation, [String]())
        while let action = now.plan.first(where: { isStep($0, now) }) {
            steps.append(PlanCase.sketch(action))
            try #require(steps.count < 24, "\(steps)")
            now = now.after(action)
        }
        return (steps, now)
    }

    private func isStep(_ action: Action, _ situation: Situation) -> Bool {
        switch action {
        case .review, .lookAgain: false
        case .setLink(let state): situation.link?.state != state
        default: true
        }
    }

    private func reviews(_ situation: Situation) -> [Review.Code] {
        situation.plan.compactMap { if case .review(let review) = $0 { review.code } else { nil } }
    }

    @Test("A push to a customer that is made for it: every step, then both sides agree")
    func push() throws {
        var situation = Samples.before()
        situation.customer = .unknown(Samples.visma())
        let (steps, end) = try course(situation)
        #expect(
            steps == [
                "create customer Fjord Handel AS", "create invoice 1250.00 NOK", "add 1 lines", "finalize",
                "write record by note", "link collecting",
            ])
        #expect(end.link?.invoice == Forecast.invoice)
        #expect(end.link?.stripeCustomer == Forecast.customer)
        #expect(end.collection?.total == Samples.kroner(1250))
        #expect(end.collection?.amountRemaining == end.receivable?.balance)
        #expect(reviews(end).isEmpty)
    }

    @Test("A total that would not be the open amount is found out before the invoice is finalized")
    func wrongTotal() throws {
        var situation = Samples.drafted()
        situation.collection?.lineCount = 0
        situation.collection?.total = Samples.ore(1)
        let (steps, end) = try course(situation)
        #expect(steps.prefix(2) == ["add 1 lines", "delete draft"])
        #expect(!steps.contains("finalize") || end.link?.revision == 2)
    }

    @Test("A payment: made, released, believed, and the document settled on both sides")
    func payment() throws {
        let (steps, end) = try course(Samples.paid())
        #expect(
            steps == [
                "post payment 1250.00 NOK applied 1250.00 for inpay_1", "release payment new-1",
                "mark inpay_1 booked", "link settled",
            ])
        #expect(end.receivable?.status == "Closed")
        #expect(end.receivable?.balance == Samples.kroner(0))
        #expect(reviews(end).isEmpty)
    }

    @Test("On hold: made and left for a person; nothing in Visma is settled by it")
    func hold() throws {
        var situation = Samples.paid()
        situation.policy.posting.booking = .hold
        let (steps, end) = try course(situation)
        #expect(steps == ["post payment 1250.00 NOK applied 1250.00 for inpay_1"])
        #expect(end.bookings.map(\.state) == [.held])
        #expect(end.receivable?.balance == Samples.kroner(1250))
    }

    @Test("An undo: the payment is voided and the document is open again")
    func undo() throws {
        var situation = Samples.booked()
        situation.requests = [
            Request(kind: .undo, cause: "inpay_1", reason: "wrong customer", actor: "cli:a", askedAt: Samples.now)
        ]
        let (steps, end) = try course(situation)
        #expect(steps.prefix(2) == ["void payment P1 for undo", "mark inpay_1 voided"])
        #expect(end.receivable?.balance == Samples.kroner(1250))
        #expect(end.receivable?.status == "Open")
        #expect(end.bookings.map(\.voidedFor) == [.undo])
    }

    @Test("Paid in part in the bank: a payment record, attached, and Stripe asks for the rest")
    func partOutside() throws {
        var situation = Samples.collecting()
        situation.receivable?.applications = [Samples.application("B1", Samples.kroner(500))]
        situation.receivable?.balance = Samples.kroner(750)
        let (steps, end) = try course(situation)
        #expect(
            steps == [
                "report payment of 500.00 NOK for Payment:B1=50000", "attach pr_new for Payment:B1=50000",
            ])
        #expect(end.collection?.amountRemaining == Samples.kroner(750))
        #expect(end.settlements.map(\.isAttached) == [true])
        #expect(reviews(end).isEmpty)
    }

    @Test("Paid in full in the bank, and credited in part and in full: each is told once and closes Stripe's side")
    func settled() throws {
        var bank = Samples.collecting()
        bank.receivable?.applications = [Samples.application("B1")]
        bank.receivable?.balance = Samples.kroner(0)
        bank.receivable?.status = "Closed"
        let (paid, paidEnd) = try course(bank)
        #expect(paid == ["pay out of band for Payment:B1=125000", "link settled"])
        #expect(paidEnd.collection?.status == "paid")

        var part = Samples.collecting()
        var note = Samples.application("C1", Samples.kroner(250))
        note.documentType = "CreditNote"
        part.receivable?.applications = [note]
        part.receivable?.balance = Samples.kroner(1000)
        let (credited, creditedEnd) = try course(part)
        #expect(credited == ["credit 250.00 NOK for CreditNote:C1=25000"])
        #expect(creditedEnd.collection?.amountRemaining == Samples.kroner(1000))
        #expect(reviews(creditedEnd).isEmpty)

        var whole = bank
        whole.receivable?.applications[0].documentType = "CreditNote"
        let (voided, voidedEnd) = try course(whole)
        #expect(voided == ["void for CreditNote:B1=125000", "link stopped"])
        #expect(voidedEnd.collection?.status == "void")
    }

    @Test("A dispute stops reminders once, and is written down once")
    func dispute() throws {
        var situation = Samples.booked()
        situation.receivable?.status = "Open"
        situation.receivable?.balance = Samples.kroner(10)
        situation.receivable?.etag = "\"1\""
        situation.collection?.charges = [Samples.paidCharge()]
        situation.collection?.disputes = [Samples.dispute("needs_response")]
        let (steps, end) = try course(situation)
        #expect(steps.filter { $0 == "stop dunning" }.count == 1)
        #expect(steps.filter { $0 == "write record by note" }.count == 1)
        #expect(end.receivable?.isDunningStopped == true)
    }

    @Test("The recorded effect is what the plan reads of our own writes; the situation itself is left as it is")
    func recorded() {
        let situation = Samples.collecting()
        let effect = Samples.effect(Step.sendInvoice, cause: "x", .done)
        #expect(situation.after(.sendInvoice(Samples.invoice), recorded: effect).effects == [effect])
        #expect(situation.after(.sendInvoice(Samples.invoice)).effects.isEmpty)
        #expect(situation.effects.isEmpty)
    }
}
