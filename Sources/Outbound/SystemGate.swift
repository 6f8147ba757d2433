package import Domain
import Synchronization

/// What stands before one tenant's calls to one outside system. It outlives the tenant's clients, and no tenant's gate
/// knows of another's.
package final class SystemGate: Sendable {
    /// How a gate stands.
    package struct Standing: Hashable, Sendable {
        package var state: GateState
        /// When it may be otherwise; nil while it is free.
        package var until: Timestamp?
        package var why: String?
    }

    private struct Held {
        var breaker: CircuitBreaker
        var budget = CallBudget()
        /// Of the last failure of the system.
        var failure = ""
        /// What the observer was told last.
        var told = GateState.free
    }

    package let system: RemoteSystem
    private let now: @Sendable () -> Timestamp
    private let changed: @Sendable (RemoteSystem, Standing) -> Void
    private let held: Mutex<Held>

    /// - Parameters:
    ///   - seed: the same for the same tenant and system, another for others.
    ///   - changed: hears of each change of the state, once.
    package init(
        system: RemoteSystem, seed: UInt64, now: @escaping @Sendable () -> Timestamp,
        changed: @escaping @Sendable (RemoteSystem, Standing) -> Void = { _, _ in }
    ) {
        self.system = system
        self.now = now
        self.changed = changed
        held = Mutex(Held(breaker: CircuitBreaker(seed: seed)))
    }

    /// It stands as a new one would.
    package var isFresh: Bool {
        let now = now()
        return held.withLock {
            $0.breaker.state == .closed(failures: 0) && $0.budget.keptUntil(.other, now: now) == nil
        }
    }

    package var standing: Standing {
        let now = now()
        return held.withLock { Self.standing($0, now) }
    }

    /// Until when all that is not money waits; nil when it may go. An open circuit is another matter.
    package var othersKeptUntil: Timestamp? {
        let now = now()
        return held.withLock { $0.budget.keptUntil(.other, now: now) }
    }

    /// Why a call would not be let through now; nil when it would. Takes no probe.
    package func refusal() -> TransportFailure? {
        let now = now()
        return held.withLock { held in
            if let until = held.breaker.refusedUntil(now: now) {
                return Self.open(held.failure, until: until, now: now)
            }
            return held.budget.keptUntil(.money, now: now).map { until in
                TransportFailure(
                    kind: .budgetSpent, text: "its budget of calls is used up until \(until)",
                    afterSeconds: Self.seconds(from: now, to: until))
            }
        }
    }

    /// Lets a call through, or throws why not. What came of it must be told by `answered` or `failed`.
    func enter() throws(TransportFailure) -> CircuitBreaker.Pass {
        if let refusal = refusal() { throw refusal }
        let now = now()
        guard let pass = held.withLock({ $0.breaker.pass(now: now) }) else {
            // Somebody else took the probe in between.
            throw refusal() ?? TransportFailure(kind: .circuitOpen, text: "another call tries it", afterSeconds: 1)
        }
        return pass
    }

    func answered(_ pass: CircuitBreaker.Pass, _ response: OutboundResponse, method: String) {
        let now = now()
        let isFailure = Self.isFailure(response, of: system, method: method)
        change(now) { held in
            held.budget.learn(RateBudget(response, now: now), status: response.status, now: now)
            guard isFailure else { return held.breaker.answered(pass) }
            held.failure = "HTTP \(response.status)"
            held.breaker.failed(pass, now: now)
        }
    }

    func failed(_ pass: CircuitBreaker.Pass, _ failure: TransportFailure) {
        let now = now()
        change(now) { held in
            // What is too large for us was answered all the same.
            guard failure.kind != .answerTooLarge else { return held.breaker.answered(pass) }
            held.failure = Redaction.byPattern(failure.text)
            held.breaker.failed(pass, now: now)
        }
    }

    /// Whether an answer says that the system itself is not well. A 4xx is about the call.
    static func isFailure(_ response: OutboundResponse, of system: RemoteSystem, method: String) -> Bool {
        switch (system, response.status) {
        // Visma refuses a posting for business reasons with a 500, too: only a read speaks of Visma itself.
        case (.visma, 500): ErrorClassifier.isRead(method)
        // Stripe's stored answer to an earlier attempt says nothing of now.
        case (.stripe, 500...599): response.header("Idempotent-Replayed") != "true"
        case (_, 500...599): true
        default: false
        }
    }

    private func change(_ now: Timestamp, _ body: (inout Held) -> Void) {
        let standing = held.withLock { held -> Standing? in
            body(&held)
            let standing = Self.standing(held, now)
            guard standing.state != held.told else { return nil }
            held.told = standing.state
            return standing
        }
        if let standing { changed(system, standing) }
    }

    private static func standing(_ held: Held, _ now: Timestamp) -> Standing {
        switch held.breaker.state {
        case .open(let until): return Standing(state: .broken, until: until, why: held.failure)
        case .halfOpen: return Standing(state: .broken, why: held.failure)
        case .closed: break
        }
        if let until = held.budget.keptUntil(.money, now: now) { return Standing(state: .spent, until: until) }
        if let until = held.budget.keptUntil(.other, now: now) { return Standing(state: .reserved, until: until) }
        return Standing(state: .free)
    }

    private static func open(_ failure: String, until: Timestamp, now: Timestamp) -> TransportFailure {
        TransportFailure(
            kind: .circuitOpen, text: "it failed several times in a row (\(failure)) and is left alone until \(until)",
            afterSeconds: seconds(from: now, to: until))
    }

    /// Rounded up, so that nobody comes too early.
    private static func seconds(from now: Timestamp, to until: Timestamp) -> Int {
        Int(max(1, (until.microseconds - now.microseconds + 999_999) / 1_000_000))
    }
}

/// The network as one tenant's client of one system sees it.
package struct GuardedTransport: Transport {
    private let inner: any Transport
    private let gate: SystemGate

    package init(_ inner: any Transport, gate: SystemGate) {
        self.inner = inner
        self.gate = gate
    }

    package func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse {
        let pass = try gate.enter()
        let response: OutboundResponse
        do throws(TransportFailure) {
            response = try await inner.send(request)
        } catch {
            gate.failed(pass, error)
            throw error
        }
        gate.answered(pass, response, method: request.method)
        return response
    }
}
