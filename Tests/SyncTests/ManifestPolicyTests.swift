import Domain
import Foundation
import Simulation
import Sync
import Testing

/// Each key of `policy` beyond those of `ManifestTests`: what it is read as, and which errors it has.
@Suite("The policy in a manifest")
struct ManifestPolicyTests {
    /// A manifest with `lines` in its policy.
    private static func policy(_ lines: String) throws -> Policy {
        try Manifest(
            yaml: """
                id: nord
                name: Nord
                visma: {tenant: 11111111-1111-4111-8111-111111111111}
                policy:
                  time_zone: Europe/Oslo
                  start_date: "2026-01-01"
                  payment_method: "5"
                  cash_accounts: {NOK: "1580", EUR: "1582"}
                  \(lines.replacing("\n", with: "\n  "))
                """
        ).policy
    }

    struct Key: Sendable, CustomTestStringConvertible {
        let lines: String
        let change: @Sendable (inout Policy) -> Void
        var testDescription: String { lines }
        init(_ lines: String, _ change: @escaping @Sendable (inout Policy) -> Void) {
            self.lines = lines
            self.change = change
        }
    }

    static let selection: [Key] = [
        Key("document_types: [Invoice, DebitNote]") { $0.selection.documentTypes = [.invoice, .debitNote] },
        Key("collect: marked") { $0.selection.mode = .marked },
        Key("collect: marked\nmarked_payment_methods: [10, \"11\"]") {
            $0.selection.mode = .marked
            $0.selection.markedPaymentMethods = ["10", "11"]
        },
        Key("include:\n  customers: [10001]\n  branches: [\"2\"]\n  currencies: [SEK]") {
            $0.selection.includedCustomers = ["10001"]
            $0.selection.includedBranches = ["2"]
            $0.selection.includedCurrencies = [.sek]
        },
        Key("skip: []") { $0.selection.skips = [] },
        Key("quiet_hours: \"22:00-06:00\"") { $0.quietHours = QuietHours("22:00-06:00") },
        Key("weight: 10") { $0.weight = 10 },
        Key("push_cap: {invoices_per_hour: 50}") { $0.pushCap.invoicesPerHour = 50 },
        Key("push_cap:\n  amount_per_hour: {NOK: \"250000\", JPY: \"9000000\"}") {
            $0.pushCap.amountsPerHour = ["NOK": kroner(250_000), "JPY": money(9_000_000, "JPY")]
        },
        Key("skip: [e_invoice, direct_debit]") { $0.selection.skips = [.eInvoice, .directDebit] },
        Key("minimum_amounts: {NOK: \"100\", KWD: \"0.120\"}") {
            $0.selection.minimumAmounts = ["NOK": kroner(100), "KWD": money(120, "KWD")]
        },
        Key("maximum_amounts: {NOK: \"9007199254740.93\", JPY: \"5000\"}") {
            $0.selection.maximumAmounts = ["NOK": money(900_719_925_474_093, "NOK"), "JPY": money(5000, "JPY")]
        },
    ]

    static let invoice: [Key] = [
        Key("due_days: 0") { $0.invoice.dueDays = 0 }, Key("send_email: true") { $0.invoice.sendsEmail = true },
        Key("memo: Takk") { $0.invoice.memo = "Takk" }, Key("footer: Nord AS") { $0.invoice.footer = "Nord AS" },
        Key("language: nb\nlanguages: {SE: sv, GB: en-GB}") {
            $0.invoice.language = "nb"
            $0.invoice.languages = ["SE": "sv", "GB": "en-GB"]
        },
        Key(
            "custom_fields: {customer_number: Kundenr., branch: Avd., payment_reference: KID, original_due_date: F}"
        ) {
            $0.invoice.customFields = [
                "customer_number": "Kundenr.", "branch": "Avd.", "payment_reference": "KID", "original_due_date": "F",
            ]
        },
        Key("vat_treatments: {51: reverse_charge, \"52\": zero_rated, \"6\": exempt, \"7\": outside_scope}") {
            $0.invoice.vatTreatments = [
                "51": .reverseCharge, "52": .zeroRated, "6": .exempt, "7": .outsideScope,
            ]
        },
        Key("customer_rules: [description, \"metadata:f\"]") { $0.customerRules = [.description, .metadata("f")] },
    ]

