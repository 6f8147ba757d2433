import Foundation
import Testing

/// Each is refused with a message that names the field and the remedy, with its exit status, and changes nothing.
@Suite("Bad input changes nothing")
struct BadInputTests {
    private func expect(
        _ result: Tool.Result, status: Int32, mentions: [String], _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(result.status == status, "\(result.errors)", sourceLocation: location)
        #expect(result.errors.hasPrefix("error: "), sourceLocation: location)
        for mention in mentions {
            #expect(result.errors.contains(mention), "\(result.errors)", sourceLocation: location)
        }
        #expect(result.output.isEmpty, sourceLocation: location)
    }

    /// Runs `body` on a database with one tenant and expects every row to be as before.
    private func unchanged(_ body: (Tool) throws -> Void) throws {
        let tool = try Tool()
        try tool.addAcme()
        let before = try tool.contents()
        try body(tool)
        #expect(try tool.contents() == before)
    }

    @Test("A wrong key file: the tenants are sealed under another key")
    func wrongKey() throws {
        try unchanged { tool in
            try FileManager.default.removeItem(atPath: tool.keyFile)
            try #require(tool.run("key", "generate").status == 0)
            expect(try tool.run("tenant", "ping", "acme"), status: 4, mentions: ["master key", "was not given"])
            expect(try tool.run("serve", "--port", "0"), status: 4, mentions: ["master key", "was not given"])
        }
    }

    @Test("No key file: nothing starts")
    func noKey() throws {
        try unchanged { tool in
            try FileManager.default.removeItem(atPath: tool.keyFile)
            expect(try tool.run("serve", "--port", "0"), status: 4, mentions: ["ml-connector key generate"])
        }
    }

    @Test("A key file that others can read")
    func exposedKey() throws {
        try unchanged { tool in
            chmod(tool.keyFile, 0o644)
            expect(try tool.run("tenant", "ping", "acme"), status: 4, mentions: ["chmod 600", "read"])
        }
    }

    @Test("A key file with something else in it")
    func malformedKey() throws {
        try unchanged { tool in
            try tool.write("hello\n", to: ".state/master.key")
            let result = try tool.run("audit", "verify", "acme")
            expect(result, status: 2, mentions: ["master.key", "id:base64"])
            #expect(!result.errors.contains("hello"))
        }
    }

    @Test("A tenant id of wrong form, and one that is not there")
    func wrongTenant() throws {
        try unchanged { tool in
            expect(try tool.run("tenant", "show", "Acme!"), status: 2, mentions: ["Acme!", "lower-case"])
            for arguments in [
                ["tenant", "show"], ["tenant", "ping"], ["sync", "run"], ["invoice", "list"], ["event", "list"],
                ["audit", "list"], ["audit", "verify"], ["customer", "list"],
            ] {
                expect(
                    try tool.run(arguments + ["nobody"]), status: 3, mentions: ["nobody", "ml-connector tenant list"])
            }
            expect(try tool.run("invoice", "show", "acme", "Invoice:1"), status: 3, mentions: ["Invoice:1"])
            expect(try tool.run("invoice", "push", "nobody", "1"), status: 3, mentions: ["nobody"])
            expect(
                try tool.run("invoice", "push", "acme", "1"), status: 4, mentions: ["onboarding", "state: active"])
            expect(
                try tool.run("customer", "unmap", "acme", "10001"), status: 3,
                mentions: ["10001", "ml-connector customer list acme"])
            expect(try tool.run("customer", "map", "nobody", "10001", "cus_1"), status: 3, mentions: ["nobody"])
            expect(try tool.run("event", "show", "acme", "evt_1"), status: 3, mentions: ["evt_1"])
            expect(try tool.run("review", "show", "acme", "7"), status: 3, mentions: ["7"])
        }
    }

    @Test(
        "A manifest that cannot be used",
        arguments: [
            (Manifests.acme(currency: "NOKK"), "policy.cash_accounts: 'NOKK' is not a currency"),
            (Manifests.acme(extra: "colour: red"), "colour is not known here"),
            (Manifests.acme(extra: "  - [unclosed"), "not readable as YAML"),
            (Manifests.acme(vismaTenant: "1234"), "visma.tenant '1234' is not a tenant id"),
            (Manifests.acme(mode: "prod"), "mode is 'prod'"),
            ("just a text", "must be a map"),
        ])
    func manifest(text: String, mention: String) throws {
        try unchanged { tool in
            let path = try tool.write(text, to: "bad.yaml")
            for verb in ["add", "apply"] {
                expect(try tool.run("tenant", verb, path), status: 2, mentions: [mention])
            }
        }
    }

    @Test("A manifest that is not there")
    func noManifest() throws {
        try unchanged { tool in
            expect(try tool.run("tenant", "add", "nowhere.yaml"), status: 2, mentions: ["MANIFEST", "nowhere.yaml"])
        }
    }

