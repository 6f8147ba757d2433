import Domain
import Storage
import Testing

/// Fills every table with one tenant's rows. The keys are the same for every tenant, the content is marked.
enum Population {
    static let effectKey = EffectKey("key")
    static let customer = StripeCustomerID("cus_1")
    static let vismaCustomer = VismaCustomerNumber("10007")
    /// A document that is not in Stripe.
    private static let unpushed = DocumentRef(type: .debitNote, number: "000225")

    static func fill(_ db: any SQLConnection, _ tenant: TenantID, marker: String) throws {
        try fillAccess(db, tenant, marker)
        try fillState(db, tenant, marker)
        try fillRecords(db, tenant, marker)
    }

    private static func fillAccess(_ db: any SQLConnection, _ tenant: TenantID, _ marker: String) throws {
        try TenantsTable.setName(db, tenant: tenant, name: marker, group: nil, now: now)
        try DataKeysTable.insert(
            db, tenant: tenant, WrappedDataKey(version: 1, kekID: marker, wrapped: [1], createdAt: now))
        try CredentialsTable.insert(
            db, tenant: tenant,
            SealedCredential(
                purpose: .stripeKey, version: 1, sealed: [1], dataKeyVersion: 1, fingerprint: marker, rotatedAt: now))
        try EndpointsTable.insert(
            db, tenant: tenant, EndpointRecord(endpointKey: "ep-\(marker)", url: marker, createdAt: now))
        try WebhookSecretsTable.insert(
            db, tenant: tenant, SealedSecret(endpointKey: "ep-\(marker)", version: 1, sealed: Array(marker.utf8)))
        try PingsTable.insert(
            db, tenant: tenant, PingRecord(id: "ping", at: now, outcome: .passed, steps: "\"\(marker)\""))
        try NodesTable.beat(db, id: marker, version: "1", now: now, ttlSeconds: 30)
        _ = try LeasesTable.acquire(db, tenant: tenant, owner: "one", now: now, ttlSeconds: 30)
        try AbilitiesTable.put(
            db, tenant: tenant, Ability(name: "invoice_record", value: marker, learnedAt: now))
        try PushesTable.add(db, tenant: tenant, Money(minorUnits: 7, currency: .nok), at: now)
        try GatesTable.set(
            db, tenant: tenant,
            GateRecord(system: .visma, state: .broken, until: now, reason: marker, changedAt: now))
    }

    private static func fillState(_ db: any SQLConnection, _ tenant: TenantID, _ marker: String) throws {
        try CursorsTable.set(db, tenant: tenant, stream: .vismaInvoices, StreamCursor(value: marker, sweptAt: now))
        try SchedulesTable.set(db, tenant: tenant, dueAt: now.adding(seconds: 77))
        try SightingsTable.put(
            db, tenant: tenant, stream: .vismaInvoices, document: invoiceRef,
            RowVersion(modified: marker, stamp: "1"))
        try LinksTable.upsert(db, tenant: tenant, link(marker), now: now)
        try LinksTable.upsert(
            db, tenant: tenant,
            Link(
                document: unpushed, state: .seen, revision: 1, vismaCustomer: vismaCustomer, currency: .nok), now: now)
        try StripeObjectsTable.put(
            db, tenant: tenant, objectIDs: ["pi_1"],
            subject: .document(DocumentRef(type: .invoice, number: marker)))
        try StripeCustomersTable.put(
            db, tenant: tenant, customer: customer, description: vismaCustomer.rawValue, asOf: now)
        try CollectedTable.insert(db, tenant: tenant, booking(marker), now: now)
        try SettlementsTable.insert(
            db, tenant: tenant, document: invoiceRef, revision: 1, settlement(marker, whole: 1), now: now)
        try CustomerLinksTable.put(
            db, tenant: tenant,
            CustomerLink(
                vismaInternalID: 7, vismaNumber: vismaCustomer, stripeCustomer: customer,
                matchedBy: marker, matchedAt: now))
    }

