import Domain
import Foundation
import Storage

/// Opens and closes reviews together with the trail that says so.
struct ReviewLog {
    let tenant: TenantContext
    let now: Timestamp

    /// What a person said to ignore is not opened again while the same is found.
    func open(_ review: Review, on subject: Subject, _ db: any SQLConnection) throws {
        let ignored = try Self.ignored(db, tenant: tenant.id, subject: subject)
        guard !ignored.contains(where: { $0.says(review) }) else { return }
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
        try lapse(reviews, on: subject, db)
    }

    /// What was ignored is not found any more, or something else is: found again, it is news.
    private func lapse(_ reviews: [Review], on subject: Subject, _ db: any SQLConnection) throws {
        for record in try Self.ignored(db, tenant: tenant.id, subject: subject)
        where !reviews.contains(where: record.says) {
            try ReviewsTable.reword(
                db, tenant: tenant.id, id: record.id, resolution: "no longer found; \(record.resolution ?? "")")
            try tenant.audit.append(
                .init(
                    actor: "system", action: "review.lapse", subject: subject.key, outcome: "done",
                    details: ["review": String(record.id), "code": record.code]), at: now, db)
        }
    }

    static func ignored(
        _ db: any SQLConnection, tenant: TenantID, subject: Subject
    ) throws -> [ReviewRecord] {
        try ReviewsTable.decided(db, tenant: tenant, subject: subject).filter { $0.decision == .ignore }
    }
}

extension ReviewRecord {
    /// Whether it is about the same as `review`.
    func says(_ review: Review) -> Bool {
        code == review.code.rawValue && Review.isSameFinding(found, review.found)
    }
}
