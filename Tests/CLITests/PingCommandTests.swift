import Foundation
import Testing

@Suite("tenant ping, and the ping of credentials set")
struct PingCommandTests {
    @Test("A change of credentials is pinged when all are there; a failed ping is told and undoes nothing")
    func credentials() throws {
        let tool = try Tool()
        let box = try Box(tool)
        try box.admit(tool)
        let first = try tool.run("tenant", "ping", "acme", "--history", "--output", "json").json()
        #expect((first["pings"] as? [[String: Any]])?.count == 1)
        let set = try tool.run(
            "credentials", "set", "acme", "visma-client-secret", "--output", "json", input: "not-the-right-secret")
        #expect(set.status == 0, "\(set.errors)")
        #expect(try set.json()["version"] as? Int == 2)
        #expect(try set.json()["ping"] as? String == "failed")
        let steps = try #require(try set.json()["ping_steps"] as? [[String: Any]])
        #expect(steps.first?["name"] as? String == "visma.token")
        #expect((steps.first?["remedy"] as? String)?.isEmpty == false)
        let ping = try tool.run("tenant", "ping", "acme", "--output", "json")
        #expect(ping.status == 1)
        #expect(ping.errors.contains("visma.token"))
        let past = try tool.run("tenant", "ping", "acme", "--history", "--output", "json").json()
        let pings = try #require(past["pings"] as? [[String: Any]])
        #expect(pings.map { $0["outcome"] as? String } == ["failed", "failed", "passed"])
        #expect(pings.first?["failed"] as? String == "visma.token")
        let mended = try tool.run(
            "credentials", "set", "acme", "visma-client-secret", "--output", "json",
            input: try #require(box.company["visma_client_secret"] as? String))
        #expect(try mended.json()["ping"] as? String != "failed")
        #expect(try tool.run("tenant", "ping", "nobody", "--history").status == 3)
    }

    @Test("Before all credentials are set there is nothing to ping")
    func waiting() throws {
        let tool = try Tool()
        try tool.addAcme()
        let set = try tool.run(
            "credentials", "set", "acme", "visma-client-id", "--output", "json", input: "isv_acme")
        #expect(try set.json()["ping"] as? String == "waits for the other credentials")
        let past = try tool.run("tenant", "ping", "acme", "--history", "--output", "json").json()
        #expect((past["pings"] as? [[String: Any]])?.isEmpty == true)
    }
}
