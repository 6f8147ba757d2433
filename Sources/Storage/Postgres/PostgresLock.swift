import Foundation

/// An advisory lock of the server's, which ends with the connection that took it. Should the connection be lost while
/// the process lives, another may take the lock: then the leases' terms keep the two apart.
// SAFETY: `session` is used on `queue` until the lock is held, and only closed afterwards.
final class PostgresLock: ProcessLock, @unchecked Sendable {
    /// Any number that nothing else here uses; locks belong to one database of the server.
    private static let key: Int64 = 0x6d6c_6330

    private let session: PostgresSession

    private init(_ session: PostgresSession) { self.session = session }

    deinit { session.close() }

    /// Nil when another process holds it.
    static func acquire(_ address: PostgresAddress) async throws -> PostgresLock? {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "storage.lock").async {
                continuation.resume(with: Result { try take(address) })
            }
        }
    }

    private static func take(_ address: PostgresAddress) throws -> PostgresLock? {
        let session = PostgresSession(address, limits: PostgresDatabase.Limits())
        do {
            try session.begin(isReadOnly: true)
            // For the session, not for the transaction.
            let isTaken = try session.run("SELECT pg_try_advisory_lock(\(key)) AS taken").rows().first?.bool("taken")
            try session.commit()
            return isTaken == true ? PostgresLock(session) : nil
        } catch let failure as PostgresFailure {
            throw failure.error
        }
    }
}
