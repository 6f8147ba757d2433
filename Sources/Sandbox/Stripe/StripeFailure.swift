/// An answer of the simulated Stripe that is not a success, in the shape of its wire errors.
struct StripeFailure: Error {
    var status: Int
    var type = "invalid_request_error"
    var code: String?
    var message: String
    var param: String?
    /// Whether the idempotency layer keeps it. Stripe keeps results once execution began; what parameter checks
    /// refuse before is not kept, so that the corrected request may use the same key.
    var isKept = true

    var json: StripeJSON {
        var members: [(key: String, value: StripeJSON)] = [("type", .string(type))]
        if let code {
            members.insert(("code", .string(code)), at: 0)
            members.append(
                ("doc_url", .string("https://stripe.com/docs/error-codes/" + code.replacing("_", with: "-"))))
        }
        members.append(("message", .string(message)))
        if let param { members.append(("param", .string(param))) }
        return .object([("error", .object(members))])
    }

    /// A parameter that is refused before anything is done.
    static func parameter(_ param: String, _ message: String, code: String? = nil) -> StripeFailure {
        StripeFailure(status: 400, code: code, message: message, param: param, isKept: false)
    }

    static func missing(_ param: String) -> StripeFailure {
        parameter(param, "Missing required param: \(param).", code: "parameter_missing")
    }

    static func unknown(_ param: String) -> StripeFailure {
        parameter(param, "Received unknown parameter: \(param)", code: "parameter_unknown")
    }

    /// The state of an object does not allow it.
    static func state(_ message: String, code: String? = nil, param: String? = nil) -> StripeFailure {
        StripeFailure(status: 400, code: code, message: message, param: param)
    }

    /// An id in the path that is nobody's (404).
    static func absent(_ noun: String, _ id: String, param: String = "id") -> StripeFailure {
        StripeFailure(status: 404, code: "resource_missing", message: "No such \(noun): '\(id)'", param: param)
    }

    /// An id in the parameters that is nobody's (400).
    static func noSuch(_ noun: String, _ id: String, param: String) -> StripeFailure {
        StripeFailure(status: 400, code: "resource_missing", message: "No such \(noun): '\(id)'", param: param)
    }
}
