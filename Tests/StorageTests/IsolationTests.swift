import Domain
import Foundation
import Storage
import Testing

/// Every function of every table is in `reads`, `writes` or `acrossTenants` by its signature, which the last test
/// compares with the source: rows of one tenant never show in another's answers, and no write of one changes another's.
@Suite("Tenant isolation")
struct IsolationTests {
    typealias Read = @Sendable (any SQLConnection, TenantID) throws -> Any?
    typealias Write = @Sendable (any SQLConnection, TenantID) throws -> Void

    /// What looks at all tenants, and who may.
    static let acrossTenants: [String: String] = [
        "DataKeysTable.kekIDsInUse(_:)": "a process starts only with every master key that is in use",
        "EndpointsTable.ownerAcrossTenants(_:endpointKey:)": "the address of a delivery suggests whose it is",
        "WebhookSecretsTable.activeAcrossTenants(_:endpointKey:now:)": "whose a delivery is, its signature decides",
        "WebhookSecretsTable.activeAcrossTenants(_:now:after:limit:)": "whose a delivery is, its signature decides",
        "TenantsTable.standingsAcrossTenants(_:of:)": "a group of deliveries is of many tenants",
        "LeasesTable.clearAcrossTenants(_:)": "the only process on a database ends the leases of dead ones",
        "LeasesTable.renewAcrossTenants(_:owner:now:ttlSeconds:)": "a node's heartbeat holds the leases of its turns",
        "LeasesTable.countAcrossTenants(_:owner:now:)": "an operator sees whether a node has let go of all",
        "NodesTable.beat(_:id:version:now:ttlSeconds:)": "nodes belong to no tenant",
        "NodesTable.drain(_:id:)": "nodes belong to no tenant",
        "NodesTable.remove(_:id:)": "nodes belong to no tenant",
        "NodesTable.removeGone(_:since:)": "nodes belong to no tenant",
        "NodesTable.removeAll(_:)": "nodes belong to no tenant",
        "NodesTable.find(_:id:)": "nodes belong to no tenant",
        "NodesTable.list(_:)": "nodes belong to no tenant",
        "TenantsTable.insert(_:_:)": "a new tenant has no rows yet",
        "TenantsTable.list(_:state:)": "the registry",
        "TenantsTable.ofVisma(_:vismaTenant:)": "a Visma company and a Stripe account are one tenant's",
        "TenantsTable.countByState(_:)": "an operator's gauges",
        "TenantsTable.presentIDs(_:limit:)": "an operator's gauges",
        "SchedulesTable.due(_:by:limit:)": "the scheduler",
    ]

    private struct Undo: Error {}

    private static func answers(_ db: any SQLConnection, _ tenant: TenantID) throws -> [String] {
        try reads.map { name, read in
            var text = name + ": "
            dump(try read(db, tenant), to: &text)
            return text
        }
    }

    private static func fill(_ db: any SQLConnection, _ tenant: TenantID) throws {
        try Population.fill(db, tenant, marker: "mark-\(tenant)")
    }

    @Test("a read answers its own tenant's rows, whatever another has under the same keys", arguments: Engine.dialects)
    func read(_ engine: Engine) async throws {
        let store = try await Store(engine)
        for (own, other) in [(nord, kyst), (kyst, nord)] {
            let (ownBefore, otherBefore) = try await store.database.read { db in
                (try Self.answers(db, own), try Self.answers(db, other))
            }
            try await store.database.write { try Self.fill($0, own) }
            let (ownAfter, otherAfter) = try await store.database.read { db in
                (try Self.answers(db, own), try Self.answers(db, other))
            }
            for (index, read) in Self.reads.enumerated() {
                #expect(ownAfter[index] != ownBefore[index], "\(read.name) does not read what was written")
                #expect(otherAfter[index] == otherBefore[index], "\(read.name) reads another tenant's row")
            }
        }
    }

