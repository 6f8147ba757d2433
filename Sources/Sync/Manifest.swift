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
        policy = try Self.policy(try root.map("policy"))
    }

    private static func policy(_ map: ManifestReader) throws(ConnectorError) -> Policy {
        try map.only([
            "time_zone", "start_date", "number_prefix", "past_due_grace_days", "exclude", "customer_rules",
            "create_customers", "cash_accounts", "payment_method", "booking", "poll_seconds", "poll_overlap_seconds",
            "write_invoice_record",
        ])
        let zone = try map.text("time_zone")
        guard TimeZone(identifier: zone) != nil else {
            throw error("policy.time_zone '\(zone)' is not a known zone; write it like Europe/Oslo")
        }
        let exclude = try map.optionalMap("exclude")
        try exclude?.only(["customers", "branches", "currencies"])
        var policy = Policy(
            timeZone: zone, startDate: try map.date("start_date"),
            posting: PostingPolicy(cashAccounts: try accounts(map), paymentMethod: try map.text("payment_method")))
        policy.invoice.numberPrefix = try map.optionalText("number_prefix") ?? policy.invoice.numberPrefix
        policy.invoice.pastDueGraceDays = try map.number(
            "past_due_grace_days", 1...90, default: policy.invoice.pastDueGraceDays)
        policy.selection.excludedCustomers = Set(try exclude?.texts("customers") ?? [])
        policy.selection.excludedBranches = Set(try exclude?.texts("branches") ?? [])
        policy.selection.excludedCurrencies = try currencies(exclude)
        if let rules = try map.optionalTexts("customer_rules") { policy.customerRules = try self.rules(rules) }
        policy.createsCustomers = try map.flag("create_customers", default: true)
        let booking = try map.choice("booking", PostingPolicy.Booking.allCases.map(\.rawValue), default: "release")
        policy.posting.booking = PostingPolicy.Booking(rawValue: booking) ?? .release
        policy.pollSeconds = try map.number("poll_seconds", 1...86_400, default: policy.pollSeconds)
        policy.pollOverlapSeconds = try map.number(
            "poll_overlap_seconds", 0...604_800, default: policy.pollOverlapSeconds)
        policy.writesInvoiceRecord = try map.flag("write_invoice_record", default: true)
        guard policy.invoice.numberPrefix.utf8.count <= 10 else {
            throw error("policy.number_prefix may have 10 characters at most, as Stripe's numbers have 26")
        }
        return policy
    }

    private static func accounts(_ map: ManifestReader) throws(ConnectorError) -> [String: String] {
        let accounts = try map.map("cash_accounts")
        var result: [String: String] = [:]
        for key in accounts.keys {
            guard let currency = Currency(key), currency.code == key else {
                throw error(
                    "policy.cash_accounts: '\(key)' is not a currency; write its three capital letters, like NOK")
            }
            result[key] = try accounts.text(key)
        }
        guard !result.isEmpty else { throw error("policy.cash_accounts needs at least one line, like 'NOK: \"1580\"'") }
        return result
    }

    private static func currencies(_ exclude: ManifestReader?) throws(ConnectorError) -> Set<Currency> {
        var result: Set<Currency> = []
        for code in try exclude?.texts("currencies") ?? [] {
            guard let currency = Currency(code), currency.code == code else {
                throw error("policy.exclude.currencies: '\(code)' is not a currency; write its three capital letters")
            }
            result.insert(currency)
        }
        return result
    }

    private static func rules(_ texts: [String]) throws(ConnectorError) -> [Policy.CustomerRule] {
        var result: [Policy.CustomerRule] = []
        for text in texts {
            guard let rule = Policy.CustomerRule(text) else {
                throw error("policy.customer_rules: '\(text)' is not a rule; write 'email' or 'metadata:FIELD'")
            }
            result.append(rule)
        }
        return result
    }

    private static func oneLine(_ error: YamlError) -> String {
        String("\(error)".split(whereSeparator: \.isNewline).joined(separator: " ").prefix(200))
    }

    static func error(_ text: String) -> ConnectorError {
        ConnectorError(code: "manifest.invalid", text: "the manifest cannot be used: \(text)", disposition: .reject)
    }
}
