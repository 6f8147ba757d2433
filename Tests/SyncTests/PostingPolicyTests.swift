import Domain
import Sandbox
import Simulation
import Storage
import Sync
import Testing

/// One value of one posting policy, what people then do, and what stands in the books at the end.
struct PolicyValue: Sendable, CustomTestStringConvertible {
    /// The manifest's key and value.
    let key: String
    let value: String
    /// Further lines that the value needs.
    var more: [String] = []
    let act: @Sendable (World, DocumentRef) async throws -> Void
    /// What Visma holds besides the invoice, in the form of `PolicyBooks`.
    let posted: [String]
    var reviews: [String] = []
    /// The status of the Stripe invoice.
    var stripe = "paid"

    var testDescription: String { "\(key): \(value)" }
}

/// What stands in Visma besides the invoices, in a few words each.
enum PolicyBooks {
    static func posted(_ world: World) -> [String] {
        let payments = world.vismaRows("payment").map { row in
            var text = "\(text(row, "type")) \(text(row, "amount")) \(text(row, "status")) \(text(row, "date"))"
            for charge in row["charges"]?.elements ?? [] {
                text += " less \(self.text(charge, "amount")) \(self.text(charge, "entry_type"))"
            }
            return text
        }
        let notes = world.vismaRows("document").filter { text($0, "type") == "CreditNote" }
            .map { "CreditNote \(text($0, "total")) \(text($0, "status"))" }
        let entries = world.vismaRows("cash_transaction").map {
            "cash \(text($0, "amount")) \(text($0, "entry_type")) \(text($0, "status"))"
        }
        let journals = world.vismaRows("journal").map { "journal \(text($0, "amount")) \(text($0, "status"))" }
        return payments + notes + entries + journals
    }

    private static func text(_ row: SandboxJSON, _ key: String) -> String { row[key]?.stringValue ?? "-" }
}

extension PolicyValue {
    /// Nothing but the payment, on the first day of the world.
    private static let paid = "Payment 1250.00 Closed 2026-11-22"

    @discardableResult
    private static func pay(_ world: World, _ document: DocumentRef) async throws -> StripePaymentMade {
        let made = try world.stripe.pay(invoice: world.live(document).id)
        try await world.quiet()
        return made
    }

    private static func refund(_ world: World, _ document: DocumentRef) async throws {
        let made = try await pay(world, document)
        try world.stripe.refund(charge: made.charge)
        try await world.quiet()
    }

    private static func lose(_ world: World, _ document: DocumentRef, _ amount: Int64? = nil) async throws {
        let made = try await pay(world, document)
        let dispute = try world.stripe.dispute(charge: made.charge, amount: amount)
        try world.stripe.closeDispute(dispute, isWon: false)
        try await world.quiet()
    }

    private static func payClosed(_ world: World, _ document: DocumentRef) async throws {
        try world.visma.setPeriod("202611", isClosed: true, in: world.nord.vismaTenant)
        try await pay(world, document)
    }

    private static func payOut(_ world: World, _ document: DocumentRef) async throws {
        try await pay(world, document)
        let payout = try world.stripe.payOut(account: world.nord.account, currency: "nok")
        try world.stripe.finishPayout(payout)
        try await world.quiet()
    }

    /// 1250.00 NOK and 125.00 EUR, which Stripe exchanges at 11.65.
    private static func payOutExchanged(_ world: World, _ document: DocumentRef) async throws {
        world.stripe.change(account: world.nord.account) {
            $0.conversions["eur"] = StripeConversion(to: "nok", rateMillionths: 11_650_000)
        }
        let foreign = try world.addInvoice("100") {
            $0.currency = "EUR"
            $0.exchangeRate = "11.5"
        }
        try await world.quiet()
        _ = try world.stripe.pay(invoice: world.live(foreign).id)
        try await payOut(world, document)
    }

    private static func creditInStripe(_ world: World, _ document: DocumentRef) async throws {
        let invoice = try world.live(document).id
        _ = try world.stripe.byHand(
            account: world.nord.account, "POST", "/v1/credit_notes",
            [
                ("invoice", invoice), ("lines[0][type]", "custom_line_item"), ("lines[0][description]", "Avslag"),
                ("lines[0][quantity]", "1"), ("lines[0][unit_amount]", "25000"), ("email_type", "none"),
            ])
        try await world.quiet()
    }

    static let fees = ["fee_entry_type: FEE"]
    static let losses = ["dispute_entry_type: LOSS"]
    static let ledgers = [
        "bank_ledger_accounts: {NOK: \"1920\", EUR: \"1922\", DKK: \"1923\", JPY: \"1924\"}",
        "clearing_ledger_accounts: {NOK: \"1570\", EUR: \"1570\", DKK: \"1570\", JPY: \"1570\"}",
    ]

