package import Domain

/// What to do about a failure, as far as that is the same for both systems. A read may always be repeated; a write
/// that may have arrived is looked up before anything is sent again.
package enum ErrorClassifier {
    package static func isRead(_ method: String) -> Bool { method == "GET" || method == "HEAD" }

    package static func disposition(of failure: TransportFailure, method: String) -> Disposition {
        switch failure.kind {
        case .notSent: .retry(afterSeconds: nil)
        case .unknownEffect: isRead(method) ? .retry(afterSeconds: nil) : .uncertain
        // Read again it would be too large again; a write has been done all the same.
        case .answerTooLarge: isRead(method) ? .reject : .uncertain
        case .circuitOpen, .budgetSpent: .retry(afterSeconds: failure.afterSeconds)
        }
    }

    /// For a status outside 200...299.
    package static func disposition(status: Int, method: String, budget: RateBudget) -> Disposition {
        switch status {
        case 401, 403: .reauthorise
        case 412: .conflict
        case 429: .retry(afterSeconds: budget.retryAfterSeconds ?? budget.resetSeconds)
        case 408, 500...599: isRead(method) ? .retry(afterSeconds: budget.retryAfterSeconds) : .uncertain
        default: .reject
        }
    }

    /// The error for a call that got no answer.
    package static func error(_ failure: TransportFailure, system: RemoteSystem, method: String) -> ConnectorError {
        let code =
            switch failure.kind {
            case .notSent: "not_sent"
            case .unknownEffect: "no_answer"
            case .answerTooLarge: "answer_too_large"
            case .circuitOpen: "circuit_open"
            case .budgetSpent: "budget_spent"
            }
        return ConnectorError(
            code: "\(system).\(code)", text: Redaction.byPattern(failure.text),
            disposition: disposition(of: failure, method: method), system: system)
    }
}

extension TransportFailure {
    /// The connector itself kept the call back: the network was not asked.
    package var isWithheld: Bool { kind == .circuitOpen || kind == .budgetSpent }
}

extension ConnectorError {
    /// The connector itself kept the call back, and so it would every other one until then.
    package var isWithheld: Bool { code.hasSuffix(".circuit_open") || code.hasSuffix(".budget_spent") }

    /// How long such a call is kept back; nil for another error.
    package var withheldSeconds: Int64? {
        guard isWithheld, case .retry(let after?) = disposition else { return nil }
        return Int64(after)
    }
}
