import Foundation
import Testing

@Suite("Reviews resolved by hand")
struct ResolveCommandTests {
    @Test("review show lists the ways, review resolve takes one of them once, and the trail says who and why")
    func resolve() throws {
        let tool = try Tool()
        let box = try Box(tool)
        try box.activate(tool)
        try tool.python(
            """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1])
            for number, code in enumerate(["amount_too_large", "push_cap"], 1):
                db.execute(
                    "INSERT INTO reviews VALUES ('acme', ?, 'document/Invoice:000777', ?, 'so much', '[]', 'open', "
                    "1793000000000000, NULL, NULL, NULL)", (number, code))
            db.commit()
            """, tool.database)
        let shown = try tool.run("review", "show", "acme", "1", "--output", "json").json()
        let ways = try #require(shown["resolutions"] as? [[String: Any]])
        #expect(ways.map { $0["as"] as? String } == ["push", "look_again", "mark_settled", "ignore"])
        #expect(ways.allSatisfy { ($0["what_it_does"] as? String)?.isEmpty == false })
        #expect(try tool.run("review", "show", "acme", "1").output.contains("invoice push"))

        let wrong = try tool.run("review", "resolve", "acme", "2", "--as", "ignore", "--reason", "x")
        #expect(wrong.status == 4)
        #expect(wrong.errors.contains("push or mark_settled"))
        let missing = try tool.run("review", "resolve", "acme", "9", "--as", "ignore", "--reason", "x")
        #expect(missing.status == 3)
        let done = try tool.run(
            "review", "resolve", "acme", "1", "--as", "push", "--reason", "agreed by telephone", "--output", "json")
        #expect(done.status == 0, "\(done.errors)")
        let record = try done.json()
        #expect(record["state"] as? String == "resolved")
        #expect(record["resolution"] as? String == "push: agreed by telephone")
        #expect((record["resolved_by"] as? String)?.hasPrefix("cli:") == true)
        let again = try tool.run("review", "resolve", "acme", "1", "--as", "push", "--reason", "x")
        #expect(again.status == 4)
        #expect(again.errors.contains("resolved already") && again.errors.contains("agreed by telephone"))
        let closed = try tool.run("review", "show", "acme", "1", "--output", "json").json()
        #expect((closed["resolutions"] as? [Any])?.isEmpty == true)
        let audit = try tool.run("audit", "list", "acme", "--output", "json").json()
        let entries = try #require(audit["entries"] as? [[String: Any]])
        #expect(entries.filter { $0["action"] as? String == "review.resolve" }.count == 1)
        #expect(entries.filter { $0["action"] as? String == "invoice.push" }.count == 1)
        #expect(try tool.run("audit", "verify", "acme").status == 0)
    }
}
