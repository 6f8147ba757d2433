/// One company joined to one Stripe account, and what the company has decided to book: a row of `pairs.jsonl`.
package struct BookPair: Sendable, Hashable {
    package var vismaTenant: String
    package var stripeAccount: String
    /// `yyyy-MM-dd`: older documents are not the connector's.
    package var startDate: String
    /// IANA name; for the reader.
    package var timeZone: String
    /// Bookings stay on hold until a person releases them.
    package var holds = false
    /// Stripe's fees are booked.
    package var postsFees = false
    /// Lost disputes are booked.
    package var postsDisputes = false
    /// Each payout is a journal.
    package var postsPayouts = false
    /// The cash accounts that stand for Stripe, by currency (`NOK`); of a currency without any, accounts are not
    /// compared.
    package var cashAccounts: [String: [String]] = [:]
    /// The bank's account in the general ledger, by currency.
    package var bankAccounts: [String: String] = [:]
    /// The account of exchange differences; nil where payouts that hold exchanged money are not booked.
    package var exchangeAccount: String?

    package init(vismaTenant: String, stripeAccount: String, startDate: String, timeZone: String) {
        self.vismaTenant = vismaTenant
        self.stripeAccount = stripeAccount
        self.startDate = startDate
        self.timeZone = timeZone
    }

    package var json: SandboxJSON {
        let accounts = cashAccounts.sorted { $0.key < $1.key }.map { currency, numbers in
            (currency, SandboxJSON.array(numbers.map { .string($0) }))
        }
        let banks = bankAccounts.sorted { $0.key < $1.key }.map { ($0.key, SandboxJSON.string($0.value)) }
        return .object([
            ("visma_tenant", .string(vismaTenant)), ("stripe_account", .string(stripeAccount)),
            ("start_date", .string(startDate)), ("timezone", .string(timeZone)), ("holds", .bool(holds)),
            ("posts_fees", .bool(postsFees)), ("posts_disputes", .bool(postsDisputes)),
            ("posts_payouts", .bool(postsPayouts)), ("cash_accounts", .object(accounts)),
            ("bank_accounts", .object(banks)), ("exchange_account", .text(exchangeAccount)),
        ])
    }

    func isClearing(_ account: String, _ currency: String) -> Bool {
        cashAccounts[currency.uppercased()]?.contains(account) ?? true
    }
}

/// A subject that is listed apart, with the reason: a row of `apart.jsonl`.
package struct BookApart: Sendable, Hashable {
    package var vismaTenant: String
    /// `Invoice:000123`, or `payout/po_1`.
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
    func bookFlag(_ name: String) -> Bool { self[name]?.boolValue ?? false }
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
