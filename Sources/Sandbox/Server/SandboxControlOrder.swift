import Foundation

/// What the forms and JSON bodies of the control API can say; each action uses its part.
struct SandboxOrder: Decodable {
    struct Part: Decodable {
        var invoice: String
        var amount: Int64?
    }

    var account: String?
    var invoice: String?
    var invoices: [Part]?
    var customer: String?
    var charge: String?
    var payment_intent: String?
    var refund: String?
    var dispute: String?
    var payout: String?
    var endpoint: String?
    /// In the currency's wire integer.
    var amount: Int64?
    var currency: String?
    var code: String?
    var decline_code: String?
    var message: String?
    var reason: String?
    var opening: String?
    var percent: Int64?
    var pending: Bool?
    var thin: Bool?
    var won: Bool?
    var seconds: Int64?
    var method: String?
    var path: String?
    var parameters: [String: String]?
    var kind: String?
    var status: Int?
    var body: String?
    var retry_after: Int?
    var count: Int?
    var automatic_tax_by_default: Bool?
    var fees_known_after_seconds: Int64?
    var available_after_seconds: Int64?
    var settles_in: String?
    var rate_millionths: Int64?

    init(json body: [UInt8]) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(body.isEmpty ? Array("{}".utf8) : body))
    }

    /// The few fields that the control page's forms have.
    init(form body: [UInt8]) {
        let form = StripeForm.parse(body)
        invoice = form.text("invoice")
        charge = form.text("charge")
        dispute = form.text("dispute")
        amount = form.whole("amount")
        reason = form.text("reason")
        seconds = form.whole("seconds")
    }
}

/// One action with what it was given.
struct SandboxTask {
    let action: String
    let order: SandboxOrder
    let stripe: StripeSimulator

    func need<T>(_ field: KeyPath<SandboxOrder, T?>, _ name: String) throws -> T {
        guard let value = order[keyPath: field] else {
            throw SandboxControl.Refusal(text: "\(action) needs the field '\(name)'")
        }
        return value
    }

    func invoice() throws -> String { try need(\.invoice, "invoice") }
    func intent() throws -> String { try need(\.payment_intent, "payment_intent") }
    func refund() throws -> String { try need(\.refund, "refund") }
    func dispute() throws -> String { try need(\.dispute, "dispute") }
    func account() throws -> String { try need(\.account, "account") }
    func currency() throws -> String { try need(\.currency, "currency") }
    func amount() throws -> Int64 { try need(\.amount, "amount") }

    /// The charge itself, or the last one that paid the invoice.
    func charge() throws -> String {
        if let charge = order.charge { return charge }
        guard let invoice = order.invoice, let charge = stripe.invoices().first(where: { $0.id == invoice })?.charge
        else { throw SandboxControl.Refusal(text: "\(action) needs the field 'charge'") }
        return charge
    }
}
