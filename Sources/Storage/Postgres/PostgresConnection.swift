import Domain

/// A session, lent for one transaction.
final class PostgresConnection: SQLConnection {
    private let session: PostgresSession
    /// The first statement that failed: the server keeps nothing of the transaction after it.
    private(set) var failure: PostgresFailure?

    init(_ session: PostgresSession) { self.session = session }

    func serverTime() throws -> Timestamp? {
        try query("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now").first?.timestamp("now")
    }

    @discardableResult func execute(_ statement: SQLStatement) throws -> Int {
        try understanding { try session.run(statement).affected }
    }

    func query(_ statement: SQLStatement) throws -> [SQLRow] {
        try understanding { try session.run(statement).rows() }
    }

    func executeScript(_ script: String) throws {
        try understanding { try session.script(script) }
    }

    private func understanding<R>(_ body: () throws -> R) throws -> R {
        if let failure { throw failure.error }
        do {
            return try body()
        } catch let failure as PostgresFailure {
            self.failure = failure
            throw failure.error
        }
    }
}
