import Domain
import Outbound
import Sandbox
import Simulation
import Synchronization
import Testing

/// One request with the answer that it got.
private struct Exchange: Sendable {
    var request: OutboundRequest
    var response: OutboundResponse
}

/// All exchanges of all scenarios, and of some that no scenario needs.
private enum Traffic {
    static func record() async throws -> [Exchange] {
        let exchanges = Mutex<[Exchange]>([])
        let observe: @Sendable (OutboundRequest, OutboundResponse) -> Void = { request, response in
            exchanges.withLock { $0.append(Exchange(request: request, response: response)) }
        }
        for scenario in Scenario.all {
            _ = try await scenario.run(prepare: { $0.transport.observe(observe) })
        }
        try await lookups(observe)
        return exchanges.withLock { $0 }
    }

    /// Lost writes beyond the life of Stripe's keys, foreign currency, matching by field, credit notes, refunds.
    private static func lookups(_ observe: @escaping @Sendable (OutboundRequest, OutboundResponse) -> Void) async throws
    {
        let world = try await World(
            seed: 21, recordEdits: .noteAllowed,
            policy: ["customer_rules: [\"metadata:erp_no\", email]", "number_prefix: \"N-\""])
        world.transport.observe(observe)
        let customer = try world.addCustomer()
        let document = try world.addInvoice(of: customer) { $0.dueDate = "2026-10-01" }
        for step in [Step.createCustomer, Step.createInvoice, Step.createPayment, Step.releasePayment] {
            let aimed = AimedFault(.lostAnswer, on: step)
            world.transport.aim { aimed.strike($0) }
            try await world.turn(world.nord.tenant)
            world.clock.advance(bySeconds: 25 * 3600)
            try await world.quiet()
            if step == Step.createInvoice, let invoice = world.stripe.invoices().first {
                try world.stripe.pay(invoice: invoice.id, amount: 40_000)
            }
            if step == Step.createPayment, let invoice = world.stripe.invoices().first {
                let made = try world.stripe.pay(invoice: invoice.id)
                try world.stripe.refund(charge: made.charge, amount: 100)
            }
        }
        let note = try world.visma.addCreditNote(
            VismaInvoiceSeed(customer: customer, date: "2026-11-21", lines: [VismaLineSeed("Retur", unitPrice: "8")]),
            in: world.nord.vismaTenant)
        _ = try world.addInvoice(of: customer, in: world.nord) {
            $0.currency = "EUR"
            $0.exchangeRate = "11.25"
        }
        _ = (note, document)
        try await world.quiet()
    }
}

// Skipped, and reported so, where the descriptions do not stand beside the repository.
@Suite("What goes over the wire, against both API descriptions", .enabled(if: OpenAPIDescription.arePresent))
struct ExchangeTests {
    private func isStripe(_ exchange: Exchange) -> Bool { exchange.request.url.hasPrefix(MemoryTransport.stripeOrigin) }
    private func isToken(_ exchange: Exchange) -> Bool { exchange.request.path == "/connect/token" }

    /// Journal transactions are not in the description that stands beside the repository; another test holds that.
    private func isUndescribed(_ exchange: Exchange) -> Bool {
        exchange.request.path.lowercased().hasPrefix("/v2/journaltransaction")
    }

