import Domain
import Storage
import Testing

@Suite("Pushes of the last hour")
struct PushesTableTests {
    private func kroner(_ amount: Int64) -> Money { Money(minorUnits: amount, currency: .nok) }

    @Test("They are summed by currency, taken back, and forgotten after a day", arguments: Engine.dialects)
    func tally(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            func tally(_ seconds: Int64) throws -> PushTally {
                try PushesTable.tally(db, tenant: nord, since: now.adding(seconds: seconds))
            }
            try PushesTable.add(db, tenant: nord, kroner(100), at: now)
            try PushesTable.add(db, tenant: nord, kroner(50), at: now.adding(seconds: 1))
            try PushesTable.add(db, tenant: nord, Money(minorUnits: 7, currency: .eur), at: now.adding(seconds: 1800))
            #expect(try tally(0) == PushTally(invoices: 3, amounts: [.nok: 150, .eur: 7]))
            #expect(try tally(1500) == PushTally(invoices: 1, amounts: [.eur: 7]))
            #expect(try tally(7200) == PushTally())
            try PushesTable.remove(db, tenant: nord, kroner(50), at: now.adding(seconds: 1))
            #expect(try tally(0) == PushTally(invoices: 2, amounts: [.nok: 100, .eur: 7]))
            try PushesTable.remove(db, tenant: nord, kroner(50), at: now.adding(seconds: 5000))
            #expect(try tally(0).invoices == 2)
            try PushesTable.add(db, tenant: nord, kroner(1), at: now.adding(seconds: 90_000))
            #expect(try tally(0) == PushTally(invoices: 1, amounts: [.nok: 1]))
            #expect(try PushesTable.tally(db, tenant: kyst, since: now).invoices == 0)
        }
    }
}
