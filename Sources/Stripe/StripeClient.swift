package import Domain
import Foundation
package import LibCrypto
package import Outbound

/// Stripe's API for one tenant: the reads as domain values, and `perform` for the calls that the journal keeps.
///
/// It holds no state; the key is opened anew for each call. Limits and retries are the callers' business: an error
/// says by its disposition what can be done.
package struct StripeClient: Sendable {
    private let settings: StripeSettings
    private let transport: any Transport
    private let key: SecretSource
    private let now: @Sendable () -> Timestamp

    /// `now` is used for nothing but a `Retry-After` that is a date.
    package init(
        settings: StripeSettings, transport: any Transport, key: @escaping SecretSource,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.settings = settings
        self.transport = transport
        self.key = key
        self.now = now
    }

    // MARK: Any call

    /// Sends `call` as it is, with origin, key, version and idempotency key added. Throws for every answer but 2xx.
    package func perform(_ call: OutboundCall) async throws(ConnectorError) -> OutboundResponse {
        let request = try request(for: call)
        let response: OutboundResponse
        do throws(TransportFailure) {
            response = try await transport.send(request)
        } catch {
            throw StripeErrors.error(error, method: call.method)
        }
        guard (200..<300).contains(response.status) else {
            throw StripeErrors.error(response, method: call.method, now: now())
        }
        return response
    }

    private func request(for call: OutboundCall) throws(ConnectorError) -> OutboundRequest {
        guard call.system == .stripe, call.path.hasPrefix("/") else {
            throw StripeErrors.refused("foreign_call", "this call is not one for Stripe")
        }
        let secret = try openKey()
        try StripeKeyKind.parse(secret).check(mode: settings.mode)
        var headers: [(name: String, value: String)] = [
            ("authorization", secret.withText { "Bearer " + $0 }), ("stripe-version", StripeAPI.version),
            ("accept", "application/json"), ("user-agent", StripeAPI.userAgent),
        ]
        if let type = call.contentType { headers.append(("content-type", type)) }
        if let key = call.idempotencyKey {
            headers.append(("idempotency-key", key))
        } else if call.method == "POST" {
            throw StripeErrors.refused("no_idempotency_key", "a POST to Stripe needs an idempotency key")
        }
        return OutboundRequest(
            method: call.method, url: settings.origin + call.path, headers: headers, body: call.body,
            timeoutMilliseconds: settings.timeoutMilliseconds)
    }

    private func openKey() throws(ConnectorError) -> Secret {
        do {
            return try key()
        } catch let error as ConnectorError {
            throw error
        } catch {
            throw ConnectorError(
                code: "stripe.key_unavailable", text: "the stored Stripe API key cannot be opened; set it again",
                disposition: .reauthorise, system: .stripe)
        }
    }

    /// One cheap read that every usable key may make (`GET /v1/account` needs a permission of its own). Answers with
    /// Stripe's request id.
    @discardableResult
    package func ping() async throws(ConnectorError) -> String? {
        let response = try await get("/v1/customers", [("limit", "1")])
        _ = try StripeJSON.read(ListAnswer<CustomerAnswer>.self, response, isWrite: false)
        return response.header("Request-Id")
    }

    // MARK: Invoices and what hangs on them

    /// The invoice with its payments, without charges and disputes. Nil when it is gone, as a deleted draft is.
    package func invoice(_ id: StripeInvoiceID) async throws(ConnectorError) -> Domain.Collection? {
        guard let (invoice, payments, response) = try await observed(id, expanding: ["payments"]) else { return nil }
        return try StripeMapping.collection(invoice, response, payments: payments)
    }

    /// The invoice with everything that hangs on it, charges and disputes oldest first. It costs one read, one more
    /// for each payment intent that somebody has tried to pay, and one more for each that has a disputed charge.
    package func collection(_ id: StripeInvoiceID) async throws(ConnectorError) -> Domain.Collection? {
        let expanded = ["payments", "payments.data.payment.payment_intent"]
        guard let (invoice, payments, response) = try await observed(id, expanding: expanded) else { return nil }
        var charges = [Domain.Collection.Charge]()
        var disputes = [Domain.Collection.Dispute]()
        for source in Self.sources(of: payments) {
            let found = try await self.charges(of: source)
            charges += found
            if found.contains(where: \.isDisputed) { disputes += try await self.disputes(of: source) }
        }
        charges.sort { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        disputes.sort { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        return try StripeMapping.collection(
            invoice, response, payments: payments, charges: charges, disputes: disputes)
    }

    /// Which invoices a payment intent pays: several at times. There is no such filter by charge.
    package func invoicePayments(
        intent: PaymentIntentID
    ) async throws(ConnectorError) -> [(InvoicePaymentID, StripeInvoiceID)] {
        let filter = [("payment[type]", "payment_intent"), ("payment[payment_intent]", intent.rawValue)]
        let (rows, _) = try await list(InvoicePaymentAnswer.self, "/v1/invoice_payments", filter)
        return rows.map { (InvoicePaymentID($0.id), StripeInvoiceID($0.invoice.id)) }
    }

    /// Nil when Stripe does not know it.
    package func charge(_ id: ChargeID) async throws(ConnectorError) -> Domain.Collection.Charge? {
        let path = try "/v1/charges/" + StripeRequests.segment(id.rawValue)
        guard let response = try await getIfPresent(path) else { return nil }
        return try StripeMapping.charge(StripeJSON.read(ChargeAnswer.self, response, isWrite: false), response)
    }

    /// The customer's invoices made at or after `createdFrom`, newest first, without payments: for looking up whether
    /// a create took effect.
    package func invoices(
        customer: StripeCustomerID, createdFrom: Timestamp
    ) async throws(ConnectorError) -> [Domain.Collection] {
        let filter = [("customer", customer.rawValue), ("created[gte]", String(createdFrom.unixSeconds))]
        let (rows, last) = try await list(InvoiceAnswer.self, "/v1/invoices", filter)
        var result = [Domain.Collection]()
        for row in rows { result.append(try StripeMapping.collection(row, last)) }
        return result
    }

    private typealias Observed = (InvoiceAnswer, [InvoicePaymentAnswer], OutboundResponse)

    private func observed(
        _ id: StripeInvoiceID, expanding names: [String]
    ) async throws(ConnectorError) -> Observed? {
        let path = try "/v1/invoices/" + StripeRequests.segment(id.rawValue)
        guard let response = try await getIfPresent(path, names.map { ("expand[]", $0) }) else { return nil }
        let invoice = try StripeJSON.read(InvoiceAnswer.self, response, isWrite: false)
        guard let payments = invoice.payments, payments.hasMore else {
            return (invoice, invoice.payments?.data ?? [], response)
        }
        // The list inside an invoice is only the first page, so the whole of it is read from its own address.
        var filter = [("invoice", id.rawValue)]
        if names.count > 1 { filter.append(("expand[]", "data.payment.payment_intent")) }
        let (rows, _) = try await list(InvoicePaymentAnswer.self, "/v1/invoice_payments", filter)
        return (invoice, rows, response)
    }

    /// What can have charges, each once: payment intents that were touched, and old charges without an intent.
    private static func sources(of payments: [InvoicePaymentAnswer]) -> [Domain.Collection.Source] {
        var seen = Set<Domain.Collection.Source>()
        var result = [Domain.Collection.Source]()
        for payment in payments {
            let source: Domain.Collection.Source
            if let intent = payment.payment.intent {
                guard !intent.isUntouched else { continue }
                source = .intent(PaymentIntentID(intent.id))
            } else if let charge = payment.payment.charge {
                source = .charge(ChargeID(charge.id))
            } else {
                continue
            }
            if seen.insert(source).inserted { result.append(source) }
        }
        return result
    }

    private func charges(
        of source: Domain.Collection.Source
    ) async throws(ConnectorError) -> [Domain.Collection.Charge] {
        switch source {
        case .intent(let intent):
            let (rows, last) = try await list(
                ChargeAnswer.self, "/v1/charges", [("payment_intent", intent.rawValue)])
            var result = [Domain.Collection.Charge]()
            for row in rows { result.append(try StripeMapping.charge(row, last)) }
            return result
        case .charge(let id): return try await charge(id).map { [$0] } ?? []
        case .outsideStripe: return []
        }
    }

    private func disputes(
        of source: Domain.Collection.Source
    ) async throws(ConnectorError) -> [Domain.Collection.Dispute] {
        let filter: [(String, String)]
        switch source {
        case .intent(let intent): filter = [("payment_intent", intent.rawValue)]
        case .charge(let id): filter = [("charge", id.rawValue)]
        case .outsideStripe: return []
        }
        let (rows, last) = try await list(DisputeAnswer.self, "/v1/disputes", filter)
        var result = [Domain.Collection.Dispute]()
        for row in rows { result.append(try StripeMapping.dispute(row, last)) }
        return result
    }

    // MARK: Paging

    func get(_ path: String, _ query: [(String, String)] = []) async throws(ConnectorError) -> OutboundResponse {
        var form = FormEncoding()
        for (name, value) in query { form.add(name, value) }
        let target = form.text.isEmpty ? path : path + "?" + form.text
        return try await perform(OutboundCall(system: .stripe, method: "GET", path: target))
    }

    /// Nil when Stripe says that the object named by the path does not exist or was deleted. A 404 for any other
    /// reason, such as an object of the other mode, is an error.
    func getIfPresent(
        _ path: String, _ query: [(String, String)] = []
    ) async throws(ConnectorError) -> OutboundResponse? {
        do throws(ConnectorError) {
            let response = try await get(path, query)
            let isDeleted = (try? StripeJSON.read(DeletedAnswer.self, response, isWrite: false))?.deleted == true
            return isDeleted ? nil : response
        } catch {
            guard error.httpStatus == 404, error.code == "stripe.resource_missing" else { throw error }
            return nil
        }
    }

    struct Page<Row: Sendable>: Sendable {
        var rows: [Row]
        /// Where the next page begins; nil after the last.
        var next: String?
    }

    /// All rows of a list, newest first, and the last answer.
    func list<Row: Listed>(
        _ type: Row.Type, _ path: String, _ filter: [(String, String)]
    ) async throws(ConnectorError) -> ([Row], OutboundResponse) {
        try await pages(path, filter, cursor: "starting_after") { response throws(ConnectorError) -> Page<Row> in
            let answer = try StripeJSON.read(ListAnswer<Row>.self, response, isWrite: false)
            return Page(rows: answer.data, next: answer.hasMore ? answer.data.last?.id ?? "" : nil)
        }
    }

    func pages<Row: Sendable>(
        _ path: String, _ filter: [(String, String)], cursor: String,
        read: (OutboundResponse) throws(ConnectorError) -> Page<Row>
    ) async throws(ConnectorError) -> ([Row], OutboundResponse) {
        var rows = [Row]()
        var next: String?
        for _ in 0..<StripeAPI.pagesMax {
            var query = filter + [("limit", String(StripeAPI.pageRowsMax))]
            if let next { query.append((cursor, next)) }
            let response = try await get(path, query)
            let page = try read(response)
            rows += page.rows
            guard let following = page.next else { return (rows, response) }
            // An empty page, or one that does not move, would be asked for without end.
            guard !following.isEmpty, following != next else {
                throw StripeErrors.unreadable(
                    response, what: "a page says that more follows, not where", isWrite: false)
            }
            next = following
        }
        throw StripeErrors.refused(
            "too_many_pages", "\(path) has more than \(StripeAPI.pagesMax * StripeAPI.pageRowsMax) rows")
    }
}
