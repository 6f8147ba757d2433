import Foundation
import Testing

@Suite("Customers and pushes by hand")
struct CustomerCommandTests {
    private func customers(_ tool: Tool) throws -> [[String: Any]] {
        let list = try tool.run("customer", "list", "acme", "--output", "json").json()
        return try #require(list["customers"] as? [[String: Any]])
    }

    @Test("customer map, list and unmap: audited, and a Stripe customer of another is refused")
    func customerCommands() throws {
        let tool = try Tool()
        let box = try Box(tool)
        try box.activate(tool)
        #expect(try tool.run("customer", "list", "acme").output.contains("no customers"))
        try #require(tool.run("sync", "run", "acme").status == 0)
        let known = try customers(tool)
        try #require(known.count == 1)
        #expect(known[0]["matched_by"] as? String == "created")
        let number = try #require(known[0]["number"] as? String)
        let customer = try #require(known[0]["stripe_customer"] as? String)
        let missing = try tool.run("customer", "map", "acme", number, "cus_not_there")
        #expect(missing.status == 3)
        #expect(missing.errors.contains("cus_not_there"))

        // The same Stripe customer, standing for another Visma customer.
        try tool.python(
            """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1])
            db.execute("UPDATE customer_links SET visma_internal_id = 424242, visma_number = '99999'")
            db.commit()
            """, tool.database)
        let refused = try tool.run("customer", "map", "acme", number, customer)
        #expect(refused.status == 4)
        #expect(refused.errors.contains(customer) && refused.errors.contains("unmap that one first"))
        let unmapped = try tool.run("customer", "unmap", "acme", "99999", "--output", "json")
        #expect(unmapped.status == 0, "\(unmapped.errors)")
        #expect(try customers(tool).isEmpty)

        let mapped = try tool.run("customer", "map", "acme", number, customer, "--output", "json")
        #expect(mapped.status == 0, "\(mapped.errors)")
        #expect(try mapped.json()["matched_by"] as? String == "operator")
        #expect(try customers(tool).map { $0["number"] as? String } == [number])
        let audit = try tool.run("audit", "list", "acme", "--output", "json").json()
        let entries = try #require(audit["entries"] as? [[String: Any]]).filter {
            ["customer.map", "customer.unmap"].contains($0["action"] as? String)
        }
        #expect(entries.map { $0["action"] as? String } == ["customer.map", "customer.unmap"])
        #expect(entries.allSatisfy { ($0["actor"] as? String)?.hasPrefix("cli:") == true })
        #expect(try tool.run("audit", "verify", "acme").status == 0)
    }

    @Test("invoice push writes the request with its reason, and the document waits for the next turn")
    func push() throws {
        let tool = try Tool()
        let box = try Box(tool)
        try box.activate(tool)
        let result = try tool.run(
            "invoice", "push", "acme", "Invoice:000777", "--reason", "agreed by telephone", "--output", "json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try result.json()["state"] as? String == "asked")
        let shown = try tool.run("invoice", "show", "acme", "Invoice:000777", "--output", "json").json()
        #expect((shown["work"] as? [String: Any])?["dirty"] as? Bool == true)
        let row = try tool.python(
            """
            import sqlite3, sys
            print(sqlite3.connect(sys.argv[1]).execute("SELECT subject, kind, reason FROM requests").fetchall())
            """, tool.database)
        #expect(row == "[('document/Invoice:000777', 'push', 'agreed by telephone')]")
        let audit = try tool.run("audit", "list", "acme", "--output", "json")
        #expect(audit.output.contains("invoice.push") && audit.output.contains("agreed by telephone"))
    }
}
