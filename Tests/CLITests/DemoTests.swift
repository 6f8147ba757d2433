import Foundation
import Sandbox
import Testing

/// The main job from one command, as a stranger would run it.
@Suite("The demo ends with agreeing books, and says so truthfully")
struct DemoTests {
    private static let driftScript = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../ops/drift.py").standardized.path

    /// What happens in the demo, whatever the seed and the order of events.
    private static let figures: [String: Int64] = [
        "tenants": 2, "invoices_seen": 33, "invoices_pushed": 31, "failures_recorded": 1, "disputes_recorded": 4,
        "refunds_recorded": 5, "payments_posted": 24, "payments_partial": 1, "payments_overpaid": 1,
        "payments_on_several_invoices": 1, "payments_in_foreign_currency": 8, "refunds_full": 2, "refunds_partial": 2,
        "refunds_failed": 1, "refunds_booked": 2, "refunds_booked_by_void": 1, "refunds_undone": 1,
        "refunds_waiting": 1, "disputes_open": 1, "disputes_won": 1, "disputes_lost": 2, "disputes_lost_booked": 1,
        "bookings_voided_by_people": 1, "paid_outside_in_full": 1, "paid_outside_in_part": 1, "credit_notes_told": 1,
        "reversals_told": 1, "write_offs_told": 1, "fees_on_payments": 9, "fees_as_cash_transactions": 5,
        "payouts_arrived": 2, "payouts_booked": 1, "reviews_open": 5, "listed_apart": 6, "differences_apart": 5,
        "drift": 0,
    ]
    private static let measured: Set<String> = [
        "events_received", "events_duplicate", "stripe_calls", "visma_calls", "audit_entries", "seconds",
    ]
    private static let reviewCodes = [
        "booking_changed", "currency_unsupported", "customer_email_missing", "dispute_closed", "overpaid",
    ]

    private func drift(_ tool: Tool, _ directory: String) throws -> (status: Int32, said: String) {
        let output = tool.path("drift-" + ProcessInfo.processInfo.globallyUniqueString)
        let script = try Spawn.start(
            ["/usr/bin/python3", Self.driftScript, directory], environment: [:], input: "/dev/null", output: output,
            errors: output)
        let status = Spawn.wait(script)
        return (status, try String(contentsOfFile: output, encoding: .utf8))
    }

    /// Changes one row of a kind that comes from Stripe's money, and answers a copy of the books.
    private func altered(
        _ tool: Tool, _ books: String, _ file: String, kind: String, _ change: (SandboxJSON) -> SandboxJSON
    ) throws -> String {
        let copy = tool.path("altered-" + kind)
        try FileManager.default.copyItem(atPath: books, toPath: copy)
        let path = copy + "/" + file
        var rows = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            .map { try SandboxJSON.parse($0.utf8) }
        // Of the company that books fees and payouts, and of documents that nobody must decide on.
        let place = try #require(
            rows.firstIndex {
                $0["kind"]?.stringValue == kind && $0["by_connector"]?.boolValue != false
                    && $0["account"]?.stringValue ?? "acct_demo_nord" == "acct_demo_nord"
                    && (!kind.hasSuffix("payment") || $0["currency"]?.stringValue?.uppercased() == "SEK")
                    && $0["status"]?.stringValue != "canceled"
            })
        rows[place] = change(rows[place])
        try Data(Books.lines(rows).utf8).write(to: URL(fileURLWithPath: path))
        return copy
    }

    @Test("demo --output json: status 0, one object with every figure, drift 0 by the separate script as well")
    func demo() throws {
        let tool = try Tool()
        let books = tool.path("books")
        let result = try tool.run("demo", "--output", "json", "--books", books)
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 1)
        let summary = try SandboxJSON.parse(try #require(lines.last).utf8)
        for (name, wanted) in Self.figures { #expect(summary[name]?.intValue == wanted, "\(name)") }
        for name in Self.measured { #expect(summary[name]?.intValue ?? 0 > 0, "\(name)") }
        #expect(summary["audit_verified"]?.boolValue == true)
        let named = Set(summary.members?.map(\.0) ?? [])
        #expect(named == Set(Self.figures.keys).union(Self.measured).union(["audit_verified"]))
        let apart = try String(contentsOfFile: books + "/apart.jsonl", encoding: .utf8).split(separator: "\n")
            .map { try SandboxJSON.parse($0.utf8) }
        let reasons = apart.compactMap { $0["reason"]?.stringValue }
        #expect(
            reasons.filter { $0.hasPrefix("review: ") }.sorted() == Self.reviewCodes.map { "review: " + $0 })
        #expect(reasons.filter { $0.hasPrefix("waits: a credit note for refund re_") }.count == 1)
        #expect(reasons.count == 6)

        let honest = try drift(tool, books)
        #expect(honest.status == 0, "\(honest.said)")
        #expect(honest.said.hasSuffix("drift 0\n"))
        let inVisma = try altered(tool, books, "visma.jsonl", kind: "payment") {
            $0.setting("amount", to: .string("0.01"))
        }
        #expect(try drift(tool, inVisma).status == 1)
        for (kind, member) in [
            ("invoice_payment", "amount_paid"), ("credit_note", "pre_payment_amount"), ("balance_transaction", "fee"),
            ("payout", "amount"), ("payment_record", "amount_guaranteed"),
        ] {
            let inStripe = try altered(tool, books, "stripe.jsonl", kind: kind) {
                $0.setting(member, to: .integer(($0[member]?.intValue ?? 0) + 1))
            }
            #expect(try drift(tool, inStripe).status == 1, "\(kind)")
        }
    }

    @Test("The reviews of the demo are what a person must decide, each with its reason")
    func reviews() throws {
        let tool = try Tool()
        let state = tool.path("state")
        let result = try tool.run("demo", "--state", state, "--seed", "3")
        try #require(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("audit chain verified"))
        #expect(result.output.hasSuffix("drift 0\n"))
        let settings = [
            "MLC_DATABASE": state + "/ml-connector.sqlite", "MLC_KEY_FILE": state + "/master.key",
        ]
        var codes: [String] = []
        for tenant in ["nord", "kyst"] {
            let list = try tool.run("review", "list", tenant, "--output", "json", settings: settings)
            try #require(list.status == 0, "\(list.errors)")
            let reviews = try #require(try list.json()["reviews"] as? [[String: Any]])
            codes += reviews.compactMap { $0["code"] as? String }
            #expect(reviews.allSatisfy { ($0["found"] as? String)?.isEmpty == false })
            #expect(try tool.run("audit", "verify", tenant, settings: settings).status == 0)
        }
        #expect(codes.sorted() == Self.reviewCodes)
    }
}
