import Foundation
import Testing

@testable import Sandbox

@Suite("Whatever people do in the simulated Stripe, its money adds up")
struct StripeConservationTests {
    /// Random acts on one account. Those that make no sense are refused, which is a part of the play.
    private struct Play {
        let bench: StripeBench
        var random: SandboxRandom
        var customers: [String] = []
        var invoices: [String] = []
        var charges: [String] = []
        var pending: [String] = []
        var refunds: [String] = []
        var disputes: [String] = []
        var payouts: [String] = []
        var carriedOut = 0

        init(seed: UInt64) throws {
            random = SandboxRandom(seed: seed)
            let late = Int64(seed % 3) * 7
            bench = StripeBench(seed: seed) { settings in
                settings.feesKnownAfterSeconds = late
                settings.availableAfterSeconds = late * 2
                if seed % 2 == 0 {
                    settings.conversions["sek"] = StripeConversion(to: "nok", rateMillionths: 970_321)
                }
            }
            for _ in 0..<2 { customers.append(try bench.customer()) }
        }

        private mutating func one(_ ids: [String]) -> String {
            ids.isEmpty ? "none" : ids[Int(random.next() % UInt64(ids.count))]
        }

        private mutating func amount(_ limit: UInt64 = 9_000) -> Int64 { Int64(random.next() % limit) + 1 }

        mutating func act() throws {
            bench.clock.advance(bySeconds: Int64(random.next() % 5))
            do {
                switch random.next() % 5 {
                case 0: try invoice()
                case 1: try pay()
                case 2: try credit()
                case 3: try dispute()
                default: try office()
                }
                carriedOut += 1
            } catch is StripeActionRefused {}
        }

        private mutating func invoice() throws {
            let currency = random.next() % 3 == 0 ? "sek" : "nok"
            invoices.append(try bench.open(300 + amount(), customer: one(customers), currency: currency))
        }

        private mutating func pay() throws {
            let part: Int64? = random.next() % 2 == 0 ? amount() : nil
            switch random.next() % 7 {
            case 0, 1: charges.append(try bench.stripe.pay(invoice: one(invoices), amount: part).charge)
            case 2:
                let made = try bench.stripe.startPayment(invoice: one(invoices), amount: part)
                pending.append(made.paymentIntent)
                charges.append(made.charge)
            case 3: try bench.stripe.finishPayment(one(pending))
            case 4: try bench.stripe.failPayment(one(pending))
            case 5:
                let parts = [StripePaymentPart(invoice: one(invoices)), StripePaymentPart(invoice: one(invoices))]
                charges.append(try bench.stripe.pay(together: parts, received: part).charge)
            default: try bench.stripe.transfer(invoice: one(invoices), amount: part ?? 100)
            }
        }

        private mutating func credit() throws {
            let invoice = one(invoices)
            let path = "/v1/invoices/\(invoice)"
            switch random.next() % 6 {
            case 0, 1: _ = try byHand("/v1/credit_notes", [("invoice", invoice), ("amount", "\(amount())")])
            case 2:
                let back = "\(amount())"
                let kind = random.next() % 2 == 0 ? "credit_amount" : "refund_amount"
                _ = try byHand("/v1/credit_notes", [("invoice", invoice), ("amount", back), (kind, back)])
            case 3:
                let record = try bench.reported(amount())
                _ = try byHand("\(path)/attach_payment", [("payment_record", record)])
            case 4: _ = try byHand("\(path)/void")
            default: _ = try byHand("\(path)/pay", [("paid_out_of_band", "true")])
            }
        }

        private func byHand(_ path: String, _ parameters: [(String, String)] = []) throws -> StripeJSON {
            try bench.stripe.byHand(
                account: "acct_bench", "POST", path, parameters.map { (name: $0.0, value: $0.1) })
        }

