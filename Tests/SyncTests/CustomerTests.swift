import Domain
import Sandbox
import Simulation
import Storage
import Sync
import Testing

@Suite("Which Stripe customer a Visma customer is")
struct CustomerTests {
    private func links(_ world: World) async throws -> [CustomerLink] {
        let tenant = world.nord.tenant
        return try await world.database.read { try CustomerLinksTable.list($0, tenant: tenant) }
    }

    private func actions(_ world: World, of action: String) async throws -> [AuditEntry] {
        let tenant = world.nord.tenant
        return try await world.database.read { try AuditTable.list($0, tenant: tenant, limit: 1000) }
            .filter { $0.action == action }
    }

    @Test("By description: equal to the Visma name, to the letter, and only one of them")
    func description() async throws {
        let world = try await World(seed: 9, policy: ["customer_rules: [description]"])
        let equal = try world.addStripeCustomer(["email": "x@else.invalid", "description": "Fjord AS"])
        try world.addStripeCustomer(["email": "y@else.invalid", "description": "Fjell AS, Oslo"])
        try world.addStripeCustomer(["email": "z@else.invalid", "description": "vidde as"])
        for mail in ["1", "2"] {
            try world.addStripeCustomer(["email": "\(mail)@tinde.invalid", "description": "Tinde AS"])
        }
        let names = ["Fjord AS", "Fjell AS", "Vidde AS", "Tinde AS"]
        let documents = try names.map { try world.addInvoice(of: try world.addCustomer($0)) }
        try await world.quiet()
        #expect(try await world.link(documents[0])?.stripeCustomer?.rawValue == equal)
        let created = try await links(world).filter { $0.matchedBy == "created" }
        #expect(created.count == 2, "what is merely similar is no match")
        #expect(try await Soundness.reviewCodes(world) == ["customer_ambiguous"])
        #expect(world.pushed(documents[3]).isEmpty)
    }

    @Test("By description: the account is read once, page by page, and kept fresh by events from then on")
    func index() async throws {
        let world = try await World(seed: 9, policy: ["customer_rules: [description]"])
        let oldest = try world.addStripeCustomer(["email": "x@else.invalid", "description": "Fjord AS"])
        for number in 0..<150 { try world.addStripeCustomer(["description": "Andre \(number)"]) }
        let first = try world.addInvoice(of: try world.addCustomer("Fjord AS"))
        try await world.quiet()
        #expect(try await world.link(first)?.stripeCustomer?.rawValue == oldest)
        let read = try #require(try await world.cursor(.stripeCustomers)?.sweptAt)
        world.clock.advance(bySeconds: 60)
        let newest = try world.addStripeCustomer(["email": "y@else.invalid", "description": "Fjell AS"])
        try await world.quiet()
        let second = try world.addInvoice(of: try world.addCustomer("Fjell AS"))
        try await world.quiet()
        #expect(try await world.link(second)?.stripeCustomer?.rawValue == newest)
        #expect(try await world.cursor(.stripeCustomers)?.sweptAt == read, "it is not read again")
    }

    @Test("By description: a reading that was cut off goes on, also past a customer that is gone")
    func indexGoesOn() async throws {
        let world = try await World(seed: 9, policy: ["customer_rules: [description]"])
        let wanted = try world.addStripeCustomer(["email": "x@else.invalid", "description": "Fjord AS"])
        let tenant = world.nord.tenant
        try await world.database.write {
            try CursorsTable.set(
                $0, tenant: tenant, stream: .stripeCustomers, StreamCursor(value: "cus_deleted", sweptAt: nil))
        }
        let document = try world.addInvoice(of: try world.addCustomer("Fjord AS"))
        try await world.quiet()
        #expect(try await world.link(document)?.stripeCustomer?.rawValue == wanted)
        #expect(try await world.cursor(.stripeCustomers)?.sweptAt != nil)
    }

    @Test("By description: a customer that stands for another of ours already is no candidate")
    func descriptionTaken() async throws {
        let world = try await World(seed: 9, policy: ["customer_rules: [description]"])
        let first = try world.addInvoice(of: try world.addCustomer("Fjord AS"))
        try await world.quiet()
        let second = try world.addInvoice(of: try world.addCustomer("Fjord AS"))
        try await world.quiet()
        let customers = try await [world.link(first), world.link(second)].map { $0?.stripeCustomer }
        #expect(customers[0] != nil && customers[1] != nil && customers[0] != customers[1])
        #expect(try await world.openReviews().isEmpty)
    }

