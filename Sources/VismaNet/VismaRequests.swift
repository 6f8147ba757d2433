package import Domain
package import Outbound

/// Every call that we make to Visma.net ERP, as a pure value. The paths and bodies are from Visma's API description.
package enum VismaRequests {
    /// `invoiceText` takes no more.
    package static let invoiceTextLengthMax = 50

    // MARK: lists

    /// `pageNumber` begins at 1. Without `modifiedSince` the whole list is asked for.
    package static func invoices(modifiedSince: String?, page: Int, pageSize: Int) -> OutboundCall {
        list("/v1/customerinvoice", changed(since: modifiedSince), page, pageSize)
    }

    package static func payments(modifiedSince: String?, page: Int, pageSize: Int) -> OutboundCall {
        list("/v1/customerPayment", changed(since: modifiedSince), page, pageSize)
    }

    /// With their applications, as those say which invoices a credit note changed.
    package static func creditNotes(modifiedSince: String?, page: Int, pageSize: Int) -> OutboundCall {
        list(
            "/v1/customerCreditNote", changed(since: modifiedSince) + [("expandApplications", "true")], page, pageSize)
    }

    /// All of a customer's payments dated `from` or later, in every status.
    package static func payments(
        of customer: VismaCustomerNumber, from: LocalDate, page: Int, pageSize: Int
    ) -> OutboundCall {
        list(
            "/v1/customerPayment",
            [("customer", customer.rawValue), ("docDate", from.description), ("docDateCondition", ">=")], page, pageSize
        )
    }

    /// One payment by number and type, where the number alone would answer another type.
    package static func payments(number: VismaNumber, type: String, page: Int, pageSize: Int) -> OutboundCall {
        list("/v1/customerPayment", [("paymentNbr", number.rawValue), ("paymentType", type)], page, pageSize)
    }

    // MARK: single reads

    package static func invoice(_ document: DocumentRef) -> OutboundCall { get(path(of: document)) }

    package static func customer(_ number: VismaCustomerNumber) -> OutboundCall {
        get("/v1/customer/\(PercentText.segment(number.rawValue))")
    }

    package static func payment(_ number: VismaNumber) -> OutboundCall { get(path(of: number)) }

    /// The cheapest call that proves token, tenant and licence.
    package static func organization() -> OutboundCall { get("/v1/organization") }

    // MARK: payments

    /// An unreleased customer payment of type `Payment` or `Refund`. Visma has no idempotency key: the reference is
    /// what it is found again by. A refund is applied to a credit note, or to a payment with money left.
    package static func createPayment(_ draft: PaymentDraft, type: String = "Payment") -> OutboundCall {
        var fields: [(String, JSONText)] = [
            ("type", .wrapped(type)),
            ("hold", .wrapped(.bool(draft.isOnHold))),
            ("applicationDate", wrapped(draft.applicationDate)),
            ("paymentRef", .wrapped(draft.reference)),
            ("customer", .wrapped(draft.customer.rawValue)),
        ]
        if let location = draft.location { fields.append(("location", .wrapped(location))) }
        fields += [
            ("paymentMethod", .wrapped(draft.paymentMethod)),
            ("cashAccount", .wrapped(draft.cashAccount)),
            ("currency", .wrapped(draft.currency.code)),
            ("paymentAmount", .wrapped(draft.amount)),
        ]
        if let text = draft.text { fields.append(("invoiceText", .wrapped(String(text.prefix(invoiceTextLengthMax))))) }
        if let branch = draft.branch { fields.append(("branch", .wrapped(branch))) }
        if draft.applied.isPositive {
            let line = applied(draft.applied, to: draft.document.number, draft.document.type)
            fields.append(("paymentLines", .array([line])))
        }
        if !draft.charges.isEmpty {
            let charges = draft.charges.map { charge in
                inserted([("entryType", .wrapped(charge.entryType)), ("amount", .wrapped(charge.amount))])
            }
            fields.append(("financeCharges", .array(charges)))
        }
        return write("POST", "/v1/customerPayment", .object(fields))
    }

    /// Asks for the release; that it is done is known only from reading the payment as Open or Closed. The type is
    /// wrapped here (it is bare in the body of a void).
    package static func releasePayment(
        _ number: VismaNumber, type: String = "Payment", etag: String? = nil
    ) -> OutboundCall {
        write("POST", path(of: number) + "/action/release", .object([("type", .wrapped(type))]), ifMatch: etag)
    }

    /// Asks for the void; that it is done is known only from reading the payment as Voided. Nothing is wrapped in this
    /// body, unlike that of a release.
    package static func voidPayment(
        _ number: VismaNumber, type: String = "Payment", etag: String? = nil
    ) -> OutboundCall {
        let body: [(String, JSONText)] = [("type", .string(type)), ("returnVoidPayment", .bool(true))]
        return write("POST", path(of: number) + "/action/void", .object(body), ifMatch: etag)
    }

    // MARK: the document's own fields

    /// Replaces the document's note. `etag` is that of the read whose note was edited, with its quotes.
    package static func putNote(_ document: DocumentRef, note: String, etag: String?) -> OutboundCall {
        write("PUT", path(of: document), .object([("note", .wrapped(note))]), ifMatch: etag)
    }

    /// Whether Visma sends reminders for the document. `etag` is that of the read that showed it otherwise.
    package static func setDunning(_ document: DocumentRef, isStopped: Bool, etag: String?) -> OutboundCall {
        write(
            "PUT", path(of: document), .object([("excludeDebtCollection", .wrapped(.bool(isStopped)))]), ifMatch: etag)
    }

    /// A text file on the document. A second one with the same name becomes a new revision of the first.
    package static func attachText(
        _ document: DocumentRef, fileName: String, text: String, etag: String? = nil, boundary: String
    ) -> OutboundCall {
        var boundary = boundary
        while text.contains(boundary) { boundary += "x" }
        let name = String(fileName.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-._ ".contains($0)) ? $0 : "_" })
        let body =
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n"
            + "Content-Type: text/plain; charset=utf-8\r\n\r\n\(text)\r\n--\(boundary)--\r\n"
        return OutboundCall(
            system: .visma, method: "POST", path: path(of: document) + "/attachment",
            contentType: "multipart/form-data; boundary=\(boundary)", body: Array(body.utf8), ifMatch: etag)
    }

    // MARK: parts

    static func path(of document: DocumentRef) -> String {
        let resource =
            switch document.type {
            case .creditNote: "customerCreditNote"
            case .debitNote: "customerDebitNote"
            default: "customerinvoice"
            }
        return "/v1/\(resource)/\(PercentText.segment(document.number))"
    }

    /// A line to be added. The operation is a bare string in the midst of wrapped values.
    static func inserted(_ fields: [(String, JSONText)]) -> JSONText {
        .object([("operation", .string("Insert"))] + fields)
    }

    /// The line that applies a payment or a credit note to a document.
    static func applied(_ amount: Money, to number: String, _ type: DocumentType) -> JSONText {
        inserted([
            ("documentType", .wrapped(type.rawValue)), ("refNbr", .wrapped(number)), ("amountPaid", .wrapped(amount)),
        ])
    }

    /// A date that is written has no zone: one would shift it or be refused.
    static func wrapped(_ date: LocalDate) -> JSONText { .wrapped("\(date)T00:00:00") }

    private static func path(of payment: VismaNumber) -> String {
        "/v1/customerPayment/\(PercentText.segment(payment.rawValue))"
    }

    /// A time without its condition is ignored by the server, which then answers everything: they go together.
    static func changed(since text: String?) -> [(String, String)] {
        guard let text else { return [] }
        let time = ServerTime(text).map(\.description) ?? text
        return [("lastModifiedDateTime", time), ("lastModifiedDateTimeCondition", ">=")]
    }

    static func list(
        _ path: String, _ filters: [(String, String)], _ page: Int, _ pageSize: Int
    ) -> OutboundCall {
        let paging = [("pageNumber", String(page)), ("pageSize", String(pageSize))]
        return get(path + "?" + PercentText.pairs(filters + paging))
    }

    static func get(_ path: String) -> OutboundCall { OutboundCall(system: .visma, method: "GET", path: path) }

    static func write(
        _ method: String, _ path: String, _ body: JSONText, ifMatch: String? = nil
    ) -> OutboundCall {
        OutboundCall(
            system: .visma, method: method, path: path, contentType: "application/json", body: body.bytes,
            ifMatch: ifMatch)
    }
}
