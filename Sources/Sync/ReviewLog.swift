import Domain
import Foundation
import Storage

/// Opens and closes reviews together with the trail that says so.
struct ReviewLog {
    let tenant: TenantContext
    let now: Timestamp

    func open(_ review: Review, on subject: Subject, _ db: any SQLConnection) throws {
        let proposals = String(decoding: try JSONEncoder().encode(review.proposals), as: UTF8.self)
        let (id, isNew) = try ReviewsTable.open(
            db, tenant: tenant.id, subject: subject, code: review.code.rawValue, found: review.found,
            proposals: proposals, now: now)
        guard isNew else { return }
        try tenant.audit.append(
            .init(
                actor: "system", action: "review.open", subject: subject.key, outcome: "open",
                details: ["review": String(id), "code": review.code.rawValue]), at: now, db)
    }

    /// A look that ended found exactly `reviews`: what was open besides is no longer so.
    func closeAllBut(_ reviews: [Review], on subject: Subject, _ db: any SQLConnection) throws {
        let standing = Set(reviews.map(\.code.rawValue))
        let open = try ReviewsTable.list(db, tenant: tenant.id, state: .open, subject: subject, limit: 100)
        for record in open where !standing.contains(record.code) {
            try ReviewsTable.resolve(
                db, tenant: tenant.id, id: record.id, by: "system", resolution: "no longer the case", now: now)
            try tenant.audit.append(
                .init(
                    actor: "system", action: "review.close", subject: subject.key, outcome: "resolved",
                    details: ["review": String(record.id), "code": record.code]), at: now, db)
        }
    }
}
