/// An invoice or a credit note in Visma.
struct BookDocument {
    struct Application {
        var key: String
        /// Decimal texts in the document's currency: the money, and all that it takes off the document.
        var amount: String
        var besides: [String]

        func settled(_ currency: String) -> Int64? {
            ([amount] + besides).reduce(0) { sum, text in
                guard let sum, let part = BookMoney.minor(text, currency) else { return nil }
                return sum + part
            }
        }
    }

    var tenant: String
    var type: String
    var key: String
    var isReleased: Bool
    var currency: String
    var total: String
    var balance: String
    var date: String
    var customer: String
    var reference: String
    var texts: [String]
    var applications: [Application]

    init(_ row: SandboxJSON) {
        tenant = row.bookText("visma_tenant")
        type = row.bookText("type")
        key = type + ":" + row.bookText("number")
        isReleased = row.bookFlag("released")
        currency = row.bookText("currency")
        total = row.bookText("total")
        balance = row.bookText("balance")
        date = row.bookText("date")
        customer = row.bookText("customer")
        reference = row.bookText("external_reference")
        texts = [row.bookText("note")] + (row["attachments"]?.elements ?? []).map { $0.bookText("text") }
        applications = Self.applications(row)
    }

    static func applications(_ row: SandboxJSON) -> [Application] {
        (row["applications"]?.elements ?? []).map { use in
            Application(
                key: use.bookText("type") + ":" + use.bookText("number"), amount: use.bookText("amount"),
                besides: ["cash_discount", "write_off"].compactMap { use[$0]?.stringValue })
        }
    }

    var isInvoice: Bool { type == "Invoice" }
    var balanceMinor: Int64? { BookMoney.minor(balance, currency) }
    var totalMinor: Int64? { BookMoney.minor(total, currency) }
}

/// A customer payment, a refund, a write-off, or the document that voids one.
struct BookPayment {
    var type: String
    var number: String
    var status: String
    var reference: String
    var currency: String
    var amount: String
    var cashAccount: String
    var customer: String
    var text: String
    /// Decimal texts: what the provider kept back.
    var charges: [String]
    var applications: [BookDocument.Application]

    init(_ row: SandboxJSON) {
        type = row.bookText("type")
        number = row.bookText("number")
        status = row.bookText("status")
        reference = row.bookText("reference")
        currency = row.bookText("currency")
        amount = row.bookText("amount")
        cashAccount = row.bookText("cash_account")
        customer = row.bookText("customer")
        text = row.bookText("text")
        charges = (row["charges"]?.elements ?? []).map { $0.bookText("amount") }
        applications = BookDocument.applications(row)
    }

    var key: String { type + ":" + number }
    var isReleased: Bool { status == "Open" || status == "Closed" }
    var isPayment: Bool { type == "Payment" || type == "Prepayment" }
    /// Takes something off a document.
    var settles: Bool { isPayment || type == "SmallBalanceWo" || type == "SmallCreditWo" }
    /// A reference of Stripe's, as the connector sets it.
    var isStripes: Bool { ["pi_", "py_", "ch_"].contains(reference.prefix(3)) }
    var amountMinor: Int64? { BookMoney.minor(amount, currency) }
    var charged: Int64 { charges.reduce(0) { $0 + (BookMoney.minor($1, currency) ?? 0) } }

    func applied(to key: String) -> Int64? {
        applications.filter { $0.key == key }.reduce(0) { sum, application in
            guard let sum, let amount = BookMoney.minor(application.amount, currency) else { return nil }
            return sum + amount
        }
    }
}

/// A cash transaction.
struct BookCashEntry {
    var number: String
    var isReleased: Bool
    var reference: String
    var cashAccount: String
    var currency: String
    /// Minor units that left the account; negative came.
    var paidOut: Int64?

    init(_ row: SandboxJSON) {
        number = row.bookText("number")
        isReleased = row.bookFlag("released")
        reference = row.bookText("reference")
        cashAccount = row.bookText("cash_account")
        currency = row.bookText("currency")
        let amount = BookMoney.minor(row.bookText("amount"), currency)
        paidOut = row.bookText("direction") == "receipt" ? amount.map { -$0 } : amount
    }

    /// What it books: `dp_1` of `dp_1+2`, the second entry of one dispute.
    var fact: String { String(reference.prefix { $0 != "+" }) }
}

/// A journal transaction of the general ledger.
struct BookJournal {
    var number: String
    var isReleased: Bool
    var currency: String
    var amount: Int64?
    var lines: [(account: String, debit: Int64?, credit: Int64?)]
    private var words: Set<String>

    init(_ row: SandboxJSON) {
        number = row.bookText("number")
        isReleased = row.bookFlag("released")
        let currency = row.bookText("currency")
        self.currency = currency
        amount = BookMoney.minor(row.bookText("amount"), currency)
        let lines = row["lines"]?.elements ?? []
        self.lines = lines.map { line in
            (
                line.bookText("account"), BookMoney.minor(line.bookText("debit"), currency),
                BookMoney.minor(line.bookText("credit"), currency)
            )
        }
        let texts = [row.bookText("text")] + lines.flatMap { [$0.bookText("reference"), $0.bookText("text")] }
        words = Set(texts.flatMap { $0.split(separator: " ").map(String.init) })
    }

    /// The payouts that it names: `po_1` also by `po_1:EUR`, the exchange of one, and by `po_1,` in a text.
    var payouts: [String] {
        let named = words.filter { $0.hasPrefix("po_") }.map { word in String(word.prefix { $0 != ":" && $0 != "," }) }
        return Set(named).sorted()
    }

    /// What it puts on an account: debit less credit.
    func net(_ account: String?) -> Int64 {
        lines.filter { $0.account == account }.reduce(0) { $0 + ($1.debit ?? 0) - ($1.credit ?? 0) }
    }
}
