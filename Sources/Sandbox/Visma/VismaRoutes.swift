/// Which operation a path means. Paths are found whatever their case; the retired `/API/controller/api` prefix is
/// tolerated, as the real host seems to.
extension VismaLedger {
    /// The segments after the version; nil when the path is not one of the API.
    static func resource(of path: String) -> [String]? {
        var segments = path.split(separator: "/").map(String.init)
        if segments.prefix(3).map({ $0.lowercased() }) == ["api", "controller", "api"] { segments.removeFirst(3) }
        guard let version = segments.first?.lowercased(), version == "v1" || version == "v2", segments.count > 1
        else { return nil }
        segments.removeFirst()
        return segments.enumerated().map { $0 == 1 ? identifier($1) : $1 }
    }

    /// `b64(<base64url>)` stands for an id with characters that a path cannot carry.
    private static func identifier(_ segment: String) -> String {
        guard segment.lowercased().hasPrefix("b64("), segment.hasSuffix(")") else { return segment }
        return VismaToken.decodeBase64URL(String(segment.dropFirst(4).dropLast())) ?? segment
    }

    /// `GET customerinvoice/*`: what the calls are counted by.
    static func label(of request: SandboxRequest) -> String {
        var segments = (resource(of: request.path) ?? []).map { $0.lowercased() }
        if segments.count > 1 { segments[1] = "*" }
        return request.method.uppercased() + " " + segments.joined(separator: "/")
    }

    /// Does what the request asks, once it is known to be allowed.
    mutating func dispatch(_ request: SandboxRequest) -> SandboxResponse {
        do { return try route(request) } catch { return error.response(id: guid()) }
    }

    private mutating func route(_ request: SandboxRequest) throws(VismaProblem) -> SandboxResponse {
        guard let segments = Self.resource(of: request.path) else { throw .plain(status: 404, text: "Not found") }
        if let background = request.header("erp-api-background"), background.lowercased() != "none" {
            throw .malformed(field: "erp-api-background", text: "This sandbox runs no background operations.")
        }
        let query = VismaQuery(request.query)
        let method = request.method.uppercased()
        switch segments[0].lowercased() {
        case "customerinvoice": return try documents("Invoice", method, segments, query, request)
        case "customercreditnote": return try documents("CreditNote", method, segments, query, request)
        case "customerpayment": return try payments(method, segments, query, request)
        case "cashtransaction": return try cashTransactions(method, segments, query, request)
        case "journaltransaction": return try journals(method, segments, query, request)
        default: break
        }
        guard method == "GET" else { throw .empty(status: 405) }
        return try settings(segments, query)
    }

    private func settings(_ segments: [String], _ query: VismaQuery) throws(VismaProblem) -> SandboxResponse {
        let id = segments.count > 1 ? segments[1] : nil
        let rows: [SandboxJSON]
        let key: String
        switch (segments[0].lowercased(), segments.count) {
        case ("customer", 1): return try listCustomers(query)
        case ("customer", 2...3):
            let found =
                segments.count == 3
                ? (id?.lowercased() == "internal" ? Int(segments[2]).flatMap { customer(internalID: $0) } : nil)
                : id.flatMap { customer($0) }
            guard let found else {
                throw .business(status: 404, doing: "reading customer", text: "The customer cannot be found.")
            }
            return .visma(200, answer(found).withoutNulls, headers: [("ETag", Self.quoted(found.version.stamp))])
        case ("financialperiod", 1): return .visma(200, .array(answerPeriods(query)))
        case ("financialperiod", 2): return .visma(200, try answerPeriod(id: id ?? ""))
        case ("organization", 1...2):
            (rows, key) = ([answerOrganization(withBranches: try query.flag("expandBranches"))], "organizationCd")
        case ("branch", 1...2):
            (rows, key) = (answerBranches(withCurrency: try query.flag("expandCurrency") || id != nil), "number")
        case ("cashaccount", 1...2): (rows, key) = (answerCashAccounts, "number")
        case ("paymentmethod", 1...2): (rows, key) = (answerPaymentMethods, "paymentMethodID")
        default: throw .plain(status: 404, text: "Not found")
        }
        guard let id else { return .visma(200, .array(rows.map(\.withoutNulls))) }
        guard let row = rows.first(where: { $0[key]?.stringValue == id }) else {
            throw .plain(status: 404, text: "Not found")
        }
        return .visma(200, row.withoutNulls)
    }