    @Test("Every request of our clients is one that is described, with known parameters of the right kind")
    func requests() async throws {
        let stripe = try OpenAPIDescription.stripe()
        let visma = try OpenAPIDescription.visma()
        var operations: Set<String> = []
        var problems: [String: Int] = [:]
        let exchanges = try await Traffic.record()
        for exchange in exchanges where !isToken(exchange) {
            let description = isStripe(exchange) ? stripe : visma
            for problem in description.problems(of: exchange.request) where !isUndescribed(exchange) {
                problems[problem, default: 0] += 1
            }
            if let found = description.operation(exchange.request.method, exchange.request.path) {
                operations.insert("\(exchange.request.method) \(found.template)")
            }
        }
        #expect(problems == [:])
        // Every outside write was among them, and the reads that look for lost ones.
        for wanted in Self.operations { #expect(operations.contains(wanted), "\(wanted) was never called") }
    }

    private static let operations = [
        "POST /v1/customers", "POST /v1/invoices", "POST /v1/invoices/{invoice}/add_lines",
        "POST /v1/invoices/{invoice}/finalize", "POST /v1/invoices/{invoice}/void", "DELETE /v1/invoices/{invoice}",
        "POST /v1/webhook_endpoints", "DELETE /v1/webhook_endpoints/{webhook_endpoint}", "GET /v1/webhook_endpoints",
        "GET /v1/customers/search", "GET /v1/customers", "GET /v1/invoices/{invoice}", "GET /v1/charges",
        "GET /v1/disputes", "POST /v1/customerPayment", "POST /v1/customerPayment/{paymentNumber}/action/release",
        "PUT /v1/customerinvoice/{invoiceNumber}", "POST /v1/customerinvoice/{invoiceNumber}/attachment",
        "GET /v1/customerinvoice", "GET /v1/customerPayment", "GET /v1/customerCreditNote",
        "GET /v1/customer/{customerCd}", "GET /v1/customerinvoice/{invoiceNumber}",
    ]

    @Test("Every answer of the simulators is one that is described, with known members of the right kind")
    func answers() async throws {
        let stripe = try OpenAPIDescription.stripe()
        let visma = try OpenAPIDescription.visma()
        var problems: [String: Int] = [:]
        var checked = 0
        for exchange in try await Traffic.record() where !isToken(exchange) {
            let description = isStripe(exchange) ? stripe : visma
            for problem in description.problems(of: exchange.response, to: exchange.request)
            where !isUndescribed(exchange) {
                problems[problem, default: 0] += 1
            }
            checked += 1
        }
        #expect(problems == [:])
        #expect(checked > 200)
    }

    @Test("The check itself finds a wrong path, method, parameter, kind, wrapping and member")
    func bites() throws {
        let stripe = try OpenAPIDescription.stripe()
        let visma = try OpenAPIDescription.visma()
        func request(_ method: String, _ target: String, _ body: String = "", json: Bool = false) -> OutboundRequest {
            let type = json ? "application/json" : "application/x-www-form-urlencoded"
            return OutboundRequest(
                method: method, url: MemoryTransport.stripeOrigin + target,
                headers: [(name: "content-type", value: type)], body: Array(body.utf8), timeoutMilliseconds: 1)
        }
        let wrong = [
            request("POST", "/v1/invoice"), request("PATCH", "/v1/invoices"),
            request("POST", "/v1/invoices", "customer=c&colour=red"), request("GET", "/v1/invoices?limt=1"),
            request("POST", "/v1/invoices/in_1/add_lines", "lines[0][amount]=1.5"),
            request("POST", "/v1/invoices/in_1/add_lines", "lines[0][amuont]=1"),
            request("POST", "/v1/invoices/in_1/add_lines", "expand[]=x"),
            request("POST", "/v1/invoices", "automatic_tax[enabled]=yes"),
            request("POST", "/v1/webhook_endpoints", "url=https://a.invalid&enabled_events[]=charge.completed"),
        ]
        for request in wrong { #expect(stripe.problems(of: request).count == 1, "\(request.url)") }
        let bodies = [
            #"{"paymentRef":"pi_1"}"#, #"{"paymentRef":{"valeu":"pi_1"}}"#, #"{"paymentRfe":{"value":"pi_1"}}"#,
            #"{"paymentAmount":{"value":"1"}}"#, #"{"type":{"value":"Paymnet"}}"#,
        ]
        for body in bodies {
            #expect(visma.problems(of: request("POST", "/v1/customerPayment", body, json: true)).count == 1, "\(body)")
        }
        #expect(visma.problems(of: request("GET", "/v1/customerPayment?pageNumber=x")).count == 1)
        let unknown = OutboundResponse(status: 200, body: Array(#"[{"colour":1}]"#.utf8))
        #expect(visma.problems(of: unknown, to: request("GET", "/v1/customerPayment")).count == 1)
    }
}
