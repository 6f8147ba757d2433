import Domain
import Storage

extension IsolationTests {
    static let writes: [(name: String, write: Write)] = vaultWrites + stateWrites + recordWrites

    private static let later = now.adding(seconds: 9)

    private static let vaultWrites: [(name: String, write: Write)] = [
        ("TenantsTable.setState(_:tenant:_:now:)", { try TenantsTable.setState($0, tenant: $1, .paused, now: later) }),
        (
            "TenantsTable.setPolicy(_:tenant:policy:replacing:now:)",
            { try TenantsTable.setPolicy($0, tenant: $1, policy: "[]", replacing: 1, now: later) }
        ),
        (
            "TenantsTable.setName(_:tenant:name:group:now:)",
            { try TenantsTable.setName($0, tenant: $1, name: "other", group: "other", now: later) }
        ),
        (
            "TenantsTable.setIdentity(_:tenant:vismaTenant:company:stripeAccount:now:)",
            {
                try TenantsTable.setIdentity(
                    $0, tenant: $1, vismaTenant: "v", company: "2", stripeAccount: nil, now: later)
            }
        ),
        (
            "DataKeysTable.insert(_:tenant:_:)",
            {
                try DataKeysTable.insert(
                    $0, tenant: $1, WrappedDataKey(version: 2, kekID: "other", wrapped: [2], createdAt: now))
            }
        ),
        (
            "CredentialsTable.insert(_:tenant:_:)",
            {
                try CredentialsTable.insert(
                    $0, tenant: $1,
                    SealedCredential(
                        purpose: .stripeKey, version: 2, sealed: [2], dataKeyVersion: 1, fingerprint: "other",
                        rotatedAt: now))
            }
        ),
        (
            "EndpointsTable.insert(_:tenant:_:)",
            {
                try EndpointsTable.insert(
                    $0, tenant: $1, EndpointRecord(endpointKey: "other", url: "other", createdAt: now))
            }
        ),
        (
            "EndpointsTable.update(_:tenant:endpointKey:state:stripeEndpointID:)",
            { try EndpointsTable.update($0, tenant: $1, endpointKey: "ep-mark-\($1)", state: .active) }
        ),
        (
            "WebhookSecretsTable.insert(_:tenant:_:)",
            {
                try WebhookSecretsTable.insert(
                    $0, tenant: $1, SealedSecret(endpointKey: "ep-mark-\($1)", version: 2, sealed: [2]))
            }
        ),
        (
            "WebhookSecretsTable.expire(_:tenant:endpointKey:version:at:)",
            { try WebhookSecretsTable.expire($0, tenant: $1, endpointKey: "ep-mark-\($1)", version: 1, at: now) }
        ),
        (
            "AbilitiesTable.put(_:tenant:_:)",
            { try AbilitiesTable.put($0, tenant: $1, Ability(name: "invoice_record", value: "none", learnedAt: now)) }
        ),
        (
            "PingsTable.insert(_:tenant:_:)",
            { try PingsTable.insert($0, tenant: $1, PingRecord(id: "other", at: now, outcome: .failed, steps: "[]")) }
        ),
        ("PingsTable.prune(_:tenant:keeping:)", { try PingsTable.prune($0, tenant: $1, keeping: 0) }),
        (
            "LeasesTable.acquire(_:tenant:owner:now:ttlSeconds:)",
            { _ = try LeasesTable.acquire($0, tenant: $1, owner: "one", now: later, ttlSeconds: 60) }
        ),
        (
            "LeasesTable.renew(_:tenant:owner:term:now:ttlSeconds:)",
            { _ = try LeasesTable.renew($0, tenant: $1, owner: "one", term: 1, now: later, ttlSeconds: 60) }
        ),
        (
            "LeasesTable.release(_:tenant:owner:term:)",
            { try LeasesTable.release($0, tenant: $1, owner: "one", term: 1) }
        ),
    ]

