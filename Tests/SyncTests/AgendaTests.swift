import Domain
import Logging
import Sandbox
import ServiceLifecycle
import Storage
import Synchronization
import Testing

@testable import Sync

@Suite("Who gets the next turn")
struct AgendaTests {
    private static let start = Timestamp(unixSeconds: 1_800_000_000)
    private func tenant(_ number: Int) -> TenantID { TenantID("t\(number)") }

    private func limits(turns: Int = 1, waiting: Int = 1000) -> Scheduler.Limits {
        var limits = Scheduler.Limits()
        (limits.turnsAtOnce, limits.waitingMax) = (turns, waiting)
        return limits
    }

    private func due(_ number: Int, after seconds: Int64 = 0, isPollOnly: Bool = false) -> DueTenant {
        DueTenant(tenant: tenant(number), dueAt: Self.start.adding(seconds: seconds), isPollOnly: isPollOnly)
    }

    @Test("The heap gives out by due time, each tenant once, at its earliest time", arguments: 1...20)
    func heap(_ seed: UInt64) {
        var random = SandboxRandom(seed: seed)
        var heap = DueHeap()
        var earliest: [TenantID: Int64] = [:]
        for _ in 0..<500 {
            let (number, second) = (Int(random.next() % 80), Int64(random.next() % 1000))
            heap.insert(due(number, after: second))
            earliest[tenant(number)] = min(earliest[tenant(number)] ?? .max, second)
        }
        #expect(heap.count == earliest.count)
        #expect(heap.popDue(at: Self.start.adding(seconds: -1)) == nil)
        var last = Self.start
        while let popped = heap.popDue(at: Self.start.adding(seconds: 1000)) {
            #expect(popped.dueAt >= last)
            #expect(earliest.removeValue(forKey: popped.tenant) == popped.dueAt.seconds(since: Self.start))
            last = popped.dueAt
        }
        #expect(earliest.isEmpty)
    }

    @Test("A tenant with much to do goes to the end of the queue after each turn")
    func roundRobin() {
        var agenda = Agenda(limits: limits())
        agenda.learn((1...3).map { due($0) }, now: Self.start)
        var order: [TenantID] = []
        for _ in 0..<7 {
            guard let next = agenda.starts(now: Self.start).first else { break }
            order.append(next.tenant)
            agenda.ended(next.tenant, .init(hasMore: next.tenant == tenant(1)), now: Self.start)
        }
        #expect(order == [1, 2, 3, 1, 1, 1, 1].map(tenant))
    }

    @Test("No tenant has two turns at once, and what came during one leads to another")
    func woken() {
        var agenda = Agenda(limits: limits(turns: 8))
        agenda.wake(tenant(1), now: Self.start)
        agenda.wake(tenant(1), now: Self.start)
        #expect(agenda.starts(now: Self.start).map(\.tenant) == [tenant(1)])
        agenda.wake(tenant(1), now: Self.start)
        agenda.learn([due(1)], now: Self.start)
        #expect(agenda.starts(now: Self.start).isEmpty)
        agenda.ended(tenant(1), .init(), now: Self.start)
        #expect(agenda.starts(now: Self.start).map(\.tenant) == [tenant(1)])
        agenda.ended(tenant(1), .init(), now: Self.start)
        #expect(agenda.starts(now: Self.start).isEmpty)
    }

    @Test("What an outside system stopped waits, however often it is due or woken, and then comes again")
    func held() {
        var agenda = Agenda(limits: limits())
        agenda.wake(tenant(1), now: Self.start)
        _ = agenda.starts(now: Self.start)
        let until = Self.start.adding(seconds: 5)
        agenda.ended(tenant(1), .init(hasMore: true, nextDue: Self.start, notBefore: until), now: Self.start)
        agenda.wake(tenant(1), now: Self.start.adding(seconds: 1))
        agenda.learn([due(1)], now: Self.start.adding(seconds: 1))
        #expect(agenda.starts(now: Self.start.adding(seconds: 4)).isEmpty)
        #expect(agenda.starts(now: until).map(\.tenant) == [tenant(1)])
    }

    @Test("Under load polls are put off and counted; what is dirty is not")
    func shed() {
        var agenda = Agenda(limits: limits(turns: 1, waiting: 5))
        let polls = (11...20).map { due($0, after: 1, isPollOnly: true) }
        agenda.learn((1...10).map { due($0) } + polls, now: Self.start)
        let now = Self.start.adding(seconds: 1)
        #expect(agenda.starts(now: now) == [.init(tenant: tenant(1), mayPoll: false)])
        #expect(agenda.takeShed() == (10, true))
        #expect(agenda.takeShed() == (0, nil))
        #expect(agenda.waitingCount == 9)
        agenda.ended(tenant(1), .init(), now: now)
        var started = 1
        while let next = agenda.starts(now: now).first {
            started += 1
            agenda.ended(next.tenant, .init(), now: now)
        }
        #expect(started == 10)
        #expect(agenda.takeShed() == (0, false))
        #expect(agenda.takeShed() == (0, nil))
        var polled: Set<TenantID> = []
        // They are as many as were too many before: not all at once.
        for second in 1...4 {
            let later = now.adding(seconds: Int64(second) * limits().shedSeconds)
            while let next = agenda.starts(now: later).first {
                polled.insert(next.tenant)
                agenda.ended(next.tenant, .init(), now: later)
            }
        }
        #expect(polled.count == 10)
    }

    @Test("Running, it asks the database, starts what is due, and at most so many at once")
    func running() async throws {
        let ran = Mutex<[TenantID: Int]>([:])
        let now = Mutex(0)
        let most = Mutex(0)
        var limits = limits(turns: 4)
        (limits.rescanMilliseconds, limits.tickMilliseconds) = (5, 1)
        let tenants = (1...50).map { due($0) }
        let asked = Mutex(false)
        let scheduler = Scheduler(
            limits: limits, now: { Self.start }, log: Logger(label: "test"),
            due: { _, _ in
                asked.withLock { wasAsked in
                    defer { wasAsked = true }
                    return wasAsked ? [] : tenants
                }
            },
            turn: { start in
                let running = now.withLock { count in
                    count += 1
                    return count
                }
                most.withLock { $0 = max($0, running) }
                await Task.yield()
                now.withLock { $0 -= 1 }
                ran.withLock { $0[start.tenant, default: 0] += 1 }
                return .init()
            })
        let group = ServiceGroup(services: [scheduler], logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            while ran.withLock({ $0.count }) < 50 { await Task.yield() }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(ran.withLock { $0.values.allSatisfy { $0 == 1 } })
        #expect((1...4).contains(most.withLock { $0 }))
    }
}
