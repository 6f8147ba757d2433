import Foundation
import Testing

@Suite("Events received again by hand")
struct ReplayCommandTests {
    @Test("Many are asked about first; each is unread then, in the trail, and the rest is said")
    func replay() throws {
        let tool = try Tool()
        let box = try Box(tool)
        try box.activate(tool)
        try tool.python(
            """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1])
            for number in range(25):
                db.execute(
                    "INSERT INTO events VALUES ('acme', ?, 'charge.failed', 'ch_1', 0, ?, ?, 'ignored', NULL, "
                    "'not ours', NULL, 1)", (f"evt_{number:02}", b"{}", 1_793_000_000_000_000 + number))
            db.commit()
            """, tool.database)
        let listed = try tool.run("event", "list", "acme", "--state", "ignored")
        #expect(listed.output.contains("not ours"))
        let unconfirmed = try tool.run("event", "replay", "acme", "--state", "ignored", input: "yes\n")
        #expect(unconfirmed.status == 2)
        #expect(unconfirmed.errors.contains("25 events") && unconfirmed.errors.contains("nothing was changed"))
        let one = try tool.run("event", "replay", "acme", "--id", "evt_03", "--output", "json")
        #expect(one.status == 0, "\(one.errors)")
        let record = try one.json()
        #expect(record["replayed"] as? Int == 1)
        #expect(record["left"] as? Int == 0)
        #expect((record["events"] as? [[String: Any]])?.first?["was"] as? String == "ignored")
        let rest = try tool.run(
            "event", "replay", "acme", "--from", "2020-01-01", "--type", "charge.failed", input: "acme\n")
        #expect(rest.status == 0, "\(rest.errors)")
        #expect(rest.output.contains("evt_24"))
        let events = try tool.run("event", "list", "acme", "--state", "received", "--output", "json").json()
        #expect((events["events"] as? [[String: Any]])?.count == 25)
        let audit = try tool.run("audit", "list", "acme", "--output", "json").json()
        let entries = try #require(audit["entries"] as? [[String: Any]]).filter {
            $0["action"] as? String == "event.replay"
        }
        #expect(entries.count == 2)
        #expect(entries.allSatisfy { ($0["actor"] as? String)?.hasPrefix("cli:") == true })
        #expect(try tool.run("event", "replay", "acme", "--id", "evt_none").status == 3)
    }

    @Test("sync backfill moves the lists that were read further, and says which")
    func backfill() throws {
        let tool = try Tool()
        let box = try Box(tool)
        try box.activate(tool)
        let early = try tool.run("sync", "backfill", "acme", "--from", "2026-11-01")
        #expect(early.status == 0, "\(early.errors)")
        #expect(early.output.contains("No list had been read further"))
        try tool.python(
            """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1])
            db.execute("INSERT INTO cursors VALUES ('acme', 'visma_payments', '2026-11-20T10:00:00.5', 1)")
            db.commit()
            """, tool.database)
        let moved = try tool.run("sync", "backfill", "acme", "--from", "2026-11-01", "--output", "json")
        #expect(moved.status == 0, "\(moved.errors)")
        #expect(try moved.json()["lists"] as? [String] == ["visma_payments"])
        let row = try tool.python(
            """
            import sqlite3, sys
            print(sqlite3.connect(sys.argv[1]).execute("SELECT value, swept_at FROM cursors").fetchall())
            """, tool.database)
        #expect(row == "[('2026-10-31T00:00:00', None)]")
    }
}
