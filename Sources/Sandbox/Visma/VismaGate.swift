/// What stands before every API call: the token, the scope and the hourly limit.
extension VismaWorld {
    enum Admission: Sendable {
        case admitted(tenant: String)
        case refused(SandboxResponse)
    }

    /// Counts the call. An unknown, missing or expired token is a 401 without a body; so is a good token of the
    /// contract's tenant.
    mutating func admit(_ request: SandboxRequest, now: Int64) -> Admission {
        let header = request.header("Authorization") ?? ""
        guard header.lowercased().hasPrefix("bearer "), let token = tokens[String(header.dropFirst(7))],
            token.expiresAt > now, var ledger = ledgers[token.tenantID]
        else {
            return .refused(SandboxResponse(status: 401, headers: [("WWW-Authenticate", "Bearer")]))
        }
        // Taken out so that the ledger is changed in place and not copied.
        ledgers[token.tenantID] = nil
        ledger.settle(now: now)
        defer { ledgers[token.tenantID] = ledger }
        let label = VismaLedger.label(of: request)
        ledger.calls[label, default: 0] += 1
        guard ledger.countInWindow() else {
            let body = "You are out of API requests. Retry after \(ledger.windowSecondsLeft) seconds."
            var response = SandboxResponse(
                status: 429, headers: [("Content-Type", "text/plain"), ("Retry-After", "\(ledger.windowSecondsLeft)")],
                body: Array(body.utf8))
            response.headers += ledger.rateHeaders
            return .refused(response)
        }
        guard ledger.behaviour.isLicensed else {
            let problem = VismaProblem.gateway(status: 403, code: "12027", text: "No license for this company.")
            return .refused(problem.response(id: ledger.guid()))
        }
        let needed: Set<String> =
            switch request.method.uppercased() {
            case "GET": [VismaCompany.readScope]
            case "PUT": [VismaCompany.updateScope]
            case "DELETE": [VismaCompany.deleteScope]
            default:
                label.contains("/action/")
                    ? [VismaCompany.createScope, VismaCompany.updateScope] : [VismaCompany.createScope]
            }
        guard !needed.isDisjoint(with: token.scopes) else {
            return .refused(SandboxResponse(status: 403, headers: ledger.rateHeaders))
        }
        return .admitted(tenant: token.tenantID)
    }

    mutating func call(_ request: SandboxRequest, tenant: String) -> SandboxResponse {
        guard var ledger = ledgers[tenant] else { return SandboxResponse(status: 401) }
        ledgers[tenant] = nil
        let header = request.header("ipp-company-id")
        let isOtherCompany =
            request.query.contains("pageNumber=") && header != ledger.company.number
            && (ledger.behaviour.companyHeader == .needed
                || ledger.behaviour.companyHeader == .optional && header != nil)
        var response = isOtherCompany ? .visma(200, .array([])) : ledger.dispatch(request)
        response.headers += ledger.rateHeaders
        response.headers.append(("Ipp-Request-Id", ledger.guid()))
        ledgers[tenant] = ledger
        return response
    }
}

/// The hourly window (`4-fixed-window` in Visma's words): so many calls per hour of one company.
extension VismaLedger {
    private static let windowMicroseconds: Int64 = 3_600_000_000

    mutating func countInWindow() -> Bool {
        if now >= windowStart + Self.windowMicroseconds {
            windowStart = now - now % Self.windowMicroseconds
            windowCalls = 0
        }
        guard windowCalls < behaviour.hourlyCallsMax else { return false }
        windowCalls += 1
        return true
    }

    var windowSecondsLeft: Int64 {
        max(1, (windowStart + Self.windowMicroseconds - now + 999_999) / 1_000_000)
    }

    /// `Reset` is in seconds from now.
    var rateHeaders: [(name: String, value: String)] {
        [
            ("X-RateLimit-Limit", String(behaviour.hourlyCallsMax)),
            ("X-RateLimit-Remaining", String(behaviour.hourlyCallsMax - windowCalls)),
            ("X-RateLimit-Reset", String(windowSecondsLeft)), ("X-RateLimit-Policy", "4-fixed-window"),
        ]
    }
}
