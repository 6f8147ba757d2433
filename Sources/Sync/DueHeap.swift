import Domain
import Storage

/// Tenants by the time their next turn is due: a cache of what the database says, holding only those that are due soon.
struct DueHeap {
    private struct Entry {
        var dueAt: Timestamp
        var tenant: TenantID

        static func < (one: Entry, other: Entry) -> Bool {
            one.dueAt != other.dueAt ? one.dueAt < other.dueAt : one.tenant < other.tenant
        }
    }

    /// What holds; an entry that says otherwise is left over from before.
    private var times: [TenantID: DueTenant] = [:]
    private var entries: [Entry] = []

    var count: Int { times.count }
    /// No later than the first turn that is due.
    var nextDue: Timestamp? { entries.first?.dueAt }

    /// The earlier of two times holds, and dirt over a poll.
    mutating func insert(_ due: DueTenant) {
        var due = due
        if let known = times[due.tenant] {
            due.isPollOnly = due.isPollOnly && known.isPollOnly
            guard due.dueAt < known.dueAt else {
                times[due.tenant]?.isPollOnly = due.isPollOnly
                return
            }
        }
        times[due.tenant] = due
        entries.append(Entry(dueAt: due.dueAt, tenant: due.tenant))
        rise(entries.count - 1)
    }

    /// The one that has been due longest, taken out; nil when none is due at `now`.
    mutating func popDue(at now: Timestamp) -> DueTenant? {
        while let first = entries.first, first.dueAt <= now {
            removeFirst()
            if let due = times[first.tenant], due.dueAt == first.dueAt {
                times[first.tenant] = nil
                return due
            }
        }
        return nil
    }

    private mutating func removeFirst() {
        let last = entries.removeLast()
        guard !entries.isEmpty else { return }
        entries[0] = last
        sink(0)
    }

    private mutating func rise(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard entries[index] < entries[parent] else { return }
            entries.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func sink(_ start: Int) {
        var index = start
        while true {
            var smallest = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < entries.count && entries[child] < entries[smallest] {
                smallest = child
            }
            guard smallest != index else { return }
            entries.swapAt(index, smallest)
            index = smallest
        }
    }
}