    @Test("A customer that got another number is the same one: no second Stripe customer, and the number follows")
    func renumbered() async throws {
        let world = try await World(seed: 9)
        let number = try world.addCustomer("Fjord AS")
        let first = try world.addInvoice(of: number)
        try await world.quiet()
        try world.visma.changeCustomer(number, in: world.nord.vismaTenant) {
            $0.number = "70007"
            $0.name = "Fjord Handel AS"
        }
        let second = try world.addInvoice(of: "70007")
        try await world.quiet()
        #expect(try await world.link(second)?.stripeCustomer == world.link(first)?.stripeCustomer)
        #expect(try world.stripeList("/v1/customers", of: world.nord).count == 1)
        #expect(try await links(world).map(\.vismaNumber.rawValue) == ["70007"])
        let entries = try await actions(world, of: "customer.renumber")
        #expect(entries.map(\.subject) == ["customer/70007"])
        #expect(entries.first?.details.contains(number) == true)
    }

    @Test("A refund that waits is hastened by a credit note under its customer's new number")
    func renumberedRefund() async throws {
        let world = try await World(seed: 9)
        let number = try world.addCustomer("Fjord AS")
        let paid = try world.addInvoice(of: number)
        try await world.quiet()
        let made = try world.stripe.pay(invoice: world.live(paid).id)
        try await world.quiet()
        try world.stripe.refund(charge: made.charge)
        try await world.quiet()
        try world.visma.changeCustomer(number, in: world.nord.vismaTenant) { $0.number = "70007" }
        // Another customer has the former number now, and a document in Stripe.
        let heir = try world.addCustomer("Fjell AS", email: "post@fjell.invalid")
        try world.visma.changeCustomer(heir, in: world.nord.vismaTenant) { $0.number = number }
        let others = try [world.addInvoice(of: number), world.addInvoice(of: "70007")]
        world.clock.advance(bySeconds: 301)
        try await world.quiet()
        #expect(try await world.link(others[0])?.vismaCustomer.rawValue == number)
        #expect(try await world.link(paid)?.vismaCustomer.rawValue == "70007")
        try world.visma.creditInvoice(paid.number, text: "Faktura \(paid.number)", in: world.nord.vismaTenant)
        world.clock.advance(bySeconds: 301)
        try await world.turn(world.nord.tenant)
        #expect(world.vismaRows("payment").filter { $0["type"]?.stringValue == "Refund" }.count == 1)
    }

    @Test("A document that is looked at takes its customer's other documents along to the new number")
    func renumberedDocument() async throws {
        let world = try await World(seed: 9)
        let number = try world.addCustomer("Fjord AS")
        let documents = try (0..<2).map { _ in try world.addInvoice(of: number) }
        let waiting = try world.addInvoice(of: number) { $0.currency = "XTS" }
        try await world.quiet()
        try world.visma.changeCustomer(number, in: world.nord.vismaTenant) { $0.number = "70007" }
        for looked in [documents[0], waiting] {
            try await world.admin().syncNow(world.nord.tenant, document: looked)
            try await world.quiet()
        }
        for document in documents + [waiting] {
            #expect(try await world.link(document)?.vismaCustomer.rawValue == "70007", "\(document)")
        }
    }

    @Test("Several candidates: a person's mapping ends the review, and the documents that wait go out")
    func mapped() async throws {
        let world = try await World(seed: 9)
        let number = try world.addCustomer(email: "a@fjord.invalid")
        try world.addStripeCustomer(["email": "a@fjord.invalid"])
        let chosen = try world.addStripeCustomer(["email": "a@fjord.invalid"])
        let document = try world.addInvoice(of: number)
        try await world.quiet()
        #expect(try await Soundness.reviewCodes(world) == ["customer_ambiguous"])
        let link = try await world.admin().mapCustomer(
            VismaCustomerNumber(number), to: StripeCustomerID(chosen), of: world.nord.tenant)
        #expect(link.matchedBy == "operator")
        try await world.quiet()
        #expect(try await world.link(document)?.stripeCustomer?.rawValue == chosen)
        #expect(try await world.openReviews().isEmpty)
        #expect(try await actions(world, of: "customer.map").map(\.actor) == ["cli:proof"])
        #expect(try await world.fault() == nil)
    }

