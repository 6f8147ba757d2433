package import Domain

/// A Stripe event as it arrived: raw bytes, and the few fields that were read from them.
package struct StoredEvent: Hashable, Sendable {
    package enum State: String, Sendable, CaseIterable {
        case received, resolved, ignored
    }

    /// What became of a delivery.
    package enum Outcome: Hashable, Sendable {
        case stored
        /// It was on disk already; the delivery has been counted.
        case duplicate
    }

    package var eventID: String
    package var type: String
    package var objectID: String?
    package var isLive: Bool
    package var body: [UInt8]
    package var receivedAt: Timestamp
    package var state: State
    package var subject: Subject?
    /// Why it was ignored, or stored without being used.
    package var reason: String?
    /// Nil when it came from Stripe's list of events.
    package var endpointKey: String?
    package var deliveries: Int

    package init(
        eventID: String, type: String, objectID: String?, isLive: Bool, body: [UInt8], receivedAt: Timestamp,
        state: State = .received, subject: Subject? = nil, reason: String? = nil, endpointKey: String? = nil,
        deliveries: Int = 1
    ) {
        self.eventID = eventID
        self.type = type
        self.objectID = objectID
        self.isLive = isLive
        self.body = body
        self.receivedAt = receivedAt
        self.state = state
        self.subject = subject
        self.reason = reason
        self.endpointKey = endpointKey
        self.deliveries = deliveries
    }
}

