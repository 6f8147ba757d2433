import Foundation
import Sandbox
import Testing

/// The main job from one command, as a stranger would run it.
@Suite("The demo ends with agreeing books, and says so truthfully")
struct DemoTests {
    private static let driftScript = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../ops/drift.py").standardized.path

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
        let place = try #require(
            rows.firstIndex { $0["kind"]?.stringValue == kind && $0["by_connector"]?.boolValue != false })
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
        let figures = [
            "tenants", "invoices_seen", "invoices_pushed", "payments_posted", "failures_recorded", "disputes_recorded",
            "reviews_open", "events_received", "events_duplicate", "stripe_calls", "visma_calls", "drift", "seconds",
        ]
        for figure in figures { #expect(summary[figure]?.intValue != nil, "\(figure) is missing") }
        func count(_ name: String) -> Int64 { summary[name]?.intValue ?? -1 }
        #expect(count("tenants") == 2)
        #expect(count("invoices_seen") >= 24)
        #expect(count("invoices_pushed") == count("invoices_seen") - 2)
        #expect(count("payments_posted") > 0)
        #expect(count("failures_recorded") >= 1)
        #expect(count("disputes_recorded") == 2)
        #expect(count("reviews_open") == 2)
        #expect(count("events_duplicate") > 0)
        #expect(count("stripe_calls") > 0 && count("visma_calls") > 0)
        #expect(count("drift") == 0)
        #expect(summary["audit_verified"]?.boolValue == true)
        let apart = try String(contentsOfFile: books + "/apart.jsonl", encoding: .utf8).split(separator: "\n")
            .map { try SandboxJSON.parse($0.utf8) }
        #expect(
            apart.compactMap { $0["reason"]?.stringValue }.sorted()
                == ["review: currency_unsupported", "review: customer_email_missing"])

        let honest = try drift(tool, books)
        #expect(honest.status == 0, "\(honest.said)")
        #expect(honest.said.hasSuffix("drift 0\n"))
        let inVisma = try altered(tool, books, "visma.jsonl", kind: "payment") {
            $0.setting("amount", to: .string("0.01"))
        }
        #expect(try drift(tool, inVisma).status == 1)
        let inStripe = try altered(tool, books, "stripe.jsonl", kind: "invoice_payment") {
            $0.setting("amount_paid", to: .integer(($0["amount_paid"]?.intValue ?? 0) + 1))
        }
        #expect(try drift(tool, inStripe).status == 1)
    }

    @Test("The two reviews of the demo are for the e-mail and for the currency, each with its reason")
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
        #expect(codes.sorted() == ["currency_unsupported", "customer_email_missing"])
    }
}
