/// Journal transactions of the general ledger. The specification beside the repository lacks them; their forms are
/// those of the public clients made from the whole specification (`JournalTransactionDto`, 2025).
extension VismaLedger {
    private static let doing = "creating journal transaction"

    private func refusal(_ text: String) -> VismaProblem { .business(doing: Self.doing, text: text) }

    func journal(_ number: String) -> VismaJournal? { journals.first { $0.number == number } }

    /// `isVisible` false keeps time and row version as they are.
    mutating func changeJournal(_ number: String, isVisible: Bool = true, _ change: (inout VismaJournal) -> Void) {
        guard let position = journals.firstIndex(where: { $0.number == number }) else { return }
        change(&journals[position])
        if isVisible { journals[position].version = touched(journals[position].version) }
    }

    /// Creates an unreleased batch. Choices: it balances also while on hold, every account number is known, and a
    /// released batch is posted at once.
    mutating func createJournal(_ body: VismaBody) throws(VismaProblem) -> VismaJournal {
        let currency = try body.text("currencyId") ?? company.baseCurrency
        let lines = try lines(body, currency: currency)
        let debit = lines.reduce(0) { $0 + $1.debit }
        guard debit > 0, debit == lines.reduce(0, { $0 + $1.credit }) else {
            throw refusal("Batch is out of balance, please review.")
        }
        guard try body.amount("controlTotalInCurrency") ?? debit == debit else {
            throw refusal("Batch is out of balance: the control total is not that of the lines.")
        }
        let date = try body.date("transactionDate") ?? VismaTime.date(localNow)
        let period = try period(body, ["financialPeriod", "postPeriod"], date: date)
        try demandOpen(period, in: .general, doing: Self.doing, isRelease: false)
        let made = VismaJournal(
            number: nextNumber("Journal"), status: try body.flag("hold") ?? false ? "Hold" : "Balanced", date: date,
            period: period, currency: currency,
            rate: try body.amount("exchangeRate", places: VismaDecimal.ratePlaces) ?? rate(of: currency, like: nil),
            description: try body.text("description"), branch: try branch(body, "branch", doing: Self.doing),
            lines: lines, version: newVersion())
        journals.append(made)
        return made
    }

    private func lines(_ body: VismaBody, currency: String) throws(VismaProblem) -> [VismaJournal.Line] {
        var lines: [VismaJournal.Line] = []
        for line in try body.insertions("journalTransactionLines") {
            guard let account = try line.text("accountNumber"), !account.isEmpty else {
                throw refusal("'Account' cannot be empty.")
            }
            let debit = try line.amount("debitAmountInCurrency") ?? 0
            let credit = try line.amount("creditAmountInCurrency") ?? 0
            let step = VismaDecimal.step(of: currency)
            guard debit >= 0, credit >= 0, (debit == 0) != (credit == 0), debit % step == 0, credit % step == 0 else {
                throw refusal("A line has either a debit or a credit amount.")
            }
            lines.append(
                .init(
                    account: account, debit: debit, credit: credit,
                    description: try line.text("transactionDescription"),
                    reference: try line.text("referenceNumber"), vatCode: try line.text("vatCodeId")))
        }
        return lines
    }

    mutating func queueRelease(journal number: String) throws(VismaProblem) {
        let doing = "releasing journal transaction"
        guard let found = journal(number) else { throw .plain(status: 404, text: "Not found") }
        try demandReleasable(found.status, isQueued: found.isReleaseQueued, doing: doing)
        try demandOpen(found.period, in: .general, doing: doing, isRelease: true)
        changeJournal(number, isVisible: false) { $0.isReleaseQueued = true }
        schedule(.release(key: found.key), afterSeconds: behaviour.releaseDelaySeconds)
    }

    func answer(_ journal: VismaJournal) -> SandboxJSON {
        func twins(_ amount: Int64, _ name: String) -> [(String, SandboxJSON)] {
            let base = VismaDecimal.convert(amount, rate: journal.rate, to: company.baseCurrency)
            return [(name, Self.decimal(base)), (name + "InCurrency", Self.decimal(amount))]
        }
        let lines = journal.lines.enumerated().map { position, line in
            SandboxJSON.object(
                [
                    ("lineNumber", .integer(position + 1)), ("accountNumber", .string(line.account)),
                    ("referenceNumber", .text(line.reference)),
                    ("transactionDescription", .text(line.description)), ("branch", .string(journal.branch)),
                    ("vatCode", line.vatCode.map { Self.pair("id", $0) } ?? .null), ("module", .string("ModuleGL")),
                ] + twins(line.debit, "debitAmount") + twins(line.credit, "creditAmount"))
        }
        return .object(
            [
                ("module", .string("ModuleGL")), ("batchNumber", .string(journal.number)),
                ("status", .string(journal.status)), ("hold", .bool(journal.status == "Hold")),
                ("transactionDate", Self.day(journal.date)),
                ("postPeriod", .string(String(journal.period.suffix(2) + journal.period.prefix(4)))),
                ("financialPeriod", .string(journal.period)), ("ledger", .string("1")),
                ("currencyId", .string(journal.currency)), ("exchangeRate", Self.rate(journal.rate)),
                ("autoReversing", .bool(false)), ("reversingEntry", .bool(false)),
                ("description", .text(journal.description)),
                ("lastModifiedDateTime", .string(VismaTime.text(journal.version.modified))),
                ("branch", .string(journal.branch)), ("timeStamp", .string(journal.version.stamp)),
                ("journalTransactionLines", .array(lines)), ("attachments", .array([])),
            ] + twins(journal.debit, "debitTotal") + twins(journal.credit, "creditTotal")
                + twins(journal.debit, "controlTotal"))
    }
}
