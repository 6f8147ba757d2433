package import Domain
package import Migrations

/// A database engine. Both functions run on the caller's actor until they wait, so that an engine that does not
/// wait (simulation) does not suspend either.
package protocol Database: Sendable {
    /// Whose migrations it takes. All other SQL is the same text for every engine.
    nonisolated var dialect: MigrationFile.Dialect { get }

    /// Runs `body` on one consistent snapshot; a write in it throws `.notWritable`.
    nonisolated(nonsending) func read<R: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> R
    ) async throws -> R

    /// Runs `body` as ONE transaction: committed, durably, when it returns; rolled back when it throws. The closure
    /// is synchronous, so that no network call can sit inside a transaction. Errors of the engine are `StorageError`,
    /// those of `body` pass unchanged. A cancelled task's transaction is completed, so that its outcome is known.
    ///
    /// Transactions are as if one ran after the other. An engine with several writers runs `body` again from its start
    /// when it met another, so `body` acts through its connection alone. A statement that failed ends the transaction:
    /// what `body` runs after it throws, and nothing is committed.
    @discardableResult
    nonisolated(nonsending) func write<R: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> R
    ) async throws -> R

    /// What it depends on that a commit is on disk.
    nonisolated(nonsending) func durability() async throws -> [DurabilitySetting]

    /// Tells every process that works on the database, this one too. A hint, of which some may be lost: whoever hears
    /// them looks for itself now and then.
    nonisolated(nonsending) func announce(_ notices: [ChangeNotice]) async throws

    /// What is announced from now on, for as long as somebody waits for it.
    func announcements() -> AsyncStream<Announcement>

    /// Waits for what is under way and closes all connections; later use throws.
    func shutDown() throws
}

/// An engine that one process has alone has nobody to tell.
extension Database {
    package nonisolated(nonsending) func announce(_ notices: [ChangeNotice]) async throws {}

    package func announcements() -> AsyncStream<Announcement> { AsyncStream { _ in } }
}

/// A connection inside a transaction. It must not be kept beyond the closure it was given to.
package protocol SQLConnection: AnyObject {
    /// The server's clock: several machines share a database, and only its time is the same for all of them. Nil where
    /// the engine lives in this process and has no clock but this machine's.
    func serverTime() throws -> Timestamp?

    /// Runs a statement and answers how many rows it affected.
    @discardableResult func execute(_ statement: SQLStatement) throws -> Int

    /// Runs a statement that answers rows (also `INSERT ... RETURNING`), to the end.
    func query(_ statement: SQLStatement) throws -> [SQLRow]

    /// Runs several statements without arguments: a migration's file.
    func executeScript(_ script: String) throws
}
