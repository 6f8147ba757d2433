package import Domain

/// Every outside write: committed before the call, settled after it.
package enum JournalTable {
    private static let columns: SQLStatement = """
        effect_key, subject, revision, step, cause, attempt, state, term, sent_at, deadline_at, external_id, request_id,
        failure
        """

    /// Commits to a call. `request` is the exact call, sealed. Throws `.uniqueViolation` when this effect has been
    /// committed to before: then it is to be looked up, not sent.
    package static func insert(
        _ db: any SQLConnection, tenant: TenantID, _ effect: Effect, request: [UInt8]?
    ) throws {
        try db.execute(
            """
            INSERT INTO journal (tenant_id, \(columns), request) VALUES (\(tenant), \(effect.key), \(effect.subject),
                \(effect.revision), \(effect.step), \(effect.cause), \(effect.attempt), \(effect.state),
                \(effect.term), \(effect.sentAt), \(effect.deadlineAt), \(effect.externalID), \(effect.requestID),
                \(effect.failure), \(request))
            """)
    }

    /// Writes down an outcome. `done`, `absent` and `failed` are final and drop the request; `uncertain` keeps it. Ids
    /// that are nil leave what is known. The row takes the term of who settles it, which may not be older than the
    /// row's: else `.leaseLost`. Settling what is settled throws `.illegalMove`.
    package static func settle(
        _ db: any SQLConnection, tenant: TenantID, key: EffectKey, state: Effect.State, externalID: String? = nil,
        requestID: String? = nil, failure: String? = nil, now: Timestamp, underTerm term: Int64
    ) throws {
        let isFinal = state.isSettled
        let settledAt = isFinal ? now : nil
        let changed = try db.execute(
            """
            UPDATE journal SET state = \(state), term = \(term),
                external_id = COALESCE(\(externalID), external_id), request_id = COALESCE(\(requestID), request_id),
                failure = \(failure), settled_at = \(settledAt),
                request = CASE WHEN \(isFinal) = 1 THEN NULL ELSE request END
            WHERE tenant_id = \(tenant) AND effect_key = \(key) AND state IN ('sent', 'uncertain')
                AND term <= \(term)
            """)
        guard changed == 0 else { return }
        guard let current = try find(db, tenant: tenant, key: key) else {
            throw StorageError(.notFound, "the journal has no effect \(key)")
        }
        guard current.term <= term else {
            throw StorageError(
                .leaseLost, "effect \(key) is under term \(current.term), which is newer than \(term)")
        }
        throw StorageError(.illegalMove, "effect \(key) is \(current.state.rawValue) already")
    }

    package static func find(_ db: any SQLConnection, tenant: TenantID, key: EffectKey) throws -> Effect? {
        try db.query("SELECT \(columns) FROM journal WHERE tenant_id = \(tenant) AND effect_key = \(key)")
            .first.map(effect)
    }

    /// What is sent or uncertain, of one subject or of all, oldest first.
    package static func unsettled(
        _ db: any SQLConnection, tenant: TenantID, subject: Subject? = nil
    ) throws -> [Effect] {
        let ofSubject: SQLStatement = subject.map { "AND subject = \($0)" } ?? ""
        return try db.query(
            """
            SELECT \(columns) FROM journal
            WHERE tenant_id = \(tenant) AND state IN ('sent', 'uncertain') \(ofSubject)
            ORDER BY sent_at, effect_key
            """
        ).map(effect)
    }

    /// The whole history of a subject, oldest first.
    package static func list(_ db: any SQLConnection, tenant: TenantID, subject: Subject) throws -> [Effect] {
        try db.query(
            """
            SELECT \(columns) FROM journal WHERE tenant_id = \(tenant) AND subject = \(subject)
            ORDER BY sent_at, effect_key
            """
        ).map(effect)
    }

    /// The sealed request of an effect that is not settled.
    package static func request(_ db: any SQLConnection, tenant: TenantID, key: EffectKey) throws -> [UInt8]? {
        try db.query("SELECT request FROM journal WHERE tenant_id = \(tenant) AND effect_key = \(key)")
            .first?.blobOrNull("request")
    }

    /// The newest attempt at a step for a cause, over all revisions.
    package static func lastAttempt(
        _ db: any SQLConnection, tenant: TenantID, subject: Subject, step: String, cause: String
    ) throws -> Effect? {
        try db.query(
            """
            SELECT \(columns) FROM journal
            WHERE tenant_id = \(tenant) AND subject = \(subject) AND step = \(step) AND cause = \(cause)
            ORDER BY revision DESC, attempt DESC LIMIT 1
            """
        ).first.map(effect)
    }

    private static func effect(_ row: SQLRow) throws -> Effect {
        Effect(
            key: try row.id("effect_key"), subject: try row.subject("subject"), revision: try row.int("revision"),
            step: try row.text("step"), cause: try row.text("cause"), attempt: try row.int("attempt"),
            state: try row.choice("state"), term: try row.integer("term"), sentAt: try row.timestamp("sent_at"),
            deadlineAt: try row.timestamp("deadline_at"), externalID: try row.textOrNull("external_id"),
            requestID: try row.textOrNull("request_id"), failure: try row.textOrNull("failure"))
    }
}
