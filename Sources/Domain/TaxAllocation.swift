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
        case openExceedsTotal(open: Money, total: Money)
        case vatCodeTwice(String)

        package var description: String {
            switch self {
            case .doesNotAddUp(let expected, let lines):
                "the document's total is \(expected) but its lines, VAT and rounding come to \(lines)"
            case .vatWithoutLine(let code): "VAT code \(code) has VAT but no line carries it"
            case .tooManyLines(let count): "\(count) lines are more than the \(linesMax) that Stripe takes"
            case .offStep(let money): "\(money) is not a multiple of \(money.currency.step) minor units"
            case .openExceedsTotal(let open, let total): "\(open) is open of a document of \(total)"
            case .vatCodeTwice(let code): "VAT code \(code) stands twice in the document's VAT"
            }
        }
    }

    /// The lines whose sum, with exclusive VAT, is `open`. The part already settled is one negative line.
    package static func lines(of receivable: Receivable, open: Money) throws(Refusal) -> [InvoiceLine] {
        // Counted before anything is summed: so many amounts of the largest size still have a sum.
        guard receivable.lines.count <= linesMax else { throw .tooManyLines(receivable.lines.count) }
        let inclusive = try pricesIncludeVAT(receivable)
        var lines = try taxed(receivable, inclusive: inclusive)
        if !receivable.rounding.isZero {
            lines.append(InvoiceLine(description: "Rounding", amount: receivable.rounding, taxes: []))
        }
        let total = sum(lines, currency: receivable.currency)
        guard total == receivable.total else { throw .doesNotAddUp(expected: receivable.total, lines: total) }
        let settled = receivable.total - open
        guard settled.minorUnits >= 0 else { throw .openExceedsTotal(open: open, total: receivable.total) }
        if !settled.isZero {
            let negative = Money(minorUnits: -settled.minorUnits, currency: settled.currency)
            lines.append(InvoiceLine(description: "Already settled", amount: negative, taxes: []))
        }
        guard lines.count <= linesMax else { throw .tooManyLines(lines.count) }
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
        let step = receivable.currency.step
        let vat = try scaled(receivable)
        for detail in vat {
            guard isOnStep(detail.amount) else { throw .offStep(detail.amount) }
            let carriers = receivable.lines.indices.filter { receivable.lines[$0].vatCode == detail.vatCode }
            guard !carriers.isEmpty else {
                if detail.amount.isZero { continue }
                throw .vatWithoutLine(vatCode: detail.vatCode)
            }
            // Split in the smallest amounts that Stripe takes, so that every share is one it takes.
            let steps = split(
                detail.amount.minorUnits / step, over: carriers.map { receivable.lines[$0].amount.minorUnits })
            for (index, share) in zip(carriers, steps) {
                let line = receivable.lines[index]
                let tax = Money(minorUnits: share * step, currency: receivable.currency)
                shares[index] = InvoiceLine.Tax(
                    displayName: detail.description, rate: detail.rate, isInclusive: inclusive,
                    taxable: inclusive ? line.amount - tax : line.amount, amount: tax)
            }
        }
        return receivable.lines.enumerated().map { index, line in
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
