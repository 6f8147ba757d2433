package import Foundation

/// An amount in whole minor units of its currency. There is no floating point on any way into or out of it.
package struct Money: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The largest amount that is taken in, either sign: ten thousand of them still have a sum.
    package static let minorUnitsMax = Int64.max / 10_000

    package var minorUnits: Int64
    package var currency: Currency

    package init(minorUnits: Int64, currency: Currency) {
        self.minorUnits = minorUnits
        self.currency = currency
    }

    package static func zero(_ currency: Currency) -> Money { Money(minorUnits: 0, currency: currency) }

    /// The amount in minor units, or an error when it is not a whole number of them or too large.
    package init(_ amount: ExactAmount, currency: Currency) throws(AmountError) {
        self.init(minorUnits: try amount.scaled(by: currency.exponent), currency: currency)
    }

    package var isZero: Bool { minorUnits == 0 }
    package var isPositive: Bool { minorUnits > 0 }

    /// The amount in major units, exactly.
    package var decimal: Decimal { Decimal(minorUnits) / Self.power(currency.exponent) }

    /// `1250.00 NOK`, `1200 JPY`.
    package var description: String { "\(majorText) \(currency.code)" }

    /// `1250.00`: a full stop, no grouping, as many decimals as the currency has.
    package var majorText: String {
        let digits = String(minorUnits.magnitude)
        let places = currency.exponent
        let sign = minorUnits < 0 ? "-" : ""
        guard places > 0 else { return sign + digits }
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return sign + padded.dropLast(places) + "." + padded.suffix(places)
    }

    static func power(_ exponent: Int) -> Decimal {
        (0..<exponent).reduce(Decimal(1)) { value, _ in value * 10 }
    }

    package static func + (left: Money, right: Money) -> Money {
        precondition(left.currency == right.currency, "sums never mix currencies")
        return Money(minorUnits: left.minorUnits + right.minorUnits, currency: left.currency)
    }

    package static func - (left: Money, right: Money) -> Money {
        left + Money(minorUnits: -right.minorUnits, currency: right.currency)
    }

    /// At least as much, in the same currency.
    package func covers(_ other: Money) -> Bool { currency == other.currency && minorUnits >= other.minorUnits }
}

/// Why an amount cannot be taken as money.
package enum AmountError: Error, Hashable, Sendable, CustomStringConvertible {
    case tooManyDigits(max: Int)
    case fractionOfMinorUnit
    case outOfRange
    case notANumber

    package var description: String {
        switch self {
        case .tooManyDigits(let max): "the amount has more than \(max) digits"
        case .fractionOfMinorUnit: "the amount is not a whole number of the currency's minor units"
        case .outOfRange: "the amount is larger than can be kept"
        case .notANumber: "the amount is not a plain decimal number"
        }
    }
}

/// A decimal as it stood on the wire. Foundation's JSON decoder reads `Decimal` exactly up to 38 digits, so anything
/// over 28 significant digits is refused. What it cuts beyond 38 cannot be seen here: `ExactJSON` looks at the text.
package struct ExactAmount: Hashable, Sendable, Codable {
    package static let significantDigitsMax = 28
    package let value: Decimal

    package init(_ value: Decimal) throws(AmountError) {
        guard !value.isNaN else { throw .notANumber }
        guard value.significand.description.utf8.count <= Self.significantDigitsMax else {
            throw .tooManyDigits(max: Self.significantDigitsMax)
        }
        self.value = value
    }

    /// Parses `-1234.50`: digits and one full stop only, whatever the locale.
    package init(parsing text: String) throws(AmountError) {
        let body = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let parts = body.split(separator: ".", omittingEmptySubsequences: false)
        let plain =
            parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }
        guard plain else { throw .notANumber }
        let digits = body.utf8.filter { $0 != 46 }.drop { $0 == 48 }.count
        guard digits <= Self.significantDigitsMax else { throw .tooManyDigits(max: Self.significantDigitsMax) }
        guard let value = Decimal(string: text, locale: Locale(identifier: "en_US_POSIX")) else { throw .notANumber }
        try self.init(value)
    }

    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer().decode(Decimal.self)
        do {
            try self.init(value)
        } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: String(describing: error)))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }

    /// The value times ten to the `exponent`, when that is a whole number that fits.
    func scaled(by exponent: Int) throws(AmountError) -> Int64 {
        var scaled = value * Money.power(exponent)
        var whole = Decimal()
        NSDecimalRound(&whole, &scaled, 0, .plain)
        guard whole == scaled else { throw .fractionOfMinorUnit }
        guard whole.magnitude <= Decimal(Money.minorUnitsMax), let result = Int64(whole.description) else {
            throw .outOfRange
        }
        return result
    }
}