    static let posting: [Key] = [
        Key("branch_cash_accounts:\n  \"2\": {NOK: 1590}") { $0.posting.branchCashAccounts = ["2": ["NOK": "1590"]] },
        Key("booking: hold") { $0.posting.booking = .hold },
        Key("booking_date: booked") { $0.posting.bookingDate = .booked },
        Key("closed_period: next_open_period") { $0.posting.closedPeriod = .nextOpenPeriod },
        Key("refunds: void") { $0.posting.refunds = .void },
        Key("refunds: own_credit_note") { $0.posting.refunds = .ownCreditNote },
        Key("refund_review_days: 0") { $0.posting.refundReviewDays = 0 },
        Key("disputes: post\ndispute_entry_type: CHARGEBACK") {
            $0.posting.disputes = .post
            $0.posting.disputeEntryType = "CHARGEBACK"
        },
        Key("stop_dunning: false") { $0.posting.stopsDunning = false },
        Key("fees: post\nfee_entry_type: FEE") {
            $0.posting.fees = .post
            $0.posting.feeEntryType = "FEE"
        },
        Key(
            "payouts: journal\nbank_ledger_accounts: {NOK: 1920, EUR: 1921}\n"
                + "clearing_ledger_accounts: {NOK: 1580, EUR: 1582}"
        ) {
            $0.posting.payouts = .journal
            $0.posting.bankLedgerAccounts = ["NOK": "1920", "EUR": "1921"]
            $0.posting.clearingLedgerAccounts = ["NOK": "1580", "EUR": "1582"]
        },
        Key(
            "payouts: journal\nbank_ledger_accounts: {NOK: 1920, EUR: 1921}\n"
                + "clearing_ledger_accounts: {NOK: 1580, EUR: 1582}\nexchange_ledger_account: 8060"
        ) {
            $0.posting.payouts = .journal
            $0.posting.bankLedgerAccounts = ["NOK": "1920", "EUR": "1921"]
            $0.posting.clearingLedgerAccounts = ["NOK": "1580", "EUR": "1582"]
            $0.posting.exchangeLedgerAccount = "8060"
        },
        Key("write_offs: uncollectible") { $0.posting.writeOffs = .uncollectible },
        Key("stripe_credits: credit_note") { $0.posting.stripeCredits = .creditNote },
    ]

    @Test("What a key says is in the policy, and nothing else changes", arguments: selection + invoice + posting)
    func keys(key: Key) throws {
        var expected = try Self.policy("")
        #expect(expected.selection.skips == [.directDebit, .debtCollector, .cashDiscount])
        key.change(&expected)
        #expect(try Self.policy(key.lines) == expected)
        #expect(try Self.policy("") != expected)
    }

    struct Wrong: Sendable, CustomTestStringConvertible {
        let lines: String
        let says: [String]
        var testDescription: String { lines }
        init(_ lines: String, _ says: String...) {
            self.lines = lines
            self.says = says
        }
    }

