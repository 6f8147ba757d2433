import Domain
import Sandbox
import Simulation
import Storage
import Sync
import Testing

@Suite("Stripe's events, as they come in life")
struct EventTests {
    /// A world in which one invoice was pushed and its events are delivered.
    private func pushed() async throws -> (World, DocumentRef) {
        let world = try await World(seed: 3)
        let document = try world.addInvoice()
        try await world.quiet()
        return (world, document)
    }

    private func settle(_ world: World) async throws {
        for _ in 0..<3 {
            try await world.turn(world.nord.tenant)
            world.clock.advance(bySeconds: 10)
        }
    }

    @Test("A delivery that comes several times is stored once, counted, and booked once")
    func duplicates() async throws {
        let (world, document) = try await pushed()
        try world.stripe.pay(invoice: world.live(document).id)
        let deliveries = world.stripe.takeDeliveries()
        for delivery in deliveries + deliveries + deliveries { #expect(await world.receive(delivery) == 200) }
        for delivery in deliveries { world.stripe.report(delivery, status: 200) }
        try await settle(world)
        let counted = try await world.events().filter { $0.deliveries == 3 }.count
        #expect(counted == deliveries.count)
        #expect(world.vismaRows("payment").count == 1)
        try await Soundness.expect(world, "duplicates")
    }

    @Test("The order of events does not matter", arguments: 0..<6)
    func reordered(seed: UInt64) async throws {
        let (world, document) = try await pushed()
        let invoice = try world.live(document).id
        try world.stripe.failCard(invoice: invoice)
        let made = try world.stripe.pay(invoice: invoice, amount: 30_000)
        try world.stripe.pay(invoice: invoice)
        try world.stripe.dispute(charge: made.charge)
        var random = SandboxRandom(seed: seed)
        for delivery in world.stripe.takeDeliveries().shuffled(using: &random) {
            world.stripe.report(delivery, status: await world.receive(delivery))
            if random.next() % 3 == 0 { try await world.turn(world.nord.tenant) }
        }
        try await world.quiet()
        #expect(world.vismaRows("payment").count == 2)
        try await Soundness.expect(world, "order \(seed)")
    }

    @Test("An old event sent once more changes nothing that came after it")
    func replayed() async throws {
        let (world, document) = try await pushed()
        let invoice = try world.live(document).id
        try world.stripe.failCard(invoice: invoice)
        try await world.quiet()
        let old = try #require(try await world.events().last { $0.type == "charge.failed" })
        try world.stripe.pay(invoice: invoice)
        try await world.quiet()
        let payments = world.vismaRows("payment")
        let writes = world.stripeWrites()
        try world.stripe.resend(event: old.eventID)
        await world.deliverAll()
        try await world.quiet()
        #expect(world.vismaRows("payment") == payments)
        #expect(world.stripeWrites() == writes)
        #expect(try await world.link(document)?.state == .settled)
    }

    @Test("Ten events about one charge of what we pushed are one look, and no read to find whose they are")
    func collapsed() async throws {
        let (world, document) = try await pushed()
        let made = try world.stripe.pay(invoice: world.live(document).id)
        let dispute = try world.stripe.dispute(charge: made.charge)
        try world.stripe.closeDispute(dispute, isWon: true)
        let statuses = await world.deliverAll()
        #expect(statuses.count >= 7)
        let before = world.stripe.calls()[world.nord.account] ?? [:]
        let report = try #require(try await world.turn(world.nord.tenant))
        #expect(report.looks == 1)
        #expect(report.eventsResolved == statuses.count)
        let after = world.stripe.calls()[world.nord.account] ?? [:]
        for search in ["GET /v1/invoice_payments", "GET /v1/charges/{charge}", "GET /v1/disputes/{dispute}"] {
            #expect(after[search] == before[search])
        }
        #expect(after["GET /v1/invoices/{invoice}"] == (before["GET /v1/invoices/{invoice}"] ?? 0) + 1)
    }

    @Test("An event about what is not ours is ignored with the reason, never dropped")
    func unknownObject() async throws {
        let (world, _) = try await pushed()
        let customer = try world.stripeList("/v1/customers", of: world.nord)[0]["id"]?.stringValue ?? ""
        let foreign = try makeInvoice(world, world.nord, customer: customer, metadata: [:])
        try world.stripe.pay(invoice: foreign)
        try await world.quiet()
        let events = try await world.events().filter { $0.state == .ignored }
        #expect(!events.isEmpty)
        #expect(events.allSatisfy { $0.reason?.isEmpty == false })
        let paid = try #require(events.first { $0.type == "invoice.paid" })
        #expect(paid.reason == "its invoice is not one of ours")
        #expect(world.vismaRows("payment").isEmpty)
    }

    /// An open invoice that somebody made at Stripe past the connector.
    private func makeInvoice(
        _ world: World, _ company: World.Company, customer: String, metadata: [String: String]
    ) throws -> String {
        func post(_ path: String, _ form: String) throws -> SandboxJSON {
            let request = SandboxRequest(
                method: "POST", path: path,
                headers: [
                    (name: "Authorization", value: "Bearer \(company.stripeKey)"),
                    (name: "Content-Type", value: "application/x-www-form-urlencoded"),
                ], body: Array(form.utf8))
            return try SandboxJSON.parse(world.stripe.handle(request).body)
        }
        let due = world.now().unixSeconds + 86_400
        let marks = metadata.map { "&metadata[\($0.key)]=\($0.value)" }.joined()
        let made = try post(
            "/v1/invoices",
            "customer=\(customer)&collection_method=send_invoice&currency=nok&due_date=\(due)&auto_advance=false"
                + "&automatic_tax[enabled]=false\(marks)")
        let id = made["id"]?.stringValue ?? ""
        _ = try post("/v1/invoices/\(id)/add_lines", "lines[0][amount]=5000")
        _ = try post("/v1/invoices/\(id)/finalize", "")
        return id
    }

    @Test("An invoice that bears another tenant's marks, in the wrong account, lands nowhere")
    func forgedTenant() async throws {
        let (world, document) = try await pushed()
        _ = try world.addInvoice(in: world.kyst) { $0.currency = "DKK" }
        try await world.quiet()
        let customer = try world.stripeList("/v1/customers", of: world.kyst)[0]["id"]?.stringValue ?? ""
        let forged = try makeInvoice(
            world, world.kyst, customer: customer,
            metadata: [
                MetadataKey.tenant: "nord", MetadataKey.company: world.nord.vismaTenant,
                MetadataKey.document: document.description,
            ])
        try world.stripe.pay(invoice: forged)
        try await world.quiet()
        #expect(world.vismaRows("payment").isEmpty)
        #expect(world.vismaRows("payment", in: world.kyst).isEmpty)
        #expect(try await world.link(document)?.state == .collecting)
        let ignored = try await world.events(in: world.kyst).filter { $0.objectID == forged }
        #expect(!ignored.isEmpty)
        #expect(ignored.allSatisfy { $0.state == .ignored })
    }

    @Test("An event signed by one tenant that names another's invoice stays with the signer and finds nothing")
    func crossSigned() async throws {
        let (world, document) = try await pushed()
        let invoice = try world.live(document).id
        try world.stripe.pay(invoice: invoice)
        let delivery = try #require(world.stripe.takeDeliveries().first { $0.eventType == "invoice.paid" })
        let secret = try await SignedEvents(world).secret(of: world.kyst)
        let status = await SignedEvents(world).post(delivery.body, secret: secret, endpointKey: nil)
        #expect(status == .stored(world.kyst.tenant))
        try await world.turn(world.kyst.tenant)
        let stored = try #require(try await world.events(in: world.kyst).first { $0.eventID == delivery.eventID })
        #expect(stored.state == .ignored)
        #expect(stored.subject == nil)
        #expect(world.vismaRows("payment", in: world.kyst).isEmpty)
    }

    @Test("An event that is there before the link is not lost")
    func beforeLink() async throws {
        let world = try await World(seed: 3)
        let document = try world.addInvoice()
        // Killed after Stripe made everything and before the database knows of the finalized invoice.
        world.chaos.crashOnce(at: .effectAnswered(Step.finalizeInvoice))
        try await world.turn(world.nord.tenant)
        try world.stripe.pay(invoice: world.stripe.invoices()[0].id)
        await world.deliverAll()
        try await world.quiet()
        #expect(try await world.link(document)?.state == .settled)
        try await Soundness.expect(world, "paid before the link was known")
    }

    @Test("An event that was ignored before its invoice was known is read again with the link")
    func reopened() async throws {
        let world = try await World(seed: 3)
        let document = try world.addInvoice()
        world.chaos.crashOnce(at: .effectAnswered(Step.createInvoice))
        try await world.turn(world.nord.tenant)
        let invoice = try world.stripeList("/v1/invoices", of: world.nord)[0]["id"]?.stringValue ?? ""
        let tenant = world.nord.tenant
        let now = world.now()
        try await world.database.write { db in
            _ = try EventsTable.insert(
                db, tenant: tenant,
                StoredEvent(
                    eventID: "evt_early", type: "invoice.updated", objectID: invoice, isLive: false,
                    body: Array(#"{"id":"evt_early"}"#.utf8), receivedAt: now, state: .ignored, reason: "not known"))
        }
        try await world.quiet()
        let early = try #require(try await world.events().first { $0.eventID == "evt_early" })
        // Read again: what it says cannot be understood, and that is the reason now.
        #expect(early.reason?.hasPrefix("unreadable") == true)
        #expect(try await world.link(document)?.state == .collecting)
    }

    @Test("What came about the payment before it was known to be ours is read again with it")
    func reopenedPayment() async throws {
        let world = try await World(seed: 3)
        let document = try world.addInvoice()
        // Our own push's answer is lost; the customer pays and disputes before anybody looks it up.
        world.chaos.crashOnce(at: .effectAnswered(Step.finalizeInvoice))
        try await world.turn(world.nord.tenant)
        let made = try world.stripe.pay(invoice: world.stripe.invoices()[0].id)
        let dispute = try world.stripe.dispute(charge: made.charge)
        await world.deliverAll()
        let tenant = world.nord.tenant
        try await world.database.write { db in
            for event in try EventsTable.list(db, tenant: tenant, limit: 100) where event.objectID != made.invoice {
                try EventsTable.markIgnored(db, tenant: tenant, eventID: event.eventID, reason: "not known")
            }
        }
        try await world.quiet()
        let about = Set([made.charge, made.paymentIntent, made.invoicePayment, dispute])
        let events = try await world.events().filter { about.contains($0.objectID ?? "") }
        #expect(Set(events.compactMap(\.objectID)).isSuperset(of: [made.charge, made.invoicePayment, dispute]))
        #expect(events.allSatisfy { $0.state == .resolved && $0.subject == .document(document) })
    }

    @Test("An event of the wrong mode is stored with the reason and never looked at")
    func wrongMode() async throws {
        let (world, document) = try await pushed()
        try world.stripe.pay(invoice: world.live(document).id)
        let delivery = try #require(world.stripe.takeDeliveries().first { $0.eventType == "invoice.paid" })
        let live = String(decoding: delivery.body, as: UTF8.self)
            .replacing(/"livemode":\s*false/, with: "\"livemode\":true")
        let signed = SignedEvents(world)
        let outcome = await signed.post(
            Array(live.utf8), secret: try await signed.secret(of: world.nord), endpointKey: nil)
        #expect(outcome == .stored(world.nord.tenant))
        let stored = try #require(try await world.events().first { $0.eventID == delivery.eventID })
        #expect(stored.state == .ignored)
        #expect(stored.reason == "its mode is not the tenant's: live")
    }

    @Test("One event that Stripe refuses to talk about does not hold up the others")
    func poisonous() async throws {
        let (world, document) = try await pushed()
        try world.stripe.pay(invoice: world.live(document).id)
        let tenant = world.nord.tenant
        let first = World.start
        let body =
            #"{"id":"evt_0","object":"event","type":"charge.failed","livemode":false,"#
            + #""data":{"object":{"id":"","object":"charge","payment_intent":""}}}"#
        try await world.database.write { db in
            _ = try EventsTable.insert(
                db, tenant: tenant,
                StoredEvent(
                    eventID: "evt_0", type: "charge.failed", objectID: nil, isLive: false, body: Array(body.utf8),
                    receivedAt: first))
        }
        await world.deliverAll()
        try await world.quiet()
        let poison = try #require(try await world.events().first { $0.eventID == "evt_0" })
        #expect(poison.state == .ignored)
        #expect(try await world.link(document)?.state == .settled)
    }
}
