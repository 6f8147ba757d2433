import Domain
import Foundation
import Sandbox
import Simulation
import Storage
import Testing

@testable import Sync

/// What one thing costs in calls, as the simulators count them: both sides allot calls by the hour and the month.
@Suite("What it costs in calls")
struct CallCountTests {
    /// Calls of the first company by operation, tokens apart.
    private struct Spent: CustomStringConvertible {
        var visma: [String: Int]
        var stripe: [String: Int]

        init(_ world: World) {
            visma = world.visma.calls(of: world.nord.vismaTenant)
            stripe = world.stripe.calls()[world.nord.account] ?? [:]
        }

        static func - (after: Spent, before: Spent) -> Spent {
            var spent = after
            spent.visma = difference(after.visma, before.visma)
            spent.stripe = difference(after.stripe, before.stripe)
            return spent
        }

        private static func difference(_ after: [String: Int], _ before: [String: Int]) -> [String: Int] {
            after.merging(before) { $0 - $1 }.filter { $0.value != 0 }
        }

        var vismaCount: Int { visma.values.reduce(0, +) }
        var vismaWrites: Int { visma.filter { !$0.key.hasPrefix("GET") }.values.reduce(0, +) }
        var stripeCount: Int { stripe.values.reduce(0, +) }
        var description: String {
            "Stripe \(stripeCount) \(stripe.sorted { $0 < $1 }), Visma \(vismaCount) \(visma.sorted { $0 < $1 })"
        }
    }

    /// What `body` and the turn after it cost; what Stripe has to say of it is delivered first.
    private func spent(
        _ world: World, _ what: String, _ body: () throws -> Void
    ) async throws -> (calls: Spent, looks: Int) {
        try body()
        await world.deliverAll()
        let before = Spent(world)
        let report = try #require(try await world.turn(world.nord.tenant))
        let calls = Spent(world) - before
        FileHandle.standardError.write(Data("calls: \(what): \(calls)\n".utf8))
        return (calls, report.looks)
    }

    /// A document whose push is done, quiet on both sides; Visma's lists have just been read, and Stripe's events
    /// listed, which has a clock of its own.
    private func pushed(
        _ policy: [String] = [], recordEdits: VismaBehaviour.RecordEdits = .refused
    ) async throws -> (World, DocumentRef) {
        let world = try await World(seed: 31, recordEdits: recordEdits, policy: policy)
        let document = try world.addInvoice()
        try await world.quiet()
        try await listEvents(world)
        return (world, document)
    }

    private func listEvents(_ world: World) async throws {
        world.clock.advance(bySeconds: CatchUp.sweepSeconds + 1)
        let (calls, _) = try await spent(world, "Stripe's events are listed") {}
        #expect(calls.stripe == ["GET /v1/events": 1])
    }

    @Test("A first push to a known customer: exactly three Stripe calls and at most one Visma write")
    func push() async throws {
        let (world, first) = try await pushed()
        let customer = try #require(world.vismaDocument(first)?["customer"]?.stringValue)
        world.clock.advance(bySeconds: 301)
        let (calls, _) = try await spent(world, "first push to a known customer") {
            _ = try world.addInvoice("77", of: customer)
        }
        #expect(calls.stripeCount == 3)
        #expect(calls.vismaWrites <= 1)
    }

    @Test("A poll with nothing new: one Visma call per list and none to Stripe, inside the overlap and beyond it")
    func idlePoll() async throws {
        let (world, _) = try await pushed()
        let lists = ["GET customercreditnote": 1, "GET customerpayment": 1, "GET customerinvoice": 1]
        for pause in [301, 301] as [Int64] {
            world.clock.advance(bySeconds: pause)
            let (calls, looks) = try await spent(world, "a poll with nothing new") {}
            #expect(calls.visma == lists)
            #expect(calls.stripe == [:])
            #expect(looks == 0)
        }
        // So much later that what was read last lies behind the overlap; Stripe's events are listed now and then.
        world.clock.advance(bySeconds: 3 * 3600)
        try await listEvents(world)
        world.clock.advance(bySeconds: 301)
        let (calls, _) = try await spent(world, "a poll with nothing new beyond the overlap") {}
        #expect(calls.visma == lists)
        #expect(calls.stripe == [:])
    }

