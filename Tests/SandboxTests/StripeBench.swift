import Foundation

@testable import Sandbox

/// One simulated Stripe account on a manual clock, driven by hand.
struct StripeBench {
    static let key = "sk_test_bench0001"
    static let start: Int64 = 1_790_000_000

    let clock = SandboxClock.manual(startingAt: start * 1_000_000)
    let stripe: StripeSimulator

    init(
        seed: UInt64 = 7, permissions: Set<String>? = nil,
        settings change: (inout StripeAccountSettings) -> Void = { _ in }
    ) {
        var settings = StripeAccountSettings()
        change(&settings)
        stripe = StripeSimulator(clock: clock, seed: seed)
        stripe.addAccount(
            id: "acct_bench", secretKey: Self.key, country: "NO",
            supportedCurrencies: ["nok", "sek", "eur", "dkk", "jpy", "isk", "kwd"], permissions: permissions,
            defaultCurrency: "nok", settings: settings)
    }

    var now: Int64 { clock.now() / 1_000_000 }

    struct Answer {
        var status: Int
        var headers: [String: String]
        var json: LooseJSON
        var body: [UInt8]

        var message: String { json["error"]["message"].text ?? "" }
        var code: String? { json["error"]["code"].text }
        var param: String? { json["error"]["param"].text }
    }

    func send(
        _ method: String, _ path: String, _ parameters: [(String, String)] = [], key: String? = StripeBench.key,
        idempotencyKey: String? = nil, version: String? = nil
    ) throws -> Answer {
        let encoded = parameters.map { "\(Self.escape($0.0))=\(Self.escape($0.1))" }.joined(separator: "&")
        var request = SandboxRequest(method: method, path: path)
        if method == "POST" {
            request.body = Array(encoded.utf8)
            request.headers.append(("Content-Type", "application/x-www-form-urlencoded"))
        } else {
            request.query = encoded
        }
        if let key { request.headers.append(("Authorization", "Bearer \(key)")) }
        if let idempotencyKey { request.headers.append(("Idempotency-Key", idempotencyKey)) }
        if let version { request.headers.append(("Stripe-Version", version)) }
        let response = stripe.handle(request)
        return Answer(
            status: response.status,
            headers: Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }) { $1 },
            json: try JSONDecoder().decode(LooseJSON.self, from: Data(response.body)), body: response.body)
    }

    func post(_ path: String, _ parameters: [(String, String)] = [], idempotencyKey: String? = nil) throws -> Answer {
        try send("POST", path, parameters, idempotencyKey: idempotencyKey)
    }

    func get(_ path: String, _ parameters: [(String, String)] = []) throws -> Answer {
        try send("GET", path, parameters)
    }

    private static func escape(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
    }

    func customer(name: String = "Nordlys AS", email: String? = "post@nordlys.example") throws -> String {
        var parameters = [("name", name)]
        if let email { parameters.append(("email", email)) }
        return try post("/v1/customers", parameters).json["id"].text ?? ""
    }

    func draftParameters(_ customer: String, currency: String = "nok") -> [(String, String)] {
        [
            ("customer", customer), ("collection_method", "send_invoice"), ("currency", currency),
            ("due_date", String(now + 86_400)), ("auto_advance", "false"), ("automatic_tax[enabled]", "false"),
            ("discounts", ""),
        ]
    }

    func draft(_ customer: String, currency: String = "nok", number: String? = nil) throws -> String {
        var parameters = draftParameters(customer, currency: currency)
        if let number { parameters.append(("number", number)) }
        return try post("/v1/invoices", parameters).json["id"].text ?? ""
    }

    /// An open invoice of one line without tax.
    func open(_ amount: Int64, customer: String? = nil, currency: String = "nok") throws -> String {
        let invoice = try draft(try customer ?? self.customer(), currency: currency)
        _ = try post("/v1/invoices/\(invoice)/add_lines", [("lines[0][amount]", String(amount))])
        _ = try post("/v1/invoices/\(invoice)/finalize")
        return invoice
    }

    func invoice(_ id: String, expand: String? = nil) throws -> LooseJSON {
        try get("/v1/invoices/\(id)", expand.map { [("expand[]", $0)] } ?? []).json
    }

    func credit(of customer: String) throws -> Int64? { try get("/v1/customers/\(customer)").json["balance"].whole }

    /// A guaranteed payment outside Stripe; answers its id.
    func reported(_ amount: Int64, currency: String = "nok") throws -> String {
        let made = try post(
            "/v1/payment_records/report_payment",
            [
                ("amount_requested[value]", String(amount)), ("amount_requested[currency]", currency),
                ("initiated_at", String(now)), ("outcome", "guaranteed"),
                ("guaranteed[guaranteed_at]", String(now)), ("payment_method_details[type]", "custom"),
                ("payment_method_details[custom][display_name]", "Bank"),
                ("processor_details[type]", "custom"),
                ("processor_details[custom][payment_reference]", "KID 1"),
            ])
        return made.json["id"].text ?? ""
    }

    func eventTypes() throws -> [String] {
        try get("/v1/events", [("limit", "100")]).json["data"].array.compactMap { $0["type"].text }
    }
}

/// Any JSON, for looking into answers. Booleans and integers stay apart, so that types can be checked.
enum LooseJSON: Decodable, Equatable {
    case null
    case bool(Bool)
    case whole(Int64)
    case fraction(Double)
    case string(String)
    case list([LooseJSON])
    case object([String: LooseJSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .whole(value)
        } else if let value = try? container.decode(Double.self) {
            self = .fraction(value)
        } else if let value = try? container.decode([LooseJSON].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: LooseJSON].self))
        }
    }

    subscript(name: String) -> LooseJSON {
        if case .object(let members) = self { members[name] ?? .null } else { .null }
    }
    subscript(index: Int) -> LooseJSON { index < array.count ? array[index] : .null }
    var text: String? { if case .string(let value) = self { value } else { nil } }
    var whole: Int64? { if case .whole(let value) = self { value } else { nil } }
    var flag: Bool? { if case .bool(let value) = self { value } else { nil } }
    var array: [LooseJSON] { if case .list(let value) = self { value } else { [] } }
    var members: [String: LooseJSON] { if case .object(let value) = self { value } else { [:] } }
}
