package import Domain

/// Scheme, host and port of an absolute URL: what decides where a request goes.
struct Origin: Hashable, Sendable {
    let scheme: String
    let host: String
    let port: Int
    /// Everything from the first `/`, `?` or `#` after the host on.
    let rest: String

    /// Nil for anything that is not plain `http(s)://host[:port]…`. User information is refused:
    /// `http://127.0.0.1@evil` reads as loopback and goes elsewhere.
    init?(_ url: String) {
        guard url.utf8.allSatisfy({ (33...126).contains($0) && $0 != 92 }) else { return nil }
        guard let separator = url.firstRange(of: "://") else { return nil }
        scheme = url[..<separator.lowerBound].lowercased()
        guard scheme == "https" || scheme == "http" else { return nil }
        let tail = url[separator.upperBound...]
        let end = tail.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? tail.endIndex
        rest = String(tail[end...])
        var authority = tail[..<end].lowercased()[...]
        guard !authority.contains("@") else { return nil }
        var portText: Substring?
        if let bracket = authority.firstIndex(of: "]") {
            let after = authority[authority.index(after: bracket)...]
            guard authority.hasPrefix("["), after.isEmpty || after.hasPrefix(":") else { return nil }
            portText = after.isEmpty ? nil : after.dropFirst()
            authority = authority[...bracket]
        } else if let colon = authority.firstIndex(of: ":") {
            portText = authority[authority.index(after: colon)...]
            authority = authority[..<colon]
        }
        guard !authority.isEmpty else { return nil }
        host = String(authority)
        guard let portText else {
            port = scheme == "https" ? 443 : 80
            return
        }
        guard let number = Int(portText), (1...65_535).contains(number) else { return nil }
        port = number
    }

    /// 127.0.0.0/8, `localhost` and `[::1]`, spelled out in full: `127.0.0.1.example.com` is none of them.
    var isLoopback: Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let octets = host.split(separator: ".", omittingEmptySubsequences: false)
        return octets.count == 4 && octets[0] == "127"
            && octets.allSatisfy { UInt8($0).map(String.init) == String($0) }
    }

    func goesTo(_ other: Origin) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    /// `https://host`, with the port only when it is not the scheme's own.
    var text: String {
        let usual = scheme == "https" ? 443 : 80
        return "\(scheme)://\(host)" + (port == usual ? "" : ":\(port)")
    }
}

/// Where calls of one kind go: scheme, host and port that `HostRules` has let through. It has no path.
package struct BaseURL: Hashable, Sendable, CustomStringConvertible {
    private let origin: Origin

    fileprivate init(_ origin: Origin) { self.origin = origin }

    /// `https://api.stripe.com`, without a slash at the end.
    package var text: String { origin.text }
    package var description: String { text }
    /// Whether it is this machine itself: the sandbox, never the real systems.
    package var isLoopback: Bool { origin.isLoopback }

    /// The absolute URL of `path`, which begins with one `/` and is already percent-encoded. Fails with `.notSent`
    /// when the path could move the request to another host.
    package func url(path: String) throws(TransportFailure) -> String {
        let whole = text + path
        guard path.hasPrefix("/"), !path.hasPrefix("//"), let target = Origin(whole), target.goesTo(origin) else {
            throw TransportFailure(kind: .notSent, text: "the path of a call must begin with one / and hold no spaces")
        }
        return whole
    }
}

/// The hosts that calls may go to. Nothing that a tenant types ends up here: the list is configuration.
package struct HostRules: Sendable {
    /// Visma.net ERP, Visma Connect and Stripe.
    package static let standard = [
        "https://api.finance.visma.net", "https://connect.visma.com", "https://api.stripe.com",
    ]

    private let allowed: [Origin]
    private let allowsLoopback: Bool

    /// Throws a `.reject` error for an entry that could not be a base URL. Loopback (for the sandbox) is the only
    /// place where plain http is let through.
    package init(allowed: [String] = HostRules.standard, allowsLoopback: Bool = true) throws(ConnectorError) {
        var origins = [Origin]()
        for entry in allowed { origins.append(try Self.checked(entry)) }
        self.allowed = origins
        self.allowsLoopback = allowsLoopback
    }

    /// `text` as a base URL, or a `.reject` error that says what is wrong with it.
    package func baseURL(_ text: String) throws(ConnectorError) -> BaseURL {
        let origin = try Self.checked(text)
        guard admits(origin) else {
            throw Self.refusal(
                "host.not_allowed",
                "\(origin.text) is not on the list of allowed hosts (\(allowed.map(\.text).joined(separator: ", ")))")
        }
        return BaseURL(origin)
    }

    /// Whether a request to this absolute URL may leave.
    package func admits(_ url: String) -> Bool { Origin(url).map(admits) ?? false }

    private func admits(_ origin: Origin) -> Bool {
        allowed.contains { $0.goesTo(origin) } || (allowsLoopback && origin.isLoopback)
    }

    private static func checked(_ text: String) throws(ConnectorError) -> Origin {
        guard let origin = Origin(text) else {
            throw refusal("host.malformed", "a base URL is written https://host or https://host:port")
        }
        // Visma's notice "change-base-url": end of life on 2025-12-31, throttled since 2026-02-01.
        guard origin.host != "integration.visma.net" else {
            throw refusal(
                "host.legacy_visma",
                "integration.visma.net is Visma's old address: since 2026-02-01 it is throttled to 500 calls an hour "
                    + "for all customers of an application together, and it is being shut down. "
                    + "Use https://api.finance.visma.net")
        }
        let path = origin.rest.hasSuffix("/") ? String(origin.rest.dropLast()) : origin.rest
        guard path.lowercased() != "/erp/service" else {
            throw refusal(
                "host.token_audience",
                "https://api.finance.visma.net/erp/service is the audience of a token, not an address: every path "
                    + "under it answers 404. Use https://api.finance.visma.net")
        }
        guard path.isEmpty else {
            throw refusal("host.has_path", "a base URL has no path, \(origin.text) is enough")
        }
        guard origin.scheme == "https" || origin.isLoopback else {
            throw refusal("host.plain_http", "plain http is for loopback only, use https://\(origin.host)")
        }
        return origin
    }

    private static func refusal(_ code: String, _ text: String) -> ConnectorError {
        ConnectorError(code: code, text: text, disposition: .reject)
    }
}
