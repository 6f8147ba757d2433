/// The query of a list. Names that nobody knows are ignored, as the real server does; a value that cannot be read
/// is refused.
struct VismaQuery {
    private let values: [String: String]
    static let statuses = [
        "Hold", "Balanced", "Voided", "Scheduled", "Open", "Closed", "PendingPrint", "PendingEmail", "CreditHold",
        "CcHold", "Reserved",
    ]
    static let documentTypes = [
        "Invoice", "DebitNote", "CreditNote", "Payment", "VoidPayment", "Prepayment", "Refund", "FinCharge",
        "SmallBalanceWo", "SmallCreditWo", "CashSale", "CashReturn", "Undefined", "NoUpdate",
    ]
    static let paymentTypes = [
        "Payment", "CreditNote", "Prepayment", "Refund", "VoidPayment", "SmallBalanceWo", "VoidRefund", "Undefined",
    ]

    init(_ text: String) { values = VismaForm.parse(text) }

    /// Nil when absent or empty.
    func text(_ name: String) -> String? { values[name.lowercased()].flatMap { $0.isEmpty ? nil : $0 } }

    func flag(_ name: String) throws(VismaProblem) -> Bool {
        switch text(name)?.lowercased() {
        case nil, "false": return false
        case "true": return true
        default: throw .malformed(field: name, text: "The value is not valid for \(name).")
        }
    }

    func integer(_ name: String) throws(VismaProblem) -> Int? {
        guard let text = text(name) else { return nil }
        guard let value = Int(text) else {
            throw .malformed(field: name, text: "The value '\(text)' is not valid for \(name).")
        }
        return value
    }

    /// One of a set, found whatever its case.
    func choice(_ name: String, of known: [String]) throws(VismaProblem) -> String? {
        guard let text = text(name) else { return nil }
        guard let value = known.first(where: { $0.lowercased() == text.lowercased() }) else {
            throw .malformed(field: name, text: "The value '\(text)' is not valid for \(name).")
        }
        return value
    }

    /// A filter on a time (milliseconds, local). A time without its condition, and a condition without its time,
    /// filters nothing: everything is answered. A zone in the text is refused.
    func time(_ name: String) throws(VismaProblem) -> ((Int64) -> Bool)? {
        guard let text = text(name) else { return nil }
        guard let limit = VismaTime.parse(text) else {
            throw .malformed(field: name, text: "The value '\(text)' is not valid for \(name).")
        }
        guard let condition = self.text(name + "Condition") else { return nil }
        switch condition {
        case ">": return { $0 > limit }
        case "<": return { $0 < limit }
        case ">=", "=>": return { $0 >= limit }
        case "<=", "=<": return { $0 <= limit }
        default:
            throw .malformed(field: name + "Condition", text: "The value '\(condition)' is not a valid condition.")
        }
    }

    func date(_ name: String) throws(VismaProblem) -> ((String) -> Bool)? {
        guard let filter = try time(name) else { return nil }
        return { date in VismaTime.parse(date).map(filter) ?? false }
    }

    /// Keeps the rows of the asked page. Without both paging parameters the defaults are taken, and a caller gets
    /// less than all without a word; a page size over the limit is cut to it, also without a word.
    func page<Row>(_ rows: [Row], sizeMax: Int) throws(VismaProblem) -> [Row] {
        let number = max(1, try integer("pageNumber") ?? 1)
        let asked = try integer("pageSize") ?? 100
        let size = min(asked < 1 ? 100 : asked, sizeMax)
        let (start, overflow) = (number - 1).multipliedReportingOverflow(by: size)
        return overflow ? [] : Array(rows.dropFirst(start).prefix(size))
    }
}
