package import Domain

/// Which subjects each Stripe object of ours belongs to (`in_`, `inpay_`, `pi_`, `ch_`, `re_`, `dp_`, `cn_`), so that
/// an event finds them: one payment may pay several documents.
package enum StripeObjectsTable {
    /// Whatever came about an object before it was known to be the subject's, and was ignored, is read again.
    package static func put(
        _ db: any SQLConnection, tenant: TenantID, objectIDs: some Sequence<String>, subject: Subject
    ) throws {
        for objectID in objectIDs {
            let added = try db.execute(
                """
                INSERT INTO stripe_objects (tenant_id, object_id, subject)
                VALUES (\(tenant), \(objectID), \(subject))
                ON CONFLICT (tenant_id, object_id, subject) DO NOTHING
                """)
            if added > 0 { try EventsTable.reopen(db, tenant: tenant, objectID: objectID) }
        }
    }

    /// The subjects of those ids that are known.
    package static func subjects(
        _ db: any SQLConnection, tenant: TenantID, of objectIDs: [String]
    ) throws -> [String: [Subject]] {
        var known: [String: [Subject]] = [:]
        // One look-up each: a list of hundreds would be another statement text for every length.
        for objectID in Set(objectIDs) {
            let subjects = try db.query(
                """
                SELECT subject FROM stripe_objects WHERE tenant_id = \(tenant) AND object_id = \(objectID)
                ORDER BY subject
                """
            ).map { try $0.subject("subject") }
            if !subjects.isEmpty { known[objectID] = subjects }
        }
        return known
    }
}
