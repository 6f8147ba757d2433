import Domain
import Storage
import Testing

@Suite("What is due")
struct SchedulesTableTests {
    private func later(_ seconds: Int64) -> Timestamp { now.adding(seconds: seconds) }

    private func due(_ db: any SQLConnection, _ moment: Timestamp, limit: Int = 10) throws -> [String] {
        try SchedulesTable.due(db, by: moment, limit: limit).map {
            "\($0.tenant) \($0.isPollOnly ? "poll" : "work") \($0.dueAt.seconds(since: now))"
        }
    }

    @Test("by the clock, by dirt and by unread events, each tenant once", arguments: Engine.dialects)
    func sources(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            for tenant in [nord, kyst] { try SchedulesTable.set(db, tenant: tenant, dueAt: later(100)) }
            #expect(try due(db, later(99)) == [])
            #expect(try due(db, later(100)) == ["kyst poll 100", "nord poll 100"])
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: later(10))
            #expect(try due(db, later(9)) == [])
            #expect(try due(db, later(10)) == ["nord work 10"])
            #expect(try due(db, later(100)) == ["nord work 10", "kyst poll 100"])
            _ = try EventsTable.insert(db, tenant: kyst, Population.event("evt_1", "charge.failed"))
            #expect(try due(db, later(10)).map { $0.prefix(9) } == ["kyst work", "nord work"])
            #expect(try due(db, later(10), limit: 1).count == 1)
            try EventsTable.markIgnored(db, tenant: kyst, eventID: "evt_1", reason: "not ours")
            try SchedulesTable.remove(db, tenant: kyst)
            #expect(try due(db, later(1000)) == ["nord work 10"])
        }
    }

    @Test("only while the tenant is active", arguments: Engine.dialects)
    func active(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: now)
            try TenantsTable.setState(db, tenant: nord, .paused, now: now)
            #expect(try SchedulesTable.find(db, tenant: nord) == nil)
            #expect(try due(db, later(1000)).filter { $0.hasPrefix("nord") } == [])
            try TenantsTable.setState(db, tenant: nord, .active, now: later(5))
            #expect(try SchedulesTable.find(db, tenant: nord) == later(5))
            #expect(try due(db, later(5)).filter { $0.hasPrefix("nord") } == ["nord work 0"])
        }
    }
}
