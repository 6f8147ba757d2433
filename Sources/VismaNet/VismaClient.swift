package import Domain
import Foundation
import LibCrypto
package import Outbound

/// One page of a polled list.
package struct VismaPage<Row: Sendable>: Sendable {
    /// Without the rows that do not pass our own check of the filter (Visma ignores parameters that it does not know)
    /// and without those that cannot be identified.
    package var rows: [Row]
    /// Of the whole list, when a row says it.
    package var totalCount: Int?
    /// The size that the server really uses, when a row says it: too large a wish is silently clamped.
    package var effectivePageSize: Int?
    package var isLast: Bool
    /// The newest `lastModifiedDateTime` of all the page's rows, as the server wrote it.
    package var newestModified: String?
    /// Rows that could not be identified.
    package var unreadableCount: Int

    package init(
        rows: [Row], totalCount: Int? = nil, effectivePageSize: Int? = nil, isLast: Bool, newestModified: String? = nil,
        unreadableCount: Int = 0
    ) {
        self.rows = rows
        self.totalCount = totalCount
        self.effectivePageSize = effectivePageSize
        self.isLast = isLast
        self.newestModified = newestModified
        self.unreadableCount = unreadableCount
    }
}

/// One company's Visma.net ERP. Every failure is a `ConnectorError` that has been understood.
package struct VismaClient: Sendable {
    /// No look-up reads more pages than this.
    package static let pagesMax = 1000

    let settings: VismaSettings
    private let transport: any Transport
    private let token: VismaToken
    private let now: @Sendable () -> Timestamp
    private let redaction: Redaction
    private let counter: CallCounter?
    private let rateObserver: (@Sendable (RateBudget) -> Void)?

    /// `rateObserver` gets the budget of every answer of the API.
    package init(
        settings: VismaSettings, transport: any Transport, token: VismaToken,
        now: @escaping @Sendable () -> Timestamp, redaction: Redaction = Redaction(), counter: CallCounter? = nil,
        rateObserver: (@Sendable (RateBudget) -> Void)? = nil
    ) {
        self.settings = settings
        self.transport = transport
        self.token = token
        self.now = now
        self.redaction = redaction
        self.counter = counter
        self.rateObserver = rateObserver
    }

    // MARK: any call

    /// Sends a call with host, token and headers added, and answers what came, when it is a 2xx. A 401 drops the token
    /// and sends the same bytes once more with a new one: a refused call has had no effect.
    package func perform(_ call: OutboundCall) async throws(ConnectorError) -> OutboundResponse {
        precondition(call.system == .visma, "a call for the other system")
        let first = try await token.current()
        var response = try await send(call, first)
        if response.status == 401 {
            await token.drop(first)
            response = try await send(call, try await token.current())
        }
        guard (200...299).contains(response.status) else {
            throw VismaErrors.error(
                response, method: call.method, budget: RateBudget(response, now: now()), redaction: redaction)
        }
        return response
    }

    private func send(_ call: OutboundCall, _ held: VismaToken.Held) async throws(ConnectorError) -> OutboundResponse {
        var headers = [
            (name: "authorization", value: held.secret.withText { "Bearer " + $0 }),
            (name: "accept", value: "application/json"), (name: "user-agent", value: Product.userAgent),
        ]
        if let type = call.contentType { headers.append((name: "content-type", value: type)) }
        if let company = settings.companyID { headers.append((name: "ipp-company-id", value: company)) }
        if let etag = call.ifMatch { headers.append((name: "if-match", value: etag)) }
        do throws(TransportFailure) {
            let request = OutboundRequest(
                method: call.method, url: try settings.api.url(path: call.path), headers: headers, body: call.body,
                timeoutMilliseconds: settings.timeoutMilliseconds)
            counter?.record(CallKind(system: .visma, method: call.method, path: call.path))
            let response = try await transport.send(request)
            rateObserver?(RateBudget(response, now: now()))
            return response
        } catch {
            throw ErrorClassifier.error(error, system: .visma, method: call.method)
        }
    }

    /// Nil for a 404.
    func find(_ call: OutboundCall) async throws(ConnectorError) -> OutboundResponse? {
        do throws(ConnectorError) {
            return try await perform(call)
        } catch {
            if error.httpStatus == 404, error.disposition == .reject { return nil }
            throw error
        }
    }

    // MARK: trying out

    /// The same company with lists of one row, where a read is to show no more than that it is possible. `scopes` (nil:
    /// the usual ones) get a token of their own. `sendsCompany` false leaves the company header out.
    package func trial(
        scopes: [String]? = nil, sendsCompany: Bool = true, rateObserver: (@Sendable (RateBudget) -> Void)? = nil
    ) -> VismaClient {
        var settings = settings
        settings.pageSize = 1
        if !sendsCompany { settings.companyID = nil }
        return VismaClient(
            settings: settings, transport: transport, token: scopes.map { token.asking(for: $0) } ?? token, now: now,
            redaction: redaction, counter: counter, rateObserver: rateObserver ?? self.rateObserver)
    }

    /// What the token is asked for.
    package var wantedScopes: [String] { token.scopes }

    /// What the token in use is good for; one is fetched when there is none.
    package func grantedScopes() async throws(ConnectorError) -> Set<String> { try await token.current().scopes }

    // MARK: polling

    /// Invoices modified at or after `modifiedSince`, a text that the server itself wrote (nil: all). `page` begins
    /// at 1.
    package func invoices(modifiedSince: String?, page: Int) async throws(ConnectorError) -> VismaPage<PolledRow> {
        let call = VismaRequests.invoices(modifiedSince: modifiedSince, page: page, pageSize: settings.pageSize)
        return try await poll(call, .invoices, since: modifiedSince, page: page)
    }

    package func payments(modifiedSince: String?, page: Int) async throws(ConnectorError) -> VismaPage<PolledRow> {
        let call = VismaRequests.payments(modifiedSince: modifiedSince, page: page, pageSize: settings.pageSize)
        return try await poll(call, .payments, since: modifiedSince, page: page)
    }

    package func creditNotes(modifiedSince: String?, page: Int) async throws(ConnectorError) -> VismaPage<PolledRow> {
        let call = VismaRequests.creditNotes(modifiedSince: modifiedSince, page: page, pageSize: settings.pageSize)
        return try await poll(call, .creditNotes, since: modifiedSince, page: page)
    }

    private func poll(
        _ call: OutboundCall, _ stream: VismaMapping.Stream, since: String?, page: Int
    ) async throws(ConnectorError) -> VismaPage<PolledRow> {
        let response = try await perform(call)
        let list: ListDTO<PolledDTO> = try list(response, what: "a list of \(stream)")
        let size = pageSize(list, page: page)
        let floor = since.flatMap { ServerTime($0) }?.wholeSecond
        let found = list.rows.compactMap(\.row)
        let kept = found.filter { row in
            guard let floor, let modified = row.modified.flatMap({ ServerTime($0) }) else { return true }
            return modified >= floor
        }
        let times = found.compactMap { row in row.modified.flatMap { text in ServerTime(text).map { ($0, text) } } }
        return VismaPage(
            rows: kept.map { VismaMapping.polled($0, in: stream) }, totalCount: size.total,
            effectivePageSize: size.effective, isLast: size.isLast,
            newestModified: times.max { $0.0 < $1.0 }?.1, unreadableCount: list.rows.count - found.count)
    }

    // MARK: single documents

    /// The document as it is now, nil when there is none of that number. Its amounts are exact and in its own currency.
    package func invoice(_ document: DocumentRef) async throws(ConnectorError) -> Receivable? {
        guard let response = try await find(VismaRequests.invoice(document)) else { return nil }
        return try read(InvoiceDTO.self, response, what: "\(document)") { row in
            let type = row.type.map(VismaMapping.typeName) ?? document.type.rawValue
            guard type == document.type.rawValue, row.number == document.number else {
                throw ConnectorError(
                    code: "visma.wrong_document",
                    text: "Visma answered \(type):\(row.number) when asked for \(document)", disposition: .reject,
                    system: .visma)
            }
            return try VismaMapping.receivable(row, requested: document, etag: response.header("etag"))
        }
    }

    package func customer(_ number: VismaCustomerNumber) async throws(ConnectorError) -> VismaCustomer? {
        guard let response = try await find(VismaRequests.customer(number)) else { return nil }
        return try read(CustomerDTO.self, response, what: "customer \(number)") { VismaMapping.customer($0) }
    }

    /// The payment document of that number and type. A void has the number of what it voids, so when the number alone
    /// answers another type, the list is asked.
    package func payment(
        _ number: VismaNumber, type: String = "Payment"
    ) async throws(ConnectorError) -> VismaPayment? {
        if let response = try await find(VismaRequests.payment(number)) {
            let etag = response.header("etag")
            let payment = try read(PaymentDTO.self, response, what: "payment \(number)") {
                try VismaMapping.payment($0, etag: etag)
            }
            if payment.type == type, payment.number == number { return payment }
        }
        let found = try await everyPage(of: "payments", PaymentDTO.self) { page in
            VismaRequests.payments(number: number, type: type, page: page, pageSize: settings.pageSize)
        } map: { row in
            row.number == number.rawValue && VismaMapping.typeName(row.type) == type
                ? try VismaMapping.payment(row, etag: nil) : nil
        }
        return found.first
    }

    /// The company's name and base currency: proves token, tenant and licence.
    package func organization() async throws(ConnectorError) -> (name: String, baseCurrency: Currency?) {
        let response = try await perform(VismaRequests.organization())
        let list: ListDTO<OrganizationDTO> = try list(response, what: "the organization")
        guard let row = list.rows.compactMap(\.row).first else {
            throw ConnectorError(
                code: VismaErrors.companyEmpty,
                text: "Visma answers no organization at all: is the company id (ipp-company-id) the right one? A wrong "
                    + "one gives empty answers instead of an error",
                disposition: .reauthorise, system: .visma, httpStatus: response.status,
                requestID: VismaErrors.requestID(of: response))
        }
        return (row.name ?? "", row.baseCurrency.flatMap { Currency($0) })
    }

    // MARK: bodies

    func read<Row: Decodable, Value>(
        _ type: Row.Type, _ response: OutboundResponse, what: String, _ map: (Row) throws -> Value
    ) throws(ConnectorError) -> Value {
        do {
            try ExactJSON.checkDigits(in: response.body)
            return try map(try JSONDecoder().decode(type, from: Data(response.body)))
        } catch let error as AmountError {
            throw VismaErrors.unusable(AmountProblem(field: "a number", error: error), what: what)
        } catch DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty {
            // Not JSON at all: half an answer, or the page of a gateway. It passes.
            throw VismaErrors.unreadable(response, what: what, redaction: redaction)
        } catch {
            throw VismaErrors.unusable(error, what: what)
        }
    }

    func list<Row: Decodable>(
        _ response: OutboundResponse, what: String
    ) throws(ConnectorError) -> ListDTO<Row> {
        do {
            return try JSONDecoder().decode(ListDTO<Row>.self, from: Data(response.body))
        } catch {
            throw VismaErrors.unreadable(response, what: what, redaction: redaction)
        }
    }

    /// How large the pages are and whether this is the last one. The total and the largest page stand in every row; an
    /// empty page has neither and is the end.
    func pageSize<Row>(
        _ list: ListDTO<Row>, page: Int
    ) -> (total: Int?, effective: Int?, isLast: Bool) {
        let rows = list.rows.compactMap(\.metadata)
        let total = list.totalCount ?? rows.compactMap(\.totalCount).first
        let largest = rows.compactMap(\.maxPageSize).first { $0 > 0 }
        let effective = largest.map { min($0, settings.pageSize) }
        let count = list.rows.count
        guard count > 0 else { return (total, effective, true) }
        guard let total else { return (nil, effective, count < effective ?? settings.pageSize) }
        // When the server does not say how large its pages are, a short one may be a clamped one: then the end is where
        // pages of this length reach the total, or the next, empty page.
        let reach = page * (effective ?? min(count, settings.pageSize))
        return (total, effective, reach >= total)
    }
}
