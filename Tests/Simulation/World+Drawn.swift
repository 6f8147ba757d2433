package import Domain
package import Sandbox
import Sync

/// How companies differ: their policies, and what the public facts leave open of their Visma and Stripe.
extension World {
    package static let feeEntryType = "FEE"
    static let lossEntryType = "LOSS"

    /// Draws for each company, and changes what was drawn as a proof needs it. Nobody has acted yet.
    package func draw(
        _ random: inout SandboxRandom, change: (inout PostingPolicy) -> Void = { _ in }
    ) async throws {
        for company in companies {
            try drawVisma(company, &random)
            stripe.change(account: company.account) { settings in
                settings.feesKnownAfterSeconds = random.next() % 3 == 0 ? 7200 : 0
                settings.automaticTaxByDefault = random.next() % 4 == 0
                if random.next() % 3 == 0, let foreign = company.currencies.last?.lowercased() {
                    settings.conversions[foreign] = StripeConversion(
                        to: company.currencies[0].lowercased(),
                        rateMillionths: foreign == "jpy" ? 4_600_000 : 11_500_000)
                }
            }
            var wanted = try manifest(of: company)
            Self.draw(&wanted.policy.posting, of: company, &random)
            change(&wanted.policy.posting)
            for change in try await admin().apply(wanted) { trace.note("policy of \(company.tenant): \(change)") }
            trace.note("posting of \(company.tenant): \(wanted.policy.posting.summary)")
        }
    }

    private func drawVisma(_ company: Company, _ random: inout SandboxRandom) throws {
        let drawn = (0..<5).map { _ in random.next() }
        try visma.changeBehaviour(of: company.vismaTenant) { behaviour in
            behaviour.releaseDelaySeconds = drawn[0] % 3 == 0 ? 30 : 0
            behaviour.releaseAnswer = drawn[1] % 2 == 0 ? .acceptedEmpty : .okWithActionID
            behaviour.paymentsTouchDocuments = drawn[2] % 3 != 0
            behaviour.closedPeriodRefusal = drawn[3] % 2 == 0 ? .onCreate : .onRelease
            behaviour.paymentNumbersAreShared = drawn[4] % 2 == 0
        }
        try visma.changeCompany(company.vismaTenant) { settings in
            for index in settings.cashAccounts.indices {
                settings.cashAccounts[index].entryTypes = [
                    .init(Self.feeEntryType), .init(Self.lossEntryType, offsetAccount: "7790"),
                ]
            }
        }
    }

    private static func draw(_ posting: inout PostingPolicy, of company: Company, _ random: inout SandboxRandom) {
        func one<Value: CaseIterable>(of type: Value.Type) -> Value where Value.AllCases == [Value] {
            Value.allCases[Int(random.next() % UInt64(Value.allCases.count))]
        }
        posting.booking = random.next() % 4 == 0 ? .hold : .release
        posting.bookingDate = one(of: PostingPolicy.BookingDate.self)
        posting.closedPeriod = one(of: PostingPolicy.ClosedPeriod.self)
        posting.refunds = one(of: PostingPolicy.Refunds.self)
        posting.refundReviewDays = 1 + Int(random.next() % 7)
        posting.disputes = one(of: PostingPolicy.Disputes.self)
        posting.stopsDunning = random.next() % 4 != 0
        posting.fees = one(of: PostingPolicy.Fees.self)
        posting.payouts = one(of: PostingPolicy.Payouts.self)
        posting.writeOffs = one(of: PostingPolicy.WriteOffs.self)
        posting.stripeCredits = one(of: PostingPolicy.StripeCredits.self)
        posting.feeEntryType = random.next() % 8 == 0 ? nil : feeEntryType
        posting.disputeEntryType = random.next() % 4 == 0 ? nil : lossEntryType
        for currency in company.currencies where random.next() % 8 != 0 {
            posting.bankLedgerAccounts[currency] = "1920"
            posting.clearingLedgerAccounts[currency] = "15\(currency)"
        }
        posting.exchangeLedgerAccount = random.next() % 4 == 0 ? nil : "8060"
    }
}

extension PostingPolicy {
    var summary: String {
        "\(booking) \(bookingDate) \(closedPeriod) refunds:\(refunds) disputes:\(disputes) fees:\(fees) "
            + "payouts:\(payouts) writeOffs:\(writeOffs) credits:\(stripeCredits)"
    }
}
