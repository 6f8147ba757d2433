/// How much may go out to Stripe within an hour before a person is asked: so that a wrong policy, or a company whose
/// whole history is open, does not send thousands of invoices before anybody has looked.
package struct PushCap: Hashable, Sendable, Codable {
    package static let hourSeconds: Int64 = 3600
    package static let invoicesPerHourDefault = 1000
    /// Stripe's minimum charges are worth about the same in every currency: so many times as much an hour, unless the
    /// policy says otherwise. Five million US dollars, thirty million Norwegian kroner.
    package static let minimumChargesPerHour: Int64 = 10_000_000

    package var invoicesPerHour = PushCap.invoicesPerHourDefault
    /// By currency code; those that are not named have the default.
    package var amountsPerHour: [String: Money] = [:]

    package init() {}

    package init(from decoder: any Decoder) throws {
        let stored = try decoder.container(keyedBy: CodingKeys.self)
        invoicesPerHour = try stored.decodeIfPresent(Int.self, forKey: .invoicesPerHour) ?? invoicesPerHour
        amountsPerHour = try stored.decodeIfPresent([String: Money].self, forKey: .amountsPerHour) ?? amountsPerHour
    }

    /// Nil where there is neither a policy nor a minimum charge: then only the number of invoices counts.
    package func amount(in currency: Currency) -> Money? {
        amountsPerHour[currency.code]
            ?? PushPlan.minimumCharge(currency).map {
                Money(minorUnits: $0.minorUnits * Self.minimumChargesPerHour, currency: currency)
            }
    }

    /// Why one more push of `amount` would be too much after those of the last hour; nil when it is not.
    func excess(_ amount: Money, after pushed: PushTally) -> String? {
        if pushed.invoices >= invoicesPerHour {
            return "\(pushed.invoices) invoices were pushed within the hour, and the cap is \(invoicesPerHour)"
        }
        guard let cap = self.amount(in: amount.currency) else { return nil }
        let before = pushed.amounts[amount.currency] ?? 0
        guard amount.minorUnits > cap.minorUnits - before else { return nil }
        let sum = Money(minorUnits: before, currency: amount.currency)
        return "\(sum) was pushed within the hour; with \(amount) it would be more than the cap of \(cap)"
    }
}

/// What a company pushed within the last hour.
package struct PushTally: Hashable, Sendable {
    package var invoices: Int
    /// In minor units.
    package var amounts: [Currency: Int64]

    package init(invoices: Int = 0, amounts: [Currency: Int64] = [:]) {
        self.invoices = invoices
        self.amounts = amounts
    }
}

/// What the cap has meant for one document so far.
package enum PushHold: Hashable, Sendable {
    case none
    /// It waits for a person, for this reason, also when the hour is over.
    case held(found: String)
    /// A person has let it go.
    case confirmed
}

extension PushCap {
    /// The review that holds a push back; nil when it may go.
    static func review(_ amount: Money, _ situation: Situation) -> Review? {
        guard !situation.isPushRequested else { return nil }
        let found: String?
        switch situation.pushHold {
        case .confirmed: return nil
        case .held(let before): found = before
        case .none: found = situation.policy.pushCap.excess(amount, after: situation.pushed)
        }
        return found.map {
            Review(
                .pushCap, found: $0,
                proposals: [
                    "push it, with `ml-connector invoice push`",
                    "push all that wait for this, with `ml-connector invoice confirm`",
                    "raise push_cap in the company's policy for the next time",
                ])
        }
    }
}
