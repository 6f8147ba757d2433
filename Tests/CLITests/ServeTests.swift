import Foundation
import Sandbox
import Testing

@Suite("The server and the sandbox as processes")
struct ServeTests {
    private func port(of server: Running) throws -> Int {
        let line = try server.line(of: .errors, containing: "listening on http://127.0.0.1:")
        return try #require(line.split(separator: ":").last.flatMap { Int($0) })
    }

    @Test("serve answers health and readiness, writes its port, and ends with 0 on SIGTERM")
    func serve() async throws {
        let tool = try Tool()
        try tool.setUp()
        let server = try tool.start(["serve", "--port", "0", "--port-file", tool.path("port")])
        let port = try port(of: server)
        let client = LoopbackClient()
        for path in ["/healthz", "/readyz", "/metrics"] {
            let answer = try await client.send(
                SandboxRequest(method: "GET", path: path), to: "http://127.0.0.1:\(port)")
            #expect(answer.status == 200, "\(path)")
        }
        let refused = try await client.send(
            SandboxRequest(method: "POST", path: "/webhooks/stripe", body: Array("{}".utf8)),
            to: "http://127.0.0.1:\(port)")
        #expect(refused.status == 400)
        #expect(try String(contentsOfFile: tool.path("port"), encoding: .utf8) == "\(port)\n")
        let second = try tool.run("serve", "--port", "0")
        #expect(second.status == 4)
        #expect(second.errors.contains("already: stop it"))
        #expect(try tool.run("tenant", "list").status == 0)
        server.signal(SIGTERM)
        #expect(server.wait() == 0, "\(server.text(.errors))")
    }

    @Test("sync run without a server pushes the invoices; what was paid is booked by the next one")
    func syncAlone() async throws {
        let tool = try Tool()
        let box = try Box(tool)
        try box.activate(tool)
        #expect(try tool.run("tenant", "ping", "acme").status == 0)
        let first = try tool.run("sync", "run", "acme", "--output", "json")
        #expect(first.status == 0, "\(first.errors)")
        #expect(try first.json()["worked_by"] as? String == "this_command")
        let list = try tool.run("invoice", "list", "acme", "--output", "json").json()
        let invoices = try #require(list["invoices"] as? [[String: Any]])
        #expect(invoices.map { $0["state"] as? String } == ["collecting", "collecting"])
        let invoice = try #require(invoices.first?["stripe_invoice"] as? String)
        let document = try #require(invoices.first?["document"] as? String)
        let paid = try await LoopbackClient().send(
            SandboxRequest(
                method: "POST", path: "/_sandbox/pay", headers: [("Content-Type", "application/json")],
                body: Array(#"{"invoice":"\#(invoice)"}"#.utf8)), to: box.stripeURL)
        try #require(paid.status == 200)
        try #require(tool.run("sync", "run", "acme", "--document", document).status == 0)
        // Our own booking changes the invoice in Visma, so the next reading of the list looks at it once more.
        try #require(tool.run("sync", "run", "acme").status == 0)
        let shown = try tool.run("invoice", "show", "acme", document, "--output", "json").json()
        #expect((shown["link"] as? [String: Any])?["state"] as? String == "settled")
        let bookings = try #require(shown["bookings"] as? [[String: Any]])
        #expect(bookings.map { $0["state"] as? String } == ["booked"])
        #expect(try tool.run("audit", "verify", "acme").status == 0)
        let unknown = try tool.run("sync", "run", "acme", "--document", "Invoice:999999")
        #expect(unknown.status == 3)
        #expect(unknown.errors.contains("Invoice:999999"))
        let noPayout = try tool.run("sync", "run", "acme", "--payout", "po_none")
        #expect(noPayout.status == 3)
        #expect(noPayout.errors.contains("po_none"))
        let noID = try tool.run("sync", "run", "acme", "--payout", "none")
        #expect(noID.status == 2)
        #expect(noID.errors.contains("po_1"))
    }

    @Test("Killed at a checkpoint, the server leaves a lease behind that the next start does not wait for")
    func killedAndRestarted() throws {
        let tool = try Tool()
        let box = try Box(tool)
        try box.activate(tool)
        let killed = try tool.start(
            ["serve", "--port", "0"], settings: ["MLC_KILL_AT": "effect.answered/invoice.create"])
        #expect(killed.wait() == -SIGKILL)
        let server = try tool.start(["serve", "--port", "0"])
        _ = try port(of: server)
        let result = try tool.run("sync", "run", "acme", "--timeout", "30", "--output", "json")
        #expect(result.status == 0, "\(result.errors) \(server.text(.errors))")
        #expect(try result.json()["worked_by"] as? String == "server")
        server.signal(SIGINT)
        #expect(server.wait() == 0)
        let list = try tool.run("invoice", "list", "acme", "--output", "json").json()
        let invoices = try #require(list["invoices"] as? [[String: Any]])
        #expect(Set(invoices.compactMap { $0["stripe_invoice"] as? String }).count == 2)
        #expect(try tool.run("audit", "verify", "acme").status == 0)
    }

    @Test("No secret of the company is in the state directory or in the logs at trace level")
    func noSecretInTheClear() throws {
        let tool = try Tool()
        let box = try Box(tool)
        try box.activate(tool)
        let result = try tool.run("sync", "run", "acme", "--log-level", "trace")
        #expect(result.status == 0, "\(result.errors)")
        let state = tool.directory.appendingPathComponent(".state")
        for field in ["visma_client_secret", "stripe_key"] {
            let secret = try #require(box.company[field] as? String)
            #expect(!result.errors.contains(secret) && !result.output.contains(secret))
            for name in try FileManager.default.contentsOfDirectory(atPath: state.path) {
                let bytes = try Data(contentsOf: state.appendingPathComponent(name))
                #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(field) in \(name)")
            }
        }
    }

    @Test("The sandbox ends with 0 on SIGTERM and refuses a port in use")
    func sandbox() throws {
        let tool = try Tool()
        let box = try Box(tool)
        let port = try #require(box.stripeURL.split(separator: ":").last)
        let second = try tool.run("sandbox", "--stripe-port", String(port))
        #expect(second.status == 4)
        #expect(second.errors.contains(port))
        box.running.signal(SIGTERM)
        #expect(box.running.wait() == 0)
    }
}
