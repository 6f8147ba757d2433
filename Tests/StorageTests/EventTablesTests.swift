import Domain
import Storage
import Testing

@Suite("Events and what they are found by")
struct EventTablesTests {
    private func event(_ id: String, about object: String, at seconds: Int64 = 0) -> StoredEvent {
        StoredEvent(
            eventID: id, type: "charge.updated", objectID: object, isLive: false, body: [1],
            receivedAt: now.adding(seconds: seconds))
    }

    @Test(
        "An object that becomes known reopens what was ignored about it, once, and nothing else",
        arguments: Engine.dialects)
    func reopened(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            let objects = ["pi_1", "ch_1", "re_1", "dp_1", "ch_2"]
            for tenant in [nord, kyst] {
                for object in objects {
                    _ = try EventsTable.insert(db, tenant: tenant, event("evt_\(object)", about: object))
                    try EventsTable.markIgnored(db, tenant: tenant, eventID: "evt_\(object)", reason: "not known")
                }
            }
            func put() throws {
                try StripeObjectsTable.put(db, tenant: nord, objectIDs: objects.prefix(4), subject: invoice)
            }
            func unread(_ tenant: TenantID) throws -> [String] {
                try EventsTable.nextReceived(db, tenant: tenant, limit: 9).compactMap(\.objectID).sorted()
            }
            try put()
            #expect(try unread(nord) == ["ch_1", "dp_1", "pi_1", "re_1"])
            #expect(try unread(kyst).isEmpty)
            for object in objects.prefix(4) {
                try EventsTable.markIgnored(db, tenant: nord, eventID: "evt_\(object)", reason: "of no use")
            }
            // Known already: what was found out since stands.
            try put()
            #expect(try unread(nord).isEmpty)
        }
    }

    @Test("A second document of a known object is kept beside the first", arguments: Engine.dialects)
    func several(_ engine: Engine) async throws {
        let store = try await Store(engine)
        let other = Subject.document(DocumentRef(type: .invoice, number: "000999"))
        try await store.database.write { db in
            for subject in [other, invoice, invoice] {
                try StripeObjectsTable.put(db, tenant: nord, objectIDs: ["pi_1"], subject: subject)
            }
            #expect(
                try StripeObjectsTable.subjects(db, tenant: nord, of: ["pi_1"]) == ["pi_1": [invoice, other].sorted()])
        }
    }

    @Test("A listed event is stored once and is no delivery", arguments: Engine.dialects)
    func listed(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            try EventsTable.insertListed(db, tenant: nord, event("evt_1", about: "ch_1"))
            try EventsTable.insertListed(db, tenant: nord, event("evt_1", about: "ch_other"))
            #expect(try EventsTable.find(db, tenant: nord, eventID: "evt_1")?.objectID == "ch_1")
            #expect(try EventsTable.duplicates(db, tenant: nord) == 0)
        }
    }

    @Test(
        "Unread events are paged by the last one seen, so that one that stays unread holds up none",
        arguments: Engine.dialects)
    func paged(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            for (id, second) in [("evt_c", 1), ("evt_a", 2), ("evt_b", 2), ("evt_d", 3)] as [(String, Int64)] {
                _ = try EventsTable.insert(db, tenant: nord, event(id, about: "ch_1", at: second))
            }
            let first = try EventsTable.nextReceived(db, tenant: nord, limit: 2)
            let second = try EventsTable.nextReceived(db, tenant: nord, after: first.last, limit: 9)
            #expect((first + second).map(\.eventID) == ["evt_c", "evt_a", "evt_b", "evt_d"])
        }
    }

    @Test("An event without a subject can have been of use, and says for what", arguments: Engine.dialects)
    func withoutSubject(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            _ = try EventsTable.insert(db, tenant: nord, event("evt_1", about: "cus_1"))
            try EventsTable.markResolved(db, tenant: nord, eventID: "evt_1", subject: nil, reason: "noted")
            let found = try #require(try EventsTable.find(db, tenant: nord, eventID: "evt_1"))
            #expect(found.state == .resolved)
            #expect(found.subject == nil)
            #expect(found.reason == "noted")
        }
    }

    @Test(
        "A customer's description is the newest that is known, whatever the order it came in",
        arguments: Engine.dialects)
    func customers(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            func put(_ id: String, _ description: String?, _ second: Int64) throws {
                try StripeCustomersTable.put(
                    db, tenant: nord, customer: StripeCustomerID(id), description: description,
                    asOf: now.adding(seconds: second))
            }
            func find(_ description: String) throws -> [String] {
                try StripeCustomersTable.find(db, tenant: nord, description: description).map(\.rawValue)
            }
            try put("cus_2", "Fjord AS", 5)
            try put("cus_1", "Fjord AS", 5)
            #expect(try find("Fjord AS") == ["cus_1", "cus_2"])
            try put("cus_1", "Fjord Gammel AS", 4)
            #expect(try find("Fjord Gammel AS").isEmpty)
            try put("cus_1", nil, 6)
            try put("cus_3", nil, 6)
            #expect(try find("Fjord AS") == ["cus_2"])
            #expect(try find("").isEmpty)
            #expect(try StripeCustomersTable.count(db, tenant: nord) == 3)
            try StripeCustomersTable.remove(db, tenant: nord, customer: StripeCustomerID("cus_2"))
            #expect(try find("Fjord AS").isEmpty)
            #expect(try StripeCustomersTable.count(db, tenant: nord) == 2)
        }
    }
}
