import Synchronization

/// Writes that wait for the one writer, to be committed together.
final class WaitingWrites: Sendable {
    /// So that the first of them does not wait long for the last.
    private static let groupMax = 64

    private let waiting = Mutex<[WaitingWrite]>([])

    var count: Int { waiting.withLock { $0.count } }

    func add(_ write: WaitingWrite) { waiting.withLock { $0.append(write) } }

    /// Those that have waited longest; none when others have taken them along.
    func next() -> [WaitingWrite] {
        waiting.withLock { waiting in
            defer { waiting.removeFirst(min(waiting.count, Self.groupMax)) }
            return Array(waiting.prefix(Self.groupMax))
        }
    }
}

/// A transaction's body, and somebody who waits for what comes of it.
struct WaitingWrite: Sendable {
    /// How the body ended. `tell` is to be called once, with what kept it from being committed if anything did.
    struct Ended: Sendable {
        let failure: (any Error)?
        let tell: @Sendable ((any Error)?) -> Void
    }

    let run: @Sendable (SQLiteConnection) -> Ended
    /// Instead of running it.
    let refuse: @Sendable (any Error) -> Void

    init<R: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> R, _ continuation: CheckedContinuation<R, any Error>
    ) {
        run = { connection in
            let result = Result<R, any Error> {
                let result = try body(connection)
                if let failure = connection.failure { throw failure }
                return result
            }
            guard case .failure(let error) = result else {
                return Ended(failure: nil) { continuation.resume(with: $0.map { .failure($0) } ?? result) }
            }
            return Ended(failure: error) { _ in continuation.resume(throwing: error) }
        }
        refuse = { continuation.resume(throwing: $0) }
    }
}
