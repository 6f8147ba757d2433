/// An exact decimal number with a fixed count of places in an integer. Visma answers amounts with four places
/// (`360.0000`) and rates with eight; there is no floating point here.
enum VismaDecimal {
    /// Places of every amount, quantity, price and per cent.
    static let places = 4
    static let one: Int64 = 10_000
    /// Places of an exchange rate.
    static let ratePlaces = 8
    static let rateOne: Int64 = 100_000_000

    /// `-12.5` with 4 places is -125000. Nil unless it is a plain decimal number that fits and needs no more places.
    static func parse(_ text: String, places: Int = places) -> Int64? {
        let body = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let parts = body.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } })
        else { return nil }
        let fraction = parts.count == 2 ? String(parts[1]) : ""
        guard fraction.dropFirst(places).allSatisfy({ $0 == "0" }) else { return nil }
        let kept = fraction.prefix(places)
        let padded = String(kept) + String(repeating: "0", count: places - kept.count)
        guard let magnitude = Int64(String(parts[0]) + padded), magnitude <= Int64.max / 1000 else { return nil }
        return text.hasPrefix("-") ? -magnitude : magnitude
    }

    /// `stored` places in the integer, `shown` in the text; digits that are not shown must be zero.
    static func text(_ value: Int64, stored: Int = places, shown: Int = places) -> String {
        var digits = String(value.magnitude)
        digits = String(repeating: "0", count: max(0, stored + 1 - digits.count)) + digits
        let whole = digits.dropLast(stored)
        var fraction = String(digits.suffix(stored))
        fraction = String(fraction.prefix(shown)) + String(repeating: "0", count: max(0, shown - stored))
        return (value < 0 ? "-" : "") + whole + (shown > 0 ? "." + fraction : "")
    }

    /// `numerator / divisor` to the nearest whole multiple of `step`, halves away from zero, as a ledger rounds.
    static func divide(_ numerator: Int128, by divisor: Int128, step: Int64 = 1) -> Int64 {
        let unit = divisor * Int128(step)
        let half = unit / 2
        let rounded = (numerator.magnitude + half.magnitude) / unit.magnitude
        let result = Int64(rounded) * step
        return numerator < 0 ? -result : result
    }

    /// The smallest step of an amount in a currency, in ten-thousandths: 100 for two decimals.
    static func step(of currency: String) -> Int64 {
        switch decimals(of: currency) {
        case 0: 10_000
        case 3: 10
        default: 100
        }
    }

    /// Decimal places of a currency in the ledger (ISO 4217).
    static func decimals(of currency: String) -> Int {
        if ["CLP", "ISK", "JPY", "KRW", "PYG", "VND", "XAF", "XOF", "XPF"].contains(currency) { return 0 }
        return ["BHD", "JOD", "KWD", "OMR", "TND"].contains(currency) ? 3 : 2
    }

    /// An amount in another currency: times `rate` (eight places), rounded to that currency's step.
    static func convert(_ amount: Int64, rate: Int64, to currency: String) -> Int64 {
        divide(Int128(amount) * Int128(rate), by: Int128(rateOne), step: step(of: currency))
    }
}
