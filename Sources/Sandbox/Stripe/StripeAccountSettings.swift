/// How one simulated account behaves where real ones differ. It can be changed while the account lives.
package struct StripeAccountSettings: Sendable {
    /// Some accounts switch automatic tax on whenever a request leaves the parameter out.
    package var automaticTaxByDefault = false
    /// The rate of automatic tax, added to each line; a made-up one, as the real depends on where customer and
    /// merchant are.
    package var automaticTaxPercent: Int64 = 25
    /// How long after a charge its balance transaction (and so its fee) is known; 0 for at once.
    package var feesKnownAfterSeconds: Int64 = 0
    /// How long a payment is pending before it can be paid out; 0 for at once.
    package var availableAfterSeconds: Int64 = 0
    /// Stripe's share of a card payment, in thousandths, without a fixed part.
    package var feePerThousand: Int64 = 14
    /// In the settlement currency's wire integer.
    package var disputeFee: Int64 = 1_500
    /// Currencies that have no balance of their own and what becomes of them; all others settle in themselves.
    package var conversions: [String: StripeConversion] = [:]

    package init() {}
}

/// What one wire unit of a payment's currency is worth when it is settled in another.
package struct StripeConversion: Sendable {
    /// The settlement currency, lower case.
    package var currency: String
    /// Millionths of a settlement unit for one unit of the payment, both counted in the wire's integers, as the API
    /// description defines `exchange_rate`.
    package var rateMillionths: Int64

    package init(to currency: String, rateMillionths: Int64) {
        self.currency = currency
        self.rateMillionths = rateMillionths
    }

    static let scale: Int64 = 1_000_000

    /// Rounded to the nearest unit, halves away from zero.
    static func convert(_ amount: Int64, rateMillionths: Int64) -> Int64 {
        let product = amount.magnitude.multipliedFullWidth(by: rateMillionths.magnitude)
        let (quotient, rest) = scale.magnitude.dividingFullWidth(product)
        let rounded = Int64(quotient + (rest * 2 >= scale.magnitude ? 1 : 0))
        return amount < 0 ? -rounded : rounded
    }

    /// `0.095` for 95,000 millionths.
    static func text(rateMillionths: Int64) -> String {
        let digits = String(rateMillionths % scale)
        let fraction = String(repeating: "0", count: 6 - digits.count) + digits
        return "\(rateMillionths / scale).\(fraction)"
    }
}
