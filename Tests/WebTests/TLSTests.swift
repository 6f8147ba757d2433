import AsyncHTTPClient
import Domain
import Foundation
import Logging
import NIOCore
import NIOSSL
import Testing
import Web

/// Certificates of one day, made by another program in a folder of the test's own.
private struct Workshop {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "tls-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    /// A pair for 127.0.0.1; `name` tells one from another.
    func make(_ name: String) async throws -> (certificate: String, key: String) {
        let (certificate, key) = (path("\(name).crt"), path("\(name).key"))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
            "-subj", "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key,
        ]
        process.standardError = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { ended.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { ended.resume(throwing: error) }
        }
        try #require(status == 0, "openssl ended with \(status)")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        return (certificate, key)
    }

    /// As whoever renews certificates does it: written beside and renamed.
    func install(_ pair: (certificate: String, key: String)) throws {
        for (from, to) in [(pair.key, "server.key"), (pair.certificate, "server.crt")] {
            let beside = path("new")
            try FileManager.default.copyItem(atPath: from, toPath: beside)
            guard rename(beside, path(to)) == 0 else { throw CocoaError(.fileWriteUnknown) }
        }
    }

    func load(_ log: Logger) throws -> ServerCertificate {
        try ServerCertificate(certificateFile: path("server.crt"), keyFile: path("server.key"), log: log)
    }

    func remove() throws { try FileManager.default.removeItem(at: folder) }
}

@Suite("TLS and proxies")
struct TLSTests {
    /// What a client that trusts only `root` is answered.
    private func get(_ path: String, from server: Served, trusting root: String) async throws -> Int {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(root)
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: .init(tlsConfiguration: configuration))
        var server = server
        server.client = client
        do {
            let status = try await server.get(path).status
            try await client.shutdown()
            return status
        } catch {
            try await client.shutdown()
            throw error
        }
    }

    @Test("The server ends TLS itself; a renewed certificate is shown without a restart, a broken one is not taken")
    func reloads() async throws {
        let shop = try Workshop()
        let (first, second) = (try await shop.make("first"), try await shop.make("second"))
        try shop.install(first)
        let bench = try await Bench.open()
        let certificate = try shop.load(bench.log.logger())
        try await serving(bench.app(), certificate: certificate) { server in
            #expect(try await get("/healthz", from: server, trusting: first.certificate) == 200)
            await #expect(throws: NIOSSLError.self) {
                try await get("/healthz", from: server, trusting: second.certificate)
            }
            try shop.install(second)
            #expect(try await get("/healthz", from: server, trusting: second.certificate) == 200)
            await #expect(throws: NIOSSLError.self) {
                try await get("/healthz", from: server, trusting: first.certificate)
            }
            try shop.install((first.certificate, second.key))
            #expect(try await get("/healthz", from: server, trusting: second.certificate) == 200)
            #expect(try await get("/healthz", from: server, trusting: second.certificate) == 200)
        }
        let told = bench.log.text.split(separator: "\n").filter { $0.contains("not usable") }
        #expect(told.count == 1, "\(told)")
        #expect(told.first?.contains("does not belong to the certificate") == true)
        try shop.remove()
    }

    @Test("What cannot be used is refused at the start, with the file and what is wrong with it")
    func refused() async throws {
        let shop = try Workshop()
        let (one, two) = (try await shop.make("one"), try await shop.make("two"))
        func load(_ certificate: String, _ key: String) -> String {
            do throws(ConnectorError) {
                _ = try ServerCertificate(certificateFile: certificate, keyFile: key, log: Logger(label: "test"))
                return "taken"
            } catch {
                return "\(error.code): \(error.text)"
            }
        }
        #expect(load(shop.path("none"), one.key).hasSuffix("none is not usable for TLS: it cannot be read"))
        #expect(load(one.key, one.key).contains("it is no certificate in PEM form"))
        try Data("nothing".utf8).write(to: URL(fileURLWithPath: shop.path("empty.key")))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: shop.path("empty.key"))
        #expect(load(one.certificate, shop.path("empty.key")).contains("no private key"))
        #expect(load(one.certificate, two.key).contains("does not belong to the certificate"))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: one.key)
        #expect(load(one.certificate, one.key).contains("chmod 600"))
        try shop.remove()
    }

    @Test("Plain HTTP is taken from this machine and named proxies; health is told to everybody")
    func proxies() async throws {
        let bench = try await Bench.open()
        let proto = ("X-Forwarded-Proto", "http")
        // 127.0.0.1 is the proxy that was named, and no more than that.
        let trust = PeerTrust(proxies: [try #require(AddressRange("127.0.0.1"))])
        try await serving(bench.app(trust: trust)) { (server: Served) async throws in
            #expect(try await server.call("GET", "/metrics").status == 200)
            #expect(try await server.call("GET", "/metrics", headers: [("X-Forwarded-Proto", "https")]).status == 200)
            #expect(try await server.call("GET", "/metrics", headers: [proto]).status == 403)
            #expect(try await server.call("GET", "/healthz", headers: [proto]).status == 200)
        }
        // Without a name, what the other end says of itself is not believed.
        try await serving(bench.app()) { (server: Served) async throws in
            #expect(try await server.call("GET", "/metrics", headers: [proto]).status == 200)
        }
    }

    struct Peer: Sendable, CustomTestStringConvertible {
        let address: String
        var forwarded: String?
        var hasTLS = false
        let status: Int
        var testDescription: String { "\(address) \(forwarded ?? "-") \(hasTLS)" }
    }

    @Test(
        "Who may come in plain HTTP",
        arguments: [
            Peer(address: "127.0.0.9", status: 200), Peer(address: "::1", status: 200),
            Peer(address: "203.0.113.7", status: 403), Peer(address: "203.0.113.7", hasTLS: true, status: 200),
            Peer(address: "10.1.2.3", status: 200), Peer(address: "10.2.2.3", status: 403),
            Peer(address: "::ffff:10.1.2.3", status: 200), Peer(address: "fd12::1", status: 200),
            Peer(address: "fe80::1", status: 403), Peer(address: "10.1.2.3", forwarded: "http", status: 403),
            // The client wrote the first, the proxy the last.
            Peer(address: "10.1.2.3", forwarded: "https, http", status: 403),
            Peer(address: "10.1.2.3", forwarded: "http, https", status: 200),
            Peer(address: "203.0.113.7", forwarded: "https", status: 403),
        ])
    func peers(_ peer: Peer) throws {
        let ranges = try ["10.1.0.0/16", "fd00::/8"].map { try #require(AddressRange($0)) }
        let trust = PeerTrust(hasTLS: peer.hasTLS, proxies: ranges)
        let address = try SocketAddress(ipAddress: peer.address, port: 1)
        #expect(trust.takes(address, forwarded: peer.forwarded) == (peer.status == 200))
    }

    @Test("An address range is an address with as many bits as it has, or fewer")
    func ranges() {
        for text in ["10.0.0.7", "10.0.0.0/8", "0.0.0.0/0", "::1", "fd00::/8", "::/128"] {
            #expect(AddressRange(text) != nil, "\(text)")
        }
        for text in ["", "10.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8/8", "proxy.local", "::/129"] {
            #expect(AddressRange(text) == nil, "\(text)")
        }
    }
}
