import Domain
import Outbound
import Synchronization
import Testing

@Suite("Calls at once")
struct InFlightLimitTests {
    private final class Order: Sendable {
        let numbers = Mutex<[Int]>([])
    }

    @Test("So many have a place; the others get one in the order in which they came")
    func order() async {
        let limit = InFlightLimit(max: 2)
        #expect(await limit.enter())
        #expect(await limit.enter())
        let order = Order()
        await withTaskGroup(of: Void.self) { group in
            for number in 1...5 {
                group.addTask {
                    #expect(await limit.enter())
                    order.numbers.withLock { $0.append(number) }
                    limit.leave()
                }
                while limit.waitingCount < number { await Task.yield() }
            }
            limit.leave()
            await group.waitForAll()
            limit.leave()
        }
        #expect(order.numbers.withLock { $0 } == [1, 2, 3, 4, 5])
        #expect(limit.waitingCount == 0)
        #expect(await limit.enter())
        #expect(await limit.enter())
    }

    @Test("Whoever is cancelled waits no longer and takes no place")
    func cancelled() async {
        let limit = InFlightLimit(max: 1)
        #expect(await limit.enter())
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await limit.enter() }
            while limit.waitingCount == 0 { await Task.yield() }
            group.cancelAll()
            #expect(await group.next() == false)
            // One that is cancelled before it comes.
            group.addTask { await limit.enter() }
            #expect(await group.next() == false)
        }
        #expect(limit.waitingCount == 0)
        limit.leave()
        #expect(await limit.enter())
    }

    /// Answers when it is told to, and counts who is there at once.
    private final class Door: Transport {
        struct State {
            var inside: [RemoteSystem: Int] = [:]
            var most: [RemoteSystem: Int] = [:]
            var timeouts: [Int64] = []
        }

        let state = Mutex(State())
        let isOpen = Mutex(false)

        static func system(_ request: OutboundRequest) -> RemoteSystem {
            request.url.hasPrefix("http://127.0.0.1:2/") ? .stripe : .visma
        }

        func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse {
            let system = Self.system(request)
            state.withLock { state in
                state.inside[system, default: 0] += 1
                state.most[system] = max(state.most[system] ?? 0, state.inside[system] ?? 0)
                state.timeouts.append(request.timeoutMilliseconds)
            }
            while !isOpen.withLock({ $0 }) { await Task.yield() }
            state.withLock { $0.inside[system, default: 0] -= 1 }
            return OutboundResponse(status: 200)
        }
    }

    private func request(_ port: Int, timeout: Int64 = 60_000) -> OutboundRequest {
        OutboundRequest(
            method: "GET", url: "http://127.0.0.1:\(port)/v1/x", headers: [], body: [], timeoutMilliseconds: timeout)
    }

    @Test("Each system has its own limit, and what a call waited it does not have any more")
    func transport() async throws {
        let door = Door()
        var limits = LimitedTransport.Limits()
        (limits.vismaCallsMax, limits.stripeCallsMax) = (3, 1)
        let transport = LimitedTransport(door, limits: limits, system: Door.system)
        let (visma, stripe) = (request(1), request(2))
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<10 {
                group.addTask { try await transport.send(visma).status }
                group.addTask { try await transport.send(stripe).status }
            }
            while door.state.withLock({ ($0.inside[.visma] ?? 0) + ($0.inside[.stripe] ?? 0) }) < 4 {
                await Task.yield()
            }
            // Long enough to be counted.
            let begun = ContinuousClock.now
            while ContinuousClock.now - begun < .milliseconds(5) { await Task.yield() }
            door.isOpen.withLock { $0 = true }
            for try await status in group { #expect(status == 200) }
        }
        #expect(door.state.withLock { $0.most } == [.visma: 3, .stripe: 1])
        let timeouts = door.state.withLock { $0.timeouts }
        #expect(timeouts.allSatisfy { (1...60_000).contains($0) })
        #expect(timeouts.contains { $0 < 60_000 })
    }

    @Test("A call that gets no place in half its time was certainly not sent")
    func tooLate() async throws {
        let door = Door()
        var limits = LimitedTransport.Limits()
        limits.stripeCallsMax = 1
        let transport = LimitedTransport(door, limits: limits, system: Door.system)
        let (first, second) = (request(2), request(2, timeout: 2))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await transport.send(first).status }
            while door.state.withLock({ $0.inside[.stripe] ?? 0 }) < 1 { await Task.yield() }
            let failure = await #expect(throws: TransportFailure.self) { try await transport.send(second) }
            #expect(failure?.kind == .notSent)
            door.isOpen.withLock { $0 = true }
        }
    }
}
