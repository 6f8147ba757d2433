import Domain
import Foundation
import Outbound

/// Visma's failures, understood once. There is no catalogue of its errors and no single form of body: business errors
/// are `{message}` or `{Message}`, the gateway's `{ExceptionMessage, ExceptionFaultCode}`, and plain text, HTML and
/// nothing at all occur too.
package enum VismaErrors {
    static let textLengthMax = 400

    /// Where to look when a valid token is refused: the commonest mistake of all (Visma's "fix401error").
    static let tenantRemedy =
        "wrong tenant id? It must be the Company Tenant ID (Visma Admin → Company → Edit → Configuration → Tenant id), "
        + "not the Customer Tenant ID of the contract, which also gets a token but no answer"

    static func requestID(of response: OutboundResponse) -> String? {
        response.header("ipp-request-id") ?? vismaID(in: String(decoding: response.body.prefix(2000), as: UTF8.self))
    }

    /// The error for an answer outside 200...299.
    static func error(
        _ response: OutboundResponse, method: String, budget: RateBudget, redaction: Redaction
    ) -> ConnectorError {
        let said = body(of: response)
        let shown = shown(said.text, redaction)
        var error = ConnectorError(
            code: "visma.http_\(response.status)", text: shown,
            disposition: ErrorClassifier.disposition(status: response.status, method: method, budget: budget),
            system: .visma, httpStatus: response.status, requestID: requestID(of: response))
        let lower = said.text.lowercased()
        if said.faultCode == "12027" || lower.contains("no license for this company") {
            error.code = "visma.no_licence"
            error.text = "\(shown): \(tenantRemedy); or the licence has expired or lacks the API user role"
            error.disposition = .reauthorise
        } else if response.status == 401 || lower.contains("companyincontext") {
            error.code = unauthorised
            error.text = "Visma refuses a fresh token (\(shown)): \(tenantRemedy)"
            error.disposition = .reauthorise
        } else if response.status == 403 {
            error.code = forbidden
            error.text =
                "\(shown): the token lacks a scope, or the company has not accepted the application: its Integration "
                + "Administrator does that in the Visma App Store, and again after every new scope"
            // The scope to delete is asked for only where the policy needs it: no other token would do more.
            if method == "DELETE" { error.disposition = .reject }
        } else if error.disposition == .reject || response.status == 500 {
            // Business refusals come as a 500 too.
            recognisePeriod(in: said.text, &error)
        }
        return error
    }

    // MARK: codes that a ping answers in its own words

    package static let invalidClient = "visma.invalid_client"
    package static let invalidScope = "visma.invalid_scope"
    package static let invalidTenant = "visma.invalid_tenant"
    package static let unauthorised = "visma.unauthorised"
    package static let companyEmpty = "visma.company_empty"
    package static let forbidden = "visma.forbidden"

    // MARK: closed periods

    package static let periodClosed = "visma.period_closed"

    /// How Visma words it is not documented; any of these beside "period" is taken as a refusal of the period.
    private static let periodWords = [
        "closed", "inactive", "not active", "locked", "not open", "does not exist", "not defined", "cannot be found",
    ]

    /// A document that is refused because its financial period takes no postings: nothing was done, and another date
    /// would do. The period is named when the text has it.
    static func recognisePeriod(in text: String, _ error: inout ConnectorError) {
        let lower = text.lowercased()
        guard let word = lower.range(of: "period"), periodWords.contains(where: { lower.contains($0) }) else { return }
        error.code = periodClosed
        // A 500 may hide an effect: it is looked up first.
        if error.disposition != .uncertain { error.disposition = .reject }
        if let period = period(in: lower[word.upperBound...]) ?? period(in: lower[...]) {
            error.text = "financial period \(period): \(error.text)"
        }
    }

    /// Six digits that can be a year and a month (or a thirteenth period), in either order: both are in use.
    private static func period(in text: Substring) -> String? {
        let form = /\b(?:(?:0[1-9]|1[0-3])[-\/.]?20\d\d|20\d\d[-\/.]?(?:0[1-9]|1[0-3]))\b/
        return text.firstMatch(of: form).map { String($0.output) }
    }

    /// The error for a 2xx whose body cannot be read. Reads only: a gateway's page passes, so the read is repeated.
    static func unreadable(_ response: OutboundResponse, what: String, redaction: Redaction) -> ConnectorError {
        ConnectorError(
            code: "visma.answer_unreadable",
            text: "\(what) came as something else than expected: \(shown(body(of: response).text, redaction))",
            disposition: .retry(afterSeconds: nil), system: .visma, httpStatus: response.status,
            requestID: requestID(of: response))
    }

    /// The error for a row that was read and cannot be used as it is.
    static func unusable(_ error: any Error, what: String) -> ConnectorError {
        func reject(_ code: String, _ text: String) -> ConnectorError {
            ConnectorError(code: code, text: "\(what): \(text)", disposition: .reject, system: .visma)
        }
        switch error {
        case let known as ConnectorError: return known
        case let problem as AmountProblem:
            let code =
                switch problem.error {
                case .tooManyDigits: "amount.too_many_digits"
                case .fractionOfMinorUnit: "amount.fraction_of_minor_unit"
                case .outOfRange: "amount.out_of_range"
                case .notANumber: "amount.not_a_number"
                }
            return reject(code, "\(problem.field): \(problem.error)")
        case let disagreement as AmountsDisagree:
            return reject(
                "visma.amounts_disagree",
                "\(disagreement.field) and \(disagreement.field)InCurrency do not fit the document's exchange rate")
        case let missing as FieldMissing:
            return reject("visma.field_missing", "\(missing.field) is missing or cannot be read")
        default: return reject("visma.row_unreadable", "the row cannot be read (\(type(of: error)))")
        }
    }

    // MARK: bodies

    struct Said {
        var text: String
        var faultCode: String?
    }

    static func body(of response: OutboundResponse) -> Said {
        let raw = String(decoding: response.body.prefix(20_000), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard !raw.isEmpty else { return Said(text: "HTTP \(response.status) without a text") }
        if let fields = try? JSONDecoder().decode(Fallible.self, from: Data(response.body)), let text = fields.text {
            return Said(text: text, faultCode: fields.faultCode)
        }
        if raw.hasPrefix("<") { return Said(text: page(raw)) }
        return Said(text: raw)
    }

    /// Field names of an error body, whatever their case.
    private struct Fallible: Decodable {
        var text: String?
        var faultCode: String?

        init(from decoder: any Decoder) throws {
            if let bare = try? decoder.singleValueContainer().decode(String.self) {
                text = bare
                return
            }
            let fields = try decoder.container(keyedBy: AnyKey.self)
            let keys = Dictionary(fields.allKeys.map { ($0.stringValue.lowercased(), $0) }) { first, _ in first }
            func find(_ name: String) -> String? { keys[name].flatMap { try? fields.text($0) } }
            let nested = keys["details"].flatMap { fields.object($0) }.flatMap { try? $0.text("message") }
            text =
                find("message") ?? find("exceptionmessage") ?? nested ?? find("error_description")
                ?? find("errorinfo") ?? find("error") ?? find("title")
            faultCode = find("exceptionfaultcode")
        }
    }

    /// An HTML or XML page: its title, or its words.
    private static func page(_ raw: String) -> String {
        if let open = raw.range(of: "<title>", options: .caseInsensitive),
            let close = raw.range(of: "</title>", options: .caseInsensitive), open.upperBound <= close.lowerBound
        {
            let title = raw[open.upperBound..<close.lowerBound].trimmingCharacters(in: .whitespacesAndNewlines)
            if !title.isEmpty { return "a web page instead of an answer: \(title)" }
        }
        let words = raw.replacing(/<[^>]*>/, with: " ").split { $0.isWhitespace }.joined(separator: " ")
        return "a web page instead of an answer: \(words)"
    }

    /// Redacted before it is cut, so that no half of a secret is left at the end.
    static func shown(_ text: String, _ redaction: Redaction) -> String {
        let clean = redaction.redact(text)
        return clean.count > textLengthMax ? clean.prefix(textLengthMax) + "…" : clean
    }

    /// `VismaId: <guid>.` of a business error.
    private static func vismaID(in text: String) -> String? {
        text.firstMatch(of: /VismaId:\s*([0-9a-fA-F-]{8,64})/).map { String($0.output.1) }
    }
}
