package import Domain
package import Storage

extension TenantAdmin {
    /// Closes a review in one of the ways that are offered for it, and commits with it what the next turn is to do.
    /// `customer` goes with `mapCustomer` alone: both sides are read before anything is committed. Throws
    /// `review.unknown`, `review.invalid` for an unusable reason or customer, and another `review.` error when it is
    /// not open or this is not offered; each text names the remedy. What mapping a customer throws goes through.
    package func resolve(
        _ number: Int, of tenant: TenantID, as resolution: ReviewResolution, reason: String,
        customer: StripeCustomerID? = nil
    ) async throws -> ReviewRecord {
        let reason = try Self.usable(reason, of: "review")
        guard (customer != nil) == (resolution == .mapCustomer) else {
            throw Self.reviewError("invalid", "--customer cus_... goes with map_customer, and with nothing else")
        }
        var mapping: CustomerMapping?
        if let customer {
            let visma = try await environment.database.read { db in
                try Self.customer(of: try Self.resolvable(db, tenant, number, as: resolution), tenant, db)
            }
            mapping = try await self.mapping(of: visma, to: customer, of: tenant)
        }
        return try await commit(tenant) { [actor, environment, mapping] db in
            let now = environment.now()
            let review = try Self.resolvable(db, tenant, number, as: resolution)
            let closed = try carryOut(resolution, review, reason, mapping, of: tenant, db)
            for one in closed {
                try ReviewsTable.resolve(
                    db, tenant: tenant, id: one.id, by: actor, resolution: resolution.stored(reason: reason), now: now)
                try trail(db, tenant).append(
                    .init(
                        actor: actor, action: "review.resolve", subject: one.subject.key, outcome: resolution.rawValue,
                        details: ["review": String(one.id), "code": one.code, "reason": reason]), at: now, db)
            }
            return try ReviewsTable.find(db, tenant: tenant, id: number) ?? review
        }
    }

    /// Answers the reviews that are closed by it.
    private func carryOut(
        _ resolution: ReviewResolution, _ review: ReviewRecord, _ reason: String, _ mapping: CustomerMapping?,
        of tenant: TenantID, _ db: any SQLConnection
    ) throws -> [ReviewRecord] {
        let now = environment.now()
        func look() throws {
            try WorkTable.dirty(
                db, tenant: tenant, subject: review.subject, cause: Self.askedCause, dueAt: now, askedAt: now)
        }
        switch (resolution, review.subject) {
        case (.push, .document(let document)):
            try askForPush(document, of: tenant, reason: reason, db)
        case (.markSettled, .document):
            try Self.requireAtRest(review.subject, tenant, db)
            try look()
            return try ReviewsTable.list(db, tenant: tenant, state: .open, subject: review.subject, limit: 100)
        case (.mapCustomer, _):
            if let mapping { _ = try map(mapping, of: tenant, db) }
            try look()
        case (.lookAgain, _), (.push, _), (.markSettled, _):
            try look()
        case (.ignore, _): break
        }
        return [review]
    }

    private static func resolvable(
        _ db: any SQLConnection, _ tenant: TenantID, _ number: Int, as resolution: ReviewResolution
    ) throws -> ReviewRecord {
        try requireActive(db, tenant)
        guard let review = try ReviewsTable.find(db, tenant: tenant, id: number) else {
            throw reviewError(
                "unknown", "tenant '\(tenant)' has no review \(number); `ml-connector review list \(tenant)` shows them"
            )
        }
        guard review.state == .open else {
            let by = [review.resolvedBy, review.resolution].compactMap { $0 }.joined(separator: ": ")
            throw reviewError("resolved", "review \(number) of '\(tenant)' is resolved already (\(by))")
        }
        let offered = review.offered
        guard offered.contains(resolution) else {
            throw reviewError(
                "not_offered",
                "\(resolution.rawValue) is not for review \(number), which is \(review.code) of \(review.subject): "
                    + "type " + offered.map(\.rawValue).joined(separator: " or "))
        }
        return review
    }

    /// What is under way would be left half done, or be done when nobody expects it any more.
    private static func requireAtRest(_ subject: Subject, _ tenant: TenantID, _ db: any SQLConnection) throws {
        let isPosting = try CollectedTable.list(db, tenant: tenant, subject: subject).contains(where: \.isUnderWay)
        guard try !isPosting && JournalTable.unsettled(db, tenant: tenant, subject: subject).isEmpty else {
            throw reviewError(
                "under_way",
                "something of \(subject) is still under way in Visma or Stripe; `ml-connector sync run \(tenant)` "
                    + "brings it to its end, then type this again")
        }
    }

    private static func customer(
        of review: ReviewRecord, _ tenant: TenantID, _ db: any SQLConnection
    ) throws -> VismaCustomerNumber {
        guard case .document(let document) = review.subject,
            let link = try LinksTable.find(db, tenant: tenant, document: document)
        else {
            throw reviewError(
                "not_offered", "the customer of \(review.subject) is not known; use `ml-connector customer map`")
        }
        return link.vismaCustomer
    }

    private static func reviewError(_ what: String, _ text: String) -> ConnectorError {
        ConnectorError(code: "review.\(what)", text: text, disposition: .reject)
    }
}
