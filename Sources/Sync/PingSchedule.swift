import Domain
import Storage

/// Pings nobody asks for: of active tenants, once a day, each at a time of its own. One costs about a dozen reads of
/// Stripe, some 400 a month of the 10,000 at least that it allots, and half a dozen of Visma.
enum PingSchedule {
    /// When the tenant's next ping is due; nil where none is made unasked. One that was never pinged counts from when
    /// it was added.
    static func next(
        _ db: any SQLConnection, tenant: TenantID, environment: SyncEnvironment
    ) throws -> Timestamp? {
        guard let seconds = environment.pingEverySeconds,
            let record = try TenantsTable.find(db, tenant: tenant), record.state == .active
        else { return nil }
        let last = try PingsTable.lastAt(db, tenant: tenant) ?? record.createdAt
        return last.adding(milliseconds: PollSchedule.interval(of: tenant, seconds: seconds))
    }

    /// Pings when it is due and the budgets have room for it: money goes first.
    static func run(_ tenant: TenantID, gates: TenantGates?, environment: SyncEnvironment) async throws {
        guard environment.pingEverySeconds != nil, gates?.othersKeptUntil == nil, !environment.isLeaving() else {
            return
        }
        let due = try await environment.database.read { try next($0, tenant: tenant, environment: environment) }
        guard let due, due <= environment.now() else { return }
        _ = try await Ping(environment: environment).run(tenant, gates: gates)
    }
}
