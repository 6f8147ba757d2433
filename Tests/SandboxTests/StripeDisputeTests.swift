import Testing

@testable import Sandbox

@Suite("Disputes and refunds of the simulated Stripe")
struct StripeDisputeTests {
    let bench = StripeBench()

    private func charge(_ amount: Int64 = 10_000) throws -> String {
        try bench.stripe.pay(invoice: bench.open(amount)).charge
    }

    private func dispute(_ id: String) throws -> LooseJSON { try bench.get("/v1/disputes/\(id)").json }

    /// What the dispute has done to the balance, fees included.
    private func net(_ id: String) throws -> Int64 {
        try dispute(id)["balance_transactions"].array.reduce(0) { $0 + ($1["net"].whole ?? 0) }
    }

    private func newest(_ count: Int) throws -> [String] { Array(try bench.eventTypes().prefix(count)) }

    @Test("An inquiry moves no money; it is dropped, or becomes a dispute")
    func inquiry() throws {
        let first = try bench.stripe.dispute(charge: try charge(), opening: .inquiry)
        #expect(try dispute(first)["status"].text == "warning_needs_response")
        #expect(try dispute(first)["is_charge_refundable"].flag == true)
        #expect(try newest(1) == ["charge.dispute.created"])
        try bench.stripe.answerDispute(first)
        #expect(try dispute(first)["status"].text == "warning_under_review")
        try bench.stripe.closeDispute(first, isWon: true)
        #expect(try dispute(first)["status"].text == "warning_closed")
        #expect(try net(first) == 0)
        let second = try bench.stripe.dispute(charge: try charge(), opening: .inquiry)
        try bench.stripe.withdrawDispute(second)
        #expect(try dispute(second)["status"].text == "needs_response")
        #expect(try newest(2) == ["charge.dispute.funds_withdrawn", "charge.dispute.updated"])
        #expect(try net(second) == -11_500)
    }

    @Test("Evidence, its deadline, and the end: what is won comes back without the fee, what is lost stays away")
    func decided() throws {
        let won = try bench.stripe.dispute(charge: try charge(), reason: "duplicate", amount: 4_000)
        #expect(try newest(2) == ["charge.dispute.funds_withdrawn", "charge.dispute.created"])
        try bench.stripe.moveDisputeDeadline(won, to: bench.now + 100)
        #expect(try dispute(won)["evidence_details"]["due_by"].whole == bench.now + 100)
        bench.clock.advance(bySeconds: 101)
        #expect(try dispute(won)["evidence_details"]["past_due"].flag == true)
        try bench.stripe.answerDispute(won)
        #expect(try dispute(won)["evidence_details"]["has_evidence"].flag == true)
        try bench.stripe.closeDispute(won, isWon: true)
        #expect(try newest(2) == ["charge.dispute.funds_reinstated", "charge.dispute.closed"])
        #expect(try net(won) == -1_500)
        let rows = try dispute(won)["balance_transactions"].array
        #expect(rows.compactMap { $0["reporting_category"].text } == ["dispute", "dispute_reversal"])
        let lost = try bench.stripe.dispute(charge: try charge())
        try bench.stripe.closeDispute(lost, isWon: false)
        #expect(try net(lost) == -11_500)
        #expect(try newest(1) == ["charge.dispute.closed"])
        #expect(throws: StripeActionRefused.self) { try bench.stripe.closeDispute(lost, isWon: true) }
    }

    @Test("Money that is withdrawn late, or given back early, moves once")
    func otherOrders() throws {
        let late = try bench.stripe.dispute(charge: try charge(), opening: .notYetWithdrawn)
        #expect(try net(late) == 0)
        try bench.stripe.closeDispute(late, isWon: false)
        #expect(try newest(2) == ["charge.dispute.funds_withdrawn", "charge.dispute.closed"])
        #expect(try net(late) == -11_500)
        let early = try bench.stripe.dispute(charge: try charge())
        try bench.stripe.reinstateDispute(early)
        try bench.stripe.closeDispute(early, isWon: true)
        #expect(try net(early) == -1_500)
        #expect(throws: StripeActionRefused.self) { try bench.stripe.reinstateDispute(early) }
        let prevented = try bench.stripe.dispute(charge: try charge(), opening: .prevented)
        #expect(try dispute(prevented)["status"].text == "prevented")
        #expect(try newest(2) == ["charge.dispute.closed", "charge.dispute.created"])
    }

    @Test("An appeal reopens a decision either way")
    func appeals() throws {
        let id = try bench.stripe.dispute(charge: try charge())
        #expect(throws: StripeActionRefused.self) { try bench.stripe.appealDispute(id) }
        try bench.stripe.closeDispute(id, isWon: false)
        try bench.stripe.appealDispute(id)
        #expect(try dispute(id)["status"].text == "appeal_needs_response")
        try bench.stripe.answerDispute(id)
        #expect(try dispute(id)["status"].text == "appeal_under_review")
        try bench.stripe.closeDispute(id, isWon: true)
        #expect(try net(id) == -1_500)
        try bench.stripe.appealDispute(id)
        try bench.stripe.closeDispute(id, isWon: false)
        #expect(try net(id) == -11_500)
    }

    @Test("A charge can be disputed twice, for more and for less than it was, and both are found by it")
    func several() throws {
        let made = try bench.stripe.pay(invoice: bench.open(10_000))
        let less = try bench.stripe.dispute(charge: made.charge, amount: 2_000)
        let more = try bench.stripe.dispute(charge: made.charge, amount: 10_120)
        for filter in [("charge", made.charge), ("payment_intent", made.paymentIntent)] {
            let found = try bench.get("/v1/disputes", [filter]).json["data"].array
            #expect(found.compactMap { $0["id"].text } == [more, less])
        }
        #expect(try bench.get("/v1/charges/\(made.charge)").json["disputed"].flag == true)
        #expect(try bench.invoice(made.invoice)["status"].text == "paid")
    }

    @Test("Refunds are pending, succeed, fail and are cancelled; what failed is no longer refunded")
    func refunds() throws {
        let id = try charge()
        func refunded() throws -> Int64? { try bench.get("/v1/charges/\(id)").json["amount_refunded"].whole }
        let first = try bench.stripe.refund(charge: id, amount: 3_000, isPending: true)
        let second = try bench.stripe.refund(charge: id, amount: 2_000, isPending: true)
        let third = try bench.stripe.refund(charge: id)
        #expect(try refunded() == 10_000)
        #expect(try bench.get("/v1/charges/\(id)").json["refunded"].flag == true)
        #expect(try newest(2) == ["charge.refunded", "refund.created"])
        try bench.stripe.finishRefund(first)
        #expect(try bench.get("/v1/refunds/\(first)").json["status"].text == "succeeded")
        try bench.stripe.cancelRefund(second)
        #expect(try refunded() == 8_000)
        try bench.stripe.failRefund(third, reason: "declined")
        #expect(try bench.eventTypes().prefix(4).contains("refund.failed"))
        #expect(try refunded() == 3_000)
        let failed = try bench.get("/v1/refunds/\(third)", [("expand[]", "failure_balance_transaction")]).json
        #expect(failed["failure_reason"].text == "declined")
        #expect(failed["failure_balance_transaction"]["amount"].whole == 5_000)
        #expect(throws: StripeActionRefused.self) { try bench.stripe.failRefund(third) }
        #expect(throws: StripeActionRefused.self) { try bench.stripe.cancelRefund(first) }
        let found = try bench.get("/v1/refunds", [("charge", id)]).json["data"].array
        #expect(found.compactMap { $0["id"].text } == [third, second, first])
    }
}
