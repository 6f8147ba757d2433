package import Domain
import Storage

/// Who gets the next turn, as a value: tenants by due time, then a queue in which each stands once and, when it wants
/// more, goes to the end. A tenant with much to do delays the others by no more than the turns that are under way.
package struct Agenda {
    /// A turn that is to begin.
    package struct Start: Hashable, Sendable {
        package var tenant: TenantID
        /// False under load: then only what is dirty or unread is done.
        package var mayPoll: Bool
    }

    /// How a turn ended.
    package struct End: Hashable, Sendable {
        package var hasMore = false
        package var nextDue: Timestamp?
        /// Before this nothing would come of another turn.
        package var notBefore: Timestamp?

        package init(hasMore: Bool = false, nextDue: Timestamp? = nil, notBefore: Timestamp? = nil) {
            self.hasMore = hasMore
            self.nextDue = nextDue
            self.notBefore = notBefore
        }
    }

    private let limits: Scheduler.Limits
    private var heap = DueHeap()
    private var waiting: ArraySlice<TenantID> = []
    private var queued: Set<TenantID> = []
    /// With whether dirt came during the turn.
    private var running: [TenantID: Bool] = [:]
    private var held: [TenantID: Timestamp] = [:]
    /// Polls put off since this was last asked.
    private var shed = 0
    private var isShedding = false

    init(limits: Scheduler.Limits) { self.limits = limits }

    var waitingCount: Int { waiting.count }
    var runningCount: Int { running.count }
    var isOverloaded: Bool { waiting.count >= limits.waitingMax }

    /// Polls put off since this was last asked, and whether the shedding has begun (true) or ended (false) since then.
    mutating func takeShed() -> (polls: Int, change: Bool?) {
        defer { shed = 0 }
        // Well below the limit, so that a queue about as long as that is no news again and again.
        let isShedding = isOverloaded || (self.isShedding && waiting.count > limits.waitingMax / 2)
        defer { self.isShedding = isShedding }
        return (shed, isShedding == self.isShedding ? nil : isShedding)
    }

    /// What the database says is due soon.
    mutating func learn(_ due: [DueTenant], now: Timestamp) {
        held = held.filter { $0.value > now }
        for one in due where running[one.tenant] == nil && !queued.contains(one.tenant) {
            var one = one
            if let moment = held[one.tenant] { one.dueAt = max(one.dueAt, moment) }
            heap.insert(one)
        }
    }

    /// Something came for the tenant. One that was told to wait does: what stopped it stops this, too.
    mutating func wake(_ tenant: TenantID, now: Timestamp) {
        if running[tenant] != nil {
            running[tenant] = true
        } else if held[tenant].map({ $0 <= now }) ?? true {
            queue(tenant)
        }
    }

    mutating func starts(now: Timestamp) -> [Start] {
        while let due = heap.popDue(at: now) {
            if due.isPollOnly, isOverloaded {
                shed += 1
                heap.insert(
                    DueTenant(tenant: due.tenant, dueAt: now.adding(seconds: limits.shedSeconds), isPollOnly: true))
            } else if running[due.tenant] == nil {
                queue(due.tenant)
            }
        }
        var starts: [Start] = []
        let mayPoll = !isOverloaded
        while running.count < limits.turnsAtOnce, let tenant = waiting.popFirst() {
            queued.remove(tenant)
            running[tenant] = false
            starts.append(Start(tenant: tenant, mayPoll: mayPoll))
        }
        return starts
    }

    mutating func ended(_ tenant: TenantID, _ end: End, now: Timestamp) {
        let wasWoken = running.removeValue(forKey: tenant) ?? false
        if let moment = end.notBefore, moment > now {
            held[tenant] = min(moment, now.adding(seconds: limits.holdSeconds))
        } else if end.hasMore || wasWoken {
            queue(tenant)
        }
        guard let due = end.nextDue, due <= now.adding(seconds: limits.horizonSeconds), !queued.contains(tenant) else {
            return
        }
        // A poll it may be; what is dirty is found again by the database.
        learn([DueTenant(tenant: tenant, dueAt: due, isPollOnly: false)], now: now)
    }

    private mutating func queue(_ tenant: TenantID) {
        if queued.insert(tenant).inserted { waiting.append(tenant) }
    }
}
