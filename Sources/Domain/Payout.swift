/// One movement of the Stripe account's balance (a balance transaction), in the settlement currency.
package struct BalanceMovement: Hashable, Sendable {
    package var id: BalanceTransactionID
    /// `charge`, `refund`, `adjustment`, `stripe_fee`, `payout`, ...; an unknown one is data.
    package var type: String
    /// Gross: may be negative.
    package var amount: Money
    /// What Stripe kept; may be negative when a fee is given back.
    package var fee: Money
    /// The charge, refund, dispute or payout; nil for what has no source, like a monthly fee.
    package var source: String?
    package var text: String?
    package var createdAt: Timestamp
    /// Stripe settled in another currency than was paid (`exchange_rate`).
    package var isExchanged: Bool
    /// Of what was exchanged: what was paid, given back or disputed in its own currency, with the sign of `amount`. Nil
    /// when it is not known.
    package var original: Money?

    package init(
        id: BalanceTransactionID, type: String, amount: Money, fee: Money, source: String?, text: String?,
        createdAt: Timestamp, isExchanged: Bool = false, original: Money? = nil
    ) {
        self.id = id
        self.type = type
        self.amount = amount
        self.fee = fee
        self.source = source
        self.text = text
        self.createdAt = createdAt
        self.isExchanged = isExchanged
        self.original = original
    }

    package var net: Money { amount - fee }
}

/// One transfer from the Stripe balance to the company's bank.
package struct Payout: Hashable, Sendable {
    package var id: PayoutID
    /// Positive: to the bank.
    package var amount: Money
    /// `pending`, `in_transit`, `paid`, `failed`, `canceled`; an unknown one is data.
    package var status: String
    package var arrivesOn: Timestamp
    /// Stripe can tell what a payout is made of only when it made it itself.
    package var isAutomatic: Bool
    package var failure: String?
    /// What it is made of cannot be told yet, as Stripe is still reconciling it.
    package var isReconciling: Bool
    package var movements: [BalanceMovement]
    /// What was exchanged in payouts that failed and whose money this one pays: it stands among their movements.
    package var returned: [BalanceMovement]

    package init(
        id: PayoutID, amount: Money, status: String, arrivesOn: Timestamp, isAutomatic: Bool, failure: String?,
        isReconciling: Bool = false, movements: [BalanceMovement], returned: [BalanceMovement] = []
    ) {
        self.id = id
        self.amount = amount
        self.status = status
        self.arrivesOn = arrivesOn
        self.isAutomatic = isAutomatic
        self.failure = failure
        self.isReconciling = isReconciling
        self.movements = movements
        self.returned = returned
    }
}
