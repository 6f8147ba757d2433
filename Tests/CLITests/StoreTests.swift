import Foundation
import Testing

@Suite("Keys, tenants and credentials on disk")
struct StoreTests {
    @Test("key generate makes a file of mode 0600 in a directory of mode 0700 and never overwrites it")
    func keyGenerate() throws {
        let tool = try Tool()
        let result = try tool.run("key", "generate", "--output", "json")
        #expect(result.status == 0)
        #expect(try result.json()["key_id"] as? String != nil)
        #expect(try mode(tool.keyFile) == 0o600)
        #expect(try mode(tool.path(".state")) == 0o700)
        let key = try String(contentsOfFile: tool.keyFile, encoding: .utf8)
        let again = try tool.run("key", "generate")
        #expect(again.status == 4)
        #expect(again.errors.contains("left as it is"))
        #expect(try String(contentsOfFile: tool.keyFile, encoding: .utf8) == key)
        #expect(!result.output.contains(key.split(separator: ":")[1].prefix(20)))
    }

    private func mode(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test("migrate tells what is pending, makes the database for its owner only, and may be repeated")
    func migrate() throws {
        let tool = try Tool()
        let before = try tool.run("migrate", "--status", "--output", "json").json()
        #expect(before["exists"] as? Bool == false)
        #expect((before["pending"] as? [String])?.isEmpty == false)
        #expect(!FileManager.default.fileExists(atPath: tool.database))
        let after = try tool.run("migrate", "--output", "json").json()
        #expect(after["is_current"] as? Bool == true)
        #expect((after["pending"] as? [String]) == [])
        #expect(try mode(tool.database) == 0o600)
        #expect(try tool.run("migrate").status == 0)
    }

    @Test("doctor passes on a good installation and shows where each setting came from")
    func doctor() throws {
        let tool = try Tool()
        try tool.setUp()
        let result = try tool.run("doctor", "--output", "json", settings: ["MLC_PORT": "9000"])
        #expect(result.status == 0, "\(result.errors)")
        let report = try result.json()
        #expect(report["healthy"] as? Bool == true)
        let settings = try #require(report["settings"] as? [[String: Any]])
        let port = try #require(settings.first { $0["name"] as? String == "MLC_PORT" })
        #expect(port["value"] as? String == "9000")
        #expect(port["from"] as? String == "environment")
        let checks = try #require(report["checks"] as? [[String: Any]])
        let synchronous = checks.first { $0["name"] as? String == "sqlite_synchronous" }
        #expect(synchronous?["seen"] as? String == "synchronous = 2")
    }

    @Test("doctor and sync status tell that writes are off")
    func writesOff() throws {
        let tool = try Tool()
        try tool.setUp()
        let path = try tool.write(Manifests.acme(), to: "acme.yaml")
        #expect(try tool.run("tenant", "add", path).status == 0)
        for (value, outcome) in [("on", "passed"), ("off", "warned")] {
            let result = try tool.run("doctor", "--output", "json", settings: ["MLC_WRITES": value])
            #expect(result.status == 0)
            let checks = try #require(result.json()["checks"] as? [[String: Any]])
            let writes = checks.first { $0["name"] as? String == "writes" }
            #expect(writes?["outcome"] as? String == outcome)
            let status = try tool.run("sync", "status", "acme", "--output", "json", settings: ["MLC_WRITES": value])
            #expect(try status.json()["writes"] as? String == value, "\(status.errors)")
        }
        #expect(try tool.run("sync", "status", "nobody").status == 3)
    }

    @Test("doctor fails without a key, names the remedy and does not show keys from the environment")
    func doctorFails() throws {
        let tool = try Tool()
        try tool.setUp()
        let key = try String(contentsOfFile: tool.keyFile, encoding: .utf8)
        let shown = try tool.run("doctor", "--output", "json", settings: ["MLC_MASTER_KEYS": key])
        #expect(shown.status == 0, "\(shown.errors)")
        #expect(!shown.output.contains(key.split(separator: ":")[1].prefix(20)))
        try FileManager.default.removeItem(atPath: tool.keyFile)
        let broken = try tool.run("doctor", "--output", "json")
        #expect(broken.status == 1)
        #expect(try broken.json()["healthy"] as? Bool == false)
        #expect(broken.output.contains("ml-connector key generate"))
    }

    @Test("A tenant is added, listed, shown and applied, and JSON has stable names")
    func tenants() throws {
        let tool = try Tool()
        try tool.setUp()
        let path = try tool.write(Manifests.acme(), to: "acme.yaml")
        let added = try tool.run("tenant", "add", path, "--output", "json").json()
        #expect(added["id"] as? String == "acme")
        #expect(added["state"] as? String == "onboarding")
        #expect(added["visma_tenant"] as? String == Manifests.vismaTenant)
        let list = try tool.run("tenant", "list", "--output", "json").json()
        let tenants = try #require(list["tenants"] as? [[String: Any]])
        #expect(tenants.map { $0["id"] as? String } == ["acme"])
        #expect(tenants.first?["reviews_open"] as? Int == 0)
        let changed = try tool.write(Manifests.acme(prefix: "B-"), to: "changed.yaml")
        let applied = try tool.run("tenant", "apply", changed, "--output", "json").json()
        #expect(applied["changes"] as? [String] == ["policy version 2"])
        #expect(try tool.run("tenant", "apply", changed, "--output", "json").json()["changes"] as? [String] == [])
        let shown = try tool.run("tenant", "show", "acme", "--output", "json").json()
        let policy = try #require(shown["policy"] as? [String: Any])
        #expect((policy["invoice"] as? [String: Any])?["numberPrefix"] as? String == "B-")
        #expect(shown["policy_version"] as? Int == 2)
        #expect(try tool.run("tenant", "list").output.contains("ID    NAME"))
    }

    @Test("A credential from standard input is sealed: it is in no file, no output and no argument")
    func credentials() throws {
        let tool = try Tool()
        try tool.addAcme()
        let secret = "S3cret-Value-9f1c7a-acme"
        let result = try tool.run(
            "credentials", "set", "acme", "visma-client-secret", "--output", "json", input: secret + "\n")
        #expect(result.status == 0, "\(result.errors)")
        let answer = try result.json()
        #expect(answer["fingerprint"] as? String == "…acme")
        #expect(answer["version"] as? Int == 1)
        let file = try tool.write("another-Secret-Value-77\n", to: "secret")
        let second = try tool.run(
            "credentials", "set", "acme", "visma-client-secret", "--file", file, "--output", "json",
            "--log-level", "trace")
        #expect(try second.json()["version"] as? Int == 2)
        try FileManager.default.removeItem(atPath: file)
        for output in [result, second, try tool.run("tenant", "show", "acme", "--output", "json")] {
            #expect(!output.output.contains("S3cret-Value") && !output.errors.contains("S3cret-Value"))
            #expect(!output.output.contains("another-Secret") && !output.errors.contains("another-Secret"))
        }
        let state = tool.directory.appendingPathComponent(".state")
        let names = try FileManager.default.contentsOfDirectory(atPath: state.path)
        #expect(names.contains("ml-connector.sqlite"))
        for name in names {
            let bytes = try Data(contentsOf: state.appendingPathComponent(name))
            #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name)")
            #expect(bytes.range(of: Data("another-Secret-Value-77".utf8)) == nil, "\(name)")
        }
    }

    @Test("audit verify passes on a whole chain and names the entry that was altered")
    func audit() throws {
        let tool = try Tool()
        try tool.addAcme()
        try #require(tool.run("credentials", "set", "acme", "visma-client-id", input: "isv_acme").status == 0)
        let whole = try tool.run("audit", "verify", "acme", "--output", "json")
        #expect(whole.status == 0)
        #expect(try whole.json()["audit_verified"] as? Bool == true)
        #expect(try whole.json()["entries"] as? Int == 2)
        try tool.python(
            """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1])
            db.execute("DROP TRIGGER audit_no_update")
            db.execute("UPDATE audit SET actor = 'cli:nobody' WHERE sequence = 1")
            db.commit()
            """, tool.database)
        let broken = try tool.run("audit", "verify", "acme", "--output", "json")
        #expect(broken.status == 1)
        #expect(broken.errors.contains("entry 1 was altered"))
        #expect(try broken.json()["audit_verified"] as? Bool == false)
    }

    @Test("Lists end with a next that goes on where they stopped")
    func paging() throws {
        let tool = try Tool()
        try tool.addAcme()
        for value in ["one", "two", "three"] {
            try #require(tool.run("credentials", "set", "acme", "visma-client-id", input: value).status == 0)
        }
        let first = try tool.run("audit", "list", "acme", "--limit", "2", "--output", "json").json()
        #expect((first["entries"] as? [[String: Any]])?.map { $0["sequence"] as? Int } == [4, 3])
        let next = try #require(first["next"] as? String)
        let second = try tool.run("audit", "list", "acme", "--limit", "2", "--after", next, "--output", "json").json()
        #expect((second["entries"] as? [[String: Any]])?.map { $0["sequence"] as? Int } == [2, 1])
        #expect(second["next"] is NSNull)
    }
}
