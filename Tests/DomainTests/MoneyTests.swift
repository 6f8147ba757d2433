import Foundation
import Testing

@testable import Domain

@Suite("Money")
struct MoneyTests {
    struct Exact: Sendable, CustomTestStringConvertible {
        let text: String
        let minorUnits: Int64
        var testDescription: String { text }
    }

    static let exact = [
        Exact(text: "1234567.89", minorUnits: 123_456_789), Exact(text: "0.07", minorUnits: 7),
        Exact(text: "19.99", minorUnits: 1999), Exact(text: "99999999999.99", minorUnits: 9_999_999_999_999),
        Exact(text: "360.0000", minorUnits: 36000), Exact(text: "-0.01", minorUnits: -1),
        Exact(text: "0", minorUnits: 0), Exact(text: "0.000000", minorUnits: 0),
        Exact(text: "4.35", minorUnits: 435), Exact(text: "1.10", minorUnits: 110),
    ]

    @Test("An amount is taken exactly from JSON", arguments: exact)
    func decodes(_ sample: Exact) throws {
        struct Row: Decodable { let amount: ExactAmount }
        let row = try JSONDecoder().decode(Row.self, from: Data("{\"amount\": \(sample.text)}".utf8))
        #expect(try Money(row.amount, currency: .nok) == Money(minorUnits: sample.minorUnits, currency: .nok))
    }

    @Test("An amount is taken exactly from text", arguments: exact)
    func parses(_ sample: Exact) throws {
        let amount = try ExactAmount(parsing: sample.text)
        #expect(try Money(amount, currency: .nok).minorUnits == sample.minorUnits)
    }

    @Test("Every step of a hundredth up to a thousand, and what comes out is what went in")
    func everyHundredth() throws {
        for minorUnits in Int64(-1000)...100_000 {
            let money = Money(minorUnits: minorUnits, currency: .eur)
            let read = try JSONDecoder().decode(ExactAmount.self, from: Data(money.majorText.utf8))
            guard try Money(read, currency: .eur) == money else {
                Issue.record("\(money.majorText) came back as \(read.value)")
                return
            }
        }
    }