    static func quoted(_ stamp: String) -> String { "\"\(stamp)\"" }

    /// 412 when `If-Match` is there and names another version.
    func check(_ request: SandboxRequest, against stamp: String) throws(VismaProblem) {
        guard let wanted = request.header("If-Match"), wanted != "*" else { return }
        let bare = (wanted.hasPrefix("W/") ? wanted.dropFirst(2) : wanted[...]).filter { $0 != "\"" }
        guard bare == stamp else { throw .empty(status: 412) }
    }

    func jsonBody(_ request: SandboxRequest) throws(VismaProblem) -> VismaBody {
        guard request.header("Content-Type")?.lowercased().hasPrefix("application/json") ?? false else {
            throw .plain(status: 415, text: "Unsupported Media Type")
        }
        return try VismaBody(request.body)
    }

    private mutating func documents(
        _ type: String, _ method: String, _ segments: [String], _ query: VismaQuery, _ request: SandboxRequest
    ) throws(VismaProblem) -> SandboxResponse {
        if segments.count == 1 {
            switch (method, type) {
            case ("GET", _): return try listDocuments(type: type, query: query)
            case ("POST", "CreditNote"):
                let made = try createCreditNote(try jsonBody(request))
                return created("customerCreditNote/\(made.number)", made.version)
            default: throw .empty(status: 405)
            }
        }
        let key = "\(type):\(segments[1])"
        guard let document = document(key) else { throw .plain(status: 404, text: "Not found") }
        switch (method, segments.dropFirst(2).map { $0.lowercased() }) {
        case ("GET", []):
            return .visma(
                200, answer(document).withoutNulls, headers: [("ETag", Self.quoted(document.version.stamp))])
        case ("PUT", []):
            try check(request, against: document.version.stamp)
            try editDocument(key, try jsonBody(request))
            return changed(204, key)
        case ("DELETE", []):
            try deleteDraft(document)
            return SandboxResponse(status: 204)
        case ("POST", ["action", "release"]):
            try check(request, against: document.version.stamp)
            try queueRelease(document: key, doing: type == "Invoice" ? "releasing invoice" : "releasing credit note")
            return acted([])
        case ("POST", ["attachment"]):
            try check(request, against: document.version.stamp)
            return try addAttachment(request, to: key)
        default: throw .empty(status: 405)
        }
    }

    private mutating func addAttachment(
        _ request: SandboxRequest, to key: String
    ) throws(VismaProblem) -> SandboxResponse {
        let parts = VismaForm.multipart(request.body, contentType: request.header("Content-Type") ?? "")
        guard let file = parts?.first(where: { $0.name == "file" }), let name = file.fileName, !name.isEmpty else {
            throw .malformed(field: "file", text: "A multipart file is expected.")
        }
        let stored = try attach(name: name, content: file.content, to: key)
        var response = changed(201, key)
        response.headers.append(("Location", location("attachment/\(stored.id)")))
        return response
    }

    func created(_ path: String, _ version: VismaVersion) -> SandboxResponse {
        SandboxResponse(
            status: 201, headers: [("ETag", Self.quoted(version.stamp)), ("Location", location(path))])
    }

    func changed(_ status: Int, _ key: String) -> SandboxResponse {
        let stamp = document(key)?.version.stamp ?? payment(key)?.version.stamp ?? ""
        return SandboxResponse(status: status, headers: [("ETag", Self.quoted(stamp))])
    }

    /// On another host and path than the one called, as happens with the real system.
    func location(_ path: String) -> String {
        "https://\(behaviour.locationHost)/API/controller/api/v1/\(path)"
    }

    mutating func acted(_ members: [(String, SandboxJSON)]) -> SandboxResponse {
        guard behaviour.releaseAnswer == .okWithActionID else { return SandboxResponse(status: 202) }
        let id = guid()
        let result = SandboxJSON.object(members + [("actionId", .string(id)), ("actionResult", .string("Queued"))])
        return .visma(200, result.withoutNulls)
    }
}