    private static let stateWrites: [(name: String, write: Write)] = [
        (
            "CursorsTable.set(_:tenant:stream:_:)",
            { try CursorsTable.set($0, tenant: $1, stream: .vismaInvoices, StreamCursor(value: "9", sweptAt: nil)) }
        ),
        (
            "SightingsTable.put(_:tenant:stream:document:_:)",
            {
                try SightingsTable.put(
                    $0, tenant: $1, stream: .vismaInvoices, document: invoiceRef,
                    RowVersion(modified: "9", stamp: "9"))
            }
        ),
        (
            "LinksTable.upsert(_:tenant:_:now:)",
            { try LinksTable.upsert($0, tenant: $1, Population.link("x"), now: now) }
        ),
        (
            "LinksTable.renumber(_:tenant:of:from:to:now:)",
            {
                try LinksTable.renumber(
                    $0, tenant: $1, of: Population.customer, from: VismaCustomerNumber("mark-\($1)"),
                    to: VismaCustomerNumber("other"), now: now)
            }
        ),
        (
            "StripeObjectsTable.put(_:tenant:objectIDs:subject:)",
            { try StripeObjectsTable.put($0, tenant: $1, objectIDs: ["pi_1", "ch_1"], subject: .endpoint) }
        ),
        (
            "StripeCustomersTable.put(_:tenant:customer:description:asOf:)",
            {
                try StripeCustomersTable.put(
                    $0, tenant: $1, customer: Population.customer, description: "moved", asOf: later)
            }
        ),
        (
            "StripeCustomersTable.remove(_:tenant:customer:)",
            { try StripeCustomersTable.remove($0, tenant: $1, customer: Population.customer) }
        ),
        (
            "CollectedTable.insert(_:tenant:_:now:)",
            {
                var booking = Population.booking("other")
                booking.cause = "inpay_2"
                booking.number = VismaNumber("000032")
                try CollectedTable.insert($0, tenant: $1, booking, now: now)
            }
        ),
        (
            "CollectedTable.setState(_:tenant:subject:cause:_:voidedFor:now:)",
            { try CollectedTable.setState($0, tenant: $1, subject: invoice, cause: "inpay_1", .booked, now: now) }
        ),
        (
            "SettlementsTable.insert(_:tenant:document:revision:_:now:)",
            {
                try SettlementsTable.insert(
                    $0, tenant: $1, document: invoiceRef, revision: 1, Population.settlement("other", whole: 2),
                    now: now)
            }
        ),
        (
            "SettlementsTable.setAttached(_:tenant:document:revision:cause:)",
            {
                try SettlementsTable.setAttached(
                    $0, tenant: $1, document: invoiceRef, revision: 1,
                    cause: Population.settlement("x", whole: 1).cause)
            }
        ),
        (
            "SettlementsTable.giveUpRecord(_:tenant:document:revision:cause:)",
            {
                _ = try SettlementsTable.giveUpRecord(
                    $0, tenant: $1, document: invoiceRef, revision: 1,
                    cause: Population.settlement("x", whole: 1).cause)
            }
        ),
        (
            "CustomerLinksTable.put(_:tenant:_:)",
            {
                try CustomerLinksTable.put(
                    $0, tenant: $1,
                    CustomerLink(
                        vismaInternalID: 7, vismaNumber: VismaCustomerNumber("9"),
                        stripeCustomer: Population.customer, matchedBy: "person", matchedAt: now))
            }
        ),
        (
            "CustomerLinksTable.setNumber(_:tenant:vismaInternalID:number:)",
            {
                try CustomerLinksTable.setNumber(
                    $0, tenant: $1, vismaInternalID: 7, number: VismaCustomerNumber("9"))
            }
        ),
        (
            "CustomerLinksTable.remove(_:tenant:vismaInternalID:)",
            { try CustomerLinksTable.remove($0, tenant: $1, vismaInternalID: 7) }
        ),
    ]