    @Test("28 digits are taken, 29 are an error, in text and in JSON, with either sign")
    func digits() throws {
        let most = "12345678901234567890123456.78"
        let tooMany = "123456789012345678901234567.89"
        for sign in ["", "-"] {
            #expect(try ExactAmount(parsing: sign + most).value.description == sign + most)
            #expect(
                try JSONDecoder().decode(ExactAmount.self, from: Data((sign + most).utf8)).value.description
                    == sign + most)
            #expect(throws: AmountError.tooManyDigits(max: 28)) { try ExactAmount(parsing: sign + tooMany) }
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(ExactAmount.self, from: Data((sign + tooMany).utf8))
            }
        }
    }

    @Test("Digits beyond what a Decimal holds are not cut off in silence")
    func digitsBeyondDecimal() {
        for text in ["0.1" + String(repeating: "0", count: 45) + "1", "1" + String(repeating: "0", count: 45) + ".5"] {
            for json in [text, "-" + text, "{\"amount\": \(text)}", "[\"\\\"\", \(text)]"] {
                #expect(throws: AmountError.tooManyDigits(max: 28), "\(json)") {
                    try ExactJSON.checkDigits(in: Array(json.utf8))
                }
            }
            #expect(throws: AmountError.tooManyDigits(max: 28)) { try ExactAmount(parsing: text) }
        }
    }

    @Test("Long strings of digits, many short numbers and small exponents pass the guard")
    func plainJSON() throws {
        let digits = String(repeating: "9", count: 50)
        for json in [
            "{\"a\": \"\(digits)\", \"b\\\"\(digits)\": 1}", "[" + String(repeating: "99.99,", count: 50) + "1]",
            "[12345678901234567890123456.78, 1e-5, 0.0000000000000000000000000000000000001]",
        ] { try ExactJSON.checkDigits(in: Array(json.utf8)) }
    }

    @Test("Zeros in front do not count as digits")
    func leadingZeros() throws {
        #expect(try ExactAmount(parsing: String(repeating: "0", count: 40) + "1.50").value.description == "1.5")
    }

    @Test("A fraction of a minor unit is refused, never rounded")
    func fraction() throws {
        for (text, currency) in [("0.001", Currency.nok), ("19.995", .eur), ("0.5", .jpy), ("100.01", .jpy)] {
            let amount = try ExactAmount(parsing: text)
            #expect(throws: AmountError.fractionOfMinorUnit, "\(text) \(currency)") {
                try Money(amount, currency: currency)
            }
        }
    }

    @Test("What has no safe sum is out of range")
    func range() throws {
        let limit = Money(minorUnits: Money.minorUnitsMax, currency: .jpy)
        #expect(try Money(ExactAmount(parsing: limit.majorText), currency: .jpy) == limit)
        let over = try ExactAmount(parsing: String(Money.minorUnitsMax + 1))
        #expect(throws: AmountError.outOfRange) { try Money(over, currency: .jpy) }
        #expect(throws: AmountError.outOfRange) {
            try Money(ExactAmount(parsing: "9999999999999999999999999999"), currency: .nok)
        }
    }

    @Test(
        "What is not a plain decimal number is not parsed",
        arguments: ["", "-", ".", "1.", ".5", "1,50", "1 000", "1e3", "+1", "--1", "1.2.3", "NaN", "٣", "1.5 ", "0x1"])
    func notANumber(_ text: String) {
        #expect(throws: AmountError.notANumber) { try ExactAmount(parsing: text) }
    }

    @Test("Not a number is not an amount")
    func notANumberValue() {
        #expect(throws: AmountError.notANumber) { try ExactAmount(Decimal.nan) }
    }

    struct Units: Sendable, CustomTestStringConvertible {
        let code: String
        let exponent: Int
        let step: Int64
        var testDescription: String { code }
    }

    @Test(
        "The minor unit is Stripe's",
        arguments: [
            Units(code: "NOK", exponent: 2, step: 1), Units(code: "JPY", exponent: 0, step: 1),
            Units(code: "ISK", exponent: 2, step: 100), Units(code: "UGX", exponent: 2, step: 100),
            Units(code: "HUF", exponent: 2, step: 1), Units(code: "KWD", exponent: 3, step: 10),
            Units(code: "BHD", exponent: 3, step: 10), Units(code: "MGA", exponent: 0, step: 1),
        ])
    func units(_ sample: Units) throws {
        let currency = try #require(Currency(sample.code))
        #expect(currency.exponent == sample.exponent)
        #expect(currency.step == sample.step)
    }

    @Test("A currency is three ASCII letters, in either case")
    func currency() throws {
        #expect(Currency("nok") == .nok)
        #expect(try #require(Currency("Sek")).stripeCode == "sek")
        for text in ["", "NO", "NOKK", "N0K", "ßa", "ſek", "N K", "@OK", "[OK"] {
            #expect(Currency(text) == nil, "\(text)")
        }
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Currency].self, from: Data("[\"kr\"]".utf8)) }
    }

    @Test("Amounts are written with as many decimals as the currency has")
    func majorText() throws {
        let kuwait = try #require(Currency("KWD"))
        let cases: [(Int64, Currency, String)] = [
            (125_000, .nok, "1250.00"), (7, .nok, "0.07"), (-7, .nok, "-0.07"), (-123_456, .eur, "-1234.56"),
            (0, .eur, "0.00"), (1200, .jpy, "1200"), (-5, .jpy, "-5"), (1230, kuwait, "1.230"), (-1, kuwait, "-0.001"),
            (Int64.min, .nok, "-92233720368547758.08"),
        ]
        for (minorUnits, currency, text) in cases {
            #expect(Money(minorUnits: minorUnits, currency: currency).majorText == text)
        }
        #expect(Money(minorUnits: 120_000, currency: .sek).description == "1200.00 SEK")
    }

    @Test("Sums and differences keep the currency, and the decimal is exact")
    func arithmetic() {
        let sum = Money(minorUnits: 1999, currency: .dkk) + Money(minorUnits: 1, currency: .dkk)
        #expect(sum == Money(minorUnits: 2000, currency: .dkk))
        #expect((sum - Money(minorUnits: 2001, currency: .dkk)).minorUnits == -1)
        #expect(Money(minorUnits: 1999, currency: .dkk).decimal.description == "19.99")
        #expect(Money.zero(.jpy).isZero && !Money.zero(.jpy).isPositive)
    }
}
