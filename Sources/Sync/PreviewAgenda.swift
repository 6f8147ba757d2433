import Domain
import Storage
import VismaNet

/// What a run would look at: what is dirty, what the unread events would make dirty, and what a poll would find.
/// Only reads.
struct PreviewAgenda: Sendable {
    struct Item: Sendable {
        var subject: Subject
        var cause: String
        var dueAt: Timestamp
        /// A person asked for the look: what was refused before is tried again.
        var isAsked: Bool
    }

    let tenant: TenantContext
    let environment: SyncEnvironment

    /// In the order in which a run would come to them.
    func due(_ scope: Preview.Scope, _ report: inout Preview.Report) async throws -> [Item] {
        let now = environment.now()
        if let document = scope.document {
            return [
                Item(subject: .document(document), cause: TenantAdmin.askedCause, dueAt: now, isAsked: true)
            ]
        }
        var items = try await dirty()
        for (subject, type) in try await EventResolver(tenant: tenant, environment: environment).owners() {
            items[subject] = Self.hastened(items[subject], subject, type, now)
        }
        let cursors = try await cursors()
        if scope.readsLists || cursors.count < Poller.streams.count {
            report.readLists = true
            for stream in Poller.streams {
                for document in try await changed(stream, cursors[stream]) {
                    let subject = Subject.document(document)
                    items[subject] = Self.hastened(items[subject], subject, stream.rawValue, now)
                }
            }
        }
        return items.values.sorted { ($0.dueAt, $0.subject) < ($1.dueAt, $1.subject) }
    }

    private static func hastened(_ item: Item?, _ subject: Subject, _ cause: String, _ now: Timestamp) -> Item {
        var item = item ?? Item(subject: subject, cause: cause, dueAt: now, isAsked: false)
        item.dueAt = min(item.dueAt, now)
        return item
    }

    private func dirty() async throws -> [Subject: Item] {
        let items = try await environment.database.read { [tenant] db in
            try WorkTable.dirtyList(db, tenant: tenant.id, limit: Int(Int32.max))
        }
        let pairs = items.map { item in
            (
                item.subject,
                Item(
                    subject: item.subject, cause: item.cause, dueAt: item.dueAt,
                    isAsked: item.askedAt != nil)
            )
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    private func cursors() async throws -> [SyncStream: StreamCursor] {
        try await environment.database.read { [tenant] db in
            var cursors: [SyncStream: StreamCursor] = [:]
            for stream in Poller.streams {
                cursors[stream] = try CursorsTable.get(db, tenant: tenant.id, stream: stream)
            }
            return cursors
        }
    }

    private func changed(_ stream: SyncStream, _ cursor: StreamCursor?) async throws -> [DocumentRef] {
        let list = PolledList(tenant: tenant)
        let since = list.since(cursor)
        var documents: Set<DocumentRef> = []
        for page in 1...Poller.pagesMax {
            let answer = try await list.read(stream, since, page)
            let touched = try await environment.database.read { db in
                try answer.rows.filter { try list.isChanged($0, stream, db) }
                    .flatMap { try list.touched($0, stream, db) }
            }
            documents.formUnion(touched)
            if answer.isLast { break }
        }
        return documents.sorted()
    }
}
