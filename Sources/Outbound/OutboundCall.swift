package import Domain
import Foundation

/// A call to one of the two systems as it is journaled: everything but the host and the credentials, so that the
/// same bytes can be sent again. `path` begins with `/` and carries its query, percent-encoded.
package struct OutboundCall: Hashable, Sendable, Codable {
    package var system: RemoteSystem
    package var method: String
    package var path: String
    package var contentType: String?
    package var body: [UInt8]
    /// Stripe only.
    package var idempotencyKey: String?
    /// Visma only: the ETag just observed, with its quotes.
    package var ifMatch: String?

    package init(
        system: RemoteSystem, method: String, path: String, contentType: String? = nil, body: [UInt8] = [],
        idempotencyKey: String? = nil, ifMatch: String? = nil
    ) {
        self.system = system
        self.method = method
        self.path = path
        self.contentType = contentType
        self.body = body
        self.idempotencyKey = idempotencyKey
        self.ifMatch = ifMatch
    }
}

/// The body is kept as base64, a third longer than it is: as a list of numbers it was four times as long.
extension OutboundCall {
    private enum CodingKeys: String, CodingKey {
        case system, method, path, contentType, body, idempotencyKey, ifMatch
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            system: try fields.decode(RemoteSystem.self, forKey: .system),
            method: try fields.decode(String.self, forKey: .method),
            path: try fields.decode(String.self, forKey: .path),
            contentType: try fields.decodeIfPresent(String.self, forKey: .contentType),
            body: Array(try fields.decode(Data.self, forKey: .body)),
            idempotencyKey: try fields.decodeIfPresent(String.self, forKey: .idempotencyKey),
            ifMatch: try fields.decodeIfPresent(String.self, forKey: .ifMatch))
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(system, forKey: .system)
        try fields.encode(method, forKey: .method)
        try fields.encode(path, forKey: .path)
        try fields.encodeIfPresent(contentType, forKey: .contentType)
        try fields.encode(Data(body), forKey: .body)
        try fields.encodeIfPresent(idempotencyKey, forKey: .idempotencyKey)
        try fields.encodeIfPresent(ifMatch, forKey: .ifMatch)
    }
}

/// A request as a transport sends it: absolute URL, all headers (names in lower case), whole body.
package struct OutboundRequest: Sendable {
    package var method: String
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// The whole exchange must be over by then.
    package var timeoutMilliseconds: Int64

    package init(
        method: String, url: String, headers: [(name: String, value: String)], body: [UInt8], timeoutMilliseconds: Int64
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeoutMilliseconds = timeoutMilliseconds
    }
}

/// An answer, read whole. Header names are compared without case.
package struct OutboundResponse: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// The network as the clients see it. The real one is async-http-client; simulation and tests put their own in.
package protocol Transport: Sendable {
    func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse
}

/// Why there is no answer.
package struct TransportFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// The request certainly never left (name not resolved, connection refused, host not allowed).
        case notSent
        /// It may have arrived: time-out, reset, half an answer.
        case unknownEffect
        /// The answer was larger than the limit.
        case answerTooLarge
        /// Not sent, as the system has failed several times in a row.
        case circuitOpen
        /// Not sent, as the budget is used up.
        case budgetSpent
    }

    package var kind: Kind
    package var text: String
    /// When to try again, where that is known.
    package var afterSeconds: Int?

    package init(kind: Kind, text: String, afterSeconds: Int? = nil) {
        self.kind = kind
        self.text = text
        self.afterSeconds = afterSeconds
    }

    package var description: String { "\(kind.rawValue): \(text)" }
}
