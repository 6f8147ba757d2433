import Foundation
import Testing

@Suite("Webhooks and sudden death")
struct IngressKillTests {
    @Test("What a server under load had acknowledged is all there after it was killed, three times")
    func kills() throws {
        let tool = try Tool()
        let bench = Tool.binary.deletingLastPathComponent().appendingPathComponent("bench").path
        let output = tool.path("output")
        let errors = tool.path("errors")
        let process = try Spawn.start(
            [bench, "--only", "acknowledged_lost", "--kills", "3", "--output", "json"],
            environment: ["PATH": "/usr/bin:/bin", "TMPDIR": tool.directory.path], input: "/dev/null", output: output,
            errors: errors)
        let status = Spawn.wait(process)
        let said = try String(contentsOfFile: errors, encoding: .utf8)
        #expect(status == 0, "\(said)")
        let line = try #require(try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n").last)
        let read = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(read["acknowledged_lost"] as? Int == 0)
        #expect((read["acknowledged_before_kills"] as? Int ?? 0) > 0)
    }
}
