import Dispatch
import Domain
import Stripe
import Synchronization

/// Tries a delivery against every secret there is, when the suggested ones do not fit. That costs one code for each of
/// them, and anybody can ask for it: it runs on a thread of its own and within a budget, so that forged requests take
/// nothing from those whose URL names their endpoint.
package final class SecretSearch: Sendable {
    /// About a tenth of one core for bodies of 3 KB (facts: signatures).
    static let codesPerSecondMax: Int64 = 50_000
    /// Of one search: ten seconds' worth, which one core makes in one. Beyond it, with very many secrets and a very
    /// large body, only the URL can tell whose a delivery is.
    static let codesPerSearchMax: Int64 = 500_000
    /// A longer body counts as several codes.
    private static let bytesPerCode = 4096
    /// So few take less time than going to another thread.
    private static let countInlineMax = 64

    package enum Outcome: Sendable {
        case found(RoutedSecret)
        case notFound
        /// The budget is used up, or would be for too long: nothing was tried.
        case refused
    }

    private let thread = DispatchQueue(label: "webhook-search")
    private let budget = Mutex(TokenBucket(perSecond: SecretSearch.codesPerSecondMax))

    /// - Parameter tried: the endpoint whose secrets are known not to fit.
    nonisolated(nonsending) func find(
        _ payload: SignedPayload, in known: SecretDirectory.Snapshot, except tried: String?, at now: Timestamp
    ) async throws -> Outcome {
        let cost = Int64(known.count) * Int64(1 + payload.body.count / Self.bytesPerCode)
        guard cost <= Self.codesPerSearchMax, budget.withLock({ $0.take(cost, at: now) }) else { return .refused }
        let search: @Sendable () throws -> Outcome = {
            for (endpointKey, secrets) in known.secrets where endpointKey != tried {
                if let secret = try secrets.fitting(payload, at: now) { return .found(secret) }
            }
            return .notFound
        }
        if known.count <= Self.countInlineMax { return try search() }
        return try await withCheckedThrowingContinuation { continuation in
            thread.async { continuation.resume(with: Result(catching: search)) }
        }
    }
}
