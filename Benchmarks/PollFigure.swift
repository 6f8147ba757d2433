import Domain
import Foundation
import Outbound
import Sandbox
import ServiceLifecycle
import Storage
import Sync
import Synchronization

/// What it costs to read the lists of 10,000 companies once, by real turns of the real scheduler over HTTP, when
/// nothing has changed: against the HTTP client alone making the same calls to the same simulators.
struct PollFigure: Figure {
    let names = ["poll_round_10k_seconds", "poll_ms_per_tenant", "poll_calls_per_tenant"]

    private static let tenantCount = 10_000
    /// How many calls the client alone has under way: as many as there are turns at once.
    private static let callsAtOnce = Scheduler.Limits().turnsAtOnce
    /// Longer than a turn's end takes and shorter than what is due next.
    private static let quietSeconds: Int64 = 60

    func measure(_ options: FigureOptions) async throws -> [Reading] {
        let commits = Stage.Counter()
        let database = try SQLiteDatabase(
            .pool(path: options.scratch + "/ml-connector.sqlite"), beforeCommit: { commits.add() })
        let companies = try await Companies(
            .init(count: Self.tenantCount, invoicesEach: 0, seed: options.seed), database: database,
            scratch: options.scratch)
        let calls = CallLog()
        let readings = try await companies.simulators.whileServing { systems in
            try await Network.with { network in
                let endpoints = try Connector.endpoints(systems)
                let environment = SyncEnvironment(
                    database: database, vault: companies.vault, now: Stage.now, makeID: { UUID().uuidString },
                    transport: Connector.limited(calls.around(network), endpoints), endpoints: endpoints,
                    log: Server.log, node: "bench")
                return try await rounds(environment, companies.tenants, calls, commits) {
                    try await alone(network, $0)
                }
            }
        }
        try database.shutDown()
        return readings
    }

    private func rounds(
        _ environment: SyncEnvironment, _ tenants: [TenantID], _ calls: CallLog, _ commits: Stage.Counter,
        _ alone: ([OutboundRequest]) async throws -> Duration
    ) async throws -> [Reading] {
        var limits = Scheduler.Limits()
        // All of them are due at once, and none is to be put off.
        limits.waitingMax = 2 * tenants.count
        let scheduler = Scheduler(
            environment: environment, registry: TenantRegistry(environment: environment), limits: limits)
        let group = ServiceGroup(configuration: .init(services: [.init(service: scheduler)], logger: Server.log))
        let clock = ContinuousClock()
        async let running: Void = group.run()
        let first = try await clock.measure { try await untilPolled(environment) }
        _ = calls.take()
        try await makeDue(tenants, environment)
        let before = commits.value
        let round = try await clock.measure { try await untilPolled(environment) }
        let synced = commits.value - before
        await group.triggerGracefulShutdown()
        try await running
        let made = calls.take()
        guard made.count >= tenants.count else { throw Load.Failed(description: "only \(made.count) calls were made") }
        let bare = try await alone(made)
        let each = Double(tenants.count)
        return [
            Reading(
                "poll_round_10k_seconds", round / .seconds(1),
                "\(made.count) calls; the HTTP client alone makes them in \(Int((bare / .seconds(1)).rounded())) s; "
                    + "SQLite, simulators on the same two cores"),
            Reading("poll_ms_per_tenant", round / .milliseconds(1) / each),
            Reading("poll_calls_per_tenant", Double(made.count) / each),
            Reading(
                "poll_commits_per_tenant", Double(synced) / each,
                "each one a sync of the log, shared by the turns that wait for it"),
            Reading("poll_turns_per_second", (each / (round / .seconds(1))).rounded()),
            Reading("poll_client_seconds", bare / .seconds(1), "the baseline: the same calls without anything else"),
            Reading(
                "poll_first_round_seconds", first / .seconds(1),
                "the first after a start: with a token for each company"),
        ]
    }

    private func untilPolled(_ environment: SyncEnvironment) async throws {
        try await Node.until("all lists are read") {
            let limit = Stage.now().adding(seconds: Self.quietSeconds)
            return try await environment.database.read { try SchedulesTable.due($0, by: limit, limit: 1).isEmpty }
        }
    }

    /// As if the time of all lists had come.
    private func makeDue(_ tenants: [TenantID], _ environment: SyncEnvironment) async throws {
        try await environment.database.write { db in
            for tenant in tenants {
                for stream in [SyncStream.vismaInvoices, .vismaPayments, .vismaCreditNotes] {
                    guard var cursor = try CursorsTable.get(db, tenant: tenant, stream: stream) else { continue }
                    cursor.sweptAt = nil
                    try CursorsTable.set(db, tenant: tenant, stream: stream, cursor)
                }
                try SchedulesTable.set(db, tenant: tenant, dueAt: Stage.now())
            }
        }
    }

    private func alone(_ network: any Transport, _ requests: [OutboundRequest]) async throws -> Duration {
        try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Int.self) { group in
                var rest = requests[...]
                for request in rest.prefix(Self.callsAtOnce) {
                    group.addTask { try await network.send(request).status }
                }
                rest = rest.dropFirst(Self.callsAtOnce)
                while let status = try await group.next() {
                    guard status == 200 else { throw Load.Failed(description: "a list answered \(status)") }
                    if let request = rest.popFirst() { group.addTask { try await network.send(request).status } }
                }
            }
        }
    }
}

/// Keeps the calls that pass, to make them again.
private final class CallLog: Sendable {
    private let requests = Mutex<[OutboundRequest]>([])

    /// Those since this was last asked.
    func take() -> [OutboundRequest] {
        requests.withLock { requests in
            defer { requests = [] }
            return requests
        }
    }

    func around(_ transport: any Transport) -> any Transport { Logged(inner: transport, log: self) }

    private struct Logged: Transport {
        let inner: any Transport
        let log: CallLog

        func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse {
            log.requests.withLock { $0.append(request) }
            return try await inner.send(request)
        }
    }
}
