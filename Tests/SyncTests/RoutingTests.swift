import Domain
import LibCrypto
import Migrations
import Sandbox
import Simulation
import Storage
import Stripe
import Synchronization
import Testing
import Vault

@testable import Sync

/// Counts what is read of a database.
private final class CountedDatabase: Database {
    private let inner: any Database
    private let count = Mutex(0)

    init(_ inner: any Database) { self.inner = inner }

    var reads: Int { count.withLock { $0 } }
    nonisolated var dialect: MigrationFile.Dialect { inner.dialect }

    nonisolated(nonsending) func durability() async throws -> [DurabilitySetting] { try await inner.durability() }
    func shutDown() throws { try inner.shutDown() }

    nonisolated(nonsending) func read<R: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> R
    ) async throws -> R {
        count.withLock { $0 += 1 }
        return try await inner.read(body)
    }

    nonisolated(nonsending) func write<R: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> R
    ) async throws -> R {
        try await inner.write(body)
    }
}

@Suite("Routing webhooks among many endpoint secrets")
struct RoutingTests {
    private func send(
        _ ingress: WebhookIngress, _ world: World, _ id: String, secret: String, key: String?
    ) async -> WebhookIngress.Outcome {
        let body = Doors.body(id)
        let header = SignedEvents.header(body, secret: secret, at: world.now().unixSeconds)
        return await ingress.receive(body: body, signature: header, endpointKey: key)
    }

    private let forged = "whsec_forged_0123456789"

    @Test("However many forged requests name an endpoint, its secrets are read again once a second, and only they")
    func rereads() async throws {
        let world = try await World(seed: 1)
        for index in 0..<3 { try await Doors.add(index, to: world) }
        var environment = try world.environment()
        let database = CountedDatabase(environment.database)
        environment.database = database
        let ingress = WebhookIngress(environment: environment, received: { _ in })
        try await ingress.reload()
        let before = database.reads
        for number in 0..<50 {
            let outcome = await send(ingress, world, "evt_\(number)", secret: forged, key: "key1")
            guard case .refused = outcome else {
                Issue.record("\(outcome)")
                continue
            }
        }
        #expect(database.reads == before + 1)
        world.clock.advance(bySeconds: 2)
        _ = await send(ingress, world, "evt_x", secret: forged, key: "key1")
        #expect(database.reads == before + 2)
        // Names of endpoints that nobody has are read at a limited rate, and beyond it nothing is decided.
        var overloaded = 0
        for number in 0..<(2 * SecretDirectory.rereadsPerSecondMax) {
            if await send(ingress, world, "evt_x", secret: forged, key: "no\(number)") == .overloaded {
                overloaded += 1
            }
        }
        #expect(database.reads <= before + 2 + Int(SecretDirectory.rereadsPerSecondMax))
        #expect(overloaded >= Int(SecretDirectory.rereadsPerSecondMax))
        let honest = await send(ingress, world, "evt_1", secret: Doors.secret(1), key: "key1")
        #expect(honest == .stored(Doors.tenant(1)))
    }

    @Test("What fits nowhere must come again once the search has used up its second; with its URL it is taken")
    func budget() async throws {
        let world = try await World(seed: 1)
        let count = 100
        for index in 0..<count { try await Doors.add(index, to: world) }
        let ingress = WebhookIngress(environment: try world.environment(), received: { _ in })
        try await ingress.reload()
        let searches = Int(SecretSearch.codesPerSecondMax) / count
        for number in 0..<searches {
            let outcome = await send(ingress, world, "evt_\(number)", secret: forged, key: nil)
            guard case .refused = outcome else {
                Issue.record("\(outcome) at \(number)")
                return
            }
        }
        #expect(await send(ingress, world, "evt_x", secret: forged, key: nil) == .overloaded)
        #expect(await send(ingress, world, "evt_1", secret: Doors.secret(7), key: nil) == .overloaded)
        let hinted = await send(ingress, world, "evt_1", secret: Doors.secret(7), key: "key7")
        #expect(hinted == .stored(Doors.tenant(7)))
        world.clock.advance(bySeconds: 1)
        let later = await send(ingress, world, "evt_2", secret: Doors.secret(7), key: nil)
        #expect(later == .stored(Doors.tenant(7)))
    }

