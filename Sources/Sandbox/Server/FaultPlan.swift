import Synchronization

/// A fault to be met by the next requests that match.
package struct Fault: Sendable {
    package enum Kind: Sendable {
        /// Answered in the simulator's place; nothing happens there.
        case status(Int, body: String)
        /// The request is carried out, and no answer comes.
        case timeoutAfterEffect
        /// Nothing is carried out, and no answer comes.
        case timeoutBeforeEffect
        /// The request is carried out, and the connection breaks.
        case resetAfterEffect
        /// The request is carried out, and the connection breaks in the middle of the answer's body.
        case halfBody
        /// 429, with a `Retry-After` in seconds when given; nothing happens.
        case tooManyRequests(retryAfter: Int?)
    }

    /// Upper-case; nil for any.
    package var method: String?
    package var pathPrefix: String
    package var kind: Kind
    /// How many requests it strikes.
    package var count: Int

    package init(method: String? = nil, pathPrefix: String, kind: Kind, count: Int = 1) {
        self.method = method
        self.pathPrefix = pathPrefix
        self.kind = kind
        self.count = count
    }
}

/// The faults still to come, in the order they were planned. The server consults it for each request; a transport
/// in memory can do the same.
package final class FaultPlan: Sendable {
    private struct State: Sendable {
        var faults: [Fault] = []
        var struck = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func add(_ fault: Fault) { state.withLock { $0.faults.append(fault) } }

    package func clear() { state.withLock { $0.faults = [] } }

    /// How many requests have met a fault so far.
    package var struck: Int { state.withLock { $0.struck } }

    /// The fault that this request meets, used up by asking.
    package func next(for request: SandboxRequest) -> Fault.Kind? {
        state.withLock { state in
            let place = state.faults.firstIndex { fault in
                fault.count > 0 && request.path.hasPrefix(fault.pathPrefix)
                    && (fault.method.map { $0 == request.method } ?? true)
            }
            guard let place else { return nil }
            state.faults[place].count -= 1
            state.struck += 1
            let kind = state.faults[place].kind
            if state.faults[place].count == 0 { state.faults.remove(at: place) }
            return kind
        }
    }
}

extension Fault.Kind {
    /// The answer that stands in the simulator's place, for the kinds that have one.
    package var substitute: SandboxResponse? {
        switch self {
        case .status(let status, let body):
            let headers = [(name: "Content-Type", value: "application/json")]
            return SandboxResponse(status: status, headers: headers, body: Array(body.utf8))
        case .tooManyRequests(let seconds):
            var headers = [(name: "Content-Type", value: "application/json")]
            if let seconds { headers.append((name: "Retry-After", value: String(seconds))) }
            let body = #"{"error":{"type":"invalid_request_error","code":"rate_limit","message":"Too many requests"}}"#
            return SandboxResponse(status: 429, headers: headers, body: Array(body.utf8))
        case .timeoutAfterEffect, .timeoutBeforeEffect, .resetAfterEffect, .halfBody: return nil
        }
    }
}
