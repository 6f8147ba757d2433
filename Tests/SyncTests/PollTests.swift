import Domain
import Outbound
import Sandbox
import Simulation
import Storage
import Testing

@testable import Sync

@Suite("Reading Visma's lists")
struct PollTests {
    @Test("When nothing is new a turn costs one call per list, and none to Stripe")
    func idle() async throws {
        let world = try await World(seed: 5)
        for _ in 0..<3 { _ = try world.addInvoice() }
        try await world.quiet()
        // The events are caught up with here, and not again soon.
        world.clock.advance(bySeconds: CatchUp.sweepSeconds)
        try await world.turn(world.nord.tenant)
        let visma = world.visma.calls(of: world.nord.vismaTenant)
        let stripe = world.stripeCallCount()
        world.clock.advance(bySeconds: 301)
        let report = try #require(try await world.turn(world.nord.tenant))
        let after = world.visma.calls(of: world.nord.vismaTenant)
        #expect(world.stripeCallCount() == stripe)
        #expect(after.values.reduce(0, +) == visma.values.reduce(0, +) + Poller.streams.count)
        // The overlap's rows come again and are known.
        #expect(report.rowsChanged == 0)
        #expect(report.looks == 0)
    }

    @Test("Between two polls nothing is asked at all")
    func notDue() async throws {
        let world = try await World(seed: 5)
        try await world.quiet()
        let calls = world.visma.callCount(of: world.nord.vismaTenant)
        world.clock.advance(bySeconds: 100)
        try await world.turn(world.nord.tenant)
        try await world.turn(world.nord.tenant)
        #expect(world.visma.callCount(of: world.nord.vismaTenant) == calls)
    }

    @Test("The first sweep begins 31 days before the start date, the next behind the cursor by the overlap")
    func since() async throws {
        let world = try await World(seed: 5, policy: ["start_date: \"2026-11-01\"", "poll_overlap_seconds: 3600"])
        let asked = Asked()
        world.transport.observe { request, _ in asked.note(request.url) }
        _ = try world.addInvoice()
        try await world.turn(world.nord.tenant)
        #expect(asked.times == ["2026-10-01T00:00:00", "2026-10-01T00:00:00", "2026-10-01T00:00:00"])
        let cursor = try #require(try await world.cursor(.vismaInvoices)?.value)
        let expected = try #require(ServerTimeText.moved(cursor, backSeconds: 3600))
        asked.clear()
        world.clock.advance(bySeconds: 301)
        try await world.turn(world.nord.tenant)
        #expect(asked.times.first == expected)
    }

    @Test("Killed between two pages, the cursor has not passed what was not read", arguments: 1...3)
    func crashBetweenPages(page: Int) async throws {
        let world = try await World(seed: 5)
        try world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.pageSizeMax = 2 }
        let customer = try world.addCustomer()
        var documents: [DocumentRef] = []
        for _ in 0..<7 {
            documents.append(try world.addInvoice(of: customer))
            world.clock.advance(bySeconds: 60)
        }
        let count = Countdown(page - 1)
        world.interlude { [chaos = world.chaos] reached in
            if reached == .pageStored, !count.next() { chaos.crashOnce(at: .pageStored) }
        }
        #expect(try await world.turn(world.nord.tenant) == nil)
        #expect(try await world.cursor(.vismaInvoices) == nil)
        world.interlude(nil)
        try await world.quiet()
        for document in documents { #expect(try await world.link(document)?.state == .collecting) }
        try await Soundness.expect(world, "killed after page \(page)")
    }

    @Test("A hint that comes while the lists are read makes the one that was being read due again")
    func hintWhileReading() async throws {
        let world = try await World(seed: 5)
        _ = try world.addInvoice()
        try await world.quiet()
        world.clock.advance(bySeconds: 301)
        let once = Countdown(1)
        world.interlude { [world, tenant = world.nord.tenant] reached in
            guard reached == .pageStored, once.next() else { return }
            let now = world.now()
            try await world.environment().database.write { try Poller.makeDue($0, tenant: tenant, now: now) }
        }
        try await world.turn(world.nord.tenant)
        world.interlude(nil)
        let calls = world.visma.calls(of: world.nord.vismaTenant)
        for _ in 0..<2 { try await world.turn(world.nord.tenant) }
        let after = world.visma.calls(of: world.nord.vismaTenant)
        #expect(after["GET customerinvoice"] ?? 0 == (calls["GET customerinvoice"] ?? 0) + 1)
        #expect(after["GET customerpayment"] == calls["GET customerpayment"])
    }

    @Test("After a sweep that took longer than the overlap the cursor stays behind what may have slipped by")
    func slowSweep() async throws {
        let quick = try await swept(pausingSeconds: 0)
        let slow = try await swept(pausingSeconds: 100)
        #expect(slow < quick)
    }

