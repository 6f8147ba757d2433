/// Cash transactions: create, edit, release and reverse.
extension VismaLedger {
    private static let doing = "creating cash transaction"

    private func refusal(_ text: String) -> VismaProblem { .business(doing: Self.doing, text: text) }

    func cashTransaction(_ number: String) -> VismaCashTransaction? { cashTransactions.first { $0.number == number } }

    /// `isVisible` false keeps time and row version as they are.
    mutating func changeCashTransaction(
        _ number: String, isVisible: Bool = true, _ change: (inout VismaCashTransaction) -> Void
    ) {
        guard let position = cashTransactions.firstIndex(where: { $0.number == number }) else { return }
        change(&cashTransactions[position])
        if isVisible { cashTransactions[position].version = touched(cashTransactions[position].version) }
    }

    /// Creates an unreleased one from a `CashTransactionUpdateDto`. VAT is not simulated: what the lines say is what
    /// moves. That a document reference must be there is a choice, after the screen.
    mutating func createCashTransaction(_ body: VismaBody) throws(VismaProblem) -> VismaCashTransaction {
        guard let id = try body.text("cashAccount"),
            let account = company.cashAccounts.first(where: { $0.number == id })
        else { throw refusal("'Cash account' cannot be found in the system.") }
        let entryID = try body.text("entryType")
        guard let entry = account.entryTypes.first(where: { $0.id == entryID }) else {
            throw refusal("'Entry type' cannot be found on cash account '\(id)'.")
        }
        guard let reference = try body.text("documentRef"), !reference.isEmpty else {
            throw refusal("'Document ref.' cannot be empty.")
        }
        let lines = try lines(body, entry: entry, currency: account.currency)
        let amount = lines.reduce(0) { $0 + $1.amount }
        guard try body.amount("controlTotal") ?? amount == amount else {
            throw refusal("The document is out of the balance: the control total is not that of the lines.")
        }
        let date = try body.date("tranDate") ?? VismaTime.date(localNow)
        let period = try period(body, ["financialPeriod", "finanacialPeriod"], date: date)
        try demandOpen(period, in: .cash, doing: Self.doing, isRelease: false)
        let made = VismaCashTransaction(
            number: nextNumber("CashTransaction"), status: try body.flag("hold") ?? false ? "Hold" : "Balanced",
            date: date, period: period, cashAccount: id, currency: account.currency, entryType: entry.id,
            isReceipt: entry.isReceipt, reference: reference, description: try body.text("description"),
            branch: try branch(body, "branchNumber", doing: Self.doing), lines: lines, version: newVersion())
        cashTransactions.append(made)
        return made
    }

    private func lines(
        _ body: VismaBody, entry: VismaCompany.EntryType, currency: String
    ) throws(VismaProblem) -> [VismaCashTransaction.Line] {
        var lines: [VismaCashTransaction.Line] = []
        for line in try body.insertions("cashTransactionDetails") {
            let price = try line.amount("price")
            let quantity = try line.amount("quantity") ?? VismaDecimal.one
            let step = VismaDecimal.step(of: currency)
            let product = price.map {
                VismaDecimal.divide(Int128($0) * Int128(quantity), by: Int128(VismaDecimal.one), step: step)
            }
            guard let amount = try line.amount("amount") ?? product, amount % step == 0 else {
                throw refusal("'Amount' of a line is not valid.")
            }
            lines.append(
                .init(
                    description: try line.text("description"), amount: amount,
                    offsetAccount: try line.text("offsetAccount") ?? entry.offsetAccount,
                    vatCode: try line.text("vatCode")))
        }
        guard lines.reduce(0, { $0 + $1.amount }) > 0 else { throw refusal("The amount must be more than zero.") }
        return lines
    }

    mutating func editCashTransaction(_ number: String, _ body: VismaBody) throws(VismaProblem) {
        let doing = "updating cash transaction"
        guard let before = cashTransaction(number) else { throw .plain(status: 404, text: "Not found") }
        guard before.status == "Hold" || before.status == "Balanced", !before.isReleaseQueued else {
            throw .business(doing: doing, text: "The document status is \(before.status).")
        }
        var after = before
        for (name, _) in body.members {
            switch name.lowercased() {
            case "hold": after.status = try body.flag(name) ?? false ? "Hold" : "Balanced"
            case "trandate":
                after.date = try body.date(name) ?? before.date
                after.period = VismaTime.period(of: after.date)
                try demandOpen(after.period, in: .cash, doing: doing, isRelease: false)
            case "description": after.description = try body.text(name)
            case "documentref": after.reference = try body.text(name) ?? before.reference
            default: throw .business(doing: doing, text: "'\(name)' cannot be changed on an existing transaction.")
            }
        }
        changeCashTransaction(number) { $0 = after }
    }

