package import Domain
import Foundation
import Outbound

/// Reads by which things are found: customers, payment records, endpoints, events.
extension StripeClient {
    private static let searchClausesMax = 10

    /// Nil when it is gone; a deleted customer still answers, as deleted.
    package func customer(_ id: StripeCustomerID) async throws(ConnectorError) -> StripeCustomer? {
        let path = try "/v1/customers/" + StripeRequests.segment(id.rawValue)
        guard let response = try await getIfPresent(path) else { return nil }
        return StripeMapping.customer(try StripeJSON.read(CustomerAnswer.self, response, isWrite: false))
    }

    /// Customers with all of these metadata, by Stripe's search. It lags behind writes by a minute, at times by an
    /// hour, ignores case and finds phrases inside longer texts: the caller must compare for equality, and must
    /// never conclude from an empty answer that a create had no effect.
    package func customers(metadata: [String: String]) async throws(ConnectorError) -> [StripeCustomer] {
        guard (1...Self.searchClausesMax).contains(metadata.count) else {
            throw StripeErrors.refused(
                "bad_search", "a search takes 1 to \(Self.searchClausesMax) metadata fields, not \(metadata.count)")
        }
        let query = metadata.sorted { $0.key < $1.key }
            .map { "metadata[\"\(Self.quoted($0.key))\"]:\"\(Self.quoted($0.value))\"" }.joined(separator: " AND ")
        let (rows, _) = try await pages(
            "/v1/customers/search", [("query", query)], cursor: "page"
        ) { response throws(ConnectorError) -> Page<CustomerAnswer> in
            let answer = try StripeJSON.read(ListAnswer<CustomerAnswer>.self, response, isWrite: false)
            return Page(rows: answer.data, next: answer.hasMore ? answer.nextPage ?? "" : nil)
        }
        return rows.map(StripeMapping.customer)
    }

    /// Customers with exactly this e-mail address, upper and lower case told apart.
    package func customers(email: String) async throws(ConnectorError) -> [StripeCustomer] {
        // Without a value the filter would fall away and every customer would be listed.
        guard !email.isEmpty else {
            throw StripeErrors.refused("bad_search", "the e-mail address to look for is empty")
        }
        let (rows, _) = try await list(CustomerAnswer.self, "/v1/customers", [("email", email)])
        return rows.map(StripeMapping.customer)
    }

    /// Customers made at or after `from`, newest first; all of them when nil. For look-ups after an uncertain create
    /// and for the local index by description, which Stripe can neither list nor search by.
    package func customersCreated(from: Timestamp?) async throws(ConnectorError) -> [StripeCustomer] {
        let filter = from.map { [("created[gte]", String($0.unixSeconds))] } ?? []
        let (rows, _) = try await list(CustomerAnswer.self, "/v1/customers", filter)
        return rows.map(StripeMapping.customer)
    }

    /// One page of all customers, for the local index of descriptions; `limit` is 1 to 100. A customer named by `after`
    /// that was deleted meanwhile is refused by Stripe (`stripe.resource_missing`): begin again.
    package func customersPage(
        after: StripeCustomerID?, limit: Int
    ) async throws(ConnectorError) -> StripeCustomerPage {
        guard (1...StripeAPI.pageRowsMax).contains(limit) else {
            throw StripeErrors.refused("bad_page", "a page has 1 to \(StripeAPI.pageRowsMax) rows, not \(limit)")
        }
        var query = [("limit", String(limit))]
        if let after { query.append(("starting_after", after.rawValue)) }
        let response = try await get("/v1/customers", query)
        let answer = try StripeJSON.read(ListAnswer<CustomerAnswer>.self, response, isWrite: false)
        let last = answer.data.last.map { StripeCustomerID($0.id) }
        guard !answer.hasMore || (last != nil && last != after) else {
            throw StripeErrors.unreadable(response, what: Self.stuckPage, isWrite: false)
        }
        return StripeCustomerPage(
            customers: answer.data.map(StripeMapping.customer), next: answer.hasMore ? last : nil)
    }

    /// What the customer's next invoice in this currency begins with; negative is a credit that Stripe will spend on
    /// it. Read off the newest movement in that currency: the customer's own `balance` knows one currency only, and
    /// the sign of its balances by currency is told in two ways.
    package func customerBalance(
        _ id: StripeCustomerID, _ currency: Currency
    ) async throws(ConnectorError) -> Money {
        let path = try "/v1/customers/\(StripeRequests.segment(id.rawValue))/balance_transactions"
        let (rows, _) = try await list(CustomerBalanceAnswer.self, path, [])
        let newest = rows.first { $0.currency == currency.stripeCode }
        return Money(minorUnits: newest?.endingBalance ?? 0, currency: currency)
    }

    /// Payments outside Stripe reported at or after `createdFrom`, for looking up whether a report took effect: they
    /// can be listed by time only. Nil where Stripe does not offer this list, which is newer than the records
    /// themselves and was seen to answer 404: then nothing can be concluded.
    package func paymentRecords(
        createdFrom: Timestamp
    ) async throws(ConnectorError) -> [StripePaymentRecord]? {
        // Stripe's filter leaves the second itself out.
        let filter = [("created_after", String(createdFrom.unixSeconds - 1))]
        do throws(ConnectorError) {
            let (rows, last) = try await list(PaymentRecordAnswer.self, "/v1/payment_records", filter)
            var result = [StripePaymentRecord]()
            for row in rows { result.append(try StripeMapping.paymentRecord(row, last)) }
            return result
        } catch {
            guard error.httpStatus == 404 else { throw error }
            return nil
        }
    }

    package func webhookEndpoints() async throws(ConnectorError) -> [StripeEndpoint] {
        let (rows, _) = try await list(EndpointAnswer.self, "/v1/webhook_endpoints", [])
        return rows.map(StripeMapping.endpoint)
    }

    /// Events made at or after `createdFrom` and before `createdBefore`, newest first; Stripe keeps them for 30 days.
    /// `undeliveredOnly` leaves those that some endpoint has not accepted yet.
    package func events(
        createdFrom: Timestamp, createdBefore: Timestamp? = nil, undeliveredOnly: Bool
    ) async throws(ConnectorError) -> [ListedEvent] {
        var filter = [("created[gte]", String(createdFrom.unixSeconds))]
        if let createdBefore { filter.append(("created[lt]", String(createdBefore.unixSeconds))) }
        if undeliveredOnly { filter.append(("delivery_success", "false")) }
        let (rows, _) = try await pages("/v1/events", filter, cursor: "starting_after", read: Self.eventPage)
        return rows
    }

    private static func eventPage(_ response: OutboundResponse) throws(ConnectorError) -> Page<ListedEvent> {
        let unreadable = StripeErrors.unreadable(response, what: "it is not a list of events", isWrite: false)
        let document = try? JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
        guard let items = document?["data"] as? [[String: Any]], let hasMore = document?["has_more"] as? Bool else {
            throw unreadable
        }
        var rows = [ListedEvent]()
        for item in items {
            do {
                let body = try JSONSerialization.data(withJSONObject: item, options: [.sortedKeys])
                rows.append(
                    ListedEvent(envelope: try EventEnvelope.parse(Array(body), expecting: .snapshot), body: Array(body))
                )
            } catch {
                throw unreadable
            }
        }
        return Page(rows: rows, next: hasMore ? rows.last?.envelope.id ?? "" : nil)
    }

    /// Text inside the quotation marks of Stripe's search language.
    private static func quoted(_ text: String) -> String {
        text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
    }
}
