package import Domain
import Foundation
package import LibCrypto
package import Outbound

/// Reads the answers of writes. What cannot be read is `.uncertain`: the write took effect all the same.
package enum StripeAnswers {
    /// The invoice that create, `add_lines`, finalize and void answer with. `payments` is filled only where the
    /// request expanded it, charges and disputes never.
    package static func collection(from response: OutboundResponse) throws(ConnectorError) -> Domain.Collection {
        let answer = try StripeJSON.read(InvoiceAnswer.self, response, isWrite: true)
        do throws(ConnectorError) {
            return try StripeMapping.collection(answer, response)
        } catch {
            // The mapping speaks for reads, which can be made again.
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

// The answers, with no more fields than are used. Amounts are whole minor units on Stripe's wire.

struct ListAnswer<Row: Decodable & Sendable>: Decodable, Sendable {
    var data: [Row]
    var hasMore: Bool
    /// Only in answers of a search.
    var nextPage: String?
    enum CodingKeys: String, CodingKey {
        case data
        case hasMore = "has_more"
        case nextPage = "next_page"
    }
}

protocol Listed: Decodable, Sendable {
    var id: String { get }
}

struct DeletedAnswer: Decodable {
    var id: String
    var deleted: Bool?
}

struct InvoiceAnswer: Listed {
    var id: String
    var customer: RawReference
    var status: String?
    var currency: String
    var total: Int64
    var amountDue: Int64
    var amountPaid: Int64
    var amountRemaining: Int64
    var startingBalance: Int64
    var lines: ListAnswer<LineAnswer>
    var number: String?
    var hostedURL: String?
    var metadata: [String: String]?
    var created: Int64
    var payments: ListAnswer<InvoicePaymentAnswer>?

    enum CodingKeys: String, CodingKey {
        case id, customer, status, currency, total, lines, number, metadata, created, payments
        case amountDue = "amount_due"
        case amountPaid = "amount_paid"
        case amountRemaining = "amount_remaining"
        case startingBalance = "starting_balance"
        case hostedURL = "hosted_invoice_url"
    }
}

struct LineAnswer: Listed {
    var id: String
}

struct InvoicePaymentAnswer: Listed {
    var id: String
    var invoice: RawReference
    var status: String
    var currency: String
    var amountRequested: Int64
    var amountPaid: Int64?
    var transitions: Transitions
    var payment: Settlement

    struct Transitions: Decodable, Sendable {
        var paidAt: Int64?
        enum CodingKeys: String, CodingKey { case paidAt = "paid_at" }
    }

    struct Settlement: Decodable, Sendable {
        var type: String
        var intent: IntentReference?
        var charge: RawReference?
        var record: RawReference?
        enum CodingKeys: String, CodingKey {
            case type, charge
            case intent = "payment_intent"
            case record = "payment_record"
        }
    }

    enum CodingKeys: String, CodingKey {
        case id, invoice, status, currency, payment
        case amountRequested = "amount_requested"
        case amountPaid = "amount_paid"
        case transitions = "status_transitions"
    }
}

/// A payment intent, by its id or expanded.
struct IntentReference: Decodable, Sendable {
    var id: String
    /// Expanded, and nobody has tried to pay yet: there is no charge to be read.
    var isUntouched: Bool

    enum CodingKeys: String, CodingKey {
        case id
        case latestCharge = "latest_charge"
    }

    init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            id = text
            isUntouched = false
        } else {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            id = try fields.decode(String.self, forKey: .id)
            isUntouched = try fields.contains(.latestCharge) && fields.decodeNil(forKey: .latestCharge)
        }
    }
}

struct ChargeAnswer: Listed {
    var id: String
    var intent: RawReference?
    var amount: Int64
    var amountRefunded: Int64
    var currency: String
    var status: String
    var disputed: Bool
    var failureCode: String?
    var failureMessage: String?
    var created: Int64

    enum CodingKeys: String, CodingKey {
        case id, amount, currency, status, disputed, created
        case intent = "payment_intent"
        case amountRefunded = "amount_refunded"
        case failureCode = "failure_code"
        case failureMessage = "failure_message"
    }
}

struct DisputeAnswer: Listed {
    var id: String
    var charge: RawReference
    var amount: Int64
    var currency: String
    var reason: String
    var status: String
    var evidence: Evidence?
    var created: Int64

    struct Evidence: Decodable, Sendable {
        var dueBy: Int64?
        enum CodingKeys: String, CodingKey { case dueBy = "due_by" }
    }

    enum CodingKeys: String, CodingKey {
        case id, charge, amount, currency, reason, status, created
        case evidence = "evidence_details"
    }
}

struct CustomerAnswer: Listed {
    var id: String
    var name: String?
    var email: String?
    var description: String?
    var metadata: [String: String]?
}

struct EndpointAnswer: Listed {
    var id: String
    var url: String
    var status: String
    var enabledEvents: [String]
    var apiVersion: String?
    var metadata: [String: String]?
    var secret: String?

    enum CodingKeys: String, CodingKey {
        case id, url, status, metadata, secret
        case enabledEvents = "enabled_events"
        case apiVersion = "api_version"
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
