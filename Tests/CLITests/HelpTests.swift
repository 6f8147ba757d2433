import Foundation
import Testing

@Suite("Every command explains itself")
struct HelpTests {
    /// All commands, as the binary itself lists them: with their arguments' names.
    private static func commands() throws -> [(path: [String], arguments: [String], isLeaf: Bool)] {
        let dump = try Tool().run("--experimental-dump-help")
        let root = try JSONSerialization.jsonObject(with: Data(dump.output.utf8)) as? [String: Any]
        let command = try #require(root?["command"] as? [String: Any])
        return walk(command, under: [])
    }

    private static func walk(
        _ command: [String: Any], under path: [String]
    ) -> [(path: [String], arguments: [String], isLeaf: Bool)] {
        let children = (command["subcommands"] as? [[String: Any]] ?? []).filter {
            $0["commandName"] as? String != "help"
        }
        let arguments = (command["arguments"] as? [[String: Any]] ?? []).compactMap { $0["valueName"] as? String }
        return [(path, arguments, children.isEmpty)]
            + children.flatMap { child in
                walk(child, under: path + [child["commandName"] as? String ?? ""])
            }
    }

    @Test("The command line has the commands of the design")
    func commandsAreThere() throws {
        let names = Set(try Self.commands().filter(\.isLeaf).map { $0.path.joined(separator: " ") })
        let wanted: Set = [
            "serve", "migrate", "key generate", "doctor", "tenant add", "tenant list", "tenant show", "tenant apply",
            "tenant ping", "credentials set", "sync run", "invoice list", "invoice show", "invoice push",
            "invoice confirm", "sync status",
            "customer map", "customer list",
            "customer unmap", "event list", "event show", "event replay",
            "review list", "review show", "review resolve", "audit list", "audit verify", "sandbox",
            "sync preview", "sync backfill", "invoice trace", "invoice undo",
        ]
        #expect(wanted.isSubset(of: names), "missing: \(wanted.subtracting(names).sorted())")
    }

    @Test("Help of every command ends with 0 and has an overview; every leaf has an example and --output")
    func helpOfAll() throws {
        let tool = try Tool()
        for command in try Self.commands() {
            let result = try tool.run(command.path + ["--help"])
            #expect(result.status == 0, "\(command.path)")
            #expect(result.output.contains("OVERVIEW: "), "\(command.path)")
            guard command.isLeaf else { continue }
            #expect(result.output.contains("Example:"), "\(command.path)")
            #expect(command.arguments.contains("output"), "\(command.path)")
        }
    }

    @Test(
        "Wrong usage ends with 2 and says what is wrong",
        arguments: [
            (["nonsense"], "nonsense"), (["tenant", "show"], "<tenant>"),
            (["sync", "run", "acme", "--timeout", "0"], "--timeout"),
            (["review", "show", "acme", "first"], "first"), (["tenant", "list", "--output", "xml"], "xml"),
            (["event", "list", "acme", "--limit", "0"], "--limit"),
            (["credentials", "set", "acme", "password"], "visma-client-id"),
            (["customer", "map", "acme", "10001", "in_1"], "cus_"),
            (["customer", "map", "acme", "10001"], "<customer>"),
            (["invoice", "push", "acme", "1", "--reason", ""], "--reason"),
            (["review", "resolve", "acme", "1", "--as", "forget", "--reason", "x"], "mark_settled"),
            (["review", "resolve", "acme", "1", "--as", "ignore"], "--reason"),
            (["review", "resolve", "acme", "1", "--as", "map_customer", "--reason", "x"], "--customer"),
            (["sync", "backfill", "acme", "--from", "november"], "2026-11-01"),
            (["event", "replay", "acme"], "--id"), (["event", "replay", "acme", "--id", "in_1"], "evt_"),
            (["event", "replay", "acme", "--id", "evt_1", "--type", "invoice.paid"], "leave out"),
            (["event", "replay", "acme", "--from", "yesterday"], "2026-11-01T08:00:00Z"),
        ])
    func wrongUsage(arguments: [String], mention: String) throws {
        let result = try Tool().run(arguments)
        #expect(result.status == 2)
        #expect(result.errors.hasPrefix("error: "))
        #expect(result.errors.contains(mention))
        #expect(result.output.isEmpty)
    }

    @Test("--version shows the version")
    func version() throws {
        let result = try Tool().run("--version")
        #expect(result.status == 0)
        #expect(result.output.contains(/^\d+\.\d+\.\d+/))
    }
}
