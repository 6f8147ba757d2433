package import Domain

/// How much each tenant has pushed lately: counted in slots of five minutes, so that a sum costs a few rows however
/// much that is.
package enum PushesTable {
    package static let slotSeconds: Int64 = 300
    private static let keptSeconds: Int64 = 86_400

    /// Counts a push, sent at `moment`.
    package static func add(_ db: any SQLConnection, tenant: TenantID, _ amount: Money, at moment: Timestamp) throws {
        try db.execute(
            """
            INSERT INTO pushes (tenant_id, slot_at, currency, invoices, amount)
            VALUES (\(tenant), \(slot(moment)), \(amount.currency.code), 1, \(amount.minorUnits))
            ON CONFLICT (tenant_id, slot_at, currency) DO UPDATE SET invoices = pushes.invoices + 1,
                amount = pushes.amount + excluded.amount
            """)
        let oldest = moment.adding(seconds: -keptSeconds)
        try db.execute("DELETE FROM pushes WHERE tenant_id = \(tenant) AND slot_at < \(oldest)")
    }

    /// Takes back what had been counted: that push made nothing.
    package static func remove(_ db: any SQLConnection, tenant: TenantID, _ amount: Money, at moment: Timestamp) throws
    {
        try db.execute(
            """
            UPDATE pushes SET invoices = invoices - 1, amount = amount - \(amount.minorUnits)
            WHERE tenant_id = \(tenant) AND slot_at = \(slot(moment)) AND currency = \(amount.currency.code)
                AND invoices > 0
            """)
    }

    /// What was pushed since `moment`, and in the slot that it falls in.
    package static func tally(_ db: any SQLConnection, tenant: TenantID, since moment: Timestamp) throws -> PushTally {
        let rows = try db.query(
            """
            SELECT currency, CAST(SUM(invoices) AS BIGINT) AS invoices, CAST(SUM(amount) AS BIGINT) AS amount
            FROM pushes
            WHERE tenant_id = \(tenant) AND slot_at >= \(slot(moment)) GROUP BY currency ORDER BY currency
            """)
        return try rows.reduce(into: PushTally()) { tally, row in
            tally.invoices += try row.int("invoices")
            tally.amounts[try row.currency("currency")] = try row.integer("amount")
        }
    }

    private static func slot(_ moment: Timestamp) -> Timestamp {
        Timestamp(unixSeconds: moment.unixSeconds - moment.unixSeconds % slotSeconds)
    }
}
