package import Domain

/// The account's customers by their description, which Stripe can neither list nor search by. Only a first guess: what
/// is found here is compared with the customer as Stripe has it before anything is built on it.
package enum StripeCustomersTable {
    /// Remembers what the customer was called at `asOf`, unless something newer is known: events overtake one another.
    package static func put(
        _ db: any SQLConnection, tenant: TenantID, customer: StripeCustomerID, description: String?, asOf: Timestamp
    ) throws {
        try db.execute(
            """
            INSERT INTO stripe_customers (tenant_id, customer, description, updated_at)
            VALUES (\(tenant), \(customer), \(description ?? ""), \(asOf))
            ON CONFLICT (tenant_id, customer) DO UPDATE SET description = excluded.description,
                updated_at = excluded.updated_at
            WHERE excluded.updated_at >= stripe_customers.updated_at
            """)
    }

    package static func remove(_ db: any SQLConnection, tenant: TenantID, customer: StripeCustomerID) throws {
        try db.execute("DELETE FROM stripe_customers WHERE tenant_id = \(tenant) AND customer = \(customer)")
    }

    /// The customers of exactly this description, by id; none for an empty one, which says nothing.
    package static func find(
        _ db: any SQLConnection, tenant: TenantID, description: String
    ) throws -> [StripeCustomerID] {
        guard !description.isEmpty else { return [] }
        // Sorted here: asked for by customer, SQLite would read all of them in that order.
        return try db.query(
            "SELECT customer FROM stripe_customers WHERE tenant_id = \(tenant) AND description = \(description)"
        ).map { try $0.id("customer") }.sorted()
    }

    /// All that are known, also those without a description.
    package static func count(_ db: any SQLConnection, tenant: TenantID) throws -> Int {
        try db.query("SELECT COUNT(*) AS customers FROM stripe_customers WHERE tenant_id = \(tenant)").first?
            .int("customers") ?? 0
    }
}
