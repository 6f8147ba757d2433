import Domain
import LibCrypto
import Storage
import Synchronization
import Testing
import Vault

@Suite("Sealing")
struct SealingTests {
    private func failure(_ body: () async throws -> Void) async -> VaultError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? VaultError)?.code
        }
    }

    @Test("what is stored is read back, newest version first, and shown by four characters")
    func roundTrip() async throws {
        let fixture = try await VaultFixture()
        let shown = try await fixture.vault.store(
            purpose: .stripeKey, secret: Secret("rk_test_first_1111"), tenant: nord, now: now)
        #expect(shown == "…1111")
        try await fixture.vault.store(
            purpose: .stripeKey, secret: Secret("rk_test_second_2222"), tenant: nord, now: now)
        #expect(try await fixture.text(.stripeKey, nord) == "rk_test_second_2222")
        let rows = try await fixture.database.read { try CredentialsTable.list($0, tenant: nord) }
        let stripe = try #require(rows.first { $0.purpose == .stripeKey })
        #expect(stripe.version == 2)
        #expect(stripe.fingerprint == "…2222")
    }

    @Test("no stored byte sequence contains the plaintext")
    func opaque() async throws {
        let fixture = try await VaultFixture()
        try await fixture.vault.store(
            purpose: .vismaClientSecret, secret: Secret("hunter2hunter2"), tenant: nord, now: now)
        let row = try await fixture.database.read {
            try CredentialsTable.latest($0, tenant: nord, purpose: .vismaClientSecret)
        }
        let text = hex(try #require(row).sealed)
        #expect(!text.contains(hex(Array("hunter2".utf8))))
    }

    @Test("a credential that is not set, and an empty one, say so")
    func absent() async throws {
        let fixture = try await VaultFixture()
        let unset = await failure { _ = try await fixture.vault.load(purpose: .stripeKey, tenant: nord) }
        #expect(unset == .notSet)
        let empty = await failure {
            try await fixture.vault.store(purpose: .stripeKey, secret: Secret(""), tenant: nord, now: now)
        }
        #expect(empty == .emptySecret)
    }

    @Test("a bit flipped anywhere in a stored row does not open")
    func flippedBits() async throws {
        let fixture = try await VaultFixture()
        let vault = fixture.vault
        try await fixture.database.write { db in
            let sealed = try vault.sealBytes(db, Secret("whsec_1"), purpose: "webhook", tenant: nord, label: "e/1")
            for bit in 0..<(sealed.count * 8) {
                var altered = sealed
                altered[bit / 8] ^= 1 << UInt8(bit % 8)
                let error = #expect(throws: VaultError.self) {
                    _ = try vault.openBytes(db, altered, purpose: "webhook", tenant: nord, label: "e/1")
                }
                #expect(error?.code == .doesNotOpen)
            }
            for length in 0..<sealed.count {
                #expect(throws: VaultError.self) {
                    _ = try vault.openBytes(
                        db, Array(sealed[..<length]), purpose: "webhook", tenant: nord, label: "e/1")
                }
            }
        }
    }

    @Test("bytes of another tenant, purpose or label do not open")
    func misplacedBytes() async throws {
        let fixture = try await VaultFixture()
        let vault = fixture.vault
        try await fixture.database.write { db in
            let sealed = try vault.sealBytes(db, Secret("body"), purpose: "journal", tenant: nord, label: "key/1")
            let places = [
                ("journal", kyst, "key/1"), ("webhook", nord, "key/1"), ("journal", nord, "key/2"),
                ("journa", nord, "lkey/1"),
            ]
            for (purpose, tenant, label) in places {
                let error = #expect(throws: VaultError.self) {
                    _ = try vault.openBytes(db, sealed, purpose: purpose, tenant: tenant, label: label)
                }
                #expect(error?.code == .doesNotOpen)
            }
            let opened = try vault.openBytes(db, sealed, purpose: "journal", tenant: nord, label: "key/1")
            let text = opened.withText { $0 }
            #expect(text == "body")
        }
    }

    @Test(
        "a credential row moved to another tenant, purpose or version does not open",
        arguments: [
            "tenant_id = 'kyst'", "purpose = 'visma_client_secret'", "version = 7",
        ])
    func movedRow(_ assignment: String) async throws {
        let fixture = try await VaultFixture()
        try await fixture.vault.store(purpose: .stripeKey, secret: Secret("rk_test_1"), tenant: nord, now: now)
        try await fixture.database.write {
            try $0.executeScript("UPDATE credentials SET \(assignment) WHERE purpose = 'stripe_key'")
        }
        let tenant = assignment.hasPrefix("tenant") ? kyst : nord
        let purpose: CredentialPurpose = assignment.hasPrefix("purpose") ? .vismaClientSecret : .stripeKey
        let code = await failure { _ = try await fixture.vault.load(purpose: purpose, tenant: tenant) }
        #expect(code == .doesNotOpen)
    }

    @Test("two tenants' sealed values swapped do not open")
    func swappedRows() async throws {
        let fixture = try await VaultFixture()
        for tenant in [nord, kyst] {
            try await fixture.vault.store(
                purpose: .stripeKey, secret: Secret("rk_of_\(tenant)"), tenant: tenant, now: now)
        }
        try await fixture.database.write {
            try $0.executeScript(
                """
                UPDATE credentials AS mine SET sealed = (SELECT sealed FROM credentials other
                    WHERE other.purpose = mine.purpose AND other.tenant_id <> mine.tenant_id)
                WHERE purpose = 'stripe_key' AND tenant_id = 'nord'
                """)
        }
        let code = await failure { _ = try await fixture.vault.load(purpose: .stripeKey, tenant: nord) }
        #expect(code == .doesNotOpen)
        #expect(try await fixture.text(.stripeKey, kyst) == "rk_of_kyst")
    }

    @Test("a data key moved to another tenant does not unwrap")
    func movedDataKey() async throws {
        let fixture = try await VaultFixture()
        try await fixture.vault.store(purpose: .stripeKey, secret: Secret("rk_test_1"), tenant: nord, now: now)
        try await fixture.database.write {
            try $0.executeScript(
                """
                UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE tenant_id = 'kyst')
                WHERE tenant_id = 'nord'
                """)
        }
        let code = await failure { _ = try await fixture.vault.load(purpose: .stripeKey, tenant: nord) }
        #expect(code == .doesNotOpen)
    }

    @Test("another master key under the same id opens nothing, and an unknown id names itself")
    func wrongMasterKey() async throws {
        let fixture = try await VaultFixture()
        try await fixture.vault.store(purpose: .stripeKey, secret: Secret("rk_test_1"), tenant: nord, now: now)
        let forged = try fixture.vault(keys: keyLine("k1", 9))
        let wrong = await failure { _ = try await forged.load(purpose: .stripeKey, tenant: nord) }
        #expect(wrong == .doesNotOpen)
        let other = try fixture.vault(keys: keyLine("k2", 1))
        let unknown = await failure { _ = try await other.load(purpose: .stripeKey, tenant: nord) }
        #expect(unknown == .unknownMasterKey)
        let start = await failure { try await other.requireMasterKeys() }
        #expect(start == .unknownMasterKey)
        try await fixture.vault.requireMasterKeys()
    }

    @Test("an older master key beside the primary still unwraps")
    func olderMasterKey() async throws {
        let fixture = try await VaultFixture()
        try await fixture.vault.store(purpose: .stripeKey, secret: Secret("rk_test_1"), tenant: nord, now: now)
        let both = try fixture.vault(keys: keyLine("k2", 2) + "\n" + keyLine("k1", 1))
        try await both.requireMasterKeys()
        #expect(try await fixture.text(.stripeKey, nord, by: both) == "rk_test_1")
    }

    @Test("values sealed under an older data key still open, new ones use the newer")
    func newerDataKey() async throws {
        let fixture = try await VaultFixture()
        let vault = fixture.vault
        try await vault.store(purpose: .stripeKey, secret: Secret("rk_old"), tenant: nord, now: now)
        try await fixture.database.write { try vault.createDataKey($0, tenant: nord, now: now) }
        #expect(try await fixture.text(.stripeKey, nord) == "rk_old")
        try await vault.store(purpose: .stripeKey, secret: Secret("rk_new"), tenant: nord, now: now)
        let row = try await fixture.database.read {
            try CredentialsTable.latest($0, tenant: nord, purpose: .stripeKey)
        }
        #expect(row?.dataKeyVersion == 2)
        #expect(try await fixture.text(.stripeKey, nord) == "rk_new")
    }

    @Test("a data key made in a transaction that was rolled back is never used")
    func rolledBackKey() async throws {
        struct Undo: Error {}
        let fixture = try await VaultFixture()
        let vault = fixture.vault
        let third = TenantID("third")
        let insert: @Sendable (any SQLConnection) throws -> Void = { db in
            try TenantsTable.insert(
                db, TenantRecord(id: third, name: "Third", mode: .test, createdAt: now, updatedAt: now))
            try vault.createDataKey(db, tenant: third, now: now)
            try vault.store(db, purpose: .stripeKey, secret: Secret("rk_test_3"), tenant: third, now: now)
        }
        await #expect(throws: Undo.self) {
            try await fixture.database.write { db in
                try insert(db)
                throw Undo()
            }
        }
        try await fixture.database.write(insert)
        // A vault that has cached nothing agrees with the one that saw the transaction that was undone.
        let fresh = try fixture.vault(keys: keyLine("k1", 1))
        #expect(try await fixture.text(.stripeKey, third, by: fresh) == "rk_test_3")
        #expect(try await fixture.text(.stripeKey, third) == "rk_test_3")
    }

    @Test("a nonce never repeats over 10,000 seals, and neither do the sealed bytes")
    func nonces() async throws {
        let fixture = try await VaultFixture()
        let vault = fixture.vault
        let nonces = try await fixture.database.read { db in
            var nonces: Set<[UInt8]> = []
            for _ in 0..<10_000 {
                let sealed = try vault.sealBytes(db, Secret("same"), purpose: "p", tenant: nord, label: "l")
                nonces.insert(Array(sealed[5..<17]))
            }
            return nonces
        }
        #expect(nonces.count == 10_000)
    }

    @Test("the same seed gives the same bytes, so that a simulation can be replayed")
    func seeded() async throws {
        @Sendable func sealed() async throws -> [UInt8] {
            let counter = Mutex<UInt8>(0)
            let database = try SQLiteDatabase(.inline(path: nil))
            try await Migrator(database: database).migrate(now: now)
            let vault = Vault(
                database: database, keys: try MasterKeyRing(parsing: Secret(keyLine("k1", 1)), origin: "the test")
            ) { count in
                counter.withLock { value in
                    (0..<count).map { _ in
                        value &+= 1
                        return value
                    }
                }
            }
            return try await database.write { db in
                try TenantsTable.insert(
                    db, TenantRecord(id: nord, name: "Nord", mode: .test, createdAt: now, updatedAt: now))
                try vault.createDataKey(db, tenant: nord, now: now)
                return try vault.sealBytes(db, Secret("x"), purpose: "p", tenant: nord, label: "l")
            }
        }
        let (first, second) = (try await sealed(), try await sealed())
        #expect(first == second)
    }

    @Test("a source opens for each use; refresh keeps the handle until the version changes")
    func sources() async throws {
        let fixture = try await VaultFixture()
        try await fixture.vault.store(purpose: .stripeKey, secret: Secret("rk_one"), tenant: nord, now: now)
        let handle = try await fixture.vault.load(purpose: .stripeKey, tenant: nord)
        let source = handle.source
        for _ in 0..<3 {
            let text = try source().withText { $0 }
            #expect(text == "rk_one")
        }
        #expect(try await fixture.vault.refresh(handle) === handle)
        try await fixture.vault.store(purpose: .stripeKey, secret: Secret("rk_two"), tenant: nord, now: now)
        let newer = try await fixture.vault.refresh(handle)
        #expect(newer !== handle)
        #expect(newer.version == 2)
        let text = try newer.source().withText { $0 }
        #expect(text == "rk_two")
    }

    @Test("each tenant has an audit key of its own from the start, and keeps it")
    func auditKeys() async throws {
        let fixture = try await VaultFixture()
        let vault = fixture.vault
        let message = Array("entry".utf8)
        let first = try await vault.auditKey(tenant: nord).code(message)
        #expect(try await vault.auditKey(tenant: nord).code(message) == first)
        #expect(try await vault.auditKey(tenant: kyst).code(message) != first)
        try await fixture.database.write { try vault.createDataKey($0, tenant: nord, now: now) }
        let again = try await fixture.database.read { try vault.auditKey($0, tenant: nord).code(message) }
        #expect(again == first)
    }

    @Test("errors and handles describe themselves without the secret")
    func descriptions() async throws {
        let fixture = try await VaultFixture()
        try await fixture.vault.store(
            purpose: .stripeKey, secret: Secret("rk_test_hunter2_abcd"), tenant: nord, now: now)
        let handle = try await fixture.vault.load(purpose: .stripeKey, tenant: nord)
        var dumped = ""
        dump(handle, to: &dumped)
        #expect(!dumped.contains("hunter2"))
        try await fixture.database.write {
            try $0.executeScript("UPDATE credentials SET version = 9 WHERE purpose = 'stripe_key'")
        }
        do {
            _ = try await fixture.vault.load(purpose: .stripeKey, tenant: nord)
            Issue.record("it opened")
        } catch {
            #expect(!String(reflecting: error).contains("hunter2"))
            #expect(String(describing: error).contains("stripe_key of nord"))
        }
    }
}
