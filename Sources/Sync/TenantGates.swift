import Domain
import Logging
import Metrics
import Outbound
import Storage

/// One tenant's gates, one before each outside system. Held by the tenant's `TenantSync`, beside its clients and for
/// longer than they are; no other tenant's calls pass them.
struct TenantGates: Sendable {
    let visma: SystemGate
    let stripe: SystemGate

    init(tenant: TenantID, environment: SyncEnvironment) {
        let log = environment.log
        let tell: @Sendable (RemoteSystem, SystemGate.Standing) -> Void = { system, standing in
            Self.tell(tenant, system, standing, log)
        }
        let make = { (system: RemoteSystem) in
            SystemGate(system: system, seed: Self.seed(tenant, system), now: environment.now, changed: tell)
        }
        visma = make(.visma)
        stripe = make(.stripe)
    }

    private var all: [SystemGate] { [visma, stripe] }

    subscript(system: RemoteSystem) -> SystemGate {
        switch system {
        case .visma: visma
        case .stripe: stripe
        }
    }

    /// Nothing would be lost with them.
    var areFree: Bool { all.allSatisfy(\.isFresh) }

    /// Until when pushes and polls wait, so that money has the rest of a budget; nil when they may go.
    var othersKeptUntil: Timestamp? { all.compactMap(\.othersKeptUntil).max() }

    /// What people are shown of them: a row for each gate that is not free. `saved` is what was written last.
    func save(_ db: any SQLConnection, tenant: TenantID, replacing saved: Saved?, now: Timestamp) throws -> Saved {
        var standings: Saved = [:]
        for gate in all {
            let standing = gate.standing
            standings[gate.system] = standing
            guard saved?[gate.system] != standing else { continue }
            try GatesTable.set(
                db, tenant: tenant,
                GateRecord(
                    system: gate.system, state: standing.state, until: standing.until, reason: standing.why,
                    changedAt: now))
        }
        return standings
    }

    typealias Saved = [RemoteSystem: SystemGate.Standing]

    private static func tell(
        _ tenant: TenantID, _ system: RemoteSystem, _ standing: SystemGate.Standing, _ log: Logger
    ) {
        let state = standing.state.rawValue
        Counter(label: "mlc_gate_changes_total", dimensions: [("system", system.rawValue), ("state", state)])
            .increment()
        var metadata: Logger.Metadata = ["tenant": "\(tenant)", "system": "\(system)", "gate": "\(state)"]
        if let until = standing.until { metadata["until"] = "\(until)" }
        if let why = standing.why { metadata["why"] = "\(why)" }
        switch standing.state {
        case .free: log.notice("calls go again", metadata: metadata)
        case .reserved: log.notice("pushes and polls wait, as the budget is nearly used up", metadata: metadata)
        case .spent: log.warning("no calls, as the budget is used up", metadata: metadata)
        case .broken: log.warning("no calls, as the system does not answer", metadata: metadata)
        }
    }

    /// The same in every run, another for each tenant and system.
    private static func seed(_ tenant: TenantID, _ system: RemoteSystem) -> UInt64 {
        "\(tenant)/\(system)".utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
            ($0 ^ UInt64($1)) &* 1_099_511_628_211
        }
    }
}
