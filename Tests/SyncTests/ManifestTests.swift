import Domain
import Sync
import Testing

@Suite("Tenant manifests")
struct ManifestTests {
    private static let whole = """
        id: demo-nord
        name: Nordlys AS
        group: Demo
        mode: live
        state: paused
        visma:
          tenant: 11111111-1111-4111-8111-11111111111A
          company: 1580
        stripe:
          account: acct_1
        policy:
          time_zone: Europe/Oslo
          start_date: "2026-01-31"
          number_prefix: "N-"
          past_due_grace_days: 7
          exclude:
            customers: [10001, "10002"]
            branches: ["2"]
            currencies: [EUR]
          customer_rules: ["metadata:erp_no", email]
          create_customers: false
          cash_accounts:
            NOK: 1580
            DKK: "1581"
          payment_method: 5
          booking: hold
          poll_seconds: 30
          poll_overlap_seconds: 0
          write_invoice_record: false

        """

    @Test("Every key is read")
    func every() throws {
        let manifest = try Manifest(yaml: Self.whole)
        #expect(manifest.id == TenantID("demo-nord"))
        #expect(manifest.name == "Nordlys AS")
        #expect(manifest.group == "Demo")
        #expect(manifest.isLive)
        #expect(manifest.state == .paused)
        #expect(manifest.visma.tenant == "11111111-1111-4111-8111-11111111111a")
        #expect(manifest.visma.company == "1580")
        #expect(manifest.stripeAccount == "acct_1")
        let policy = manifest.policy
        #expect(policy.timeZone == "Europe/Oslo")
        #expect(policy.startDate == LocalDate("2026-01-31"))
        #expect(policy.invoice.numberPrefix == "N-")
        #expect(policy.invoice.pastDueGraceDays == 7)
        #expect(policy.selection.excludedCustomers == ["10001", "10002"])
        #expect(policy.selection.excludedBranches == ["2"])
        #expect(policy.selection.excludedCurrencies == [.eur])
        #expect(policy.customerRules == [.metadata("erp_no"), .email])
        #expect(!policy.createsCustomers)
        #expect(policy.posting.cashAccounts == ["NOK": "1580", "DKK": "1581"])
        #expect(policy.posting.paymentMethod == "5")
        #expect(policy.posting.booking == .hold)
        #expect(policy.pollSeconds == 30)
        #expect(policy.pollOverlapSeconds == 0)
        #expect(!policy.writesInvoiceRecord)
    }

    @Test("What is left out has the documented default")
    func defaults() throws {
        let manifest = try Manifest(
            yaml: """
                id: kyst
                name: Kyst
                visma: {tenant: 11111111-1111-4111-8111-111111111111}
                policy:
                  {time_zone: Europe/Oslo, start_date: "2026-01-01", payment_method: "5", cash_accounts: {NOK: "1"}}
                """)
        #expect(!manifest.isLive)
        #expect(manifest.state == .onboarding)
        #expect(manifest.stripeAccount == nil)
        #expect(manifest.policy.customerRules == [.email])
        #expect(manifest.policy.createsCustomers)
        #expect(manifest.policy.posting.booking == .release)
        #expect(manifest.policy.pollSeconds == 60)
        #expect(manifest.policy.pollOverlapSeconds == 7200)
        #expect(manifest.policy.writesInvoiceRecord)
    }

    /// What is changed in the whole manifest, and what the error must name.
    struct Wrong: Sendable, CustomTestStringConvertible {
        let line: String
        let instead: String
        let names: [String]
        var testDescription: String { instead.isEmpty ? "without \(line)" : instead }
        init(_ line: String, _ instead: String, _ names: String...) {
            self.line = line
            self.instead = instead
            self.names = names
        }
    }

