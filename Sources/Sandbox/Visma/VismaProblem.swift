/// A refusal. The real API has no one form of it (facts, section 8), so neither has this.
enum VismaProblem: Error, Sendable {
    /// `{"message":"VismaId: <guid>. Error creating payment. Error: <text>"}`.
    case business(status: Int = 400, doing: String, text: String)
    /// The web framework's own: `{"Message":"The request is invalid.","ModelState":{...}}`.
    case malformed(field: String, text: String)
    /// Gateway form with `ExceptionType`.
    case gateway(status: Int, code: String, text: String)
    case plain(status: Int, text: String)
    case empty(status: Int)

    func response(id: String) -> SandboxResponse {
        switch self {
        case .business(let status, let doing, let text):
            let message = "VismaId: \(id). Error \(doing). Error: \(text)"
            return .visma(status, .object([("message", .string(message))]))
        case .malformed(let field, let text):
            return .visma(
                400,
                .object([
                    ("Message", .string("The request is invalid.")),
                    ("ModelState", .object([(field, .array([.string(text)]))])),
                ]))
        case .gateway(let status, let code, let text):
            return .visma(
                status,
                .object([
                    ("ExceptionType", .string("IPPException")), ("ExceptionMessage", .string(text)),
                    ("ExceptionFaultCode", .string(code)), ("ExceptionMessageID", .string("\(code)_\(id)")),
                    ("ExceptionDetails", .string("")),
                ]))
        case .plain(let status, let text):
            return SandboxResponse(
                status: status, headers: [("Content-Type", "text/plain; charset=utf-8")], body: Array(text.utf8))
        case .empty(let status): return SandboxResponse(status: status)
        }
    }
}

extension SandboxResponse {
    /// An answer as Visma writes JSON.
    static func visma(
        _ status: Int, _ value: SandboxJSON, headers: [(name: String, value: String)] = []
    ) -> SandboxResponse {
        SandboxResponse(
            status: status, headers: [("Content-Type", "application/json; charset=utf-8")] + headers, body: value.bytes)
    }
}
