#if POSTGRES
    import Foundation
    import Testing

    @Suite("Several servers on one PostgreSQL")
    struct NodesTests {
        /// Under load one stands still between a commit and its call, one is killed, one is drained.
        @Test("Three share companies: nothing is posted twice, nothing lost, nobody waits for longer than a lease")
        func three() throws {
            let tool = try Tool()
            let bench = Tool.binary.deletingLastPathComponent().appendingPathComponent("bench").path
            let output = tool.path("output")
            let errors = tool.path("errors")
            let process = try Spawn.start(
                [
                    "/usr/bin/timeout", "-s", "KILL", "\(Tool.secondsMax)", bench, "--only", "node_wait_seconds_max",
                    "--tenants", "30", "--output", "json",
                ],
                environment: ["PATH": "/usr/bin:/bin", "TMPDIR": tool.directory.path], input: "/dev/null",
                output: output, errors: errors)
            let status = Spawn.wait(process)
            let said = try String(contentsOfFile: errors, encoding: .utf8)
            #expect(status == 0, "\(said)")
            let line = try #require(try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n").last)
            let read = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(read["node_postings_twice"] as? Int == 0)
            #expect(read["node_events_lost"] as? Int == 0)
            #expect(read["node_strays_unlisted"] as? Int == 0)
            #expect((read["node_refused_commits"] as? Int ?? 0) > 0)
        }
    }
#endif
