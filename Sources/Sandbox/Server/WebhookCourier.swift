package import Logging
import ServiceLifecycle
import Synchronization

/// Carries Stripe's deliveries to their receivers over HTTP, as badly as the plan says.
package struct WebhookCourier: Service {
    /// What goes wrong on the way. The same seed does the same to the same deliveries.
    package struct Plan: Sendable {
        /// Every delivery arrives twice.
        package var duplicates: Bool
        /// Those due together leave in a random order.
        package var reorders: Bool
        /// Of a hundred first attempts, how many are lost before they arrive; retries are not lost.
        package var dropsPerHundred: Int
        package var seed: UInt64

        package init(duplicates: Bool = false, reorders: Bool = false, dropsPerHundred: Int = 0, seed: UInt64 = 1) {
            self.duplicates = duplicates
            self.reorders = reorders
            self.dropsPerHundred = dropsPerHundred
            self.seed = seed
        }
    }

    /// How many attempts were made, and how they ended.
    package struct Tally: Sendable, Equatable {
        package var sent = 0
        package var accepted = 0
        package var refused = 0
        package var dropped = 0
    }

    /// Sends one request body to a URL and answers the status.
    package typealias Post = @Sendable (StripeDelivery) async throws -> Int

    private final class Progress: Sendable {
        let random: Mutex<SandboxRandom>
        let tally = Mutex(Tally())
        init(seed: UInt64) { random = Mutex(SandboxRandom(seed: seed)) }
    }

    private let stripe: StripeSimulator
    private let plan: Plan
    private let tickMilliseconds: Int
    private let logger: Logger
    private let post: Post
    private let progress: Progress

    /// - Parameters:
    ///   - tickMilliseconds: how often due deliveries are looked for.
    ///   - post: how a delivery is sent; over HTTP unless a test says otherwise.
    package init(
        stripe: StripeSimulator, plan: Plan = Plan(), tickMilliseconds: Int = 25,
        logger: Logger = Logger(label: "sandbox.courier"), post: Post? = nil
    ) {
        self.stripe = stripe
        self.plan = plan
        self.tickMilliseconds = tickMilliseconds
        self.logger = logger
        let client = LoopbackClient()
        self.post =
            post ?? { delivery in
                let request = SandboxRequest(method: "POST", path: "", headers: delivery.headers, body: delivery.body)
                return try await client.send(request, to: delivery.url).status
            }
        progress = Progress(seed: plan.seed)
    }

    package var tally: Tally { progress.tally.withLock { $0 } }

    /// Runs until shut down gracefully or cancelled.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await deliverDue()
                try? await Task.sleep(for: .milliseconds(tickMilliseconds))
            }
        }
    }

    /// Delivers what is due now, once, one after the other. Answers how many attempts were made.
    @discardableResult
    package func deliverDue() async -> Int {
        var due = stripe.takeDeliveries()
        if plan.reorders { progress.random.withLock { due.shuffle(using: &$0) } }
        var attempts = 0
        for delivery in due {
            if Task.isCancelled { break }
            attempts += await carry(delivery)
        }
        return attempts
    }

    private func carry(_ delivery: StripeDelivery) async -> Int {
        if delivery.attempt == 1, plan.dropsPerHundred > 0 {
            let isLost = progress.random.withLock { $0.next() % 100 < UInt64(plan.dropsPerHundred) }
            if isLost {
                progress.tally.withLock { $0.dropped += 1 }
                stripe.report(delivery, status: 0)
                return 1
            }
        }
        var status = 0
        let copies = plan.duplicates ? 2 : 1
        for _ in 0..<copies {
            do {
                status = try await post(delivery)
            } catch {
                // No answer at all counts as a failure and is tried again; why is the receiver's business.
                logger.debug("a delivery met no answer", metadata: ["event": "\(delivery.eventID)"])
                status = 0
            }
            progress.tally.withLock { tally in
                tally.sent += 1
                if (200..<300).contains(status) { tally.accepted += 1 } else { tally.refused += 1 }
            }
        }
        stripe.report(delivery, status: status)
        return copies
    }
}
