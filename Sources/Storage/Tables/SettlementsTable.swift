package import Domain

/// What was settled in Visma and how Stripe was told: at most one per document, revision and cause.
package enum SettlementsTable {
    private static let columns: SQLStatement = "application, way, currency, amount, cause, stripe_object, attached"

    /// Throws `.uniqueViolation` when Stripe was told of this before.
    package static func insert(
        _ db: any SQLConnection, tenant: TenantID, document: DocumentRef, revision: Int, _ settlement: Settlement,
        now: Timestamp
    ) throws {
        try db.execute(
            """
            INSERT INTO settlements (tenant_id, document, revision, \(columns), created_at) VALUES (\(tenant),
                \(document), \(revision), \(settlement.application), \(settlement.way), \(settlement.amount.currency),
                \(settlement.amount.minorUnits), \(settlement.cause), \(settlement.stripeObject),
                \(settlement.isAttached), \(now))
            """)
    }

    /// The invoice was paid out of band in place of the record of that cause, which will not come on to it. False when
    /// there is no record that waits.
    package static func giveUpRecord(
        _ db: any SQLConnection, tenant: TenantID, document: DocumentRef, revision: Int, cause: String
    ) throws -> Bool {
        try db.execute(
            """
            UPDATE settlements SET way = \(Settlement.Way.outOfBand), attached = 1
            WHERE tenant_id = \(tenant) AND document = \(document) AND revision = \(revision) AND cause = \(cause)
                AND way = \(Settlement.Way.paymentRecord) AND attached = 0
            """) > 0
    }

    package static func list(
        _ db: any SQLConnection, tenant: TenantID, document: DocumentRef, revision: Int
    ) throws -> [Settlement] {
        try db.query(
            """
            SELECT \(columns) FROM settlements
            WHERE tenant_id = \(tenant) AND document = \(document) AND revision = \(revision) ORDER BY cause
            """
        ).map(settlement)
    }

    /// A payment record came on to its invoice. Throws `.notFound`.
    package static func setAttached(
        _ db: any SQLConnection, tenant: TenantID, document: DocumentRef, revision: Int, cause: String
    ) throws {
        let changed = try db.execute(
            """
            UPDATE settlements SET attached = 1
            WHERE tenant_id = \(tenant) AND document = \(document) AND revision = \(revision) AND cause = \(cause)
            """)
        if changed == 0 { throw StorageError(.notFound, "no settlement \(cause) of \(document)") }
    }

    private static func settlement(_ row: SQLRow) throws -> Settlement {
        let cause = try row.text("cause")
        guard let whole = cause.split(separator: "=").last.flatMap({ Int64($0) }) else {
            throw StorageError(.unreadableRow, "settlement \(cause) names no amount")
        }
        return Settlement(
            application: try row.text("application"),
            amount: Money(minorUnits: try row.integer("amount"), currency: try row.currency("currency")), whole: whole,
            way: try row.choice("way"), stripeObject: try row.textOrNull("stripe_object"),
            isAttached: try row.bool("attached"))
    }
}
