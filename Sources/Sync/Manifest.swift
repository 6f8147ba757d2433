package import Domain
import Foundation
import Yams

/// A tenant manifest: what a company wants, as YAML, and never a secret. Unknown keys and wrong values are errors
/// that name the key and the remedy.
package struct Manifest: Hashable, Sendable {
    package enum State: String, Sendable, CaseIterable { case onboarding, active, paused }

    package var id: TenantID
    package var name: String
    package var isLive: Bool
    package var state: State
    package var group: String?
    package var visma: Visma
    package var stripeAccount: String?
    package var policy: Policy

    /// Which company, and where. The hosts default to Visma's own.
    package struct Visma: Hashable, Sendable {
        package var tenant: String
        package var company: String?
    }

    package init(yaml text: String) throws(ConnectorError) {
        let node: Any?
        do {
            node = try Yams.load(yaml: text, Resolver.default.removing(.timestamp))
        } catch let error as YamlError {
            throw Self.error("it is not readable as YAML: \(Self.oneLine(error))")
        } catch {
            throw Self.error("it is not readable as YAML")
        }
        guard let map = node as? [String: Any] else { throw Self.error("it must be a map that begins with 'id:'") }
        let root = ManifestReader(map: map, path: "")
        try root.only(["id", "name", "group", "mode", "state", "visma", "stripe", "policy"])
        let idText = try root.text("id")
        guard let id = TenantID(checked: idText) else {
            throw Self.error("id '\(idText)' must be 2 to 40 lower-case letters, digits and hyphens")
        }
        self.id = id
        name = try root.text("name")
        group = try root.optionalText("group")
        isLive = try root.choice("mode", ["test", "live"], default: "test") == "live"
        state =
            State(rawValue: try root.choice("state", State.allCases.map(\.rawValue), default: "onboarding"))
            ?? .onboarding
        let vismaMap = try root.map("visma")
        try vismaMap.only(["tenant", "company"])
        let vismaTenant = try vismaMap.text("tenant")
        guard vismaTenant.utf8.count == 36, UUID(uuidString: vismaTenant) != nil else {
            throw Self.error(
                "visma.tenant '\(vismaTenant)' is not a tenant id; it is the company's own id (Visma Admin, Company, "
                    + "Configuration, Tenant id), 36 characters like 01234567-89ab-cdef-0123-456789abcdef")
        }
        visma = Visma(tenant: vismaTenant.lowercased(), company: try vismaMap.optionalText("company"))
        if let stripe = try root.optionalMap("stripe") {
            try stripe.only(["account"])
            stripeAccount = try stripe.optionalText("account")
        }
        policy = try ManifestPolicy(map: root.map("policy")).policy()
    }

    private static func oneLine(_ error: YamlError) -> String {
        String("\(error)".split(whereSeparator: \.isNewline).joined(separator: " ").prefix(200))
    }

    static func error(_ text: String) -> ConnectorError {
        ConnectorError(code: "manifest.invalid", text: "the manifest cannot be used: \(text)", disposition: .reject)
    }
}
