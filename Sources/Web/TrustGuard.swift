import Foundation
import HTTPTypes
import Hummingbird
package import NIOCore

/// How requests reach the server, and from whom they are taken: through TLS of its own from everybody; in plain HTTP
/// from this machine and from proxies that were named, whose word on the client's side of the connection is believed.
package struct PeerTrust: Sendable {
    package var hasTLS: Bool
    package var proxies: [AddressRange]

    package init(hasTLS: Bool = false, proxies: [AddressRange] = []) {
        self.hasTLS = hasTLS
        self.proxies = proxies
    }

    enum Judgement: Hashable {
        case taken
        case notFromProxy
        /// The proxy says that its client used plain HTTP.
        case notEncrypted
    }

    package func takes(_ peer: SocketAddress?, forwarded: String?) -> Bool {
        judge(peer, forwarded: forwarded) == .taken
    }

    /// Whether a server that listens on `host` could be asked anything at all.
    package func suits(host: String) -> Bool {
        if hasTLS || !proxies.isEmpty || host == "localhost" { return true }
        // A name is resolved by the system.
        guard let bytes = AddressRange(host)?.bytes else { return true }
        return AddressRange.loopback.contains { $0.contains(bytes) }
    }

    /// - Parameter forwarded: the values of `X-Forwarded-Proto`, one for each proxy on the way.
    func judge(_ peer: SocketAddress?, forwarded: String?) -> Judgement {
        if hasTLS { return .taken }
        guard let bytes = peer.flatMap({ AddressRange.bytes(of: $0) }) else { return .notFromProxy }
        if proxies.contains(where: { $0.contains(bytes) }) {
            // The proxy that was named wrote the last one; what is before it, anybody may have written.
            let last = forwarded?.split(separator: ",").last.map { $0.drop(while: \.isWhitespace) } ?? "https"
            return last.lowercased().hasPrefix("https") ? .taken : .notEncrypted
        }
        return AddressRange.loopback.contains { $0.contains(bytes) } ? .taken : .notFromProxy
    }
}

/// An address, or all that begin with the same bits: `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`.
package struct AddressRange: Hashable, Sendable {
    fileprivate let bytes: [UInt8]
    private let bits: Int

    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first, let bytes = Self.bytes(of: String(first)) else { return nil }
        let all = bytes.count * 8
        guard let bits = parts.count == 2 ? Int(parts[1]) : all, (0...all).contains(bits) else { return nil }
        self.bytes = bytes
        self.bits = bits
    }

    static let loopback = ["127.0.0.0/8", "::1"].compactMap(AddressRange.init)

    func contains(_ other: [UInt8]) -> Bool {
        guard other.count == bytes.count else { return false }
        let whole = bits / 8
        guard other.prefix(whole) == bytes.prefix(whole) else { return false }
        guard bits % 8 != 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> (bits % 8))
        return other[whole] & mask == bytes[whole] & mask
    }

    private static func bytes(of text: String) -> [UInt8]? {
        do {
            return bytes(of: try SocketAddress(ipAddress: text, port: 0))
        } catch {
            return nil
        }
    }

    /// Four or sixteen; an IPv4 address that a socket for both kinds shows as IPv6 has four.
    static func bytes(of address: SocketAddress) -> [UInt8]? {
        switch address {
        case .v4(let v4): return withUnsafeBytes(of: v4.address.sin_addr) { Array($0) }
        case .v6(let v6):
            let bytes = withUnsafeBytes(of: v6.address.sin6_addr) { Array($0) }
            let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            return isMapped ? Array(bytes.suffix(4)) : bytes
        case .unixDomainSocket: return nil
        }
    }
}

/// Refuses what does not come as `PeerTrust` allows. Health and readiness are told to everybody: who asks is a load
/// balancer that need not be the proxy.
struct TrustGuard: RouterMiddleware {
    typealias Context = WebContext

    static let forwardedProto = HTTPField.Name("X-Forwarded-Proto")
    private static let open: Set<String> = ["/healthz", "/readyz"]

    let trust: PeerTrust

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard !Self.open.contains(request.uri.path) else { return try await next(request, context) }
        switch trust.judge(context.peer, forwarded: Self.forwardedProto.flatMap { request.headers[$0] }) {
        case .taken: return try await next(request, context)
        case .notFromProxy: return try refuse("requests are taken over TLS or from the proxy in front, not from here")
        case .notEncrypted: return try refuse("this address is read by https")
        }
    }

    private func refuse(_ detail: String) throws -> Response {
        try Problem(.forbidden, detail: detail).response(.forbidden)
    }
}
