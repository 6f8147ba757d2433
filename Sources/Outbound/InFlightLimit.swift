package import Domain
import Synchronization

/// So many at once. Whoever comes when all places are taken waits, in the order of coming, and may be cancelled.
package final class InFlightLimit: Sendable {
    private struct Waiter {
        let id: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var free: Int
        var waiting: [Waiter] = []
        var nextID = 0
        /// Cancelled before they had begun to wait.
        var cancelled: Set<Int> = []
    }

    private let state: Mutex<State>

    package init(max: Int) { state = Mutex(State(free: max)) }

    package var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Takes a place, which must be given back by `leave`. False when the task was cancelled first.
    package func enter() async -> Bool {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        defer { state.withLock { _ = $0.cancelled.remove(id) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Bool? in
                    if state.cancelled.contains(id) { return false }
                    guard state.free > 0 else {
                        state.waiting.append(Waiter(id: id, continuation: continuation))
                        return nil
                    }
                    state.free -= 1
                    return true
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let place = state.waiting.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.waiting.remove(at: place)
            }
            waiter?.continuation.resume(returning: false)
        }
    }

    private func enterNow() -> Bool {
        state.withLock { state in
            guard state.free > 0 else { return false }
            state.free -= 1
            return true
        }
    }

    /// Gives the place to whoever waits longest.
    package func leave() {
        let next = state.withLock { state -> Waiter? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.continuation.resume(returning: true)
    }

    /// Takes a place if one comes free in time.
    func enter(withinMilliseconds limit: Int64) async -> Bool {
        if enterNow() { return true }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.enter() }
            group.addTask {
                try? await Task.sleep(for: .milliseconds(limit))
                return false
            }
            // A place may come in the very moment in which the time is over.
            var hasPlace = await group.next() ?? false
            group.cancelAll()
            for await other in group { hasPlace = hasPlace || other }
            return hasPlace
        }
    }
}

/// The network of a whole process, with a limit on the calls to each system that are under way at once.
package struct LimitedTransport: Transport {
    /// Per process, of all tenants together.
    package struct Limits: Hashable, Sendable {
        package var vismaCallsMax = 48
        package var stripeCallsMax = 48
        /// Of a call's own time: so long it waits for its turn, and what it waited it does not have any more, so that
        /// it cannot take effect after the deadline that the journal knows.
        package var waitPercentMax: Int64 = 50
        package init() {}
    }

    private let inner: any Transport
    private let limits: Limits
    private let visma: InFlightLimit
    private let stripe: InFlightLimit
    private let system: @Sendable (OutboundRequest) -> RemoteSystem

    package init(
        _ inner: any Transport, limits: Limits = Limits(),
        system: @escaping @Sendable (OutboundRequest) -> RemoteSystem
    ) {
        self.inner = inner
        self.limits = limits
        self.system = system
        visma = InFlightLimit(max: limits.vismaCallsMax)
        stripe = InFlightLimit(max: limits.stripeCallsMax)
    }

    package func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse {
        let limit =
            switch system(request) {
            case .visma: visma
            case .stripe: stripe
            }
        let began = ContinuousClock.now
        guard await limit.enter(withinMilliseconds: request.timeoutMilliseconds * limits.waitPercentMax / 100) else {
            throw TransportFailure(kind: .notSent, text: "too many calls are under way already")
        }
        defer { limit.leave() }
        var request = request
        request.timeoutMilliseconds -= Int64((ContinuousClock.now - began) / .milliseconds(1))
        return try await inner.send(request)
    }
}
