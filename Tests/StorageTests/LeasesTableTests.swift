import Domain
import Storage
import Testing

@Suite("Leases")
struct LeasesTableTests {
    private func later(_ seconds: Int64) -> Timestamp { now.adding(seconds: seconds) }

    @Test("a held lease is refused to others; a takeover after its end has a higher term", arguments: Engine.allCases)
    func takeover(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            let first = try #require(
                try LeasesTable.acquire(db, tenant: nord, owner: "a", now: now, ttlSeconds: 30))
            #expect(first.term == 1)
            #expect(try LeasesTable.acquire(db, tenant: nord, owner: "b", now: later(29), ttlSeconds: 30) == nil)
            let second = try #require(
                try LeasesTable.acquire(db, tenant: nord, owner: "b", now: later(30), ttlSeconds: 30))
            #expect(second == Lease(tenant: nord, owner: "b", term: 2, expiresAt: later(60)))
            try LeasesTable.check(db, tenant: nord, owner: "b", term: 2, now: later(31))
            for stale in [("a", Int64(1)), ("a", 2), ("b", 1)] {
                #expect(
                    code { try LeasesTable.check(db, tenant: nord, owner: stale.0, term: stale.1, now: later(31)) }
                        == .leaseLost)
            }
            #expect(
                code {
                    _ = try LeasesTable.renew(
                        db, tenant: nord, owner: "a", term: 1, now: later(31), ttlSeconds: 30)
                } == .leaseLost)
            try LeasesTable.release(db, tenant: nord, owner: "a", term: 1)
            try LeasesTable.check(db, tenant: nord, owner: "b", term: 2, now: later(31))
        }
    }

    @Test("its owner keeps the term while it holds, and gets a new one when it had run out", arguments: Engine.dialects)
    func renewal(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            _ = try LeasesTable.acquire(db, tenant: nord, owner: "a", now: now, ttlSeconds: 30)
            let again = try LeasesTable.acquire(db, tenant: nord, owner: "a", now: later(10), ttlSeconds: 30)
            #expect(again?.term == 1)
            #expect(again?.expiresAt == later(40))
            let renewed = try LeasesTable.renew(
                db, tenant: nord, owner: "a", term: 1, now: later(39), ttlSeconds: 30)
            #expect(renewed.expiresAt == later(69))
            #expect(
                code { try LeasesTable.check(db, tenant: nord, owner: "a", term: 1, now: later(69)) } == .leaseLost)
            #expect(
                code {
                    _ = try LeasesTable.renew(
                        db, tenant: nord, owner: "a", term: 1, now: later(69), ttlSeconds: 30)
                } == .leaseLost)
            let late = try LeasesTable.acquire(db, tenant: nord, owner: "a", now: later(70), ttlSeconds: 30)
            #expect(late?.term == 2)
        }
    }

    @Test("a lease that was given back is free at once, and its term is not used again", arguments: Engine.dialects)
    func release(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            _ = try LeasesTable.acquire(db, tenant: nord, owner: "a", now: now, ttlSeconds: 30)
            try LeasesTable.release(db, tenant: nord, owner: "a", term: 1)
            #expect(code { try LeasesTable.check(db, tenant: nord, owner: "a", term: 1, now: now) } == .leaseLost)
            #expect(try LeasesTable.acquire(db, tenant: nord, owner: "b", now: now, ttlSeconds: 30)?.term == 2)
        }
    }
}
