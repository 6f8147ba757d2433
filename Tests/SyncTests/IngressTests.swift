import Domain
import LibCrypto
import Sandbox
import Simulation
import Storage
import Stripe
import Synchronization
import Testing
import Vault

@testable import Sync

/// A database with many tenants, each with an endpoint of its own.
enum Doors {
    static func secret(_ index: Int) -> String { "whsec_door_\(index)_0123456789abcdef" }
    static func tenant(_ index: Int) -> TenantID { TenantID("door-\(index)") }

    static func add(_ index: Int, to world: World) async throws {
        let environment = try world.environment()
        let now = world.now()
        try await world.database.write { db in
            try TenantsTable.insert(
                db,
                TenantRecord(
                    id: tenant(index), name: "Door \(index)", vismaTenant: "v\(index)", stripeAccount: "acct_\(index)",
                    mode: .test, state: .active, createdAt: now, updatedAt: now))
            try environment.vault.createDataKey(db, tenant: tenant(index), now: now)
            try EndpointsTable.insert(
                db, tenant: tenant(index),
                EndpointRecord(
                    endpointKey: "key\(index)", url: "https://connector.invalid/webhooks/stripe/key\(index)",
                    createdAt: now))
            try EndpointsTable.update(
                db, tenant: tenant(index), endpointKey: "key\(index)", state: .active, stripeEndpointID: "we_\(index)")
            try seal(db, index, version: 1, text: secret(index), environment)
        }
    }

    static func seal(
        _ db: any SQLConnection, _ index: Int, version: Int, text: String, _ environment: SyncEnvironment
    ) throws {
        let sealed = try environment.vault.sealBytes(
            db, Secret(text), purpose: WebhookKeys.purpose, tenant: tenant(index),
            label: WebhookKeys.label("key\(index)", version: version))
        try WebhookSecretsTable.insert(
            db, tenant: tenant(index),
            SealedSecret(endpointKey: "key\(index)", version: version, sealed: sealed))
    }