        private mutating func dispute() throws {
            switch random.next() % 6 {
            case 0:
                let openings: [StripeDisputeOpening] = [.withdrawn, .notYetWithdrawn, .inquiry, .prevented]
                let opening = openings[Int(random.next() % 4)]
                disputes.append(
                    try bench.stripe.dispute(charge: one(charges), amount: amount(), opening: opening))
            case 1: try bench.stripe.withdrawDispute(one(disputes))
            case 2: try bench.stripe.reinstateDispute(one(disputes))
            case 3: try bench.stripe.answerDispute(one(disputes))
            case 4: try bench.stripe.appealDispute(one(disputes))
            default: try bench.stripe.closeDispute(one(disputes), isWon: random.next() % 2 == 0)
            }
        }

        private mutating func office() throws {
            switch random.next() % 8 {
            case 0, 1:
                let isPending = random.next() % 2 == 0
                refunds.append(
                    try bench.stripe.refund(charge: one(charges), amount: amount(), isPending: isPending))
            case 2: try bench.stripe.finishRefund(one(refunds))
            case 3: try bench.stripe.failRefund(one(refunds))
            case 4: try bench.stripe.cancelRefund(one(refunds))
            case 5: payouts.append(try bench.stripe.payOut(account: "acct_bench", currency: "nok"))
            case 6: try bench.stripe.failPayout(one(payouts))
            default: _ = try bench.stripe.takeFee(account: "acct_bench", currency: "nok", amount: amount(50))
            }
        }
    }

    private func all(_ bench: StripeBench, _ path: String) throws -> [LooseJSON] {
        var (rows, parameters) = ([LooseJSON](), [("limit", "100")])
        while true {
            let page = try bench.get(path, parameters).json
            rows += page["data"].array
            guard page["has_more"].flag == true, let last = rows.last?["id"].text else { return rows }
            parameters = [("limit", "100"), ("starting_after", last)]
        }
    }

    private func sum(_ rows: [LooseJSON], _ name: String) -> Int64 { rows.reduce(0) { $0 + ($1[name].whole ?? 0) } }

    private func checkInvoices(_ bench: StripeBench) throws {
        let payments = try all(bench, "/v1/invoice_payments")
        let notes = try all(bench, "/v1/credit_notes").filter { $0["status"].text == "issued" }
        let charges = try all(bench, "/v1/charges").filter { $0["status"].text == "succeeded" }
        var allocated: [String: Int64] = [:]
        for invoice in try all(bench, "/v1/invoices") {
            let id = invoice["id"].text ?? ""
            let mine = payments.filter { $0["invoice"].text == id && $0["status"].text == "paid" }
            let paid = try #require(invoice["amount_paid"].whole)
            let before = try #require(invoice["pre_payment_credit_notes_amount"].whole)
            let due = try #require(invoice["amount_due"].whole)
            let remaining = try #require(invoice["amount_remaining"].whole)
            #expect(remaining == due - paid && remaining >= 0)
            let start = try #require(invoice["starting_balance"].whole)
            let end = try #require(invoice["ending_balance"].whole)
            let total = try #require(invoice["total"].whole)
            #expect(remaining == total + start - end - paid - before)
            let own = notes.filter { $0["invoice"].text == id }
            #expect(before == sum(own, "pre_payment_amount"))
            #expect(invoice["post_payment_credit_notes_amount"].whole == sum(own, "post_payment_amount"))
            #expect((invoice["status"].text == "paid") == (remaining == 0))
            // Out of band leaves no row of its own.
            let records = mine.filter { $0["payment"]["type"].text == "payment_record" }
            let elsewhere = try #require(invoice["amount_paid_off_stripe"].whole) - sum(records, "amount_paid")
            #expect(paid == sum(mine, "amount_paid") + elsewhere)
            for payment in mine where payment["payment"]["type"].text == "payment_intent" {
                let intent = payment["payment"]["payment_intent"].text ?? ""
                allocated[intent, default: 0] += payment["amount_paid"].whole ?? 0
            }
        }
        for charge in charges {
            #expect(allocated[charge["payment_intent"].text ?? "", default: 0] <= charge["amount"].whole ?? -1)
        }
        let invoices = try all(bench, "/v1/invoices")
        let received = sum(charges, "amount")
        #expect(received == allocated.values.reduce(0, +) + sum(invoices, "amount_overpaid"))
    }

