import Domain
import Foundation
import Logging
import Storage

/// One tenant's turns. An actor does not serialise across `await`, so a turn in progress is remembered, and whoever
/// asks for another meanwhile is told so.
package actor TenantSync {
    /// Looks in one turn, so that a tenant with much dirt lets others in.
    package static let looksMax = 200
    package static let leaseSeconds: Int64 = 60
    /// Between two attempts at a tenant whose credentials are refused.
    package static let reauthoriseSeconds: Int64 = 300

    /// What a turn did.
    package struct Report: Hashable, Sendable {
        package var eventsResolved = 0
        package var rowsChanged = 0
        package var looks = 0
        package var failures = 0
        /// Nil when the turn ended by itself; else why it stopped.
        package var stopped: String?
        /// There was more due than one turn takes.
        package var hasMore = false
        package init() {}
    }

    private let tenant: TenantID
    private let environment: SyncEnvironment
    private var isTurning = false
    private var context: (version: TenantContext.Version, value: TenantContext)?
    /// After a turn that one of the two systems stopped: when the next may begin, unless policy or credentials change.
    private var pause: (version: TenantContext.Version?, until: Timestamp, why: String)?
    /// Turns stopped in a row.
    private var stops = 0

    init(tenant: TenantID, environment: SyncEnvironment) {
        self.tenant = tenant
        self.environment = environment
    }

    /// Takes the lease, resolves events, polls what is due, looks at what is dirty. Throws only what a crash or a bug
    /// would: whatever goes wrong outside is written down and tried again later.
    package func turn() async throws -> Report {
        guard !isTurning else {
            var report = Report()
            report.stopped = "a turn is in progress"
            return report
        }
        isTurning = true
        defer { isTurning = false }
        var report = Report()
        let version = try await environment.database.read { [tenant] db in
            try TenantContext.version(db, tenant: tenant)
        }
        if let pause, pause.version == version, environment.now() < pause.until {
            report.stopped = pause.why
            return report
        }
        let lease = try await environment.database.write { [tenant, environment] db in
            try LeasesTable.acquire(
                db, tenant: tenant, owner: environment.node, now: environment.now(), ttlSeconds: Self.leaseSeconds)
        }
        guard let lease else {
            report.stopped = "another process holds the tenant's lease"
            return report
        }
        do {
            guard let context = try await current(version) else {
                report.stopped = "the tenant is not active"
                return try await leave(lease, report)
            }
            try await work(context, lease, &report)
            stops = 0
            pause = nil
        } catch let error as ConnectorError {
            report.stopped = error.description
            report.failures += 1
            pause = (version, environment.now().adding(seconds: waitSeconds(error)), error.description)
            stops += 1
            environment.log.warning("turn stopped", metadata: ["tenant": "\(tenant)", "error": "\(error)"])
        } catch let error as StorageError where error.code == .leaseLost {
            report.stopped = error.description
            return report
        }
        return try await leave(lease, report)
    }

    private func leave(_ lease: Lease, _ report: Report) async throws -> Report {
        try await environment.database.write { [tenant] db in
            try LeasesTable.release(db, tenant: tenant, owner: lease.owner, term: lease.term)
        }
        return report
    }

    /// The scheduler comes back several times a second: what is refused or down is not asked that often.
    private func waitSeconds(_ error: ConnectorError) -> Int64 {
        let growing = RetryPolicy.delaySeconds(attempts: stops)
        return switch error.disposition {
        case .reauthorise: Self.reauthoriseSeconds
        case .retry(let after): max(Int64(after ?? 0), growing)
        default: growing
        }
    }

    private func current(_ version: TenantContext.Version?) async throws -> TenantContext? {
        guard let version, version.isActive else {
            context = nil
            return nil
        }
        if let context, context.version == version { return context.value }
        let made = try await TenantContext.make(tenant, environment: environment)
        context = (version, made)
        return made
    }

    private func work(_ context: TenantContext, _ lease: Lease, _ report: inout Report) async throws {
        let resolver = EventResolver(tenant: context, environment: environment)
        while true {
            let count = try await resolver.resolveBatch()
            report.eventsResolved += count
            if count < EventResolver.batchSize { break }
        }
        let poller = Poller(tenant: context, environment: environment)
        for stream in try await PollSchedule.due(tenant, environment: environment, policy: context.policy) {
            report.rowsChanged += try await poller.sweep(stream)
        }
        try await registerEndpoint(context)
        var lease = lease
        while report.looks < Self.looksMax {
            let items = try await environment.database.read { [tenant, environment] db in
                try WorkTable.due(db, tenant: tenant, now: environment.now(), limit: 20)
            }
            if items.isEmpty { return }
            for item in items {
                lease = try await environment.database.write { [tenant, environment, lease] db in
                    try LeasesTable.renew(
                        db, tenant: tenant, owner: lease.owner, term: lease.term, now: environment.now(),
                        ttlSeconds: Self.leaseSeconds)
                }
                try await look(item, context, lease, &report)
            }
        }
        report.hasMore = true
    }

    private func look(
        _ item: WorkItem, _ context: TenantContext, _ lease: Lease, _ report: inout Report
    ) async throws {
        report.looks += 1
        let ending: TurnMachine.Ending
        switch item.subject {
        case .document(let document):
            ending = try await DocumentTurn(
                tenant: context, environment: environment, lease: lease, document: document,
                attempts: item.attempts, isAskedFor: item.cause == TenantAdmin.askedCause
            ).run()
        case .endpoint:
            ending = try await EndpointTurn(
                tenant: context, environment: environment, lease: lease, attempts: item.attempts
            ).run()
        }
        if case .failed = ending { report.failures += 1 }
        try await commit(ending, item, context, lease)
        try await environment.reached(.workSettled)
    }

    private func commit(
        _ ending: TurnMachine.Ending, _ item: WorkItem, _ context: TenantContext, _ lease: Lease
    ) async throws {
        let log = environment.log
        let metadata: Logger.Metadata = ["tenant": "\(tenant)", "subject": "\(item.subject)"]
        try await environment.database.write { [tenant, environment] db in
            let now = environment.now()
            try LeasesTable.check(db, tenant: tenant, owner: lease.owner, term: lease.term, now: now)
            switch ending {
            case .settled(let reviews):
                let reviewLog = ReviewLog(tenant: context, now: now)
                for review in reviews { try reviewLog.open(review, on: item.subject, db) }
                try reviewLog.closeAllBut(reviews, on: item.subject, db)
                try WorkTable.settle(db, tenant: tenant, subject: item.subject, generation: item.generation)
            case .postponed(let moment, let why, _):
                try WorkTable.postpone(
                    db, tenant: tenant, subject: item.subject, generation: item.generation, dueAt: moment, error: why)
            case .failed(let error):
                let delay =
                    error.disposition == .reauthorise
                    ? Self.reauthoriseSeconds : RetryPolicy.delaySeconds(attempts: item.attempts)
                log.warning("look failed", metadata: metadata.merging(["error": "\(error)"]) { $1 })
                try WorkTable.postpone(
                    db, tenant: tenant, subject: item.subject, generation: item.generation,
                    dueAt: now.adding(seconds: delay), error: error.description)
            }
        }
    }

    /// A tenant that is active and has no endpoint under today's public address is dirty in that respect.
    private func registerEndpoint(_ context: TenantContext) async throws {
        guard let publicURL = environment.publicURL else { return }
        let (hasEndpoint, isDirty) = try await environment.database.read { [tenant] db in
            let known = try EndpointsTable.list(db, tenant: tenant)
            let item = try WorkTable.find(db, tenant: tenant, subject: .endpoint)
            let review = try ReviewsTable.isOpen(db, tenant: tenant, subject: .endpoint)
            return (
                known.contains { $0.state == .active && $0.url.hasPrefix(publicURL + "/") },
                item?.isDirty == true || review
            )
        }
        guard !hasEndpoint, !isDirty else { return }
        try await environment.database.write { [tenant, environment] db in
            _ = try WorkTable.dirty(
                db, tenant: tenant, subject: .endpoint, cause: "registration", dueAt: environment.now())
        }
    }
}

/// When each of Visma's lists is to be swept next: `swept_at` of the cursor and the policy's interval.
enum PollSchedule {
    static func due(_ tenant: TenantID, environment: SyncEnvironment, policy: Policy) async throws -> [SyncStream] {
        try await environment.database.read { db in
            try Poller.streams.filter { stream in
                guard let swept = try CursorsTable.get(db, tenant: tenant, stream: stream)?.sweptAt else { return true }
                return swept.adding(seconds: Int64(policy.pollSeconds)) <= environment.now()
            }
        }
    }
}