    static let wrong: [Wrong] = [
        Wrong("document_types: []", "policy.document_types is empty", "[Invoice]"),
        Wrong("document_types: [CreditNote]", "policy.document_types: 'CreditNote'", "Invoice, DebitNote"),
        Wrong("collect: some", "policy.collect is 'some'", "all, marked"),
        Wrong("marked_payment_methods: [\"10\"]", "policy.marked_payment_methods", "collect: marked"),
        Wrong("include: {currency: [NOK]}", "policy.include.currency is not known"),
        Wrong("include: {currencies: [kr]}", "policy.include.currencies: 'kr'"),
        Wrong("skip: [everything]", "policy.skip is 'everything'", "direct_debit, e_invoice, debt_collector"),
        Wrong("minimum_amounts: {NOK: 0.1}", "policy.minimum_amounts.NOK must be an amount in quotes"),
        Wrong("minimum_amounts: {NOK: \"0.001\"}", "policy.minimum_amounts.NOK '0.001'", "minor units"),
        Wrong("minimum_amounts: {NOK: \"-1\"}", "policy.minimum_amounts.NOK must be more than zero"),
        Wrong("minimum_amounts: {kr: \"1\"}", "policy.minimum_amounts: 'kr'", "capital letters"),
        Wrong(
            "minimum_amounts: {NOK: \"2\"}\nmaximum_amounts: {NOK: \"1\"}", "policy.minimum_amounts.NOK is over",
            "policy.maximum_amounts.NOK"),
        Wrong("maximum_amounts: {JPY: \"1,000\"}", "policy.maximum_amounts.JPY '1,000'"),
        Wrong("due_days: 400", "policy.due_days", "0 to 365"), Wrong("due_days: soon", "policy.due_days"),
        Wrong("send_email: 1", "policy.send_email must be true or false"),
        Wrong("memo: \"\(String(repeating: "x", count: 1501))\"", "policy.memo may have 1500 characters"),
        Wrong("footer: \"\(String(repeating: "x", count: 5001))\"", "policy.footer may have 5000 characters"),
        Wrong("language: Norwegian", "policy.language 'Norwegian'", "like nb"),
        Wrong("languages: {sweden: sv}", "policy.languages: 'sweden'", "like SE"),
        Wrong("languages: {SE: SV}", "policy.languages.SE 'SV'"),
        Wrong("custom_fields: {colour: C}", "policy.custom_fields.colour is not known", "customer_number"),
        Wrong(
            "custom_fields: {branch: \"\(String(repeating: "x", count: 41))\"}",
            "policy.custom_fields.branch may have 40"),
        Wrong(
            "custom_fields: {branch: B, customer_number: C, customer_reference: R, payment_reference: K}",
            "policy.custom_fields has 4 fields", "original due date"),
        Wrong("vat_treatments: {\"51\": none}", "policy.vat_treatments.51 is 'none'", "reverse_charge, zero_rated"),
        Wrong("branch_cash_accounts: {\"2\": 1590}", "policy.branch_cash_accounts.2 must be a map"),
        Wrong("branch_cash_accounts: {\"2\": {kr: 1}}", "policy.branch_cash_accounts.2: 'kr'"),
        Wrong("booking_date: today", "policy.booking_date is 'today'", "paid, booked"),
        Wrong("closed_period: ignore", "policy.closed_period is 'ignore'", "review, next_open_period"),
        Wrong("refunds: auto", "policy.refunds is 'auto'", "credit_note, void, own_credit_note"),
        Wrong("quiet_hours: \"22-06\"", "policy.quiet_hours '22-06'", "22:00-06:00"),
        Wrong("push_cap: {invoices: 5}", "policy.push_cap.invoices is not known", "invoices_per_hour, amount_per_hour"),
        Wrong("push_cap: {invoices_per_hour: -1}", "policy.push_cap.invoices_per_hour", "0 to 1000000"),
        Wrong("push_cap: {amount_per_hour: {NOK: 5}}", "policy.push_cap.amount_per_hour.NOK must be an amount"),
        Wrong("push_cap: {amount_per_hour: {kr: \"5\"}}", "amount_per_hour: 'kr'"),
        Wrong("push_cap: 5", "policy.push_cap must be a map"), Wrong("weight: 11", "policy.weight", "1 to 10"),
        Wrong("refund_review_days: -1", "policy.refund_review_days", "0 to 365"),
        Wrong("disputes: win", "policy.disputes is 'win'", "review, post"),
        Wrong("disputes: post", "policy.dispute_entry_type is missing", "disputes: post"),
        Wrong("stop_dunning: maybe", "policy.stop_dunning must be true or false"),
        Wrong("fees: some", "policy.fees is 'some'", "none, post"),
        Wrong("fees: post", "policy.fee_entry_type is missing", "fees: post"),
        Wrong("payouts: yes", "policy.payouts"), Wrong("payouts: post", "policy.payouts is 'post'", "report, journal"),
        Wrong("payouts: journal", "policy.bank_ledger_accounts.EUR is missing", "payouts: journal"),
        Wrong(
            "payouts: journal\nbank_ledger_accounts: {NOK: 1, EUR: 2}\nclearing_ledger_accounts: {EUR: 3}",
            "policy.clearing_ledger_accounts.NOK is missing"),
        Wrong(
            "branch_cash_accounts: {\"2\": {SEK: 9}}\npayouts: journal\nbank_ledger_accounts: {NOK: 1, EUR: 2}\n"
                + "clearing_ledger_accounts: {NOK: 3, EUR: 4}",
            "policy.payouts 'journal' cannot go with branch_cash_accounts"),
        Wrong("bank_ledger_accounts: {kr: 1}", "policy.bank_ledger_accounts: 'kr'"),
        Wrong("exchange_ledger_account: \"8060\"", "policy.exchange_ledger_account", "payouts: journal"),
        Wrong(
            "exchange_ledger_account: \"3\"\npayouts: journal\nbank_ledger_accounts: {NOK: 1, EUR: 2}\n"
                + "clearing_ledger_accounts: {NOK: 3, EUR: 4}",
            "policy.exchange_ledger_account '3' is a bank or clearing account", "no single currency"),
        Wrong("exchange_ledger_account: [\"8060\"]", "policy.exchange_ledger_account must be a text"),
        Wrong("write_offs: keep", "policy.write_offs is 'keep'", "void, uncollectible"),
        Wrong("stripe_credits: post", "policy.stripe_credits is 'post'", "review, credit_note"),
        Wrong("fees: post\nfee_entry_type: []", "policy.fee_entry_type must be a text"),
    ]

    @Test("Every error names the key by its whole path and says what is expected", arguments: wrong)
    func errors(wrong: Wrong) throws {
        let error = #expect(throws: ConnectorError.self) { try Self.policy(wrong.lines) }
        #expect(error?.code == "manifest.invalid")
        for text in wrong.says { #expect(error?.text.contains(text) == true, "\(error?.text ?? "-")") }
    }

    @Test("tenants/README.md has a line for every key of the policy")
    func documented() throws {
        let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../tenants/README.md").standardized
        let lines = try String(contentsOf: readme, encoding: .utf8).split(separator: "\n")
        for key in try Self.knownKeys() {
            #expect(lines.contains { $0.hasPrefix("| `policy.\(key)") }, "\(key) is not documented")
        }
    }

    /// The keys that the manifest's reader knows: its error about an unknown one lists them all.
    static func knownKeys() throws -> [String] {
        let error = #expect(throws: ConnectorError.self) { try policy("colour: red") }
        let known = try #require(error?.text.components(separatedBy: "known are ").last?.components(separatedBy: ", "))
        try #require(known.count > 40)
        return known
    }

    private static func money(_ minorUnits: Int64, _ code: String) -> Money {
        Money(minorUnits: minorUnits, currency: Currency(code) ?? .nok)
    }
    private static func kroner(_ amount: Int64) -> Money { money(amount * 100, "NOK") }
}
