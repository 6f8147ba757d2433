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
                "251 lines", receivable(Array(repeating: (100, nil), count: 251), [], total: 25_100), .tooManyLines(251)
            ),
            (
                "250 lines and a rounding",
                receivable(Array(repeating: (100, nil), count: 250), [], total: 25_001, rounding: 1), .tooManyLines(251)
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

    @Test("250 lines are taken")
    func mostLines() throws {
        let all = receivable(Array(repeating: (100, nil), count: 250), [], total: 25_000)
        #expect(try lines(all).count == 250)
    }

    @Test("10,000 random invoices: the lines make what is open to the minor unit, or the invoice is refused")
    func randomInvoices() throws {
        var random = SplitMix(seed: 20_261_122)
        var accepted = 0
        for round in 0..<10_000 {
            let sample = randomInvoice(&random)
            do {
                let lines = try TaxAllocation.lines(of: sample, open: sample.balance)
                accepted += 1
                let vat = lines.flatMap(\.taxes).reduce(Int64(0)) { $0 + $1.amount.minorUnits }
                let isExact =
                    TaxAllocation.sum(lines, currency: sample.currency) == sample.balance
                    && vat == sample.vatTotal.minorUnits
                    && lines.allSatisfy { line in
                        ([line.amount] + line.taxes.map(\.amount)).allSatisfy {
                            $0.minorUnits.isMultiple(of: sample.currency.step)
                        }
                    }
                guard isExact else {
                    Issue.record("round \(round): \(sample) became \(lines)")
                    return
                }
            } catch {
                continue
            }
        }
        #expect(accepted > 6000, "most random invoices are sound, so most must be taken: \(accepted)")
    }

    private func randomInvoice(_ random: inout SplitMix) -> Receivable {
        let rates: [(String, Int64)] = [("3", 25), ("31", 15), ("33", 12), ("0", 0)]
        let currency: Currency = random.pick([.nok, .eur, .jpy, Currency("ISK") ?? .nok, Currency("KWD") ?? .nok])
        let step = currency.step
        let drawn = (0..<random.number(1...12)).map { _ -> (Int64, (String, Int64)) in
            (random.number(-2000...200_000) * step, random.pick(rates))
        }
        let isInclusive = random.number(0...2) == 0
        let taxes = rates.compactMap { code, rate -> (String, Decimal, Int64)? in
            let base = drawn.filter { $0.1.0 == code }.reduce(Int64(0)) { $0 + $1.0 } / step
            guard drawn.contains(where: { $0.1.0 == code }) else { return nil }
            let share = isInclusive ? base * rate / (100 + rate) : (base * rate + 50) / 100
            return (code, Decimal(rate), share * step)
        }
        // Now and then the books are off: by a unit in the VAT, which is theirs to round, or by more in the total.
        let slip = random.number(0...9) == 0 ? random.number(-1...1) * step : 0
        let error = random.number(0...9) == 0 ? random.number(1...50) * step : 0
        let vat = taxes.reduce(slip) { $0 + $1.2 }
        let rounding = random.number(0...4) == 0 ? random.number(-50...50) * step : 0
        let total = drawn.reduce(rounding + (isInclusive ? 0 : vat) + error) { $0 + $1.0 }
        let open = random.number(0...3) == 0 ? random.number(0...max(1, abs(total) / step)) * step : total
        return receivable(
            drawn.map { ($0.0, $0.1.0) }, taxes, total: total, vat: vat, rounding: rounding, open: open,
            currency: currency)
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

/// SplitMix64: the same numbers for the same seed, on every machine.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func number(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    mutating func pick<T>(_ choices: [T]) -> T { choices[Int(next() % UInt64(choices.count))] }
}
