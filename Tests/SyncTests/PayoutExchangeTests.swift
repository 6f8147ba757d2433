import Domain
import Outbound
import Sandbox
import Simulation
import Storage
import Sync
import Testing

/// Accounts in which Stripe exchanges EUR into NOK, from the payments to what stands in the ledger at the end.
@Suite("Payouts that hold what Stripe exchanged")
struct PayoutExchangeTests {
    private static let accounts = [
        "payouts: journal", "bank_ledger_accounts: {NOK: \"1920\", EUR: \"1922\", DKK: \"1923\", JPY: \"1924\"}",
        "clearing_ledger_accounts: {NOK: \"1570\", EUR: \"1572\", DKK: \"1573\", JPY: \"1574\"}",
    ]
    private static let exchange = "exchange_ledger_account: \"8060\""

    /// Both accounts of the two currencies, and by `change` more.
    private func world(
        _ account: String? = "8060", _ change: @escaping @Sendable (inout PostingPolicy) -> Void = { _ in }
    ) async throws -> World {
        let world = try await World(seed: 3) { policy in
            policy.posting.payouts = .journal
            policy.posting.bankLedgerAccounts = ["NOK": "1920", "EUR": "1922"]
            policy.posting.clearingLedgerAccounts = ["NOK": "1570", "EUR": "1572"]
            if let account { policy.posting.exchangeLedgerAccount = account }
            change(&policy.posting)
        }
        rate(11_650_000, world)
        return world
    }

    private static let bookEverything: @Sendable (inout PostingPolicy) -> Void = { posting in
        (posting.fees, posting.feeEntryType) = (.post, "FEE")
        (posting.disputes, posting.disputeEntryType) = (.post, "LOSS")
        posting.refunds = .ownCreditNote
    }

    private func rate(_ millionths: Int64, _ world: World) {
        world.stripe.change(account: world.nord.account) {
            $0.conversions["eur"] = StripeConversion(to: "nok", rateMillionths: millionths)
        }
    }

    /// 125.00 EUR with VAT, at 11.50 in Visma, pushed and paid.
    @discardableResult
    private func payEuro(_ world: World) async throws -> StripePaymentMade {
        let document = try world.addInvoice("100") {
            $0.currency = "EUR"
            $0.exchangeRate = "11.5"
        }
        try await world.quiet()
        let made = try world.stripe.pay(invoice: world.live(document).id)
        try await world.quiet()
        return made
    }

    private func payOut(_ world: World) async throws -> PayoutID {
        let payout = try world.stripe.payOut(account: world.nord.account, currency: "nok")
        try world.stripe.finishPayout(payout)
        try await world.quiet()
        return PayoutID(payout)
    }

    private func minor(_ text: String?, _ currency: String?) throws -> Int64 {
        let currency = try #require(Currency(currency ?? ""))
        return try Money(ExactAmount(parsing: text ?? "0"), currency: currency).minorUnits
    }

    /// What Visma's documents have put on an account, by currency: `clearing` is cash account and ledger account of
    /// each currency together.
    private func net(_ world: World, clearing: Bool) throws -> [String: Int64] {
        var sums: [String: Int64] = [:]
        func add(_ row: SandboxJSON, _ name: String, _ sign: Int64, of outer: SandboxJSON? = nil) throws {
            let currency = (outer ?? row)["currency"]?.stringValue
            sums[currency ?? "-", default: 0] += sign * (try minor(row[name]?.stringValue, currency))
        }
        for row in clearing ? world.vismaRows("payment") : [] where row["released"]?.boolValue == true {
            try add(row, "amount", row["type"]?.stringValue == "Refund" ? -1 : 1)
            for charge in row["charges"]?.elements ?? [] { try add(charge, "amount", -1, of: row) }
        }
        for row in clearing ? world.vismaRows("cash_transaction") : [] where row["released"]?.boolValue == true {
            try add(row, "amount", row["direction"]?.stringValue == "receipt" ? 1 : -1)
        }
        let accounts = clearing ? ["1570", "1572"] : ["8060"]
        for row in world.vismaRows("journal") where row["released"]?.boolValue == true {
            for line in row["lines"]?.elements ?? [] where accounts.contains(line["account"]?.stringValue ?? "") {
                try add(line, "debit", 1, of: row)
                try add(line, "credit", -1, of: row)
            }
        }
        return sums
    }

    private func journals(_ world: World) -> [String] {
        world.vismaRows("journal").map { row in
            let text = (row["text"]?.stringValue ?? "").split(separator: " ").first.map(String.init) ?? ""
            let cause = text.contains(":") ? "exchange" : "payout"
            return "\(cause) \(row["amount"]?.stringValue ?? "") \(row["currency"]?.stringValue ?? "") "
                + "\(row["date"]?.stringValue ?? "") \(row["status"]?.stringValue ?? "")"
        }
    }

