package import Domain

/// Something that a person must decide.
package struct ReviewRecord: Hashable, Sendable {
    package enum State: String, Sendable, CaseIterable {
        case open, resolved
    }

    /// From 1 within the tenant.
    package var id: Int
    package var subject: Subject
    /// Like `customer.no_email`, `currency.unsupported`.
    package var code: String
    /// A sentence with what was found.
    package var found: String
    /// JSON: the resolutions that are offered.
    package var proposals: String
    package var state: State
    package var openedAt: Timestamp
    package var resolvedAt: Timestamp?
    package var resolvedBy: String?
    package var resolution: String?
    /// How a person may resolve it. A code that this version does not know is of another one's.
    package var offered: [ReviewResolution] {
        Review.Code(rawValue: code).map { ReviewResolution.offered(for: $0, on: subject) } ?? [.lookAgain]
    }
    /// Of one that a person resolved in one of the offered ways.
    package var decision: ReviewResolution? { resolution.flatMap(ReviewResolution.init(stored:)) }
}

package enum ReviewsTable {
    private static let columns: SQLStatement = """
        id, subject, code, found, proposals, state, opened_at, resolved_at, resolved_by, resolution
        """

    /// Opens a review unless one of this subject and code is open; then what was found is brought up to date.
    package static func open(
        _ db: any SQLConnection, tenant: TenantID, subject: Subject, code: String, found: String, proposals: String,
        now: Timestamp
    ) throws -> (id: Int, isNew: Bool) {
        let open = try db.query(
            """
            SELECT id FROM reviews
            WHERE tenant_id = \(tenant) AND subject = \(subject) AND code = \(code) AND state = 'open'
            """)
        if let id = try open.first?.int("id") {
            try db.execute(
                """
                UPDATE reviews SET found = \(found), proposals = \(proposals)
                WHERE tenant_id = \(tenant) AND id = \(id)
                """)
            return (id, false)
        }
        let rows = try db.query(
            """
            INSERT INTO reviews (tenant_id, id, subject, code, found, proposals, state, opened_at)
            VALUES (\(tenant), (SELECT COALESCE(MAX(id), 0) + 1 FROM reviews WHERE tenant_id = \(tenant)),
                \(subject), \(code), \(found), \(proposals), 'open', \(now))
            RETURNING id
            """)
        guard let row = rows.first else { throw StorageError(.other, "an insert answered no row") }
        return (try row.int("id"), true)
    }

    /// Throws `.notFound`, or `.illegalMove` when somebody has resolved it already.
    package static func resolve(
        _ db: any SQLConnection, tenant: TenantID, id: Int, by actor: String, resolution: String, now: Timestamp
    ) throws {
        let changed = try db.execute(
            """
            UPDATE reviews SET state = 'resolved', resolved_at = \(now), resolved_by = \(actor),
                resolution = \(resolution)
            WHERE tenant_id = \(tenant) AND id = \(id) AND state = 'open'
            """)
        guard changed == 0 else { return }
        guard try find(db, tenant: tenant, id: id) != nil else {
            throw StorageError(.notFound, "tenant \(tenant) has no review \(id)")
        }
        throw StorageError(.illegalMove, "review \(id) of \(tenant) is resolved already")
    }

    package static func find(_ db: any SQLConnection, tenant: TenantID, id: Int) throws -> ReviewRecord? {
        try db.query("SELECT \(columns) FROM reviews WHERE tenant_id = \(tenant) AND id = \(id)").first.map(review)
    }

    /// By id; `after` is the last one of the page before.
    package static func list(
        _ db: any SQLConnection, tenant: TenantID, state: ReviewRecord.State? = nil, subject: Subject? = nil,
        after: Int = 0, limit: Int
    ) throws -> [ReviewRecord] {
        let ofState: SQLStatement = state.map { "AND state = \($0)" } ?? ""
        let ofSubject: SQLStatement = subject.map { "AND subject = \($0)" } ?? ""
        return try db.query(
            """
            SELECT \(columns) FROM reviews WHERE tenant_id = \(tenant) AND id > \(after) \(ofState) \(ofSubject)
            ORDER BY id LIMIT \(limit)
            """
        ).map(review)
    }

    /// Those of the subject that a person has resolved, oldest first.
    package static func decided(
        _ db: any SQLConnection, tenant: TenantID, subject: Subject
    ) throws -> [ReviewRecord] {
        try db.query(
            """
            SELECT \(columns) FROM reviews
            WHERE tenant_id = \(tenant) AND subject = \(subject) AND state = 'resolved' AND resolved_by <> 'system'
            ORDER BY id
            """
        ).map(review)
    }

    /// Says otherwise what became of a resolved review: a person's word holds no longer.
    package static func reword(
        _ db: any SQLConnection, tenant: TenantID, id: Int, resolution: String
    ) throws {
        let changed = try db.execute(
            """
            UPDATE reviews SET resolution = \(resolution)
            WHERE tenant_id = \(tenant) AND id = \(id) AND state = 'resolved'
            """)
        if changed == 0 { throw StorageError(.notFound, "tenant \(tenant) has no resolved review \(id)") }
    }

    /// Whether the subject waits for a person.
    package static func isOpen(_ db: any SQLConnection, tenant: TenantID, subject: Subject) throws -> Bool {
        try !db.query(
            """
            SELECT id FROM reviews WHERE tenant_id = \(tenant) AND subject = \(subject) AND state = 'open' LIMIT 1
            """
        ).isEmpty
    }

    /// The subjects that wait for a person, each once; `after` is the last one of the page before.
    package static func openSubjects(
        _ db: any SQLConnection, tenant: TenantID, after: Subject? = nil, limit: Int
    ) throws -> [Subject] {
        let later: SQLStatement = after.map { "AND subject > \($0)" } ?? ""
        return try db.query(
            """
            SELECT DISTINCT subject FROM reviews WHERE tenant_id = \(tenant) AND state = 'open' \(later)
            ORDER BY subject LIMIT \(limit)
            """
        ).map { try $0.subject("subject") }
    }

    /// How many of the tenant's reviews wait for a person.
    package static func countOpen(_ db: any SQLConnection, tenant: TenantID) throws -> Int {
        try db.query(
            "SELECT COUNT(*) AS reviews FROM reviews WHERE tenant_id = \(tenant) AND state = 'open'"
        ).first?.int("reviews") ?? 0
    }

    private static func review(_ row: SQLRow) throws -> ReviewRecord {
        ReviewRecord(
            id: try row.int("id"), subject: try row.subject("subject"), code: try row.text("code"),
            found: try row.text("found"), proposals: try row.text("proposals"), state: try row.choice("state"),
            openedAt: try row.timestamp("opened_at"), resolvedAt: try row.timestampOrNull("resolved_at"),
            resolvedBy: try row.textOrNull("resolved_by"), resolution: try row.textOrNull("resolution"))
    }
}