package enum EventsTable {
    private static let columns: SQLStatement = """
        event_id, type, object_id, livemode, body, received_at, state, subject, reason, endpoint_key, deliveries
        """

    /// Stores an event that was found by listing, unless it is there: that is no delivery and is not counted as one.
    package static func insertListed(_ db: any SQLConnection, tenant: TenantID, _ event: StoredEvent) throws {
        try db.execute(
            """
            INSERT INTO events (tenant_id, \(columns)) VALUES (\(tenant), \(event.eventID), \(event.type),
                \(event.objectID), \(event.isLive), \(event.body), \(event.receivedAt), \(event.state),
                \(event.subject), \(event.reason), \(event.endpointKey), 1)
            ON CONFLICT (tenant_id, event_id) DO NOTHING
            """)
    }

    /// How many events one statement inserts at most. Only powers of two are used, so that there are few texts.
    private static let rowsMax = 64

    /// Stores a group commit's events, each with its tenant, unless their ids are there; then only the delivery is
    /// counted and the first body kept. Outcomes in the order given. They are inserted sorted by key, so that two
    /// groups on two connections cannot wait for each other.
    package static func insertMany(
        _ db: any SQLConnection, _ events: [(tenant: TenantID, event: StoredEvent)]
    ) throws -> [StoredEvent.Outcome] {
        // One statement cannot touch a row twice: what came several times in the group is inserted once and counted.
        var deliveries: [EventKey: Int] = [:]
        var first: [(key: EventKey, index: Int)] = []
        for (index, given) in events.enumerated() {
            let key = EventKey(tenant: given.tenant, eventID: given.event.eventID)
            if deliveries.updateValue((deliveries[key] ?? 0) + 1, forKey: key) == nil { first.append((key, index)) }
        }
        first.sort { $0.key < $1.key }
        var stored: Set<EventKey> = []
        var rest = first[...]
        while !rest.isEmpty {
            var size = rowsMax
            while size > rest.count { size /= 2 }
            let rows = rest.prefix(size).map { values(events[$0.index], deliveries: deliveries[$0.key] ?? 1) }
            rest = rest.dropFirst(size)
            let answer = try db.query(
                """
                INSERT INTO events (tenant_id, \(columns)) VALUES \(rows: rows)
                ON CONFLICT (tenant_id, event_id) DO UPDATE SET deliveries = events.deliveries + excluded.deliveries
                RETURNING tenant_id, event_id, deliveries
                """)
            for row in answer {
                let key = EventKey(tenant: try row.id("tenant_id"), eventID: try row.text("event_id"))
                if try row.int("deliveries") == deliveries[key] { stored.insert(key) }
            }
        }
        // The first of a key that is new was stored, all others are duplicates.
        return events.map { given in
            let isNew = stored.remove(EventKey(tenant: given.tenant, eventID: given.event.eventID)) != nil
            return isNew ? .stored : .duplicate
        }
    }

    private struct EventKey: Hashable, Comparable {
        var tenant: TenantID
        var eventID: String

        static func < (one: Self, other: Self) -> Bool {
            (one.tenant.rawValue, one.eventID) < (other.tenant.rawValue, other.eventID)
        }
    }

    private static func values(
        _ given: (tenant: TenantID, event: StoredEvent), deliveries: Int
    ) -> SQLStatement {
        let event = given.event
        return """
            (\(given.tenant), \(event.eventID), \(event.type), \(event.objectID), \(event.isLive), \(event.body), \
            \(event.receivedAt), \(event.state), \(event.subject), \(event.reason), \(event.endpointKey), \(deliveries))
            """
    }

    package static func find(_ db: any SQLConnection, tenant: TenantID, eventID: String) throws -> StoredEvent? {
        try db.query("SELECT \(columns) FROM events WHERE tenant_id = \(tenant) AND event_id = \(eventID)")
            .first.map(event)
    }

    /// The oldest events that nobody has looked at, behind `last` where it is given.
    package static func nextReceived(
        _ db: any SQLConnection, tenant: TenantID, after last: StoredEvent? = nil, limit: Int
    ) throws -> [StoredEvent] {
        let later: SQLStatement = last.map { "AND (received_at, event_id) > (\($0.receivedAt), \($0.eventID))" } ?? ""
        return try db.query(
            """
            SELECT \(columns) FROM events WHERE tenant_id = \(tenant) AND state = 'received' \(later)
            ORDER BY received_at, event_id LIMIT \(limit)
            """
        ).map(event)
    }

    /// Makes events about an object unread again that were ignored before the object was known.
    package static func reopen(_ db: any SQLConnection, tenant: TenantID, objectID: String) throws {
        try db.execute(
            """
            UPDATE events SET state = 'received', reason = NULL
            WHERE tenant_id = \(tenant) AND object_id = \(objectID) AND state = 'ignored'
            """)
    }

    /// An event of several subjects names the first of them. One of none, whose use was another, says so as `reason`.
    package static func markResolved(
        _ db: any SQLConnection, tenant: TenantID, eventID: String, subject: Subject?, reason: String? = nil
    ) throws {
        try mark(db, tenant: tenant, eventID: eventID, state: .resolved, subject: subject, reason: reason)
    }

    package static func markIgnored(
        _ db: any SQLConnection, tenant: TenantID, eventID: String, reason: String
    ) throws {
        try mark(db, tenant: tenant, eventID: eventID, state: .ignored, subject: nil, reason: reason)
    }

    private static func mark(
        _ db: any SQLConnection, tenant: TenantID, eventID: String, state: StoredEvent.State, subject: Subject?,
        reason: String?
    ) throws {
        let changed = try db.execute(
            """
            UPDATE events SET state = \(state), subject = \(subject), reason = \(reason)
            WHERE tenant_id = \(tenant) AND event_id = \(eventID)
            """)
        if changed == 0 { throw StorageError(.notFound, "tenant \(tenant) has no event \(eventID)") }
    }

    /// Newest first; `after` is the event id that ended the page before.
    package static func list(
        _ db: any SQLConnection, tenant: TenantID, state: StoredEvent.State? = nil, type: String? = nil,
        after: String? = nil, limit: Int
    ) throws -> [StoredEvent] {
        let ofState: SQLStatement = state.map { "AND state = \($0)" } ?? ""
        let ofType: SQLStatement = type.map { "AND type = \($0)" } ?? ""
        let older: SQLStatement =
            after.map {
                """
                AND (received_at, event_id) < (
                    SELECT received_at, event_id FROM events WHERE tenant_id = \(tenant) AND event_id = \($0))
                """
            } ?? ""
        return try db.query(
            """
            SELECT \(columns) FROM events WHERE tenant_id = \(tenant) \(ofState) \(ofType) \(older)
            ORDER BY received_at DESC, event_id DESC LIMIT \(limit)
            """
        ).map(event)
    }

    /// Those of the selection that somebody has looked at, oldest first; `after` is the event id that ended the page
    /// before.
    package static func lookedAt(
        _ db: any SQLConnection, tenant: TenantID, _ selection: EventSelection, after: String? = nil, limit: Int
    ) throws -> [StoredEvent] {
        let later = behind(after, tenant)
        return try db.query(
            """
            SELECT \(columns) FROM events
            WHERE tenant_id = \(tenant) AND state <> 'received' \(selection.condition) \(later)
            ORDER BY received_at, event_id LIMIT \(limit)
            """
        ).map(event)
    }

    /// How many `lookedAt` would list without a limit.
    package static func countLookedAt(
        _ db: any SQLConnection, tenant: TenantID, _ selection: EventSelection, after: String? = nil
    ) throws -> Int {
        let later = behind(after, tenant)
        return try db.query(
            """
            SELECT COUNT(*) AS events FROM events
            WHERE tenant_id = \(tenant) AND state <> 'received' \(selection.condition) \(later)
            """
        ).first?.int("events") ?? 0
    }

    /// Makes an event unread again, as if it came now; that is no delivery.
    package static func receiveAgain(_ db: any SQLConnection, tenant: TenantID, eventID: String) throws {
        try mark(db, tenant: tenant, eventID: eventID, state: .received, subject: nil, reason: nil)
    }

    private static func behind(_ eventID: String?, _ tenant: TenantID) -> SQLStatement {
        guard let eventID else { return "" }
        return """
            AND (received_at, event_id) > (
                SELECT received_at, event_id FROM events WHERE tenant_id = \(tenant) AND event_id = \(eventID))
            """
    }

    /// Those that were resolved to the subject, oldest first. One of several subjects names the first of them only.
    package static func list(
        _ db: any SQLConnection, tenant: TenantID, subject: Subject
    ) throws -> [StoredEvent] {
        try db.query(
            """
            SELECT \(columns) FROM events WHERE tenant_id = \(tenant) AND subject = \(subject)
            ORDER BY received_at, event_id
            """
        ).map(event)
    }

    package static func countByState(
        _ db: any SQLConnection, tenant: TenantID
    ) throws -> [StoredEvent.State: Int] {
        var counts: [StoredEvent.State: Int] = [:]
        for row in try db.query(
            "SELECT state, COUNT(*) AS events FROM events WHERE tenant_id = \(tenant) GROUP BY state")
        {
            counts[try row.choice("state")] = try row.int("events")
        }
        return counts
    }

    /// Deliveries of events that were on disk already.
    package static func duplicates(_ db: any SQLConnection, tenant: TenantID) throws -> Int {
        try db.query(
            """
            SELECT CAST(COALESCE(SUM(deliveries - 1), 0) AS BIGINT) AS duplicates FROM events
            WHERE tenant_id = \(tenant)
            """
        ).first?.int("duplicates") ?? 0
    }

    private static func event(_ row: SQLRow) throws -> StoredEvent {
        StoredEvent(
            eventID: try row.text("event_id"), type: try row.text("type"), objectID: try row.textOrNull("object_id"),
            isLive: try row.bool("livemode"), body: try row.blob("body"),
            receivedAt: try row.timestamp("received_at"), state: try row.choice("state"),
            subject: try row.subjectOrNull("subject"), reason: try row.textOrNull("reason"),
            endpointKey: try row.textOrNull("endpoint_key"), deliveries: try row.int("deliveries"))
    }
}