    @Test("a write changes its own tenant's rows and leaves another's of the same keys", arguments: Engine.dialects)
    func write(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            for tenant in [nord, kyst] { try Self.fill(db, tenant) }
        }
        for (name, write) in Self.writes {
            await #expect(throws: Undo.self, "\(name)") {
                try await store.database.write { db in
                    let (ownBefore, otherBefore) = (try Self.answers(db, nord), try Self.answers(db, kyst))
                    try write(db, nord)
                    #expect(try Self.answers(db, kyst) == otherBefore, "\(name) writes another tenant's row")
                    #expect(try Self.answers(db, nord) != ownBefore, "\(name) writes nothing that is read")
                    throw Undo()
                }
            }
        }
    }

    @Test("what only another tenant has is not found, not changed and not added to", arguments: Engine.dialects)
    func strangers(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { try Self.fill($0, kyst) }
        let key = "ep-mark-kyst"
        try await store.database.write { db in
            #expect(try EndpointsTable.find(db, tenant: nord, endpointKey: key) == nil)
            #expect(try WebhookSecretsTable.list(db, tenant: nord, endpointKey: key).isEmpty)
            #expect(
                code { try LeasesTable.check(db, tenant: nord, owner: "mark-kyst", term: 1, now: now) } == .leaseLost)
            let before = try Self.answers(db, kyst)
            for (name, write) in Self.writes where Self.neverFinds.contains(name) {
                #expect(code { try write(db, nord) } != nil, "\(name) found what only another tenant has")
            }
            #expect(code { try EndpointsTable.update(db, tenant: nord, endpointKey: key, state: .active) } != nil)
            try WebhookSecretsTable.expire(db, tenant: nord, endpointKey: key, version: 1, at: now)
            #expect(try Self.answers(db, kyst) == before)
        }
        let added = await asyncCode {
            try await store.database.write { db in
                try WebhookSecretsTable.insert(
                    db, tenant: nord, SealedSecret(endpointKey: key, version: 2, sealed: [1]))
            }
        }
        #expect(added == .foreignKeyViolation)
    }

    /// Writes that throw where there is no row to change, without a statement that fails.
    static let neverFinds: Set<String> = [
        "CollectedTable.setState(_:tenant:subject:cause:_:voidedFor:now:)",
        "EventsTable.markIgnored(_:tenant:eventID:reason:)",
        "EventsTable.markResolved(_:tenant:eventID:subject:reason:)",
        "EventsTable.receiveAgain(_:tenant:eventID:)",
        "JournalTable.settle(_:tenant:key:state:externalID:requestID:failure:now:underTerm:)",
        "LeasesTable.renew(_:tenant:owner:term:now:ttlSeconds:)",
        "ReviewsTable.resolve(_:tenant:id:by:resolution:now:)",
        "ReviewsTable.reword(_:tenant:id:resolution:)",
        "RunsTable.finish(_:tenant:id:outcome:counts:now:)",
        "SettlementsTable.setAttached(_:tenant:document:revision:cause:)",
    ]

    @Test("every function of every table is named here by its signature, with its tenant")
    func completeness() throws {
        let functions = try TableFunctions.all()
        #expect(functions.count > 50)
        let named = Self.reads.map(\.name) + Self.writes.map(\.name) + Self.acrossTenants.keys
        #expect(Set(named).count == named.count, "one is named twice")
        #expect(Set(functions).subtracting(named).sorted() == [], "not shown to stay in its tenant")
        #expect(Set(named).subtracting(functions).sorted() == [], "no function of that signature")
        #expect(Self.neverFinds.isSubset(of: Self.writes.map(\.name)))
        for name in functions where !name.contains("(_:tenant:") && Self.acrossTenants[name] == nil {
            // Each of its rows names a tenant.
            #expect(name == "EventsTable.insertMany(_:_:)", "\(name) takes no tenant")
        }
    }
}

/// What the source of the tables declares for others, like `WorkTable.find(_:tenant:subject:)`.
enum TableFunctions {
    static func all() throws -> [String] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/Storage/Tables").standardized
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try files.filter { $0.pathExtension == "swift" }
            .flatMap { try declared(String(contentsOf: $0, encoding: .utf8)) }
    }

    private static func declared(_ source: String) throws -> [String] {
        let tables = source.matches(of: /package enum (\w+Table)\b/)
        let functions = source.matches(of: /package static func (\w+)(?:<[^>]*>)?\(/)
        guard !functions.isEmpty else { return [] }
        let table = try #require(tables.first?.output.1)
        try #require(tables.count == 1)
        return functions.map { "\(table).\($0.output.1)(\(labels(source[$0.range.upperBound...])))" }
    }

    /// The parameters' labels, up to the parenthesis that closes them.
    private static func labels(_ text: Substring) -> String {
        var depth = 0
        var labels = ""
        var isLabel = true
        var last: Character = "("
        for character in text {
            if depth == 0, character == ")" { break }
            if "([<{".contains(character) { depth += 1 }
            if ")]}".contains(character) || character == ">" && last != "-" { depth -= 1 }
            if depth == 0, character == "," {
                isLabel = true
            } else if isLabel, !character.isWhitespace {
                labels.append(character)
                isLabel = character != ":"
            } else if isLabel, labels.last.map({ $0 != ":" }) == true {
                // The name within follows.
                labels.append(":")
                isLabel = false
            }
            last = character
        }
        return labels
    }
}
