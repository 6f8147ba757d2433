import Domain
import Storage

extension IsolationTests {
    static let reads: [(name: String, read: Read)] = vaultReads + stateReads + recordReads

    private static let vaultReads: [(name: String, read: Read)] = [
        ("TenantsTable.find(_:tenant:)", { try TenantsTable.find($0, tenant: $1) }),
        ("DataKeysTable.find(_:tenant:version:)", { try DataKeysTable.find($0, tenant: $1, version: 1) }),
        ("DataKeysTable.latest(_:tenant:)", { try DataKeysTable.latest($0, tenant: $1) }),
        ("DataKeysTable.list(_:tenant:)", { try DataKeysTable.list($0, tenant: $1) }),
        (
            "CredentialsTable.latest(_:tenant:purpose:)",
            { try CredentialsTable.latest($0, tenant: $1, purpose: .stripeKey) }
        ),
        ("CredentialsTable.list(_:tenant:)", { try CredentialsTable.list($0, tenant: $1) }),
        (
            "EndpointsTable.find(_:tenant:endpointKey:)",
            { try EndpointsTable.find($0, tenant: $1, endpointKey: "ep-mark-\($1)") }
        ),
        ("EndpointsTable.list(_:tenant:)", { try EndpointsTable.list($0, tenant: $1) }),
        (
            "WebhookSecretsTable.list(_:tenant:endpointKey:)",
            { try WebhookSecretsTable.list($0, tenant: $1, endpointKey: "ep-mark-\($1)") }
        ),
        ("AbilitiesTable.get(_:tenant:name:)", { try AbilitiesTable.get($0, tenant: $1, name: "invoice_record") }),
        ("AbilitiesTable.list(_:tenant:)", { try AbilitiesTable.list($0, tenant: $1) }),
        ("PingsTable.lastAt(_:tenant:)", { try PingsTable.lastAt($0, tenant: $1) }),
        ("PingsTable.list(_:tenant:limit:)", { try PingsTable.list($0, tenant: $1, limit: 100) }),
        ("LeasesTable.find(_:tenant:)", { try LeasesTable.find($0, tenant: $1) }),
        (
            "LeasesTable.check(_:tenant:owner:term:now:)",
            { db, tenant in code { try LeasesTable.check(db, tenant: tenant, owner: "one", term: 1, now: now) } }
        ),
    ]

    private static let stateReads: [(name: String, read: Read)] = [
        ("CursorsTable.get(_:tenant:stream:)", { try CursorsTable.get($0, tenant: $1, stream: .vismaInvoices) }),
        (
            "SightingsTable.get(_:tenant:stream:document:)",
            { try SightingsTable.get($0, tenant: $1, stream: .vismaInvoices, document: invoiceRef) }
        ),
        ("LinksTable.find(_:tenant:document:)", { try LinksTable.find($0, tenant: $1, document: invoiceRef) }),
        (
            "LinksTable.byInvoice(_:tenant:invoice:)",
            { try LinksTable.byInvoice($0, tenant: $1, invoice: StripeInvoiceID("in_1")) }
        ),
        ("LinksTable.list(_:tenant:state:after:limit:)", { try LinksTable.list($0, tenant: $1, limit: 100) }),
        (
            "LinksTable.unpushed(_:tenant:of:)",
            { try LinksTable.unpushed($0, tenant: $1, of: Population.vismaCustomer) }
        ),
        (
            "StripeObjectsTable.subjects(_:tenant:of:)",
            { try StripeObjectsTable.subjects($0, tenant: $1, of: ["pi_1"]) }
        ),
        (
            "StripeCustomersTable.find(_:tenant:description:)",
            { try StripeCustomersTable.find($0, tenant: $1, description: "10007") }
        ),
        ("StripeCustomersTable.count(_:tenant:)", { try StripeCustomersTable.count($0, tenant: $1) }),
        (
            "CollectedTable.find(_:tenant:subject:cause:)",
            { try CollectedTable.find($0, tenant: $1, subject: invoice, cause: "inpay_1") }
        ),
        ("CollectedTable.list(_:tenant:subject:)", { try CollectedTable.list($0, tenant: $1, subject: nil) }),
        (
            "CollectedTable.list(_:tenant:kind:number:)",
            { try CollectedTable.list($0, tenant: $1, kind: .payment, number: VismaNumber("000031")) }
        ),
        (
            "CollectedTable.isBooked(_:tenant:cause:besides:)",
            { try CollectedTable.isBooked($0, tenant: $1, cause: "inpay_1", besides: .endpoint) }
        ),
        (
            "SettlementsTable.list(_:tenant:document:revision:)",
            { try SettlementsTable.list($0, tenant: $1, document: invoiceRef, revision: 1) }
        ),
        (
            "CustomerLinksTable.find(_:tenant:vismaInternalID:)",
            { try CustomerLinksTable.find($0, tenant: $1, vismaInternalID: 7) }
        ),
        (
            "CustomerLinksTable.find(_:tenant:vismaNumber:)",
            { try CustomerLinksTable.find($0, tenant: $1, vismaNumber: Population.vismaCustomer) }
        ),
        (
            "CustomerLinksTable.vismaInternalIDs(_:tenant:of:)",
            { try CustomerLinksTable.vismaInternalIDs($0, tenant: $1, of: Population.customer) }
        ),
        ("CustomerLinksTable.list(_:tenant:)", { try CustomerLinksTable.list($0, tenant: $1) }),
    ]