    static let wrong = [
        Wrong("id: demo-nord", "", "id is missing"),
        Wrong("id: demo-nord", "id: Demo_Nord", "id 'Demo_Nord'", "lower-case letters"),
        Wrong("name: Nordlys AS", "", "name is missing"),
        Wrong("name: Nordlys AS", "name: \"\"", "name must be a text that is not empty"),
        Wrong("mode: live", "mode: prod", "mode is 'prod'", "test, live"),
        Wrong("state: paused", "state: on", "state"),
        Wrong("state: paused", "state: gone", "state is 'gone'", "onboarding, active, paused"),
        Wrong("name: Nordlys AS", "name: N\nstaet: active", "staet is not known here", "id, name, group"),
        Wrong("  tenant: 11111111-1111-4111-8111-11111111111A", "  tenant: 42", "visma.tenant '42'", "Tenant id"),
        Wrong("  tenant: 11111111-1111-4111-8111-11111111111A", "  tennant: x", "visma.tennant is not known here"),
        Wrong("  account: acct_1", "  key: sk_test_1", "stripe.key is not known here", "account"),
        Wrong("  time_zone: Europe/Oslo", "  time_zone: Oslo", "policy.time_zone 'Oslo'", "Europe/Oslo"),
        Wrong("  time_zone: Europe/Oslo", "  time_zone:", "policy.time_zone"),
        Wrong("  start_date: \"2026-01-31\"", "  start_date: 2026-02-30", "policy.start_date", "\"2026-01-01\""),
        Wrong("  start_date: \"2026-01-31\"", "  start_date: 31.01.2026", "policy.start_date must be a date"),
        Wrong("  number_prefix: \"N-\"", "  number_prefix: NORDLYS-AS-", "policy.number_prefix", "10 characters"),
        Wrong("  past_due_grace_days: 7", "  past_due_grace_days: 0", "policy.past_due_grace_days", "from 1 to 90"),
        Wrong("    customers: [10001, \"10002\"]", "    customers: 10001", "policy.exclude.customers must be a list"),
        Wrong("    branches: [\"2\"]", "    branches: [[2]]", "policy.exclude.branches must be a list of texts"),
        Wrong("    currencies: [EUR]", "    currencies: [eur]", "policy.exclude.currencies: 'eur'", "capital letters"),
        Wrong("    currencies: [EUR]", "    currency: [EUR]", "policy.exclude.currency is not known here"),
        Wrong(
            "  customer_rules: [\"metadata:erp_no\", email]", "  customer_rules: [name]",
            "policy.customer_rules: 'name'", "metadata:FIELD"),
        Wrong(
            "  create_customers: false", "  create_customers: maybe", "policy.create_customers must be true or false"),
        Wrong("    NOK: 1580", "    nok: 1580", "policy.cash_accounts: 'nok'", "capital letters"),
        Wrong("    NOK: 1580", "    NOK: [1580]", "policy.cash_accounts.NOK must be a text"),
        Wrong("  payment_method: 5", "", "policy.payment_method is missing"),
        Wrong("  booking: hold", "  booking: later", "policy.booking is 'later'", "release, hold"),
        Wrong("  poll_seconds: 30", "  poll_seconds: 0.5", "policy.poll_seconds", "whole number from 1"),
        Wrong("  poll_overlap_seconds: 0", "  poll_overlap_seconds: -1", "policy.poll_overlap_seconds"),
        Wrong("  write_invoice_record: false", "  write_invoice_record: 1", "policy.write_invoice_record must be true"),
        Wrong("visma:\n", "visma: none\nvismo:\n", "is not known here"),
    ]

    @Test("Every error names the key by its whole path and says what is expected", arguments: wrong)
    func errors(wrong: Wrong) throws {
        let text = Self.whole.replacing(wrong.line, with: wrong.instead)
        #expect(text != Self.whole)
        let error = #expect(throws: ConnectorError.self) { try Manifest(yaml: text) }
        #expect(error?.code == "manifest.invalid")
        #expect(error?.disposition == .reject)
        for name in wrong.names { #expect(error?.text.contains(name) == true, "\(error?.text ?? "-")") }
    }

    @Test(
        "What is not YAML, or not a map, is refused in one line",
        arguments: ["", "- id: x", "id: [", "id: x\n\tname: y", "just words", "id: a\nid: b"])
    func syntax(text: String) {
        let error = #expect(throws: ConnectorError.self) { try Manifest(yaml: text) }
        #expect(error?.text.hasPrefix("the manifest cannot be used: ") == true)
        #expect(error?.text.contains("\n") == false)
    }

    @Test(
        "Fields of older drafts are refused by name, never ignored",
        arguments: ["secrets", "credentials", "webhooks", "currencies"])
    func legacy(key: String) {
        let error = #expect(throws: ConnectorError.self) { try Manifest(yaml: Self.whole + "\(key): {}\n") }
        #expect(error?.text.contains("\(key) is not known here; known are id, name, group") == true)
    }
}