    static func body(_ id: String, live: Bool = false) -> [UInt8] {
        let head = #"{"id":"\#(id)","object":"event","type":"invoice.paid","livemode":\#(live),"#
        return Array((head + #""data":{"object":{"id":"in_1","object":"invoice"}}}"#).utf8)
    }
}

@Suite("Receiving webhooks")
struct IngressTests {
    private func ingress(_ world: World, count: Int) async throws -> WebhookIngress {
        for index in 0..<count { try await Doors.add(index, to: world) }
        let ingress = WebhookIngress(environment: try world.environment(), received: { _ in })
        try await ingress.reload()
        return ingress
    }

    private func send(
        _ ingress: WebhookIngress, _ world: World, _ body: [UInt8], secret: String, key: String?, age: Int64 = 0
    ) async -> WebhookIngress.Outcome {
        let header = SignedEvents.header(body, secret: secret, at: world.now().unixSeconds - age)
        return await ingress.receive(body: body, signature: header, endpointKey: key)
    }

    @Test("Among fifty endpoints the secret decides whose it is, whatever the URL suggests")
    func routing() async throws {
        let world = try await World(seed: 1)
        let ingress = try await ingress(world, count: 50)
        for index in 0..<50 {
            for (place, key) in [nil, "key\(index)", "key\((index + 1) % 50)", "nobody"].enumerated() {
                let outcome = await send(
                    ingress, world, Doors.body("evt_\(index)_\(place)"), secret: Doors.secret(index), key: key)
                #expect(outcome == .stored(Doors.tenant(index)))
            }
        }
        for index in 0..<50 {
            let events = try await world.database.read {
                try EventsTable.list($0, tenant: Doors.tenant(index), limit: 100)
            }
            #expect(events.map(\.eventID).sorted() == (0..<4).map { "evt_\(index)_\($0)" })
        }
    }

    @Test("A secret that came after the start is found before anything is refused")
    func late() async throws {
        let world = try await World(seed: 1)
        let ingress = try await ingress(world, count: 2)
        try await Doors.add(2, to: world)
        let outcome = await send(ingress, world, Doors.body("evt_1"), secret: Doors.secret(2), key: "key2")
        #expect(outcome == .stored(Doors.tenant(2)))
    }

    @Test("An old and a new secret hold side by side until the old one runs out")
    func overlap() async throws {
        let world = try await World(seed: 1)
        let ingress = try await ingress(world, count: 1)
        let environment = try world.environment()
        let end = world.now().adding(seconds: 3600)
        try await world.database.write { db in
            try Doors.seal(db, 0, version: 2, text: "whsec_new_0123456789", environment)
            try WebhookSecretsTable.expire(db, tenant: Doors.tenant(0), endpointKey: "key0", version: 1, at: end)
        }
        for (id, secret) in [("evt_1", "whsec_new_0123456789"), ("evt_2", Doors.secret(0))] {
            #expect(
                await send(ingress, world, Doors.body(id), secret: secret, key: "key0") == .stored(Doors.tenant(0)))
        }
        world.clock.advance(bySeconds: 3601)
        try await ingress.reload()
        let old = await send(ingress, world, Doors.body("evt_3"), secret: Doors.secret(0), key: "key0")
        guard case .refused = old else {
            Issue.record("an expired secret was taken: \(old)")
            return
        }
    }

    @Test("What cannot be committed is not acknowledged, and is taken when Stripe sends it again")
    func notDurable() async throws {
        let fails = Mutex(false)
        let database = try SQLiteDatabase(
            .inline(path: nil),
            beforeCommit: {
                if fails.withLock({ $0 }) { throw StorageError(.diskFull, "the disk is full") }
            })
        let world = try await World(seed: 1, database: database)
        let ingress = try await ingress(world, count: 1)
        fails.withLock { $0 = true }
        let first = await send(ingress, world, Doors.body("evt_1"), secret: Doors.secret(0), key: nil)
        #expect(first == .notDurable)
        fails.withLock { $0 = false }
        let none = try await database.read { try EventsTable.list($0, tenant: Doors.tenant(0), limit: 5) }
        #expect(none.isEmpty)
        let again = await send(ingress, world, Doors.body("evt_1"), secret: Doors.secret(0), key: nil)
        #expect(again == .stored(Doors.tenant(0)))
    }

    @Test("A tenant that has left answers gone, and nothing of it is stored")
    func offboarded() async throws {
        let world = try await World(seed: 1)
        let ingress = try await ingress(world, count: 1)
        let now = world.now()
        try await world.database.write { try TenantsTable.setState($0, tenant: Doors.tenant(0), .offboarded, now: now) }
        let outcome = await send(ingress, world, Doors.body("evt_1"), secret: Doors.secret(0), key: "key0")
        #expect(outcome == .gone)
        let none = try await world.database.read { try EventsTable.list($0, tenant: Doors.tenant(0), limit: 5) }
        #expect(none.isEmpty)
    }

    @Test("A paused tenant's events are kept for later")
    func paused() async throws {
        let world = try await World(seed: 1)
        let ingress = try await ingress(world, count: 1)
        let now = world.now()
        try await world.database.write { try TenantsTable.setState($0, tenant: Doors.tenant(0), .paused, now: now) }
        let outcome = await send(ingress, world, Doors.body("evt_1"), secret: Doors.secret(0), key: "key0")
        #expect(outcome == .stored(Doors.tenant(0)))
        let kept = try await world.database.read { try EventsTable.list($0, tenant: Doors.tenant(0), limit: 5) }
        #expect(kept.map(\.state) == [.received])
        #expect(kept.first?.reason == "it waits: the tenant is paused")
    }

    @Test("A thin event is stored under the type that its snapshot would have")
    func thin() async throws {
        let world = try await World(seed: 1)
        let ingress = try await ingress(world, count: 1)
        let body =
            #"{"id":"evt_1","object":"v2.core.event","type":"v1.charge.succeeded","livemode":false,"#
            + #""created":"2026-11-22T09:00:00.000Z","related_object":{"id":"ch_1","type":"charge"}}"#
        let outcome = await send(ingress, world, Array(body.utf8), secret: Doors.secret(0), key: "key0")
        #expect(outcome == .stored(Doors.tenant(0)))
        let kept = try await world.database.read {
            try EventsTable.list($0, tenant: Doors.tenant(0), type: "charge.succeeded", limit: 5)
        }
        #expect(kept.map(\.objectID) == ["ch_1"])
    }

    @Test("Wrong, missing and old signatures are refused; signed but unreadable is kept with the reason")
    func signatures() async throws {
        let world = try await World(seed: 1)
        let ingress = try await ingress(world, count: 1)
        let body = Doors.body("evt_1")
        let altered = Doors.body("evt_2")
        let header = SignedEvents.header(body, secret: Doors.secret(0), at: world.now().unixSeconds)
        let outcomes = [
            await ingress.receive(body: body, signature: nil, endpointKey: "key0"),
            await ingress.receive(body: body, signature: Array("t=1,v1=00".utf8), endpointKey: "key0"),
            await ingress.receive(body: altered, signature: header, endpointKey: "key0"),
            await send(ingress, world, body, secret: "whsec_other_012345", key: "key0"),
            await send(ingress, world, body, secret: Doors.secret(0), key: "key0", age: 301),
        ]
        for outcome in outcomes {
            guard case .refused(let reason) = outcome else {
                Issue.record("taken: \(outcome)")
                continue
            }
            #expect(!reason.contains("whsec"))
        }
        let unreadable = Array("not json".utf8)
        for expected in [WebhookIngress.Outcome.stored(Doors.tenant(0)), .duplicate(Doors.tenant(0))] {
            #expect(await send(ingress, world, unreadable, secret: Doors.secret(0), key: nil) == expected)
        }
        let kept = try await world.database.read { try EventsTable.list($0, tenant: Doors.tenant(0), limit: 5) }
        #expect(kept.count == 1)
        #expect(kept.first?.state == .ignored)
        #expect(kept.first?.reason?.hasPrefix("signed, but") == true)
    }

    @Test("One tenant whose secret does not open leaves all others' webhooks alone")
    func broken() async throws {
        let world = try await World(seed: 1)
        _ = try await ingress(world, count: 3)
        try await world.database.write { db in
            try db.execute("UPDATE webhook_secrets SET sealed = x'00010203' WHERE tenant_id = 'door-1'")
        }
        // Another process, which has never seen the secrets.
        let ingress = WebhookIngress(environment: try world.environment(), received: { _ in })
        try await ingress.reload()
        for index in [0, 2] {
            let outcome = await send(ingress, world, Doors.body("evt_1"), secret: Doors.secret(index), key: nil)
            #expect(outcome == .stored(Doors.tenant(index)))
        }
        let lost = await send(ingress, world, Doors.body("evt_1"), secret: Doors.secret(1), key: "key1")
        guard case .refused = lost else {
            Issue.record("\(lost)")
            return
        }
    }
}
