package import Domain

/// What is polled, page by page.
package enum SyncStream: String, Sendable, CaseIterable {
    case vismaInvoices = "visma_invoices"
    case vismaPayments = "visma_payments"
    case vismaCreditNotes = "visma_credit_notes"
    case stripeEvents = "stripe_events"
    case stripeUndelivered = "stripe_undelivered"
    case stripeCustomers = "stripe_customers"
}

/// How far a stream has been read. `value` is the server's own text and is opaque here.
package struct StreamCursor: Hashable, Sendable {
    package var value: String
    package var sweptAt: Timestamp?

    package init(value: String, sweptAt: Timestamp?) {
        self.value = value
        self.sweptAt = sweptAt
    }
}

package enum CursorsTable {
    package static func get(_ db: any SQLConnection, tenant: TenantID, stream: SyncStream) throws -> StreamCursor? {
        try db.query("SELECT value, swept_at FROM cursors WHERE tenant_id = \(tenant) AND stream = \(stream)").first
            .map { StreamCursor(value: try $0.text("value"), sweptAt: try $0.timestampOrNull("swept_at")) }
    }

    package static func set(
        _ db: any SQLConnection, tenant: TenantID, stream: SyncStream, _ cursor: StreamCursor
    ) throws {
        try db.execute(
            """
            INSERT INTO cursors (tenant_id, stream, value, swept_at)
            VALUES (\(tenant), \(stream), \(cursor.value), \(cursor.sweptAt))
            ON CONFLICT (tenant_id, stream) DO UPDATE SET value = excluded.value, swept_at = excluded.swept_at
            """)
    }
}
