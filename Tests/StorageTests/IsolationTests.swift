import Domain
import Storage
import Testing

/// Every function that reads a tenant's rows is in `reads`, every one that writes them in `writes`: rows of one tenant
/// never show in another's answers, and no write of one changes another's.
@Suite("Tenant isolation")
struct IsolationTests {
    typealias Read = @Sendable (any SQLConnection, TenantID) throws -> Any?
    typealias Write = @Sendable (any SQLConnection, TenantID) throws -> Void

    static let reads: [(name: String, read: Read)] = [
        ("DataKeys.find", { try DataKeysTable.find($0, tenant: $1, version: 1) }),
        ("DataKeys.latest", { try DataKeysTable.latest($0, tenant: $1) }),
        ("DataKeys.list", { try DataKeysTable.list($0, tenant: $1) }),
        ("Credentials.latest", { try CredentialsTable.latest($0, tenant: $1, purpose: .stripeKey) }),
        ("Credentials.list", { try CredentialsTable.list($0, tenant: $1) }),
        ("Endpoints.list", { try EndpointsTable.list($0, tenant: $1) }),
        ("Endpoints.find", { try EndpointsTable.find($0, tenant: $1, endpointKey: "ep-mark-\($1)") }),
        ("WebhookSecrets.list", { try WebhookSecretsTable.list($0, tenant: $1, endpointKey: "ep-mark-\($1)") }),
        ("Cursors.get", { try CursorsTable.get($0, tenant: $1, stream: .vismaInvoices) }),
        (
            "Sightings.get",
            { try SightingsTable.get($0, tenant: $1, stream: .vismaInvoices, document: invoiceRef) }
        ),
        ("Links.find", { try LinksTable.find($0, tenant: $1, document: invoiceRef) }),
        ("Links.byInvoice", { try LinksTable.byInvoice($0, tenant: $1, invoice: StripeInvoiceID("in_1")) }),
        ("Links.list", { try LinksTable.list($0, tenant: $1, limit: 100) }),
        (
            "StripeCustomers",
            { db, tenant in
                try (
                    StripeCustomersTable.find(db, tenant: tenant, description: "mark-\(tenant)").map {
                        "\($0) mark-\(tenant)"
                    }, StripeCustomersTable.find(db, tenant: tenant, description: "moved"),
                    StripeCustomersTable.count(db, tenant: tenant)
                )
            }
        ),
        (
            "Links.unpushed",
            { try LinksTable.unpushed($0, tenant: $1, of: VismaCustomerNumber("10007")).map(\.description) }
        ),
        ("StripeObjects.subjects", { try StripeObjectsTable.subjects($0, tenant: $1, of: ["pi_1"]) }),
        ("Collected.find", { try CollectedTable.find($0, tenant: $1, subject: invoice, cause: "inpay_1") }),
        ("Collected.list", { try CollectedTable.list($0, tenant: $1, subject: nil) }),
        ("CustomerLinks.find", { try CustomerLinksTable.find($0, tenant: $1, vismaInternalID: 7) }),
        (
            "CustomerLinks.find by number",
            { try CustomerLinksTable.find($0, tenant: $1, vismaNumber: VismaCustomerNumber("10007")) }
        ),
        ("CustomerLinks.list", { try CustomerLinksTable.list($0, tenant: $1) }),
        ("Events.find", { try EventsTable.find($0, tenant: $1, eventID: "evt_1") }),
        ("Events.nextReceived", { try EventsTable.nextReceived($0, tenant: $1, limit: 100) }),
        ("Events.list", { try EventsTable.list($0, tenant: $1, limit: 100) }),
        ("Events.list of a subject", { try EventsTable.list($0, tenant: $1, subject: invoice) }),
        ("Work.find", { try WorkTable.find($0, tenant: $1, subject: invoice) }),
        ("Work.due", { try WorkTable.due($0, tenant: $1, now: now, limit: 100) }),
        ("Journal.find", { try JournalTable.find($0, tenant: $1, key: Population.effectKey) }),
        ("Journal.unsettled", { try JournalTable.unsettled($0, tenant: $1) }),
        ("Journal.list", { try JournalTable.list($0, tenant: $1, subject: invoice) }),
        (
            "Journal.request",
            {
                try JournalTable.request($0, tenant: $1, key: Population.effectKey)
                    .map { String(decoding: $0, as: UTF8.self) }
            }
        ),
        (
            "Journal.lastAttempt",
            { try JournalTable.lastAttempt($0, tenant: $1, subject: invoice, step: "invoice.create", cause: "digest") }
        ),
        ("Reviews.find", { try ReviewsTable.find($0, tenant: $1, id: 1) }),
        ("Reviews.list", { try ReviewsTable.list($0, tenant: $1, limit: 100) }),
        ("Audit.list", { try AuditTable.list($0, tenant: $1, limit: 100) }),
        ("Audit.list of subjects", { try AuditTable.list($0, tenant: $1, subjects: [invoice.key]) }),
        ("Audit.after", { try AuditTable.after($0, tenant: $1, sequence: 0, limit: 100) }),
        ("Runs.list", { try RunsTable.list($0, tenant: $1, limit: 100) }),
        ("Pings.list", { try PingsTable.list($0, tenant: $1, limit: 100) }),
        ("Leases.find", { try LeasesTable.find($0, tenant: $1) }),
        ("Abilities.get", { try AbilitiesTable.get($0, tenant: $1, name: "invoice_record") }),
        ("Abilities.list", { try AbilitiesTable.list($0, tenant: $1) }),
    ]

