package import Domain
import Foundation
import Logging
import Outbound
import Storage
import Vault

/// One tenant's turns. An actor does not serialise across `await`, so a turn in progress is remembered, and whoever
/// asks for another meanwhile is told so.
package actor TenantSync {
    /// Looks in one turn of a tenant of weight 1, so that one with much dirt lets others in.
    package static let looksMax = 50
    /// Subjects read at once; between them what is money is looked for anew.
    static let batchMax = 20
    package static let leaseSeconds: Int64 = 180
    /// Documents in a row that a side may leave unanswered before the turn ends.
    static let unansweredMax = 3
    /// Before a lease is asked for again that another process holds.
    static let foreignLeaseSeconds: Int64 = 1
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
        /// When the next turn is due; nil when it is not known.
        package var nextDue: Timestamp?
        /// Nothing would come of another turn before.
        package var notBefore: Timestamp?
        package init() {}
    }

    private let tenant: TenantID
    private let environment: SyncEnvironment
    private var isTurning = false
    private var context: (version: TenantContext.Version, value: TenantContext)?
    private var gates: TenantGates?
    /// What people are shown of the gates.
    private var savedGates: TenantGates.Saved?
    /// After a turn that one of the two systems stopped: when the next may begin, unless policy or credentials change.
    private var pause: (version: TenantContext.Version?, until: Timestamp, why: String)?
    /// Turns stopped in a row.
    private var stops = 0

    init(tenant: TenantID, environment: SyncEnvironment) {
        self.tenant = tenant
        self.environment = environment
    }

    /// Lets go of clients and token, unless a turn is using them.
    func rest() {
        guard !isTurning else { return }
        context = nil
        if gates?.areFree == true { gates = nil }
    }

    /// Whether clients and a token are kept.
    var isAwake: Bool { context != nil }

    /// Takes the lease, resolves events, polls what is due, looks at what is dirty. Throws only what a crash or a bug
    /// would: whatever goes wrong outside is written down and tried again later. Without `mayPoll` no list is read.
    package func turn(mayPoll: Bool = true) async throws -> Report {
        var report = Report()
        guard !isTurning else {
            report.stopped = "a turn is in progress"
            return report
        }
        isTurning = true
        defer { isTurning = false }
        let version = try await environment.database.read { [tenant] db in
            try TenantContext.version(db, tenant: tenant)
        }
        if let pause, pause.version == version, environment.now() < pause.until {
            report.stopped = "waits until \(pause.until): \(pause.why)"
            report.notBefore = pause.until
            return report
        }
        let began = environment.now()
        guard let lease = try await environment.takeLease(of: tenant) else {
            report.stopped = "another process holds the tenant's lease"
            report.notBefore = began.adding(seconds: Self.foreignLeaseSeconds)
            return report
        }
        do {
            guard let context = try await current(version) else {
                report.stopped = "the tenant is not active"
                return try await leave(lease, report, began)
            }
            var trouble: ConnectorError?
            do {
                try await work(context, lease, mayPoll: mayPoll, &report)
            } catch let error as ConnectorError {
                trouble = error
            }
            // Also when credentials are refused: that is what a ping explains.
            if mayPoll { try await PingSchedule.run(tenant, gates: gates, environment: environment.holding(lease)) }
            if let trouble { throw trouble }
            stops = 0
            pause = nil
        } catch let error as ConnectorError {
            report.stopped = error.description
            report.failures += 1
            wait(after: error, version)
            report.notBefore = pause?.until
        } catch let error as StorageError where error.code == .leaseLost {
            return refused(error, report)
        }
        return try await leave(lease, report, began)
    }

    /// What stops a whole turn would stop the next one too: the tenant waits as long as the other side asked for, or
    /// longer with each failure in a row. The others do not notice.
    private func wait(after error: ConnectorError, _ version: TenantContext.Version?) {
        environment.log.warning("turn stopped", metadata: ["tenant": "\(tenant)", "error": "\(error)"])
        guard error.code != Journal.tenantChanged else { return }
        let until = environment.now().adding(seconds: Self.delaySeconds(after: error, attempts: stops))
        pause = (version, until, error.description)
        stops += 1
    }

    static func delaySeconds(after error: ConnectorError, attempts: Int) -> Int64 {
        if let seconds = error.withheldSeconds { return seconds }
        let backoff = RetryPolicy.delaySeconds(attempts: attempts)
        return switch error.disposition {
        case .reauthorise: reauthoriseSeconds
        case .retry(let after): max(Int64(after ?? 0), backoff)
        default: backoff
        }
    }

    /// Gives the lease back; a turn that did something is a run, successful only when nothing in it failed.
    private func leave(_ lease: Lease, _ report: Report, _ began: Timestamp) async throws -> Report {
        let id = environment.makeID()
        var report = report
        do {
            report.nextDue = try await close(lease, report, began, id)
        } catch let error as StorageError where error.code == .leaseLost {
            return refused(error, report)
        }
        return report
    }

    /// This process stood still for longer than its lease: whoever has the tenant now goes on.
    private func refused(_ error: StorageError, _ report: Report) -> Report {
        environment.log.warning("commit refused", metadata: ["tenant": "\(tenant)", "error": "\(error)"])
        var report = report
        report.stopped = report.stopped ?? error.description
        // What it met when it went on (calls that were over long ago) says nothing of the other side.
        report.notBefore = nil
        pause = nil
        stops = 0
        return report
    }

    private func close(
        _ lease: Lease, _ report: Report, _ began: Timestamp, _ id: String
    ) async throws -> Timestamp? {
        let (nextDue, saved) = try await environment.holding(lease).commit {
            [tenant, environment, report, gates, savedGates] db in
            let isWorthARow = report.eventsResolved + report.rowsChanged + report.looks + report.failures > 0
            if isWorthARow {
                let counts =
                    "{\"events\":\(report.eventsResolved),\"rows\":\(report.rowsChanged),"
                    + "\"looks\":\(report.looks),\"failures\":\(report.failures)}"
                try RunsTable.start(db, tenant: tenant, id: id, kind: "turn", now: began)
                try RunsTable.finish(
                    db, tenant: tenant, id: id, outcome: report.failures == 0 ? .succeeded : .failed, counts: counts,
                    now: environment.now())
            }
            try LeasesTable.release(db, tenant: tenant, owner: lease.owner, term: lease.term)
            let saved = try gates?.save(db, tenant: tenant, replacing: savedGates, now: environment.now())
            let kept = gates?.othersKeptUntil
            return (try Self.schedule(db, tenant, keptUntil: kept, environment), saved)
        }
        savedGates = saved ?? savedGates
        return nextDue
    }

    /// Writes down when time alone makes the next turn due, and answers when anything does.
    private static func schedule(
        _ db: any SQLConnection, _ tenant: TenantID, keptUntil: Timestamp?, _ environment: SyncEnvironment
    ) throws -> Timestamp? {
        let now = environment.now()
        guard try TenantsTable.find(db, tenant: tenant)?.state == .active,
            let policy = try TenantRegistry.policy(db, tenant: tenant)
        else {
            try SchedulesTable.remove(db, tenant: tenant)
            return nil
        }
        let polled = try PollSchedule.next(db, tenant: tenant, policy: policy, keptUntil: keptUntil, now: now)
        let pinged = try PingSchedule.next(db, tenant: tenant, environment: environment)
        let timed = min(polled, pinged.map { max($0, keptUntil ?? now) } ?? polled)
        try SchedulesTable.set(db, tenant: tenant, dueAt: timed)
        return try [timed, WorkTable.nextDue(db, tenant: tenant)].compactMap { $0 }.min()
    }

    private func current(_ version: TenantContext.Version?) async throws -> TenantContext? {
        guard let version, version.isActive else {
            context = nil
            return nil
        }
        if let context, context.version == version { return context.value }
        let gates = gates ?? TenantGates(tenant: tenant, environment: environment)
        self.gates = gates
        let made = try await TenantContext.make(tenant, environment: environment, gates: gates)
        context = (version, made)
        return made
    }

    /// What one source of dirt meets does not keep the others from being asked; the first trouble ends the turn after
    /// all have been.
    private func work(
        _ context: TenantContext, _ lease: Lease, mayPoll: Bool, _ report: inout Report
    ) async throws {
        let environment = environment.holding(lease)
        var trouble: ConnectorError?
        try await registerEndpoint(context, lease, &report)
        do {
            if mayPoll { try await CatchUp(tenant: context, environment: environment).run() }
        } catch let error as ConnectorError where error.httpStatus == 403 {
            // Without the right to read events webhooks and polls still work; the ping says what is missing.
            environment.log.warning("events cannot be listed", metadata: ["tenant": "\(tenant)", "error": "\(error)"])
        } catch let error as ConnectorError {
            trouble = error
        }
        let events = try await EventResolver(tenant: context, environment: environment).resolve()
        report.eventsResolved += events.resolved
        trouble = trouble ?? events.trouble
        let poller = Poller(tenant: context, environment: environment)
        let streams =
            mayPoll ? try await PollSchedule.due(tenant, environment: environment, policy: context.policy) : []
        for stream in streams where context.gates?.othersKeptUntil == nil {
            do {
                report.rowsChanged += try await poller.sweep(stream)
            } catch let error as ConnectorError {
                trouble = trouble ?? error
                // A list that this key may not read says nothing of the others; a side that does not answer does.
                if error.disposition != .reject, error.httpStatus != 403 { break }
            }
        }
        try await lookAtWhatIsDue(context, lease, &report)
        if let trouble { throw trouble }
    }

    private func lookAtWhatIsDue(_ context: TenantContext, _ lease: Lease, _ report: inout Report) async throws {
        var unanswered = 0
        while report.looks < Self.looksMax * context.policy.weight {
            let items = try await dueItems(context, lease)
            if items.isEmpty { return }
            for item in items {
                if item.lane == .other, context.gates?.othersKeptUntil != nil { break }
                if environment.isLeaving() {
                    report.hasMore = true
                    return
                }
                try await environment.holding(lease).commitRenewing { _ in }
                guard let error = try await look(item, context, lease, &report) else {
                    unanswered = 0
                    continue
                }
                if error.code == Journal.tenantChanged { throw error }
                if case .retry = error.disposition { unanswered += 1 }
                // A side that does not answer one document will hardly answer the next hundred.
                if unanswered >= Self.unansweredMax || error.isWithheld || error.disposition == .reauthorise {
                    throw error
                }
            }
        }
        report.hasMore = true
    }

    /// Money first. All else only while the budgets have room for it; then it is due when they have again.
    private func dueItems(_ context: TenantContext, _ lease: Lease) async throws -> [WorkItem] {
        let now = environment.now()
        let (money, others) = try await environment.database.read { [tenant] db in
            let money = try WorkTable.due(db, tenant: tenant, lane: .money, now: now, limit: Self.batchMax)
            guard money.isEmpty else { return (money, [WorkItem]()) }
            return (money, try WorkTable.due(db, tenant: tenant, lane: .other, now: now, limit: Self.batchMax))
        }
        guard !others.isEmpty, let kept = context.gates?.othersKeptUntil else { return money + others }
        try await environment.holding(lease).commit { [tenant] db in
            try WorkTable.keepOthers(db, tenant: tenant, until: kept)
        }
        return []
    }

    /// Answers what made the look fail, when it did.
    private func look(
        _ item: WorkItem, _ context: TenantContext, _ lease: Lease, _ report: inout Report
    ) async throws -> ConnectorError? {
        report.looks += 1
        let ending = try await ending(of: item, context, lease)
        try await commit(ending, item, context, lease)
        try await environment.reached(.workSettled)
        guard case .failed(let error) = ending else { return nil }
        report.failures += 1
        return error
    }

    /// A fault in one document's rows must not stand in the way of the others: it is that look's failure.
    private func ending(
        of item: WorkItem, _ context: TenantContext, _ lease: Lease
    ) async throws -> TurnEnding {
        let askedAt = item.askedAt
        let environment = environment.holding(lease)
        do {
            switch item.subject {
            case .document(let document):
                let sight = DocumentObserver(
                    tenant: context, environment: environment, document: document, askedAt: askedAt)
                return try await Turn(sight: sight, lease: lease).run()
            case .payout(let id):
                let sight = PayoutObserver(tenant: context, environment: environment, id: id, askedAt: askedAt)
                return try await Turn(sight: sight, lease: lease).run()
            case .customer(let number):
                return try await CustomerTurn(tenant: context, environment: environment, customer: number).run()
            case .endpoint:
                return try await EndpointTurn(tenant: context, environment: environment, lease: lease).run()
            }
        } catch let error as StorageError where error.code != .leaseLost {
            return .failed(Self.internalFault(error.description))
        } catch let error as VaultError {
            return .failed(Self.internalFault("\(error)"))
        } catch is DecodingError {
            return .failed(Self.internalFault("a stored row cannot be read by this version"))
        }
    }

    private static func internalFault(_ text: String) -> ConnectorError {
        ConnectorError(code: "internal", text: text, disposition: .uncertain)
    }

    private func commit(
        _ ending: TurnEnding, _ item: WorkItem, _ context: TenantContext, _ lease: Lease
    ) async throws {
        let log = environment.log
        let metadata: Logger.Metadata = ["tenant": "\(tenant)", "subject": "\(item.subject)"]
        try await environment.holding(lease).commit { [tenant, environment] db in
            let now = environment.now()
            switch ending {
            case .settled(let reviews):
                let reviewLog = ReviewLog(tenant: context, now: now)
                for review in reviews { try reviewLog.open(review, on: item.subject, db) }
                try reviewLog.closeAllBut(reviews, on: item.subject, db)
                try WorkTable.settle(db, tenant: tenant, subject: item.subject, generation: item.generation)
            case .postponed(let moment, let why, let reviews):
                if let reviews { try ReviewLog(tenant: context, now: now).closeAllBut(reviews, on: item.subject, db) }
                try WorkTable.postpone(
                    db, tenant: tenant, subject: item.subject, generation: item.generation, dueAt: moment, error: why)
            case .stopped(let review, let moment):
                try ReviewLog(tenant: context, now: now).open(review, on: item.subject, db)
                try WorkTable.postpone(
                    db, tenant: tenant, subject: item.subject, generation: item.generation, dueAt: moment,
                    error: review.found)
            case .failed(let error):
                let delay = Self.delaySeconds(after: error, attempts: item.attempts)
                log.warning("look failed", metadata: metadata.merging(["error": "\(error)"]) { $1 })
                try WorkTable.postpone(
                    db, tenant: tenant, subject: item.subject, generation: item.generation,
                    dueAt: now.adding(seconds: delay), error: error.description)
            }
        }
    }

    /// A tenant that is active and has no endpoint under today's public address gets one before any document is looked
    /// at, so that no payment can come before somebody listens.
    private func registerEndpoint(
        _ context: TenantContext, _ lease: Lease, _ report: inout Report
    ) async throws {
        guard let publicURL = environment.publicURL else { return }
        let item = try await environment.holding(lease).commit { [tenant, environment] db -> WorkItem? in
            guard try EndpointTurn.isMissing(db, tenant: tenant, publicURL: publicURL) else { return nil }
            var item = try WorkTable.find(db, tenant: tenant, subject: .endpoint)
            let isReviewed = try ReviewsTable.isOpen(db, tenant: tenant, subject: .endpoint)
            if item?.isDirty != true, !isReviewed {
                try WorkTable.dirty(
                    db, tenant: tenant, subject: .endpoint, cause: "registration", dueAt: environment.now())
                item = try WorkTable.find(db, tenant: tenant, subject: .endpoint)
            }
            return item
        }
        guard let item, item.isDirty, item.dueAt <= environment.now() else { return }
        if let error = try await look(item, context, lease, &report), error.disposition == .reauthorise { throw error }
    }
}
