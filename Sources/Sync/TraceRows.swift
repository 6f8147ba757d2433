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

/// What our own tables know of a traced document.
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
        rows.audit = try AuditTable.list(db, tenant: tenant, subjects: [subject.key, document.description])
        rows.events = try EventsTable.list(db, tenant: tenant, subject: subject)
        for entry in rows.audit {
            let details = try JSONDecoder().decode([String: String].self, from: Data(entry.details.utf8))
            rows.details[entry.sequence] = details
            rows.amounts[entry.sequence] = try details["amount"].flatMap(Self.money)
        }
        return rows
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
