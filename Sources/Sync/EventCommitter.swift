import Domain
import Logging
import Storage
import Synchronization

/// Makes verified events durable, many in one transaction, so that a sync of the disk is shared. Whoever comes while
/// nobody has a transaction before it asks for one; all that come until it begins go into it, and from there on the
/// next one asks. So one group fills while the other commits, and the database goes from one to the next without
/// waiting for anybody. Who comes alone is alone in its transaction.
final class EventCommitter: Sendable {
    /// What may wait for its commit; beyond it a delivery is refused before it takes memory.
    static let waitingEventsMax = 8192
    static let waitingBytesMax = 64 * 1024 * 1024
    /// One transaction.
    static let groupEventsMax = 256
    static let groupBytesMax = 8 * 1024 * 1024

    struct Arrival: Sendable {
        var tenant: TenantID
        /// Received, or ignored already with the reason.
        var event: StoredEvent
    }

    enum Outcome: Hashable, Sendable {
        case stored, duplicate
        /// There is no such tenant any more.
        case gone
        case notDurable
        /// The queue is full.
        case refused
    }

    fileprivate enum Word: Sendable {
        case lead
        case done(Outcome)
    }

    fileprivate struct Waiting: Sendable {
        var arrival: Arrival
        /// Nil of the one that asks for the transaction.
        var told: CheckedContinuation<Word, Never>?
    }

    fileprivate struct Line {
        /// Somebody has asked for the transaction of those that wait.
        var isLed = false
        var waiting: [Waiting] = []
        /// Of those that wait and of those in a transaction.
        var events = 0
        var bytes = 0
    }

    private let environment: SyncEnvironment
    private let line = Mutex(Line())

    init(environment: SyncEnvironment) { self.environment = environment }

    /// How many wait for a transaction to begin.
    var waitingCount: Int { line.withLock { $0.waiting.count } }

    /// Returns when it is decided: stored or duplicate only after the commit.
    nonisolated(nonsending) func commit(_ arrival: Arrival) async -> Outcome {
        let size = arrival.event.body.count
        let leads = line.withLock { line -> Bool? in
            guard line.events < Self.waitingEventsMax, line.bytes + size <= Self.waitingBytesMax else { return nil }
            line.events += 1
            line.bytes += size
            return line.join(arrival)
        }
        guard let leads else { return .refused }
        defer {
            line.withLock {
                $0.events -= 1
                $0.bytes -= size
            }
        }
        guard !leads else { return await lead() }
        let word = await withCheckedContinuation { told in
            // The transaction that was asked for may have begun since.
            let leads = line.withLock { $0.join(arrival, told) }
            if leads { told.resume(returning: .lead) }
        }
        switch word {
        case .done(let outcome): return outcome
        case .lead: return await lead()
        }
    }

    /// The group of one transaction, taken when that begins.
    private final class Group: Sendable {
        private let content = Mutex<[Waiting]?>(nil)

        func taken(_ take: () -> [Waiting]) -> [Waiting] {
            content.withLock { content in
                let group = content ?? take()
                content = group
                return group
            }
        }
    }

    private nonisolated(nonsending) func lead() async -> Outcome {
        let group = Group()
        let outcomes: [Outcome]
        do {
            outcomes = try await environment.database.write { [self] db in
                try Self.store(group.taken(takeGroup).map(\.arrival), db)
            }
        } catch {
            outcomes = await settle(group.taken(takeGroup).map(\.arrival), after: error)
        }
        var own = Outcome.notDurable
        for (waiting, outcome) in zip(group.taken { [] }, outcomes) {
            if let told = waiting.told { told.resume(returning: .done(outcome)) } else { own = outcome }
        }
        return own
    }

    /// The oldest that fit into one transaction, the one that asked for it first. The first of those that do not fit
    /// asks for the next.
    private func takeGroup() -> [Waiting] {
        let (group, next) = line.withLock { $0.takeGroup() }
        next?.resume(returning: .lead)
        return group
    }

    // MARK: Storing

    /// The outcomes of a group whose transaction failed. One row that cannot be stored does not fail the others.
    private nonisolated(nonsending) func settle(_ group: [Arrival], after failure: any Error) async -> [Outcome] {
        guard group.count > 1, Self.mayBeOfOneRow(failure) else {
            environment.log.error(
                "webhooks not stored", metadata: ["count": "\(group.count)", "error": "\(failure)"])
            return group.map { _ in .notDurable }
        }
        var outcomes: [Outcome] = []
        for arrival in group {
            do {
                outcomes += try await environment.database.write { try Self.store([arrival], $0) }
            } catch {
                outcomes += await settle([arrival], after: error)
            }
        }
        return outcomes
    }

    /// A full disk or a lock fails every row alike; only what a row itself can be to blame for is tried one by one.
    private static func mayBeOfOneRow(_ error: any Error) -> Bool {
        guard let failure = error as? StorageError else { return true }
        switch failure.code {
        case .busy, .diskFull, .ioFailure, .damaged, .notWritable: return false
        default: return true
        }
    }

    /// The tenant's state decides in the transaction that stores the event.
    private static func store(_ group: [Arrival], _ db: any SQLConnection) throws -> [Outcome] {
        let standings = try TenantsTable.standingsAcrossTenants(db, of: Set(group.map(\.tenant)))
        var outcomes = [Outcome](repeating: .gone, count: group.count)
        var rows: [(tenant: TenantID, event: StoredEvent)] = []
        var places: [Int] = []
        for (index, arrival) in group.enumerated() {
            guard let standing = standings[arrival.tenant], standing.state != .offboarded else { continue }
            rows.append((arrival.tenant, judged(arrival.event, standing)))
            places.append(index)
        }
        for (index, outcome) in zip(places, try EventsTable.insertMany(db, rows)) {
            outcomes[index] = outcome == .stored ? .stored : .duplicate
        }
        return outcomes
    }

    private static func judged(_ event: StoredEvent, _ standing: TenantsTable.Standing) -> StoredEvent {
        guard event.state == .received else { return event }
        var event = event
        if standing.state != .active { event.reason = "it waits: the tenant is \(standing.state.rawValue)" }
        if event.isLive != (standing.mode == .live) {
            event.state = .ignored
            event.reason = "its mode is not the tenant's: \(event.isLive ? "live" : "test")"
        }
        return event
    }
}

extension EventCommitter.Line {
    /// True when the arrival has to ask for the transaction, and waits for it in the line. One that nobody can tell of
    /// its outcome joins only then.
    fileprivate mutating func join(
        _ arrival: EventCommitter.Arrival, _ told: CheckedContinuation<EventCommitter.Word, Never>? = nil
    ) -> Bool {
        let leads = !isLed
        isLed = true
        if leads || told != nil { waiting.append(.init(arrival: arrival, told: leads ? nil : told)) }
        return leads
    }

    fileprivate mutating func takeGroup() -> (
        group: [EventCommitter.Waiting], next: CheckedContinuation<EventCommitter.Word, Never>?
    ) {
        var bytes = 0
        // The first always goes, however large it is.
        let count = waiting.prefix(EventCommitter.groupEventsMax).prefix { waiting in
            defer { bytes += waiting.arrival.event.body.count }
            return bytes == 0 || bytes + waiting.arrival.event.body.count <= EventCommitter.groupBytesMax
        }.count
        let group = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        isLed = !waiting.isEmpty
        guard isLed else { return (group, nil) }
        let next = waiting[0].told
        waiting[0].told = nil
        return (group, next)
    }
}
