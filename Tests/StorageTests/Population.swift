import Domain
import Storage

/// Fills every table with one tenant's rows. The keys are the same for every tenant, the content is marked.
enum Population {
    static let effectKey = EffectKey("key")
    static let customer = StripeCustomerID("cus_1")

    static func fill(_ db: any SQLConnection, _ tenant: TenantID, marker: String) throws {
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
        try CursorsTable.set(db, tenant: tenant, stream: .vismaInvoices, StreamCursor(value: marker, sweptAt: now))
        try SightingsTable.put(
            db, tenant: tenant, stream: .vismaInvoices, document: invoiceRef,
            RowVersion(modified: marker, stamp: "1"))
        try LinksTable.upsert(db, tenant: tenant, link(marker), now: now)
        try LinksTable.upsert(
            db, tenant: tenant,
            Link(
                document: DocumentRef(type: .debitNote, number: marker), state: .seen, revision: 1,
                vismaCustomer: VismaCustomerNumber("10007"), currency: .nok), now: now)
        try StripeObjectsTable.put(
            db, tenant: tenant, objectIDs: ["pi_1"],
            subject: .document(DocumentRef(type: .invoice, number: marker)))
        try StripeCustomersTable.put(db, tenant: tenant, customer: customer, description: marker, asOf: now)
        try CollectedTable.insert(db, tenant: tenant, booking(marker), now: now)
        try CustomerLinksTable.put(
            db, tenant: tenant,
            CustomerLink(
                vismaInternalID: 7, vismaNumber: VismaCustomerNumber("10007"), stripeCustomer: customer,
                matchedBy: marker, matchedAt: now))
        _ = try EventsTable.insert(db, tenant: tenant, event("evt_1", marker))
        try WorkTable.dirty(db, tenant: tenant, subject: invoice, cause: marker, dueAt: now)
        try JournalTable.insert(db, tenant: tenant, effect("key", marker), request: Array(marker.utf8))
        _ = try ReviewsTable.open(
            db, tenant: tenant, subject: invoice, code: "code", found: marker, proposals: "[]", now: now)
        try AuditTable.append(db, tenant: tenant, entry(1, marker, after: .beginning))
        try RunsTable.start(db, tenant: tenant, id: "run", kind: marker, now: now)
        try PingsTable.insert(
            db, tenant: tenant, PingRecord(id: "ping", at: now, outcome: .passed, steps: "\"\(marker)\""))
        _ = try LeasesTable.acquire(db, tenant: tenant, owner: marker, now: now, ttlSeconds: 30)
        try AbilitiesTable.put(
            db, tenant: tenant, Ability(name: "invoice_record", value: marker, learnedAt: now))
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
