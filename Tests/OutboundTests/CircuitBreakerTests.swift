import Domain
import Outbound
import Testing

@Suite("Circuit breaker")
struct CircuitBreakerTests {
    private static let start = Timestamp(unixSeconds: 1_800_000_000)

    /// What happens, in seconds from the start.
    enum Event: Sendable {
        case failed
        case answered
        case later(Int64)
        /// A call is asked for and let through, as a call or a probe; nil: refused.
        case asked(CircuitBreaker.Pass?)
        /// What an earlier call brings, after the state has changed.
        case late(CircuitBreaker.Pass, isFailure: Bool)
    }

    /// No jitter, so that the seconds are exact.
    private static var limits: CircuitBreaker.Limits {
        var limits = CircuitBreaker.Limits()
        (limits.failuresMax, limits.firstOpenMilliseconds, limits.openMillisecondsMax) = (3, 10_000, 35_000)
        limits.jitterPercent = 0
        return limits
    }

    /// Seconds from the start at which it is tried again; nil when it is not open.
    private static func until(_ breaker: CircuitBreaker) -> Int64? {
        guard case .open(let until) = breaker.state else { return nil }
        return until.seconds(since: start)
    }

    static let opened: [Event] = [.failed, .failed, .failed]
    static let courses: [(name: String, events: [Event], until: Int64?)] = [
        ("new", [], nil),
        ("fewer failures than the limit", [.failed, .failed], nil),
        ("as many as the limit", opened, 10),
        ("an answer between", [.failed, .failed, .answered, .failed, .failed], nil),
        ("refused while open", opened + [.later(9), .asked(nil)], 10),
        ("one probe at a time", opened + [.later(10), .asked(.probe), .asked(nil)], nil),
        ("a probe that fails opens it for longer", opened + [.later(10), .failed], 30),
        (
            "the time is bounded",
            opened + [.later(10), .failed, .later(20), .failed, .later(35), .failed, .later(35), .failed], 135
        ),
        ("a probe that is answered closes it", opened + [.later(10), .answered, .asked(.call)], nil),
        ("on trial one failure opens it again, for longer", opened + [.later(10), .answered, .failed], 30),
        (
            "two answers and it begins anew",
            opened + [.later(10), .answered, .answered, .failed, .failed, .failed], 20
        ),
        (
            "a late failure of before does not count as the probe's",
            opened + [.later(10), .asked(.probe), .late(.call, isFailure: true), .asked(nil)], nil
        ),
        (
            "a late answer of before does not close it",
            opened + [.late(.call, isFailure: false), .asked(nil)], 10
        ),
    ]

    @Test("Courses", arguments: courses.indices)
    func course(_ index: Int) throws {
        let (name, events, until) = Self.courses[index]
        var breaker = CircuitBreaker(seed: 1, limits: Self.limits)
        var now = Self.start
        for event in events {
            switch event {
            case .failed:
                let pass = breaker.pass(now: now)
                breaker.failed(try #require(pass, "\(name)"), now: now)
            case .answered:
                let pass = breaker.pass(now: now)
                breaker.answered(try #require(pass, "\(name)"))
            case .later(let seconds): now = now.adding(seconds: seconds)
            case .asked(let pass): #expect(breaker.pass(now: now) == pass, "\(name)")
            case .late(let pass, true): breaker.failed(pass, now: now)
            case .late(let pass, false): breaker.answered(pass)
            }
        }
        #expect(Self.until(breaker) == until, "\(name)")
    }

    @Test("The jitter shortens by at most its part, is the same for the same seed and differs between seeds")
    func jitter() {
        func open(_ seed: UInt64) -> Int64? {
            var breaker = CircuitBreaker(seed: seed)
            for _ in 0..<5 where breaker.pass(now: Self.start) != nil { breaker.failed(.call, now: Self.start) }
            guard case .open(let until) = breaker.state else { return nil }
            return until.microseconds - Self.start.microseconds
        }
        let times = (1...50).map { open($0) }
        #expect(times.allSatisfy { $0.map { (8_000_000...10_000_000).contains($0) } == true })
        #expect(Set(times).count > 40)
        #expect(times == (1...50).map { open($0) })
    }
}

@Suite("Gate before a system")
struct SystemGateTests {
    private struct Answering: Transport {
        let outcome: @Sendable () -> Result<OutboundResponse, TransportFailure>
        func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse {
            try outcome().get()
        }
    }

    private static let start = Timestamp(unixSeconds: 1_800_000_000)

    private func send(
        _ outcome: Result<OutboundResponse, TransportFailure>, _ gate: SystemGate, method: String = "GET"
    ) async -> TransportFailure? {
        let request = OutboundRequest(
            method: method, url: "http://127.0.0.1:1/v1/x", headers: [], body: [], timeoutMilliseconds: 1000)
        do throws(TransportFailure) {
            _ = try await GuardedTransport(Answering { outcome }, gate: gate).send(request)
            return nil
        } catch {
            return error
        }
    }

    private static func status(_ status: Int, _ headers: [(name: String, value: String)] = []) -> OutboundResponse {
        OutboundResponse(status: status, headers: headers)
    }

    typealias Outcome = Result<OutboundResponse, TransportFailure>
    static let outcomes: [(system: RemoteSystem, method: String, outcome: Outcome, counts: Bool)] = [
        (.visma, "GET", .failure(TransportFailure(kind: .notSent, text: "refused")), true),
        (.stripe, "POST", .failure(TransportFailure(kind: .unknownEffect, text: "timed out")), true),
        (.visma, "GET", .failure(TransportFailure(kind: .answerTooLarge, text: "large")), false),
        (.visma, "GET", .success(status(500)), true), (.visma, "POST", .success(status(500)), false),
        (.visma, "POST", .success(status(503)), true), (.stripe, "POST", .success(status(500)), true),
        (.stripe, "POST", .success(status(500, [("idempotent-replayed", "true")])), false),
        (.stripe, "GET", .success(status(429)), false), (.visma, "GET", .success(status(404)), false),
        (.visma, "PUT", .success(status(412)), false), (.stripe, "GET", .success(status(401)), false),
    ]

    @Test("Only what says that the system is not well opens it", arguments: outcomes.indices)
    func counted(_ index: Int) async throws {
        let (system, method, outcome, counts) = Self.outcomes[index]
        let gate = SystemGate(system: system, seed: 1, now: { Self.start })
        for _ in 0..<5 { _ = await send(outcome, gate, method: method) }
        #expect(gate.standing.state == (counts ? .broken : .free))
        let refused = await send(.success(OutboundResponse(status: 200)), gate)
        #expect(refused?.kind == (counts ? .circuitOpen : nil))
        #expect((gate.refusal() != nil) == counts)
        guard let refused else { return }
        let error = ErrorClassifier.error(refused, system: system, method: "POST")
        #expect(error.code == "\(system).circuit_open")
        #expect(error.withheldSeconds.map { (8...10).contains($0) } == true, "\(error)")
        #expect(error.disposition == .retry(afterSeconds: error.withheldSeconds.map { Int($0) }))
    }
}
