import Domain
import Logging
import Storage
import Synchronization

/// Makes verified events durable, many in one transaction: while one group commits the next one fills, so that a sync
/// of the disk is shared by all that came meanwhile. Whoever comes while nothing commits leads: it commits what waits,
/// itself included, and hands the lead to the first of those that came since. Alone it waits for nobody.
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

    private enum Word: Sendable {
        case lead
        case done(Outcome)
    }

    private struct Waiting: Sendable {
        var arrival: Arrival
        var told: CheckedContinuation<Word, Never>
    }

    private struct Line {
        var isCommitting = false
        var waiting: [Waiting] = []
        /// Of those that wait and of those in the commit under way.
        var events = 0
        var bytes = 0
    }

    private let environment: SyncEnvironment
    private let line = Mutex(Line())

    init(environment: SyncEnvironment) { self.environment = environment }

    /// How many wait for a commit to begin.
    var waitingCount: Int { line.withLock { $0.waiting.count } }

    /// Returns when it is decided: stored or duplicate only after the commit.
    nonisolated(nonsending) func commit(_ arrival: Arrival) async -> Outcome {
        let size = arrival.event.body.count
        let leads = line.withLock { line -> Bool? in
            guard line.events < Self.waitingEventsMax, line.bytes + size <= Self.waitingBytesMax else { return nil }
            line.events += 1
            line.bytes += size
            defer { line.isCommitting = true }
            return !line.isCommitting
        }
        guard let leads else { return .refused }
        defer {
            line.withLock {
                $0.events -= 1
                $0.bytes -= size
            }
        }
        guard !leads else { return await lead([Waiting](), with: arrival) }
        let word = await withCheckedContinuation { told in
            let isFree = line.withLock { line in
                // The group before may have ended since.
                guard line.isCommitting else {
                    line.isCommitting = true
                    return true
                }
                line.waiting.append(Waiting(arrival: arrival, told: told))
                return false
            }
            if isFree { told.resume(returning: .lead) }
        }
        switch word {
        case .done(let outcome): return outcome
        case .lead: return await lead(takeGroup(beside: size), with: arrival)
        }
    }

    /// The oldest that fit into one transaction.
    private func takeGroup(beside size: Int) -> [Waiting] {
        line.withLock { line in
            var bytes = size
            let count =
                line.waiting.prefix(Self.groupEventsMax - 1).prefix { waiting in
                    bytes += waiting.arrival.event.body.count
                    return bytes <= Self.groupBytesMax
                }.count
            let group = Array(line.waiting.prefix(count))
            line.waiting.removeFirst(count)
            return group
        }
    }

    private nonisolated(nonsending) func lead(_ group: [Waiting], with own: Arrival) async -> Outcome {
        let outcomes = await settle([own] + group.map(\.arrival))
        // The next group begins before this one is told, so that the disk need not wait for that.
        let next = line.withLock { line -> Waiting? in
            line.isCommitting = !line.waiting.isEmpty
            return line.waiting.isEmpty ? nil : line.waiting.removeFirst()
        }
        next?.told.resume(returning: .lead)
        for (waiting, outcome) in zip(group, outcomes.dropFirst()) { waiting.told.resume(returning: .done(outcome)) }
        return outcomes[0]
    }

    // MARK: Storing

    private nonisolated(nonsending) func settle(_ group: [Arrival]) async -> [Outcome] {
        do {
            return try await environment.database.write { try Self.store(group, $0) }
        } catch {
            guard group.count > 1, Self.mayBeOfOneRow(error) else {
                environment.log.error(
                    "webhooks not stored", metadata: ["count": "\(group.count)", "error": "\(error)"])
                return group.map { _ in .notDurable }
            }
        }
        // One row that cannot be stored does not fail the others.
        var outcomes: [Outcome] = []
        for arrival in group { outcomes += await settle([arrival]) }
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
