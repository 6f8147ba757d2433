import Foundation

/// An advisory lock of the server's, which ends with the connection that took it. Should the connection be lost while
/// the process lives, another may take the lock: then the leases' terms keep the two apart.
// SAFETY: `session` is used on `queue` only, and closed when nobody has the lock any more.
final class PostgresLock: ProcessLock, @unchecked Sendable {
    /// Any number that nothing else here uses; locks belong to one database of the server.
    private static let key: Int64 = 0x6d6c_6330

    private let session: PostgresSession
    private let queue = DispatchQueue(label: "storage.lock")

    private init(_ address: PostgresAddress) {
        session = PostgresSession(address, limits: PostgresDatabase.Limits())
    }

    deinit { session.close() }

    /// Alone, or together with others that share it. Nil when another process holds it so that this cannot be.
    static func acquire(_ address: PostgresAddress, isShared: Bool) async throws -> PostgresLock? {
        let lock = PostgresLock(address)
        // For the session, not for the transaction.
        let taken =
            isShared
            ? try await lock.answer("SELECT pg_try_advisory_lock_shared(\(key)) AS answer")
            : try await lock.answer("SELECT pg_try_advisory_lock(\(key)) AS answer")
        return taken ? lock : nil
    }

    func share() async throws {
        // The session that holds it alone gets the shared one at once; only then is the other given up.
        guard try await answer("SELECT pg_try_advisory_lock_shared(\(Self.key)) AS answer"),
            try await answer("SELECT pg_advisory_unlock(\(Self.key)) AS answer")
        else { throw StorageError(.other, "the lock of the database was lost") }
    }

    private func answer(_ question: SQLStatement) async throws -> Bool {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in continuation.resume(with: Result { try ask(question) }) }
        }
    }

    private func ask(_ question: SQLStatement) throws -> Bool {
        do {
            try session.begin(isReadOnly: true)
            let answer = try session.run(question).rows().first?.bool("answer")
            try session.commit()
            return answer == true
        } catch let failure as PostgresFailure {
            throw failure.error
        }
    }
}
