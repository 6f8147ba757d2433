package import Domain
import Foundation
import Outbound

/// Reads by which things are found: customers, endpoints, events.
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
