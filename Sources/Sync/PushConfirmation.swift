package import Domain
import Storage

/// A person's word that what the cap on pushes holds may go.
enum PushConfirmation {
    /// How the resolution of such a review begins; the reason follows.
    static let resolution = "confirmed"
    /// Reviews in one transaction.
    static let pageSize = 500

    static func hold(_ db: any SQLConnection, tenant: TenantID, document: DocumentRef) throws -> PushHold {
        let reviews = try ReviewsTable.list(db, tenant: tenant, subject: .document(document), limit: pageSize)
            .filter { $0.code == Review.Code.pushCap.rawValue }
        if reviews.contains(where: { $0.resolution?.hasPrefix(resolution) == true }) { return .confirmed }
        return reviews.first { $0.state == .open }.map { .held(found: $0.found) } ?? .none
    }
}

extension TenantAdmin {
    /// Lets everything go that waits now because of the cap on pushes, each document with its entry in the trail, and
    /// answers how many there were. What is looked at later falls under the cap again.
    package func confirmPushes(of tenant: TenantID, reason: String) async throws -> Int {
        try await environment.database.read { try Self.requireActive($0, tenant) }
        var count = 0
        var last = 0
        while true {
            let (confirmed, next) = try await commit(tenant) { [last] db in
                try confirmPage(db, tenant, after: last, reason: reason)
            }
            count += confirmed
            guard let next else { return count }
            last = next
        }
    }

    /// Answers how many it confirmed, and the last review that it looked at when there are more.
    private func confirmPage(
        _ db: any SQLConnection, _ tenant: TenantID, after last: Int, reason: String
    ) throws -> (confirmed: Int, next: Int?) {
        let now = environment.now()
        let page = try ReviewsTable.list(
            db, tenant: tenant, state: .open, after: last, limit: PushConfirmation.pageSize)
        let held = page.filter { $0.code == Review.Code.pushCap.rawValue }
        let trail = try trail(db, tenant)
        for review in held {
            try ReviewsTable.resolve(
                db, tenant: tenant, id: review.id, by: actor,
                resolution: "\(PushConfirmation.resolution): \(reason)", now: now)
            try WorkTable.dirty(db, tenant: tenant, subject: review.subject, cause: Self.askedCause, dueAt: now)
            try trail.append(
                .init(
                    actor: actor, action: "push.confirm", subject: review.subject.key, outcome: "done",
                    details: ["review": String(review.id), "reason": reason]), at: now, db)
        }
        return (held.count, page.count == PushConfirmation.pageSize ? page.last?.id : nil)
    }
}