    private static let recordWrites: [(name: String, write: Write)] = [
        (
            "EventsTable.insertListed(_:tenant:_:)",
            { try EventsTable.insertListed($0, tenant: $1, Population.event("evt_9", "again")) }
        ),
        (
            "EventsTable.insertMany(_:_:)",
            { _ = try EventsTable.insertMany($0, [(tenant: $1, event: Population.event("evt_1", "again"))]) }
        ),
        (
            "EventsTable.reopen(_:tenant:objectID:)",
            { try EventsTable.reopen($0, tenant: $1, objectID: "ch_1") }
        ),
        (
            "EventsTable.markResolved(_:tenant:eventID:subject:reason:)",
            { try EventsTable.markResolved($0, tenant: $1, eventID: "evt_1", subject: invoice) }
        ),
        (
            "EventsTable.markIgnored(_:tenant:eventID:reason:)",
            { try EventsTable.markIgnored($0, tenant: $1, eventID: "evt_1", reason: "test") }
        ),
        (
            "EventsTable.receiveAgain(_:tenant:eventID:)",
            { try EventsTable.receiveAgain($0, tenant: $1, eventID: "evt_2") }
        ),
        (
            "PushesTable.add(_:tenant:_:at:)",
            { try PushesTable.add($0, tenant: $1, Money(minorUnits: 1, currency: .nok), at: now) }
        ),
        (
            "PushesTable.remove(_:tenant:_:at:)",
            { try PushesTable.remove($0, tenant: $1, Money(minorUnits: 7, currency: .nok), at: now) }
        ),
        (
            "GatesTable.set(_:tenant:_:)",
            {
                try GatesTable.set(
                    $0, tenant: $1,
                    GateRecord(system: .visma, state: .free, until: nil, reason: nil, changedAt: now))
            }
        ),
        (
            "SchedulesTable.set(_:tenant:dueAt:)",
            { try SchedulesTable.set($0, tenant: $1, dueAt: now.adding(seconds: 7777)) }
        ),
        ("SchedulesTable.remove(_:tenant:)", { try SchedulesTable.remove($0, tenant: $1) }),
        (
            "WorkTable.dirty(_:tenant:subject:cause:dueAt:askedAt:lane:)",
            { try WorkTable.dirty($0, tenant: $1, subject: invoice, cause: "x", dueAt: now) }
        ),
        (
            "WorkTable.settle(_:tenant:subject:generation:)",
            { try WorkTable.settle($0, tenant: $1, subject: invoice, generation: 1) }
        ),
        (
            "WorkTable.postpone(_:tenant:subject:generation:dueAt:error:)",
            { try WorkTable.postpone($0, tenant: $1, subject: invoice, generation: 1, dueAt: later, error: "x") }
        ),
        (
            "WorkTable.keepOthers(_:tenant:until:)",
            { try WorkTable.keepOthers($0, tenant: $1, until: later) }
        ),
        (
            "WorkTable.hasten(_:tenant:customer:now:)",
            {
                try WorkTable.hasten(
                    $0, tenant: $1, customer: Population.vismaCustomer, now: now.adding(seconds: -9))
            }
        ),
        (
            "JournalTable.insert(_:tenant:_:request:)",
            { try JournalTable.insert($0, tenant: $1, Population.effect("other", "other", attempt: 2), request: nil) }
        ),
        (
            "JournalTable.settle(_:tenant:key:state:externalID:requestID:failure:now:underTerm:)",
            { try JournalTable.settle($0, tenant: $1, key: Population.effectKey, state: .done, now: now, underTerm: 3) }
        ),
        (
            "RequestsTable.insert(_:tenant:subject:_:)",
            { try RequestsTable.insert($0, tenant: $1, subject: invoice, Population.request("other")) }
        ),
        (
            "ReviewsTable.open(_:tenant:subject:code:found:proposals:now:)",
            {
                _ = try ReviewsTable.open(
                    $0, tenant: $1, subject: invoice, code: "code", found: "x", proposals: "[]", now: now)
            }
        ),
        (
            "ReviewsTable.resolve(_:tenant:id:by:resolution:now:)",
            { try ReviewsTable.resolve($0, tenant: $1, id: 1, by: "kari", resolution: "done", now: now) }
        ),
        (
            "ReviewsTable.reword(_:tenant:id:resolution:)",
            { try ReviewsTable.reword($0, tenant: $1, id: 2, resolution: "otherwise") }
        ),
        (
            "AuditTable.append(_:tenant:_:)",
            {
                try AuditTable.append(
                    $0, tenant: $1, Population.entry(2, "x", after: AuditTable.head($0, tenant: $1)))
            }
        ),
        (
            "RunsTable.start(_:tenant:id:kind:now:)",
            { try RunsTable.start($0, tenant: $1, id: "other", kind: "other", now: now) }
        ),
        (
            "RunsTable.finish(_:tenant:id:outcome:counts:now:)",
            { try RunsTable.finish($0, tenant: $1, id: "run", outcome: .succeeded, counts: "{}", now: now) }
        ),
    ]
}
