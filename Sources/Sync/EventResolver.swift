import Domain
import Storage
import Stripe

/// Turns stored Stripe events into dirt. Of an event only its ids are read; what is true is asked of Stripe when the
/// document is looked at. What belongs to nothing of ours is marked so, with the reason, never dropped.
struct EventResolver: Sendable {
    static let batchSize = 100

    let tenant: TenantContext
    let environment: SyncEnvironment

    struct Outcome: Sendable {
        var resolved = 0
        /// Why some events are still unread: they are asked about again in the next turn.
        var trouble: ConnectorError?
    }

    private enum Finding: Sendable {
        case found(OwnerSearch.Finding)
        case customer(StripeCustomerID, description: String?, asOf: Timestamp)
        case customerGone(StripeCustomerID)
    }

    private struct Read: Sendable {
        var event: StoredEvent
        var finding: Finding
    }

    /// Looks once at every event that nobody has looked at.
    func resolve() async throws -> Outcome {
        try await eachBatch { try await commit($0) }
    }

    /// What the unread events are about, by the type of the first of them. Only reads.
    func owners() async throws -> [Subject: String] {
        var owners: [Subject: String] = [:]
        let outcome = try await eachBatch { read in
            for one in read {
                guard case .found(.subjects(let found)) = one.finding else { continue }
                owners.merge(found.keys.map { ($0, one.event.type) }) { first, _ in first }
            }
        }
        if let trouble = outcome.trouble { throw trouble }
        return owners
    }

    private func eachBatch(_ use: ([Read]) async throws -> Void) async throws -> Outcome {
        var outcome = Outcome()
        var search = OwnerSearch(tenant: tenant, environment: environment)
        var last: StoredEvent?
        while true {
            let events = try await environment.database.read { [tenant, last] db in
                try EventsTable.nextReceived(db, tenant: tenant.id, after: last, limit: Self.batchSize)
            }
            guard !events.isEmpty else { return outcome }
            var read: [Read] = []
            for (event, envelope) in cheapestFirst(events) {
                do {
                    read.append(Read(event: event, finding: try await find(event, envelope, &search)))
                } catch let error as ConnectorError where error.disposition == .reject {
                    let reason = "Stripe refused to tell: \(error)"
                    read.append(Read(event: event, finding: .found(.nothing(reason: reason))))
                } catch let error as ConnectorError {
                    // It stays unread; the others go on.
                    outcome.trouble = outcome.trouble ?? error
                }
            }
            try await use(read)
            outcome.resolved += read.count
            last = events.last
            if events.count < Self.batchSize { return outcome }
        }
    }

    private typealias Parsed = Result<EventEnvelope, any Error>

    private func cheapestFirst(_ events: [StoredEvent]) -> [(StoredEvent, Parsed)] {
        let parsed = events.map { event in (event, Parsed { try EventEnvelope.parse(event.body) }) }
        let isCheap = { (one: (StoredEvent, Parsed)) in (try? one.1.get()).map(OwnerSearch.isByInvoice) ?? false }
        return parsed.filter(isCheap) + parsed.filter { !isCheap($0) }
    }

    private func find(
        _ event: StoredEvent, _ parsed: Parsed, _ search: inout OwnerSearch
    ) async throws -> Finding {
        let envelope: EventEnvelope
        switch parsed {
        case .success(let read): envelope = read
        case .failure(let error): return .found(.nothing(reason: "unreadable: \(error)"))
        }
        // Reopened by an object of ours or not: another world's event says nothing about this one.
        guard envelope.livemode == tenant.isLive else {
            return .found(.nothing(reason: "its mode is not the tenant's: \(envelope.livemode ? "live" : "test")"))
        }
        let objects = envelope.objects
        switch (objects.kind, objects.id) {
        case ("payout", let id?):
            return .found(.subjects([.payout(PayoutID(id)): []]))
        case ("customer", let id?) where envelope.type == "customer.deleted":
            return .customerGone(StripeCustomerID(id))
        case ("customer", let id?) where envelope.form == .snapshot:
            return .customer(
                StripeCustomerID(id), description: objects.customerDescription,
                asOf: envelope.createdAt ?? event.receivedAt)
        case ("customer", _):
            return .found(.nothing(reason: "it does not tell the description; the next list of customers does"))
        default:
            return .found(try await search.find(envelope))
        }
    }

    private func commit(_ read: [Read]) async throws {
        try await environment.commitRenewing { [tenant, environment] db in
            let now = environment.now()
            for one in read {
                let id = one.event.eventID
                switch one.finding {
                case .found(.subjects(let found)):
                    let subjects = found.sorted { $0.key < $1.key }
                    for (subject, objectIDs) in subjects {
                        try StripeObjectsTable.put(
                            db, tenant: tenant.id, objectIDs: objectIDs.sorted(), subject: subject)
                        try WorkTable.dirty(
                            db, tenant: tenant.id, subject: subject, cause: one.event.type, dueAt: now,
                            lane: EventType.tellsOfMoney(EventType.canonical(one.event.type)) ? .money : .other)
                    }
                    try EventsTable.markResolved(db, tenant: tenant.id, eventID: id, subject: subjects.first?.key)
                case .found(.nothing(let reason)):
                    try EventsTable.markIgnored(db, tenant: tenant.id, eventID: id, reason: reason)
                case .customer(let customer, let description, let asOf):
                    try StripeCustomersTable.put(
                        db, tenant: tenant.id, customer: customer, description: description, asOf: asOf)
                    try noteCustomer(db, id)
                case .customerGone(let customer):
                    try StripeCustomersTable.remove(db, tenant: tenant.id, customer: customer)
                    try noteCustomer(db, id)
                }
            }
        }
        try await environment.reached(.eventsResolved)
    }

    private func noteCustomer(_ db: any SQLConnection, _ eventID: String) throws {
        try EventsTable.markResolved(
            db, tenant: tenant.id, eventID: eventID, subject: nil, reason: "noted for finding customers by description")
    }
}
