package import Outbound
import Synchronization

/// Strikes the first request of one step, then never again.
package final class AimedFault: Sendable {
    private let fault: Chaos.NetworkFault
    private let step: String
    private let struck = Mutex(false)

    package init(_ fault: Chaos.NetworkFault, on step: String) {
        self.fault = fault
        self.step = step
    }

    package var didStrike: Bool { struck.withLock { $0 } }

    package func strike(_ request: OutboundRequest) -> Chaos.NetworkFault? {
        guard request.step == step else { return nil }
        return struck.withLock { struck in
            guard !struck else { return nil }
            struck = true
            return fault
        }
    }
}
