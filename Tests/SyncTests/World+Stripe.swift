import Domain
import Foundation
import LibCrypto
import Sandbox
import Simulation
import Sync

/// What people do at Stripe and at the command line, past the connector.
extension World {
    @discardableResult
    func stripePost(_ path: String, _ fields: [String: String], method: String = "POST") throws -> SandboxJSON {
        let allowed = CharacterSet.alphanumerics
        let form = fields.sorted { $0.key < $1.key }.map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: allowed) ?? value)"
        }
        let request = SandboxRequest(
            method: method, path: path,
            headers: [
                (name: "Authorization", value: "Bearer \(nord.stripeKey)"),
                (name: "Content-Type", value: "application/x-www-form-urlencoded"),
            ], body: Array(form.joined(separator: "&").utf8))
        return try SandboxJSON.parse(stripe.handle(request).body)
    }

    @discardableResult
    func addStripeCustomer(_ fields: [String: String]) throws -> String {
        try stripePost("/v1/customers", fields)["id"]?.stringValue ?? ""
    }

    func addStripeEndpoint(_ url: String) throws {
        try stripePost("/v1/webhook_endpoints", ["url": url, "enabled_events[]": "*"])
    }

    func deleteStripeEndpoint(_ id: String) {
        _ = try? stripePost("/v1/webhook_endpoints/\(id)", [:], method: "DELETE")
    }

    /// Applies the first company's manifest with further policy lines.
    @discardableResult
    func apply(policy: [String] = [], state: String = "active") async throws -> [String] {
        try await admin().apply(manifest(of: nord, state: state, policy: policy))
    }
}
