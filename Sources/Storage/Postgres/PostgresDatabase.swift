import Foundation
package import Migrations

/// PostgreSQL through libpq.
///
/// Every transaction, also one that only reads, is SERIALIZABLE: what it did is what it would have done alone, which is
/// what the code is written for and what SQLite's single writer gives. One that met another is run again from its start
/// (docs/decisions/0009-postgresql.md).
package final class PostgresDatabase: Database {
    package struct Limits: Hashable, Sendable {
        package var writersMax = 4
        package var readersMax = 4
        /// How long a statement waits for another transaction's row before `.busy`.
        package var lockTimeoutMilliseconds = 5000
        /// How long a transaction that met others is run again before `.busy`.
        package var retryMilliseconds = 10_000
        /// A process that stands still in a transaction loses it, so that its locks hold up nobody: no later than the
        /// shortest lease, as another then has its tenants.
        package var idleInTransactionMilliseconds = 2000
        package init() {}
    }

    /// The longest pause between two attempts of one transaction.
    private static let pauseMillisecondsMax: UInt32 = 50

    private let writers: PostgresPool
    private let readers: PostgresPool
    private let address: PostgresAddress
    private let limits: Limits
    private let beforeCommit: (@Sendable () throws -> Void)?

    package var dialect: MigrationFile.Dialect { .postgres }

    /// Connects at the first use. `beforeCommit` is a seam for tests: it runs after a transaction's body, and what it
    /// throws makes the commit fail.
    package init(
        _ address: PostgresAddress, limits: Limits = Limits(), beforeCommit: (@Sendable () throws -> Void)? = nil
    ) {
        self.address = address
        self.limits = limits
        self.beforeCommit = beforeCommit
        writers = PostgresPool(label: "storage.writer", sessionsMax: limits.writersMax) {
            PostgresSession(address, limits: limits)
        }
        readers = PostgresPool(label: "storage.reader", sessionsMax: limits.readersMax) {
            PostgresSession(address, limits: limits)
        }
    }

    package nonisolated(nonsending) func read<R: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> R
    ) async throws -> R {
        try await run(readers, isReadOnly: true, body)
    }

    @discardableResult
    package nonisolated(nonsending) func write<R: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> R
    ) async throws -> R {
        try await run(writers, isReadOnly: false, body)
    }

    /// What the server's setting `name` is in a session that writes.
    package nonisolated(nonsending) func setting(_ name: String) async throws -> String {
        try await write { try $0.query("SELECT current_setting(\(name)) AS value").first?.text("value") ?? "" }
    }

    package nonisolated(nonsending) func durability() async throws -> [DurabilitySetting] {
        var settings: [DurabilitySetting] = []
        for name in ["synchronous_commit", "fsync", "full_page_writes"] {
            let value = try await setting(name)
            settings.append(
                DurabilitySetting(
                    check: "postgres_\(name)", name: name, value: value, isGood: value != "off" && value != "local",
                    remedy: "a commit could be lost: turn it on in the server's configuration"))
        }
        return settings
    }

    package nonisolated(nonsending) func announce(_ notices: [ChangeNotice]) async throws {
        let payloads = ChangeNotice.payloads(notices)
        guard !payloads.isEmpty else { return }
        try await write { db in
            // It may be lost anyway: nobody waits for the disk.
            _ = try db.query("SELECT set_config('synchronous_commit', 'off', true) AS value")
            for payload in payloads {
                _ = try db.query("SELECT pg_notify(\(PostgresListener.channel), \(payload)) AS told")
            }
        }
    }

    package func announcements() -> AsyncStream<Announcement> {
        let listener = PostgresListener(PostgresSession(address, limits: limits))
        return AsyncStream(bufferingPolicy: .bufferingNewest(PostgresListener.waitingMax)) { continuation in
            continuation.onTermination = { _ in listener.stop() }
            listener.start { continuation.yield($0) }
        }
    }

    /// Waits for what is under way and closes all connections; later use throws.
    package func shutDown() {
        writers.shutDown()
        readers.shutDown()
    }

    private nonisolated(nonsending) func run<R: Sendable>(
        _ pool: PostgresPool, isReadOnly: Bool, _ body: @escaping @Sendable (any SQLConnection) throws -> R
    ) async throws -> R {
        let (limits, seam) = (limits, isReadOnly ? nil : beforeCommit)
        return try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<R, any Error>) in
            let isTaken = pool.run { session in
                continuation.resume(
                    with: Self.outcome(session, isReadOnly: isReadOnly, limits: limits, beforeCommit: seam, body))
            }
            if !isTaken {
                continuation.resume(throwing: StorageError(.notWritable, "the database was shut down"))
            }
        }
    }

    private static func outcome<R: Sendable>(
        _ session: PostgresSession, isReadOnly: Bool, limits: Limits, beforeCommit: (() throws -> Void)?,
        _ body: (any SQLConnection) throws -> R
    ) -> Result<R, any Error> {
        do {
            return .success(
                try transact(session, isReadOnly: isReadOnly, limits: limits, beforeCommit: beforeCommit, body))
        } catch {
            return .failure(error)
        }
    }

    /// Runs the transaction until it was alone, or for as long as `limits` say.
    private static func transact<R>(
        _ session: PostgresSession, isReadOnly: Bool, limits: Limits, beforeCommit: (() throws -> Void)?,
        _ body: (any SQLConnection) throws -> R
    ) throws -> R {
        let patience = ContinuousClock.now + .milliseconds(limits.retryMilliseconds)
        var attempts: UInt32 = 0
        while true {
            let connection = PostgresConnection(session)
            do {
                try session.begin(isReadOnly: isReadOnly)
                let result = try body(connection)
                // Swallowed by the body; but the server keeps nothing of this transaction.
                if let failure = connection.failure { throw failure.error }
                try beforeCommit?()
                try session.commit()
                return result
            } catch {
                session.rollback()
                let failure = connection.failure ?? error as? PostgresFailure
                guard failure?.isRetryable == true, ContinuousClock.now < patience else {
                    throw (error as? PostgresFailure)?.error ?? error
                }
            }
            attempts += 1
            usleep(1000 * min(attempts * attempts, pauseMillisecondsMax))
        }
    }
}
