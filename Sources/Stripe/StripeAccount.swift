package import Domain

/// The account itself: its payouts and what it can be paid in.
extension StripeClient {
    /// The payout and, where Stripe can tell, every movement of the balance that is in it, the payout's own among them.
    /// `movements` is empty for a payout that was made by hand, and for one that Stripe is still putting together.
    /// Nil when Stripe does not know it.
    package func payout(_ id: PayoutID) async throws(ConnectorError) -> Payout? {
        let path = try "/v1/payouts/" + StripeRequests.segment(id.rawValue)
        guard let response = try await getIfPresent(path) else { return nil }
        let payout = try StripeJSON.read(PayoutAnswer.self, response, isWrite: false)
        guard payout.automatic, payout.reconciliation != "in_progress" else {
            return try StripeMapping.payout(payout, response)
        }
        let (rows, movements) = try await movements(of: id.rawValue)
        let returned = try await exchanged(in: Self.returned(rows, to: payout.id))
        return try StripeMapping.payout(payout, response, movements: movements, returned: returned)
    }

    /// With the charge, refund or dispute that each comes of, as only that says what was paid before an exchange.
    private func movements(
        of payout: String
    ) async throws(ConnectorError) -> (rows: [MovementAnswer], movements: [BalanceMovement]) {
        let (rows, last) = try await list(
            MovementAnswer.self, "/v1/balance_transactions", [("payout", payout), ("expand[]", "data.source")])
        var movements = [BalanceMovement]()
        for row in rows { movements.append(try StripeMapping.movement(row, last)) }
        return (rows, movements)
    }

    /// The payouts that failed and whose money is among these rows of another: each gave back more here than it took.
    private static func returned(_ rows: [MovementAnswer], to payout: String) -> [String] {
        var sums = [String: Int64]()
        for row in rows where row.source?.object?.isAutomaticPayout == true && row.source?.id != payout {
            sums[row.source?.id ?? "", default: 0] += row.amount
        }
        return sums.filter { $0.value > 0 }.keys.sorted()
    }

    private static let returnedPayoutsMax = 20

    /// What was exchanged in payouts that failed, and in those whose money they were to pay. One more list for each
    /// of them, and none where no payout failed.
    private func exchanged(in payouts: [String]) async throws(ConnectorError) -> [BalanceMovement] {
        var (waiting, seen, result) = (payouts, Set<String>(), [BalanceMovement]())
        while let payout = waiting.popLast() {
            guard seen.insert(payout).inserted else { continue }
            guard seen.count <= Self.returnedPayoutsMax else {
                throw StripeErrors.refused(
                    "too_many_payouts", "more than \(Self.returnedPayoutsMax) payouts failed one after the other")
            }
            let (rows, movements) = try await movements(of: payout)
            result += movements.filter(\.isExchanged)
            waiting += Self.returned(rows, to: payout)
        }
        return result
    }

    /// Payouts made at or after `createdFrom`, newest first, without their movements.
    package func payouts(createdFrom: Timestamp) async throws(ConnectorError) -> [Payout] {
        let filter = [("created[gte]", String(createdFrom.unixSeconds))]
        let (rows, last) = try await list(PayoutAnswer.self, "/v1/payouts", filter)
        var result = [Payout]()
        for row in rows { result.append(try StripeMapping.payout(row, last)) }
        return result
    }

    /// What an account of this country (two letters) can be paid in. Nil when Stripe has no accounts there.
    package func supportedCurrencies(country: String) async throws(ConnectorError) -> Set<Currency>? {
        let path = try "/v1/country_specs/" + StripeRequests.segment(country)
        guard let response = try await getIfPresent(path) else { return nil }
        let answer = try StripeJSON.read(CountryAnswer.self, response, isWrite: false)
        return Set(answer.paymentCurrencies.compactMap { Currency($0) })
    }

    /// Which account the key is of. Nil when the key may not read it, which few restricted keys may.
    package func account() async throws(ConnectorError) -> (id: String?, country: String?)? {
        do throws(ConnectorError) {
            let answer = try StripeJSON.read(AccountAnswer.self, try await get("/v1/account"), isWrite: false)
            return (answer.id, answer.country)
        } catch {
            guard error.code == StripeErrors.permissionMissing else { throw error }
            return nil
        }
    }

    /// The account's country, two letters. The account itself may not be read with every key, but each invoice says
    /// it too. Nil while neither tells.
    package func accountCountry() async throws(ConnectorError) -> String? {
        if let country = try await account()?.country { return country }
        let response = try await get("/v1/invoices", [("limit", "1")])
        let answer = try StripeJSON.read(ListAnswer<InvoiceAnswer>.self, response, isWrite: false)
        return answer.data.first?.accountCountry
    }
}