    @Test(
        "A setting that is refused",
        arguments: [
            (["MLC_VISMA_API_URL": "https://integration.visma.net"], "Use https://api.finance.visma.net"),
            (["MLC_VISMA_API_URL": "https://api.finance.visma.net/erp/service"], "is the audience of a token"),
            (["MLC_STRIPE_URL": "https://stripe.example.com"], "not on the list of allowed hosts"),
            (["MLC_STRIPE_URL": "http://api.stripe.com"], "plain http is for loopback only"),
            (["MLC_DATABASE": "mysql://db/x"], "write the path of a SQLite file, or postgres://"),
            (["MLC_DATABASE": "postgres://db/x"], "nothing says whether to use TLS"),
            (["MLC_PORT": "70000"], "MLC_PORT (--port) is '70000'"), (["MLC_WRITES": "no"], "write on, off"),
            (["MLC_WRITE": "off"], "MLC_WRITE is not a setting"),
            (["MLC_LATE_EFFECT_SECONDS": "5"], "only when all three base URLs are loopback"),
            (["MLC_KILL_AT": "turn.observed"], "accepted only when all three base URLs are loopback"),
            (["MLC_PUBLIC_URL": "http://hooks.example.com"], "MLC_PUBLIC_URL (--public-url)"),
            (["MLC_LOG_LEVEL": "loud"], "MLC_LOG_LEVEL (--log-level) is 'loud'"),
        ])
    func setting(settings: [String: String], mention: String) throws {
        try unchanged { tool in
            for arguments in [["serve"], ["doctor"], ["tenant", "list"]] {
                expect(try tool.run(arguments, settings: settings), status: 2, mentions: [mention])
            }
        }
    }

    @Test("A kill point that is no checkpoint")
    func killPoint() throws {
        let loopback = Dictionary(
            uniqueKeysWithValues: ["MLC_VISMA_API_URL", "MLC_VISMA_CONNECT_URL", "MLC_STRIPE_URL"].map {
                ($0, "http://127.0.0.1:1")
            })
        try unchanged { tool in
            let settings = loopback.merging(["MLC_KILL_AT": "somewhere"]) { $1 }
            expect(
                try tool.run(["serve"], settings: settings), status: 2, mentions: ["MLC_KILL_AT", "turn.observed"])
        }
    }

    @Test("A live key for a test tenant, and things that are no key")
    func liveKey() throws {
        try unchanged { tool in
            let secret = "rk_live_not_a_real_key_01"
            let live = try tool.run("credentials", "set", "acme", "stripe-key", input: secret)
            expect(live, status: 4, mentions: ["live key", "test mode", "rk_test_"])
            #expect(!live.errors.contains(secret))
            expect(
                try tool.run("credentials", "set", "acme", "stripe-key", input: "pk_test_0123456789"), status: 2,
                mentions: ["publishable"])
            expect(
                try tool.run("credentials", "set", "acme", "visma-client-secret", input: "\n"), status: 2,
                mentions: ["empty"])
            expect(
                try tool.run("credentials", "set", "acme", "visma-client-secret", input: "a\nb\n"), status: 2,
                mentions: ["more than one line"])
        }
    }

    @Test("A port in use")
    func portInUse() throws {
        try unchanged { tool in
            let taken = try BusyPort()
            expect(
                try tool.run("serve", "--port", "\(taken.number)"), status: 4, mentions: ["\(taken.number)", "--port"])
        }
    }

    @Test("A database that a newer version has migrated")
    func newerDatabase() throws {
        let tool = try Tool()
        try tool.addAcme()
        try tool.python(
            """
            import sqlite3, sys
            db = sqlite3.connect(sys.argv[1])
            db.execute("INSERT INTO schema_migrations VALUES (99, 'later', 'x', 0)")
            db.commit()
            """, tool.database)
        let before = try tool.contents()
        for arguments in [["serve", "--port", "0"], ["migrate"], ["tenant", "list"], ["sync", "run", "acme"]] {
            expect(try tool.run(arguments), status: 4, mentions: ["0099_later", "does not know"])
        }
        #expect(try tool.contents() == before)
    }

    @Test("A database that is not there is not made by looking at it")
    func noDatabase() throws {
        let tool = try Tool()
        try #require(tool.run("key", "generate").status == 0)
        expect(try tool.run("tenant", "list"), status: 4, mentions: ["ml-connector migrate"])
        #expect(!FileManager.default.fileExists(atPath: tool.database))
    }

    @Test("A tenant that is not ready to be active, and a second one of the same name")
    func notReady() throws {
        try unchanged { tool in
            let active = try tool.write(Manifests.acme(state: "active"), to: "active.yaml")
            expect(try tool.run("tenant", "apply", active), status: 4, mentions: ["credentials set"])
            expect(try tool.run("tenant", "add", active), status: 4, mentions: ["tenant apply"])
            expect(try tool.run("sync", "run", "acme"), status: 4, mentions: ["onboarding", "state: active"])
        }
    }
}

/// A port of the loopback address that is taken while this lives.
final class BusyPort {
    let number: Int
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { plain in
                bind(descriptor, plain, length) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, plain, &length) == 0
            }
        }
        number = Int(UInt16(bigEndian: address.sin_port))
        try #require(isBound)
    }

    deinit { close(descriptor) }
}
