/// Financial periods are the calendar's months (the facts know the forms only: `YYYYMM`, and `MMYYYY` in places).
extension VismaLedger {
    /// The ledger whose close a refusal speaks of. The company's periods close in all of them at once.
    enum Workspace: String {
        case customers = "Customer ledger"
        case cash = "Cash management"
        case general = "General ledger"
    }

    func isClosed(_ period: String) -> Bool { behaviour.closedPeriods.contains(period) }

    /// Refuses a document in a closed period. The true text is not known; this one names the period.
    func demandOpen(
        _ period: String, in workspace: Workspace, doing: String, isRelease: Bool
    ) throws(VismaProblem) {
        guard isClosed(period), isRelease || behaviour.closedPeriodRefusal == .onCreate else { return }
        let text = "Financial Period \(Self.shown(period)) is closed in \(workspace.rawValue)."
        throw .business(doing: doing, text: text)
    }

    /// The period that a body names, in either form; else that of the date. A choice: that a document's period need
    /// not be its date's is known from the screens, not from the API.
    func period(_ body: VismaBody, _ names: [String], date: String) throws(VismaProblem) -> String {
        for name in names {
            guard let text = try body.text(name) else { continue }
            guard let period = Self.period(text) else {
                throw .malformed(field: name + ".value", text: "'\(text)' is not a financial period.")
            }
            return period
        }
        return VismaTime.period(of: date)
    }

    private static func period(_ text: String) -> String? {
        guard text.utf8.count == 6, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        func isMonth(_ text: Substring) -> Bool { Int(text).map { (1...12).contains($0) } ?? false }
        if ["19", "20"].contains(text.prefix(2)), isMonth(text.suffix(2)) { return text }
        return isMonth(text.prefix(2)) ? String(text.suffix(4) + text.prefix(2)) : nil
    }

    /// `11-2026`.
    private static func shown(_ period: String) -> String { period.suffix(2) + "-" + period.prefix(4) }

    /// A period and whether it is closed, of the year before to the year after today's.
    private var periods: [String] {
        let year = Int(VismaTime.date(localNow).prefix(4)) ?? 0
        return (year - 1...year + 1).flatMap { year in (1...12).map { String(year * 100 + $0) } }
    }

    func answerPeriods(_ query: VismaQuery) -> [SandboxJSON] {
        let lower = query.text("greaterThanValue") ?? ""
        return periods.filter { $0 > lower && !(lower.count == 4 && $0.hasPrefix(lower)) }.map { answerPeriod($0) }
    }

    func answerPeriod(_ period: String) -> SandboxJSON {
        let start = String(period.prefix(4) + "-" + period.suffix(2) + "-01")
        var last = VismaTime.adding(days: 27, to: start)
        while VismaTime.period(of: VismaTime.adding(days: 1, to: last)) == period {
            last = VismaTime.adding(days: 1, to: last)
        }
        let closed = SandboxJSON.bool(isClosed(period))
        return .object([
            ("year", .number(String(period.prefix(4)))), ("period", .string(Self.shown(period))),
            ("startDate", Self.day(start)), ("endDate", Self.day(last)), ("active", .bool(true)),
            ("closedInSupplierLedger", closed), ("closedInCustomerLedger", closed),
            ("closedInInventoryManagement", closed), ("closedInGeneralLedger", closed),
            ("closedInCashManagement", closed), ("closedInFixedAssets", closed),
        ])
    }

    /// The period of a path, `YYYYPP`.
    func answerPeriod(id: String) throws(VismaProblem) -> SandboxJSON {
        guard periods.contains(id) else { throw .plain(status: 404, text: "Not found") }
        return answerPeriod(id)
    }
}
