import Domain
import Storage
import Stripe

/// Asks Stripe now and then for the events that were made since the last time, so that one that no webhook brought is
/// not lost. Frugal, as Stripe allots reads: once an hour, and not at all before the first hour is over.
struct CatchUp: Sendable {
    static let intervalSeconds: Int64 = 3600
    /// Asked for again each time, as events can become listed late.
    static let overlapSeconds: Int64 = 600
    /// Stripe keeps events for 30 days.
    static let reachSeconds: Int64 = 29 * 86_400

    let tenant: TenantContext
    let environment: SyncEnvironment

    func run() async throws {
        let now = environment.now()
        let cursor = try await environment.database.read { [tenant] db in
            try CursorsTable.get(db, tenant: tenant.id, stream: .stripeEvents)
        }
        guard let cursor, let swept = cursor.sweptAt, let from = Int64(cursor.value) else {
            return try await move(to: now, at: now)
        }
        guard swept.adding(seconds: Self.intervalSeconds) <= now else { return }
        let since = Timestamp(unixSeconds: max(from - Self.overlapSeconds, now.unixSeconds - Self.reachSeconds))
        let listed = try await tenant.stripe.events(createdFrom: since, undeliveredOnly: false)
        let wanted = Set(EventType.subscribed)
        try await environment.database.write { [tenant] db in
            for event in listed where wanted.contains(event.envelope.type) {
                guard try EventsTable.find(db, tenant: tenant.id, eventID: event.envelope.id) == nil else { continue }
                _ = try EventsTable.insert(
                    db, tenant: tenant.id,
                    StoredEvent(
                        eventID: event.envelope.id, type: event.envelope.type, objectID: event.envelope.objects.id,
                        isLive: event.envelope.livemode, body: event.body, receivedAt: now))
            }
        }
        try await move(to: now, at: now)
    }

    /// Only after what was listed is stored.
    private func move(to moment: Timestamp, at now: Timestamp) async throws {
        try await environment.database.write { [tenant] db in
            try CursorsTable.set(
                db, tenant: tenant.id, stream: .stripeEvents,
                StreamCursor(value: String(moment.unixSeconds), sweptAt: now))
        }
    }
}