    mutating func queueRelease(cashTransaction number: String) throws(VismaProblem) {
        let doing = "releasing cash transaction"
        guard let found = cashTransaction(number) else { throw .plain(status: 404, text: "Not found") }
        try demandReleasable(found.status, isQueued: found.isReleaseQueued, doing: doing)
        try demandOpen(found.period, in: .cash, doing: doing, isRelease: true)
        changeCashTransaction(number, isVisible: false) { $0.isReleaseQueued = true }
        schedule(.release(key: found.key), afterSeconds: behaviour.releaseDelaySeconds)
    }

    /// A choice: the reversal is a new transaction of the same kind with negative amounts, dated today and not
    /// released, and is there at once.
    mutating func reverse(cashTransaction number: String) throws(VismaProblem) -> VismaCashTransaction {
        let doing = "reversing cash transaction"
        guard let found = cashTransaction(number) else { throw .plain(status: 404, text: "Not found") }
        guard found.status == "Released" else {
            throw .business(doing: doing, text: "Document Status is invalid for processing (\(found.status)).")
        }
        guard !cashTransactions.contains(where: { $0.reversed == number }) else {
            throw .business(doing: doing, text: "Transaction '\(number)' is reversed already.")
        }
        var reversal = found
        reversal.number = nextNumber("CashTransaction")
        reversal.status = "Balanced"
        reversal.date = VismaTime.date(localNow)
        reversal.period = VismaTime.period(of: reversal.date)
        try demandOpen(reversal.period, in: .cash, doing: doing, isRelease: false)
        for position in reversal.lines.indices { reversal.lines[position].amount.negate() }
        reversal.reversed = number
        reversal.version = newVersion()
        cashTransactions.append(reversal)
        return reversal
    }

    /// Of a cash transaction or a journal. In a period that is closed by now nothing happens.
    mutating func releaseInGeneralLedger(_ key: String) {
        if let found = cashTransactions.first(where: { $0.key == key }), found.status == "Balanced" {
            let isPossible = !isClosed(found.period)
            changeCashTransaction(found.number, isVisible: isPossible) {
                $0.isReleaseQueued = false
                if isPossible { $0.status = "Released" }
            }
        }
        if let found = journals.first(where: { $0.key == key }), found.status == "Balanced" {
            let isPossible = !isClosed(found.period)
            changeJournal(found.number, isVisible: isPossible) {
                $0.isReleaseQueued = false
                if isPossible { $0.status = "Posted" }
            }
        }
    }

    func answer(_ transaction: VismaCashTransaction) -> SandboxJSON {
        let account = company.cashAccounts.first { $0.number == transaction.cashAccount }
        let branch = company.branches.first { $0.number == transaction.branch }
        let lines = transaction.lines.enumerated().map { position, line in
            SandboxJSON.object([
                ("lineNumber", .integer(position + 1)), ("description", .text(line.description)),
                ("quantity", .number("1.000000")), ("price", Self.decimal(line.amount)),
                ("amount", Self.decimal(line.amount)), ("offsetAccount", Self.pair("number", line.offsetAccount)),
                ("taxCategory", line.vatCode.map { Self.pair("number", $0) } ?? .null),
            ])
        }
        return .object([
            ("tranType", .string("Adjustment")), ("referenceNbr", .string(transaction.number)),
            ("status", .string(transaction.status)), ("hold", .bool(transaction.status == "Hold")),
            ("tranDate", Self.day(transaction.date)), ("financialPeriod", .string(transaction.period)),
            ("cashAccount", Self.pair("number", account?.number, "description", account?.description)),
            ("currency", .string(transaction.currency)), ("entryType", Self.pair("id", transaction.entryType)),
            ("disbReceipt", .string(transaction.isReceipt ? "Receipt" : "Disbursement")),
            ("documentRef", .string(transaction.reference)), ("description", .text(transaction.description)),
            ("amount", Self.decimal(transaction.amount)), ("taxTotal", Self.decimal(0)),
            ("controlTotal", Self.decimal(transaction.amount)),
            ("lastModifiedDateTime", .string(VismaTime.text(transaction.version.modified))),
            ("transactionDetails", .array(lines)), ("taxDetails", .array([])),
            (
                "financialsDetail",
                .object([("branch", Self.pair("number", branch?.number, "name", branch?.name))])
            ),
            ("timeStamp", .string(transaction.version.stamp)),
        ])
    }
}
