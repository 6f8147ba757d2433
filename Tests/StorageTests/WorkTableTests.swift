import Domain
import Storage
import Testing

@Suite("Work")
struct WorkTableTests {
    private func later(_ seconds: Int64) -> Timestamp { now.adding(seconds: seconds) }

    @Test("a hundred pieces of dirt are one subject with a higher generation", arguments: Engine.allCases)
    func collapse(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            for _ in 0..<100 { try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "hint", dueAt: now) }
            let due = try WorkTable.due(db, tenant: nord, lane: .other, now: now, limit: 10)
            #expect(due.map(\.generation) == [100])
        }
    }

    @Test("dirt that comes during a turn is not lost", arguments: Engine.allCases)
    func dirtDuringTurn(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            let seen = try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: now)
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "event", dueAt: later(1))
            #expect(try !WorkTable.settle(db, tenant: nord, subject: invoice, generation: seen))
            let item = try #require(try WorkTable.find(db, tenant: nord, subject: invoice))
            #expect(item.isDirty)
            #expect(try WorkTable.due(db, tenant: nord, lane: .other, now: later(1), limit: 10).count == 1)
            #expect(try WorkTable.settle(db, tenant: nord, subject: invoice, generation: item.generation))
            #expect(try WorkTable.due(db, tenant: nord, lane: .other, now: later(99), limit: 10).isEmpty)
            #expect(try WorkTable.nextDue(db, tenant: nord) == nil)
        }
    }

    @Test(
        "new dirt keeps the earlier due time and the attempts; a clean subject starts anew", arguments: Engine.dialects)
    func dueTimes(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            func item() throws -> WorkItem { try #require(try WorkTable.find(db, tenant: nord, subject: invoice)) }
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "timer", dueAt: later(60))
            try WorkTable.postpone(
                db, tenant: nord, subject: invoice, generation: 1, dueAt: later(600), error: "visma.http_500")
            #expect(try item().dueAt == later(600))
            #expect(try item().attempts == 1)
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "event", dueAt: later(5))
            #expect(try item().dueAt == later(5))
            #expect(try item().attempts == 1)
            #expect(try item().lastError == "visma.http_500")
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: later(900))
            #expect(try item().dueAt == later(5))
            #expect(try item().cause == "poll")
            #expect(try WorkTable.counts(db, tenant: nord) == (1, 1, 1))
            try WorkTable.settle(db, tenant: nord, subject: invoice, generation: item().generation)
            #expect(try item().attempts == 0)
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: later(900))
            #expect(try item().dueAt == later(900))
            #expect(try item().lastError == nil)
        }
    }

    @Test("a failure's long wait does not hold back dirt that came during the turn", arguments: Engine.dialects)
    func postponeAfterNewDirt(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            let seen = try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: now)
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "event", dueAt: later(1))
            try WorkTable.postpone(
                db, tenant: nord, subject: invoice, generation: seen, dueAt: later(3600), error: "stripe.http_500")
            let item = try #require(try WorkTable.find(db, tenant: nord, subject: invoice))
            #expect(item.dueAt == now)
            #expect(item.attempts == 1)
        }
    }

    @Test(
        "money stays in its lane until it is done, however it is made dirty meanwhile, and is not kept with the others",
        arguments: Engine.dialects)
    func lanes(_ engine: Engine) async throws {
        let store = try await Store(engine)
        let push = Subject.document(DocumentRef(type: .invoice, number: "1"))
        try await store.database.write { db in
            func due(_ lane: WorkLane, at moment: Timestamp = now) throws -> [Subject] {
                try WorkTable.due(db, tenant: nord, lane: lane, now: moment, limit: 10).map(\.subject)
            }
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: now)
            try WorkTable.dirty(db, tenant: nord, subject: push, cause: "poll", dueAt: now)
            try WorkTable.dirty(db, tenant: kyst, subject: push, cause: "poll", dueAt: now)
            #expect(try due(.money).isEmpty)
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "event", dueAt: later(5), lane: .money)
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: later(9))
            #expect(try due(.money) == [invoice])
            #expect(try due(.other) == [push])
            #expect(try WorkTable.keepOthers(db, tenant: nord, until: later(60)) == 1)
            #expect(try WorkTable.keepOthers(db, tenant: nord, until: later(60)) == 0)
            #expect(try due(.other).isEmpty)
            #expect(try due(.money) == [invoice])
            #expect(try due(.other, at: later(60)) == [push])
            #expect(try WorkTable.due(db, tenant: kyst, lane: .other, now: now, limit: 10).count == 1)
            try WorkTable.settle(db, tenant: nord, subject: invoice, generation: 3)
            try WorkTable.dirty(db, tenant: nord, subject: invoice, cause: "poll", dueAt: now)
            #expect(try due(.other) == [invoice])
        }
    }

    @Test("what is due comes in order of time, up to the limit", arguments: Engine.dialects)
    func order(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            for number in [3, 1, 2, 9] {
                try WorkTable.dirty(
                    db, tenant: nord, subject: .document(DocumentRef(type: .invoice, number: "\(number)")),
                    cause: "poll", dueAt: later(Int64(number)))
            }
            let due = try WorkTable.due(db, tenant: nord, lane: .other, now: later(5), limit: 2)
            #expect(due.map(\.subject.key) == ["document/Invoice:1", "document/Invoice:2"])
            #expect(try WorkTable.nextDue(db, tenant: nord) == later(1))
        }
    }
}
