import Domain
import Storage
import VismaNet

/// One of Visma's lists as it is polled: from where it is read, which of its rows are news, and for which documents.
struct PolledList: Sendable {
    /// Before this many days ahead of the start date nothing can belong to a document that is to be pushed.
    static let firstSweepDays = 31

    let tenant: TenantContext

    func since(_ cursor: StreamCursor?) -> String {
        if let value = cursor?.value, let moment = ServerTime(value) {
            return moment.moved(backSeconds: Int64(tenant.policy.pollOverlapSeconds)).description
        }
        return "\(tenant.policy.startDate.adding(days: -Self.firstSweepDays))T00:00:00"
    }

    func read(_ stream: SyncStream, _ since: String, _ page: Int) async throws -> VismaPage<PolledRow> {
        switch stream {
        case .vismaPayments: try await tenant.visma.payments(modifiedSince: since, page: page)
        case .vismaCreditNotes: try await tenant.visma.creditNotes(modifiedSince: since, page: page)
        default: try await tenant.visma.invoices(modifiedSince: since, page: page)
        }
    }

    func isChanged(_ row: PolledRow, _ stream: SyncStream, _ db: any SQLConnection) throws -> Bool {
        try SightingsTable.get(db, tenant: tenant.id, stream: stream, document: row.document) != row.version
    }

    /// A payment that we booked touches its document even where it is applied to nothing. Credit notes are never
    /// subjects themselves.
    func touched(
        _ row: PolledRow, _ stream: SyncStream, _ db: any SQLConnection
    ) throws -> [DocumentRef] {
        guard stream != .vismaInvoices else { return row.touches }
        let kind: Booking.Kind =
            switch row.document.type.rawValue {
            case "Refund": .refund
            case "CreditNote": .creditNote
            default: .payment
            }
        let ours = try CollectedTable.list(
            db, tenant: tenant.id, kind: kind, number: VismaNumber(row.document.number))
        let documents = ours.compactMap { booking -> DocumentRef? in
            if case .document(let document) = booking.subject { document } else { nil }
        }
        return Set(row.touches + documents).filter { $0.type != .creditNote }.sorted()
    }
}
