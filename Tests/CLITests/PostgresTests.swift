#if POSTGRES
    import Foundation
    import Storage
    import Testing

    @Suite("The commands on PostgreSQL")
    struct PostgresTests {
        /// A tool whose database is a server of its own, reached by a password.
        private final class Place {
            let tool: Tool
            let cluster: PrivateCluster
            let password = UUID().uuidString.replacing("-", with: "")

            init() throws {
                tool = try Tool()
                cluster = try PrivateCluster(.none, password: password)
                tool.environment["MLC_DATABASE"] = cluster.url
            }

            deinit { cluster.stop() }
        }

        @Test("demo --engine postgres: the main job on a server that comes and goes with it, drift 0")
        func demo() throws {
            let tool = try Tool()
            let result = try tool.run("demo", "--engine", "postgres", "--output", "json")
            #expect(result.status == 0, "\(result.errors)")
            let summary = try result.json()
            #expect(summary["drift"] as? Int == 0)
            #expect(summary["audit_verified"] as? Bool == true)
            #expect((summary["payments_posted"] as? Int ?? 0) > 0)
            let refused = try tool.run("demo", "--engine", "postgres", "--state", tool.path("state"))
            #expect(refused.status == 2)
            #expect(refused.errors.contains("--state"))
        }

        @Test("killed while its server is being made, the demo leaves neither files nor processes")
        func killed() throws {
            let tool = try Tool()
            // Another program looks and kills: this one's threads are shared by all tests.
            let left = try tool.python(
                """
                import os, select, subprocess, sys
                demo = subprocess.Popen([sys.argv[1], "demo", "--engine", "postgres"], stdout=subprocess.DEVNULL)
                def keeper():
                    for process in filter(str.isdigit, os.listdir("/proc")):
                        try:
                            if f"\\nPPid:\\t{demo.pid}\\n" in open(f"/proc/{process}/status").read():
                                directory = os.readlink(f"/proc/{process}/cwd")
                                if directory.startswith("/tmp/ml-connector-postgres-"):
                                    return os.pidfd_open(int(process)), directory
                        except OSError:
                            pass  # It has ended meanwhile.
                found = None
                while not found:
                    assert demo.poll() is None, "the demo ended before it was killed"
                    found = keeper()
                process, directory = found
                assert os.path.exists(directory), directory
                demo.kill()
                # The keeper is the last to end, when everything is cleared away.
                ended, _, _ = select.select([process], [], [], 60)
                print([directory] if os.path.exists(directory) or not ended else [])
                """, Tool.binary.path)
            #expect(left == "[]")
        }

        @Test("migrate, doctor, tenant and audit work on a server; the password is shown nowhere")
        func commands() throws {
            let place = try Place()
            let tool = place.tool
            let before = try tool.run("migrate", "--status", "--output", "json")
            #expect(try (before.json()["pending"] as? [String])?.isEmpty == false, "\(before.errors)")
            let early = try tool.run("tenant", "list")
            #expect(early.status == 4)
            #expect(early.errors.contains("ml-connector migrate"))
            try tool.setUp()
            let manifest = try tool.write(Manifests.acme(), to: "acme.yaml")
            let added = try tool.run("tenant", "add", manifest)
            #expect(added.status == 0, "\(added.errors)")
            let list = try tool.run("tenant", "list", "--output", "json")
            #expect(list.output.contains("acme"))
            #expect(try tool.run("audit", "verify", "acme").status == 0)
            let doctor = try tool.run("doctor", "--output", "json")
            let checks = try #require(try doctor.json()["checks"] as? [[String: Any]])
            func seen(_ name: String) -> String? {
                checks.first { $0["name"] as? String == name }?["seen"] as? String
            }
            #expect(seen("postgres_synchronous_commit") == "synchronous_commit = on")
            // The server of this test is not durable, and doctor must say so.
            #expect(seen("postgres_fsync") == "fsync = off")
            #expect(doctor.status == 1)
            for result in [before, early, added, list, doctor] {
                #expect(!result.output.contains(place.password) && !result.errors.contains(place.password))
            }
            #expect(doctor.output.contains("postgres://connector@127.0.0.1:"))
        }

        @Test("several servers share a database; one is drained, one stops, and the list says so")
        func nodes() throws {
            let place = try Place()
            let tool = place.tool
            try tool.setUp()
            let servers = try (1...3).map { _ in try tool.start(["serve", "--port", "0"]) }
            let urls = try servers.map { server in
                try server.line(of: .errors, containing: "listening on http").replacing("listening on ", with: "")
            }
            let nodes = try Self.nodes(tool)
            #expect(nodes.map(\.state) == ["active", "active", "active"])
            let first = try #require(nodes.first)
            let drained = try tool.run("node", "drain", first.id, "--output", "json")
            #expect(drained.status == 0, "\(drained.errors)")
            #expect(try drained.json()["state"] as? String == "draining")
            #expect(try drained.json()["leases"] as? Int == 0)
            #expect(try Self.readiness(tool, urls, until: [200, 200, 503]) == [200, 200, 503])
            #expect(try tool.run("node", "drain", "nobody").status == 3)
            servers[0].signal(SIGTERM)
            #expect(servers[0].wait() == 0, "\(servers[0].text(.errors))")
            #expect(try Self.nodes(tool).count == 2)
            for server in servers { #expect(!server.text(.errors).contains(place.password)) }
        }

        private static func nodes(_ tool: Tool) throws -> [(id: String, state: String)] {
            let rows = try #require(
                try tool.run("node", "list", "--output", "json").json()["nodes"] as? [[String: Any]])
            return rows.compactMap { row in
                guard let id = row["node"] as? String, let state = row["state"] as? String else { return nil }
                return (id, state)
            }
        }

        /// What /readyz of all of them says, sorted, once it is as expected or ten seconds are over.
        private static func readiness(_ tool: Tool, _ urls: [String], until expected: [Int]) throws -> [Int] {
            let answers = try tool.python(
                """
                import json, sys, time, urllib.error, urllib.request
                def status(url):
                    try:
                        return urllib.request.urlopen(url + "/readyz", timeout=10).status
                    except urllib.error.HTTPError as error:
                        return error.code
                end = time.monotonic() + 10
                while True:
                    found = sorted(map(status, sys.argv[2].split()))
                    if found == json.loads(sys.argv[1]) or time.monotonic() > end:
                        break
                    time.sleep(0.05)
                print(json.dumps(found))
                """, "\(expected)", urls.joined(separator: " "))
            return try #require(try JSONSerialization.jsonObject(with: Data(answers.utf8)) as? [Int])
        }

        @Test("while servers work the schema is left alone")
        func migrating() throws {
            let place = try Place()
            let tool = place.tool
            try #require(tool.run("key", "generate").status == 0)
            let server = try tool.start(["serve", "--port", "0"])
            _ = try server.line(of: .errors, containing: "listening on")
            // Nothing is pending: the server has migrated.
            #expect(try tool.run("migrate").status == 0)
            try tool.python(
                """
                import glob, shutil, subprocess, sys
                psql = sorted(glob.glob("/usr/lib/postgresql/*/bin/psql")) or [shutil.which("psql")]
                text = "DELETE FROM schema_migrations WHERE number = 6"
                subprocess.run([psql[-1], "-X", "-d", sys.argv[1], "-c", text], check=True)
                """, place.cluster.socketURL)
            let refused = try tool.run("migrate")
            #expect(refused.status == 4)
            #expect(refused.errors.contains("stop it, then migrate"), "\(refused.errors)")
        }

        @Test("a URL with a password comes from the environment or a file, never from an argument")
        func password() throws {
            let place = try Place()
            let tool = place.tool
            let url = place.cluster.url
            tool.environment["MLC_DATABASE"] = nil
            let argument = try tool.run("migrate", "--database", url)
            #expect(argument.status == 2)
            #expect(argument.errors.contains("MLC_DATABASE_FILE"))
            #expect(!argument.errors.contains(place.password))
            let file = try tool.write(url + "\n", to: "database-url")
            let byFile = try tool.run("migrate", "--output", "json", settings: ["MLC_DATABASE_FILE": file])
            #expect(byFile.status == 0, "\(byFile.errors)")
            #expect(!byFile.output.contains(place.password))
            let both = try tool.run("migrate", settings: ["MLC_DATABASE_FILE": file, "MLC_DATABASE": url])
            #expect(both.status == 2)
            let parts = url.replacing("postgres://", with: "").split(whereSeparator: { ":@/".contains($0) })
            try #require(parts.count == 5)
            let passFile = try tool.write("\(parts[2]):\(parts[3]):*:\(parts[0]):\(parts[1])\n", to: "pgpass")
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: passFile)
            let byPassFile = try tool.run(
                "migrate", "--database", url.replacing(":" + place.password, with: ""),
                settings: ["PGPASSFILE": passFile])
            #expect(byPassFile.status == 0, "\(byPassFile.errors)")
            let without = try tool.run("migrate", "--database", url.replacing(":" + place.password, with: ""))
            #expect(without.status == 1)
            #expect(without.errors.contains("cannot connect to postgres://connector@127.0.0.1:"))
        }
    }
#endif
