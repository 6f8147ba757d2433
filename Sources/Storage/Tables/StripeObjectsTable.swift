package import Domain

/// Which subject each Stripe object of ours belongs to (`in_`, `pi_`, `ch_`, `re_`, `dp_`), so that an event finds it.
package enum StripeObjectsTable {
    package static func put(
        _ db: any SQLConnection, tenant: TenantID, objectIDs: [String], subject: Subject
    ) throws {
        for objectID in objectIDs {
            try db.execute(
                """
                INSERT INTO stripe_objects (tenant_id, object_id, subject)
                VALUES (\(tenant), \(objectID), \(subject))
                ON CONFLICT (tenant_id, object_id) DO UPDATE SET subject = excluded.subject
                """)
        }
    }

    /// The subjects of those ids that are known.
    package static func subjects(
        _ db: any SQLConnection, tenant: TenantID, of objectIDs: [String]
    ) throws -> [String: Subject] {
        var known: [String: Subject] = [:]
        // One look-up each: a list of hundreds would be another statement text for every length.
        for objectID in Set(objectIDs) {
            known[objectID] = try db.query(
                "SELECT subject FROM stripe_objects WHERE tenant_id = \(tenant) AND object_id = \(objectID)"
            ).first.map { try $0.subject("subject") }
        }
        return known
    }
}