    static let writes: [(name: String, write: Write)] = [
        ("Tenants.setState", { try TenantsTable.setState($0, tenant: $1, .paused, now: now.adding(seconds: 1)) }),
        ("Tenants.setPolicy", { try TenantsTable.setPolicy($0, tenant: $1, policy: "[]", replacing: 1, now: now) }),
        (
            "Tenants.setIdentity",
            {
                try TenantsTable.setIdentity(
                    $0, tenant: $1, vismaTenant: "v", company: "2", stripeAccount: nil, now: now)
            }
        ),
        (
            "Endpoints.update",
            { try EndpointsTable.update($0, tenant: $1, endpointKey: "ep-mark-\($1)", state: .active) }
        ),
        (
            "WebhookSecrets.expire",
            { try WebhookSecretsTable.expire($0, tenant: $1, endpointKey: "ep-mark-\($1)", version: 1, at: now) }
        ),
        (
            "Cursors.set",
            { try CursorsTable.set($0, tenant: $1, stream: .vismaInvoices, StreamCursor(value: "9", sweptAt: nil)) }
        ),
        (
            "Sightings.put",
            {
                try SightingsTable.put(
                    $0, tenant: $1, stream: .vismaInvoices, document: invoiceRef,
                    RowVersion(modified: "9", stamp: "9"))
            }
        ),
        ("Links.upsert", { try LinksTable.upsert($0, tenant: $1, Population.link("other"), now: now) }),
        (
            "StripeCustomers.put",
            {
                try StripeCustomersTable.put(
                    $0, tenant: $1, customer: Population.customer, description: "moved", asOf: now)
            }
        ),
        ("StripeCustomers.remove", { try StripeCustomersTable.remove($0, tenant: $1, customer: Population.customer) }),
        ("StripeObjects.put", { try StripeObjectsTable.put($0, tenant: $1, objectIDs: ["pi_1"], subject: .endpoint) }),
        (
            "Collected.setState",
            {
                try CollectedTable.setState(
                    $0, tenant: $1, subject: invoice, cause: "inpay_1", .booked, now: now)
            }
        ),
        (
            "CustomerLinks.put",
            {
                try CustomerLinksTable.put(
                    $0, tenant: $1,
                    CustomerLink(
                        vismaInternalID: 7, vismaNumber: VismaCustomerNumber("9"),
                        stripeCustomer: Population.customer, matchedBy: "person", matchedAt: now))
            }
        ),
        (
            "CustomerLinks.setNumber",
            {
                try CustomerLinksTable.setNumber(
                    $0, tenant: $1, vismaInternalID: 7, number: VismaCustomerNumber("9"))
            }
        ),
        ("CustomerLinks.remove", { try CustomerLinksTable.remove($0, tenant: $1, vismaInternalID: 7) }),
        ("Events.insert", { _ = try EventsTable.insert($0, tenant: $1, Population.event("evt_1", "again")) }),
        ("Events.insertListed", { try EventsTable.insertListed($0, tenant: $1, Population.event("evt_2", "again")) }),
        (
            "Events.insertMany",
            { _ = try EventsTable.insertMany($0, [(tenant: $1, event: Population.event("evt_1", "again"))]) }
        ),
        ("Events.markResolved", { try EventsTable.markResolved($0, tenant: $1, eventID: "evt_1", subject: invoice) }),
        ("Events.markIgnored", { try EventsTable.markIgnored($0, tenant: $1, eventID: "evt_1", reason: "test") }),
        ("Work.dirty", { try WorkTable.dirty($0, tenant: $1, subject: invoice, cause: "x", dueAt: now) }),
        (
            "Work.postpone",
            {
                try WorkTable.postpone(
                    $0, tenant: $1, subject: invoice, generation: 1, dueAt: now.adding(seconds: 9), error: "x")
            }
        ),
        ("Work.settle", { try WorkTable.settle($0, tenant: $1, subject: invoice, generation: 1) }),
        (
            "Journal.settle",
            { try JournalTable.settle($0, tenant: $1, key: Population.effectKey, state: .done, now: now, underTerm: 3) }
        ),
        (
            "Reviews.open",
            {
                _ = try ReviewsTable.open(
                    $0, tenant: $1, subject: invoice, code: "code", found: "x", proposals: "[]", now: now)
            }
        ),
        (
            "Reviews.resolve",
            { try ReviewsTable.resolve($0, tenant: $1, id: 1, by: "kari", resolution: "done", now: now) }
        ),
        (
            "Audit.append",
            {
                try AuditTable.append(
                    $0, tenant: $1, Population.entry(2, "x", after: AuditTable.head($0, tenant: $1)))
            }
        ),
        (
            "Runs.finish",
            { try RunsTable.finish($0, tenant: $1, id: "run", outcome: .succeeded, counts: "{}", now: now) }
        ),
        (
            "Leases.renew",
            {
                _ = try LeasesTable.renew(
                    $0, tenant: $1, owner: "mark-\($1)", term: 1, now: now.adding(seconds: 1), ttlSeconds: 60)
            }
        ),
        ("Leases.release", { try LeasesTable.release($0, tenant: $1, owner: "mark-\($1)", term: 1) }),
        (
            "Abilities.put",
            { try AbilitiesTable.put($0, tenant: $1, Ability(name: "invoice_record", value: "none", learnedAt: now)) }
        ),
    ]

