/// The account's money: balance transactions, fees and payouts.
extension StripeBook {
    /// Writes a row of the balance for an amount in the payment's currency, in the currency it settles in.
    mutating func post(
        _ type: String, category: String, source: String?, _ amount: Int64, _ currency: String,
        availableAfterSeconds: Int64 = 0, feeDescription: String? = nil, fee: (Int64) -> Int64 = { _ in 0 }
    ) -> String {
        let conversion = settings.conversions[currency]
        let settled = conversion.map { StripeConversion.convert(amount, rateMillionths: $0.rateMillionths) } ?? amount
        let row = StripeBalanceTransactionRecord(
            id: makeID("txn"), created: now, type: type, reportingCategory: category, source: source,
            currency: conversion?.currency ?? currency, amount: settled, fee: fee(settled),
            feeDescription: feeDescription, rateMillionths: conversion?.rateMillionths,
            availableOn: now + availableAfterSeconds)
        transactions.add(row)
        return row.id
    }

    /// Takes a row's amount back, at the rate it had then. Its fee stays.
    mutating func reverse(_ id: String, as type: String, category: String, source: String) -> String {
        guard let old = transactions[id] else { return "" }
        let row = StripeBalanceTransactionRecord(
            id: makeID("txn"), created: now, type: type, reportingCategory: category, source: source,
            currency: old.currency, amount: -old.amount, rateMillionths: old.rateMillionths, availableOn: now)
        transactions.add(row)
        return row.id
    }

    mutating func postFee(of id: String) {
        guard let charge = charges[id] else { return }
        let perThousand = settings.feePerThousand
        let transaction = post(
            charge.method == "card" ? "charge" : "payment", category: "charge", source: id, charge.amount,
            charge.currency, availableAfterSeconds: settings.availableAfterSeconds,
            feeDescription: "Stripe processing fees", fee: { $0 * perThousand / 1000 })
        charges[id]?.balanceTransaction = transaction
        chargesWithoutFee.removeAll { $0 == id }
    }

    /// Balance transactions that have become known, each told by `charge.updated`.
    mutating func learnFees() {
        for id in chargesWithoutFee {
            guard let since = charges[id]?.succeededAt, since + settings.feesKnownAfterSeconds <= now else { continue }
            postFee(of: id)
            if let charge = charges[id] { emit("charge.updated", json(charge)) }
        }
    }

    /// What Stripe takes for itself without an object of the merchant's.
    mutating func takeFee(_ amount: Int64, _ currency: String, because description: String) -> String {
        let row = StripeBalanceTransactionRecord(
            id: makeID("txn"), created: now, type: "stripe_fee", reportingCategory: "fee", source: nil,
            currency: currency, amount: -amount, availableOn: now, description: description)
        transactions.add(row)
        return row.id
    }

    /// By currency, what can be paid out now and what cannot yet.
    var balances: [String: (available: Int64, pending: Int64)] {
        transactions.all.reduce(into: [:]) { sums, row in
            let isAvailable = row.availableOn <= now
            sums[row.currency, default: (0, 0)].available += isAvailable ? row.net : 0
            sums[row.currency, default: (0, 0)].pending += isAvailable ? 0 : row.net
        }
    }

    /// An automatic payout takes every available row that none took before; a manual one takes an amount, and nobody
    /// can say of which rows it is made.
    mutating func payOut(_ currency: String, manually wanted: Int64?) throws(StripeActionRefused) -> String {
        let rows = transactions.all.filter {
            $0.currency == currency && $0.payout == nil && $0.availableOn <= now
        }
        let available = rows.reduce(0) { $0 + $1.net }
        let amount = wanted ?? available
        guard amount > 0, amount <= available else {
            throw StripeActionRefused("\(available) \(currency) can be paid out, which does not allow \(amount)")
        }
        let id = makeID("po")
        let row = StripeBalanceTransactionRecord(
            id: makeID("txn"), created: now, type: "payout", reportingCategory: "payout", source: id,
            currency: currency, amount: -amount, availableOn: now)
        transactions.add(row)
        if wanted == nil {
            // The payout's own row is listed with those that it pays.
            for taken in rows.map(\.id) + [row.id] { transactions[taken]?.payout = id }
        }
        let payout = StripePayoutRecord(
            id: id, created: now, amount: amount, currency: currency, isAutomatic: wanted == nil,
            arrivalDate: now + 2 * 86_400, balanceTransaction: row.id)
        payouts.add(payout)
        emit("payout.created", json(payout))
        return id
    }

    private func payout(_ id: String, beingOneOf states: [String]) throws(StripeActionRefused) -> StripePayoutRecord {
        guard let row = payouts[id] else { throw StripeActionRefused("no such payout: \(id)") }
        guard states.contains(row.status) else { throw StripeActionRefused("payout \(id) is \(row.status)") }
        return row
    }

    mutating func finishPayout(_ id: String) throws(StripeActionRefused) {
        var row = try payout(id, beingOneOf: ["in_transit"])
        row.status = "paid"
        payouts[id] = row
        emit("payout.paid", json(row))
        guard row.isAutomatic else { return }
        row.isReconciled = true
        payouts[id] = row
        emit("payout.reconciliation_completed", json(row))
    }

    /// The bank sends the money back, even after it seemed to have arrived. A choice: what it paid stays with it, and
    /// the row that gives the amount back goes into the next payout.
    mutating func failPayout(_ id: String, code: String, message: String) throws(StripeActionRefused) {
        var row = try payout(id, beingOneOf: ["in_transit", "paid"])
        row.status = "failed"
        row.failureCode = code
        row.failureMessage = message
        row.failureBalanceTransaction = reverse(
            row.balanceTransaction, as: "payout_failure", category: "payout_reversal", source: id)
        payouts[id] = row
        emit("payout.failed", json(row))
    }
}
