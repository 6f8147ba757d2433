import Domain
import Sandbox
import Simulation
import Storage
import Sync
import Testing

/// What a person corrected is nothing that either system tells: only another look sees it.
@Suite("What waits for a person is looked at again when a person says so")
struct ReviewedTests {
    /// How a person says so.
    enum Word: String, Sendable, CaseIterable {
        case sync, apply
    }

    private func work(_ world: World, _ subject: Subject) async throws -> WorkItem? {
        let tenant = world.nord.tenant
        return try await world.database.read { try WorkTable.find($0, tenant: tenant, subject: subject) }
    }

    private func journals(_ world: World) -> [String] {
        PolicyBooks.posted(world).filter { $0.hasPrefix("journal") }
    }

    private static let journalPolicy = ["payouts: journal"] + PolicyValue.ledgers

    private func say(_ word: Word, _ world: World, _ policy: [String]) async throws {
        switch word {
        case .sync: try await world.admin().syncNow(world.nord.tenant)
        case .apply: try await world.apply(policy: policy)
        }
        try await world.quiet()
    }

    @Test("A payout's journal that a closed period refused is posted once the period is open", arguments: Word.allCases)
    func payout(_ word: Word) async throws {
        let world = try await World(seed: 3, policy: Self.journalPolicy)
        _ = try await world.pushAndPay()
        try world.visma.setPeriod("202611", isClosed: true, in: world.nord.vismaTenant)
        try world.stripe.finishPayout(world.stripe.payOut(account: world.nord.account, currency: "nok"))
        try await world.quiet()
        #expect(journals(world).isEmpty)
        #expect(try await Soundness.reviewCodes(world) == ["period_closed"])
        try world.visma.setPeriod("202611", isClosed: false, in: world.nord.vismaTenant)
        world.clock.advance(bySeconds: 600)
        try await world.quiet()
        #expect(journals(world).isEmpty, "nobody has said so")
        try await say(word, world, Self.journalPolicy + ["due_days: 14"])
        #expect(journals(world) == ["journal 1232.50 Posted"])
        #expect(try await Soundness.reviewCodes(world) == [])
    }

    @Test("A payout of which nothing was ever told is looked at when it is named")
    func namedPayout() async throws {
        let world = try await World(seed: 3, policy: Self.journalPolicy)
        _ = try await world.pushAndPay()
        let payout = try world.stripe.payOut(account: world.nord.account, currency: "nok")
        try world.stripe.finishPayout(payout)
        _ = world.stripe.takeDeliveries()
        try await world.admin().syncNow(world.nord.tenant, payout: PayoutID(payout))
        try await world.turn(world.nord.tenant)
        #expect(journals(world) == ["journal 1232.50 Posted"])
        let tenant = world.nord.tenant
        let asked = try await world.database.read { try AuditTable.list($0, tenant: tenant, limit: 100) }
            .filter { $0.action == "sync.run" }
        #expect(asked.map(\.subject) == [payout])
    }

    @Test("The fee of a settled document is booked once the manifest names its account")
    func fee() async throws {
        let world = try await World(seed: 3, policy: ["cash_accounts:\n    EUR: \"15EUR\""]) {
            $0.posting.fees = .post
            $0.posting.feeEntryType = World.feeEntryType
        }
        world.stripe.change(account: world.nord.account) {
            $0.conversions["eur"] = StripeConversion(to: "nok", rateMillionths: 11_500_000)
        }
        let document = try world.addInvoice { seed in
            seed.currency = "EUR"
            seed.exchangeRate = "11.5"
        }
        try await world.quiet()
        try world.stripe.pay(invoice: world.live(document).id)
        try await world.quiet()
        #expect(try await world.link(document)?.state == .settled)
        #expect(try await Soundness.reviewCodes(world) == ["cash_account_missing"])
        #expect(PolicyBooks.posted(world).filter { $0.hasPrefix("cash") }.isEmpty)
        try await world.apply()
        try await world.quiet()
        #expect(PolicyBooks.posted(world).filter { $0.hasPrefix("cash") }.count == 1)
        #expect(try await Soundness.reviewCodes(world) == [])
        try await Soundness.expect(world, "an account named after the payment was booked")
    }

    @Test("Every subject with an open review, of any kind and however many; none whose review is closed")
    func everySubject() async throws {
        let world = try await World(seed: 3)
        let (tenant, now) = (world.nord.tenant, world.now())
        let documents = (0..<1001).map { Subject.document(DocumentRef(type: .invoice, number: "R\($0)")) }
        let open = documents + [.customer(VismaCustomerNumber("10001")), .payout(PayoutID("po_1")), .endpoint]
        let closed = Subject.payout(PayoutID("po_2"))
        try await world.database.write { db in
            for subject in open + [closed] {
                _ = try ReviewsTable.open(
                    db, tenant: tenant, subject: subject, code: "one", found: "it", proposals: "[]", now: now)
            }
            let last = try ReviewsTable.open(
                db, tenant: tenant, subject: closed, code: "one", found: "it", proposals: "[]", now: now)
            try ReviewsTable.resolve(db, tenant: tenant, id: last.id, by: "system", resolution: "gone", now: now)
        }
        try await world.admin().syncNow(tenant)
        let items = try await world.database.read { db in
            try open.map { try WorkTable.find(db, tenant: tenant, subject: $0) }
        }
        #expect(items.allSatisfy { $0?.isDirty == true && $0?.askedAt == now })
        #expect(try await work(world, closed) == nil)
        world.clock.advance(bySeconds: 60)
        #expect(try await world.apply() == [])
        #expect(try await work(world, open[0])?.askedAt == now, "nothing was changed, so nothing was corrected")
        try await world.apply(policy: ["due_days: 14"])
        #expect(try await work(world, open[0])?.askedAt == world.now())
    }
}
