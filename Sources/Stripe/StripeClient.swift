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

    /// What the key's prefix tells. Throws for what is no key of this mode; no call is made.
    package func keyKind() throws(ConnectorError) -> StripeKeyKind {
        let kind = try StripeKeyKind.parse(try openKey())
        try kind.check(mode: settings.mode)
        return kind
    }

    /// One cheap read that every usable key may make (`GET /v1/account` needs a permission of its own). Answers with
    /// Stripe's request id.
    @discardableResult
    package func ping() async throws(ConnectorError) -> String? {
        let response = try await get("/v1/customers", [("limit", "1")])
        _ = try StripeJSON.read(ListAnswer<CustomerAnswer>.self, response, isWrite: false)
        return response.header("Request-Id")
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

    static let stuckPage = "a page says that more follows, not where"

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
                throw StripeErrors.unreadable(response, what: Self.stuckPage, isWrite: false)
            }
            next = following
        }
        throw StripeErrors.refused(
            "too_many_pages", "\(path) has more than \(StripeAPI.pagesMax * StripeAPI.pageRowsMax) rows")
    }
}