    static let all: [PolicyValue] = bookings + refunds + losing + told

    private static let bookings: [PolicyValue] = [
        PolicyValue(key: "booking", value: "release", act: { try await pay($0, $1) }, posted: [paid]),
        PolicyValue(
            key: "booking", value: "hold", act: { try await pay($0, $1) },
            posted: ["Payment 1250.00 Hold 2026-11-22"]),
        PolicyValue(
            key: "booking_date", value: "paid",
            act: { world, document in
                _ = try world.stripe.pay(invoice: world.live(document).id)
                world.clock.advance(bySeconds: 2 * 86_400)
                try await world.quiet()
            }, posted: [paid]),
        PolicyValue(
            key: "booking_date", value: "booked",
            act: { world, document in
                _ = try world.stripe.pay(invoice: world.live(document).id)
                world.clock.advance(bySeconds: 2 * 86_400)
                try await world.quiet()
            }, posted: ["Payment 1250.00 Closed 2026-11-24"]),
        PolicyValue(
            key: "closed_period", value: "review", act: payClosed, posted: [], reviews: ["period_closed"]),
        PolicyValue(
            key: "closed_period", value: "next_open_period", act: payClosed,
            posted: ["Payment 1250.00 Closed 2026-12-01"]),
        PolicyValue(key: "fees", value: "none", act: { try await pay($0, $1) }, posted: [paid]),
        PolicyValue(
            key: "fees", value: "post", more: fees, act: { try await pay($0, $1) },
            posted: [paid + " less 17.50 FEE"]),
        PolicyValue(key: "payouts", value: "report", act: payOut, posted: [paid]),
        PolicyValue(
            key: "payouts", value: "journal", more: ledgers, act: payOut, posted: [paid, "journal 1232.50 Posted"]),
        PolicyValue(
            key: "exchange_ledger_account", value: "\"8060\"", more: ["payouts: journal"] + ledgers,
            act: payOutExchanged,
            posted: [
                paid, "Payment 125.00 Closed 2026-11-22", "journal 2668.37 Posted", "journal 125.00 Posted",
            ]),
        PolicyValue(
            key: "payouts", value: "journal", more: ledgers, act: payOutExchanged,
            posted: [paid, "Payment 125.00 Closed 2026-11-22"], reviews: ["payout_unbooked"]),
    ]

    private static let refunds: [PolicyValue] = [
        PolicyValue(
            key: "refunds", value: "credit_note",
            act: { world, document in
                try await refund(world, document)
                _ = try world.visma.addCreditNote(
                    VismaInvoiceSeed(
                        customer: try #require(world.vismaDocument(document)?["customer"]?.stringValue),
                        date: "2026-11-22", lines: [VismaLineSeed("Retur", unitPrice: "1000")],
                        invoiceText: "Retur av faktura \(document.number)"), in: world.nord.vismaTenant)
                world.clock.advance(bySeconds: 600)
                try await world.quiet()
            },
            posted: [paid, "Refund 1250.00 Closed 2026-11-22", "CreditNote 1250.00 Closed"]),
        PolicyValue(
            key: "refunds", value: "void", act: refund,
            posted: ["Payment 1250.00 Voided 2026-11-22", "VoidPayment 1250.00 Closed 2026-11-22"]),
        PolicyValue(
            key: "refunds", value: "own_credit_note", act: refund,
            posted: [paid, "Refund 1250.00 Closed 2026-11-22", "CreditNote 1250.00 Closed"]),
    ]

    private static let losing: [PolicyValue] = [
        PolicyValue(
            key: "disputes", value: "review", act: { try await lose($0, $1) }, posted: [paid],
            reviews: ["dispute_closed"]),
        PolicyValue(
            key: "disputes", value: "post", more: losses, act: { try await lose($0, $1) },
            posted: ["Payment 1250.00 Voided 2026-11-22", "VoidPayment 1250.00 Closed 2026-11-22"]),
        PolicyValue(
            key: "disputes", value: "post", more: losses, act: { try await lose($0, $1, 40_000) },
            posted: [paid, "cash 400.00 LOSS Released"]),
    ]

    private static let told: [PolicyValue] = [
        PolicyValue(
            key: "write_offs", value: "void",
            act: { world, document in
                _ = try world.visma.writeOff(document.number, in: world.nord.vismaTenant)
                world.clock.advance(bySeconds: 600)
                try await world.quiet()
            }, posted: ["SmallBalanceWo 1250.00 Closed 2026-11-22"], stripe: "void"),
        PolicyValue(
            key: "write_offs", value: "uncollectible",
            act: { world, document in
                _ = try world.visma.writeOff(document.number, in: world.nord.vismaTenant)
                world.clock.advance(bySeconds: 600)
                try await world.quiet()
            }, posted: ["SmallBalanceWo 1250.00 Closed 2026-11-22"], stripe: "uncollectible"),
        PolicyValue(
            key: "stripe_credits", value: "review", act: creditInStripe, posted: [],
            reviews: ["credited_in_stripe"], stripe: "open"),
        PolicyValue(
            key: "stripe_credits", value: "credit_note", act: creditInStripe, posted: ["CreditNote 250.00 Closed"],
            stripe: "open"),
    ]
}

