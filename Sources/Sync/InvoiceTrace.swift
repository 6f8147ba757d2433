package import Domain
package import Storage
import Stripe
import VismaNet

/// One document from Visma to Stripe and back: everything that is known of it, as a tree and in the order of time.
package struct InvoiceTrace: Sendable {
    package enum Place: String, Sendable, CaseIterable {
        case visma, stripe, connector, person
    }

    /// One thing and what hangs on it.
    package struct Node: Hashable, Sendable {
        package var place: Place
        /// `invoice`, `payment`, `charge`, `fee`, `refund`, `dispute`, `credit_note`, `cash_entry`, `settlement`,
        /// `application`, `review`, `request`, ...
        package var kind: String
        package var id: String
        package var state: String?
        package var amount: Money?
        package var at: Timestamp?
        /// Of the call that made it.
        package var requestID: String?
        package var text: String?
        package var children: [Node] = []
    }

    /// One moment.
    package struct Entry: Hashable, Sendable {
        package var at: Timestamp
        /// Where its source tells the day alone; `at` is its beginning in the company's zone.
        package var day: LocalDate?
        package var place: Place
        package var what: String
        package var id: String?
        package var state: String?
        package var amount: Money?
        package var requestID: String?
        /// Its entry in the audit trail.
        package var auditSequence: Int64?
        package var actor: String?
        /// Of an effect: what it was made for.
        package var cause: String?
        package var text: String?
    }

    package var tenant: TenantID
    package var document: DocumentRef
    /// Both systems were asked; else it is what our own tables remember.
    package var isLive: Bool
    package var tree: Node
    package var timeline: [Entry]

    /// From our own tables alone. Nil when they know nothing of the document.
    package static func remembered(
        _ db: any SQLConnection, tenant: TenantID, document: DocumentRef
    ) throws -> InvoiceTrace? {
        guard let rows = try TraceRows.read(db, tenant: tenant, document: document) else { return nil }
        return InvoiceTrace(
            tenant: tenant, document: document, isLive: false, tree: TraceTree(rows: rows, seen: nil).root,
            timeline: TraceTimeline(rows: rows, seen: nil).entries)
    }

    /// With what both systems say now. Only reads. Nil when neither Visma nor we know the document.
    package static func live(
        _ tenant: TenantContext, _ environment: SyncEnvironment, document: DocumentRef
    ) async throws -> InvoiceTrace? {
        let known = try await environment.database.read {
            try TraceRows.read($0, tenant: tenant.id, document: document)
        }
        let receivable = try await tenant.visma.invoice(document)
        guard known != nil || receivable != nil else { return nil }
        var rows = known ?? TraceRows(document: document)
        var seen = TraceSight(receivable: receivable, zone: tenant.policy.zone)
        if let invoice = rows.link?.invoice {
            seen.collection = try await tenant.stripe.collection(invoice, withRefunds: true)
        }
        if let collection = seen.collection {
            rows = try await environment.database.read { [rows] db in
                var shared = rows
                try shared.addShared(of: collection, db, tenant: tenant.id)
                return shared
            }
        }
        for booking in rows.bookings {
            seen.posted += try await tenant.visma.posted(booking.kind, booking.number).map { [$0] } ?? []
        }
        return InvoiceTrace(
            tenant: tenant.id, document: document, isLive: true, tree: TraceTree(rows: rows, seen: seen).root,
            timeline: TraceTimeline(rows: rows, seen: seen).entries)
    }
}