    @Test("Payments, fees, a refund, a lost dispute and the payout leave every clearing account at nothing")
    func clearing() async throws {
        let world = try await world("8060", Self.bookEverything)
        _ = try await world.pushAndPay()
        let refunded = try await payEuro(world)
        let disputed = try await payEuro(world)
        rate(11_720_000, world)
        try world.stripe.refund(charge: refunded.charge, amount: 2_500)
        let dispute = try world.stripe.dispute(charge: disputed.charge, amount: 5_000)
        try world.stripe.closeDispute(dispute, isWon: false)
        try world.stripe.takeFee(account: world.nord.account, currency: "nok", amount: 9_900)
        try await world.quiet()
        #expect(try net(world, clearing: true)["EUR"] == 17_500)
        _ = try await payOut(world)
        #expect(try net(world, clearing: true) == ["NOK": 0, "EUR": 0])
        // Two payments at 11.65; what went back did so at 11.72, but for the refund's rounding in the sandbox.
        let gross = 2 * Int64(145_625) - 29_300 - 58_600
        #expect(try net(world, clearing: false) == ["NOK": -gross, "EUR": 17_500])
        #expect(try await world.openReviews().map(\.found) == [])
        try await Soundness.expect(world, "exchanged")
    }

    @Test("Without the account nothing is posted and a person is asked; with it, asked again, both journals are")
    func accountLater() async throws {
        let world = try await world(nil)
        try await payEuro(world)
        let payout = try await payOut(world)
        #expect(journals(world) == [])
        let review = try #require(try await world.openReviews().first)
        #expect(review.code == "payout_unbooked" && review.subject == .payout(payout))
        #expect(review.found.contains("1456.25 NOK"), "\(review.found)")
        try await world.apply(policy: Self.accounts + [Self.exchange])
        try await world.admin().syncNow(world.nord.tenant, payout: payout)
        try await world.quiet()
        #expect(
            journals(world).sorted() == [
                "exchange 125.00 EUR 2026-11-24 Posted", "payout 1456.25 NOK 2026-11-24 Posted",
            ])
        #expect(try await world.openReviews().isEmpty)
    }

    @Test("A closed period: the pair is dated in the next open one, with the true day in its text")
    func closedPeriod() async throws {
        let world = try await world("8060") { $0.closedPeriod = .nextOpenPeriod }
        try await payEuro(world)
        try world.visma.setPeriod("202611", isClosed: true, in: world.nord.vismaTenant)
        _ = try await payOut(world)
        #expect(
            journals(world).sorted() == [
                "exchange 125.00 EUR 2026-12-01 Posted", "payout 1456.25 NOK 2026-12-01 Posted",
            ])
        for row in world.vismaRows("journal") {
            #expect(row["text"]?.stringValue?.hasSuffix(", of 2026-11-24") == true, "\(row.serialised)")
        }
        #expect(try await world.drift().differences.isEmpty)
    }

    @Test("The second of the two is refused: a review of the payout, until a person asks again")
    func half() async throws {
        let world = try await world()
        try await payEuro(world)
        world.transport.aim { [weak world] request in
            // The period closes between the two.
            if request.url.hasSuffix("/v2/journaltransaction"),
                String(decoding: request.body, as: UTF8.self).contains(":EUR"),
                let world
            {
                do {
                    try world.visma.setPeriod("202611", isClosed: true, in: world.nord.vismaTenant)
                } catch {
                    Issue.record(error)
                }
            }
            return nil
        }
        let payout = try await payOut(world)
        #expect(journals(world).map { $0.prefix(6) } == ["payout"])
        let reviews = try await world.openReviews()
        #expect(reviews.map(\.code) == ["period_closed"] && reviews.map(\.subject) == [.payout(payout)])
        world.transport.aim(nil)
        try world.visma.setPeriod("202611", isClosed: false, in: world.nord.vismaTenant)
        try await world.quiet()
        #expect(journals(world).count == 1)
        try await world.admin().syncNow(world.nord.tenant, payout: payout)
        try await world.quiet()
        #expect(journals(world).count == 2)
        #expect(try net(world, clearing: true)["EUR"] == 0)
        #expect(try await world.openReviews().isEmpty)
    }

    @Test("A payout that fails on its way: the next one pays its money, and books the exchange")
    func failedBefore() async throws {
        let world = try await world("8060", Self.bookEverything)
        try await payEuro(world)
        let failed = try world.stripe.payOut(account: world.nord.account, currency: "nok")
        try world.stripe.failPayout(failed)
        try await world.quiet()
        #expect(journals(world) == [])
        _ = try await payOut(world)
        #expect(try net(world, clearing: true) == ["NOK": 0, "EUR": 0])
        #expect(try await world.openReviews().isEmpty)
        try await Soundness.expect(world, "paid by the next")
    }

    @Test("A payout that fails after it was booked: a review names both journals")
    func failedAfter() async throws {
        let world = try await world()
        try await payEuro(world)
        let payout = try await payOut(world)
        try world.stripe.failPayout(payout.rawValue)
        try await world.quiet()
        let reviews = try await world.openReviews()
        #expect(reviews.map(\.code) == ["payout_unbooked"])
        for row in world.vismaRows("journal") {
            let number = row["number"]?.stringValue ?? "-"
            #expect(reviews.first?.found.contains("journal \(number) ") == true, "\(reviews.map(\.found))")
        }
    }
}
