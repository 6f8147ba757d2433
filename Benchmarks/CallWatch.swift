import Outbound
import Sandbox
import Synchronization

/// Sees the connector's calls at the HTTP client, as the last before it.
final class CallWatch: Sendable {
    /// The request that makes a payment in Visma is sent.
    struct Payment: Sendable {
        /// Stripe's payment intent.
        var reference: String
        var sentAt: ContinuousClock.Instant
    }

    private static let patienceSeconds = 300.0

    private let payments: AsyncStream<Payment>
    private let paymentSent: AsyncStream<Payment>.Continuation
    private let pushes: AsyncStream<Void>
    private let pushed: AsyncStream<Void>.Continuation

    init() {
        (payments, paymentSent) = AsyncStream.makeStream(of: Payment.self)
        (pushes, pushed) = AsyncStream.makeStream(of: Void.self)
    }

    func around(_ transport: any Transport) -> any Transport { Watched(inner: transport, watch: self) }

    private struct Watched: Transport {
        let inner: any Transport
        let watch: CallWatch

        func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse {
            watch.sending(request)
            let answer = try await inner.send(request)
            watch.answered(request)
            return answer
        }
    }

    private func sending(_ request: OutboundRequest) {
        guard request.method == "POST", request.url.hasSuffix("/customerPayment") else { return }
        let now = ContinuousClock.now
        let body = String(decoding: request.body, as: UTF8.self)
        guard let start = body.firstRange(of: "pi_")?.lowerBound else { return }
        let reference = body[start...].prefix { $0 == "_" || $0.isLetter || $0.isNumber }
        paymentSent.yield(Payment(reference: String(reference), sentAt: now))
    }

    private func answered(_ request: OutboundRequest) {
        // The last call of a push: the payment link on the document in Visma.
        if request.method == "POST", request.url.hasSuffix("/attachment") { pushed.yield() }
    }

    /// Waits until so many more invoices are in Stripe and linked in Visma.
    func untilPushed(_ count: Int) async throws {
        let pushes = pushes
        try await Pace.within(seconds: Self.patienceSeconds, "\(count) invoices are pushed") {
            var left = count
            for await _ in pushes {
                left -= 1
                if left == 0 { return }
            }
        }
    }

    /// When the request for each of these payments was sent, the first time. Throws when one is not within `seconds`.
    func sent(_ references: Set<String>, withinSeconds seconds: Double) async throws
        -> [String: ContinuousClock.Instant]
    {
        let payments = payments
        return try await Pace.within(seconds: seconds, "each of \(references.count) payments is sent to Visma") {
            var seen: [String: ContinuousClock.Instant] = [:]
            for await payment in payments where references.contains(payment.reference) {
                if seen[payment.reference] == nil { seen[payment.reference] = payment.sentAt }
                if seen.count == references.count { break }
            }
            return seen
        }
    }
}
