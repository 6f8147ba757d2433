package import Domain

/// What Stripe collected and the Visma document that books it: at most one per document and cause.
package enum CollectedTable {
    private static let columns: SQLStatement = """
        document, cause, state, currency, amount, applied, payment, reference
        """

    /// Throws `.uniqueViolation` when this cause is booked on this document already.
    package static func insert(
        _ db: any SQLConnection, tenant: TenantID, _ booking: Booking, now: Timestamp
    ) throws {
        guard booking.amount.currency == booking.applied.currency else {
            throw StorageError(.invalidArgument, "a booking is applied in its own currency")
        }
        try db.execute(
            """
            INSERT INTO collected (tenant_id, \(columns), created_at, updated_at) VALUES (\(tenant),
                \(booking.document), \(booking.cause), \(booking.state), \(booking.amount.currency),
                \(booking.amount.minorUnits), \(booking.applied.minorUnits), \(booking.payment),
                \(booking.reference), \(now), \(now))
            """)
    }

    package static func find(
        _ db: any SQLConnection, tenant: TenantID, document: DocumentRef, cause: String
    ) throws -> Booking? {
        try db.query(
            """
            SELECT \(columns) FROM collected
            WHERE tenant_id = \(tenant) AND document = \(document) AND cause = \(cause)
            """
        ).first.map(booking)
    }

    /// The bookings that a Visma payment document stands for.
    package static func list(
        _ db: any SQLConnection, tenant: TenantID, payment: VismaPaymentNumber
    ) throws -> [Booking] {
        try db.query(
            """
            SELECT \(columns) FROM collected WHERE tenant_id = \(tenant) AND payment = \(payment)
            ORDER BY document, cause
            """
        ).map(booking)
    }

    /// The bookings of one document, or of all when it is nil.
    package static func list(
        _ db: any SQLConnection, tenant: TenantID, document: DocumentRef?
    ) throws -> [Booking] {
        let ofDocument: SQLStatement = document.map { "AND document = \($0)" } ?? ""
        return try db.query(
            """
            SELECT \(columns) FROM collected WHERE tenant_id = \(tenant) \(ofDocument) ORDER BY document, cause
            """
        ).map(booking)
    }

    /// Throws `.notFound`.
    package static func setState(
        _ db: any SQLConnection, tenant: TenantID, document: DocumentRef, cause: String, _ state: Booking.State,
        now: Timestamp
    ) throws {
        let changed = try db.execute(
            """
            UPDATE collected SET state = \(state), updated_at = \(now)
            WHERE tenant_id = \(tenant) AND document = \(document) AND cause = \(cause)
            """)
        if changed == 0 {
            throw StorageError(.notFound, "tenant \(tenant) has no booking of \(cause) on \(document)")
        }
    }

    private static func booking(_ row: SQLRow) throws -> Booking {
        let currency = try row.currency("currency")
        return Booking(
            document: try row.document("document"), cause: try row.text("cause"), state: try row.choice("state"),
            amount: Money(minorUnits: try row.integer("amount"), currency: currency),
            applied: Money(minorUnits: try row.integer("applied"), currency: currency),
            payment: try row.id("payment"), reference: try row.text("reference"))
    }
}
