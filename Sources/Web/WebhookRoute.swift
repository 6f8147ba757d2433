import CoreMetrics
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Sync

/// `POST /webhooks/stripe[/{endpoint}]` and `POST /webhooks/visma/{endpoint}`. Nothing happens in the request but
/// receiving: the raw bytes and the raw header go to whoever verifies them, and the outcome becomes the answer.
struct WebhookRoute: Sendable {
    static let signature = HTTPField.Name("Stripe-Signature")

    /// What nearly all are told, encoded once.
    private static let received = ByteBuffer(string: #"{"received":true}"#)
    private static let receivedAgain = ByteBuffer(string: #"{"duplicate":true,"received":true}"#)

    private struct Refusal: Encodable {
        var error: String
    }

    private let ingress: WebhookIngress
    private let visma: VismaWebhooks
    private let vismaSignature: HTTPField.Name?
    private let allowance = BodyAllowance()
    private let counters: [String: Counter]

    init(ingress: WebhookIngress, visma: VismaWebhooks, metrics: PrometheusRegistry) {
        self.ingress = ingress
        self.visma = visma
        vismaSignature = HTTPField.Name(visma.header)
        // All made at once, so that a scrape shows zeros rather than nothing.
        let outcomes = [
            "stored", "duplicate", "refused", "gone", "not_durable", "overloaded", "too_large", "hint",
        ]
        counters = Dictionary(
            uniqueKeysWithValues: outcomes.map {
                ($0, Counter(label: MetricName.webhooks, dimensions: [("outcome", $0)], factory: metrics))
            })
    }

    @Sendable func post(_ request: Request, _ context: WebContext) async throws -> Response {
        try await reading(request) { body in
            let headers = WebhookBody.values(of: Self.signature, in: request.headers)
            guard headers.count <= 1 else {
                return try refused("there are \(headers.count) Stripe-Signature headers; one was expected", context)
            }
            let outcome = await ingress.receive(
                body: body, signature: headers.first, endpointKey: context.parameters.get("endpoint"))
            return try response(to: outcome, context)
        }
    }

    @Sendable func postFromVisma(_ request: Request, _ context: WebContext) async throws -> Response {
        try await reading(request) { body in
            let headers = WebhookBody.values(of: vismaSignature, in: request.headers)
            let outcome = await visma.receive(
                body: body, signature: headers.count == 1 ? headers.first : nil,
                endpoint: context.parameters.get("endpoint") ?? "")
            switch outcome {
            case .taken: return taken("hint", Self.received)
            case .refused: return try refused("no single \(visma.header) header signs the raw body", context)
            case .overloaded: return try overloaded()
            }
        }
    }

    /// With the whole body, or with the answer to one that is not taken.
    private func reading(
        _ request: Request, _ use: ([UInt8]) async throws -> Response
    ) async throws -> Response {
        do {
            return try await WebhookBody.read(of: request, allowance, use)
        } catch WebhookBody.Failure.tooLarge {
            return try tooLarge()
        } catch WebhookBody.Failure.noRoom {
            return try overloaded()
        }
    }

    private func response(to outcome: WebhookIngress.Outcome, _ context: WebContext) throws -> Response {
        switch outcome {
        case .stored: return taken("stored", Self.received)
        case .duplicate: return taken("duplicate", Self.receivedAgain)
        case .refused(let reason): return try refused(reason, context)
        case .gone: return try answer("gone", .gone, Refusal(error: "this endpoint is no longer in use"))
        case .notDurable:
            return try answer(
                "not_durable", .serviceUnavailable,
                Refusal(error: "the event could not be stored; please send it again"),
                headers: [.retryAfter: "\(WebLimits.retryAfterSeconds)"])
        case .overloaded: return try overloaded()
        }
    }

    static func wrongMethod() throws -> Response {
        try .json(.methodNotAllowed, Refusal(error: "webhooks are sent by POST"), headers: [.allow: "POST"])
    }

    private func taken(_ outcome: String, _ body: ByteBuffer) -> Response {
        counters[outcome]?.increment()
        return Response(
            status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: body))
    }

    private func refused(_ reason: String, _ context: WebContext) throws -> Response {
        context.logger.info("webhook refused", metadata: ["reason": "\(reason)"])
        return try answer("refused", .badRequest, Refusal(error: reason))
    }

    private func overloaded() throws -> Response {
        try answer(
            "overloaded", .serviceUnavailable, Refusal(error: "too much comes at once; please send it again"),
            headers: [.retryAfter: "\(WebLimits.retryAfterSeconds)"])
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
