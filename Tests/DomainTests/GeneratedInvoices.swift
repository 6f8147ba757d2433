import Foundation

@testable import Domain

/// A document as a ledger would make it, with the ledger's own arithmetic: what the lines for Stripe are held against.
/// All amounts are whole steps, the smallest amounts that Stripe takes in the currency.
struct GeneratedInvoice {
    /// What makes its parts disagree; nil when the books are sound.
    enum Fault: String, CaseIterable {
        case total, vatOfNoLine, vatTotal, codeTwice, halfStep, openOverTotal, vatOnUntaxed, vatOfCodes
    }

    /// Currency, and how many of Stripe's minor units one step is.
    static let currencies: [(code: String, step: Int64)] = [
        ("NOK", 1), ("SEK", 1), ("EUR", 1), ("HUF", 1), ("JPY", 1), ("ISK", 100), ("UGX", 100), ("KWD", 10),
    ]

    /// VAT codes: per cent, and whether the seller charges it.
    static let codes: [(code: String, rate: Int64, isCharged: Bool)] = [
        ("3", 25, true), ("31", 15, true), ("33", 12, true), ("5", 0, true), ("6", 0, true), ("51", 25, false),
    ]
    static let treatments: [String: VATTreatment] = ["5": .zeroRated, "6": .exempt, "51": .reverseCharge]

    var currency: String
    var step: Int64
    var isInclusive: Bool
    var isForeign = false
    var fault: Fault?
    /// Amounts with their VAT code; a line without one is a discount of the whole document.
    var lines: [(amount: Int64, code: String?)]
    /// By code, and the part of it that the books' own list of VAT does not show when it was converted.
    var vat: [String: Int64] = [:]
    var listedVAT: [String: Int64] = [:]
    var base: [String: Int64] = [:]
    var discount: Int64 = 0
    var rounding: Int64 = 0
    var total: Int64 = 0
    var open: Int64 = 0

    init(_ random: inout SplitMix) {
        let drawn = random.pick(Self.currencies)
        currency = drawn.code
        step = drawn.step
        isInclusive = random.number(0...2) == 0
        let most: Int64 = random.number(0...9) == 0 ? 400 : 12
        lines = (0..<random.number(1...most)).map { _ in
            let amount = random.number(0...9) == 0 ? random.number(-20_000...(-1)) : random.number(1...200_000)
            return (amount, random.pick(Self.codes).code)
        }
        if random.number(0...9) == 0 { lines.append((-random.number(1...500), nil)) }
        takeDiscount(&random)
        reckon()
        if random.number(0...4) == 0 { rounding = random.number(-50...50) }
        total = lines.reduce(rounding - discount) { $0 + $1.amount } + (isInclusive ? 0 : vat.values.reduce(0, +))
        open = total > 1 && random.number(0...3) == 0 ? random.number(1...total) : total
        if random.number(0...3) == 0 { convert(&random) }
        if random.number(0...5) == 0 { spoil(random.pick(Fault.allCases), &random) }
    }

    private static func rate(_ code: String) -> Int64 {
        codes.first { $0.code == code }.map { $0.isCharged ? $0.rate : 0 } ?? 0
    }

    /// A share of the whole document, taken off the bases of its codes: beside the lines, or as lines.
    private mutating func takeDiscount(_ random: inout SplitMix) {
        for line in lines { if let code = line.code { base[code, default: 0] += line.amount } }
        guard random.number(0...5) == 0 else { return }
        let percent = random.number(1...30)
        let isBesideLines = random.number(0...1) == 0
        for code in base.keys.sorted() {
            let share = (base[code] ?? 0) * percent / 100
            guard share > 0 else { continue }
            base[code, default: 0] -= share
            if isBesideLines { discount += share } else { lines.append((-share, code)) }
        }
    }

    /// Each code's VAT is rounded once, halves away from zero.
    private mutating func reckon() {
        for (code, amount) in base {
            let rate = Self.rate(code)
            let divisor = isInclusive ? 100 + rate : 100
            let doubled = 2 * amount * rate
            vat[code] = (doubled + (doubled < 0 ? -divisor : divisor)) / (2 * divisor)
        }
        listedVAT = vat
    }

    /// A foreign document whose VAT by code is kept in the base currency, and was rounded there and back.
    private mutating func convert(_ random: inout SplitMix) {
        isForeign = true
        let rate = random.number(4000...120_000)
        for (code, amount) in vat {
            let converted = Self.rounded(amount * rate, by: 10_000)
            let back = Self.rounded(converted * 10_000, by: rate)
            // One unit is what rounding can do; a rate so low that it does more would be refused.
            if abs(back - amount) <= 1 { listedVAT[code] = back }
        }
    }