    private static func fillRecords(_ db: any SQLConnection, _ tenant: TenantID, _ marker: String) throws {
        for _ in 1...2 { _ = try EventsTable.insert(db, tenant: tenant, event("evt_1", marker)) }
        var ignored = event("evt_2", marker)
        (ignored.objectID, ignored.state, ignored.reason) = ("ch_1", .ignored, marker)
        _ = try EventsTable.insert(db, tenant: tenant, ignored)
        for subject in [invoice, .document(unpushed)] {
            try WorkTable.dirty(db, tenant: tenant, subject: subject, cause: marker, dueAt: now)
        }
        try JournalTable.insert(db, tenant: tenant, effect("key", marker), request: Array(marker.utf8))
        try RequestsTable.insert(db, tenant: tenant, subject: invoice, request(marker))
        _ = try ReviewsTable.open(
            db, tenant: tenant, subject: invoice, code: "code", found: marker, proposals: "[]", now: now)
        let decided = try ReviewsTable.open(
            db, tenant: tenant, subject: invoice, code: "decided", found: marker, proposals: "[]", now: now)
        try ReviewsTable.resolve(db, tenant: tenant, id: decided.id, by: "kari", resolution: marker, now: now)
        try AuditTable.append(db, tenant: tenant, entry(1, marker, after: .beginning))
        try RunsTable.start(db, tenant: tenant, id: "run", kind: marker, now: now)
    }

    static func link(_ marker: String) -> Link {
        Link(
            document: invoiceRef, state: .collecting, revision: 1, vismaCustomer: VismaCustomerNumber(marker),
            currency: .nok, stripeCustomer: customer, invoice: StripeInvoiceID("in_1"), pushedAmount: 125_000)
    }

    static func booking(_ marker: String) -> Booking {
        Booking(
            subject: invoice, cause: "inpay_1", state: .created, amount: Money(minorUnits: 125_000, currency: .nok),
            applied: Money(minorUnits: 120_000, currency: .nok), number: VismaNumber("000031"),
            reference: marker)
    }

    /// Stripe is told in two steps, and the second has not been done.
    static func settlement(_ marker: String, whole: Int64) -> Settlement {
        Settlement(
            application: "Payment:000040", amount: Money(minorUnits: whole, currency: .nok), whole: whole,
            way: .paymentRecord, stripeObject: marker, isAttached: false)
    }

    static func request(_ marker: String) -> Request {
        Request(kind: .undo, cause: "inpay_1", reason: marker, actor: "kari", askedAt: now)
    }

    static func event(_ id: String, _ marker: String, at seconds: Int64 = 0) -> StoredEvent {
        StoredEvent(
            eventID: id, type: marker, objectID: "in_1", isLive: false, body: Array("{}".utf8),
            receivedAt: now.adding(seconds: seconds), subject: invoice, endpointKey: "ep")
    }

    static func effect(_ key: String, _ marker: String, attempt: Int = 1, revision: Int = 1) -> Effect {
        Effect(
            key: EffectKey(key), subject: invoice, revision: revision, step: "invoice.create", cause: "digest",
            attempt: attempt, state: .sent, term: 3, sentAt: now, deadlineAt: now.adding(seconds: 30),
            externalID: marker)
    }

    static func entry(_ sequence: Int64, _ marker: String, after head: AuditHead) -> AuditEntry {
        AuditEntry(
            sequence: sequence, at: now, actor: "sync", action: "invoice.create", subject: invoice.key, outcome: marker,
            details: "{}", previousCode: head.code, code: [UInt8](repeating: UInt8(sequence), count: 32))
    }
}

extension EventsTable {
    /// One event as it is delivered.
    static func insert(_ db: any SQLConnection, tenant: TenantID, _ event: StoredEvent) throws -> StoredEvent.Outcome {
        try #require(try insertMany(db, [(tenant, event)]).first)
    }
}
