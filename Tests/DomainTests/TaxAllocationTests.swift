import Foundation
import Testing

@testable import Domain

@Suite("Lines and VAT")
struct TaxAllocationTests {
    private func ore(_ amount: Int64) -> Money { Samples.ore(amount) }

    /// A document of `lines` (amount, VAT code) and `taxes` (code, rate, amount), all in minor units.
    private func receivable(
        _ lines: [(Int64, String?)], _ taxes: [(String, Decimal, Int64)], total: Int64, vat: Int64? = nil,
        rounding: Int64 = 0, open: Int64? = nil, currency: Currency = .nok
    ) -> Receivable {
        func money(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: currency) }
        var receivable = Samples.receivable()
        receivable.currency = currency
        receivable.lines = lines.enumerated().map { Samples.line($0 + 1, money($1.0), vat: $1.1) }
        receivable.taxes = taxes.map { Samples.tax($0.0, $0.1, taxable: money(0), money($0.2)) }
        receivable.total = money(total)
        receivable.vatTotal = money(vat ?? taxes.reduce(0) { $0 + $1.2 })
        receivable.rounding = money(rounding)
        receivable.balance = money(open ?? total)
        return receivable
    }

    private func lines(_ receivable: Receivable) throws -> [InvoiceLine] {
        let lines = try TaxAllocation.lines(of: receivable, open: receivable.balance)
        #expect(TaxAllocation.sum(lines, currency: receivable.currency) == receivable.balance)
        return lines
    }

    @Test("25, 15 and 0 % on prices without VAT: each code's VAT on the lines that carry it")
    func exclusive() throws {
        let lines = try lines(
            receivable(
                [(100_000, "3"), (20_000, "31"), (5000, "0"), (40_000, "3")],
                [("3", 25, 35_000), ("31", 15, 3000), ("0", 0, 0)], total: 203_000))
        #expect(lines.map(\.amount.minorUnits) == [100_000, 20_000, 5000, 40_000])
        #expect(lines.map { $0.taxes.map(\.amount.minorUnits) } == [[25_000], [3000], [0], [10_000]])
        #expect(lines.map { $0.taxes.map(\.rate) } == [[25], [15], [0], [25]])
        #expect(lines.allSatisfy { $0.taxes.allSatisfy { !$0.isInclusive } })
        #expect(lines[0].taxes[0].taxable == ore(100_000))
        #expect(lines[0].taxes[0].displayName == "VAT 25 %")
    }

    @Test("Prices with VAT: the amounts stay, the VAT is inside them, and what it is on is the rest")
    func inclusive() throws {
        let lines = try lines(
            receivable([(125_000, "3"), (23_000, "31")], [("3", 25, 25_000), ("31", 15, 3000)], total: 148_000))
        #expect(lines.map(\.amount.minorUnits) == [125_000, 23_000])
        #expect(lines.map { $0.taxes.map(\.amount.minorUnits) } == [[25_000], [3000]])
        #expect(lines.map { $0.taxes.map(\.taxable.minorUnits) } == [[100_000], [20_000]])
        #expect(lines.allSatisfy { $0.taxes.allSatisfy(\.isInclusive) })
    }

    @Test("A line without a VAT code, and one whose code has no VAT detail, carry no tax")
    func withoutVAT() throws {
        let lines = try lines(receivable([(1000, nil), (500, "X"), (400, "3")], [("3", 25, 100)], total: 2000))
        #expect(lines.map(\.taxes.count) == [0, 0, 1])
    }

    @Test("The books' rounding of the total is a line of its own, of either sign", arguments: [Int64(-40), 60])
    func roundingLine(_ rounding: Int64) throws {
        let lines = try lines(
            receivable([(10_040, "3")], [("3", 25, 2510)], total: 12_550 + rounding, rounding: rounding))
        #expect(lines.last?.description == "Rounding")
        #expect(lines.last?.amount == ore(rounding))
        #expect(lines.last?.taxes.isEmpty == true)
    }

    @Test("A partly settled document has its full lines and one negative line")
    func partlySettled() throws {
        let lines = try lines(receivable([(100_000, "3")], [("3", 25, 25_000)], total: 125_000, open: 75_000))
        #expect(lines.map(\.amount.minorUnits) == [100_000, -50_000])
        #expect(lines[0].taxes.map(\.amount.minorUnits) == [25_000])
        #expect(lines[1].description == "Already settled")
        #expect(lines[1].taxes.isEmpty)
    }

    @Test("VAT that does not divide goes, once, to the last line that carries it")
    func residual() throws {
        let lines = try lines(
            receivable([(333, "3"), (333, "3"), (334, "3"), (100, "0")], [("3", 25, 251), ("0", 0, 0)], total: 1351))
        #expect(lines.map { $0.taxes.map(\.amount.minorUnits) } == [[83], [83], [85], [0]])
    }

    @Test("One minor unit between the codes and the document's VAT goes to the largest code")
    func residualBetweenCodes() throws {
        let lines = try lines(
            receivable([(1001, "3"), (1001, "31")], [("3", 25, 250), ("31", 15, 150)], total: 2403, vat: 401))
        #expect(lines.map { $0.taxes.map(\.amount.minorUnits) } == [[251], [150]])
    }

    @Test("A discount is a negative line with negative VAT of its share")
    func discount() throws {
        let lines = try lines(
            receivable(
                [(100_000, "3"), (-10_000, "3"), (-5000, "0")], [("3", 25, 22_500), ("0", 0, 0)], total: 107_500))
        #expect(lines.map { $0.taxes.map(\.amount.minorUnits) } == [[25_000], [-2500], [0]])
    }

    @Test("Lines of one code that cancel out leave their VAT on the last of them")
    func cancellingLines() throws {
        let lines = try lines(
            receivable([(1000, "3"), (-1000, "3"), (5000, "0")], [("3", 25, 1), ("0", 0, 0)], total: 5001))
        #expect(lines.map { $0.taxes.map(\.amount.minorUnits) } == [[0], [1], [0]])
    }

    @Test("JPY has no decimals, and its VAT is whole yen")
    func yen() throws {
        let lines = try lines(receivable([(333, "J"), (333, "J")], [("J", 10, 67)], total: 733, currency: .jpy))
        #expect(lines.map { $0.taxes.map(\.amount.minorUnits) } == [[33], [34]])
    }

    @Test("In a currency with larger steps each share of the VAT is one that Stripe takes", arguments: ["ISK", "KWD"])
    func steps(_ code: String) throws {
        let currency = try #require(Currency(code))
        let step = currency.step
        let lines = try lines(
            receivable(
                [(100 * step, "I"), (100 * step, "I"), (100 * step, "I")], [("I", 24, 73 * step)], total: 373 * step,
                currency: currency))
        #expect(lines.map { $0.taxes.map(\.amount.minorUnits) } == [[24 * step], [24 * step], [25 * step]])
    }

    @Test("What does not add up is refused")
    func refusals() throws {
        let isk = try #require(Currency("ISK"))
        var duplicate = receivable([(1250, "3")], [("3", 25, 250)], total: 1250)
        duplicate.taxes.append(duplicate.taxes[0])
        duplicate.taxes[1].amount = ore(0)
        let cases: [(String, Receivable, TaxAllocation.Refusal)] = [
            (
                "lines one unit short", receivable([(999, "3")], [("3", 25, 250)], total: 1250),
                .doesNotAddUp(expected: ore(1250), lines: ore(1249))
            ),
            (
                "VAT of a code that no line has", receivable([(1000, "0")], [("3", 25, 250)], total: 1250),
                .vatWithoutLine(vatCode: "3")
            ),
            (
                "codes far from the document's VAT", receivable([(1000, "3")], [("3", 25, 240)], total: 1250, vat: 250),
                .doesNotAddUp(expected: ore(250), lines: ore(240))
            ),
            (
                "VAT without any detail", receivable([(1000, "3")], [], total: 1250, vat: 250),
                .doesNotAddUp(expected: ore(250), lines: ore(0))
            ),
            ("a VAT code twice, prices with VAT", duplicate, .vatCodeTwice("3")),
            (
                "more open than the total", receivable([(1000, nil)], [], total: 1000, open: 1001),
                .openExceedsTotal(open: ore(1001), total: ore(1000))
            ),
            (
                "251 VAT codes", receivable((0..<251).map { (100, "\($0)") }, [], total: 25_100), .tooManyLines(251)
            ),
            (
                "250 VAT codes and a rounding",
                receivable((0..<250).map { (100, "\($0)") }, [], total: 25_001, rounding: 1), .tooManyLines(251)
            ),
            (
                "5001 lines", receivable(Array(repeating: (100, nil), count: 5001), [], total: 500_100),
                .tooManyLines(5001)
            ),
            (
                "half a krona of Iceland", receivable([(1050, nil)], [], total: 1050, currency: isk),
                .offStep(Money(minorUnits: 1050, currency: isk))
            ),
            (
                "VAT of half a krona of Iceland",
                receivable([(1050, "I"), (-50, nil)], [("I", 5, 50)], total: 1050, currency: isk),
                .offStep(Money(minorUnits: 50, currency: isk))
            ),
        ]
        for (name, receivable, refusal) in cases {
            #expect(throws: refusal, "\(name)") {
                try TaxAllocation.lines(of: receivable, open: receivable.balance)
            }
            #expect(!refusal.description.isEmpty)
        }
    }

    @Test("250 lines are taken as they are; with one more each VAT code becomes one line that says how many it was")
    func mostLines() throws {
        let whole = receivable(Array(repeating: (100, nil), count: 250), [], total: 25_000)
        #expect(try lines(whole).count == 250)
        let parts: [(Int64, String?)] = (0..<200).map { (333 + $0 % 2, "3") } + (0..<100).map { ($0 - 20, "31") }
        let net = parts.reduce(Int64(0)) { $0 + $1.0 }
        let folded = try lines(
            receivable(
                parts + [(500, "0"), (-40, nil), (-60, nil)], [("3", 25, 16_675), ("31", 15, 443), ("0", 0, 0)],
                total: net + 16_675 + 443 + 400, open: net + 17_000))
        #expect(
            folded.map(\.description) == [
                "200 lines: VAT 25 %", "100 lines: VAT 15 %", "Line 301", "2 lines: no VAT code", "Already settled",
            ])
        #expect(folded.map(\.amount.minorUnits) == [66_700, 2950, 500, -100, -518])
        #expect(folded.map { $0.taxes.map(\.amount.minorUnits) } == [[16_675], [443], [0], [], []])
    }

    @Test("A rounding or a settled part may be the line too many")
    func foldedForEnds() throws {
        let rounded = receivable(Array(repeating: (100, nil), count: 250), [], total: 25_001, rounding: 1)
        #expect(try lines(rounded).map(\.description) == ["250 lines: no VAT code", "Rounding"])
    }

    @Test("A document discount beside the lines is shared by VAT code as the books' bases say")
    func documentDiscount() throws {
        var sample = receivable(
            [(10_000, "3"), (4000, "31"), (1000, "0")], [("3", 25, 2250), ("31", 15, 540), ("0", 0, 0)], total: 16_390)
        sample.documentDiscount = ore(1400)
        sample.taxes[0].taxable = ore(9000)
        sample.taxes[1].taxable = ore(3600)
        sample.taxes[2].taxable = ore(1000)
        let discounted = try lines(sample)
        #expect(discounted.map(\.amount.minorUnits) == [10_000, 4000, 1000, -1000, -400])
        #expect(discounted.map(\.description).suffix(2) == ["Discount", "Discount"])
        #expect(discounted.map { $0.taxes.map(\.amount.minorUnits) } == [[2500], [600], [0], [-250], [-60]])
        sample.taxes[0].taxable = ore(0)
        let untold = try lines(sample)
        #expect(untold.map(\.amount.minorUnits) == [10_000, 4000, 1000, -1400])
        #expect(untold.last?.taxes.isEmpty == true)
        sample.documentDiscount = ore(1399)
        #expect(throws: TaxAllocation.Refusal.doesNotAddUp(expected: ore(16_390), lines: ore(17_790))) {
            try TaxAllocation.lines(of: sample, open: sample.balance)
        }
    }

    @Test("A discount that the lines hold already is not taken off twice")
    func discountInLines() throws {
        var sample = receivable([(10_000, "3"), (-1000, "3")], [("3", 25, 2250)], total: 11_250)
        sample.documentDiscount = ore(1000)
        #expect(try lines(sample).map(\.amount.minorUnits) == [10_000, -1000])
    }

    @Test("Reverse charge, exempt and zero-rated stay apart, each with its reason; VAT on one of them is refused")
    func treatments() throws {
        let sample = receivable(
            [(100, "51"), (200, "6"), (300, "5"), (400, "3")],
            [("51", 25, 0), ("6", 0, 0), ("5", 0, 0), ("3", 25, 100)],
            total: 1100)
        let treatments: [String: VATTreatment] = ["51": .reverseCharge, "6": .exempt, "5": .zeroRated]
        let lines = try TaxAllocation.lines(of: sample, open: sample.balance, treatments: treatments)
        #expect(lines.map { $0.taxes.map(\.treatment) } == [[.reverseCharge], [.exempt], [.zeroRated], [nil]])
        #expect(throws: TaxAllocation.Refusal.vatOnUntaxed(vatCode: "3", .outsideScope)) {
            try TaxAllocation.lines(of: sample, open: sample.balance, treatments: ["3": .outsideScope])
        }
    }

    @Test(
        "Amounts from Visma's text to Stripe's units, by Stripe's exponent",
        arguments: [
            ("JPY", "1200.0000", Int64(1200)), ("ISK", "1200.0000", 120_000), ("UGX", "1200", 120_000),
            ("HUF", "1200.5000", 120_050), ("KWD", "1200.5600", 1_200_560), ("BHD", "0.0100", 10),
        ])
    func exponents(code: String, text: String, minorUnits: Int64) throws {
        let currency = try #require(Currency(code))
        let amount = try Money(ExactAmount(parsing: text), currency: currency)
        #expect(amount.minorUnits == minorUnits)
        let vat = 5 * currency.step
        let lines = try lines(
            receivable(
                [(minorUnits, "V"), (minorUnits, "V")], [("V", 1, vat)], total: 2 * minorUnits + vat,
                currency: currency))
        #expect(lines.map { $0.taxes.map(\.amount.minorUnits) } == [[2 * currency.step], [3 * currency.step]])
    }

    @Test(
        "What Stripe's units cannot say is refused, not rounded",
        arguments: [("JPY", "1200.5"), ("KWD", "0.0005"), ("HUF", "0.001"), ("ISK", "0.001")])
    func fractions(code: String, text: String) throws {
        let currency = try #require(Currency(code))
        #expect(throws: AmountError.fractionOfMinorUnit) { try Money(ExactAmount(parsing: text), currency: currency) }
    }

    @Test(
        "Half a krona of Iceland, a shilling's part, a fils: off Stripe's step",
        arguments: ["ISK", "UGX", "KWD", "BHD"])
    func offStep(code: String) throws {
        let currency = try #require(Currency(code))
        let sample = receivable(
            [(1000 + currency.step / 2, nil)], [], total: 1000 + currency.step / 2, currency: currency)
        #expect(throws: TaxAllocation.Refusal.offStep(sample.total)) {
            try TaxAllocation.lines(of: sample, open: sample.balance)
        }
    }

    @Test(
        "10,000 generated invoices: total and VAT by code are the books', and broken books are refused",
        arguments: [UInt64(20_261_122)])
    func generatedInvoices(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var counts: [String: Int] = [:]
        // Beside those whose parts are made to disagree.
        var sound = 0
        var round = 0
        while sound < 10_000, round < 20_000 {
            round += 1
            let sample = GeneratedInvoice(&random)
            let receivable = try sample.receivable()
            do {
                let lines = try TaxAllocation.lines(
                    of: receivable, open: receivable.balance, treatments: sample.treatments)
                if let wrong = sample.fault.map({ "\($0.rawValue) was taken" }) ?? sample.fault(in: lines) {
                    Issue.record("seed \(seed), round \(round): \(wrong): \(sample)")
                    return
                }
                sound += 1
                counts["taken in \(sample.currency)", default: 0] += 1
                for (code, name) in ["51": "reverse charge", "6": "exempt", "5": "zero-rated"]
                where sample.vat[code] != nil {
                    counts[name, default: 0] += 1
                }
                if Set(sample.vat.keys).count > 2 { counts["mixed rates", default: 0] += 1 }
                if sample.lines.contains(where: { $0.amount < 0 }) { counts["negative lines", default: 0] += 1 }
                if sample.rounding != 0 { counts["rounding", default: 0] += 1 }
                if sample.isForeign { counts["foreign", default: 0] += 1 }
                if sample.isInclusive { counts["with VAT", default: 0] += 1 }
                if sample.discount > 0 { counts["discount", default: 0] += 1 }
                if sample.open < sample.total { counts["settled", default: 0] += 1 }
                if sample.lines.count > 250 { counts["folded", default: 0] += 1 }
            } catch {
                guard let fault = sample.fault else {
                    Issue.record("seed \(seed), round \(round): \(error): \(sample)")
                    return
                }
                counts["refused for \(fault.rawValue)", default: 0] += 1
            }
        }
        let wanted =
            GeneratedInvoice.currencies.map { "taken in \($0.code)" }
            + GeneratedInvoice.Fault.allCases.map { "refused for \($0.rawValue)" }
            + ["foreign", "with VAT", "discount", "settled", "folded", "reverse charge", "exempt", "zero-rated"]
            + ["mixed rates", "negative lines", "rounding"]
        #expect(sound == 10_000)
        for name in wanted { #expect(counts[name, default: 0] > 50, "seed \(seed): \(name): \(counts)") }
    }

    @Test("A split always adds up and never traps, however extreme the weights are")
    func split() {
        let extremes: [Int64] = [.min, .min + 1, -1_000_000_007, -1, 0, 1, 3, 1_000_000_007, .max - 1, .max]
        for total in extremes {
            for first in extremes {
                for second in extremes {
                    for third in extremes {
                        let parts = TaxAllocation.split(total, over: [first, second, third])
                        guard parts.count == 3, parts.reduce(0, &+) == total else {
                            Issue.record("\(total) over \([first, second, third]) became \(parts)")
                            return
                        }
                    }
                }
            }
        }
        #expect(TaxAllocation.split(100, over: [1, 1, 1]) == [33, 33, 34])
        #expect(TaxAllocation.split(-100, over: [1, 1, 1]) == [-33, -33, -34])
        #expect(TaxAllocation.split(100, over: [2, 1, 0]) == [66, 34, 0])
        #expect(TaxAllocation.split(7, over: [0, 0]) == [0, 7])
        #expect(TaxAllocation.split(7, over: []) == [])
    }

    @Test("250 lines of the largest amounts are summed without a trap")
    func largestAmounts() throws {
        let most = Money.minorUnitsMax
        let all = receivable(
            Array(repeating: (most, "3"), count: 200), [("3", 1, 2 * most)], total: 202 * most, currency: .eur)
        #expect(try lines(all).count == 200)
    }
}
