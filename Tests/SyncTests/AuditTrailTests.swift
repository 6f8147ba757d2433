import Domain
import Simulation
import Storage
import Testing
import Vault

@testable import Sync

@Suite("The trail of who did what")
struct AuditTrailTests {
    /// A trail of some twenty entries in a file, whose triggers are taken away as an attacker with the file would.
    private func opened() async throws -> (World, AuditTrail, TenantID, Int) {
        let world = try await World(seed: 8)
        _ = try world.addInvoice()
        try await world.quiet()
        let tenant = world.nord.tenant
        let trail = AuditTrail(tenant: tenant, key: try await world.environment().vault.auditKey(tenant: tenant))
        let whole = try await world.database.read { try trail.verify($0) }
        #expect(whole.isWhole)
        #expect(whole.entries > 10)
        try await world.database.write { db in
            try db.executeScript(
                "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; DROP TRIGGER audit_no_replace;")
        }
        return (world, trail, tenant, whole.entries)
    }

    private func fault(after sql: SQLStatement...) async throws -> (AuditTrail.Verification, Int) {
        let (world, trail, _, count) = try await opened()
        try await world.database.write { db in for statement in sql { try db.execute(statement) } }
        return (try await world.database.read { try trail.verify($0) }, count)
    }

    @Test(
        "An altered entry is found and named, whichever field it is",
        arguments: ["actor", "action", "subject", "outcome", "details", "at"])
    func altered(column: String) async throws {
        let statement: SQLStatement =
            switch column {
            case "actor": "UPDATE audit SET actor = 'cli:somebody' WHERE tenant_id = 'nord' AND sequence = 5"
            case "action": "UPDATE audit SET action = 'nothing' WHERE tenant_id = 'nord' AND sequence = 5"
            case "subject": "UPDATE audit SET subject = 'other' WHERE tenant_id = 'nord' AND sequence = 5"
            case "outcome": "UPDATE audit SET outcome = 'perhaps' WHERE tenant_id = 'nord' AND sequence = 5"
            case "details": "UPDATE audit SET details = '{}' || ' ' WHERE tenant_id = 'nord' AND sequence = 5"
            default: "UPDATE audit SET at = at + 1 WHERE tenant_id = 'nord' AND sequence = 5"
            }
        let (found, _) = try await fault(after: statement)
        #expect(found.fault == "entry 5 was altered")
        #expect(found.entries == 4)
    }

    @Test("Text moved from one field into the next is an alteration too")
    func shifted() async throws {
        let (found, _) = try await fault(
            after: """
                UPDATE audit SET actor = actor || substr(action, 1, 1), action = substr(action, 2)
                WHERE tenant_id = 'nord' AND sequence = 3
                """)
        #expect(found.fault == "entry 3 was altered")
    }

    @Test("A removed entry is found and named")
    func removed() async throws {
        let (found, _) = try await fault(after: "DELETE FROM audit WHERE tenant_id = 'nord' AND sequence = 4")
        #expect(found.fault == "entry 4 is missing: 5 follows 3")
    }

    @Test("Two entries that changed places are found")
    func reordered() async throws {
        let (found, _) = try await fault(
            after: "UPDATE audit SET sequence = 100000 WHERE tenant_id = 'nord' AND sequence = 5",
            "UPDATE audit SET sequence = 5 WHERE tenant_id = 'nord' AND sequence = 6",
            "UPDATE audit SET sequence = 6 WHERE tenant_id = 'nord' AND sequence = 100000")
        #expect(found.fault == "entry 5 does not follow the entry before it")
    }

    @Test("A removed entry whose place was filled by renumbering is found")
    func renumbered() async throws {
        let (found, _) = try await fault(
            after: "DELETE FROM audit WHERE tenant_id = 'nord' AND sequence = 4",
            "UPDATE audit SET sequence = 4 WHERE tenant_id = 'nord' AND sequence = 5")
        #expect(found.fault == "entry 4 does not follow the entry before it")
    }

    @Test("A trail that was cut off at the end is found by its head")
    func truncated() async throws {
        let (found, count) = try await fault(
            after: "DELETE FROM audit WHERE tenant_id = 'nord' AND sequence > 6")
        #expect(found.fault == "the head names entry \(count), the last one found is 6: the end was cut off")
    }

    @Test("An entry of another tenant does not pass for one of this tenant's")
    func foreign() async throws {
        let (world, trail, tenant, _) = try await opened()
        try await world.database.write { db in
            try db.execute("DELETE FROM audit WHERE tenant_id = \(tenant) AND sequence = 1")
            try db.execute("UPDATE audit SET tenant_id = 'nord' WHERE tenant_id = 'kyst' AND sequence = 1")
        }
        let found = try await world.database.read { try trail.verify($0) }
        #expect(found.fault == "entry 1 was altered")
    }

    @Test("An entry from another course of the trail is found, though the one after it was made to name it")
    func spliced() async throws {
        let (world, trail, tenant, _) = try await opened()
        let now = world.now()
        // Signed by the key itself: as an older copy of the database went on to write it.
        try await world.database.write { db in
            let fourth = try #require(try AuditTable.after(db, tenant: tenant, sequence: 3, limit: 1).first)
            var rest = try AuditTable.after(db, tenant: tenant, sequence: 5, limit: 1000)
            try db.execute("DELETE FROM audit WHERE tenant_id = \(tenant) AND sequence > 4")
            try db.execute("UPDATE audit_heads SET sequence = 4, code = \(fourth.code) WHERE tenant_id = \(tenant)")
            try trail.append(
                .init(actor: "system", action: "nothing", subject: "other", outcome: "done"), at: now, db)
            rest[0].previousCode = try AuditTable.head(db, tenant: tenant).code
            for entry in rest { try AuditTable.append(db, tenant: tenant, entry) }
        }
        let found = try await world.database.read { try trail.verify($0) }
        #expect(found.fault == "entry 6 was altered")
    }

    @Test("The trail itself refuses to be changed, and an entry that does not follow")
    func appendOnly() async throws {
        let world = try await World(seed: 8)
        await #expect(throws: StorageError.self) {
            try await world.database.write { try $0.execute("UPDATE audit SET actor = 'x'") }
        }
        await #expect(throws: StorageError.self) {
            try await world.database.write { try $0.execute("DELETE FROM audit") }
        }
    }
}
