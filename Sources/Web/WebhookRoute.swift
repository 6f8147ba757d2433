import CoreMetrics
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Sync

/// `POST /webhooks/stripe[/{endpoint}]`. Nothing happens in the request but receiving: the raw bytes and the raw
/// header go to the ingress, and its outcome becomes the answer.
struct WebhookRoute: Sendable {
    static let signature = HTTPField.Name("Stripe-Signature")

    private struct Received: Encodable {
        var received = true
        var duplicate: Bool?
    }

    private struct Refusal: Encodable {
        var error: String
    }

    private let ingress: WebhookIngress
    private let counters: [String: Counter]

    init(ingress: WebhookIngress, metrics: PrometheusRegistry) {
        self.ingress = ingress
        // All made at once, so that a scrape shows zeros rather than nothing.
        let outcomes = ["stored", "duplicate", "refused", "gone", "not_durable", "too_large"]
        counters = Dictionary(
            uniqueKeysWithValues: outcomes.map {
                ($0, Counter(label: MetricName.webhooks, dimensions: [("outcome", $0)], factory: metrics))
            })
    }

    @Sendable func post(_ request: Request, _ context: WebContext) async throws -> Response {
        guard let body = try await Self.body(of: request) else { return try tooLarge() }
        let headers = Self.signatures(request.headers)
        guard headers.count <= 1 else {
            return try refused("there are \(headers.count) Stripe-Signature headers; one was expected", context)
        }
        let outcome = await ingress.receive(
            body: body, signature: headers.first, endpointKey: context.parameters.get("endpoint"))
        switch outcome {
        case .stored: return try answer("stored", .ok, Received())
        case .duplicate: return try answer("duplicate", .ok, Received(duplicate: true))
        case .refused(let reason): return try refused(reason, context)
        case .gone: return try answer("gone", .gone, Refusal(error: "this endpoint is no longer in use"))
        case .notDurable:
            return try answer(
                "not_durable", .serviceUnavailable,
                Refusal(error: "the event could not be stored; please send it again"),
                headers: [.retryAfter: "\(WebLimits.retryAfterSeconds)"])
        }
    }

    static func wrongMethod() throws -> Response {
        try .json(.methodNotAllowed, Refusal(error: "webhooks are sent by POST"), headers: [.allow: "POST"])
    }

    /// Nil when there is more than the limit, by `Content-Length` before anything is read, else while reading.
    private static func body(of request: Request) async throws -> [UInt8]? {
        let declared = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        guard declared <= WebLimits.webhookBodyBytesMax else { return nil }
        var bytes = [UInt8]()
        bytes.reserveCapacity(max(0, declared))
        for try await part in request.body {
            guard bytes.count + part.readableBytes <= WebLimits.webhookBodyBytesMax else { return nil }
            bytes.append(contentsOf: part.readableBytesView)
        }
        return bytes
    }

    /// The values' bytes as they came. Joining several into one, as HTTP allows, would let a second header add codes.
    private static func signatures(_ headers: HTTPFields) -> [[UInt8]] {
        guard let signature else { return [] }
        return headers[fields: signature].map { field in field.withUnsafeBytesOfValue { Array($0) } }
    }

    private func refused(_ reason: String, _ context: WebContext) throws -> Response {
        context.logger.info("webhook refused", metadata: ["reason": "\(reason)"])
        return try answer("refused", .badRequest, Refusal(error: reason))
    }

    private func tooLarge() throws -> Response {
        let limit = WebLimits.webhookBodyBytesMax
        return try answer("too_large", .contentTooLarge, Refusal(error: "the body is larger than \(limit) bytes"))
    }

    private func answer(
        _ outcome: String, _ status: HTTPResponse.Status, _ body: some Encodable, headers: HTTPFields = [:]
    ) throws -> Response {
        counters[outcome]?.increment()
        return try .json(status, body, headers: headers)
    }
}
