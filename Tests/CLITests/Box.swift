import Foundation
import Testing

/// Both simulators, the settings that lead to them, and what opens the simulated company.
final class Box {
    let running: Running
    let settings: [String: String]
    let company: [String: Any]
    let stripeURL: String

    init(_ tool: Tool) throws {
        running = try tool.start(["sandbox", "--seed", "11", "--invoices", "2"])
        let line = try running.line(of: .output, containing: "visma_api_url")
        let urls = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        stripeURL = try #require(urls["stripe_url"] as? String)
        settings = [
            "MLC_VISMA_API_URL": try #require(urls["visma_api_url"] as? String),
            "MLC_VISMA_CONNECT_URL": try #require(urls["visma_connect_url"] as? String),
            "MLC_STRIPE_URL": stripeURL, "MLC_LATE_EFFECT_SECONDS": "0",
        ]
        company = try #require((urls["companies"] as? [[String: Any]])?.first)
    }

    /// acme as the simulated company, with its credentials, onboarding.
    func admit(_ tool: Tool) throws {
        tool.environment = settings
        try tool.addAcme()
        for (purpose, field) in [
            ("visma-client-id", "visma_client_id"), ("visma-client-secret", "visma_client_secret"),
            ("stripe-key", "stripe_key"),
        ] {
            let secret = try #require(company[field] as? String)
            try #require(tool.run("credentials", "set", "acme", purpose, input: secret).status == 0)
        }
    }

    /// acme as the simulated company, active.
    func activate(_ tool: Tool) throws {
        try admit(tool)
        let active = try tool.write(Manifests.acme(state: "active"), to: "active.yaml")
        try #require(tool.run("tenant", "apply", active).status == 0)
    }
}
