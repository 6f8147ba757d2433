/// Stripe's own currency rules (docs.stripe.com/currencies), which differ from ISO 4217 in a few places.
enum StripeCurrencyRules {
    /// The step an amount must be a multiple of, in the integer that goes over the wire: ISK and UGX are sent as
    /// hundredths although they have none; three-decimal currencies need a last digit of zero.
    static func step(_ currency: String) -> Int64 {
        switch currency {
        case "isk", "ugx": 100
        case "bhd", "jod", "kwd", "omr", "tnd": 10
        default: 1
        }
    }

    /// The smallest amount that can be charged, in wire units; what is not listed has the dollar's fifty.
    static func minimum(_ currency: String) -> Int64 { minimums[currency] ?? 50 }

    private static let minimums: [String: Int64] = [
        "usd": 50, "eur": 50, "gbp": 30, "nok": 300, "sek": 300, "dkk": 250, "chf": 50, "pln": 200, "huf": 17_500,
        "czk": 1_500, "ron": 200, "jpy": 50, "mxn": 1_000, "aed": 200, "krw": 100, "isk": 100, "ugx": 100,
    ]

    /// Card charges have at most twelve digits.
    static let amountMax: Int64 = 999_999_999_999

    /// Whether a person can pay or give back this much.
    static func allows(_ amount: Int64, currency: String) -> Bool { amount > 0 && amount % step(currency) == 0 }

    static func check(_ amount: Int64, currency: String, param: String) throws(StripeFailure) {
        if amount.magnitude > UInt64(amountMax) {
            throw .parameter(param, "Invalid amount: it must have at most 12 digits", code: "amount_too_large")
        }
        let step = step(currency)
        if amount % step != 0 {
            throw .parameter(
                param, "Invalid amount: amounts in \(currency) must be a multiple of \(step)", code: "invalid_amount")
        }
    }
}