    @Test("Nothing is asked while nothing is due")
    func nothingDue() async throws {
        let (world, _) = try await pushed()
        world.clock.advance(bySeconds: 301)
        _ = try await spent(world, "polled") {}
        let (calls, _) = try await spent(world, "nothing due") {}
        #expect(calls.vismaCount + calls.stripeCount == 0)
    }

    @Test("A payment of the invoice's own intent: two Stripe reads and four Visma calls at most")
    func payment() async throws {
        let (world, document) = try await pushed(["write_invoice_record: false"])
        let (calls, looks) = try await spent(world, "a payment") {
            try world.stripe.pay(invoice: world.live(document).id)
        }
        #expect(calls.stripeCount <= 2)
        #expect(calls.vismaCount <= 4)
        #expect(looks == 1)
        #expect(try await world.link(document)?.state == .settled)
    }

    @Test("A payment whose invoice shows the record: at most one Visma call more")
    func paymentWithRecord() async throws {
        let (world, document) = try await pushed(recordEdits: .noteAllowed)
        let (calls, _) = try await spent(world, "a declined card, a payment and the record of both") {
            let invoice = try world.live(document).id
            try world.stripe.failCard(invoice: invoice)
            try world.stripe.pay(invoice: invoice)
        }
        #expect(calls.stripeCount <= 2)
        #expect(calls.vismaCount <= 5)
        #expect(calls.visma["PUT customerinvoice/*"] == 1)
    }

    @Test("A payment where Visma takes attachments only: at most one Visma call more, too")
    func paymentWithAttachment() async throws {
        let (world, document) = try await pushed()
        let (calls, _) = try await spent(world, "a declined card, a payment and the attachment of both") {
            let invoice = try world.live(document).id
            try world.stripe.failCard(invoice: invoice)
            try world.stripe.pay(invoice: invoice)
        }
        #expect(calls.stripeCount <= 2)
        #expect(calls.vismaCount <= 5)
        #expect(calls.visma["POST customerinvoice/*/attachment"] == 1)
    }

    @Test("A payment of another intent, of a part: two Stripe reads and four Visma calls at most, too")
    func partPayment() async throws {
        let (world, document) = try await pushed(["write_invoice_record: false"])
        let (calls, looks) = try await spent(world, "a part payment") {
            try world.stripe.pay(invoice: world.live(document).id, amount: 50_000)
        }
        #expect(calls.stripeCount <= 2)
        #expect(calls.vismaCount <= 4)
        #expect(looks == 1)
    }

    @Test("A payment on hold: three Visma calls at most")
    func paymentOnHold() async throws {
        let (world, document) = try await pushed(["booking: hold", "write_invoice_record: false"])
        let (calls, _) = try await spent(world, "a payment on hold") {
            try world.stripe.pay(invoice: world.live(document).id)
        }
        #expect(calls.stripeCount <= 2)
        #expect(calls.vismaCount <= 3)
        #expect(world.vismaRows("payment").map { $0["status"]?.stringValue } == ["Hold"])
    }

