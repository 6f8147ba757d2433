import Foundation

/// The control API and page: what people do to the simulated world, and its books. It is served on loopback only,
/// without authentication, and holds nothing but simulated things.
package struct SandboxControl: Sendable {
    private let stripe: StripeSimulator?
    private let clock: SandboxClock?
    private let faults: FaultPlan
    private let bookkeeper: SandboxBookkeeper?
    private let otherBooks: @Sendable () -> [String]
    private let otherCalls: @Sendable () -> [String: [String: Int]]

    /// - Parameters:
    ///   - bookkeeper: carries out the actions under `visma/`; nil when there is no Visma.net.
    ///   - otherBooks: the JSON Lines of the other simulators, added to Stripe's.
    ///   - otherCalls: the other simulators' call counts, by account.
    package init(
        stripe: StripeSimulator?, clock: SandboxClock?, faults: FaultPlan, bookkeeper: SandboxBookkeeper? = nil,
        otherBooks: @escaping @Sendable () -> [String] = { [] },
        otherCalls: @escaping @Sendable () -> [String: [String: Int]] = { [:] }
    ) {
        self.stripe = stripe
        self.clock = clock
        self.faults = faults
        self.bookkeeper = bookkeeper
        self.otherBooks = otherBooks
        self.otherCalls = otherCalls
    }

    /// What the forms and JSON bodies can say; each operation uses its part.
    private struct Order: Decodable {
        var invoice: String?
        var charge: String?
        var dispute: String?
        /// In the currency's wire integer.
        var amount: Int64?
        var code: String?
        var message: String?
        var reason: String?
        var won: Bool?
        var seconds: Int64?
        var method: String?
        var path: String?
        var kind: String?
        var status: Int?
        var body: String?
        var retry_after: Int?
        var count: Int?
    }

    private struct Refusal: Error {
        var text: String
    }

    package func handle(_ request: SandboxRequest) async -> SandboxResponse {
        let name = request.path.dropFirst("/_sandbox".count).trimmingPrefix("/")
        switch (request.method, String(name)) {
        case ("GET", ""): return Self.answer(200, "text/html; charset=utf-8", page())
        case ("GET", "books"):
            let lines = (stripe?.books() ?? []) + otherBooks()
            return Self.answer(200, "application/jsonl", lines.map { $0 + "\n" }.joined())
        case ("GET", "calls"): return Self.answer(200, "application/json", calls().text)
        case ("POST", let action): return perform(action, request)
        default: return Self.refuse(404, "nothing is here; see GET /_sandbox/")
        }
    }

    private func perform(_ action: String, _ request: SandboxRequest) -> SandboxResponse {
        let isForm = request.header("Content-Type")?.hasPrefix("application/x-www-form-urlencoded") ?? false
        do {
            if let bookkeeper, action.hasPrefix(SandboxBookkeeper.prefix) {
                return Self.answer(200, "application/json", try bookkeeper.carryOut(action, request.body).text)
            }
            let order = isForm ? Self.order(form: request.body) : try Self.order(json: request.body)
            let result = try carryOut(action, order)
            if isForm { return SandboxResponse(status: 303, headers: [("Location", "/_sandbox/")]) }
            return Self.answer(200, "application/json", result.text)
        } catch let refusal as StripeActionRefused {
            return Self.refuse(409, refusal.description)
        } catch let refusal as Refusal {
            return Self.refuse(400, refusal.text)
        } catch let refusal as SandboxBookkeeper.Refusal {
            return Self.refuse(400, refusal.text)
        } catch {
            return Self.refuse(400, "the body is not the JSON object that \(action) takes")
        }
    }

    private static func order(json body: [UInt8]) throws -> Order {
        try JSONDecoder().decode(Order.self, from: Data(body.isEmpty ? Array("{}".utf8) : body))
    }

    private static func order(form body: [UInt8]) -> Order {
        let form = StripeForm.parse(body)
        var order = Order()
        order.invoice = form.text("invoice")
        order.charge = form.text("charge")
        order.dispute = form.text("dispute")
        order.amount = form.whole("amount")
        order.reason = form.text("reason")
        order.seconds = form.whole("seconds")
        return order
    }

    private func carryOut(_ action: String, _ order: Order) throws -> StripeJSON {
        func need<T>(_ value: T?, _ name: String) throws -> T {
            guard let value else { throw Refusal(text: "\(action) needs the field '\(name)'") }
            return value
        }
        switch action {
        case "clock/advance":
            guard let clock else { throw Refusal(text: "this server has no clock to move") }
            clock.advance(bySeconds: try need(order.seconds, "seconds"))
            return ["now_microseconds": .whole(clock.now())]
        case "faults":
            faults.add(try Self.fault(order))
            return ["planned": .bool(true)]
        case "pay", "fail", "dispute", "dispute/close", "refund": break
        default: throw Refusal(text: "unknown action '\(action)'")
        }
        guard let stripe else { throw Refusal(text: "this server simulates no Stripe") }
        func charge() throws -> String {
            if let charge = order.charge { return charge }
            let invoice = try need(order.invoice, "charge")
            return try need(stripe.invoices().first { $0.id == invoice }?.charge, "charge")
        }
        switch action {
        case "pay":
            let made = try stripe.pay(invoice: need(order.invoice, "invoice"), amount: order.amount)
            return ["charge": .string(made.charge), "payment_intent": .string(made.paymentIntent)]
        case "fail":
            let failed = try stripe.failCard(
                invoice: need(order.invoice, "invoice"), code: order.code ?? "card_declined",
                message: order.message ?? "Your card was declined.")
            return ["charge": .string(failed)]
        case "dispute":
            let reason = order.reason ?? "fraudulent"
            return ["dispute": .string(try stripe.dispute(charge: charge(), reason: reason, amount: order.amount))]
        case "dispute/close":
            try stripe.closeDispute(need(order.dispute, "dispute"), isWon: need(order.won, "won"))
            return ["closed": .bool(true)]
        default: return ["refund": .string(try stripe.refund(charge: charge(), amount: order.amount))]
        }
    }

    private static func fault(_ order: Order) throws -> Fault {
        let kind: Fault.Kind
        switch order.kind {
        case "status": kind = .status(order.status ?? 500, body: order.body ?? "{}")
        case "timeout_after_effect": kind = .timeoutAfterEffect
        case "timeout_before_effect": kind = .timeoutBeforeEffect
        case "reset_after_effect": kind = .resetAfterEffect
        case "half_body": kind = .halfBody
        case "too_many_requests": kind = .tooManyRequests(retryAfter: order.retry_after)
        default:
            throw Refusal(
                text: "'kind' must be one of status, timeout_after_effect, timeout_before_effect, "
                    + "reset_after_effect, half_body, too_many_requests")
        }
        return Fault(method: order.method, pathPrefix: order.path ?? "/", kind: kind, count: max(1, order.count ?? 1))
    }

    private func calls() -> StripeJSON {
        let all = (stripe?.calls() ?? [:]).merging(otherCalls()) { $0.merging($1, uniquingKeysWith: +) }
        return .object(
            all.sorted { $0.key < $1.key }.map { account in
                let counts = account.value.sorted { $0.key < $1.key }
                return (key: account.key, value: .object(counts.map { (key: $0.key, value: .whole(Int64($0.value))) }))
            })
    }

    private func page() -> String {
        SandboxControlPage.render(stripe?.invoices() ?? [], hasClock: clock != nil)
    }

    private static func answer(_ status: Int, _ type: String, _ body: String) -> SandboxResponse {
        SandboxResponse(status: status, headers: [("Content-Type", type)], body: Array(body.utf8))
    }

    private static func refuse(_ status: Int, _ text: String) -> SandboxResponse {
        answer(status, "application/json", StripeJSON.object([("error", .string(text))]).text)
    }
}