    private static func rounded(_ amount: Int64, by divisor: Int64) -> Int64 {
        (2 * amount + (amount < 0 ? -divisor : divisor)) / (2 * divisor)
    }

    /// Breaks it so that nothing agrees by accident either.
    private mutating func spoil(_ fault: Fault, _ random: inout SplitMix) {
        let charged = vat.keys.sorted().filter { Self.rate($0) > 0 }
        switch fault {
        case .total:
            let sum = lines.reduce(rounding) { $0 + $1.amount }
            let all = vat.values.reduce(0, +)
            let sound: Set = [sum, sum + all, sum - discount, sum - discount + all]
            repeat { total += random.number(1...3) } while sound.contains(total)
            open = total
        case .vatOfNoLine: listedVAT["99"] = 7
        case .vatTotal: listedVAT[charged.first ?? "3", default: 0] += 5000
        case .codeTwice: break
        case .halfStep:
            guard step > 1 else { return }
        case .openOverTotal: open = total + random.number(1...1000)
        case .vatOnUntaxed:
            guard let code = charged.first, vat[code] != 0 else { return }
        case .vatOfCodes:
            guard !charged.isEmpty, vat.values.contains(where: { abs($0) > 100 }) else { return }
        }
        self.fault = fault
    }

    /// As the connector reads it from Visma.
    func receivable() throws -> Receivable {
        guard let currency = Currency(currency) else { throw AmountError.notANumber }
        func money(_ steps: Int64) -> Money { Money(minorUnits: steps * step, currency: currency) }
        var receivable = Samples.receivable()
        receivable.currency = currency
        receivable.lines = lines.enumerated().map { Samples.line($0 + 1, money($1.amount), vat: $1.code) }
        receivable.taxes = listedVAT.sorted { $0.key < $1.key }.map { code, amount in
            let rate = Self.codes.first { $0.code == code }?.rate ?? 0
            return Receivable.TaxDetail(
                vatCode: code, description: code, rate: Decimal(rate), taxable: money(base[code] ?? 0),
                amount: money(amount))
        }
        if isInclusive {
            for index in receivable.taxes.indices {
                let tax = receivable.taxes[index]
                receivable.taxes[index].taxable = tax.taxable - tax.amount
            }
        }
        receivable.vatTotal = money(vat.values.reduce(0, +))
        receivable.rounding = money(rounding)
        receivable.documentDiscount = discount == 0 ? nil : money(discount)
        receivable.total = money(total)
        receivable.balance = money(open)
        if fault == .codeTwice, let first = receivable.taxes.first { receivable.taxes.append(first) }
        if fault == .halfStep {
            receivable.lines[0].amount.minorUnits += step / 2
            receivable.total.minorUnits += step / 2
            receivable.balance = receivable.total
        }
        if fault == .vatOfCodes { receivable.taxes = [] }
        return receivable
    }

    /// What the company's policy says of its VAT codes.
    var treatments: [String: VATTreatment] {
        guard fault == .vatOnUntaxed, let code = vat.keys.sorted().first(where: { Self.rate($0) > 0 }) else {
            return Self.treatments
        }
        return [code: .exempt]
    }

    /// What is wrong with `lines` for Stripe; nil when they say what the books say, to the smallest amount.
    func fault(in lines: [InvoiceLine]) -> String? {
        guard lines.count <= 250 else { return "\(lines.count) lines" }
        var sum: Int64 = 0
        var byCode: [String: Int64] = [:]
        for line in lines {
            sum += line.amount.minorUnits
            for tax in line.taxes {
                if !tax.isInclusive { sum += tax.amount.minorUnits }
                byCode[tax.displayName, default: 0] += tax.amount.minorUnits
                if tax.treatment != treatments[tax.displayName] { return "code \(tax.displayName) has no reason" }
            }
            let amounts = [line.amount] + line.taxes.flatMap { [$0.amount, $0.taxable] }
            if amounts.contains(where: { $0.minorUnits % step != 0 || $0.currency.code != currency }) {
                return "an amount is off Stripe's step"
            }
        }
        if sum != open * step { return "\(sum) of \(open * step)" }
        // What was rounded on the way through the base currency stands on one code, and on no other.
        let residual = vat.values.reduce(0, +) - listedVAT.values.reduce(0, +)
        let moved = listedVAT.filter { byCode[$0.key, default: 0] != $0.value * step }
        if moved.count > (residual == 0 ? 0 : 1) { return "VAT of \(moved.keys.sorted()) is not the books'" }
        return byCode.values.reduce(0, +) == vat.values.reduce(0, +) * step ? nil : "the VAT total is not the books'"
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
