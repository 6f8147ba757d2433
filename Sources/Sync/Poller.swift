import Domain
import Logging
import Storage
import VismaNet

/// Sweeps one of Visma's lists from behind its cursor: rows that differ from what was seen of them make dirt, page by
/// page, and the cursor moves only when all of it is durable.
struct Poller: Sendable {
    /// How much later a customer's refunds are looked at than its documents.
    static let customerDelaySeconds: Int64 = 300
    /// A sweep that needs more pages goes on at the next poll.
    static let pagesMax = 10_000

    let tenant: TenantContext
    let environment: SyncEnvironment

    static let streams: [SyncStream] = [.vismaInvoices, .vismaPayments, .vismaCreditNotes]

    private var list: PolledList { PolledList(tenant: tenant) }

    /// Makes all lists of the tenant due now.
    static func makeDue(_ db: any SQLConnection, tenant: TenantID, now: Timestamp) throws {
        try SchedulesTable.set(db, tenant: tenant, dueAt: now)
        for stream in streams {
            guard let cursor = try CursorsTable.get(db, tenant: tenant, stream: stream) else { continue }
            try CursorsTable.set(db, tenant: tenant, stream: stream, StreamCursor(value: cursor.value, sweptAt: nil))
        }
    }

    /// The number of rows that were new or changed.
    func sweep(_ stream: SyncStream) async throws -> Int {
        let cursor = try await environment.database.read { [tenant] db in
            try CursorsTable.get(db, tenant: tenant.id, stream: stream)
        }
        let since = list.since(cursor)
        let beganAt = environment.now()
        var changed = 0
        var first: String?
        var newest: String?
        for page in 1...Self.pagesMax {
            let answer = try await list.read(stream, since, page)
            changed += try await store(answer.rows, stream)
            try await environment.reached(.pageStored)
            if answer.unreadableCount > 0 {
                environment.log.warning(
                    "rows of a list cannot be identified",
                    metadata: ["tenant": "\(tenant.id)", "rows": "\(answer.unreadableCount)"])
            }
            if page == 1 { first = answer.newestModified }
            newest = Self.newer(newest, answer.newestModified)
            if answer.isLast { break }
        }
        // What changes while the sweep runs may slip between pages. It is newer than anything on the first page, and
        // the overlap finds it too when the sweep took less than that. The first page alone would not do: with more
        // rows in an overlap than on a page the cursor would stand still for ever.
        let tookSeconds = environment.now().seconds(since: beganAt)
        let isCovered = tookSeconds < Int64(tenant.policy.pollOverlapSeconds)
        try await move(stream, to: Self.newer(cursor?.value, isCovered ? newest : first), from: cursor)
        try await environment.reached(.cursorMoved)
        return changed
    }

    private func store(_ rows: [PolledRow], _ stream: SyncStream) async throws -> Int {
        guard !rows.isEmpty else { return 0 }
        return try await environment.commitRenewing { [tenant, environment] db in
            let now = environment.now()
            var changed = 0
            for row in rows {
                guard try list.isChanged(row, stream, db) else { continue }
                changed += 1
                try SightingsTable.put(db, tenant: tenant.id, stream: stream, document: row.document, row.version)
                for document in try list.touched(row, stream, db) {
                    try WorkTable.dirty(
                        db, tenant: tenant.id, subject: .document(document), cause: stream.rawValue, dueAt: now)
                }
                try wake(row, stream, now, db)
            }
            return changed
        }
    }

    /// A credit note or a refund may be what a document of its customer waits for; a refund that nothing in Stripe
    /// stands behind is a person's matter.
    private func wake(_ row: PolledRow, _ stream: SyncStream, _ now: Timestamp, _ db: any SQLConnection) throws {
        guard stream != .vismaInvoices, let customer = row.customer else { return }
        let isRefund = row.document.type.rawValue == "Refund"
        guard isRefund || stream == .vismaCreditNotes else { return }
        try WorkTable.hasten(db, tenant: tenant.id, customer: customer, now: now)
        guard isRefund, tenant.policy.posting.isCashAccount(row.cashAccount) else { return }
        // After the documents, which may find it to be the booking of a refund.
        try WorkTable.dirty(
            db, tenant: tenant.id, subject: .customer(customer), cause: stream.rawValue,
            dueAt: now.adding(seconds: Self.customerDelaySeconds))
    }

    private static func newer(_ left: String?, _ right: String?) -> String? {
        [left, right].compactMap { $0 }.filter { !$0.isEmpty }.max { left, right in
            guard let first = ServerTime(left), let second = ServerTime(right) else { return left < right }
            return first < second
        }
    }

    /// A list that was asked for while it was read stays due: the change may be on a page that had been read.
    private func move(_ stream: SyncStream, to value: String?, from before: StreamCursor?) async throws {
        try await environment.commitRenewing { [tenant, environment] db in
            let found = try CursorsTable.get(db, tenant: tenant.id, stream: stream)
            // Somebody has it read from elsewhere since: that reading is still to come.
            if let found, let before, found.value != before.value { return }
            let wasAskedFor = before?.sweptAt != nil && found?.sweptAt == nil
            try CursorsTable.set(
                db, tenant: tenant.id, stream: stream,
                StreamCursor(value: value ?? "", sweptAt: wasAskedFor ? nil : environment.now()))
        }
    }
}
