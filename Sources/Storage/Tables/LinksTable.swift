package import Domain

package enum LinksTable {
    private static let columns: SQLStatement = """
        document, state, revision, visma_customer, currency, stripe_customer, invoice, pushed_amount
        """

    package static func find(_ db: any SQLConnection, tenant: TenantID, document: DocumentRef) throws -> Link? {
        try db.query("SELECT \(columns) FROM links WHERE tenant_id = \(tenant) AND document = \(document)")
            .first.map(link)
    }

    package static func byInvoice(
        _ db: any SQLConnection, tenant: TenantID, invoice: StripeInvoiceID
    ) throws -> Link? {
        try db.query("SELECT \(columns) FROM links WHERE tenant_id = \(tenant) AND invoice = \(invoice)")
            .first.map(link)
    }

    /// Throws `.uniqueViolation` when another document of the tenant has this Stripe invoice.
    package static func upsert(_ db: any SQLConnection, tenant: TenantID, _ link: Link, now: Timestamp) throws {
        try db.execute(
            """
            INSERT INTO links (tenant_id, \(columns), created_at, updated_at) VALUES (\(tenant), \(link.document),
                \(link.state), \(link.revision), \(link.vismaCustomer), \(link.currency), \(link.stripeCustomer),
                \(link.invoice), \(link.pushedAmount), \(now), \(now))
            ON CONFLICT (tenant_id, document) DO UPDATE SET state = excluded.state, revision = excluded.revision,
                visma_customer = excluded.visma_customer, currency = excluded.currency,
                stripe_customer = excluded.stripe_customer, invoice = excluded.invoice,
                pushed_amount = excluded.pushed_amount, updated_at = excluded.updated_at
            """)
    }

    /// By document; `after` is the last one of the page before.
    package static func list(
        _ db: any SQLConnection, tenant: TenantID, state: Link.State? = nil, after: DocumentRef? = nil, limit: Int
    ) throws -> [Link] {
        let ofState: SQLStatement = state.map { "AND state = \($0)" } ?? ""
        let later: SQLStatement = after.map { "AND document > \($0)" } ?? ""
        return try db.query(
            """
            SELECT \(columns) FROM links WHERE tenant_id = \(tenant) \(ofState) \(later)
            ORDER BY document LIMIT \(limit)
            """
        ).map(link)
    }

    /// The documents of a customer for which nothing is in Stripe.
    package static func unpushed(
        _ db: any SQLConnection, tenant: TenantID, of customer: VismaCustomerNumber
    ) throws -> [DocumentRef] {
        try db.query(
            """
            SELECT document FROM links
            WHERE tenant_id = \(tenant) AND visma_customer = \(customer) AND invoice IS NULL ORDER BY document
            """
        ).map { try $0.document("document") }
    }

    /// A customer was given another number in Visma. Only the documents of its own Stripe customer follow: its former
    /// number may be another customer's by now.
    package static func renumber(
        _ db: any SQLConnection, tenant: TenantID, of customer: StripeCustomerID, from former: VismaCustomerNumber,
        to number: VismaCustomerNumber, now: Timestamp
    ) throws {
        try db.execute(
            """
            UPDATE links SET visma_customer = \(number), updated_at = \(now)
            WHERE tenant_id = \(tenant) AND stripe_customer = \(customer) AND visma_customer = \(former)
            """)
    }

    private static func link(_ row: SQLRow) throws -> Link {
        Link(
            document: try row.document("document"), state: try row.choice("state"),
            revision: try row.int("revision"), vismaCustomer: try row.id("visma_customer"),
            currency: try row.currency("currency"), stripeCustomer: try row.idOrNull("stripe_customer"),
            invoice: try row.idOrNull("invoice"), pushedAmount: try row.integerOrNull("pushed_amount"))
    }
}
