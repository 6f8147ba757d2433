import Domain
import Foundation

/// Texts and figures within Stripe's limits. Lengths are counted in Unicode scalars.
enum StripeText {
    /// Twelve digits: what cards can be charged at most; fewer for some methods.
    static let amountMax: Int64 = 999_999_999_999
    private static let percentageDecimalsMax = 4

    /// `text`, or as many whole characters of it as fit before an ellipsis.
    static func cut(_ text: String, max: Int) -> String {
        guard text.unicodeScalars.count > max else { return text }
        var room = max - 1
        let kept = text.prefix { character in
            room -= character.unicodeScalars.count
            return room >= 0
        }
        return kept + "…"
    }

    static func check(_ text: String, max: Int, what: String, mayBeEmpty: Bool = true) throws(ConnectorError) {
        guard mayBeEmpty || !text.isEmpty else { throw StripeErrors.refused("empty_text", "\(what) is empty") }
        let length = text.unicodeScalars.count
        guard length <= max else {
            throw StripeErrors.refused(
                "text_too_long", "\(what) has \(length) characters, but Stripe takes \(max); shorten it")
        }
    }

    /// Minor units, checked against the invoice's currency and the step that Stripe wants amounts to have in it.
    static func amount(_ money: Money, in currency: Currency, what: String) throws(ConnectorError) -> Int64 {
        guard money.currency == currency else {
            throw StripeErrors.refused(
                "mixed_currencies", "\(what) is in \(money.currency), but the invoice's first line in \(currency)")
        }
        guard money.minorUnits.magnitude <= amountMax.magnitude else {
            throw StripeErrors.refused("amount_too_large", "\(what) has more than 12 digits in minor units")
        }
        guard money.minorUnits.isMultiple(of: currency.step) else {
            throw StripeErrors.refused(
                "amount_step", "\(what), \(money), must be a multiple of \(currency.step) minor units in \(currency)")
        }
        return money.minorUnits
    }

    /// `amount` of something that stands for itself, in its own currency.
    static func positive(_ money: Money, what: String) throws(ConnectorError) -> Int64 {
        guard money.minorUnits > 0 else {
            throw StripeErrors.refused("amount_not_positive", "\(what) must be above zero, not \(money)")
        }
        return try amount(money, in: money.currency, what: what)
    }

    /// Per cent as plain digits, exactly.
    static func percentage(_ rate: Decimal, line: Int) throws(ConnectorError) -> String {
        var source = rate
        var rounded = Decimal()
        NSDecimalRound(&rounded, &source, percentageDecimalsMax, .plain)
        guard rate >= 0, rate <= 100, rounded == rate else {
            throw StripeErrors.refused(
                "bad_tax_rate",
                "line \(line) has a tax rate of \(rate) %; Stripe takes 0 to 100 with \(percentageDecimalsMax) decimals"
            )
        }
        return NSDecimalNumber(decimal: rate).description(withLocale: Locale(identifier: "en_US_POSIX"))
    }
}