    /// A customer's credit is what came too much and what notes gave, less what invoices spent.
    private func checkCredit(_ bench: StripeBench) throws {
        var credit: [String: Int64] = ["nok": 0, "sek": 0]
        for invoice in try all(bench, "/v1/invoices") {
            let currency = invoice["currency"].text ?? ""
            credit[currency]! -= try #require(invoice["amount_overpaid"].whole)
            guard invoice["status"].text != "void" else { continue }
            credit[currency]! +=
                try #require(invoice["ending_balance"].whole) - #require(invoice["starting_balance"].whole)
        }
        for note in try all(bench, "/v1/credit_notes") {
            let given = try #require(note["post_payment_amount"].whole)
            credit[note["currency"].text ?? ""]! -= given - sum(note["refunds"].array, "amount_refunded")
        }
        let rows = try bench.stripe.ledgers().map { try JSONDecoder().decode(LooseJSON.self, from: Data($0.utf8)) }
        for (currency, expected) in credit {
            let mine = rows.filter { $0["kind"].text == "customer_balance" && $0["currency"].text == currency }
            #expect(sum(mine, "balance") == expected)
        }
    }

    private func checkMoney(_ bench: StripeBench) throws {
        let refunds = try all(bench, "/v1/refunds")
        let charges = try all(bench, "/v1/charges")
        for charge in charges {
            let mine = refunds.filter {
                $0["charge"].text == charge["id"].text && !["failed", "canceled"].contains($0["status"].text)
            }
            #expect(charge["amount_refunded"].whole == sum(mine, "amount"))
            #expect(sum(mine, "amount") <= charge["amount"].whole ?? -1)
        }
        let rows = try all(bench, "/v1/balance_transactions")
        for row in rows { #expect(row["net"].whole == (row["amount"].whole ?? 0) - (row["fee"].whole ?? 0)) }
        let balance = try bench.get("/v1/balance").json
        for currency in ["nok", "sek"] {
            func of(_ part: String) -> Int64 {
                sum(balance[part].array.filter { $0["currency"].text == currency }, "amount")
            }
            let mine = rows.filter { $0["currency"].text == currency }
            #expect(of("available") + of("pending") == sum(mine, "net"))
            // From the objects themselves: every row is an object's, or a fee's of its own.
            let gone = try all(bench, "/v1/payouts").filter {
                $0["currency"].text == currency && $0["status"].text != "failed"
            }
            let apart = mine.filter { $0["type"].text != "payout" && $0["type"].text != "payout_failure" }
            #expect(of("available") + of("pending") == sum(apart, "net") - sum(gone, "amount"))
        }
        for dispute in try all(bench, "/v1/disputes") {
            let net = sum(dispute["balance_transactions"].array, "amount")
            let isLost = dispute["status"].text == "lost"
            let isUntouched = ["won", "prevented", "warning_closed"].contains(dispute["status"].text)
            #expect(!isUntouched || net == 0)
            #expect(!isLost || net < 0)
        }
        for payout in try all(bench, "/v1/payouts") {
            let taken = try bench.get(
                "/v1/balance_transactions", [("payout", payout["id"].text ?? ""), ("limit", "100")]
            ).json
            #expect(taken["has_more"].flag == true || sum(taken["data"].array, "net") == 0)
        }
    }

    @Test(
        "Random acts keep the sums of invoices, charges, refunds and the balance",
        arguments: 1...8 as ClosedRange<UInt64>)
    func conserves(seed: UInt64) throws {
        var play = try Play(seed: seed)
        for _ in 0..<300 { try play.act() }
        #expect(play.carriedOut > 100)
        try checkInvoices(play.bench)
        try checkCredit(play.bench)
        try checkMoney(play.bench)
    }
}
