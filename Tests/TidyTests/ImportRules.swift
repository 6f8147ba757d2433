/// Which room may import what: DESIGN section 2, said a second time beside Package.swift, so that widening a room
/// takes two edits and a reason.
enum ImportRules {
    private static let system: Set<String> = [
        "Foundation", "FoundationEssentials", "Dispatch", "Synchronization", "Glibc",
    ]
    private static let log: Set<String> = ["Logging", "Metrics", "CoreMetrics", "ServiceLifecycle"]
    private static let http: Set<String> = [
        "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOFoundationCompat",
        "AsyncHTTPClient",
    ]
    private static let clients: Set<String> = ["Outbound", "VismaNet", "Stripe"]

    /// The domain decides and does nothing else: it may not even see a clock of the system's beyond Foundation's types.
    static let rooms: [String: Set<String>] = [
        "Domain": ["Foundation"],
        "LibCrypto": system.union(["COpenSSL"]),
        "Storage": system.union(["Domain", "LibCrypto", "Migrations", "GRDB", "CPostgres"]),
        "Vault": system.union(["Domain", "Storage", "LibCrypto"]),
        "Outbound": system.union([
            "Domain", "LibCrypto", "AsyncHTTPClient", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOFoundationCompat",
            "Logging",
        ]),
        "VismaNet": system.union(["Domain", "Outbound", "LibCrypto"]),
        "Stripe": system.union(["Domain", "Outbound", "LibCrypto"]),
        "Sync": system.union(clients).union(log).union(["Domain", "Storage", "Vault", "LibCrypto", "Yams"]),
        "Web": system.union(http).union(log).subtracting(["AsyncHTTPClient"])
            .union(["Domain", "Storage", "Sync", "HummingbirdTLS", "NIOSSL"]),
        "Sandbox": system.union(http).union(log).union(["LibCrypto"]),
        "ml-connector": system.union(http).union(log).union(clients).union([
            "Domain", "Storage", "Vault", "LibCrypto", "Sync", "Web", "Sandbox", "Tenants", "Migrations",
            "ArgumentParser",
            "UnixSignals", "Yams",
        ]),
    ]

    static func findings(_ files: [SourceFile]) -> [Finding] {
        files.filter { $0.isSource && $0.swift != nil }.flatMap { file -> [Finding] in
            guard let allowed = rooms[file.room] else {
                return [Finding(file.path, 0, "room \(file.room) has no list of imports")]
            }
            return imports(file).filter { !allowed.contains($0.module) }
                .map { Finding(file.path, $0.line, "\(file.room) may not import \($0.module)") }
        }
    }

    /// `package import struct Foundation.Date` imports Foundation.
    private static func imports(_ file: SourceFile) -> [(line: Int, module: String)] {
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
        return (file.swift?.code ?? []).enumerated().compactMap { index, line in
            let words = line.split(separator: " ")
            guard let keyword = words.firstIndex(of: "import"), keyword <= 2 else { return nil }
            let names = words[(keyword + 1)...].drop { kinds.contains($0) }
            guard let module = names.first?.split(separator: ".").first else { return nil }
            return (index + 1, String(module))
        }
    }
}