    @Test("A mapping wins over what is found or made later, and is changed by a person only")
    func operatorWins() async throws {
        let world = try await World(seed: 9)
        let tenant = world.nord.tenant
        let now = world.now()
        let steps = [("cus_1", "email"), ("cus_2", "operator"), ("cus_3", "created"), ("cus_4", "operator")]
        var kept: [String] = []
        for (customer, rule) in steps {
            let link = CustomerLink(
                vismaInternalID: 1, vismaNumber: VismaCustomerNumber("1"), stripeCustomer: StripeCustomerID(customer),
                matchedBy: rule, matchedAt: now)
            try await world.database.write { try CustomerLinksTable.put($0, tenant: tenant, link) }
            kept += try await links(world).map(\.stripeCustomer.rawValue)
        }
        #expect(kept == ["cus_1", "cus_2", "cus_2", "cus_4"])
    }

    @Test("Refused: customers that are not there, one without e-mail, and one that stands for another")
    func refused() async throws {
        let world = try await World(seed: 9)
        let first = try world.addCustomer("Fjord AS")
        let document = try world.addInvoice(of: first)
        try await world.quiet()
        let taken = try #require(try await world.link(document)?.stripeCustomer)
        let second = try world.addCustomer("Fjell AS")
        let mute = try world.addStripeCustomer(["name": "Fjell"])
        let before = try await links(world)
        let cases: [(String, StripeCustomerID, String, String)] = [
            ("99999", taken, "customer.unknown", "99999"),
            (second, StripeCustomerID("cus_none"), "customer.unknown", "cus_none"),
            (second, StripeCustomerID(mute), "customer.email_missing", "e-mail"),
            (second, taken, "customer.taken", "unmap that one first"),
        ]
        for (number, customer, code, says) in cases {
            let error = await #expect(throws: ConnectorError.self) {
                try await world.admin().mapCustomer(
                    VismaCustomerNumber(number), to: customer, of: world.nord.tenant)
            }
            #expect(error?.code == code)
            #expect(error?.text.contains(says) == true)
        }
        // Forgotten by us, it is still marked in Stripe as another's.
        _ = try await world.admin().unmapCustomer(VismaCustomerNumber(first), of: world.nord.tenant)
        let marked = await #expect(throws: ConnectorError.self) {
            try await world.admin().mapCustomer(VismaCustomerNumber(second), to: taken, of: world.nord.tenant)
        }
        #expect(marked?.code == "customer.taken")
        #expect(try await links(world).count == before.count - 1)
    }

    @Test("Unmapped, a customer is found by the rules again; what nobody knows cannot be unmapped")
    func unmapped() async throws {
        let world = try await World(seed: 9)
        let number = try world.addCustomer(email: "a@fjord.invalid")
        let byMail = try world.addStripeCustomer(["email": "a@fjord.invalid"])
        let other = try world.addStripeCustomer(["email": "b@fjord.invalid"])
        let admin = try world.admin()
        let visma = VismaCustomerNumber(number)
        _ = try await admin.mapCustomer(visma, to: StripeCustomerID(other), of: world.nord.tenant)
        let removed = try await admin.unmapCustomer(visma, of: world.nord.tenant)
        #expect(removed.map(\.stripeCustomer.rawValue) == [other])
        let document = try world.addInvoice(of: number)
        try await world.quiet()
        #expect(try await world.link(document)?.stripeCustomer?.rawValue == byMail)
        #expect(try await actions(world, of: "customer.unmap").count == 1)
        let error = await #expect(throws: ConnectorError.self) {
            try await admin.unmapCustomer(VismaCustomerNumber("1"), of: world.nord.tenant)
        }
        #expect(error?.text.contains("ml-connector customer list") == true)
    }

    @Test("An on-demand push is a request of its own, in the trail, and makes the document due")
    func pushRequest() async throws {
        let world = try await World(seed: 9, policy: ["collect: marked"])
        let document = try world.addInvoice()
        try await world.quiet()
        let tenant = world.nord.tenant
        try await world.admin().push(document, of: tenant, reason: "agreed")
        let (requests, work) = try await world.database.read { db in
            let subject = Subject.document(document)
            return (
                try RequestsTable.list(db, tenant: tenant, subject: subject),
                try WorkTable.find(db, tenant: tenant, subject: subject)
            )
        }
        #expect(
            requests == [
                Request(kind: .push, cause: nil, reason: "agreed", actor: "cli:proof", askedAt: world.now())
            ])
        #expect(work?.isDirty == true)
        #expect(try await actions(world, of: "invoice.push").map(\.subject) == [document.description])
        try await world.apply(policy: ["collect: marked"], state: "paused")
        let error = await #expect(throws: ConnectorError.self) {
            try await world.admin().push(document, of: tenant, reason: "again")
        }
        #expect(error?.code == "tenant.not_active")
    }
}
