import Foundation

/// Turns a receivable into Stripe lines that add up to exactly what is open, to the minor unit, with the books' own
/// VAT on them. Nothing is adjusted in silence: what does not add up is refused.
package enum TaxAllocation {
    /// Stripe takes at most this many lines on an invoice.
    package static let linesMax = 250
    /// A document with more lines than this is refused; so many amounts of the largest size still have a sum.
    package static let bookedLinesMax = 5000

    package enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        case doesNotAddUp(expected: Money, lines: Money)
        case vatWithoutLine(vatCode: String)
        case tooManyLines(Int)
        case offStep(Money)
        case openExceedsTotal(open: Money, total: Money)
        case vatCodeTwice(String)
        case vatOnUntaxed(vatCode: String, VATTreatment)

        package var description: String {
            switch self {
            case .doesNotAddUp(let expected, let lines):
                "the document's total is \(expected) but its lines, VAT and rounding come to \(lines)"
            case .vatWithoutLine(let code): "VAT code \(code) has VAT but no line carries it"
            case .tooManyLines(let count): "\(count) lines are more than one Stripe invoice can stand for"
            case .offStep(let money): "\(money) is not a multiple of \(money.currency.step) minor units"
            case .openExceedsTotal(let open, let total): "\(open) is open of a document of \(total)"
            case .vatCodeTwice(let code): "VAT code \(code) stands twice in the document's VAT"
            case .vatOnUntaxed(let code, let treatment):
                "VAT code \(code) has VAT, but the policy's vat_treatments call it \(treatment.rawValue)"
            }
        }
    }

    /// The lines whose sum, with exclusive VAT, is `open`. The part already settled is one negative line. More lines
    /// than Stripe takes become one line for each VAT code. `treatments` say why a VAT code has no VAT.
    package static func lines(
        of receivable: Receivable, open: Money, treatments: [String: VATTreatment] = [:]
    ) throws(Refusal) -> [InvoiceLine] {
        guard receivable.lines.count <= bookedLinesMax else { throw .tooManyLines(receivable.lines.count) }
        let reading = try reading(of: receivable)
        var booked = receivable.lines
        if let discount = reading.discount { booked += DocumentDiscount.lines(of: discount, receivable, reading) }
        let settled = receivable.total - open
        guard settled.minorUnits >= 0 else { throw .openExceedsTotal(open: open, total: receivable.total) }
        let ends = [
            ("Rounding", receivable.rounding), ("Already settled", .zero(receivable.currency) - settled),
        ].filter { !$0.1.isZero }.map { InvoiceLine(description: $0.0, amount: $0.1, taxes: []) }
        if booked.count + ends.count > linesMax { booked = folded(booked, receivable.taxes) }
        guard booked.count + ends.count <= linesMax else { throw .tooManyLines(booked.count + ends.count) }
        let lines = try taxed(booked, receivable, inclusive: reading.isInclusive, treatments) + ends
        let total = sum(lines, currency: receivable.currency)
        guard total == open else { throw .doesNotAddUp(expected: receivable.total, lines: total + settled) }
        for amount in lines.flatMap({ [$0.amount] + $0.taxes.map(\.amount) }) where !isOnStep(amount) {
            throw .offStep(amount)
        }
        return lines
    }

    private static func isOnStep(_ amount: Money) -> Bool {
        amount.minorUnits.isMultiple(of: amount.currency.step)
    }

    /// What Stripe will make of `lines`: their amounts and the VAT that is not inside them.
    package static func sum(_ lines: [InvoiceLine], currency: Currency) -> Money {
        lines.reduce(.zero(currency)) { total, line in
            line.taxes.filter { !$0.isInclusive }.reduce(total + line.amount) { $0 + $1.amount }
        }
    }

    struct Reading {
        /// Prices include VAT.
        var isInclusive: Bool
        /// The document's discount, where its lines do not hold it already.
        var discount: Money?
    }

    /// Visma says neither whether prices include VAT nor whether the lines hold the document's discount, but the sums
    /// do: the lines make the total alone or together with the VAT, and with the discount taken off or without.
    private static func reading(of receivable: Receivable) throws(Refusal) -> Reading {
        let lines = receivable.lines.reduce(receivable.rounding) { $0 + $1.amount }
        var discounts: [Money?] = [nil]
        if let discount = receivable.documentDiscount, discount.isPositive { discounts.append(discount) }
        for discount in discounts {
            let net = lines - (discount ?? .zero(receivable.currency))
            if net + receivable.vatTotal == receivable.total { return Reading(isInclusive: false, discount: discount) }
            if net == receivable.total { return Reading(isInclusive: true, discount: discount) }
        }
        throw .doesNotAddUp(expected: receivable.total, lines: lines + receivable.vatTotal)
    }

    /// One line for each VAT code, in the order in which the codes come; a code's only line stays as it is.
    private static func folded(
        _ lines: [Receivable.Line], _ taxes: [Receivable.TaxDetail]
    ) -> [Receivable.Line] {
        var places: [String?: Int] = [:]
        var counts: [Int] = []
        var result: [Receivable.Line] = []
        for line in lines {
            if let place = places[line.vatCode] {
                result[place].amount = result[place].amount + line.amount
                counts[place] += 1
            } else {
                places[line.vatCode] = result.count
                result.append(line)
                counts.append(1)
            }
        }
        for place in result.indices where counts[place] > 1 {
            let code = result[place].vatCode
            let name = taxes.first { $0.vatCode == code }?.description ?? code ?? "no VAT code"
            result[place].description = "\(counts[place]) lines: \(name)"
        }
        return result
    }

    private static func taxed(
        _ lines: [Receivable.Line], _ receivable: Receivable, inclusive: Bool, _ treatments: [String: VATTreatment]
    ) throws(Refusal) -> [InvoiceLine] {
        var shares: [Int: InvoiceLine.Tax] = [:]
        let step = receivable.currency.step
        let vat = try scaled(receivable)
        for detail in vat {
            guard isOnStep(detail.amount) else { throw .offStep(detail.amount) }
            let treatment = treatments[detail.vatCode]
            if let treatment, !detail.amount.isZero {
                throw .vatOnUntaxed(vatCode: detail.vatCode, treatment)
            }
            let carriers = lines.indices.filter { lines[$0].vatCode == detail.vatCode }
            guard !carriers.isEmpty else {
                if detail.amount.isZero { continue }
                throw .vatWithoutLine(vatCode: detail.vatCode)
            }
            // Split in the smallest amounts that Stripe takes, so that every share is one it takes.
            let steps = split(detail.amount.minorUnits / step, over: carriers.map { lines[$0].amount.minorUnits })
            for (index, share) in zip(carriers, steps) {
                let line = lines[index]
                let tax = Money(minorUnits: share * step, currency: receivable.currency)
                shares[index] = InvoiceLine.Tax(
                    displayName: detail.description, rate: detail.rate, isInclusive: inclusive,
                    taxable: inclusive ? line.amount - tax : line.amount, amount: tax,
                    treatment: treatment)
            }
        }
        return lines.enumerated().map { index, line in
            InvoiceLine(description: line.description, amount: line.amount, taxes: shares[index].map { [$0] } ?? [])
        }
    }

    /// The VAT codes' amounts must make the document's VAT; a difference of single smallest amounts is the books' own
    /// rounding between codes and goes to the largest code, a larger one is refused.
    private static func scaled(_ receivable: Receivable) throws(Refusal) -> [Receivable.TaxDetail] {
        var details = receivable.taxes
        var codes: Set<String> = []
        for detail in details where !codes.insert(detail.vatCode).inserted { throw .vatCodeTwice(detail.vatCode) }
        let currency = receivable.currency
        let sum = details.reduce(Money.zero(currency)) { $0 + $1.amount }
        let residual = receivable.vatTotal - sum
        if residual.isZero { return details }
        let largest = details.indices.max { left, right in
            (details[left].amount.minorUnits.magnitude, right) < (details[right].amount.minorUnits.magnitude, left)
        }
        guard let largest, residual.minorUnits.magnitude <= UInt64(details.count) * UInt64(currency.step) else {
            throw .doesNotAddUp(expected: receivable.vatTotal, lines: sum)
        }
        details[largest].amount = details[largest].amount + residual
        return details
    }

    /// Splits `total` in proportion to `weights`, each part rounded towards zero; what remains goes, once, to the
    /// last part with a weight. The parts always add up to `total`. Reckoned in 128 bits, and wrapping, as the sum of
    /// the parts is known to come back into range: the books are not ours, and no document may stop the process.
    static func split(_ total: Int64, over weights: [Int64]) -> [Int64] {
        guard let last = weights.lastIndex(where: { $0 != 0 }) ?? weights.indices.last else { return [] }
        let whole = weights.reduce(Int128(0)) { $0 + Int128($1) }
        var parts = weights.map { whole == 0 ? 0 : Int128(total) * Int128($0) / whole }
        parts[last] &+= Int128(total) &- parts.reduce(0, &+)
        let fitting = parts.compactMap { Int64(exactly: $0) }
        if fitting.count == weights.count { return fitting }
        // The weights all but cancel out: no share can be told, so that one line carries it all.
        return weights.indices.map { $0 == last ? total : 0 }
    }
}

