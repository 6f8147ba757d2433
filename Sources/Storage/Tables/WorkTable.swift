package import Domain

/// What is done first: a tenant's dirty subjects stand in two queues.
package enum WorkLane: String, Hashable, Sendable, CaseIterable {
    /// Payments, refunds, disputes and payouts on their way back.
    case money
    case other
}

/// A subject and whether it is dirty.
package struct WorkItem: Hashable, Sendable {
    package var subject: Subject
    /// Rises with every piece of dirt.
    package var generation: Int64
    /// The generation that the last finished turn had seen.
    package var doneGeneration: Int64
    package var dueAt: Timestamp
    /// Turns since it was last clean that did not finish.
    package var attempts: Int
    package var lastError: String?
    /// What made it dirty last.
    package var cause: String
    /// When a person asked for the look that is due.
    package var askedAt: Timestamp?
    package var lane: WorkLane

    package var isDirty: Bool { generation > doneGeneration }
}

package enum WorkTable {
    private static let columns: SQLStatement = """
        subject, generation, done_generation, due_at, attempts, last_error, cause, asked_at, lane
        """

    /// Marks the subject dirty and answers its generation. One that is dirty already keeps its attempts and the
    /// earlier of both due times, and stays in the lane of money if it was; a clean one starts anew.
    @discardableResult
    package static func dirty(
        _ db: any SQLConnection, tenant: TenantID, subject: Subject, cause: String, dueAt: Timestamp,
        askedAt: Timestamp? = nil, lane: WorkLane = .other
    ) throws -> Int64 {
        let rows = try db.query(
            """
            INSERT INTO work (tenant_id, \(columns))
            VALUES (\(tenant), \(subject), 1, 0, \(dueAt), 0, NULL, \(cause), \(askedAt), \(lane))
            ON CONFLICT (tenant_id, subject) DO UPDATE SET generation = work.generation + 1, cause = excluded.cause,
                due_at = CASE WHEN work.generation > work.done_generation AND work.due_at < excluded.due_at
                    THEN work.due_at ELSE excluded.due_at END,
                attempts = CASE WHEN work.generation > work.done_generation THEN work.attempts ELSE 0 END,
                last_error = CASE WHEN work.generation > work.done_generation THEN work.last_error END,
                asked_at = COALESCE(excluded.asked_at, work.asked_at),
                lane = CASE WHEN work.generation > work.done_generation AND work.lane = 'money'
                    THEN work.lane ELSE excluded.lane END
            RETURNING generation
            """)
        guard let row = rows.first else { throw StorageError(.other, "an upsert answered no row") }
        return try row.integer("generation")
    }

    /// The dirty subjects of a lane whose time has come, the longest waiting first.
    package static func due(
        _ db: any SQLConnection, tenant: TenantID, lane: WorkLane, now: Timestamp, limit: Int
    ) throws -> [WorkItem] {
        // As text: the partial index of the lane is found by it.
        let ofLane: SQLStatement =
            switch lane {
            case .money: "lane = 'money'"
            case .other: "lane = 'other'"
            }
        return try db.query(
            """
            SELECT \(columns) FROM work
            WHERE tenant_id = \(tenant) AND generation > done_generation AND \(ofLane) AND due_at <= \(now)
            ORDER BY due_at, subject LIMIT \(limit)
            """
        ).map(item)
    }

    /// All that is dirty and no money is due at `moment` at the earliest. Answers how much there was.
    @discardableResult
    package static func keepOthers(
        _ db: any SQLConnection, tenant: TenantID, until moment: Timestamp
    ) throws -> Int {
        try db.execute(
            """
            UPDATE work SET due_at = \(moment)
            WHERE tenant_id = \(tenant) AND generation > done_generation AND lane = 'other' AND due_at < \(moment)
            """)
    }

    /// When the tenant's next dirty subject is due.
    package static func nextDue(_ db: any SQLConnection, tenant: TenantID) throws -> Timestamp? {
        try db.query(
            "SELECT MIN(due_at) AS due_at FROM work WHERE tenant_id = \(tenant) AND generation > done_generation"
        ).first?.timestampOrNull("due_at")
    }

    /// Ends a turn that looked at `generation`: clean, unless new dirt came meanwhile (then false, and the subject
    /// stays due).
    @discardableResult
    package static func settle(
        _ db: any SQLConnection, tenant: TenantID, subject: Subject, generation: Int64
    ) throws -> Bool {
        try db.execute(
            """
            UPDATE work SET done_generation = \(generation), attempts = 0, last_error = NULL, asked_at = NULL
            WHERE tenant_id = \(tenant) AND subject = \(subject) AND generation = \(generation)
            """) == 1
    }

    /// Ends a turn that must look again at `dueAt`: stays dirty, one attempt more. Dirt that came after `generation`
    /// keeps its earlier due time, so that a failure's long wait does not hold back news.
    package static func postpone(
        _ db: any SQLConnection, tenant: TenantID, subject: Subject, generation: Int64, dueAt: Timestamp,
        error: String?
    ) throws {
        try db.execute(
            """
            UPDATE work SET attempts = attempts + 1, last_error = \(error),
                asked_at = CASE WHEN generation > \(generation) THEN asked_at END,
                due_at = CASE WHEN generation > \(generation) AND due_at < \(dueAt) THEN due_at ELSE \(dueAt) END
            WHERE tenant_id = \(tenant) AND subject = \(subject) AND generation > done_generation
            """)
    }

    /// What waits for something of this customer is due now.
    package static func hasten(
        _ db: any SQLConnection, tenant: TenantID, customer: VismaCustomerNumber, now: Timestamp
    ) throws {
        try db.execute(
            """
            UPDATE work SET due_at = \(now)
            WHERE tenant_id = \(tenant) AND generation > done_generation AND due_at > \(now) AND subject IN (
                SELECT 'document/' || document FROM links
                WHERE tenant_id = \(tenant) AND visma_customer = \(customer)
            )
            """)
    }

    package static func find(_ db: any SQLConnection, tenant: TenantID, subject: Subject) throws -> WorkItem? {
        try db.query("SELECT \(columns) FROM work WHERE tenant_id = \(tenant) AND subject = \(subject)")
            .first.map(item)
    }

    /// The dirty subjects, due or not, the next one first.
    package static func dirtyList(_ db: any SQLConnection, tenant: TenantID, limit: Int) throws -> [WorkItem] {
        try db.query(
            """
            SELECT \(columns) FROM work WHERE tenant_id = \(tenant) AND generation > done_generation
            ORDER BY due_at, subject LIMIT \(limit)
            """
        ).map(item)
    }

    /// How many subjects are known, dirty, and dirty with an error.
    package static func counts(
        _ db: any SQLConnection, tenant: TenantID
    ) throws -> (subjects: Int, dirty: Int, failing: Int) {
        let rows = try db.query(
            """
            SELECT COUNT(*) AS subjects,
                COALESCE(SUM(CASE WHEN generation > done_generation THEN 1 ELSE 0 END), 0) AS dirty,
                COALESCE(SUM(CASE WHEN generation > done_generation AND last_error IS NOT NULL THEN 1 ELSE 0 END), 0)
                    AS failing
            FROM work WHERE tenant_id = \(tenant)
            """)
        guard let row = rows.first else { return (0, 0, 0) }
        return (try row.int("subjects"), try row.int("dirty"), try row.int("failing"))
    }

    private static func item(_ row: SQLRow) throws -> WorkItem {
        WorkItem(
            subject: try row.subject("subject"), generation: try row.integer("generation"),
            doneGeneration: try row.integer("done_generation"), dueAt: try row.timestamp("due_at"),
            attempts: try row.int("attempts"), lastError: try row.textOrNull("last_error"),
            cause: try row.text("cause"), askedAt: try row.timestampOrNull("asked_at"), lane: try row.choice("lane"))
    }
}
