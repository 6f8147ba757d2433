package import Domain
import Foundation
package import Storage

/// Which stored events are to be received again, in a person's words: what is not given says nothing.
package struct EventReplay: Hashable, Sendable {
    /// A day is the whole day in the company's time zone.
    package enum Bound: Hashable, Sendable {
        case day(LocalDate)
        case moment(Timestamp)
    }

    package var ids: [String]
    /// By when the connector received the event, not by when Stripe made it.
    package var from: Bound?
    /// A day is included; a moment is not.
    package var until: Bound?
    package var type: String?
    package var state: StoredEvent.State?
    /// The event that ended the page before.
    package var after: String?

    package init(
        ids: [String] = [], from: Bound? = nil, until: Bound? = nil, type: String? = nil,
        state: StoredEvent.State? = nil, after: String? = nil
    ) {
        self.ids = ids
        self.from = from
        self.until = until
        self.type = type
        self.state = state
        self.after = after
    }

    /// What came of it.
    package struct Outcome: Hashable, Sendable {
        /// The events as they were before, oldest first.
        package var events: [StoredEvent]
        /// How many of the selection are left after them.
        package var left: Int
        package var selection: EventSelection
    }

    func selection(in zone: TimeZone) -> EventSelection {
        let from: Timestamp? =
            switch self.from {
            case .day(let day): day.start(in: zone)
            case .moment(let moment): moment
            case nil: nil
            }
        let until: Timestamp? =
            switch self.until {
            case .day(let day): day.adding(days: 1).start(in: zone)
            case .moment(let moment): moment
            case nil: nil
            }
        return EventSelection(ids: ids, from: from, until: until, type: type, state: state)
    }
}

extension TenantAdmin {
    /// Events that are received again within one minute, by however many commands: each may cost a read at Stripe, and
    /// stands before those that come meanwhile.
    package static let replayedPerMinuteMax = 500
    /// Ids that one command names.
    package static let replayedIDsMax = 100
    private static let replayWindowSeconds: Int64 = 60
    private static let replayAction = "event.replay"
    private static let replaySubject = "events"

    /// How many events `replay` would find, were there no limit.
    package func countReplayable(_ replay: EventReplay, of tenant: TenantID) async throws -> Int {
        try await environment.database.read { db in
            let selection = try Self.selection(replay, tenant, db)
            return try EventsTable.countLookedAt(db, tenant: tenant, selection, after: replay.after)
        }
    }

    /// Marks the events unread, so that the next turn resolves them anew: what they are about is looked at again as it
    /// is now, and nothing is booked that would not have been booked anyway. Those that are unread already are left as
    /// they are. Throws `replay.unknown` when a named event is not there and `replay.too_many` when the minute's
    /// events are used up.
    package func replay(_ replay: EventReplay, of tenant: TenantID) async throws -> EventReplay.Outcome {
        try await commit(tenant) { [environment, actor] db in
            let now = environment.now()
            try Self.requireActive(db, tenant)
            let selection = try Self.selection(replay, tenant, db)
            let count = try EventsTable.countLookedAt(db, tenant: tenant, selection, after: replay.after)
            guard count > 0 else { return .init(events: [], left: 0, selection: selection) }
            let room = try Self.replayRoom(db, tenant, now)
            let events = try EventsTable.lookedAt(
                db, tenant: tenant, selection, after: replay.after, limit: room)
            for event in events { try EventsTable.receiveAgain(db, tenant: tenant, eventID: event.eventID) }
            var details = ["events": String(events.count), "left": String(count - events.count)]
            details["from"] = selection.from?.description
            details["until"] = selection.until?.description
            details["type"] = selection.type
            details["state"] = selection.state?.rawValue
            details["first"] = events.first?.eventID
            details["last"] = events.last?.eventID
            if !selection.ids.isEmpty { details["ids"] = selection.ids.sorted().joined(separator: " ") }
            try trail(db, tenant).append(
                .init(
                    actor: actor, action: Self.replayAction, subject: Self.replaySubject, outcome: "asked",
                    details: details), at: now, db)
            return .init(events: events, left: count - events.count, selection: selection)
        }
    }

    private static func selection(
        _ replay: EventReplay, _ tenant: TenantID, _ db: any SQLConnection
    ) throws -> EventSelection {
        guard let policy = try TenantRegistry.policy(db, tenant: tenant) else { throw unknown(tenant) }
        for id in replay.ids + [replay.after].compactMap({ $0 }) {
            guard try EventsTable.find(db, tenant: tenant, eventID: id) != nil else {
                throw ConnectorError(
                    code: "replay.unknown",
                    text: "tenant '\(tenant)' has no event '\(id)'; `ml-connector event list \(tenant)` shows them",
                    disposition: .reject)
            }
        }
        return replay.selection(in: policy.zone)
    }

    /// What is left of this minute's events. The trail says what was replayed, so that the limit holds whichever
    /// process asks.
    private static func replayRoom(_ db: any SQLConnection, _ tenant: TenantID, _ now: Timestamp) throws -> Int {
        let since = now.adding(seconds: -replayWindowSeconds)
        let recent = try AuditTable.list(db, tenant: tenant, subjects: [replaySubject]).filter {
            $0.action == replayAction && $0.at > since
        }
        let counts = try recent.map { entry in
            try JSONDecoder().decode([String: String].self, from: Data(entry.details.utf8))["events"].flatMap(Int.init)
        }
        let room = replayedPerMinuteMax - counts.reduce(0) { $0 + ($1 ?? 0) }
        guard room > 0 else {
            throw ConnectorError(
                code: "replay.too_many",
                text: "\(replayedPerMinuteMax) events of '\(tenant)' were received again within the last minute, the "
                    + "most that is allowed; type it again in \(replayWindowSeconds) seconds", disposition: .reject)
        }
        return room
    }
}
