import Domain
import Outbound
import Sandbox
import Simulation
import Storage
import Sync
import Testing

@Suite("One document after the other, and each by itself")
struct OrderTests {
    @Test("While one payment's outcome is unknown, nothing later of its document is booked, and other documents go on")
    func stuck() async throws {
        let world = try await World(seed: 32)
        let tenant = world.nord.vismaTenant
        let stuck = try world.addInvoice(of: try world.addCustomer("Fast AS"))
        let other = try world.addInvoice(of: try world.addCustomer("Fri AS", email: "faktura@fri.invalid"))
        try await world.quiet()
        let lost = Countdown(1)
        world.transport.aim { request in
            let isIts = String(decoding: request.body, as: UTF8.self).contains("\"\(stuck.number)\"")
            return request.step == Step.createPayment && isIts && lost.next() ? .lostRequest : nil
        }
        let made = try world.stripe.pay(invoice: world.live(stuck).id)
        await world.deliverAll()
        try await world.turn(world.nord.tenant)
        #expect(!lost.next())
        // It is given back while nobody can know whether it is booked.
        try world.visma.creditInvoice(stuck.number, text: "Faktura \(stuck.number)", in: tenant)
        try world.stripe.refund(charge: made.charge)
        try world.stripe.pay(invoice: world.live(other).id)
        await world.deliverAll()
        world.clock.advance(bySeconds: 10)
        try await world.turn(world.nord.tenant)
        let booked = world.vismaRows("payment")
        #expect(booked.count == 1)
        #expect(booked.first?["applications"]?.elements?.first?["number"]?.stringValue == other.number)
        #expect(try await world.link(other)?.state == .settled)
        try await world.quiet()
        let journal = try await world.database.read { [tenant = world.nord.tenant] db in
            try JournalTable.list(db, tenant: tenant, subject: .document(stuck))
        }
        let done = journal.filter { $0.state == .done && $0.step.hasSuffix(".create") }.sorted { $0.sentAt < $1.sentAt }
        #expect(done.map(\.step).suffix(2) == [Step.createPayment, Step.createRefund])
        try await Soundness.expect(world, "a stuck payment")
    }

    @Test("One payment on two invoices, killed at either of its bookings: each invoice has its own once")
    func killedAtEither() async throws {
        for step in [Step.createPayment, Step.releasePayment] {
            for checkpoint in [Checkpoint.effectSent(step), .effectAnswered(step), .effectSettled(step)] {
                for before in 0..<2 {
                    let passed = Countdown(before)
                    let world = try await Scenario.paidTogether.run(prepare: { world in
                        let once = Countdown(1)
                        world.interlude { [weak world] reached in
                            guard reached == checkpoint, !passed.next(), once.next() else { return }
                            world?.chaos.crashOnce(at: checkpoint)
                        }
                    })
                    #expect(world.chaos.crashes == 1)
                    #expect(world.vismaRows("payment").count == 2)
                    try await Soundness.expect(
                        world, ending: Scenario.paidTogether, "\(checkpoint) after \(before) others")
                }
            }
        }
    }
}