    private static func populated(_ engine: Engine) async throws -> Store {
        let store = try await Store(engine)
        try await store.database.write { db in
            for tenant in [nord, kyst] { try Population.fill(db, tenant, marker: "mark-\(tenant)") }
        }
        return store
    }

    private static func shown(_ db: any SQLConnection, _ tenant: TenantID, _ read: Read) throws -> String {
        var text = ""
        dump(try read(db, tenant), to: &text)
        return text
    }

    @Test("a read answers its own tenant's rows and never another's", arguments: reads.indices, Engine.dialects)
    func read(_ index: Int, _ engine: Engine) async throws {
        let store = try await Self.populated(engine)
        try await store.database.read { db in
            for (own, other) in [(nord, kyst), (kyst, nord)] {
                let text = try Self.shown(db, own, Self.reads[index].read)
                #expect(text.contains("mark-\(own)"), "\(Self.reads[index].name)")
                #expect(!text.contains("mark-\(other)"), "\(Self.reads[index].name)")
            }
        }
    }

    @Test("a write changes its own tenant's rows and leaves another's", arguments: writes.indices, Engine.dialects)
    func write(_ index: Int, _ engine: Engine) async throws {
        let store = try await Self.populated(engine)
        let name = Self.writes[index].name
        try await store.database.write { db in
            func everything(_ tenant: TenantID) throws -> [String] {
                var all = try Self.reads.map { try Self.shown(db, tenant, $0.read) }
                var row = ""
                dump(try TenantsTable.find(db, tenant: tenant), to: &row)
                all.append(row)
                return all
            }
            let (ownBefore, otherBefore) = (try everything(nord), try everything(kyst))
            try Self.writes[index].write(db, nord)
            #expect(try everything(kyst) == otherBefore, "\(name)")
            #expect(try everything(nord) != ownBefore, "\(name) did nothing: the test would show nothing")
        }
    }

    @Test("keys of one tenant find nothing under another, and counts stay apart", arguments: Engine.dialects)
    func strangers(_ engine: Engine) async throws {
        let store = try await Self.populated(engine)
        try await store.database.write { db in
            #expect(try EndpointsTable.find(db, tenant: nord, endpointKey: "ep-mark-kyst") == nil)
            #expect(try WebhookSecretsTable.list(db, tenant: nord, endpointKey: "ep-mark-kyst").isEmpty)
            for number in 2...5 { _ = try EventsTable.insert(db, tenant: kyst, Population.event("evt_\(number)", "x")) }
            _ = try EventsTable.insert(db, tenant: kyst, Population.event("evt_5", "x"))
            try WorkTable.dirty(db, tenant: kyst, subject: .endpoint, cause: "x", dueAt: now.adding(seconds: -90))
            #expect(try EventsTable.countByState(db, tenant: nord) == [.received: 1])
            #expect(try EventsTable.duplicates(db, tenant: nord) == 0)
            #expect(try EventsTable.duplicates(db, tenant: kyst) == 1)
            #expect(try WorkTable.counts(db, tenant: nord) == (1, 1, 0))
            #expect(try WorkTable.nextDue(db, tenant: nord) == now)
            #expect(try AuditTable.head(db, tenant: nord).sequence == 1)
            #expect(try !ReviewsTable.isOpen(db, tenant: nord, subject: .endpoint))
            #expect(
                code { try LeasesTable.check(db, tenant: nord, owner: "mark-kyst", term: 1, now: now) } == .leaseLost)
        }
    }
}
