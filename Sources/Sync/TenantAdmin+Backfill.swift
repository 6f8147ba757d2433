package import Domain
package import Storage
import VismaNet

extension TenantAdmin {
    /// Has Visma's lists read again from `day` on, by when rows were changed: what a poll has missed is found, and what
    /// is known as it is makes no work. Cut off, the reading begins anew from there. Answers the lists that had been
    /// read further; the others are about to read that day anyway.
    package func backfill(_ tenant: TenantID, from day: LocalDate) async throws -> [SyncStream] {
        try await commit(tenant) { [environment, actor] db in
            let now = environment.now()
            try Self.requireActive(db, tenant)
            // The zone of Visma's times is not documented: a day earlier is early enough in any.
            let beginning = "\(day.adding(days: -1))T00:00:00"
            guard let from = ServerTime(beginning) else { throw Self.unreadable(day) }
            var moved: [SyncStream] = []
            for stream in Poller.streams {
                guard let cursor = try CursorsTable.get(db, tenant: tenant, stream: stream),
                    let reached = ServerTime(cursor.value), from < reached
                else { continue }
                try CursorsTable.set(
                    db, tenant: tenant, stream: stream, StreamCursor(value: beginning, sweptAt: nil))
                moved.append(stream)
            }
            try Poller.makeDue(db, tenant: tenant, now: now)
            try trail(db, tenant).append(
                .init(
                    actor: actor, action: "sync.backfill", subject: "tenant", outcome: "asked",
                    details: [
                        "from": day.description, "lists": moved.map(\.rawValue).joined(separator: " "),
                    ]), at: now, db)
            return moved
        }
    }

    private static func unreadable(_ day: LocalDate) -> ConnectorError {
        ConnectorError(code: "backfill.invalid", text: "\(day) is no day that Visma knows", disposition: .reject)
    }
}
