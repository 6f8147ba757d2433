import Domain
import Logging
import Storage
import Stripe

/// Asks Stripe now and then for events, so that one that no webhook brought is not lost. Two questions, each with its
/// own cursor: which events were made at all, and, in between, which ones no endpoint of the account has accepted.
///
/// Frugal, as Stripe allots reads (10,000 a month at least, else 500 per transaction): a list of at most 100 events
/// costs one read, so a tenant that collects nothing costs 24 a day or 744 in a long month, and one that collects 96 a
/// day or 2,976 a month. The first turn only sets the cursor.
struct CatchUp: Sendable {
    /// Between two sweeps over all events: what bounds how late a payment is whose webhooks came nowhere.
    static let sweepSeconds: Int64 = 3600
    /// Between two looks at the undelivered ones, while anything is being collected: the list is short however much
    /// the account does besides.
    static let undeliveredSeconds: Int64 = 900
    /// Asked for again each time, as events can become listed late and clocks differ.
    static let overlapSeconds: Int64 = 600
    /// Stripe lists events for 30 days; the hour less is for those that would end while they are listed.
    static let listedSeconds: Int64 = 30 * 86_400 - 3600
    /// Where a sweep begins that comes too late for all that was missed: a day short of the end, for the attempts that
    /// fail.
    static let reachSeconds: Int64 = 29 * 86_400
    /// Documents marked in one step when events were lost.
    static let pageSize = 500
    /// Of one listing, so that a long absence is caught up with piece by piece.
    static let windowSeconds: Int64 = 86_400

    let tenant: TenantContext
    let environment: SyncEnvironment

    /// How far a stream has been read.
    private struct Mark {
        var from: Int64
        var at: Timestamp

        init?(_ cursor: StreamCursor?) {
            guard let cursor, let at = cursor.sweptAt, let from = Int64(cursor.value) else { return nil }
            self.from = from
            self.at = at
        }
    }

    func run() async throws {
        let now = environment.now()
        let (all, undelivered) = try await environment.database.read { [tenant] db in
            (
                Mark(try CursorsTable.get(db, tenant: tenant.id, stream: .stripeEvents)),
                Mark(try CursorsTable.get(db, tenant: tenant.id, stream: .stripeUndelivered))
            )
        }
        guard let all else { return try await store([], .stripeEvents, readTo: now.unixSeconds, at: now, now) }
        guard all.at.adding(seconds: Self.sweepSeconds) > now else { return try await sweep(from: all, now) }
        // What a sweep has listed need not be asked for again as undelivered.
        let last = max(all.at, undelivered?.at ?? all.at)
        guard last.adding(seconds: Self.undeliveredSeconds) <= now else { return }
        let isCollecting = try await environment.database.read { [tenant] db in
            try Self.isCollecting(db, tenant: tenant.id)
        }
        guard isCollecting else { return }
        let from = max(all.from, undelivered?.from ?? all.from)
        let listed = try await tenant.stripe.events(createdFrom: moment(from), undeliveredOnly: true)
        try await store(listed, .stripeUndelivered, readTo: now.unixSeconds, at: now, now)
    }

    /// When Stripe's events are to be listed next.
    static func next(_ db: any SQLConnection, tenant: TenantID, now: Timestamp) throws -> Timestamp {
        guard let all = Mark(try CursorsTable.get(db, tenant: tenant, stream: .stripeEvents)) else { return now }
        let sweep = all.at.adding(seconds: sweepSeconds)
        guard try isCollecting(db, tenant: tenant) else { return sweep }
        let undelivered = Mark(try CursorsTable.get(db, tenant: tenant, stream: .stripeUndelivered))
        return min(sweep, max(all.at, undelivered?.at ?? all.at).adding(seconds: undeliveredSeconds))
    }

    private func sweep(from mark: Mark, _ now: Timestamp) async throws {
        var from = mark.from
        if from < now.unixSeconds - Self.listedSeconds {
            from = now.unixSeconds - Self.reachSeconds
            try await lookAtAllPushed(missing: mark.from, until: from, now)
            try await store([], .stripeEvents, readTo: from, at: mark.at, now)
        }
        while true {
            let to = min(from + Self.windowSeconds, now.unixSeconds)
            let isLast = to == now.unixSeconds
            let listed = try await tenant.stripe.events(
                createdFrom: moment(from), createdBefore: isLast ? nil : Timestamp(unixSeconds: to),
                undeliveredOnly: false)
            try await store(listed, .stripeEvents, readTo: to, at: isLast ? now : mark.at, now)
            if isLast { return }
            from = to
        }
    }

    /// What an event of a lost time told is asked of Stripe itself, of every document that has an invoice there, also
    /// a settled one: a refund or a dispute comes after that. The cursor moves behind it, so that it is done once.
    private func lookAtAllPushed(missing from: Int64, until: Int64, _ now: Timestamp) async throws {
        var last: DocumentRef?
        var count = 0
        while true {
            let page = try await environment.commit { [tenant, last] db in
                let page = try LinksTable.list(db, tenant: tenant.id, after: last, limit: Self.pageSize)
                for link in page where link.invoice != nil {
                    try WorkTable.dirty(
                        db, tenant: tenant.id, subject: .document(link.document), cause: "events lost", dueAt: now)
                }
                return page
            }
            count += page.count { $0.invoice != nil }
            guard page.count == Self.pageSize else { break }
            last = page.last?.document
        }
        environment.log.warning(
            "events are older than Stripe lists them: every pushed document is looked at",
            metadata: [
                "tenant": "\(tenant.id)", "from": "\(Timestamp(unixSeconds: from))",
                "until": "\(Timestamp(unixSeconds: until))", "documents": "\(count)",
            ])
    }

    private func moment(_ from: Int64) -> Timestamp {
        Timestamp(unixSeconds: from - Self.overlapSeconds)
    }

    private static func isCollecting(_ db: any SQLConnection, tenant: TenantID) throws -> Bool {
        try !LinksTable.list(db, tenant: tenant, state: .collecting, limit: 1).isEmpty
    }

    /// The cursor moves only with what was listed. Of an event that is there already, as nearly all are, nothing
    /// changes. The bodies keep the version that Stripe made them in.
    private func store(
        _ listed: [ListedEvent], _ stream: SyncStream, readTo: Int64, at: Timestamp, _ now: Timestamp
    ) async throws {
        let wanted = Set(EventType.subscribed)
        try await environment.commitRenewing { [tenant] db in
            for event in listed where wanted.contains(event.envelope.type) {
                try EventsTable.insertListed(
                    db, tenant: tenant.id,
                    StoredEvent(
                        eventID: event.envelope.id, type: event.envelope.type, objectID: event.envelope.objects.id,
                        isLive: event.envelope.livemode, body: event.body, receivedAt: now))
            }
            try CursorsTable.set(
                db, tenant: tenant.id, stream: stream, StreamCursor(value: String(readTo), sweptAt: at))
        }
    }
}
