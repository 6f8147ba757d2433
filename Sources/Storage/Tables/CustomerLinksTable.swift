package import Domain

/// Which Stripe customer a Visma customer is.
package struct CustomerLink: Hashable, Sendable {
    /// Never changes, unlike the number.
    package var vismaInternalID: Int
    package var vismaNumber: VismaCustomerNumber
    package var stripeCustomer: StripeCustomerID
    /// The rule that found it, or who did.
    package var matchedBy: String
    package var matchedAt: Timestamp

    package init(
        vismaInternalID: Int, vismaNumber: VismaCustomerNumber, stripeCustomer: StripeCustomerID, matchedBy: String,
        matchedAt: Timestamp
    ) {
        self.vismaInternalID = vismaInternalID
        self.vismaNumber = vismaNumber
        self.stripeCustomer = stripeCustomer
        self.matchedBy = matchedBy
        self.matchedAt = matchedAt
    }
}

package enum CustomerLinksTable {
    /// `matchedBy` of what a person chose.
    package static let operatorRule = "operator"

    private static let columns: SQLStatement =
        "visma_internal_id, visma_number, stripe_customer, matched_by, matched_at"

    package static func find(
        _ db: any SQLConnection, tenant: TenantID, vismaInternalID: Int
    ) throws -> CustomerLink? {
        try db.query(
            """
            SELECT \(columns) FROM customer_links
            WHERE tenant_id = \(tenant) AND visma_internal_id = \(vismaInternalID)
            """
        ).first.map(link)
    }

    /// By the number seen last: several when a number went from one customer to another and neither was seen since.
    package static func find(
        _ db: any SQLConnection, tenant: TenantID, vismaNumber: VismaCustomerNumber
    ) throws -> [CustomerLink] {
        try db.query(
            """
            SELECT \(columns) FROM customer_links WHERE tenant_id = \(tenant) AND visma_number = \(vismaNumber)
            ORDER BY visma_internal_id
            """
        ).map(link)
    }

    /// Which Visma customers a Stripe customer stands for: one, unless somebody linked it twice.
    package static func vismaInternalIDs(
        _ db: any SQLConnection, tenant: TenantID, of customer: StripeCustomerID
    ) throws -> [Int] {
        // Sorted here: asked for by the id, SQLite would read all of them in that order.
        try db.query(
            "SELECT visma_internal_id FROM customer_links WHERE tenant_id = \(tenant) AND stripe_customer = \(customer)"
        ).map { try $0.int("visma_internal_id") }.sorted()
    }

    /// A person's own choice stays until a person changes it: what a rule or a create finds later does not take its
    /// place.
    package static func put(_ db: any SQLConnection, tenant: TenantID, _ link: CustomerLink) throws {
        try db.execute(
            """
            INSERT INTO customer_links (tenant_id, \(columns)) VALUES (\(tenant), \(link.vismaInternalID),
                \(link.vismaNumber), \(link.stripeCustomer), \(link.matchedBy), \(link.matchedAt))
            ON CONFLICT (tenant_id, visma_internal_id) DO UPDATE SET visma_number = excluded.visma_number,
                stripe_customer = excluded.stripe_customer, matched_by = excluded.matched_by,
                matched_at = excluded.matched_at
            WHERE customer_links.matched_by <> \(operatorRule) OR excluded.matched_by = \(operatorRule)
            """)
    }

    package static func setNumber(
        _ db: any SQLConnection, tenant: TenantID, vismaInternalID: Int, number: VismaCustomerNumber
    ) throws {
        try db.execute(
            """
            UPDATE customer_links SET visma_number = \(number)
            WHERE tenant_id = \(tenant) AND visma_internal_id = \(vismaInternalID)
            """)
    }

    package static func remove(_ db: any SQLConnection, tenant: TenantID, vismaInternalID: Int) throws {
        try db.execute(
            "DELETE FROM customer_links WHERE tenant_id = \(tenant) AND visma_internal_id = \(vismaInternalID)")
    }

    package static func list(_ db: any SQLConnection, tenant: TenantID) throws -> [CustomerLink] {
        try db.query("SELECT \(columns) FROM customer_links WHERE tenant_id = \(tenant) ORDER BY visma_internal_id")
            .map(link)
    }

    private static func link(_ row: SQLRow) throws -> CustomerLink {
        CustomerLink(
            vismaInternalID: try row.int("visma_internal_id"), vismaNumber: try row.id("visma_number"),
            stripeCustomer: try row.id("stripe_customer"), matchedBy: try row.text("matched_by"),
            matchedAt: try row.timestamp("matched_at"))
    }
}
