import Foundation
import Sandbox
import Testing

@testable import ml_connector

/// Looks for secrets in bytes: known ones in the forms in which they travel, unknown ones by their shape.
struct SecretSearch {
    /// By what they are called in a report.
    var known: [String: String]

    /// What unknown secrets look like: Visma's tokens, webhook secrets, Stripe's keys.
    private static let shapes: [(name: String, prefix: String, tail: Int)] = [
        ("a token", "eyJ", 60), ("an endpoint secret", "whsec_", 16), ("a restricted key", "rk_test_", 16),
        ("a secret key", "sk_test_", 16),
    ]

    /// What was found in `data`, in words that do not repeat it.
    func findings(in data: Data, at place: String) -> [String] {
        var found: [String] = []
        for (name, secret) in known.sorted(by: { $0.key < $1.key }) {
            for (form, text) in Self.forms(of: secret) where data.range(of: Data(text.utf8)) != nil {
                found.append("\(name), \(form), in \(place)")
            }
        }
        for shape in Self.shapes where Self.has(shape.prefix, followedBy: shape.tail, in: data) {
            found.append("\(shape.name) in \(place)")
        }
        return found
    }

    private static func forms(of secret: String) -> [(String, String)] {
        let bytes = Array(secret.utf8)
        let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        // Whole groups of three only, so that `Basic` with a colon behind it is found as well.
        let base64 = Data(bytes.prefix(bytes.count / 3 * 3)).base64EncodedString()
        return [("in clear", secret), ("in hexadecimal", hex), ("in base64", base64)]
    }

    /// Whether `prefix` stands anywhere with that many characters of an id, a key or a token behind it.
    private static func has(_ prefix: String, followedBy tail: Int, in data: Data) -> Bool {
        let mark = Data(prefix.utf8)
        var rest = data[...]
        while let hit = rest.range(of: mark) {
            let behind = rest[hit.upperBound...].prefix(tail)
            if behind.count == tail, behind.allSatisfy(isPartOfToken) { return true }
            rest = rest[hit.upperBound...]
        }
        return false
    }

    private static func isPartOfToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

@Suite("No secret of the demo is in the clear anywhere")
struct SecretTests {
    private static let seed: UInt64 = 20_261_122

    private static func search(_ companies: DemoCompanies) -> SecretSearch {
        var known: [String: String] = [:]
        for company in companies.all {
            known["the Visma secret of \(company.account)"] = company.vismaClientSecret
            known["the Stripe key of \(company.account)"] = company.stripeKey
        }
        return SecretSearch(known: known)
    }

    /// Every file under `directory` but the one with the master key.
    private static func files(_ directory: String) throws -> [(name: String, data: Data)] {
        try FileManager.default.subpathsOfDirectory(atPath: directory).filter { $0 != "master.key" }.sorted()
            .compactMap { name in
                FileManager.default.contents(atPath: directory + "/" + name).map { (name, $0) }
            }
    }

    /// Command line and environment of every process that was started with `directory`, as others can read them.
    private static func processes(naming directory: String) throws -> [(name: String, data: Data)] {
        let mark = Data(directory.utf8)
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }.flatMap { id in
            // A process may end between the two looks: then there is nothing to read.
            guard let line = FileManager.default.contents(atPath: "/proc/\(id)/cmdline"), line.range(of: mark) != nil
            else { return [(name: String, data: Data)]() }
            let environment = FileManager.default.contents(atPath: "/proc/\(id)/environ") ?? Data()
            return [("the arguments of \(id)", line), ("the environment of \(id)", environment)]
        }
    }

    @Test("Not in logs at trace level, in standard output, in the database and its WAL, in arguments or environment")
    func demo() throws {
        let tool = try Tool()
        let state = tool.path("state")
        var search = Self.search(try DemoCompanies(seed: Self.seed, manifests: ["", ""]))
        try #require(search.known.count == 4 && search.known.values.allSatisfy { $0.count >= 24 })
        let demo = try tool.start(
            ["demo", "--state", state, "--log-level", "trace", "--seed", "\(Self.seed)", "--output", "json"])
        _ = try demo.line(of: .errors, containing: "Visma's open invoices go to Stripe")
        let key = try String(contentsOfFile: state + "/master.key", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let encoded = try #require(key.split(separator: ":").last.map(String.init))
        search.known["the master key, in base64"] = encoded
        var places = try Self.processes(naming: state)
        #expect(places.contains { $0.name.hasPrefix("the arguments") && !$0.data.isEmpty })
        _ = try demo.line(of: .errors, containing: "customers pay")
        // While it runs: the WAL holds what the database will.
        let running = try Self.files(state)
        #expect(running.contains { $0.name.hasSuffix("-wal") && !$0.data.isEmpty })
        places += running.map { ("running: " + $0.name, $0.data) }
        #expect(demo.wait() == 0, "\(demo.text(.errors).suffix(2000))")
        places += try Self.files(state)
        let errors = demo.text(.errors)
        #expect(errors.contains(" trace ") || errors.contains(" debug "), "the logs are not as loud as asked for")
        places += [("standard output", Data(demo.text(.output).utf8)), ("standard error", Data(errors.utf8))]
        let raw = try #require(Data(base64Encoded: encoded))
        for (name, data) in places {
            #expect(search.findings(in: data, at: name) == [])
            #expect(data.range(of: raw) == nil, "the master key as bytes in \(name)")
        }
    }

    @Test("The search finds each kind of secret that is planted")
    func planted() throws {
        let companies = try DemoCompanies(seed: Self.seed, manifests: ["", ""])
        let search = Self.search(companies)
        let key = companies.kyst.stripeKey
        let leaks = [
            companies.nord.vismaClientSecret, key, Data((key + ":").utf8).base64EncodedString(),
            key.utf8.map { String($0, radix: 16) }.joined(), "whsec_0123456789abcdefABCDEF",
            "Authorization: Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2Nvbm5lY3QifQ.c2ln",
            "rk_test_0123456789abcdefABCDEF",
        ]
        for leak in leaks {
            var bytes = Data([0, 255, 1])
            bytes.append(Data(leak.utf8))
            bytes.append(Data([0, 7]))
            #expect(!search.findings(in: bytes, at: "a planted leak").isEmpty, "\(leak)")
        }
        #expect(search.findings(in: Data("rk_test_[redacted] eyJ whsec_ sk_test_...".utf8), at: "harmless") == [])
    }
}
