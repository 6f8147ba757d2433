import AsyncHTTPClient
import Domain
import Foundation
import LibCrypto
import NIOCore
import Storage
import Sync
import Testing
import Vault
import Web

/// What somebody with one company's secrets gets of another's, by every path that is served: nothing.
@Suite("Isolation of the routes")
struct RouteIsolationTests {
    /// Sends to a path what belongs to alpha and asks for beta, and says what went wrong.
    private typealias Attempt = @Sendable (Served, Bench) async throws -> String?

    private static let attempts: [String: Attempt] = [
        "/webhooks/stripe": { server, bench in
            try await deliver("evt_a", to: "/webhooks/stripe", server, bench)
        },
        "/webhooks/stripe/{endpoint}": { server, bench in
            try await deliver("evt_b", to: "/webhooks/stripe/\(Bench.endpointKey(Bench.beta))", server, bench)
        },
        "/webhooks/visma/{endpoint}": { server, bench in
            let body = Array("{}".utf8)
            let code = Data(try HMACKey(Secret(vismaKey(Bench.alpha))).code(body)).base64EncodedString()
            let answer = try await server.call(
                "POST", "/webhooks/visma/beta", headers: [(VismaWebhooks.headerDefault, code)],
                body: .bytes(ByteBuffer(bytes: body)))
            let swept = try await bench.database.read {
                try CursorsTable.get($0, tenant: Bench.beta, stream: .vismaInvoices)?.sweptAt
            }
            return answer.status == 400 && swept == Bench.now ? nil : "alpha's key moved beta's poll: \(answer.status)"
        },
        "/healthz": { server, _ in try await names("/healthz", server) },
        "/readyz": { server, _ in try await names("/readyz", server) },
        // For operators, who may see that a company is there; nothing that is the company's own.
        "/metrics": { server, _ in
            let body = try await server.get("/metrics").body
            return own.first(where: body.contains).map { "it shows \($0)" }
        },
    ]

    private static let own = ["Company beta", "visma-beta", "acct_beta", "payload-marker", "whsec_", "keybeta"]

    private static func vismaKey(_ tenant: TenantID) -> String { "visma-signature-key-\(tenant)" }

    private static func deliver(
        _ id: String, to path: String, _ server: Served, _ bench: Bench
    ) async throws -> String? {
        var delivery = try bench.signed(Delivery.event(id), by: Bench.alpha)
        delivery.path = path
        let answer = try await server.send(delivery)
        guard answer.status == 200, !answer.body.contains("beta") else { return "\(answer.status) \(answer.body)" }
        let (alphas, betas) = (try await bench.events(Bench.alpha), try await bench.events(Bench.beta))
        guard betas.isEmpty else { return "beta has \(betas.map(\.eventID))" }
        return alphas.contains { $0.eventID == id } ? nil : "alpha has no \(id)"
    }

    private static func names(_ path: String, _ server: Served) async throws -> String? {
        let body = try await server.get(path).body
        return (own + ["alpha", "beta"]).first(where: body.contains).map { "it names \($0)" }
    }

    @Test("every path is tried here, and gives nothing of another company")
    func everyPath() async throws {
        let bench = try await Bench.open()
        try await bench.database.write { db in
            for tenant in [Bench.alpha, Bench.beta] {
                try bench.vault.store(
                    db, purpose: .vismaWebhookKey, secret: Secret(Self.vismaKey(tenant)), tenant: tenant,
                    now: Bench.now)
                try CursorsTable.set(
                    db, tenant: tenant, stream: .vismaInvoices, StreamCursor(value: "x", sweptAt: Bench.now))
            }
        }
        let app = bench.app()
        #expect(Set(app.paths) == Set(Self.attempts.keys))
        try await serving(app) { (server: Served) async throws in
            for (path, attempt) in Self.attempts.sorted(by: { $0.key < $1.key }) {
                let fault = try await attempt(server, bench)
                #expect(fault == nil, "\(path): \(fault ?? "")")
            }
        }
    }
}