@Suite("Each value of each posting policy, and what it posts")
struct PostingPolicyTests {
    @Test("posts what tenants/README.md says", arguments: PolicyValue.all)
    func posts(_ sample: PolicyValue) async throws {
        let world = try await World(seed: 3, policy: ["\(sample.key): \(sample.value)"] + sample.more)
        try world.visma.changeCompany(world.nord.vismaTenant) { settings in
            for index in settings.cashAccounts.indices { settings.cashAccounts[index].entryTypes = ["FEE", "LOSS"] }
        }
        let document = try world.addInvoice()
        try await world.quiet()
        try await sample.act(world, document)
        #expect(PolicyBooks.posted(world).sorted() == sample.posted.sorted())
        #expect(try await Soundness.reviewCodes(world) == sample.reviews)
        #expect(world.pushed(document).map(\.status) == [sample.stripe])
    }

    static let values: [String: [String]] = [
        "booking": PostingPolicy.Booking.allCases.map(\.rawValue),
        "booking_date": PostingPolicy.BookingDate.allCases.map(\.rawValue),
        "closed_period": PostingPolicy.ClosedPeriod.allCases.map(\.rawValue),
        "refunds": PostingPolicy.Refunds.allCases.map(\.rawValue),
        "disputes": PostingPolicy.Disputes.allCases.map(\.rawValue),
        "fees": PostingPolicy.Fees.allCases.map(\.rawValue),
        "payouts": PostingPolicy.Payouts.allCases.map(\.rawValue),
        "write_offs": PostingPolicy.WriteOffs.allCases.map(\.rawValue),
        "stripe_credits": PostingPolicy.StripeCredits.allCases.map(\.rawValue),
    ]

    @Test("no value is forgotten")
    func complete() {
        for (key, cases) in Self.values {
            let tested = Set(PolicyValue.all.filter { $0.key == key }.map(\.value))
            #expect(tested == Set(cases), "\(key)")
        }
    }

    @Test("stop_dunning keeps reminders away while a dispute is open, and gives them back", arguments: [true, false])
    func dunning(_ isOn: Bool) async throws {
        let world = try await World(
            seed: 3, recordEdits: .noteAllowed, policy: ["stop_dunning: \(isOn)"])
        let document = try world.addInvoice()
        try await world.quiet()
        let made = try world.stripe.pay(invoice: world.live(document).id, amount: 50_000)
        try await world.quiet()
        let dispute = try world.stripe.dispute(charge: made.charge)
        try await world.quiet()
        #expect(world.vismaDocument(document)?["exclude_debt_collection"]?.boolValue == isOn)
        try world.stripe.closeDispute(dispute, isWon: true)
        try await world.quiet()
        #expect(world.vismaDocument(document)?["exclude_debt_collection"]?.boolValue == false)
    }

    @Test("refund_review_days is how long a refund may wait for its credit note")
    func reviewDays() async throws {
        let world = try await World(seed: 3, policy: ["refund_review_days: 2"])
        let document = try world.addInvoice()
        try await world.quiet()
        let made = try world.stripe.pay(invoice: world.live(document).id)
        try await world.quiet()
        try world.stripe.refund(charge: made.charge)
        try await world.quiet()
        #expect(try await Soundness.reviewCodes(world) == [])
        world.clock.advance(bySeconds: 3 * 86_400)
        try await world.quiet()
        #expect(try await Soundness.reviewCodes(world) == ["refund"])
    }

    @Test("branch_cash_accounts books the documents of a branch on its own account")
    func branches() async throws {
        let world = try await World(
            seed: 3, policy: ["branch_cash_accounts: {\"2\": {NOK: \"15SEK2\"}}"])
        try world.visma.changeCompany(world.nord.vismaTenant) {
            $0.branches.append(.init(number: "2", name: "Sør"))
            $0.cashAccounts.append(.init(number: "15SEK2", description: "Sør", currency: "NOK"))
        }
        let document = try world.addInvoice { $0.branch = "2" }
        let other = try world.addInvoice()
        try await world.quiet()
        for paid in [document, other] { _ = try world.stripe.pay(invoice: world.live(paid).id) }
        try await world.quiet()
        #expect(
            Set(world.vismaRows("payment").compactMap { $0["cash_account"]?.stringValue }) == ["15SEK2", "15NOK"])
    }
}
