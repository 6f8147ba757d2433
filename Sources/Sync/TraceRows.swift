import Domain
import Foundation
import Storage

/// What both systems say of a traced document.
struct TraceSight: Sendable {
    var receivable: Receivable?
    var collection: Domain.Collection?
    var posted: [PostedDocument] = []
    /// Visma tells days; they begin in the company's zone.
    var zone: TimeZone

    init(receivable: Receivable?, zone: TimeZone) {
        self.receivable = receivable
        self.zone = zone
    }
}

/// What our own tables know of a traced document, and of what it shares with others.
struct TraceRows: Sendable {
    var document: DocumentRef
    var link: Link?
    var bookings: [Booking] = []
    var settlements: [Settlement] = []
    var requests: [Request] = []
    var effects: [Effect] = []
    var reviews: [ReviewRecord] = []
    var audit: [AuditEntry] = []
    var events: [StoredEvent] = []
    /// The details of each audit entry, by sequence.
    var details: [Int64: [String: String]] = [:]
    var amounts: [Int64: Money] = [:]

    static let reviewsMax = 1000

    init(document: DocumentRef) { self.document = document }

    /// Nil when nothing is known.
    static func read(_ db: any SQLConnection, tenant: TenantID, document: DocumentRef) throws -> TraceRows? {
        let subject = Subject.document(document)
        let memory = try Memory.read(db, tenant: tenant, document: document)
        var rows = TraceRows(document: document)
        rows.link = memory.link
        rows.bookings = memory.bookings
        rows.settlements = memory.settlements
        rows.requests = memory.requests
        rows.effects = memory.effects
        rows.reviews = try ReviewsTable.list(db, tenant: tenant, subject: subject, limit: reviewsMax)
        guard rows.link != nil || !rows.effects.isEmpty || !rows.reviews.isEmpty else { return nil }
        try rows.addAudit(AuditTable.list(db, tenant: tenant, subjects: [subject.key, document.description]))
        rows.events = try EventsTable.list(db, tenant: tenant, subject: subject)
        return rows
    }

    /// What stands under another document of the same payment: one payment may pay several, and only one of them books
    /// its refunds, its disputes and its fee, and is named by the events about them.
    mutating func addShared(
        of collection: Domain.Collection, _ db: any SQLConnection, tenant: TenantID
    ) throws {
        let objectIDs = Set(collection.objectIDs)
        let movements = collection.charges.compactMap(\.movement) + collection.disputes.flatMap(\.movements)
        let facts = objectIDs.union(movements.map(\.id.rawValue))
        let known = try StripeObjectsTable.subjects(db, tenant: tenant, of: collection.objectIDs)
        for other in Set(known.values.joined()).subtracting([.document(document)]).sorted() {
            bookings += try CollectedTable.list(db, tenant: tenant, subject: other)
                .filter { facts.contains(Self.fact(of: $0.cause)) }
            let made = try JournalTable.list(db, tenant: tenant, subject: other)
                .filter { facts.contains(Self.fact(of: $0.cause)) }
            effects += made
            try addAudit(
                AuditTable.list(db, tenant: tenant, subjects: [other.key, Self.name(other)]),
                onlyOf: Set(made.map(\.key.rawValue)))
            events += try EventsTable.list(db, tenant: tenant, subject: other)
                .filter { $0.objectID.map(objectIDs.contains) ?? false }
        }
    }

    /// What a cause books: a credit note of ours is named by the refund that it is made for, and a second booking of
    /// one fact by a suffix.
    static func fact(of cause: String) -> String { String(cause.prefix { $0 != "+" && $0 != ":" }) }

    /// Where it stands, if that is not this document.
    func place(_ subject: Subject?) -> String? {
        guard let subject, subject != .document(document) else { return nil }
        return "under \(Self.name(subject))"
    }

    private static func name(_ subject: Subject) -> String {
        if case .document(let document) = subject { document.description } else { subject.key }
    }

    private mutating func addAudit(_ entries: [AuditEntry], onlyOf keys: Set<String>? = nil) throws {
        for entry in entries {
            let found = try JSONDecoder().decode([String: String].self, from: Data(entry.details.utf8))
            if let keys, found["key"].map(keys.contains) != true { continue }
            audit.append(entry)
            details[entry.sequence] = found
            amounts[entry.sequence] = try found["amount"].flatMap(Self.money)
        }
    }

    /// As the trail writes an amount: `1250.00 NOK`.
    private static func money(_ text: String) throws -> Money? {
        let parts = text.split(separator: " ").map(String.init)
        guard parts.count == 2, let currency = Currency(parts[1]) else { return nil }
        return try Money(ExactAmount(parsing: parts[0]), currency: currency)
    }

    /// The trail's entry on an effect's outcome.
    func entry(of effect: Effect) -> AuditEntry? {
        audit.last { details[$0.sequence]?["key"] == effect.key.rawValue }
    }

    /// The write that made what stands for a cause.
    func effect(_ step: String, cause: String) -> Effect? {
        effects.last { $0.step == step && $0.cause == cause && $0.state == .done }
            ?? effects.last { $0.step == step && $0.cause == cause }
    }
}
