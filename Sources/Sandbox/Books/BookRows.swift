/// One company joined to one Stripe account: a row of `pairs.jsonl`.
package struct BookPair: Sendable, Hashable {
    package var vismaTenant: String
    package var stripeAccount: String
    /// `yyyy-MM-dd`: older documents are not the connector's.
    package var startDate: String
    /// IANA name; for the reader.
    package var timeZone: String

    package init(vismaTenant: String, stripeAccount: String, startDate: String, timeZone: String) {
        self.vismaTenant = vismaTenant
        self.stripeAccount = stripeAccount
        self.startDate = startDate
        self.timeZone = timeZone
    }

    package var json: SandboxJSON {
        .object([
            ("visma_tenant", .string(vismaTenant)), ("stripe_account", .string(stripeAccount)),
            ("start_date", .string(startDate)), ("timezone", .string(timeZone)),
        ])
    }
}

/// A subject that is listed apart, with the reason: a row of `apart.jsonl`.
package struct BookApart: Sendable, Hashable {
    package var vismaTenant: String
    /// `Invoice:000123`.
    package var document: String
    package var reason: String

    package init(vismaTenant: String, document: String, reason: String) {
        self.vismaTenant = vismaTenant
        self.document = document
        self.reason = reason
    }

    package var json: SandboxJSON {
        .object([
            ("visma_tenant", .string(vismaTenant)), ("document", .string(document)), ("reason", .string(reason)),
        ])
    }
}

package enum Books {
    /// JSON Lines: one compact object per line, each line ended.
    package static func lines(_ rows: [SandboxJSON]) -> String {
        rows.map { $0.serialised + "\n" }.joined()
    }
}

extension SandboxJSON {
    func bookText(_ name: String) -> String { self[name]?.stringValue ?? "" }
    func bookNumber(_ name: String) -> Int64? { self[name]?.intValue }
}

/// Stripe's idea of a currency's minor unit. Source: its currency page (zero- and three-decimal lists; ISK and UGX
/// have two places there).
enum BookMoney {
    private static let zeroDecimal: Set<String> = [
        "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf",
    ]
    private static let threeDecimal: Set<String> = ["bhd", "jod", "kwd", "omr", "tnd"]

    static func exponent(_ currency: String) -> Int {
        let code = currency.lowercased()
        return zeroDecimal.contains(code) ? 0 : threeDecimal.contains(code) ? 3 : 2
    }

    /// Minor units of a decimal text; nil when it is none or not a whole number of them.
    static func minor(_ text: String, _ currency: String) -> Int64? {
        VismaDecimal.parse(text, places: exponent(currency))
    }

    /// `1250.00 NOK`, as it must stand on a document's record.
    static func text(_ minor: Int64?, _ currency: String) -> String {
        guard let minor else { return "? " + currency.uppercased() }
        let places = exponent(currency)
        return VismaDecimal.text(minor, stored: places, shown: places) + " " + currency.uppercased()
    }
}

struct BookDocument {
    struct Application {
        var key: String
        /// Decimal text in the document's currency.
        var amount: String
    }

    var tenant: String
    var key: String
    var isInvoice: Bool
    var isReleased: Bool
    var currency: String
    var total: String
    var balance: String
    var date: String
    var texts: [String]
    var applications: [Application]

    init(_ row: SandboxJSON) {
        tenant = row.bookText("visma_tenant")
        key = row.bookText("type") + ":" + row.bookText("number")
        isInvoice = row.bookText("type") == "Invoice"
        isReleased = row["released"]?.boolValue ?? false
        currency = row.bookText("currency")
        total = row.bookText("total")
        balance = row.bookText("balance")
        date = row.bookText("date")
        texts = [row.bookText("note")] + (row["attachments"]?.elements ?? []).map { $0.bookText("text") }
        applications = Self.applications(row)
    }

    static func applications(_ row: SandboxJSON) -> [Application] {
        (row["applications"]?.elements ?? []).map {
            Application(key: $0.bookText("type") + ":" + $0.bookText("number"), amount: $0.bookText("amount"))
        }
    }

    var balanceMinor: Int64? { BookMoney.minor(balance, currency) }
}

struct BookPayment {
    var tenant: String
    var type: String
    var number: String
    var status: String
    var reference: String
    var currency: String
    var amount: String
    var text: String
    var applications: [BookDocument.Application]

    init(_ row: SandboxJSON) {
        tenant = row.bookText("visma_tenant")
        type = row.bookText("type")
        number = row.bookText("number")
        status = row.bookText("status")
        reference = row.bookText("reference")
        currency = row.bookText("currency")
        amount = row.bookText("amount")
        text = row.bookText("text")
        applications = BookDocument.applications(row)
    }

    var isReleased: Bool { status == "Open" || status == "Closed" }
    var isPayment: Bool { type == "Payment" || type == "Prepayment" }
    var amountMinor: Int64? { BookMoney.minor(amount, currency) }

    func applied(to key: String) -> Int64? {
        applications.filter { $0.key == key }.reduce(0) { sum, application in
            guard let sum, let amount = BookMoney.minor(application.amount, currency) else { return nil }
            return sum + amount
        }
    }
}

struct BookInvoice {
    var account: String
    var id: String
    var status: String
    var currency: String
    var amountDue: Int64?
    var amountPaid: Int64?
    var amountRemaining: Int64?
    var document: String
    var company: String

    init(_ row: SandboxJSON) {
        account = row.bookText("account")
        id = row.bookText("id")
        status = row.bookText("status")
        currency = row.bookText("currency")
        amountDue = row.bookNumber("amount_due")
        amountPaid = row.bookNumber("amount_paid")
        amountRemaining = row.bookNumber("amount_remaining")
        document = row["metadata"]?.bookText("mlc_document") ?? ""
        company = row["metadata"]?.bookText("mlc_company") ?? ""
    }

    var isGone: Bool { status == "void" || status == "deleted" }
}

/// An invoice payment, a charge, a refund or a dispute.
struct BookMovement {
    var kind: String
    var account: String
    var id: String
    var status: String
    var currency: String
    /// Minor units: `amount`, or `amount_paid` of an invoice payment.
    var amount: Int64?
    var invoice: String
    var intent: String
    var charge: String

    init(_ row: SandboxJSON) {
        kind = row.bookText("kind")
        account = row.bookText("account")
        id = row.bookText("id")
        status = row.bookText("status")
        currency = row.bookText("currency")
        amount = row.bookNumber(kind == "invoice_payment" ? "amount_paid" : "amount")
        invoice = row.bookText("invoice")
        intent = row.bookText("payment_intent")
        charge = row.bookText("charge")
    }
}
