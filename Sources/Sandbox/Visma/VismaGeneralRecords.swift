/// A cash transaction: money on a cash account against other accounts. Amounts are ten-thousandths of its currency.
struct VismaCashTransaction: Sendable {
    struct Line: Sendable {
        var description: String?
        var amount: Int64
        var offsetAccount: String
        var vatCode: String?
    }

    var number: String
    var status: String
    var date: String
    var period: String
    var cashAccount: String
    var currency: String
    var entryType: String
    /// Money in, as against money out.
    var isReceipt: Bool
    var reference: String
    var description: String?
    var branch: String
    var lines: [Line]
    /// The number of the transaction that this one reverses.
    var reversed: String?
    var isReleaseQueued = false
    var version: VismaVersion

    static let prefix = "CashTransaction:"
    var key: String { Self.prefix + number }
    var amount: Int64 { lines.reduce(0) { $0 + $1.amount } }
}

/// A batch of the general ledger. Amounts are ten-thousandths of its currency.
struct VismaJournal: Sendable {
    struct Line: Sendable {
        var account: String
        var debit: Int64
        var credit: Int64
        var description: String?
        var reference: String?
        var vatCode: String?
    }

    var number: String
    var status: String
    var date: String
    var period: String
    var currency: String
    /// Eight places.
    var rate: Int64
    var description: String?
    var branch: String
    var lines: [Line]
    var isReleaseQueued = false
    var version: VismaVersion

    static let prefix = "Journal:"
    var key: String { Self.prefix + number }
    var debit: Int64 { lines.reduce(0) { $0 + $1.debit } }
    var credit: Int64 { lines.reduce(0) { $0 + $1.credit } }
}
