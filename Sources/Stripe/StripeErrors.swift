import Domain
import Foundation
import Outbound

/// What Stripe's refusals and the network's failures mean for us, decided here once.
///
/// Sources: docs.stripe.com (errors, idempotent requests, rate limits) and the retry rules that Stripe's own
/// libraries share; see the fact sheet's section on HTTP semantics.
package enum StripeErrors {
    /// A rate limit without any hint asks for a second.
    private static let rateLimitSeconds = 1
    package static let permissionMissing = "stripe.permission_missing"
    /// `Stripe-Should-Retry: false` where a later try can still help: do not come back at once.
    private static let notSoonSeconds = 10
    private static let retryAfterSecondsMax = 3600
    private static let messageLengthMax = 600

    /// `{"error": {...}}`
    private struct Body: Decodable {
        var error: Detail
        struct Detail: Decodable {
            var type: String?
            var code: String?
            var message: String?
            var param: String?
            var declineCode: String?
            enum CodingKeys: String, CodingKey {
                case type, code, message, param
                case declineCode = "decline_code"
            }
        }
    }

    package static let modeMismatch = "stripe.mode_mismatch"

    /// The error for an answer that is not 2xx. A method other than GET is a write.
    static func error(_ response: OutboundResponse, method: String, now: Timestamp) -> ConnectorError {
        let detail = (try? JSONDecoder().decode(Body.self, from: Data(response.body)))?.error
        let message = detail?.message ?? ""
        let isOtherMode = message.contains("a similar object exists in")
        return ConnectorError(
            code: isOtherMode ? modeMismatch : code(response, detail),
            text: text(response, detail),
            disposition: isOtherMode
                ? .reauthorise : disposition(response, detail, isWrite: method != "GET", now: now),
            system: .stripe, httpStatus: response.status, requestID: response.header("Request-Id"))
    }

    /// The error for no answer at all.
    static func error(_ failure: TransportFailure, method: String) -> ConnectorError {
        let isWrite = method != "GET"
        let (code, disposition): (String, Disposition) =
            switch failure.kind {
            case .notSent: ("stripe.not_sent", .retry(afterSeconds: nil))
            case .circuitOpen: ("stripe.circuit_open", .retry(afterSeconds: failure.afterSeconds))
            case .budgetSpent: ("stripe.budget_spent", .retry(afterSeconds: failure.afterSeconds))
            case .unknownEffect: ("stripe.no_answer", isWrite ? .uncertain : .retry(afterSeconds: nil))
            // Asked again, a read would be as large; a write has happened, but we could not read what it made.
            case .answerTooLarge: ("stripe.answer_too_large", isWrite ? .uncertain : .reject)
            }
        return ConnectorError(code: code, text: redacted(failure.text), disposition: disposition, system: .stripe)
    }

    /// The error for a 2xx whose body is not what the pinned version promises.
    static func unreadable(_ response: OutboundResponse, what: String, isWrite: Bool) -> ConnectorError {
        ConnectorError(
            code: "stripe.unreadable_answer", text: "Stripe's answer cannot be read: \(what)",
            disposition: isWrite ? .uncertain : .retry(afterSeconds: nil), system: .stripe,
            httpStatus: response.status, requestID: response.header("Request-Id"))
    }

    /// What we refuse to send, with the field and the remedy.
    static func refused(_ code: String, _ text: String) -> ConnectorError {
        ConnectorError(code: "stripe.\(code)", text: text, disposition: .reject, system: .stripe)
    }

    private static func disposition(
        _ response: OutboundResponse, _ detail: Body.Detail?, isWrite: Bool, now: Timestamp
    ) -> Disposition {
        // A call with this very key is still being worked on, or another one was made under it: it is not true that
        // nothing happened, so the effect must be looked up and never be made again under another key.
        if detail?.code == "idempotency_key_in_use" || isKeyConflict(detail) { return .uncertain }
        let hint = response.header("Stripe-Should-Retry")?.lowercased()
        switch isRateLimit(response, detail) ? 429 : response.status {
        case 401, 403: return .reauthorise
        case 408, 500...599:
            // Stripe keeps a 500 under the key and answers it again, so even a hint to retry proves nothing.
            if isWrite { return .uncertain }
            return .retry(afterSeconds: retryAfter(response, now: now) ?? (hint == "false" ? notSoonSeconds : nil))
        case 429:
            // Nothing happened, and later it will be accepted: a hint not to retry only means not at once.
            let pause = hint == "false" ? notSoonSeconds : rateLimitSeconds
            return .retry(afterSeconds: retryAfter(response, now: now) ?? pause)
        case 409: return hint == "false" ? .reject : .retry(afterSeconds: retryAfter(response, now: now))
        default: return hint == "true" ? .retry(afterSeconds: retryAfter(response, now: now)) : .reject
        }
    }

    /// `Retry-After` in seconds from now, whether it came as a number or as a date.
    private static func retryAfter(_ response: OutboundResponse, now: Timestamp) -> Int? {
        guard let text = response.header("Retry-After") else { return nil }
        let seconds = Int64(text) ?? UTCText.instant(http: text).map { $0.unixSeconds - now.unixSeconds }
        return seconds.map { Int(min(max($0, 0), Int64(retryAfterSecondsMax))) }
    }

    /// The key came before, with other parameters or for another path. A key that is still in use may have the same
    /// type.
    private static func isKeyConflict(_ detail: Body.Detail?) -> Bool {
        detail?.type == "idempotency_error" && detail?.code != "idempotency_key_in_use"
    }

    /// A 429, unless another call held the object; in its old form a 400 with this code.
    private static func isRateLimit(_ response: OutboundResponse, _ detail: Body.Detail?) -> Bool {
        switch response.status {
        case 429: detail?.code != "lock_timeout"
        case 400: detail?.code == "rate_limit"
        default: false
        }
    }

    private static func code(_ response: OutboundResponse, _ detail: Body.Detail?) -> String {
        let status = response.status
        if status == 403 { return permissionMissing }
        if isKeyConflict(detail) { return "stripe.idempotency_conflict" }
        if isRateLimit(response, detail) { return "stripe.rate_limited" }
        // The stored answer of the first attempt: the same key will be answered so for 24 hours.
        if status >= 500, response.header("Idempotent-Replayed") == "true" { return "stripe.replayed_failure" }
        let plain = { (text: String) in text.utf8.allSatisfy { (97...122).contains($0) || $0 == 95 } }
        if let code = detail?.code, !code.isEmpty, plain(code) { return "stripe.\(code)" }
        if status == 401 { return "stripe.unauthorised" }
        if let type = detail?.type, !type.isEmpty, plain(type) { return "stripe.\(type)" }
        return "stripe.http_\(status)"
    }

    private static func text(_ response: OutboundResponse, _ detail: Body.Detail?) -> String {
        let message = redacted(detail?.message ?? "no message came with it")
        switch response.status {
        case 401:
            return "Stripe did not accept the API key; set a valid one. Stripe says: \(message)"
        case 403:
            guard let permission = permission(in: message) else {
                return "the API key lacks a permission; grant it in Stripe's dashboard. Stripe says: \(message)"
            }
            return "the API key lacks the permission \(permission); grant it in Stripe's dashboard. "
                + "Stripe says: \(message)"
        default:
            var notes = [String]()
            if let limit = response.header("Stripe-Rate-Limited-Reason") { notes.append("limit \(redacted(limit))") }
            if let param = detail?.param { notes.append("parameter \(redacted(param))") }
            if let decline = detail?.declineCode { notes.append("declined: \(redacted(decline))") }
            return notes.isEmpty ? message : "\(message) (\(notes.joined(separator: ", ")))"
        }
    }

    /// `rak_invoice_write` out of "Having the 'rak_invoice_write' permission would allow ...".
    private static func permission(in message: String) -> String? {
        guard let start = message.range(of: "rak_")?.lowerBound else { return nil }
        return String(message[start...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
    }

    private static let keyPrefixes = ["sk_", "rk_", "pk_", "ek_", "whsec_"]

    /// The text without anything that looks like a key or a secret, of which Stripe echoes parts, and not longer
    /// than a message has to be.
    static func redacted(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        var isInsideWord = false
        while let first = rest.first, result.count < messageLengthMax {
            if !isInsideWord, let prefix = keyPrefixes.first(where: { rest.hasPrefix($0) }) {
                result += "[\(prefix)…]"
                // Stripe's own redaction leaves stars and dots inside the key.
                rest = rest.drop { $0.isLetter || $0.isNumber || "_*.-…".contains($0) }
            } else {
                isInsideWord = first.isLetter || first.isNumber || first == "_"
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return rest.isEmpty ? result : result + "…"
    }
}
