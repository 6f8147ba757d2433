import Domain
import Foundation
import ServiceLifecycle
import Storage
import Sync
import Synchronization

/// How late the scheduler begins a turn when 1,000 of 100,000 tenants become due each second. A turn here ends at once,
/// and when the next is due is written down for many in one transaction: real turns, each with transactions of its own,
/// are more than one disk takes in a second, and what they cost is measured with `poll_round_10k_seconds`.
struct WakeFigure: Figure {
    let names = ["wake_lag_p99_ms"]

    private static let registeredCount = 100_000
    private static let perSecond = 1000
    private static let seconds = 12
    /// Left out: the first look finds the scheduler cold.
    private static let warmSeconds = 2
    private static let rounds = 2
    /// Until the first is due, as it must be written down before.
    private static let leadSeconds: Int64 = 5

    func measure(_ options: FigureOptions) async throws -> [Reading] {
        let due = Self.perSecond * Self.seconds
        let few = try await stage(options.scratch + "/few", tenantCount: due)
        let many = try await stage(options.scratch + "/many", tenantCount: Self.registeredCount)
        var alone: [[Double]] = []
        var among: [[Double]] = []
        for _ in 0..<Self.rounds {
            alone.append(try await lags(few, tenantCount: due))
            among.append(try await lags(many, tenantCount: Self.registeredCount))
        }
        try few.database.shutDown()
        try many.database.shutDown()
        let baseline = alone.map { $0.percentile(99) }.median
        return [
            Reading(
                "wake_lag_p99_ms", among.map { $0.percentile(99) }.median, aim: .atMost(100),
                "\(Self.perSecond) due a second of \(Self.registeredCount), SQLite, turns that only write down the "
                    + "next due time; \(Int(baseline)) ms with those \(due) alone; ticks are 25 ms apart"),
            Reading("wake_lag_p50_ms", among.map(\.median).median, "the middle of the same"),
            Reading("wake_lag_alone_p99_ms", baseline),
        ]
    }

    private func stage(_ folder: String, tenantCount: Int) async throws -> Stage {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let stage = try await Stage.open(folder)
        try await stage.addTenants(0..<tenantCount)
        return stage
    }

    /// Milliseconds between the due time and the beginning of the turn, of each tenant.
    private func lags(_ stage: Stage, tenantCount: Int) async throws -> [Double] {
        let count = Self.perSecond * Self.seconds
        // Spread over all of them, so that each is found in another place.
        let tenants = (0..<count).map { Stage.tenant($0 * (tenantCount / count)) }
        let begin = Stage.now().adding(seconds: Self.leadSeconds)
        let dueAt = Dictionary(
            uniqueKeysWithValues: tenants.enumerated().map {
                ($1, begin.adding(milliseconds: Int64($0 * 1000 / Self.perSecond)))
            })
        try await stage.database.write { db in
            for (tenant, moment) in dueAt { try SchedulesTable.set(db, tenant: tenant, dueAt: moment) }
        }
        let (record, database) = (WakeRecord(dueAt), stage.database)
        let scheduler = Scheduler(
            limits: .init(), now: Stage.now, log: Server.log,
            due: { moment, limit in
                try await database.read { try SchedulesTable.due($0, by: moment, limit: limit) }
            },
            turn: { start in
                record.begin(start.tenant, at: Stage.now())
                return .init()
            })
        let group = ServiceGroup(configuration: .init(services: [.init(service: scheduler)], logger: Server.log))
        async let running: Void = group.run()
        for await _ in record.news {
            let begun = record.takeUnwritten()
            try await database.write { db in
                for tenant in begun { try SchedulesTable.set(db, tenant: tenant, dueAt: Stage.idleUntil()) }
            }
        }
        await group.triggerGracefulShutdown()
        try await running
        let warm = begin.adding(seconds: Int64(Self.warmSeconds))
        return record.lags.filter { (dueAt[$0.key] ?? begin) >= warm }.map(\.value)
    }
}

/// When each of the tenants was first begun with. One may be begun with again, before its next due time is written.
private final class WakeRecord: Sendable {
    private struct Content {
        var lags: [TenantID: Double] = [:]
        /// Their next due time is still to be written.
        var unwritten: [TenantID] = []
    }

    private let dueAt: [TenantID: Timestamp]
    private let content = Mutex(Content())
    /// Some were begun with; it ends when all have been.
    let news: AsyncStream<Void>
    private let told: AsyncStream<Void>.Continuation

    init(_ dueAt: [TenantID: Timestamp]) {
        self.dueAt = dueAt
        (news, told) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func begin(_ tenant: TenantID, at now: Timestamp) {
        guard let due = dueAt[tenant] else { return }
        let isLast = content.withLock { content in
            content.unwritten.append(tenant)
            guard content.lags[tenant] == nil else { return false }
            content.lags[tenant] = Double(now.microseconds - due.microseconds) / 1000
            return content.lags.count == dueAt.count
        }
        told.yield()
        if isLast { told.finish() }
    }

    /// How late each was, in milliseconds.
    var lags: [TenantID: Double] { content.withLock { $0.lags } }

    /// Those that were begun with since this was last asked.
    func takeUnwritten() -> [TenantID] {
        content.withLock { content in
            defer { content.unwritten = [] }
            return content.unwritten
        }
    }
}
