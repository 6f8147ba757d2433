import Domain
import Outbound
import Sandbox
import Simulation
import Storage
import Sync
import Testing

@Suite("Outside writes switched off")
struct WritesOffTests {
    @Test("Nothing is written while they are off, the journal keeps what waits, and on again all is done once")
    func offAndOn() async throws {
        let world = try await World(seed: 81)
        let tenant = world.nord.tenant
        let collecting = try world.addInvoice()
        try await world.quiet()
        // One write of which nobody knows whether it took effect.
        let lost = AimedFault(.lostAnswer, on: Step.createInvoice)
        world.transport.aim { lost.strike($0) }
        let uncertain = try world.addInvoice()
        world.clock.advance(bySeconds: 301)
        try await world.turn(tenant)
        #expect(lost.didStrike)
        world.transport.aim(nil)

        try await world.boot(writesOn: false)
        let sent = Asked()
        world.transport.observe { request, _ in if let step = request.step { sent.note(step) } }
        let waiting = try world.addInvoice()
        try world.stripe.pay(invoice: world.live(collecting).id)
        for _ in 0..<30 {
            await world.deliverAll()
            world.clock.advance(bySeconds: 120)
            try await world.turn(tenant)
        }
        #expect(sent.all == [])
        #expect(world.pushed(waiting).isEmpty)
        #expect(world.vismaRows("payment").isEmpty)
        let (unsettled, errors) = try await world.database.read { db in
            (
                try JournalTable.unsettled(db, tenant: tenant).map(\.step),
                try WorkTable.dirtyList(db, tenant: tenant, limit: 100).compactMap(\.lastError)
            )
        }
        #expect(unsettled == [Step.createInvoice])
        #expect(errors.count == 3)
        #expect(errors.allSatisfy { $0.contains("outside writes are switched off") }, "\(errors)")

        try await world.boot()
        try await world.quiet()
        #expect(try await world.link(collecting)?.state == .settled)
        for document in [uncertain, waiting] { #expect(world.pushed(document).count == 1) }
        #expect(try await Soundness.reviewCodes(world) == [])
        try await Soundness.expect(world, "on again")
    }
}
