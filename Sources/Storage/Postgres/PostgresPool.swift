import Foundation
import Synchronization

/// A few sessions, each on a thread of its own, so that a query never blocks the cooperative pool. Jobs are taken in
/// the order in which they came.
final class PostgresPool: Sendable {
    typealias Job = @Sendable (PostgresSession) -> Void

    /// A session and the queue that alone uses it.
    // SAFETY: `session` is used on `queue` only.
    private final class Seat: @unchecked Sendable {
        let session: PostgresSession
        let queue: DispatchQueue

        init(_ session: PostgresSession, label: String) {
            self.session = session
            queue = DispatchQueue(label: label)
        }
    }

    private struct State {
        var seats: [Seat] = []
        var idle: [Seat] = []
        var waiting: [Job] = []
        /// The first of `waiting` that is not taken.
        var next = 0
        var isClosed = false

        mutating func takeJob() -> Job? {
            guard next < waiting.count else { return nil }
            defer {
                next += 1
                if next == waiting.count {
                    waiting.removeAll(keepingCapacity: true)
                    next = 0
                }
            }
            return waiting[next]
        }
    }

    private let state = Mutex(State())
    private let label: String
    private let sessionsMax: Int
    private let makeSession: @Sendable () -> PostgresSession

    init(label: String, sessionsMax: Int, makeSession: @escaping @Sendable () -> PostgresSession) {
        self.label = label
        self.sessionsMax = sessionsMax
        self.makeSession = makeSession
    }

    /// Runs `job` when a session is free. False when the pool was shut down: then it does not run.
    func run(_ job: @escaping Job) -> Bool {
        let (isTaken, seat) = state.withLock { state -> (Bool, Seat?) in
            guard !state.isClosed else { return (false, nil) }
            if let seat = state.idle.popLast() { return (true, seat) }
            if state.seats.count < sessionsMax {
                let seat = Seat(makeSession(), label: "\(label).\(state.seats.count)")
                state.seats.append(seat)
                return (true, seat)
            }
            state.waiting.append(job)
            return (true, nil)
        }
        if let seat { seat.queue.async { self.work(seat, job) } }
        return isTaken
    }

    /// Waits for all jobs that were taken, then closes the sessions. Later ones are refused.
    func shutDown() {
        let seats = state.withLock { state in
            state.isClosed = true
            return state.seats
        }
        for seat in seats { seat.queue.sync { seat.session.close() } }
    }

    /// On the seat's queue: this job and all that wait meanwhile.
    private func work(_ seat: Seat, _ first: @escaping Job) {
        var job: Job? = first
        while let current = job {
            current(seat.session)
            job = state.withLock { state in
                let next = state.takeJob()
                if next == nil { state.idle.append(seat) }
                return next
            }
        }
    }
}
