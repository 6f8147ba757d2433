/// An ISO 4217 code with Stripe's own idea of its minor unit, which is not always ISO's.
/// Source: Stripe's currency page (zero-decimal list; ISK and UGX sent times one hundred and a multiple of it;
/// three-decimal currencies with the last digit zero).
package struct Currency: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    /// Upper case, as Visma writes it.
    package let code: String

    /// Nil unless `code` is three ASCII letters.
    package init?(_ code: String) {
        // Before the case is changed: some letters of other alphabets become ASCII ones by it.
        let isThreeLetters = code.utf8.count == 3 && code.utf8.allSatisfy { (65...90).contains($0 & 0xDF) }
        guard isThreeLetters else { return nil }
        self.code = code.uppercased()
    }

    private init(known code: String) { self.code = code }

    package static let nok = Currency(known: "NOK")
    package static let sek = Currency(known: "SEK")
    package static let dkk = Currency(known: "DKK")
    package static let eur = Currency(known: "EUR")
    package static let usd = Currency(known: "USD")
    package static let jpy = Currency(known: "JPY")

    /// Lower case, as Stripe writes it.
    package var stripeCode: String { code.lowercased() }

    private static let zeroDecimal: Set<String> = [
        "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
    ]
    private static let threeDecimal: Set<String> = ["BHD", "JOD", "KWD", "OMR", "TND"]

    /// Decimal places of the integer amounts that Stripe takes.
    package var exponent: Int {
        if Self.zeroDecimal.contains(code) { return 0 }
        return Self.threeDecimal.contains(code) ? 3 : 2
    }

    /// Every amount sent to Stripe must be a multiple of this many minor units.
    package var step: Int64 {
        if code == "ISK" || code == "UGX" { return 100 }
        return Self.threeDecimal.contains(code) ? 10 : 1
    }

    package var description: String { code }

    package static func < (left: Currency, right: Currency) -> Bool { left.code < right.code }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Currency(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a currency is three letters"))
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(code)
    }
}
