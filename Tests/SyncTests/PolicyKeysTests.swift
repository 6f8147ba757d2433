import Foundation
import Testing

/// A policy key that no test shows the effect of is noticed here as soon as the manifest's reader knows it.
@Suite("No key of the policy is without a test of what it does")
struct PolicyKeysTests {
    /// The keys whose values the tables of `PostingPolicyTests` and `CollectingPolicyTests` go through.
    private static let inTables = Set(PolicyValue.all.map(\.key) + CollectingValue.all.map(\.key))

    /// The other keys, each with the suite and function of the test that shows what it does.
    private static let shown: [String: String] = [
        "time_zone": "PlanTests.paymentDraft", "start_date": "PolicyTests.earlierStart",
        "poll_seconds": "PollScheduleTests.jitter", "poll_overlap_seconds": "PollTests.since",
        "quiet_hours": "PollScheduleTests.quietHours", "weight": "PollScheduleTests.weight",
        "write_invoice_record": "PlanTests.incidents", "document_types": "SelectionTests.lists",
        "marked_payment_methods": "SelectionTests.marks", "include": "SelectionTests.lists",
        "exclude": "PolicyTests.excluded", "minimum_amounts": "SelectionTests.lists",
        "maximum_amounts": "SelectionTests.lists", "number_prefix": "InvoiceStyleTests.numbers",
        "past_due_grace_days": "PlanTests.dueToday", "due_days": "InvoiceStyleTests.dueDays",
        "send_email": "InvoiceStyleTests.email", "memo": "InvoiceStyleTests.texts",
        "footer": "InvoiceStyleTests.texts", "customer_rules": "PolicyTests.matching",
        "create_customers": "PolicyTests.createsNone", "language": "InvoiceStyleTests.language",
        "languages": "InvoiceStyleTests.language", "cash_accounts": "PolicyTests.cashAccount",
        "branch_cash_accounts": "PostingPolicyTests.branches", "payment_method": "PlanTests.paymentDraft",
        "refund_review_days": "PostingPolicyTests.reviewDays", "dispute_entry_type": "PostingPolicyTests.posts",
        "stop_dunning": "PostingPolicyTests.dunning", "fee_entry_type": "PostingPolicyTests.posts",
        "push_cap": "PushCapTests.confirmed", "bank_ledger_accounts": "StateTests.payoutJournal",
        "clearing_ledger_accounts": "StateTests.payoutJournal",
    ]

    @Test("each key is in one of the tables, or names the test that shows what it does, and never both")
    func placed() throws {
        let known = Set(try ManifestPolicyTests.knownKeys())
        let placed = Self.inTables.union(Self.shown.keys)
        #expect(known.subtracting(placed).sorted() == [], "no test shows what it does")
        #expect(placed.subtracting(known).sorted() == [], "the manifest's reader does not know it")
        #expect(Self.inTables.intersection(Self.shown.keys).sorted() == [], "named twice")
    }

    @Test("every value of a table's key is in its table")
    func values() {
        let complete = Set(PostingPolicyTests.values.keys).union(CollectingPolicyTests.values.keys)
        // An account has no list of values.
        #expect(complete.union(["exchange_ledger_account"]) == Self.inTables)
    }

    @Test("the tests that are named are there", arguments: shown.keys.sorted())
    func named(_ key: String) throws {
        let names = try #require(Self.shown[key]).split(separator: ".").map(String.init)
        try #require(names.count == 2)
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let sources = try ["SyncTests", "DomainTests"].map { tests.appending(path: "\($0)/\(names[0]).swift") }
            .filter { FileManager.default.fileExists(atPath: $0.path) }
            .map { try String(contentsOf: $0, encoding: .utf8) }
        try #require(sources.count == 1, "\(names[0])")
        let function = sources[0].components(separatedBy: "\n    func \(names[1])(")
        try #require(function.count == 2, "\(names[1])")
        #expect(function[0].components(separatedBy: "@Test(").last?.contains("func ") == false, "it is no test")
    }
}
