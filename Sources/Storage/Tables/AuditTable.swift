package import Domain

/// One entry of a tenant's audit trail, chained to the one before by an HMAC under the tenant's audit key.
package struct AuditEntry: Hashable, Sendable {
    /// From 1 without gaps.
    package var sequence: Int64
    package var at: Timestamp
    package var actor: String
    package var action: String
    package var subject: String?
    package var outcome: String
    /// JSON.
    package var details: String
    package var previousCode: [UInt8]
    package var code: [UInt8]

    package init(
        sequence: Int64, at: Timestamp, actor: String, action: String, subject: String?, outcome: String,
        details: String, previousCode: [UInt8], code: [UInt8]
    ) {
        self.sequence = sequence
        self.at = at
        self.actor = actor
        self.action = action
        self.subject = subject
        self.outcome = outcome
        self.details = details
        self.previousCode = previousCode
        self.code = code
    }
}

/// Where a tenant's chain ends.
package struct AuditHead: Hashable, Sendable {
    package var sequence: Int64
    package var code: [UInt8]

    /// Before the first entry: sequence 0 and 32 zero bytes.
    package static let beginning = AuditHead(sequence: 0, code: [UInt8](repeating: 0, count: 32))

    package init(sequence: Int64, code: [UInt8]) {
        self.sequence = sequence
        self.code = code
    }
}

/// Append only: the schema refuses UPDATE and DELETE.
package enum AuditTable {
    private static let columns: SQLStatement = """
        sequence, at, actor, action, subject, outcome, details, previous_code, code
        """

    package static func head(_ db: any SQLConnection, tenant: TenantID) throws -> AuditHead {
        try db.query("SELECT sequence, code FROM audit_heads WHERE tenant_id = \(tenant)").first
            .map { AuditHead(sequence: try $0.integer("sequence"), code: try $0.blob("code")) } ?? .beginning
    }

    /// Appends the entry and moves the head, in the caller's transaction. Throws `.conflict` unless the entry follows
    /// the head.
    package static func append(_ db: any SQLConnection, tenant: TenantID, _ entry: AuditEntry) throws {
        let head = try head(db, tenant: tenant)
        guard entry.sequence == head.sequence + 1, entry.previousCode == head.code else {
            throw StorageError(
                .conflict, "entry \(entry.sequence) does not follow entry \(head.sequence) of \(tenant)'s trail")
        }
        // The head first: of two that append to one trail at once the later meets this row, not the entry.
        try db.execute(
            """
            INSERT INTO audit_heads (tenant_id, sequence, code) VALUES (\(tenant), \(entry.sequence), \(entry.code))
            ON CONFLICT (tenant_id) DO UPDATE SET sequence = excluded.sequence, code = excluded.code
            """)
        try db.execute(
            """
            INSERT INTO audit (tenant_id, \(columns)) VALUES (\(tenant), \(entry.sequence), \(entry.at),
                \(entry.actor), \(entry.action), \(entry.subject), \(entry.outcome), \(entry.details),
                \(entry.previousCode), \(entry.code))
            """)
    }

    /// Newest first; `before` is the last sequence of the page before.
    package static func list(
        _ db: any SQLConnection, tenant: TenantID, before: Int64? = nil, limit: Int
    ) throws -> [AuditEntry] {
        let older: SQLStatement = before.map { "AND sequence < \($0)" } ?? ""
        return try db.query(
            """
            SELECT \(columns) FROM audit WHERE tenant_id = \(tenant) \(older)
            ORDER BY sequence DESC LIMIT \(limit)
            """
        ).map(entry)
    }

    /// The entries about any of these, oldest first: one thing has a name in effects and another for people.
    package static func list(
        _ db: any SQLConnection, tenant: TenantID, subjects: [String]
    ) throws -> [AuditEntry] {
        try db.query(
            """
            SELECT \(columns) FROM audit WHERE tenant_id = \(tenant) AND subject IN (\(list: subjects))
            ORDER BY sequence
            """
        ).map(entry)
    }

    /// Oldest first, for verifying the chain.
    package static func after(
        _ db: any SQLConnection, tenant: TenantID, sequence: Int64, limit: Int
    ) throws -> [AuditEntry] {
        try db.query(
            """
            SELECT \(columns) FROM audit WHERE tenant_id = \(tenant) AND sequence > \(sequence)
            ORDER BY sequence LIMIT \(limit)
            """
        ).map(entry)
    }

    private static func entry(_ row: SQLRow) throws -> AuditEntry {
        AuditEntry(
            sequence: try row.integer("sequence"), at: try row.timestamp("at"), actor: try row.text("actor"),
            action: try row.text("action"), subject: try row.textOrNull("subject"),
            outcome: try row.text("outcome"), details: try row.text("details"),
            previousCode: try row.blob("previous_code"), code: try row.blob("code"))
    }
}
