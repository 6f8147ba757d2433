import Domain
import Storage

/// When each of Visma's lists is to be read next: `swept_at` of its cursor, the policy's interval and quiet hours.
enum PollSchedule {
    /// Tenants with the same interval would come back together; each polls up to so much earlier than asked.
    static let jitterPercent: Int64 = 10

    static func due(_ tenant: TenantID, environment: SyncEnvironment, policy: Policy) async throws -> [SyncStream] {
        try await environment.database.read { try due($0, tenant: tenant, policy: policy, now: environment.now()) }
    }

    static func due(
        _ db: any SQLConnection, tenant: TenantID, policy: Policy, now: Timestamp
    ) throws -> [SyncStream] {
        try Poller.streams.filter { try moment(db, tenant: tenant, $0, policy, now: now) <= now }
    }

    /// When time alone makes the tenant's next turn due: a list of Visma's, not before `keptUntil`, or of Stripe's
    /// events.
    static func next(
        _ db: any SQLConnection, tenant: TenantID, policy: Policy, keptUntil: Timestamp? = nil, now: Timestamp
    ) throws -> Timestamp {
        let polls = try Poller.streams.map { stream in
            max(try moment(db, tenant: tenant, stream, policy, now: now), keptUntil ?? now)
        }
        return try (polls + [CatchUp.next(db, tenant: tenant, now: now)]).min() ?? now
    }

    /// A list that was never read, or that somebody asks for, does not wait for the quiet hours' end.
    private static func moment(
        _ db: any SQLConnection, tenant: TenantID, _ stream: SyncStream, _ policy: Policy, now: Timestamp
    ) throws -> Timestamp {
        guard let swept = try CursorsTable.get(db, tenant: tenant, stream: stream)?.sweptAt else { return now }
        let due = max(now, swept.adding(milliseconds: interval(of: tenant, policy)))
        return policy.quietHours?.end(at: due, in: policy.zone) ?? due
    }

    static func interval(of tenant: TenantID, _ policy: Policy) -> Int64 {
        interval(of: tenant, seconds: Int64(policy.pollSeconds))
    }

    /// In milliseconds; always the same for one tenant.
    static func interval(of tenant: TenantID, seconds: Int64) -> Int64 {
        let hash = tenant.rawValue.utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
            ($0 ^ UInt64($1)) &* 1_099_511_628_211
        }
        return seconds * 1000 - Int64(hash % UInt64(seconds * 10 * jitterPercent))
    }
}
