import Foundation

/// A token of the simulated Visma Connect, for one company.
struct VismaToken: Sendable {
    /// Lower case; the contract's tenant when that was asked for.
    var tenantID: String
    var clientID: String
    var scopes: Set<String>
    /// Microseconds since 1970, UTC.
    var expiresAt: Int64

    /// Looks like a JWT with the documented claims; its signature is noise.
    static func text(_ token: VismaToken, now: Int64, random: inout SandboxRandom) -> String {
        let header = SandboxJSON.object([("alg", .string("RS256")), ("typ", .string("at+jwt"))])
        let claims = SandboxJSON.object([
            ("iss", .string("https://connect.visma.com")), ("nbf", .integer(now / 1_000_000)),
            ("exp", .integer(token.expiresAt / 1_000_000)),
            ("aud", .array([.string("https://api.finance.visma.net/erp/service")])),
            ("client_id", .string(token.clientID)), ("scope", .array(token.scopes.sorted().map(SandboxJSON.string))),
            ("tenant_id", .string(token.tenantID)), ("jti", .string(random.idText(16))),
        ])
        let parts = [header.bytes, claims.bytes, Array(random.idText(32).utf8)]
        return parts.map { base64URL($0) }.joined(separator: ".")
    }

    static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }

    static func decodeBase64URL(_ text: String) -> String? {
        let plain = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        let padded = plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        return Data(base64Encoded: padded).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// The state behind the simulator's lock: Visma Connect's tokens and every company's ledger.
struct VismaWorld: Sendable {
    var behaviour: VismaBehaviour
    var random: SandboxRandom
    /// By tenant id in lower case.
    var ledgers: [String: VismaLedger] = [:]
    var order: [String] = []
    var tokens: [String: VismaToken] = [:]
    var tokensIssued: [String: Int] = [:]

    /// OAuth 2 client credentials; every refusal is a 400 with RFC 6749's `error`, as standard servers of that kind
    /// answer (the real bodies are not documented).
    mutating func connect(_ request: SandboxRequest, now: Int64) -> SandboxResponse {
        guard request.method.uppercased() == "POST" else { return SandboxResponse(status: 405) }
        let isForm = request.header("Content-Type")?.lowercased().hasPrefix("application/x-www-form-urlencoded")
        guard isForm == true else { return Self.refused("invalid_request") }
        let form = VismaForm.parse(String(decoding: request.body, as: UTF8.self))
        guard form["grant_type"] == "client_credentials" else { return Self.refused("unsupported_grant_type") }
        let tenant = form["tenant_id"]?.lowercased() ?? ""
        // The company that is asked for first: to look through 10,000 takes longer than all else here.
        let own = ledgers[tenant].flatMap { ledger in
            let company = ledger.company
            let isClient = company.clientID == form["client_id"] && company.clientSecret == form["client_secret"]
            return isClient ? ledger : nil
        }
        let client = own.map { [$0] } ?? ledgers.values.filter { $0.company.clientID == form["client_id"] }
        guard !client.isEmpty, client.contains(where: { $0.company.clientSecret == form["client_secret"] }) else {
            return Self.refused("invalid_client")
        }
        let ledger = client.first {
            $0.company.tenantID.lowercased() == tenant || $0.company.contractTenantID?.lowercased() == tenant
        }
        guard let ledger, ledger.company.clientSecret == form["client_secret"] else {
            return Self.refused("invalid_tenant")
        }
        let scopes = Set((form["scope"] ?? "").split(separator: " ").map(String.init))
        guard !scopes.isEmpty, scopes.isSubset(of: ledger.company.grantedScopes) else {
            return Self.refused("invalid_scope")
        }
        let seconds = ledger.behaviour.tokenSeconds
        let token = VismaToken(
            tenantID: tenant, clientID: ledger.company.clientID, scopes: scopes,
            expiresAt: now + seconds * 1_000_000)
        let text = VismaToken.text(token, now: now, random: &random)
        tokens[text] = token
        tokensIssued[ledger.company.tenantID.lowercased(), default: 0] += 1
        return .visma(
            200,
            .object([
                ("access_token", .string(text)), ("expires_in", .integer(seconds)), ("token_type", .string("Bearer")),
                ("scope", .string(scopes.sorted().joined(separator: " "))),
            ]), headers: [("Cache-Control", "no-store")])
    }

    private static func refused(_ error: String) -> SandboxResponse {
        .visma(400, .object([("error", .string(error))]), headers: [("Cache-Control", "no-store")])
    }

    static func discovery(host: String) -> SandboxResponse {
        .visma(
            200,
            .object([
                ("issuer", .string("https://connect.visma.com")),
                ("token_endpoint", .string("https://\(host)/connect/token")),
                ("grant_types_supported", .array([.string("client_credentials")])),
            ]))
    }
}
