import Domain
import Storage
import Testing

@Suite("Nodes")
struct NodesTableTests {
    private func later(_ seconds: Int64) -> Timestamp { now.adding(seconds: seconds) }

    @Test("a heartbeat moves the end on, and whoever was told to drain stays so", arguments: Engine.dialects)
    func beats(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            let first = try NodesTable.beat(db, id: "a", version: "1", now: now, ttlSeconds: 30)
            let expected = NodeRecord(
                id: "a", state: .active, version: "1", startedAt: now, beatAt: now, expiresAt: later(30))
            #expect(first == expected)
            #expect(try NodesTable.drain(db, id: "a"))
            let second = try NodesTable.beat(db, id: "a", version: "1", now: later(10), ttlSeconds: 30)
            #expect(second?.state == .draining)
            #expect(second?.startedAt == now)
            #expect(second?.expiresAt == later(40))
            #expect(try NodesTable.drain(db, id: "b") == false)
        }
    }

    @Test("one that left is not there, one that is long gone is forgotten", arguments: Engine.dialects)
    func leaving(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            for id in ["c", "a", "b"] { try NodesTable.beat(db, id: id, version: "1", now: now, ttlSeconds: 30) }
            try NodesTable.beat(db, id: "b", version: "1", now: later(100), ttlSeconds: 30)
            #expect(try NodesTable.list(db).map(\.id) == ["a", "b", "c"])
            try NodesTable.remove(db, id: "c")
            #expect(try NodesTable.find(db, id: "c") == nil)
            try NodesTable.removeGone(db, since: later(60))
            #expect(try NodesTable.list(db).map(\.id) == ["b"])
            try NodesTable.removeAll(db)
            #expect(try NodesTable.list(db) == [])
        }
    }

    @Test(
        "its heartbeat prolongs what a node holds, and nothing that ran out or is another's", arguments: Engine.dialects
    )
    func leases(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            _ = try LeasesTable.acquire(db, tenant: nord, owner: "a", now: now, ttlSeconds: 30)
            _ = try LeasesTable.acquire(db, tenant: kyst, owner: "b", now: now, ttlSeconds: 30)
            #expect(try LeasesTable.renewAcrossTenants(db, owner: "a", now: later(20), ttlSeconds: 30) == 1)
            #expect(try LeasesTable.find(db, tenant: nord)?.expiresAt == later(50))
            #expect(try LeasesTable.find(db, tenant: kyst)?.expiresAt == later(30))
            #expect(try LeasesTable.countAcrossTenants(db, owner: "a", now: later(49)) == 1)
            #expect(try LeasesTable.countAcrossTenants(db, owner: "a", now: later(50)) == 0)
            // It stood still for too long: what it did meanwhile is not known to be alone.
            #expect(try LeasesTable.renewAcrossTenants(db, owner: "a", now: later(50), ttlSeconds: 30) == 0)
            #expect(
                code { try LeasesTable.check(db, tenant: nord, owner: "a", term: 1, now: later(50)) } == .leaseLost)
            try LeasesTable.release(db, tenant: kyst, owner: "b", term: 1)
            #expect(try LeasesTable.renewAcrossTenants(db, owner: "b", now: later(1), ttlSeconds: 30) == 0)
        }
    }
}
