package import Domain
package import Storage

/// What is still to be done for a tenant, as the database knows it.
package struct Backlog: Hashable, Sendable {
    /// Subjects of which `waiting` tells at most.
    package static let waitingMax = 20

    /// Lists that have not been read since they were asked for.
    package var unpolled: [SyncStream]
    /// Events that nobody has looked at.
    package var unread: Int
    package var dirty: Int
    /// Dirty subjects whose last look failed.
    package var failing: Int
    /// The dirty subjects that are due next.
    package var waiting: [WorkItem]

    /// Nothing is left to do until something new comes.
    package var isClean: Bool { unpolled.isEmpty && unread == 0 && dirty == 0 }
    /// When something can happen next; nil when it can at once.
    package var nextDue: Timestamp? { unpolled.isEmpty && unread == 0 ? waiting.first?.dueAt : nil }

    package static func read(_ db: any SQLConnection, tenant: TenantID) throws -> Backlog {
        let counts = try WorkTable.counts(db, tenant: tenant)
        return Backlog(
            unpolled: try Poller.streams.filter { stream in
                try CursorsTable.get(db, tenant: tenant, stream: stream)?.sweptAt == nil
            },
            unread: try EventsTable.countByState(db, tenant: tenant)[.received] ?? 0, dirty: counts.dirty,
            failing: counts.failing, waiting: try WorkTable.dirtyList(db, tenant: tenant, limit: waitingMax))
    }
}
