import Sandbox
import Testing

/// A simulator with one company, and the calls that a client would make.
struct VismaBench {
    static let tenant = "1b671a64-40d5-491e-99b0-da01ff1f3341"
    /// 2026-11-02T08:00:00Z
    let clock = SandboxClock.manual(startingAt: 1_793_606_400_000_000)
    let simulator: VismaSimulator

    init(_ behaviour: VismaBehaviour = VismaBehaviour(), seed: UInt64 = 7) throws {
        simulator = VismaSimulator(clock: clock, seed: seed, behaviour: behaviour)
        simulator.addCompany(Self.company)
        try simulator.addCustomer(
            VismaCustomerSeed(
                number: "10001", name: "Fjord AS", mainEmail: "post@fjord.example", invoiceEmail: "bill@fjord.example",
                phone: "+4722000000", street: "Kaigata 1", postalCode: "5003", city: "Bergen"), in: Self.tenant)
        try simulator.addCustomer(VismaCustomerSeed(number: "10002", name: "Tind AS"), in: Self.tenant)
    }

    static var company: VismaCompany {
        VismaCompany(
            tenantID: tenant, contractTenantID: "9d0d8a60-0000-4000-a000-000000000001", number: "1", name: "Nord AS",
            clientID: "isv_nord", clientSecret: "opensesame", baseCurrency: "NOK",
            cashAccounts: [
                .init(number: "1921", description: "Stripe NOK", currency: "NOK", entryTypes: ["FEE"]),
                .init(number: "1922", description: "Stripe EUR", currency: "EUR"),
                .init(number: "1923", description: "Stripe JPY", currency: "JPY"),
            ], paymentMethods: [.init(id: "5", description: "Card")])
    }

    static let allScopes =
        "vismanet_erp_service_api:read vismanet_erp_service_api:create vismanet_erp_service_api:update"

    func connect(
        scope: String = allScopes, tenant: String = VismaBench.tenant, secret: String = "opensesame",
        grant: String = "client_credentials"
    ) -> SandboxResponse {
        let form =
            "grant_type=\(grant)&client_id=isv_nord&client_secret=\(secret)&tenant_id=\(tenant)"
            + "&scope=\(scope.split(separator: " ").joined(separator: "+"))"
        return simulator.handle(
            SandboxRequest(
                method: "POST", path: "/connect/token",
                headers: [("content-type", "application/x-www-form-urlencoded")], body: Array(form.utf8)))
    }

    func token(scope: String = allScopes, tenant: String = VismaBench.tenant) throws -> String {
        try #require(SandboxJSON.parse(connect(scope: scope, tenant: tenant).body)["access_token"]?.stringValue)
    }

    func request(
        _ method: String, _ path: String, query: String = "", body: String = "",
        headers: [(name: String, value: String)] = []
    ) throws -> SandboxRequest {
        var all = headers
        all.append(("Authorization", "Bearer \(try token())"))
        if !headers.contains(where: { $0.name == "Content-Type" }) { all.append(("Content-Type", "application/json")) }
        return SandboxRequest(method: method, path: path, query: query, headers: all, body: Array(body.utf8))
    }

    func call(
        _ method: String, _ path: String, query: String = "", body: String = "",
        headers: [(name: String, value: String)] = []
    ) throws -> SandboxResponse {
        simulator.handle(try request(method, path, query: query, body: body, headers: headers))
    }

    func json(_ path: String, query: String = "") throws -> SandboxJSON {
        let response = try call("GET", path, query: query)
        #expect(response.status == 200)
        return try SandboxJSON.parse(response.body)
    }

    func numbers(_ query: String, of path: String = "/v1/customerinvoice", key: String = "referenceNumber") throws
        -> [String]
    {
        try #require(json(path, query: query).elements).compactMap { $0[key]?.stringValue }
    }

    @discardableResult
    func invoice(_ unitPrice: String = "1000", number: String? = nil, customer: String = "10001") throws -> String {
        try simulator.addInvoice(
            VismaInvoiceSeed(
                number: number, customer: customer, date: "2026-11-01",
                lines: [VismaLineSeed("Consulting", unitPrice: unitPrice)]), in: Self.tenant)
    }

    static func payment(
        _ invoice: String?, amount: String, reference: String = "pi_1", customer: String = "10001",
        account: String = "1921", applied: String? = nil, extra: String = ""
    ) -> String {
        let lines = invoice.map {
            """
            {"operation":"Insert","documentType":{"value":"Invoice"},"refNbr":{"value":"\($0)"},
             "amountPaid":{"value":\(applied ?? amount)}}
            """
        }
        return """
            {"type":{"value":"Payment"},"applicationDate":{"value":"2026-11-02T00:00:00"},
             "paymentRef":{"value":"\(reference)"},"customer":{"value":"\(customer)"},"paymentMethod":{"value":"5"},
             "cashAccount":{"value":"\(account)"},"paymentAmount":{"value":\(amount)}\(extra),
             "paymentLines":[\(lines ?? "")]}
            """
    }

    /// Posts a payment and answers its number.
    func pay(_ invoice: String?, amount: String, reference: String = "pi_1", applied: String? = nil) throws -> String {
        let body = Self.payment(invoice, amount: amount, reference: reference, applied: applied)
        let response = try call("POST", "/v1/customerPayment", body: body)
        #expect(response.status == 201)
        let location = try #require(response.headers.first { $0.name == "Location" }?.value)
        return try #require(location.split(separator: "/").last.map(String.init))
    }

    func release(_ payment: String, headers: [(name: String, value: String)] = []) throws -> SandboxResponse {
        try call(
            "POST", "/v1/customerPayment/\(payment)/action/release", body: #"{"type":{"value":"Payment"}}"#,
            headers: headers)
    }

    /// Posts a body and answers the number that its `Location` ends with.
    func create(_ path: String, _ body: String) throws -> String {
        let response = try call("POST", path, body: body)
        #expect(response.status == 201, "\(response.text)")
        let location = try #require(response.header("Location"))
        return try #require(location.split(separator: "/").last.map(String.init))
    }

    /// Does an action that is to be accepted.
    func act(_ path: String, _ body: String = "{}") throws {
        let response = try call("POST", path, body: body)
        #expect(response.status == 200, "\(response.text)")
    }

    func status(of path: String) throws -> String? { try json(path)["status"]?.stringValue }
}

extension SandboxResponse {
    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
    var text: String { String(decoding: body, as: UTF8.self) }
}
