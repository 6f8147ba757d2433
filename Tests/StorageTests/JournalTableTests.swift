import Domain
import Storage
import Testing

@Suite("Journal and bookings")
struct JournalTableTests {
    private let key = Population.effectKey

    @Test("an effect is committed to once", arguments: Engine.allCases)
    func uniqueKey(_ engine: Engine) async throws {
        let store = try await Store(engine)
        let insert: @Sendable (any SQLConnection) throws -> Void = {
            try JournalTable.insert($0, tenant: nord, Population.effect("key", "cus_1"), request: [1, 2])
        }
        try await store.database.write(insert)
        #expect(await asyncCode { try await store.database.write(insert) } == .uniqueViolation)
        let found = try await store.database.read { try JournalTable.find($0, tenant: nord, key: EffectKey("key")) }
        #expect(found == Population.effect("key", "cus_1"))
    }

    @Test("an uncertain effect keeps its request, a settled one drops it and keeps its ids", arguments: Engine.dialects)
    func settle(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { [key] db in
            try JournalTable.insert(db, tenant: nord, Population.effect("key", "in_1"), request: [1, 2])
            try JournalTable.settle(
                db, tenant: nord, key: key, state: .uncertain, requestID: "req_1", failure: "timeout", now: now,
                underTerm: 3)
            #expect(try JournalTable.request(db, tenant: nord, key: key) == [1, 2])
            #expect(try JournalTable.unsettled(db, tenant: nord, subject: invoice).map(\.state) == [.uncertain])
            #expect(try JournalTable.unsettled(db, tenant: nord, subject: .endpoint).isEmpty)
            try JournalTable.settle(
                db, tenant: nord, key: key, state: .done, externalID: "in_2", now: now, underTerm: 4)
            #expect(try JournalTable.request(db, tenant: nord, key: key) == nil)
            #expect(try JournalTable.unsettled(db, tenant: nord).isEmpty)
            let effect = try #require(try JournalTable.find(db, tenant: nord, key: key))
            #expect(effect.externalID == "in_2")
            #expect(effect.requestID == "req_1")
            #expect(effect.failure == nil)
            #expect(effect.term == 4)
        }
    }

    @Test("an older term settles nothing, and what is settled stays", arguments: Engine.dialects)
    func refused(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { [key] db in
            try JournalTable.insert(db, tenant: nord, Population.effect("key", "in_1"), request: nil)
            func settle(_ state: Effect.State, _ term: Int64, _ key: EffectKey) -> StorageError.Code? {
                code { try JournalTable.settle(db, tenant: nord, key: key, state: state, now: now, underTerm: term) }
            }
            #expect(settle(.done, 2, key) == .leaseLost)
            #expect(settle(.done, 3, EffectKey("absent")) == .notFound)
            #expect(settle(.failed, 3, key) == nil)
            #expect(settle(.done, 3, key) == .illegalMove)
            #expect(try JournalTable.find(db, tenant: nord, key: key)?.state == .failed)
        }
    }

    @Test("the last attempt is the highest of the newest revision", arguments: Engine.dialects)
    func lastAttempt(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            for (revision, attempt) in [(1, 2), (2, 1), (1, 3), (2, 2)] {
                try JournalTable.insert(
                    db, tenant: nord,
                    Population.effect("k\(revision)\(attempt)", "x", attempt: attempt, revision: revision),
                    request: nil)
            }
            let last = try JournalTable.lastAttempt(
                db, tenant: nord, subject: invoice, step: "invoice.create", cause: "digest")
            #expect(last?.key == EffectKey("k22"))
            #expect(
                try JournalTable.lastAttempt(
                    db, tenant: nord, subject: invoice, step: "invoice.create", cause: "other") == nil)
            #expect(try JournalTable.list(db, tenant: nord, subject: invoice).count == 4)
        }
    }

    @Test("one cause is booked on one document once", arguments: Engine.allCases)
    func uniqueBooking(_ engine: Engine) async throws {
        let store = try await Store(engine)
        let insert: @Sendable (any SQLConnection) throws -> Void = {
            try CollectedTable.insert($0, tenant: nord, Population.booking("pi_1"), now: now)
        }
        try await store.database.write(insert)
        #expect(await asyncCode { try await store.database.write(insert) } == .uniqueViolation)
        try await store.database.write { db in
            #expect(try CollectedTable.list(db, tenant: nord, subject: invoice) == [Population.booking("pi_1")])
            try CollectedTable.setState(
                db, tenant: nord, subject: invoice, cause: "inpay_1", .booked, now: now)
            #expect(
                try CollectedTable.find(db, tenant: nord, subject: invoice, cause: "inpay_1")?.state == .booked)
            #expect(
                code {
                    try CollectedTable.setState(
                        db, tenant: nord, subject: invoice, cause: "inpay_2", .booked, now: now)
                } == .notFound)
            var mixed = Population.booking("pi_2")
            mixed.applied = .zero(.eur)
            #expect(code { try CollectedTable.insert(db, tenant: nord, mixed, now: now) } == .invalidArgument)
        }
    }
}
