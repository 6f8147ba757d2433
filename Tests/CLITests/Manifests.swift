import Foundation

/// Manifests that the tests write.
enum Manifests {
    static let vismaTenant = "7e57ab1e-0000-4000-8000-000000000001"

    static func acme(
        mode: String = "test", state: String = "onboarding", prefix: String = "A-", currency: String = "NOK",
        extra: String = "", vismaTenant: String = vismaTenant
    ) -> String {
        """
        id: acme
        name: Acme AS
        mode: \(mode)
        state: \(state)
        visma:
          tenant: \(vismaTenant)
        stripe:
          account: acct_sandbox
        policy:
          time_zone: Europe/Oslo
          start_date: "2020-01-01"
          number_prefix: "\(prefix)"
          payment_method: "3"
          poll_seconds: 3600
          cash_accounts:
            \(currency): "1580"
        \(extra)
        """
    }
}

extension Tool {
    /// The acme tenant, added and nothing more.
    func addAcme() throws {
        try setUp()
        let result = try run("tenant", "add", write(Manifests.acme(), to: "acme.yaml"))
        guard result.status == 0 else { throw Refused(text: result.errors) }
    }

    struct Refused: Error {
        var text: String
    }
}
