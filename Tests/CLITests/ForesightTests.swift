import Foundation
import Sandbox
import Testing

/// Preview, trace and undo, as an operator has them.
@Suite("An operator sees before, follows after, and takes back")
struct ForesightTests {
    private static let columns = 100

    private func expectNarrow(_ result: Tool.Result, _ location: SourceLocation = #_sourceLocation) {
        let wide = result.output.split(separator: "\n").filter { $0.count > Self.columns }
        #expect(wide.isEmpty, "\(wide)", sourceLocation: location)
    }

    private func sandbox(_ box: Box, _ method: String, _ path: String, _ body: String = "") async throws -> String {
        let answer = try await LoopbackClient().send(
            SandboxRequest(method: method, path: "/_sandbox/\(path)", body: Array(body.utf8)), to: box.stripeURL)
        try #require(answer.status == 200)
        return String(decoding: answer.body, as: UTF8.self)
    }

    /// The company with its first invoice pushed, paid and booked; answers the document and what is booked.
    private func booked(_ tool: Tool, _ box: Box) async throws -> (document: String, cause: String) {
        try box.activate(tool)
        try #require(tool.run("sync", "run", "acme").status == 0)
        let list = try tool.run("invoice", "list", "acme", "--output", "json").json()
        let first = try #require((list["invoices"] as? [[String: Any]])?.first)
        let (document, invoice) = try (
            #require(first["document"] as? String), #require(first["stripe_invoice"] as? String)
        )
        _ = try await sandbox(box, "POST", "pay", #"{"invoice":"\#(invoice)"}"#)
        try #require(tool.run("sync", "run", "acme", "--document", document).status == 0)
        let shown = try tool.run("invoice", "show", "acme", document, "--output", "json").json()
        let booking = try #require((shown["bookings"] as? [[String: Any]])?.first)
        return (document, try #require(booking["cause"] as? String))
    }

    @Test("sync preview shows the pushes, changes no row and sends no write; then the run makes as many calls")
    func preview() async throws {
        let tool = try Tool()
        let box = try Box(tool)
        try box.activate(tool)
        let (rows, books) = (try tool.contents(), try await sandbox(box, "GET", "books"))
        let result = try tool.run("sync", "preview", "acme", "--output", "json")
        #expect(result.status == 0, "\(result.errors)")
        let report = try result.json()
        let subjects = try #require(report["subjects"] as? [[String: Any]])
        #expect(subjects.map { $0["link_after"] as? String } == ["collecting", "collecting"])
        let calls = subjects.flatMap { $0["steps"] as? [[String: Any]] ?? [] }
        #expect(calls.filter { ($0["path"] as? String)?.hasSuffix("/finalize") == true }.count == 2)
        #expect(report["calls"] as? Int == calls.count)
        #expect(calls.allSatisfy { $0["body"] == nil })
        let table = try tool.run("sync", "preview", "acme", "--limit", "1", "--body")
        #expect(table.status == 0, "\(table.errors)")
        #expect(table.output.contains("stripe POST /v1/invoices"))
        #expect(table.output.contains("1 more are due"))
        #expect(table.output.contains("collection_method=send_invoice"))
        expectNarrow(table)
        #expect(try tool.contents() == rows)
        #expect(try await sandbox(box, "GET", "books") == books)
        try #require(tool.run("sync", "run", "acme").status == 0)
        let again = try tool.run("sync", "preview", "acme")
        #expect(again.status == 0)
        #expect(again.output.contains("--all reads Visma's lists"))
    }

    @Test("A company that is still onboarding is previewed too")
    func onboarding() throws {
        let tool = try Tool()
        let box = try Box(tool)
        try box.admit(tool)
        let result = try tool.run("sync", "preview", "acme", "--output", "json")
        #expect(result.status == 0, "\(result.errors)")
        #expect((try result.json()["subjects"] as? [Any])?.count == 2)
    }

    @Test("invoice trace follows a paid invoice in both forms, live and offline")
    func trace() async throws {
        let tool = try Tool()
        let box = try Box(tool)
        let (document, cause) = try await booked(tool, box)
        let live = try tool.run("invoice", "trace", "acme", document)
        #expect(live.status == 0, "\(live.errors)")
        expectNarrow(live)
        #expect(live.output.contains(cause) && live.output.contains("IN THE ORDER OF TIME"))
        let json = try tool.run("invoice", "trace", "acme", document, "--output", "json").json()
        #expect(json["live"] as? Bool == true)
        let tree = try #require(json["tree"] as? [String: Any])
        #expect(tree["kind"] as? String == "invoice")
        let timeline = try #require(json["timeline"] as? [[String: Any]])
        #expect(timeline.contains { $0["what"] as? String == "payment.create" && $0["request_id"] is String })
        box.running.signal(SIGTERM)
        #expect(box.running.wait() == 0)
        let dead = try tool.run("invoice", "trace", "acme", document)
        #expect(dead.status == 1)
        #expect(dead.errors.contains("--offline"))
        let offline = try tool.run("invoice", "trace", "acme", document, "--offline")
        #expect(offline.status == 0, "\(offline.errors)")
        #expect(offline.output.contains(cause))
        expectNarrow(offline)
    }

    @Test("invoice undo asks, voids the payment, and leaves the reason in the trail; a second one is refused")
    func undo() async throws {
        let tool = try Tool()
        let box = try Box(tool)
        let (document, cause) = try await booked(tool, box)
        let arguments = ["invoice", "undo", "acme", document, "--cause", cause, "--reason", "wrong customer"]
        let rows = try tool.contents()
        let unsure = try tool.run(arguments, input: "no\n")
        #expect(unsure.status == 2)
        #expect(unsure.errors.contains("--yes"))
        #expect(try tool.contents() == rows)
        let done = try tool.run(arguments + ["--output", "json"], input: cause + "\n")
        #expect(done.status == 0, "\(done.errors)")
        #expect(try done.json()["state"] as? String == "voided")
        #expect(try done.json()["worked_by"] as? String == "this_command")
        let again = try tool.run(arguments + ["--yes"])
        #expect(again.status == 4)
        #expect(again.errors.contains("voided already"))
        let trace = try tool.run("invoice", "trace", "acme", document)
        #expect(trace.output.contains("wrong customer"))
        #expect(try tool.run("audit", "verify", "acme").status == 0)
    }

    @Test("invoice undo while a server runs: the server does it")
    func undoByServer() async throws {
        let tool = try Tool()
        let box = try Box(tool)
        let (document, cause) = try await booked(tool, box)
        let server = try tool.start(["serve", "--port", "0"])
        _ = try server.line(of: .errors, containing: "listening on http://127.0.0.1:")
        let done = try tool.run(
            "invoice", "undo", "acme", document, "--cause", cause, "--reason", "wrong", "--yes", "--output", "json")
        #expect(done.status == 0, "\(done.errors)")
        #expect(try done.json()["state"] as? String == "voided")
        #expect(try done.json()["worked_by"] as? String == "server")
        server.signal(SIGTERM)
        #expect(server.wait() == 0)
    }

    @Test(
        "Wrong input names the remedy",
        arguments: [
            (["sync", "preview", "nobody"], 3, "ml-connector tenant list"),
            (["sync", "preview", "acme", "--document", ":1"], 2, "TYPE:NUMBER"),
            (["sync", "preview", "acme", "--limit", "0"], 2, "--limit"),
            (["sync", "preview", "acme", "--all", "--document", "1"], 2, "--all"),
            (["sync", "preview", "acme"], 4, "credentials set"),
            (["sync", "run", "acme", "--payout", "ch_1"], 2, "like po_1Abc"),
            (["invoice", "trace", "nobody", "1"], 3, "ml-connector tenant list"),
            (["invoice", "trace", "acme", "1", "--offline"], 3, "invoice list"),
            (["invoice", "trace", "acme", ":1"], 2, "TYPE:NUMBER"),
            (["invoice", "undo", "nobody", "1", "--cause", "x", "--reason", "y"], 3, "ml-connector tenant list"),
            (["invoice", "undo", "acme", "1", "--cause", "x", "--reason", "y"], 4, "state: active"),
            (["invoice", "undo", "acme", "1", "--cause", "x"], 2, "--reason"),
            (["invoice", "undo", "acme", "1", "--cause", "x", "--reason", "y", "--timeout", "0"], 2, "--timeout"),
        ])
    func wrongInput(arguments: [String], status: Int32, mention: String) throws {
        let tool = try Tool()
        try tool.addAcme()
        let before = try tool.contents()
        let result = try tool.run(arguments)
        #expect(result.status == status, "\(result.errors)")
        #expect(result.errors.hasPrefix("error: ") && result.errors.contains(mention), "\(result.errors)")
        #expect(result.output.isEmpty)
        #expect(try tool.contents() == before)
    }

    @Test("A document and a cause that are not there")
    func unknown() async throws {
        let tool = try Tool()
        let box = try Box(tool)
        let (document, _) = try await booked(tool, box)
        let preview = try tool.run("sync", "preview", "acme", "--document", "Invoice:999999")
        #expect(preview.status == 3)
        #expect(preview.errors.contains("Invoice:999999"))
        let trace = try tool.run("invoice", "trace", "acme", "Invoice:999999")
        #expect(trace.status == 3)
        let undo = try tool.run("invoice", "undo", "acme", document, "--cause", "inpay_none", "--reason", "x", "--yes")
        #expect(undo.status == 3)
        #expect(undo.errors.contains("invoice show acme \(document)"))
        let long = try tool.run(
            "invoice", "undo", "acme", document, "--cause", "inpay_none", "--reason", "a\nb", "--yes")
        #expect(long.status == 3)
    }
}