/// The document's discount as lines of their own, where the books keep it beside the lines.
private enum DocumentDiscount {
    /// One line for each VAT code whose base the discount lowered, so that each code's base is the books' own; a
    /// single line without VAT when the bases do not say how it was shared.
    static func lines(
        of discount: Money, _ receivable: Receivable, _ reading: TaxAllocation.Reading
    ) -> [Receivable.Line] {
        let zero = Money.zero(receivable.currency)
        var booked: [String: Money] = [:]
        for line in receivable.lines {
            if let code = line.vatCode { booked[code] = (booked[code] ?? zero) + line.amount }
        }
        let shares = receivable.taxes.compactMap { tax -> (code: String, amount: Money)? in
            guard let before = booked[tax.vatCode] else { return nil }
            let share = before - (reading.isInclusive ? tax.taxable + tax.amount : tax.taxable)
            return share.isZero ? nil : (tax.vatCode, share)
        }
        let isTold = shares.allSatisfy { $0.amount.isPositive } && shares.reduce(zero) { $0 + $1.amount } == discount
        let parts: [(code: String?, amount: Money)] =
            isTold ? shares.map { (code: $0.code, amount: $0.amount) } : [(code: nil, amount: discount)]
        return parts.enumerated().map { place, part in
            Receivable.Line(
                number: receivable.lines.count + place + 1, description: "Discount", quantity: 1,
                amount: zero - part.amount, vatCode: part.code)
        }
    }
}
