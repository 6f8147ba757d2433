import Domain
import Sandbox
import Simulation
import Storage
import Sync
import Testing

/// What once stood still for ever: a document that could not go on, and nobody was told.
@Suite("Nothing stands still")
struct StandstillTests {
    @Test(
        "Reported, not yet attached, and the customer pays: Stripe is told by other means, and what follows is booked")
    func recordGivenUp() async throws {
        let world = try await World(seed: 9)
        let document = try world.addInvoice()
        try await world.quiet()
        let invoice = try world.live(document).id
        _ = try world.visma.applyOutsidePayment(to: document.number, amount: "500", in: world.nord.vismaTenant)
        let once = Countdown(1)
        world.transport.aim { request in
            guard request.step == Step.attachPayment, once.next() else { return nil }
            return .notSent
        }
        world.clock.advance(bySeconds: 600)
        try await world.turn(world.nord.tenant)
        #expect(!once.next())
        let tenant = world.nord.tenant
        let reported = try await world.database.read {
            try SettlementsTable.list($0, tenant: tenant, document: document, revision: 1)
        }
        #expect(reported.map(\.isAttached) == [false])
        let made = try world.stripe.pay(invoice: invoice, amount: 115_000)
        try await world.quiet()
        #expect(try world.live(document).status == "paid")
        let told = try await world.database.read {
            try SettlementsTable.list($0, tenant: tenant, document: document, revision: 1)
        }
        #expect(told.map(\.way) == [.outOfBand])
        #expect(told.map(\.isAttached) == [true])
        let unsettled = try await world.database.read { try JournalTable.unsettled($0, tenant: tenant) }
        #expect(unsettled.isEmpty)
        // The document still moves: of what stands unapplied a part is given back.
        try world.stripe.refund(charge: made.charge, amount: 10_000)
        try await world.quiet()
        let refunds = world.vismaRows("payment").filter { $0["type"]?.stringValue == "Refund" }
        #expect(refunds.map { $0["amount"]?.stringValue } == ["100.00"])
        #expect(try await Soundness.reviewCodes(world) == ["overpaid"])
    }

    @Test("What Visma answers with a 500 every time is a refusal after three: a person is told, and nothing is twice")
    func answeredWith500() async throws {
        let world = try await World(seed: 9)
        let document = try world.addInvoice()
        try await world.quiet()
        world.transport.aim { $0.step == Step.createPayment ? .serverError : nil }
        try world.stripe.pay(invoice: world.live(document).id)
        for _ in 0..<6 {
            try await world.quiet()
            world.clock.advance(bySeconds: 600)
        }
        let subject = Subject.document(document)
        let tenant = world.nord.tenant
        let effects = try await world.database.read { try JournalTable.list($0, tenant: tenant, subject: subject) }
            .filter { $0.step == Step.createPayment }
        #expect(effects.map(\.state) == [.absent, .absent, .failed])
        #expect(try await Soundness.reviewCodes(world) == ["effect_refused"])
        world.transport.aim(nil)
        try await world.admin().syncNow(tenant, document: document)
        try await world.quiet()
        #expect(try await world.openReviews().isEmpty)
        #expect(world.vismaRows("payment").count == 1)
        try await Soundness.expect(world, "a 500 every time")
    }

    @Test("A note that another program changes every time does not keep Stripe from being told of a payment in Visma")
    func noteInConflict() async throws {
        let world = try await World(seed: 9, recordEdits: .noteAllowed)
        let document = try world.addInvoice()
        // Between each look and each write of the note somebody saves the invoice.
        world.transport.aim { [weak world] request in
            guard request.step == Step.writeNote, let world else { return nil }
            try? world.visma.editNote(of: document.number, to: "\(world.now())", in: world.nord.vismaTenant)
            world.clock.advance(bySeconds: 1)
            return nil
        }
        try await world.quiet()
        #expect(try await Soundness.reviewCodes(world) == ["conflict_loop"])
        _ = try world.visma.applyOutsidePayment(to: document.number, amount: "1250", in: world.nord.vismaTenant)
        world.clock.advance(bySeconds: 600)
        try await world.quiet()
        #expect(try world.live(document).status == "paid")
        world.transport.aim(nil)
        world.clock.advance(bySeconds: 7200)
        try await world.quiet()
        #expect(try await world.openReviews().isEmpty)
    }

    @Test("Paid at the bank and in Stripe at the same moment: the payment stands unapplied, and is said to")
    func bothAtOnce() async throws {
        let world = try await World(seed: 9)
        let document = try world.addInvoice()
        try await world.quiet()
        let once = Countdown(1)
        world.transport.aim { [weak world] request in
            guard request.step == Step.createPayment, once.next(), let world else { return nil }
            _ = try? world.visma.applyOutsidePayment(to: document.number, amount: "1250", in: world.nord.vismaTenant)
            return nil
        }
        try world.stripe.pay(invoice: world.live(document).id)
        try await world.quiet()
        #expect(!once.next())
        #expect(try await Soundness.reviewCodes(world) == ["paid_twice"])
        try await Soundness.expect(world, "both at once")
    }

    @Test("Lost, and the customer renumbered before the look: what was made is found under the other number")
    func renumbered() async throws {
        let world = try await World(seed: 9)
        let customer = try world.addCustomer()
        let document = try world.addInvoice(of: customer)
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id)
        let aimed = AimedFault(.lostAnswer, on: Step.createPayment)
        world.transport.aim { aimed.strike($0) }
        try await world.turn(world.nord.tenant)
        await world.deliverAll()
        try await world.turn(world.nord.tenant)
        #expect(aimed.didStrike)
        try world.visma.changeCustomer(customer, in: world.nord.vismaTenant) { $0.number = "70001" }
        world.clock.advance(bySeconds: 600)
        try await world.quiet()
        #expect(world.vismaRows("payment").count == 1)
        #expect(try await world.link(document)?.state == .settled)
    }
}
