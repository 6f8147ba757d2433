/// The operations on payments, cash transactions and journals.
extension VismaLedger {
    mutating func payments(
        _ method: String, _ segments: [String], _ query: VismaQuery, _ request: SandboxRequest
    ) throws(VismaProblem) -> SandboxResponse {
        if segments.count == 1 {
            switch method {
            case "GET": return try listPayments(query)
            case "POST":
                let payment = try createPayment(try jsonBody(request))
                return created("customerPayment/\(payment.number)", payment.version)
            default: throw .empty(status: 405)
            }
        }
        let number = segments[1]
        switch (method, segments.dropFirst(2).map { $0.lowercased() }) {
        case ("GET", []):
            // Numbers are unique per type only, and this path has no type: the list's `paymentType` tells them apart.
            guard let payment = payment(number: number) else { throw .plain(status: 404, text: "Not found") }
            return .visma(
                200, answer(payment).withoutNulls, headers: [("ETag", Self.quoted(payment.version.stamp))])
        case ("PUT", []):
            let body = try jsonBody(request)
            let payment = try found(number, type: try body.text("type"), request)
            try editPayment(payment.key, body)
            return changed(204, payment.key)
        case ("POST", ["action", "release"]):
            guard let type = try jsonBody(request).text("type") else {
                throw .malformed(field: "type", text: "The type is missing.")
            }
            try queueRelease(try found(number, type: type, request))
            return acted([])
        case ("POST", ["action", "void"]):
            // Unlike everywhere else this body's members are not wrapped.
            guard let type = try jsonBody(request).plain("type") else {
                throw .malformed(field: "type", text: "Error converting value to type 'PaymentTypes'. Path 'type'.")
            }
            try queueVoid(try found(number, type: type, request))
            let counter = type == "Refund" ? "VoidRefund" : "VoidPayment"
            return acted([("type", .string(counter)), ("refNbr", .string(number))])
        default: throw .empty(status: 405)
        }
    }

    /// The payment of that type, at the version that the caller knows.
    private func found(
        _ number: String, type: String?, _ request: SandboxRequest
    ) throws(VismaProblem) -> VismaPaymentRecord {
        guard let payment = payment(number: number, type: type) else { throw .plain(status: 404, text: "Not found") }
        try check(request, against: payment.version.stamp)
        return payment
    }

    mutating func cashTransactions(
        _ method: String, _ segments: [String], _ query: VismaQuery, _ request: SandboxRequest
    ) throws(VismaProblem) -> SandboxResponse {
        if segments.count == 1 {
            switch method {
            case "GET": return try listCashTransactions(query)
            case "POST":
                let made = try createCashTransaction(try jsonBody(request))
                return created("cashTransaction/\(made.number)", made.version)
            default: throw .empty(status: 405)
            }
        }
        guard let found = cashTransaction(segments[1]) else { throw .plain(status: 404, text: "Not found") }
        let etag = [(name: "ETag", value: Self.quoted(found.version.stamp))]
        if method == "GET", segments.count == 2 { return .visma(200, answer(found).withoutNulls, headers: etag) }
        try check(request, against: found.version.stamp)
        switch (method, segments.dropFirst(2).map { $0.lowercased() }) {
        case ("PUT", []):
            try editCashTransaction(found.number, try jsonBody(request))
            let stamp = cashTransaction(found.number)?.version.stamp ?? ""
            return SandboxResponse(status: 204, headers: [("ETag", Self.quoted(stamp))])
        case ("POST", ["action", "release"]):
            try queueRelease(cashTransaction: found.number)
            return acted([])
        case ("POST", ["action", "reverse"]):
            let wantsRow = request.body.isEmpty ? nil : try jsonBody(request).member("returnCashTransaction")?.boolValue
            let made = try reverse(cashTransaction: found.number)
            return acted([
                ("referenceNbr", .string(made.number)),
                ("cashTransaction", wantsRow == true ? answer(made) : .null),
            ])
        default: throw .empty(status: 405)
        }
    }

    mutating func journals(
        _ method: String, _ segments: [String], _ query: VismaQuery, _ request: SandboxRequest
    ) throws(VismaProblem) -> SandboxResponse {
        if segments.count == 1 {
            switch method {
            case "GET": return try listJournals(query)
            case "POST":
                let made = try createJournal(try jsonBody(request))
                return created("journaltransaction/\(made.number)", made.version)
            default: throw .empty(status: 405)
            }
        }
        guard let found = journal(segments[1]) else { throw .plain(status: 404, text: "Not found") }
        let etag = [(name: "ETag", value: Self.quoted(found.version.stamp))]
        switch (method, segments.dropFirst(2).map { $0.lowercased() }) {
        case ("GET", []): return .visma(200, answer(found).withoutNulls, headers: etag)
        case ("POST", ["action", "release"]):
            try check(request, against: found.version.stamp)
            try queueRelease(journal: found.number)
            return acted([])
        default: throw .empty(status: 405)
        }
    }
}
