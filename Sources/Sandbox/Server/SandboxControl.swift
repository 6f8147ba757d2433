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

    struct Refusal: Error {
        var text: String
    }

    package func handle(_ request: SandboxRequest) async -> SandboxResponse {
        let name = request.path.dropFirst("/_sandbox".count).trimmingPrefix("/")
        switch (request.method, String(name)) {
        case ("GET", ""): return Self.answer(200, "text/html; charset=utf-8", page())
        case ("GET", "books"):
            let lines = (stripe?.books() ?? []) + otherBooks()
            return Self.answer(200, "application/jsonl", lines.map { $0 + "\n" }.joined())
        case ("GET", "ledgers"):
            return Self.answer(200, "application/jsonl", (stripe?.ledgers() ?? []).map { $0 + "\n" }.joined())
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
            let order = isForm ? SandboxOrder(form: request.body) : try SandboxOrder(json: request.body)
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

    private func carryOut(_ action: String, _ order: SandboxOrder) throws -> StripeJSON {
        switch action {
        case "clock/advance":
            guard let clock else { throw Refusal(text: "this server has no clock to move") }
            guard let seconds = order.seconds else { throw Refusal(text: "\(action) needs the field 'seconds'") }
            clock.advance(bySeconds: seconds)
            return ["now_microseconds": .whole(clock.now())]
        case "faults":
            if let failure = Self.failure(order) {
                guard let stripe else { throw Refusal(text: "this server simulates no Stripe") }
                stripe.plan(failure, pathPrefix: order.path ?? "/", count: max(1, order.count ?? 1))
            } else {
                faults.add(try Self.fault(order))
            }
            return ["planned": .bool(true)]
        default:
            guard let deed = SandboxDeeds.all[action] else { throw Refusal(text: "unknown action '\(action)'") }
            guard let stripe else { throw Refusal(text: "this server simulates no Stripe") }
            return try deed(SandboxTask(action: action, order: order, stripe: stripe))
        }
    }

    /// The failures that Stripe itself makes.
    private static func failure(_ order: SandboxOrder) -> StripeSimulator.Failure? {
        switch order.kind {
        case "lock_timeout": .lockTimeout
        case "idempotency_key_in_use": .keyInUse
        case "server_error_before_effect": .serverError(afterEffect: false)
        case "server_error_after_effect": .serverError(afterEffect: true)
        default: nil
        }
    }

    private static func fault(_ order: SandboxOrder) throws -> Fault {
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
                    + "reset_after_effect, half_body, too_many_requests, lock_timeout, idempotency_key_in_use, "
                    + "server_error_before_effect, server_error_after_effect")
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
