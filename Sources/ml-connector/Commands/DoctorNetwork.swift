import AsyncHTTPClient
import Outbound
import Sync

extension Diagnosis {
    /// Any answer at all, from each address, without credentials.
    static func network(_ settings: Settings) async throws -> [Check] {
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: HTTPClientTransport.configuration())
        let transport = HTTPClientTransport(client: client, rules: settings.rules)
        let endpoints = settings.endpoints
        var checks: [Check] = []
        for (name, url) in [
            ("visma_api", endpoints.vismaAPI), ("visma_connect", endpoints.vismaConnect), ("stripe", endpoints.stripe),
        ] {
            checks.append(await reach(name, url, transport))
        }
        try await client.shutdown()
        return checks
    }

    private static func reach(_ name: String, _ url: BaseURL, _ transport: HTTPClientTransport) async -> Check {
        do {
            let answer = try await transport.send(
                OutboundRequest(
                    method: "GET", url: url.url(path: "/"), headers: [("user-agent", Product.userAgent)], body: [],
                    timeoutMilliseconds: 10_000))
            return Check(
                name: "network_\(name)", outcome: .passed, seen: "\(url) answers (HTTP \(answer.status))", remedy: nil)
        } catch {
            return Check(
                name: "network_\(name)", outcome: .failed, seen: "\(url): \(error.text)",
                remedy: "look at the firewall, the name service and the address")
        }
    }
}
