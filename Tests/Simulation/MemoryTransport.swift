package import Outbound
package import Sandbox
import Synchronization

/// The network in memory: the simulators' own handlers behind the clients' own transport, with chaos between.
package final class MemoryTransport: Transport {
    package static let vismaOrigin = "http://127.0.0.1:1"
    package static let stripeOrigin = "http://127.0.0.1:2"

    private let visma: VismaSimulator
    private let stripe: StripeSimulator
    private let chaos: Chaos
    private let trace: Trace
    /// Decides the fate of single calls, before chaos: for proofs that aim.
    private let aim = Mutex<(@Sendable (OutboundRequest) -> Chaos.NetworkFault?)?>(nil)

    private let observer = Mutex<(@Sendable (OutboundRequest, OutboundResponse) -> Void)?>(nil)

    package init(visma: VismaSimulator, stripe: StripeSimulator, chaos: Chaos, trace: Trace) {
        self.visma = visma
        self.stripe = stripe
        self.chaos = chaos
        self.trace = trace
    }

    /// Is told every exchange that a simulator answered, also those whose answer chaos then keeps back.
    package func observe(_ observe: (@Sendable (OutboundRequest, OutboundResponse) -> Void)?) {
        observer.withLock { $0 = observe }
    }

    package func aim(_ decide: (@Sendable (OutboundRequest) -> Chaos.NetworkFault?)?) { aim.withLock { $0 = decide } }

    package func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse {
        let isStripe = request.url.hasPrefix(Self.stripeOrigin)
        let sandboxed = Self.sandboxed(request)
        let aimed = aim.withLock { $0 }
        let fault = aimed?(request) ?? chaos.networkFault()
        let name = "\(request.method) \(sandboxed.path)"
        // No proof would ever strike it.
        let isKnown = request.method == "GET" || request.step != nil || sandboxed.path == "/connect/token"
        precondition(isKnown, "\(name) is an outside write without a step")
        if let fault { trace.note("net \(name) \(fault.rawValue)") }
        switch fault {
        case .notSent:
            throw TransportFailure(kind: .notSent, text: "connection refused")
        case .lostRequest:
            throw TransportFailure(kind: .unknownEffect, text: "timed out")
        case .lostAnswer:
            _ = answer(request, sandboxed, isStripe: isStripe)
            throw TransportFailure(kind: .unknownEffect, text: "timed out")
        case .lateEffect:
            if isStripe { _ = stripe.handle(sandboxed) } else { visma.handleLate(sandboxed) }
            throw TransportFailure(kind: .unknownEffect, text: "timed out")
        case .serverError:
            return OutboundResponse(
                status: 500, body: Array(#"{"error":{"type":"api_error","message":"try later"}}"#.utf8))
        case .tooManyRequests:
            return OutboundResponse(status: 429, headers: [("Retry-After", "2")], body: Array("{}".utf8))
        case nil:
            break
        }
        let response = answer(request, sandboxed, isStripe: isStripe)
        trace.note("net \(name) \(response.status)")
        return response
    }

    private func answer(_ request: OutboundRequest, _ sandboxed: SandboxRequest, isStripe: Bool) -> OutboundResponse {
        let answered = isStripe ? stripe.handle(sandboxed) : visma.handle(sandboxed)
        let response = OutboundResponse(status: answered.status, headers: answered.headers, body: answered.body)
        observer.withLock { $0 }?(request, response)
        return response
    }

    private static func sandboxed(_ request: OutboundRequest) -> SandboxRequest {
        let afterScheme = request.url.dropFirst("http://".count)
        let target = afterScheme.firstIndex(of: "/").map { afterScheme[$0...] } ?? "/"
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return SandboxRequest(
            method: request.method, path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : "",
            headers: request.headers, body: request.body)
    }
}
