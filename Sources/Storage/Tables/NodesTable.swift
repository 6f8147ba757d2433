package import Domain

/// A process that works on the database together with others.
package struct NodeRecord: Hashable, Sendable {
    package enum State: String, Sendable, CaseIterable {
        case active
        /// It takes no more turns, and ends those that it has.
        case draining
    }

    /// Unique to a process's life; the owner of its leases.
    package var id: String
    package var state: State
    /// Of the program.
    package var version: String
    package var startedAt: Timestamp
    package var beatAt: Timestamp
    /// When it counts as gone unless its heart beats before.
    package var expiresAt: Timestamp

    package init(
        id: String, state: State, version: String, startedAt: Timestamp, beatAt: Timestamp, expiresAt: Timestamp
    ) {
        self.id = id
        self.state = state
        self.version = version
        self.startedAt = startedAt
        self.beatAt = beatAt
        self.expiresAt = expiresAt
    }
}

/// The nodes of one database. Times are the database's.
package enum NodesTable {
    private static let columns: SQLStatement = "id, state, version, started_at, beat_at, expires_at"

    /// Says that the node is there until `ttlSeconds` from now. One that was told to drain stays so.
    @discardableResult
    package static func beat(
        _ db: any SQLConnection, id: String, version: String, now: Timestamp, ttlSeconds: Int64
    ) throws -> NodeRecord? {
        try db.query(
            """
            INSERT INTO nodes (\(columns))
            VALUES (\(id), \(NodeRecord.State.active), \(version), \(now), \(now), \(now.adding(seconds: ttlSeconds)))
            ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at, expires_at = excluded.expires_at
            RETURNING \(columns)
            """
        ).first.map(record)
    }

    /// False when there is no such node.
    @discardableResult
    package static func drain(_ db: any SQLConnection, id: String) throws -> Bool {
        try db.execute("UPDATE nodes SET state = \(NodeRecord.State.draining) WHERE id = \(id)") > 0
    }

    package static func remove(_ db: any SQLConnection, id: String) throws {
        try db.execute("DELETE FROM nodes WHERE id = \(id)")
    }

    /// Forgets those that have been gone since before `moment`.
    package static func removeGone(_ db: any SQLConnection, since moment: Timestamp) throws {
        try db.execute("DELETE FROM nodes WHERE expires_at < \(moment)")
    }

    /// For a process that has the database alone: all others are gone, whatever their rows say.
    package static func removeAll(_ db: any SQLConnection) throws {
        try db.execute("DELETE FROM nodes")
    }

    package static func find(_ db: any SQLConnection, id: String) throws -> NodeRecord? {
        try db.query("SELECT \(columns) FROM nodes WHERE id = \(id)").first.map(record)
    }

    /// All that are known, by id, also those that are gone.
    package static func list(_ db: any SQLConnection) throws -> [NodeRecord] {
        try db.query("SELECT \(columns) FROM nodes ORDER BY id").map(record)
    }

    private static func record(_ row: SQLRow) throws -> NodeRecord {
        NodeRecord(
            id: try row.text("id"), state: try row.choice("state"), version: try row.text("version"),
            startedAt: try row.timestamp("started_at"), beatAt: try row.timestamp("beat_at"),
            expiresAt: try row.timestamp("expires_at"))
    }
}
