/// One of the two outside systems.
package enum RemoteSystem: String, Sendable, Codable, CaseIterable, CustomStringConvertible {
    case visma, stripe
    package var description: String { rawValue }
}

/// What one tenant's calls to an outside system meet on our side.
package enum GateState: String, Hashable, Sendable, CaseIterable {
    /// Every call goes.
    case free
    /// The budget is nearly used up: what is left is for money that has moved.
    case reserved
    /// The budget is used up: no call goes.
    case spent
    /// The system does not answer: no call goes but a probe now and then.
    case broken
}

/// What to do about an error. It is decided once, where the error is understood.
package enum Disposition: Hashable, Sendable {
    /// Nothing happened; the same call may be made again, not before `afterSeconds` when given.
    case retry(afterSeconds: Int?)
    /// The token or key was not accepted, and a fresh token did not help: a person must look at the credentials.
    case reauthorise
    /// The call is understood and refused; sent again it will be refused again.
    case reject
    /// It is not known whether the call took effect: look before sending anything again.
    case uncertain
    /// Somebody else changed the record meanwhile (412): observe and plan again.
    case conflict
}

/// An error that has been understood. `text` is safe to log and to show: it never holds a secret.
package struct ConnectorError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Stable, machine-readable, like `visma.http_412`, `stripe.card_declined`, `amount.too_many_digits`.
    package var code: String
    package var text: String
    package var disposition: Disposition
    package var system: RemoteSystem?
    package var httpStatus: Int?
    /// `Request-Id` of Stripe, `Ipp-Request-Id` of Visma: what their support asks for.
    package var requestID: String?

    package init(
        code: String, text: String, disposition: Disposition, system: RemoteSystem? = nil, httpStatus: Int? = nil,
        requestID: String? = nil
    ) {
        self.code = code
        self.text = text
        self.disposition = disposition
        self.system = system
        self.httpStatus = httpStatus
        self.requestID = requestID
    }

    package var description: String {
        var parts = ["\(code): \(text)"]
        if let httpStatus { parts.append("HTTP \(httpStatus)") }
        if let requestID { parts.append("request \(requestID)") }
        return parts.joined(separator: ", ")
    }
}
