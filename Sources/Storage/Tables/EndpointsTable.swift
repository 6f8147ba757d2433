package import Domain

/// A webhook endpoint of a tenant at Stripe.
package struct EndpointRecord: Hashable, Sendable {
    package enum State: String, Sendable, CaseIterable {
        /// To be registered.
        case pending
        case active
        case disabled
    }

    /// Random, in the URL; unique over all tenants.
    package var endpointKey: String
    /// `we_...`
    package var stripeEndpointID: String?
    package var url: String
    package var state: State
    package var createdAt: Timestamp

    package init(
        endpointKey: String, stripeEndpointID: String? = nil, url: String, state: State = .pending,
        createdAt: Timestamp
    ) {
        self.endpointKey = endpointKey
        self.stripeEndpointID = stripeEndpointID
        self.url = url
        self.state = state
        self.createdAt = createdAt
    }
}

package enum EndpointsTable {
    private static let columns: SQLStatement = "endpoint_key, stripe_endpoint_id, url, state, created_at"

    package static func insert(_ db: any SQLConnection, tenant: TenantID, _ endpoint: EndpointRecord) throws {
        try db.execute(
            """
            INSERT INTO webhook_endpoints (tenant_id, \(columns)) VALUES (\(tenant), \(endpoint.endpointKey),
                \(endpoint.stripeEndpointID), \(endpoint.url), \(endpoint.state), \(endpoint.createdAt))
            """)
    }

    package static func find(
        _ db: any SQLConnection, tenant: TenantID, endpointKey: String
    ) throws -> EndpointRecord? {
        try db.query(
            """
            SELECT \(columns) FROM webhook_endpoints WHERE tenant_id = \(tenant) AND endpoint_key = \(endpointKey)
            """
        ).first.map(record)
    }

    package static func list(_ db: any SQLConnection, tenant: TenantID) throws -> [EndpointRecord] {
        try db.query(
            """
            SELECT \(columns) FROM webhook_endpoints WHERE tenant_id = \(tenant) ORDER BY created_at, endpoint_key
            """
        ).map(record)
    }

    /// Sets state and, unless nil, Stripe's id. Throws `.notFound`.
    package static func update(
        _ db: any SQLConnection, tenant: TenantID, endpointKey: String, state: EndpointRecord.State,
        stripeEndpointID: String? = nil
    ) throws {
        let changed = try db.execute(
            """
            UPDATE webhook_endpoints
            SET state = \(state), stripe_endpoint_id = COALESCE(\(stripeEndpointID), stripe_endpoint_id)
            WHERE tenant_id = \(tenant) AND endpoint_key = \(endpointKey)
            """)
        if changed == 0 { throw StorageError(.notFound, "tenant \(tenant) has no endpoint \(endpointKey)") }
    }

    /// Whose endpoint a URL names: only a suggestion whose secret to try first. Crosses tenants: for routing.
    package static func ownerAcrossTenants(_ db: any SQLConnection, endpointKey: String) throws -> TenantID? {
        try db.query("SELECT tenant_id FROM webhook_endpoints WHERE endpoint_key = \(endpointKey)")
            .first.map { try $0.id("tenant_id") }
    }

    private static func record(_ row: SQLRow) throws -> EndpointRecord {
        EndpointRecord(
            endpointKey: try row.text("endpoint_key"), stripeEndpointID: try row.textOrNull("stripe_endpoint_id"),
            url: try row.text("url"), state: try row.choice("state"), createdAt: try row.timestamp("created_at"))
    }
}
