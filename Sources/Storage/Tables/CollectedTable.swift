package import Domain

/// What happened in Stripe and the Visma document that books it: at most one per subject and cause.
package enum CollectedTable {
    private static let columns: SQLStatement = """
        subject, cause, kind, origin, state, currency, amount, applied, fee, number, reference, voided_for
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
                \(booking.subject), \(booking.cause), \(booking.kind), \(booking.origin), \(booking.state),
                \(booking.amount.currency), \(booking.amount.minorUnits), \(booking.applied.minorUnits),
                \(booking.fee.minorUnits), \(booking.number), \(booking.reference),
                \(booking.voidedFor?.rawValue), \(now), \(now))
            """)
    }

    package static func find(
        _ db: any SQLConnection, tenant: TenantID, subject: Subject, cause: String
    ) throws -> Booking? {
        try db.query(
            """
            SELECT \(columns) FROM collected
            WHERE tenant_id = \(tenant) AND subject = \(subject) AND cause = \(cause)
            """
        ).first.map(booking)
    }

    /// Whether another subject has booked this fact.
    package static func isBooked(
        _ db: any SQLConnection, tenant: TenantID, cause: String, besides subject: Subject
    ) throws -> Bool {
        try !db.query(
            """
            SELECT subject FROM collected
            WHERE tenant_id = \(tenant) AND cause = \(cause) AND subject <> \(subject) LIMIT 1
            """
        ).isEmpty
    }

    /// The bookings that a Visma document stands for.
    package static func list(
        _ db: any SQLConnection, tenant: TenantID, kind: Booking.Kind, number: VismaNumber
    ) throws -> [Booking] {
        try db.query(
            """
            SELECT \(columns) FROM collected WHERE tenant_id = \(tenant) AND kind = \(kind) AND number = \(number)
            ORDER BY subject, cause
            """
        ).map(booking)
    }

    /// The bookings of one subject, or of all when it is nil.
    package static func list(
        _ db: any SQLConnection, tenant: TenantID, subject: Subject?
    ) throws -> [Booking] {
        let ofSubject: SQLStatement = subject.map { "AND subject = \($0)" } ?? ""
        return try db.query(
            """
            SELECT \(columns) FROM collected WHERE tenant_id = \(tenant) \(ofSubject) ORDER BY subject, cause
            """
        ).map(booking)
    }

    /// Throws `.notFound`. `voidedFor` belongs to the states `.voiding` and `.voided` of our own making.
    package static func setState(
        _ db: any SQLConnection, tenant: TenantID, subject: Subject, cause: String, _ state: Booking.State,
        voidedFor: Booking.VoidReason? = nil, now: Timestamp
    ) throws {
        let changed = try db.execute(
            """
            UPDATE collected SET state = \(state), voided_for = \(voidedFor?.rawValue), updated_at = \(now)
            WHERE tenant_id = \(tenant) AND subject = \(subject) AND cause = \(cause)
            """)
        if changed == 0 {
            throw StorageError(.notFound, "tenant \(tenant) has no booking of \(cause) on \(subject)")
        }
    }

    private static func booking(_ row: SQLRow) throws -> Booking {
        let currency = try row.currency("currency")
        return Booking(
            subject: try row.subject("subject"), cause: try row.text("cause"), kind: try row.choice("kind"),
            origin: try row.choice("origin"), state: try row.choice("state"),
            amount: Money(minorUnits: try row.integer("amount"), currency: currency),
            applied: Money(minorUnits: try row.integer("applied"), currency: currency),
            fee: Money(minorUnits: try row.integer("fee"), currency: currency), number: try row.id("number"),
            reference: try row.text("reference"),
            voidedFor: try row.textOrNull("voided_for").flatMap { Booking.VoidReason(rawValue: $0) })
    }
}
