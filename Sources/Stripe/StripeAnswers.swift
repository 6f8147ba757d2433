package import Domain
import Foundation
package import LibCrypto
package import Outbound

/// Reads the answers of writes. What cannot be read is `.uncertain`: the write took effect all the same.
package enum StripeAnswers {
    /// The invoice that create, `add_lines`, finalize, send, void, pay, `attach_payment` and `mark_uncollectible`
    /// answer with. `payments` is filled only where the request expanded it, what lies behind them never.
    package static func collection(from response: OutboundResponse) throws(ConnectorError) -> Domain.Collection {
        let answer = try StripeJSON.read(InvoiceAnswer.self, response, isWrite: true)
        return try written { () throws(ConnectorError) in try StripeMapping.collection(answer, response) }
    }

    /// The credit note just made.
    package static func creditNote(
        from response: OutboundResponse
    ) throws(ConnectorError) -> Domain.Collection.CreditNote {
        let answer = try StripeJSON.read(CreditNoteAnswer.self, response, isWrite: true)
        return try written { () throws(ConnectorError) in try StripeMapping.creditNote(answer, response) }
    }

    /// The payment just reported.
    package static func paymentRecord(from response: OutboundResponse) throws(ConnectorError) -> StripePaymentRecord {
        let answer = try StripeJSON.read(PaymentRecordAnswer.self, response, isWrite: true)
        return try written { () throws(ConnectorError) in try StripeMapping.paymentRecord(answer, response) }
    }

    /// The mapping speaks for reads, which can be made again.
    private static func written<Value>(
        _ map: () throws(ConnectorError) -> Value
    ) throws(ConnectorError) -> Value {
        do throws(ConnectorError) {
            return try map()
        } catch {
            var error = error
            error.disposition = .uncertain
            throw error
        }
    }

    package static func customer(from response: OutboundResponse) throws(ConnectorError) -> StripeCustomer {
        StripeMapping.customer(try StripeJSON.read(CustomerAnswer.self, response, isWrite: true))
    }

    /// The endpoint just made. Stripe tells the secret only this once, so it must be sealed before anything else.
    package static func endpoint(from response: OutboundResponse) throws(ConnectorError) -> CreatedEndpoint {
        let answer = try StripeJSON.read(EndpointAnswer.self, response, isWrite: true)
        return CreatedEndpoint(id: answer.id, text: answer.secret)
    }

    /// The id that a deletion confirms.
    package static func deletedID(from response: OutboundResponse) throws(ConnectorError) -> String {
        let answer = try StripeJSON.read(DeletedAnswer.self, response, isWrite: true)
        guard answer.deleted == true else {
            throw StripeErrors.unreadable(response, what: "it does not confirm the deletion", isWrite: true)
        }
        return answer.id
    }
}

/// A webhook endpoint as its creation answered. The secret can be taken out once.
package struct CreatedEndpoint: ~Copyable {
    package let id: String
    private let secret: Secret?

    fileprivate init(id: String, text: String?) {
        self.id = id
        secret = text.map { Secret($0) }
    }

    /// Nil when the answer did not hold one: delete the endpoint and make it again.
    package consuming func takeSecret() -> Secret? { secret }
}

/// A payment outside Stripe as it was reported (`pr_...`).
package struct StripePaymentRecord: Hashable, Sendable {
    package var id: String
    package var amount: Money
    /// Holds `MetadataKey.effect` when we reported it.
    package var metadata: [String: String]
    package var createdAt: Timestamp

    package init(id: String, amount: Money, metadata: [String: String], createdAt: Timestamp) {
        self.id = id
        self.amount = amount
        self.metadata = metadata
        self.createdAt = createdAt
    }
}

/// A page of all customers, newest first.
package struct StripeCustomerPage: Hashable, Sendable {
    package var customers: [StripeCustomer]
    /// What the next page begins after; nil on the last.
    package var next: StripeCustomerID?

    package init(customers: [StripeCustomer], next: StripeCustomerID?) {
        self.customers = customers
        self.next = next
    }
}

/// A webhook endpoint as it is listed; its secret is never told again.
package struct StripeEndpoint: Hashable, Sendable {
    package var id: String
    package var url: String
    /// `enabled`, `disabled`
    package var status: String
    package var enabledEvents: [String]
    /// Nil: the account's default.
    package var apiVersion: String?
    package var metadata: [String: String]

    package init(
        id: String, url: String, status: String, enabledEvents: [String], apiVersion: String?,
        metadata: [String: String]
    ) {
        self.id = id
        self.url = url
        self.status = status
        self.enabledEvents = enabledEvents
        self.apiVersion = apiVersion
        self.metadata = metadata
    }
}

/// An event found by listing. It was not signed for us: it came over our own authenticated call.
package struct ListedEvent: Hashable, Sendable {
    package var envelope: EventEnvelope
    /// The event as JSON, written anew with sorted keys: the same event always gives the same bytes.
    package var body: [UInt8]

    package init(envelope: EventEnvelope, body: [UInt8]) {
        self.envelope = envelope
        self.body = body
    }
}

enum StripeJSON {
    /// Decodes a 2xx answer. The error names the place in the document, never what stood there.
    static func read<Answer: Decodable>(
        _ type: Answer.Type, _ response: OutboundResponse, isWrite: Bool
    ) throws(ConnectorError) -> Answer {
        do {
            return try JSONDecoder().decode(type, from: Data(response.body))
        } catch let error as DecodingError {
            throw StripeErrors.unreadable(response, what: place(of: error), isWrite: isWrite)
        } catch {
            throw StripeErrors.unreadable(response, what: "it is not JSON", isWrite: isWrite)
        }
    }

    private static func place(of error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): "\(path(context.codingPath + [key])) is missing"
        case .valueNotFound(_, let context): "\(path(context.codingPath)) is null"
        case .typeMismatch(_, let context): "\(path(context.codingPath)) has another type"
        case .dataCorrupted(let context): context.codingPath.isEmpty ? "it is not JSON" : path(context.codingPath)
        @unknown default: "it does not decode"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.isEmpty
            ? "the document" : keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
}