    @Test("A release that Visma queues is read again only until it is done")
    func queuedRelease() async throws {
        let (world, document) = try await pushed(["write_invoice_record: false"])
        try world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.releaseDelaySeconds = 12 }
        let (calls, _) = try await spent(world, "a payment whose release is queued") {
            try world.stripe.pay(invoice: world.live(document).id)
        }
        #expect(calls.vismaCount <= 4)
        world.clock.advance(bySeconds: 6)
        let (still, looks) = try await spent(world, "its release still queued") {}
        #expect(looks == 1)
        #expect(still.vismaWrites == 0)
        world.clock.advance(bySeconds: 12)
        _ = try await spent(world, "its release done") {}
        #expect(try await world.link(document)?.state == .settled)
        world.clock.advance(bySeconds: 60)
        let (after, none) = try await spent(world, "after its release") {}
        #expect(none == 0)
        #expect(after.vismaCount + after.stripeCount == 0)
    }

    /// Each wakes its tenant, as each that a server receives does.
    private func deliver(_ deliveries: [StripeDelivery], _ world: World) async throws {
        for delivery in deliveries {
            world.stripe.report(delivery, status: await world.receive(delivery))
            try await world.turn(world.nord.tenant)
        }
    }

    @Test("Ten events about one charge, one after the other, each waking the tenant: two looks at most")
    func events() async throws {
        let (world, document) = try await pushed()
        let made = try world.stripe.pay(invoice: world.live(document).id)
        let paid = world.stripe.takeDeliveries()
        let (once, looks) = (Countdown(1), Recorder())
        // What comes while the first look is under way is left for one more.
        world.interlude { [weak world] reached in
            if reached == .workSettled { looks.note("look") }
            guard reached == .observed, once.next(), let world else { return }
            try await deliver(Array(paid.dropFirst()), world)
            let dispute = try world.stripe.dispute(charge: made.charge)
            try await deliver(world.stripe.takeDeliveries(), world)
            for day in 1...6 {
                try world.stripe.moveDisputeDeadline(
                    dispute, to: World.start.adding(seconds: Int64(day) * 86_400).unixSeconds)
                try await deliver(world.stripe.takeDeliveries(), world)
            }
            try world.stripe.answerDispute(dispute)
            try world.stripe.closeDispute(dispute, isWon: true)
            try await deliver(world.stripe.takeDeliveries(), world)
        }
        try await deliver(Array(paid.prefix(1)), world)
        for _ in 0..<3 { try await world.turn(world.nord.tenant) }
        let about = try await world.events().filter { $0.type.hasPrefix("charge.") }
        #expect(about.count >= 10)
        #expect(about.allSatisfy { $0.state == .resolved })
        #expect((1...2).contains(looks.lines.count))
        #expect(try await world.link(document)?.state == .settled)
    }

    /// Not held to a figure: shown, so that a change is seen.
    @Test("Refund, dispute, credit note and outside payment cost what they show")
    func others() async throws {
        let (world, document) = try await pushed()
        try world.stripe.pay(invoice: world.live(document).id, amount: 50_000)
        try await world.quiet()
        let charge = try #require(try world.live(document).charge)
        let (dispute, _) = try await spent(world, "a dispute") { try world.stripe.dispute(charge: charge) }
        #expect(dispute.stripeCount > 0)
        try await world.quiet()
        try world.visma.creditInvoice(
            document.number, amount: "100", text: document.number, in: world.nord.vismaTenant)
        try await world.quiet()
        let (refund, _) = try await spent(world, "a refund whose credit note is there") {
            try world.stripe.refund(charge: charge, amount: 10_000)
        }
        #expect(refund.vismaWrites > 0)
        try await world.quiet()
        world.clock.advance(bySeconds: 301)
        let (credit, _) = try await spent(world, "a credit note in Visma") {
            let tenant = world.nord.vismaTenant
            let note = try world.visma.creditInvoice(document.number, amount: "50", in: tenant)
            try world.visma.applyCreditNote(note, to: document.number, amount: "50", in: tenant)
        }
        #expect(credit.stripe["POST /v1/credit_notes"] == 1)
        try await world.quiet()
        world.clock.advance(bySeconds: 301)
        let (outside, _) = try await spent(world, "a payment outside Stripe") {
            _ = try world.visma.applyOutsidePayment(to: document.number, amount: "70", in: world.nord.vismaTenant)
        }
        #expect(outside.stripe["POST /v1/payment_records/report_payment"] == 1)
        try await world.quiet()
        try await Soundness.expect(world, "after all of them")
    }
}
