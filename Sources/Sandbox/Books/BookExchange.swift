/// What a payout holds of money that Stripe exchanged from other currencies: before fees in the payout's currency, and
/// in the currencies that it came in (`eur`).
struct BookExchange {
    private(set) var gross: Int64 = 0
    private(set) var originals: [String: Int64] = [:]

    /// The account's books, sorted for it.
    struct Ground {
        fileprivate var rows: [String: [BookMovement]] = [:]
        fileprivate var sources: [String: BookMovement] = [:]

        init(_ all: [BookMovement]) {
            for movement in all {
                switch movement.kind {
                case "balance_transaction": rows[movement.payout, default: []].append(movement)
                case "charge", "refund", "dispute": sources[movement.id] = movement
                default: break
                }
            }
        }
    }

    /// With what a payout held that failed and gave its money back into this one.
    init(_ ground: Ground, _ payout: String) {
        var (waiting, seen) = ([payout], Set<String>())
        while let next = waiting.popLast() {
            guard !next.isEmpty, seen.insert(next).inserted else { continue }
            for row in ground.rows[next] ?? [] {
                if row.type == "payout_failure" { waiting.append(row.source) }
                guard let source = ground.sources[row.source], source.currency != row.currency else { continue }
                let amount = row.amount ?? 0
                gross += amount
                originals[source.currency, default: 0] += amount < 0 ? -(source.amount ?? 0) : source.amount ?? 0
            }
        }
    }
}
