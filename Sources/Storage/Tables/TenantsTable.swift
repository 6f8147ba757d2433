package import Domain

/// A tenant: one company in Visma with one Stripe account.
package struct TenantRecord: Hashable, Sendable {
    package enum Mode: String, Sendable, CaseIterable {
        case test, live
    }

    package enum State: String, Sendable, CaseIterable {
        case onboarding, active, paused, suspended, offboarded

        /// The legal moves. Offboarding is the end.
        package var next: Set<State> {
            switch self {
            case .onboarding: [.active, .offboarded]
            case .active: [.paused, .suspended, .offboarded]
            case .paused: [.active, .suspended, .offboarded]
            case .suspended: [.active, .paused, .offboarded]
            case .offboarded: []
            }
        }
    }

    package var id: TenantID
    package var name: String
    package var groupName: String?
    /// These three are nil until a ping has learned them.
    package var vismaTenant: String?
    package var company: String?
    package var stripeAccount: String?
    package var mode: Mode
    package var state: State
    /// JSON.
    package var policy: String
    /// From 1; rises with every change of `policy`.
    package var policyVersion: Int
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        id: TenantID, name: String, groupName: String? = nil, vismaTenant: String? = nil, company: String? = nil,
        stripeAccount: String? = nil, mode: Mode, state: State = .onboarding, policy: String = "{}",
        policyVersion: Int = 1, createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.groupName = groupName
        self.vismaTenant = vismaTenant
        self.company = company
        self.stripeAccount = stripeAccount
        self.mode = mode
        self.state = state
        self.policy = policy
        self.policyVersion = policyVersion
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

package enum TenantsTable {
    private static let columns: SQLStatement = """
        id, name, group_name, visma_tenant, company, stripe_account, mode, state, policy, policy_version, created_at,
        updated_at
        """

    /// Throws `.uniqueViolation` when the id, or the pair of company and account in this mode, is taken.
    package static func insert(_ db: any SQLConnection, _ tenant: TenantRecord) throws {
        try db.execute(
            """
            INSERT INTO tenants (\(columns)) VALUES (\(tenant.id), \(tenant.name), \(tenant.groupName),
                \(tenant.vismaTenant), \(tenant.company), \(tenant.stripeAccount), \(tenant.mode), \(tenant.state),
                \(tenant.policy), \(tenant.policyVersion), \(tenant.createdAt), \(tenant.updatedAt))
            """)
        if tenant.state == .active { try SchedulesTable.set(db, tenant: tenant.id, dueAt: tenant.createdAt) }
    }

    package static func find(_ db: any SQLConnection, tenant: TenantID) throws -> TenantRecord? {
        try db.query("SELECT \(columns) FROM tenants WHERE id = \(tenant)").first.map(record)
    }

    /// What decides over a tenant's deliveries.
    package struct Standing: Hashable, Sendable {
        package var mode: TenantRecord.Mode
        package var state: TenantRecord.State
    }

    /// How those of the tenants stand that there are. Crosses tenants: for a group of deliveries to several.
    package static func standingsAcrossTenants(
        _ db: any SQLConnection, of tenants: Set<TenantID>
    ) throws -> [TenantID: Standing] {
        // The last one fills up to a power of two, so that there are few texts of this statement.
        var asked = tenants.map(\.rawValue).sorted()
        guard let last = asked.last else { return [:] }
        while asked.count & (asked.count - 1) != 0 { asked.append(last) }
        var standings: [TenantID: Standing] = [:]
        for row in try db.query("SELECT id, mode, state FROM tenants WHERE id IN (\(list: asked))") {
            standings[try row.id("id")] = Standing(mode: try row.choice("mode"), state: try row.choice("state"))
        }
        return standings
    }

    /// All tenants, or those in `state`, by id. Crosses tenants: for the registry and the operator.
    package static func list(
        _ db: any SQLConnection, state: TenantRecord.State? = nil
    ) throws -> [TenantRecord] {
        let filter: SQLStatement = state.map { "WHERE state = \($0)" } ?? ""
        return try db.query("SELECT \(columns) FROM tenants \(filter) ORDER BY id").map(record)
    }

    /// Those that have not left and have this Visma company, by id. Crosses tenants: a pair belongs to one.
    package static func ofVisma(_ db: any SQLConnection, vismaTenant: String) throws -> [TenantRecord] {
        try db.query(
            """
            SELECT \(columns) FROM tenants WHERE visma_tenant = \(vismaTenant) AND state <> 'offboarded' ORDER BY id
            """
        ).map(record)
    }

    /// How many tenants there are in each state. Crosses tenants: for the operator.
    package static func countByState(_ db: any SQLConnection) throws -> [TenantRecord.State: Int] {
        var counts: [TenantRecord.State: Int] = [:]
        for row in try db.query("SELECT state, COUNT(*) AS tenants FROM tenants GROUP BY state") {
            counts[try row.choice("state")] = try row.int("tenants")
        }
        return counts
    }

    /// The first tenants that have not left, by id. Crosses tenants: for the operator.
    package static func presentIDs(_ db: any SQLConnection, limit: Int) throws -> [TenantID] {
        try db.query("SELECT id FROM tenants WHERE state <> 'offboarded' ORDER BY id LIMIT \(limit)")
            .map { try $0.id("id") }
    }

    /// Moves the tenant to `state`; to be in it already is no error. Throws `.illegalMove` or `.notFound`.
    package static func setState(
        _ db: any SQLConnection, tenant: TenantID, _ state: TenantRecord.State, now: Timestamp
    ) throws {
        guard let current = try find(db, tenant: tenant) else { throw missing(tenant) }
        guard current.state != state else { return }
        guard current.state.next.contains(state) else {
            throw StorageError(
                .illegalMove, "tenant \(tenant) is \(current.state.rawValue) and cannot become \(state.rawValue)")
        }
        try db.execute("UPDATE tenants SET state = \(state), updated_at = \(now) WHERE id = \(tenant)")
        if state == .active {
            try SchedulesTable.set(db, tenant: tenant, dueAt: now)
        } else {
            try SchedulesTable.remove(db, tenant: tenant)
        }
    }

    /// Stores a new policy and answers its version, or throws `.conflict` when the stored one is not `version`.
    @discardableResult
    package static func setPolicy(
        _ db: any SQLConnection, tenant: TenantID, policy: String, replacing version: Int, now: Timestamp
    ) throws -> Int {
        let changed = try db.execute(
            """
            UPDATE tenants SET policy = \(policy), policy_version = policy_version + 1, updated_at = \(now)
            WHERE id = \(tenant) AND policy_version = \(version)
            """)
        if changed == 1 { return version + 1 }
        guard let current = try find(db, tenant: tenant) else { throw missing(tenant) }
        throw StorageError(
            .conflict,
            "the policy of \(tenant) is at version \(current.policyVersion), not \(version): read it again")
    }

    package static func setName(
        _ db: any SQLConnection, tenant: TenantID, name: String, group: String?, now: Timestamp
    ) throws {
        let changed = try db.execute(
            "UPDATE tenants SET name = \(name), group_name = \(group), updated_at = \(now) WHERE id = \(tenant)")
        if changed == 0 { throw missing(tenant) }
    }

    /// Stores what a ping learned of who the two sides are. Nil leaves a part as it is.
    package static func setIdentity(
        _ db: any SQLConnection, tenant: TenantID, vismaTenant: String?, company: String?, stripeAccount: String?,
        now: Timestamp
    ) throws {
        let changed = try db.execute(
            """
            UPDATE tenants SET visma_tenant = COALESCE(\(vismaTenant), visma_tenant),
                company = COALESCE(\(company), company),
                stripe_account = COALESCE(\(stripeAccount), stripe_account), updated_at = \(now)
            WHERE id = \(tenant)
            """)
        if changed == 0 { throw missing(tenant) }
    }

    private static func missing(_ tenant: TenantID) -> StorageError {
        StorageError(.notFound, "there is no tenant \(tenant)")
    }

    private static func record(_ row: SQLRow) throws -> TenantRecord {
        TenantRecord(
            id: try row.id("id"), name: try row.text("name"), groupName: try row.textOrNull("group_name"),
            vismaTenant: try row.textOrNull("visma_tenant"), company: try row.textOrNull("company"),
            stripeAccount: try row.textOrNull("stripe_account"), mode: try row.choice("mode"),
            state: try row.choice("state"), policy: try row.text("policy"),
            policyVersion: try row.int("policy_version"), createdAt: try row.timestamp("created_at"),
            updatedAt: try row.timestamp("updated_at"))
    }
}