    private static let recordReads: [(name: String, read: Read)] = [
        ("EventsTable.find(_:tenant:eventID:)", { try EventsTable.find($0, tenant: $1, eventID: "evt_1") }),
        ("EventsTable.nextReceived(_:tenant:after:limit:)", { try EventsTable.nextReceived($0, tenant: $1, limit: 9) }),
        ("EventsTable.list(_:tenant:state:type:after:limit:)", { try EventsTable.list($0, tenant: $1, limit: 100) }),
        (
            "EventsTable.lookedAt(_:tenant:_:after:limit:)",
            { try EventsTable.lookedAt($0, tenant: $1, EventSelection(), limit: 100) }
        ),
        (
            "EventsTable.countLookedAt(_:tenant:_:after:)",
            { try EventsTable.countLookedAt($0, tenant: $1, EventSelection()) }
        ),
        ("EventsTable.list(_:tenant:subject:)", { try EventsTable.list($0, tenant: $1, subject: invoice) }),
        (
            "EventsTable.countByState(_:tenant:)",
            { db, tenant in
                let counts = try EventsTable.countByState(db, tenant: tenant)
                return StoredEvent.State.allCases.map { counts[$0] }
            }
        ),
        ("EventsTable.duplicates(_:tenant:)", { try EventsTable.duplicates($0, tenant: $1) }),
        ("PushesTable.tally(_:tenant:since:)", { try PushesTable.tally($0, tenant: $1, since: now) }),
        ("GatesTable.list(_:tenant:)", { try GatesTable.list($0, tenant: $1) }),
        ("SchedulesTable.find(_:tenant:)", { try SchedulesTable.find($0, tenant: $1) }),
        ("WorkTable.find(_:tenant:subject:)", { try WorkTable.find($0, tenant: $1, subject: invoice) }),
        (
            "WorkTable.due(_:tenant:lane:now:limit:)",
            { try WorkTable.due($0, tenant: $1, lane: .other, now: now, limit: 100) }
        ),
        ("WorkTable.nextDue(_:tenant:)", { try WorkTable.nextDue($0, tenant: $1) }),
        ("WorkTable.dirtyList(_:tenant:limit:)", { try WorkTable.dirtyList($0, tenant: $1, limit: 100) }),
        ("WorkTable.counts(_:tenant:)", { try WorkTable.counts($0, tenant: $1) }),
        ("JournalTable.find(_:tenant:key:)", { try JournalTable.find($0, tenant: $1, key: Population.effectKey) }),
        ("JournalTable.unsettled(_:tenant:subject:)", { try JournalTable.unsettled($0, tenant: $1) }),
        ("JournalTable.list(_:tenant:subject:)", { try JournalTable.list($0, tenant: $1, subject: invoice) }),
        (
            "JournalTable.request(_:tenant:key:)",
            { try JournalTable.request($0, tenant: $1, key: Population.effectKey) }
        ),
        (
            "JournalTable.lastAttempt(_:tenant:subject:step:cause:)",
            { try JournalTable.lastAttempt($0, tenant: $1, subject: invoice, step: "invoice.create", cause: "digest") }
        ),
        ("RequestsTable.list(_:tenant:subject:)", { try RequestsTable.list($0, tenant: $1, subject: invoice) }),
        ("ReviewsTable.find(_:tenant:id:)", { try ReviewsTable.find($0, tenant: $1, id: 1) }),
        (
            "ReviewsTable.list(_:tenant:state:subject:after:limit:)",
            { try ReviewsTable.list($0, tenant: $1, limit: 100) }
        ),
        ("ReviewsTable.decided(_:tenant:subject:)", { try ReviewsTable.decided($0, tenant: $1, subject: invoice) }),
        ("ReviewsTable.isOpen(_:tenant:subject:)", { try ReviewsTable.isOpen($0, tenant: $1, subject: invoice) }),
        (
            "ReviewsTable.openSubjects(_:tenant:after:limit:)",
            { try ReviewsTable.openSubjects($0, tenant: $1, limit: 100) }
        ),
        ("ReviewsTable.countOpen(_:tenant:)", { try ReviewsTable.countOpen($0, tenant: $1) }),
        ("AuditTable.head(_:tenant:)", { try AuditTable.head($0, tenant: $1) }),
        ("AuditTable.list(_:tenant:before:limit:)", { try AuditTable.list($0, tenant: $1, limit: 100) }),
        ("AuditTable.list(_:tenant:subjects:)", { try AuditTable.list($0, tenant: $1, subjects: [invoice.key]) }),
        (
            "AuditTable.after(_:tenant:sequence:limit:)",
            { try AuditTable.after($0, tenant: $1, sequence: 0, limit: 100) }
        ),
        ("RunsTable.list(_:tenant:limit:)", { try RunsTable.list($0, tenant: $1, limit: 100) }),
    ]
}
