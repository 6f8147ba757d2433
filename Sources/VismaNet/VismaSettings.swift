package import Outbound

/// Where one company's Visma.net is and how it is spoken to. No credential is in here.
package struct VismaSettings: Hashable, Sendable {
    /// The largest page that was ever measured for invoices; larger requests are silently clamped.
    package static let pageSizeMax = 1000

    /// `https://api.finance.visma.net`, or the sandbox.
    package var api: BaseURL
    /// `https://connect.visma.com`, or the sandbox.
    package var connect: BaseURL
    /// Sent as `ipp-company-id` when configured. Visma's documents no longer ask for it; some integrators say that
    /// lists are empty without it.
    package var companyID: String?
    /// The company's tenant id ("Company Tenant ID"), a GUID.
    package var vismaTenant: String
    /// For one exchange. Visma itself gives up after four minutes.
    package var timeoutMilliseconds: Int64
    package var pageSize: Int
    /// Asks Visma Connect for the scope to delete too: only where it is needed, as a scope that the company has not
    /// accepted fails the whole token.
    package var mayDelete = false

    package init(
        api: BaseURL, connect: BaseURL, companyID: String? = nil, vismaTenant: String,
        timeoutMilliseconds: Int64 = 60_000, pageSize: Int = 500
    ) {
        self.api = api
        self.connect = connect
        self.companyID = companyID
        self.vismaTenant = vismaTenant
        self.timeoutMilliseconds = timeoutMilliseconds
        self.pageSize = min(max(1, pageSize), Self.pageSizeMax)
    }
}