    /// The cursor after one sweep of three pages with a pause after the first, under an overlap of a minute.
    private func swept(pausingSeconds: Int64) async throws -> String {
        let world = try await World(seed: 5, policy: ["poll_overlap_seconds: 60"])
        try world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.pageSizeMax = 2 }
        let customer = try world.addCustomer()
        for _ in 0..<6 {
            _ = try world.addInvoice(of: customer)
            world.clock.advance(bySeconds: 3600)
        }
        let once = Countdown(1)
        world.interlude { [clock = world.clock] reached in
            if reached == .pageStored, once.next() { clock.advance(bySeconds: pausingSeconds) }
        }
        try await world.turn(world.nord.tenant)
        return try #require(try await world.cursor(.vismaInvoices)?.value)
    }

    @Test("More rows within the overlap than on a page: the cursor still moves on")
    func fullPages() async throws {
        let world = try await World(seed: 5)
        try world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.pageSizeMax = 2 }
        let customer = try world.addCustomer()
        for _ in 0..<9 {
            _ = try world.addInvoice(of: customer)
            world.clock.advance(bySeconds: 60)
        }
        try await world.quiet()
        let first = try #require(try await world.cursor(.vismaInvoices)?.value)
        // A day later one more comes: none of the nine is read again.
        world.clock.advance(bySeconds: 86_400)
        _ = try world.addInvoice(of: customer)
        try await world.quiet()
        world.clock.advance(bySeconds: 86_400)
        let before = world.visma.calls(of: world.nord.vismaTenant)["GET customerinvoice"] ?? 0
        try await world.turn(world.nord.tenant)
        let after = world.visma.calls(of: world.nord.vismaTenant)["GET customerinvoice"] ?? 0
        let last = try #require(try await world.cursor(.vismaInvoices)?.value)
        #expect(last > first)
        #expect(before > 0)
        #expect(after - before == 1)
    }

    @Test("A change of a row dirties its document, a payment the documents that it is applied to")
    func changes() async throws {
        let world = try await World(seed: 5)
        let document = try world.addInvoice()
        try await world.quiet()
        #expect(try await world.openReviews().isEmpty)
        // Not touching the invoice itself: only the payment's own row tells.
        try world.visma.changeBehaviour(of: world.nord.vismaTenant) { $0.paymentsTouchDocuments = false }
        _ = try world.visma.applyOutsidePayment(to: document.number, amount: "300", in: world.nord.vismaTenant)
        world.clock.advance(bySeconds: 301)
        let report = try #require(try await world.turn(world.nord.tenant))
        #expect(report.rowsChanged >= 1)
        #expect(report.looks == 1)
        #expect(try world.live(document).amountRemaining == 95_000)
    }

    @Test("A credit note dirties the invoice that it is applied to")
    func creditNote() async throws {
        let world = try await World(seed: 5)
        let customer = try world.addCustomer()
        let document = try world.addInvoice(of: customer)
        try await world.quiet()
        let note = try world.visma.addCreditNote(
            VismaInvoiceSeed(
                customer: customer, date: "2026-11-21", lines: [VismaLineSeed("Retur", unitPrice: "100")]),
            in: world.nord.vismaTenant)
        try world.visma.applyCreditNote(note, to: document.number, amount: "125", in: world.nord.vismaTenant)
        try await world.quiet()
        #expect(try await Soundness.reviewCodes(world) == [])
    }

    @Test("While Visma is down it is not asked several times a second, but longer and longer apart")
    func pauses() async throws {
        let world = try await World(seed: 5)
        let calls = Asked()
        world.transport.aim { request in
            guard request.url.contains(":1/") else { return nil }
            calls.note(request.url)
            return .notSent
        }
        for _ in 0..<3000 {
            try await world.turn(world.nord.tenant)
            world.clock.advance(byMicroseconds: 200_000)
        }
        // Ten minutes at five turns a second: 1, 2, 4, ... seconds apart.
        #expect((5...15).contains(calls.count))
        world.transport.aim(nil)
        _ = try world.addInvoice()
        try await world.quiet()
        try await Soundness.expect(world, "after an outage")
    }

    @Test("Refused credentials are not tried again and again, and new ones at once")
    func refused() async throws {
        let world = try await World(seed: 5)
        let document = try world.addInvoice()
        try world.visma.changeCompany(world.nord.vismaTenant) { $0.clientSecret = "another" }
        let tokens = Asked()
        world.transport.observe { request, _ in
            if request.path == "/connect/token" { tokens.note(request.url) }
        }
        for _ in 0..<500 {
            try await world.turn(world.nord.tenant)
            world.clock.advance(byMicroseconds: 200_000)
        }
        #expect(tokens.count == 1)
        try await world.admin().setVismaSecret("another", of: world.nord.tenant)
        try await world.turn(world.nord.tenant)
        #expect(try await world.link(document)?.state == .collecting)
    }
}
