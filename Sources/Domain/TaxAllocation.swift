/// Turns a receivable into Stripe lines that add up to exactly what is open, to the minor unit, with the books' own
/// VAT on them. Nothing is adjusted in silence: what does not add up is refused.
package enum TaxAllocation {
    /// Stripe takes at most this many lines on an invoice.
    package static let linesMax = 250

    package enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        case doesNotAddUp(expected: Money, lines: Money)
        case vatWithoutLine(vatCode: String)
        case tooManyLines(Int)
        case offStep(Money)

        package var description: String {
            switch self {
            case .doesNotAddUp(let expected, let lines):
                "the document's total is \(expected) but its lines, VAT and rounding come to \(lines)"
            case .vatWithoutLine(let code): "VAT code \(code) has VAT but no line carries it"
            case .tooManyLines(let count): "\(count) lines are more than the \(linesMax) that Stripe takes"
            case .offStep(let money): "\(money) is not a multiple of \(money.currency.step) minor units"
            }
        }
    }

    /// The lines whose sum, with exclusive VAT, is `open`. The part already settled is one negative line.
    package static func lines(of receivable: Receivable, open: Money) throws(Refusal) -> [InvoiceLine] {
        let inclusive = try pricesIncludeVAT(receivable)
        var lines = try taxed(receivable, inclusive: inclusive)
        if !receivable.rounding.isZero {
            lines.append(InvoiceLine(description: "Rounding", amount: receivable.rounding, taxes: []))
        }
        let total = sum(lines, currency: receivable.currency)
        guard total == receivable.total else { throw .doesNotAddUp(expected: receivable.total, lines: total) }
        let settled = receivable.total - open
        if !settled.isZero {
            let negative = Money(minorUnits: -settled.minorUnits, currency: settled.currency)
            lines.append(InvoiceLine(description: "Already settled", amount: negative, taxes: []))
        }
        guard lines.count <= linesMax else { throw .tooManyLines(lines.count) }
        for line in lines where line.amount.minorUnits % line.amount.currency.step != 0 { throw .offStep(line.amount) }
        return lines
    }

    /// What Stripe will make of `lines`: their amounts and the VAT that is not inside them.
    package static func sum(_ lines: [InvoiceLine], currency: Currency) -> Money {
        lines.reduce(.zero(currency)) { total, line in
            line.taxes.filter { !$0.isInclusive }.reduce(total + line.amount) { $0 + $1.amount }
        }
    }

    /// Visma does not say whether prices include VAT, but the sums do: either the lines already make the total, or
    /// they make it together with the VAT.
    private static func pricesIncludeVAT(_ receivable: Receivable) throws(Refusal) -> Bool {
        let lines = receivable.lines.reduce(receivable.rounding) { $0 + $1.amount }
        if lines + receivable.vatTotal == receivable.total { return false }
        if lines == receivable.total { return true }
        throw .doesNotAddUp(expected: receivable.total, lines: lines + receivable.vatTotal)
    }

    private static func taxed(_ receivable: Receivable, inclusive: Bool) throws(Refusal) -> [InvoiceLine] {
        var shares: [Int: InvoiceLine.Tax] = [:]
        let vat = try scaled(receivable)
        for detail in vat {
            let carriers = receivable.lines.indices.filter { receivable.lines[$0].vatCode == detail.vatCode }
            guard !carriers.isEmpty else {
                if detail.amount.isZero { continue }
                throw .vatWithoutLine(vatCode: detail.vatCode)
            }
            let amounts = split(
                detail.amount.minorUnits, over: carriers.map { receivable.lines[$0].amount.minorUnits })
            for (index, amount) in zip(carriers, amounts) {
                let line = receivable.lines[index]
                let tax = Money(minorUnits: amount, currency: receivable.currency)
                shares[index] = InvoiceLine.Tax(
                    displayName: detail.description, rate: detail.rate, isInclusive: inclusive,
                    taxable: inclusive ? line.amount - tax : line.amount, amount: tax)
            }
        }
        return receivable.lines.enumerated().map { index, line in
            InvoiceLine(description: line.description, amount: line.amount, taxes: shares[index].map { [$0] } ?? [])
        }
    }

    /// The VAT codes' amounts must make the document's VAT; a difference of single minor units is the books' own
    /// rounding between codes and goes to the largest code, a larger one is refused.
    private static func scaled(_ receivable: Receivable) throws(Refusal) -> [Receivable.TaxDetail] {
        var details = receivable.taxes
        let currency = receivable.currency
        let sum = details.reduce(Money.zero(currency)) { $0 + $1.amount }
        let residual = receivable.vatTotal - sum
        if residual.isZero { return details }
        let largest = details.indices.max { left, right in
            (details[left].amount.minorUnits.magnitude, right) < (details[right].amount.minorUnits.magnitude, left)
        }
        guard let largest, residual.minorUnits.magnitude <= UInt64(details.count) else {
            throw .doesNotAddUp(expected: receivable.vatTotal, lines: sum)
        }
        details[largest].amount = details[largest].amount + residual
        return details
    }

    /// Splits `total` in proportion to `weights`, each part rounded towards zero; what remains goes, once, to the
    /// last part with a weight. The parts always add up to `total`.
    static func split(_ total: Int64, over weights: [Int64]) -> [Int64] {
        let whole = weights.reduce(0, +)
        var parts: [Int64] = []
        for weight in weights {
            guard let part = proportion(total, weight, whole) else {
                // No share can be told: the weights cancel out, or are out of all proportion to what they share.
                return weights.indices.map { $0 == weights.count - 1 ? total : 0 }
            }
            parts.append(part)
        }
        let last = weights.lastIndex { $0 != 0 } ?? weights.count - 1
        parts[last] += total - parts.reduce(0, +)
        return parts
    }

    /// `total * weight / whole` towards zero through a 128-bit product; nil when it has no value that fits.
    private static func proportion(_ total: Int64, _ weight: Int64, _ whole: Int64) -> Int64? {
        guard whole != 0 else { return nil }
        let product = total.magnitude.multipliedFullWidth(by: weight.magnitude)
        guard product.high < whole.magnitude else { return nil }
        let quotient = whole.magnitude.dividingFullWidth(product).quotient
        guard let magnitude = Int64(exactly: quotient) else { return nil }
        let negatives = [total, weight, whole].filter { $0 < 0 }.count
        return negatives.isMultiple(of: 2) ? magnitude : -magnitude
    }
}
