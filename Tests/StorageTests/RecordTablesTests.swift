import Domain
import Storage
import Testing

@Suite("Tenants, links, reviews, audit, runs and endpoints")
struct RecordTablesTests {
    private func later(_ seconds: Int64) -> Timestamp { now.adding(seconds: seconds) }

    @Test("a policy is replaced only at the version that was read", arguments: Engine.allCases)
    func policy(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            let version = try TenantsTable.setPolicy(
                db, tenant: nord, policy: #"{"a":1}"#, replacing: 1, now: later(1))
            #expect(version == 2)
            #expect(
                code { try TenantsTable.setPolicy(db, tenant: nord, policy: "{}", replacing: 1, now: later(2)) }
                    == .conflict)
            #expect(
                code {
                    try TenantsTable.setPolicy(db, tenant: TenantID("nobody"), policy: "{}", replacing: 1, now: now)
                } == .notFound)
            let tenant = try #require(try TenantsTable.find(db, tenant: nord))
            #expect(tenant.policy == #"{"a":1}"#)
            #expect(tenant.updatedAt == later(1))
        }
    }

    @Test("tenants move only as their states allow", arguments: Engine.dialects)
    func moves(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            try TenantsTable.setState(db, tenant: nord, .active, now: now)
            try TenantsTable.setState(db, tenant: nord, .paused, now: now)
            #expect(try TenantsTable.list(db, state: .active).map(\.id) == [kyst])
            #expect(try TenantsTable.list(db).map(\.id) == [kyst, nord])
            #expect(try TenantsTable.countByState(db) == [.active: 1, .paused: 1])
            #expect(try TenantsTable.presentIDs(db, limit: 2) == [kyst, nord])
            #expect(try TenantsTable.presentIDs(db, limit: 1) == [kyst])
            #expect(code { try TenantsTable.setState(db, tenant: nord, .onboarding, now: now) } == .illegalMove)
            try TenantsTable.setState(db, tenant: nord, .offboarded, now: now)
            #expect(try TenantsTable.presentIDs(db, limit: 2) == [kyst])
            #expect(code { try TenantsTable.setState(db, tenant: nord, .active, now: now) } == .illegalMove)
            #expect(
                code { try TenantsTable.setState(db, tenant: TenantID("nobody"), .active, now: now) } == .notFound)
        }
    }

    @Test("links are updated in place, paged by document, and one invoice has one link", arguments: Engine.dialects)
    func links(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            for number in 1...5 {
                let link = Link(
                    document: DocumentRef(type: .invoice, number: "00\(number)"),
                    state: number == 3 ? .settled : .seen, revision: 1, vismaCustomer: VismaCustomerNumber("1"),
                    currency: .jpy)
                try LinksTable.upsert(db, tenant: nord, link, now: now)
            }
            let first = try LinksTable.list(db, tenant: nord, limit: 2)
            let second = try LinksTable.list(db, tenant: nord, after: first.last?.document, limit: 2)
            #expect((first + second).map(\.document.number) == ["001", "002", "003", "004"])
            #expect(try LinksTable.list(db, tenant: nord, state: .settled, limit: 9).map(\.document.number) == ["003"])
            var changed = first[0]
            changed.state = .collecting
            changed.invoice = StripeInvoiceID("in_1")
            changed.pushedAmount = -5
            try LinksTable.upsert(db, tenant: nord, changed, now: later(1))
            #expect(try LinksTable.byInvoice(db, tenant: nord, invoice: StripeInvoiceID("in_1")) == changed)
        }
        let taken = await asyncCode {
            try await store.database.write { db in
                var second = try LinksTable.list(db, tenant: nord, limit: 2)[1]
                second.invoice = StripeInvoiceID("in_1")
                try LinksTable.upsert(db, tenant: nord, second, now: now)
            }
        }
        #expect(taken == .uniqueViolation)
    }

    @Test(
        "events: duplicates are counted, the first body kept, outcomes in the order given", arguments: Engine.allCases)
    func events(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            var altered = Population.event("evt_b", "charge.failed")
            altered.body = Array("other".utf8)
            let outcomes = try EventsTable.insertMany(
                db,
                [
                    (tenant: nord, event: Population.event("evt_b", "charge.failed", at: 2)),
                    (tenant: kyst, event: Population.event("evt_b", "charge.failed")),
                    (tenant: nord, event: Population.event("evt_a", "invoice.paid", at: 1)),
                    (tenant: nord, event: altered),
                ])
            #expect(outcomes == [.stored, .stored, .stored, .duplicate])
            let stored = try #require(try EventsTable.find(db, tenant: nord, eventID: "evt_b"))
            #expect(stored.body == Array("{}".utf8))
            #expect(stored.deliveries == 2)
            #expect(try EventsTable.nextReceived(db, tenant: nord, limit: 9).map(\.eventID) == ["evt_a", "evt_b"])
            try EventsTable.markResolved(db, tenant: nord, eventID: "evt_a", subject: invoice)
            try EventsTable.markIgnored(db, tenant: nord, eventID: "evt_b", reason: "no link")
            #expect(try EventsTable.nextReceived(db, tenant: nord, limit: 9).isEmpty)
            #expect(try EventsTable.countByState(db, tenant: nord) == [.resolved: 1, .ignored: 1])
            #expect(try EventsTable.duplicates(db, tenant: nord) == 1)
            #expect(try EventsTable.find(db, tenant: nord, eventID: "evt_a")?.subject == invoice)
            #expect(
                code { try EventsTable.markIgnored(db, tenant: nord, eventID: "absent", reason: "x") } == .notFound)
        }
    }

    @Test("events are listed newest first, page by page, by state and type", arguments: Engine.dialects)
    func eventPages(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            for number in 1...5 {
                _ = try EventsTable.insert(
                    db, tenant: nord,
                    Population.event("evt_\(number)", number == 2 ? "invoice.paid" : "x", at: Int64(number / 2)))
            }
            let first = try EventsTable.list(db, tenant: nord, limit: 3)
            let rest = try EventsTable.list(db, tenant: nord, after: first.last?.eventID, limit: 3)
            #expect((first + rest).map(\.eventID) == ["evt_5", "evt_4", "evt_3", "evt_2", "evt_1"])
            #expect(try EventsTable.list(db, tenant: nord, type: "invoice.paid", limit: 9).map(\.eventID) == ["evt_2"])
            #expect(try EventsTable.list(db, tenant: nord, state: .resolved, limit: 9).isEmpty)
        }
    }

    @Test("a review is opened once per subject and code, and again after it was resolved", arguments: Engine.allCases)
    func reviews(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            func open(_ found: String) throws -> (id: Int, isNew: Bool) {
                try ReviewsTable.open(
                    db, tenant: nord, subject: invoice, code: "customer.no_email", found: found, proposals: "[]",
                    now: now)
            }
            #expect(try open("one") == (1, true))
            #expect(try open("two") == (1, false))
            #expect(try ReviewsTable.find(db, tenant: nord, id: 1)?.found == "two")
            #expect(try ReviewsTable.isOpen(db, tenant: nord, subject: invoice))
            try ReviewsTable.resolve(db, tenant: nord, id: 1, by: "kari", resolution: "retry", now: later(1))
            #expect(try !ReviewsTable.isOpen(db, tenant: nord, subject: invoice))
            #expect(
                code { try ReviewsTable.resolve(db, tenant: nord, id: 1, by: "x", resolution: "y", now: now) }
                    == .illegalMove)
            #expect(
                code { try ReviewsTable.resolve(db, tenant: nord, id: 9, by: "x", resolution: "y", now: now) }
                    == .notFound)
            #expect(try open("three") == (2, true))
            let all = try ReviewsTable.list(db, tenant: nord, limit: 9)
            #expect(all.map(\.state) == [.resolved, .open])
            #expect(all[0].resolvedBy == "kari")
            #expect(try ReviewsTable.list(db, tenant: nord, state: .open, after: 1, limit: 9).map(\.id) == [2])
        }
    }

    @Test("an audit entry must follow the head", arguments: Engine.allCases)
    func audit(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            #expect(try AuditTable.head(db, tenant: nord) == .beginning)
            try AuditTable.append(db, tenant: nord, Population.entry(1, "ok", after: .beginning))
            let head = try AuditTable.head(db, tenant: nord)
            #expect(head.sequence == 1)
            for wrong in [
                Population.entry(1, "ok", after: .beginning), Population.entry(3, "ok", after: head),
                Population.entry(2, "ok", after: .beginning),
            ] {
                #expect(code { try AuditTable.append(db, tenant: nord, wrong) } == .conflict)
            }
            for sequence in Int64(2)...4 {
                try AuditTable.append(
                    db, tenant: nord, Population.entry(sequence, "ok", after: AuditTable.head(db, tenant: nord)))
            }
            #expect(try AuditTable.list(db, tenant: nord, limit: 2).map(\.sequence) == [4, 3])
            #expect(try AuditTable.list(db, tenant: nord, before: 3, limit: 9).map(\.sequence) == [2, 1])
            #expect(try AuditTable.after(db, tenant: nord, sequence: 2, limit: 9).map(\.sequence) == [3, 4])
        }
    }

    @Test("a run ends once, with what it counted", arguments: Engine.dialects)
    func runs(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            try RunsTable.start(db, tenant: nord, id: "r1", kind: "poll", now: now)
            try RunsTable.start(db, tenant: nord, id: "r2", kind: "poll", now: later(1))
            try RunsTable.finish(
                db, tenant: nord, id: "r1", outcome: .partial, counts: #"{"rows":3}"#, now: later(2))
            let runs = try RunsTable.list(db, tenant: nord, limit: 9)
            #expect(runs.map(\.id) == ["r2", "r1"])
            #expect(runs.map(\.outcome) == [.running, .partial])
            #expect(runs[1].endedAt == later(2))
            #expect(
                code { try RunsTable.finish(db, tenant: nord, id: "r1", outcome: .failed, counts: "{}", now: now) }
                    == .notFound)
        }
    }

    @Test(
        "routing sees every secret that may verify now: not expired, of an endpoint that is not disabled",
        arguments: Engine.dialects)
    func webhookSecrets(_ engine: Engine) async throws {
        let store = try await Store(engine)
        try await store.database.write { db in
            for (tenant, endpoint) in [(nord, "n1"), (nord, "n2"), (kyst, "k1")] {
                try EndpointsTable.insert(
                    db, tenant: tenant, EndpointRecord(endpointKey: endpoint, url: "https://x", createdAt: now))
                try WebhookSecretsTable.insert(
                    db, tenant: tenant, SealedSecret(endpointKey: endpoint, version: 1, sealed: [1]))
            }
            try EndpointsTable.update(db, tenant: nord, endpointKey: "n1", state: .active, stripeEndpointID: "we_1")
            try EndpointsTable.update(db, tenant: nord, endpointKey: "n2", state: .disabled)
            try WebhookSecretsTable.insert(
                db, tenant: nord, SealedSecret(endpointKey: "n1", version: 2, sealed: [2]))
            try WebhookSecretsTable.expire(db, tenant: nord, endpointKey: "n1", version: 1, at: later(60))
            func active(_ at: Timestamp) throws -> [String] {
                try WebhookSecretsTable.activeAcrossTenants(db, now: at).map {
                    "\($0.tenant)/\($0.secret.endpointKey)/\($0.secret.version)"
                }
            }
            #expect(try active(now) == ["kyst/k1/1", "nord/n1/1", "nord/n1/2"])
            #expect(try active(later(60)) == ["kyst/k1/1", "nord/n1/2"])
            let first = try WebhookSecretsTable.activeAcrossTenants(db, now: now, limit: 2)
            let rest = try WebhookSecretsTable.activeAcrossTenants(db, now: now, after: first.last, limit: 2)
            #expect((first + rest).map(\.secret.sealed) == [[1], [1], [2]])
            #expect(
                try WebhookSecretsTable.activeAcrossTenants(db, endpointKey: "n1", now: now).map(\.secret.version)
                    == [1, 2])
            #expect(try WebhookSecretsTable.activeAcrossTenants(db, endpointKey: "n2", now: now).isEmpty)
            #expect(try EndpointsTable.ownerAcrossTenants(db, endpointKey: "k1") == kyst)
            #expect(try EndpointsTable.ownerAcrossTenants(db, endpointKey: "absent") == nil)
            #expect(try EndpointsTable.find(db, tenant: nord, endpointKey: "n1")?.stripeEndpointID == "we_1")
            #expect(
                code { try EndpointsTable.update(db, tenant: kyst, endpointKey: "n1", state: .disabled) } == .notFound)
        }
        let taken = await asyncCode {
            try await store.database.write { db in
                try EndpointsTable.insert(
                    db, tenant: kyst, EndpointRecord(endpointKey: "n1", url: "https://x", createdAt: now))
            }
        }
        #expect(taken == .uniqueViolation)
    }

    @Test("a credential's newest version is listed, and one version exists once", arguments: Engine.dialects)
    func credentials(_ engine: Engine) async throws {
        let store = try await Store(engine)
        @Sendable func insert(
            _ db: any SQLConnection, _ purpose: CredentialPurpose, _ version: Int, key: Int = 1
        ) throws {
            try CredentialsTable.insert(
                db, tenant: nord,
                SealedCredential(
                    purpose: purpose, version: version, sealed: [1], dataKeyVersion: key, fingerprint: "…",
                    rotatedAt: now))
        }
        try await store.database.write { db in
            try DataKeysTable.insert(
                db, tenant: nord, WrappedDataKey(version: 1, kekID: "k1", wrapped: [1], createdAt: now))
            for version in 1...3 { try insert(db, .stripeKey, version) }
            try insert(db, .vismaClientID, 1)
            let newest = try CredentialsTable.list(db, tenant: nord)
            #expect(newest.map(\.purpose) == [.stripeKey, .vismaClientID])
            #expect(newest.map(\.version) == [3, 1])
            #expect(try DataKeysTable.kekIDsInUse(db) == ["k1"])
        }
        let twice = await asyncCode { try await store.database.write { try insert($0, .stripeKey, 3) } }
        #expect(twice == .uniqueViolation)
        let keyless = await asyncCode { try await store.database.write { try insert($0, .stripeKey, 4, key: 9) } }
        #expect(keyless == .foreignKeyViolation)
    }
}