    @Test("One huge forged request cannot use up the search for minutes")
    func hugeBody() async throws {
        let search = SecretSearch()
        let known = SecretDirectory.Snapshot(secrets: [:], count: 10_000, isComplete: true)
        func find(_ body: [UInt8]) async throws -> SecretSearch.Outcome {
            let payload = try SignedPayload.parse(
                header: Array("t=1,v1=\(String(repeating: "0", count: 64))".utf8), body: body)
            return try await search.find(payload, in: known, except: nil, at: World.start)
        }
        guard case .refused = try await find([UInt8](repeating: 0x20, count: 1024 * 1024)) else {
            Issue.record("it was searched for")
            return
        }
        guard case .notFound = try await find(Doors.body("evt_1")) else {
            Issue.record("the refused one was charged for")
            return
        }
    }

    @Test("Until all secrets have been read once, what fits nowhere must come again")
    func starting() async throws {
        let world = try await World(seed: 1)
        for index in 0..<2 { try await Doors.add(index, to: world) }
        let ingress = WebhookIngress(environment: try world.environment(), received: { _ in })
        #expect(await send(ingress, world, "evt_1", secret: Doors.secret(0), key: nil) == .overloaded)
        #expect(await send(ingress, world, "evt_1", secret: Doors.secret(0), key: "key0") == .stored(Doors.tenant(0)))
        try await ingress.reload()
        #expect(await send(ingress, world, "evt_1", secret: Doors.secret(1), key: nil) == .stored(Doors.tenant(1)))
    }

    @Test("Endpoints and secrets that come and go in the database are followed round by round, page by page")
    func rounds() async throws {
        let world = try await World(seed: 1)
        let environment = try world.environment()
        let directory = SecretDirectory(environment: environment)
        try await directory.readAll()
        #expect(directory.snapshot.count == 0)
        try await world.database.write { db in
            let tenant = world.companies[0].tenant
            for index in 0..<(SecretDirectory.pageRowsMax + 10) {
                let key = "many\(index)"
                try EndpointsTable.insert(
                    db, tenant: tenant,
                    EndpointRecord(endpointKey: key, url: "https://x/\(key)", state: .active, createdAt: World.start))
                let sealed = try environment.vault.sealBytes(
                    db, Secret("whsec_\(key)"), purpose: WebhookKeys.purpose, tenant: tenant,
                    label: WebhookKeys.label(key, version: 1))
                try WebhookSecretsTable.insert(
                    db, tenant: tenant, SealedSecret(endpointKey: key, version: 1, sealed: sealed))
            }
        }
        #expect(try await !directory.readPage())
        #expect(directory.snapshot.count == SecretDirectory.pageRowsMax)
        #expect(try await directory.readPage())
        #expect(directory.snapshot.count == SecretDirectory.pageRowsMax + 10)
        let kept = try #require(directory.secrets(of: "many5")?.newest)
        try await world.database.write { db in
            let tenant = world.companies[0].tenant
            try EndpointsTable.update(db, tenant: tenant, endpointKey: "many7", state: .disabled)
            try WebhookSecretsTable.expire(
                db, tenant: tenant, endpointKey: "many8", version: 1, at: World.start.adding(seconds: 60))
        }
        try await directory.readAll()
        #expect(directory.secrets(of: "many7") == nil)
        #expect(directory.snapshot.count == SecretDirectory.pageRowsMax + 9)
        #expect(directory.secrets(of: "many8")?.newest.expiresAt == World.start.adding(seconds: 60))
        // What was known is not opened again.
        #expect(directory.secrets(of: "many5")?.newest === kept)
        world.clock.advance(bySeconds: 61)
        try await directory.readAll()
        #expect(directory.secrets(of: "many8") == nil)
    }

    @Test("The bucket gives its rate, lets a debt be waited off and never holds more than a second's worth")
    func bucket() {
        var bucket = TokenBucket(perSecond: 10)
        let start = Timestamp(unixSeconds: 1000)
        var taken = 0
        for _ in 0..<20 where bucket.take(1, at: start) { taken += 1 }
        #expect(taken == 10)
        let answer1 = bucket.take(1, at: start)
        #expect(!answer1)
        let answer2 = bucket.take(25, at: start.adding(milliseconds: 100))
        #expect(answer2)
        let answer3 = bucket.take(1, at: start.adding(milliseconds: 2400))
        #expect(!answer3)
        let answer4 = bucket.take(1, at: start.adding(milliseconds: 2600))
        #expect(answer4)
        let late = start.adding(seconds: 1_000_000_000)
        for _ in 0..<20 where bucket.take(1, at: late) { taken += 1 }
        #expect(taken == 20)
        // A clock that was set back gives nothing and takes nothing.
        let answer5 = bucket.take(1, at: start)
        #expect(!answer5)
    }
}
