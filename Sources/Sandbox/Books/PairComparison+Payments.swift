/// Money that moved: each paid invoice payment against one released Visma payment, and back.
extension PairComparison {
    mutating func comparePayments() {
        var pool = payments.filter { $0.isPayment && $0.status != "Voided" && $0.reference.hasPrefix("pi_") }
        let paid = invoicePayments.filter { $0.status == "paid" && !$0.intent.isEmpty }.sorted { $0.id < $1.id }
        var booked: [String: BookPayment] = [:]
        // Two passes: who is applied to the very document goes first, so that of one intent over two invoices
        // neither takes the other's payment.
        for movement in paid {
            let key = document(of: movement) ?? ""
            let exact = pool.firstIndex {
                $0.reference == movement.intent && $0.isReleased && $0.applications.contains { $0.key == key }
            }
            if let exact { booked[movement.id] = pool.remove(at: exact) }
        }
        for movement in paid where booked[movement.id] == nil {
            let candidates = pool.indices.filter { pool[$0].reference == movement.intent }
            let best =
                candidates.first { pool[$0].isReleased && pool[$0].applications.isEmpty }
                ?? candidates.first { pool[$0].isReleased } ?? candidates.first
            if let best { booked[movement.id] = pool.remove(at: best) }
        }
        for movement in paid { compare(movement, with: booked[movement.id]) }
        for payment in pool {
            let document = payment.applications.first?.key ?? documentOfIntent(payment.reference)
            differ(document, "payment \(payment.number) (\(payment.reference)) has no Stripe payment of its own")
        }
    }

    private func documentOfIntent(_ intent: String) -> String? {
        invoicePayments.first { $0.intent == intent }.flatMap { document(of: $0) }
    }

    private mutating func compare(_ movement: BookMovement, with payment: BookPayment?) {
        let amount = BookMoney.text(movement.amount, movement.currency)
        guard let key = document(of: movement) else {
            return differ(payment?.applications.first?.key, "\(movement.id) of \(amount) belongs to no invoice of ours")
        }
        guard let payment else { return differ(key, "\(movement.intent) of \(amount) is not booked in Visma") }
        guard payment.isReleased else {
            return differ(key, "payment \(payment.number) (\(amount)) is \(payment.status), not released")
        }
        guard payment.currency == movement.currency.uppercased() else {
            return differ(key, "payment \(payment.number) is in \(payment.currency), \(movement.intent) of \(amount)")
        }
        guard payment.amountMinor == movement.amount else {
            return differ(key, "payment \(payment.number) is of \(payment.amount), \(movement.intent) of \(amount)")
        }
        guard payment.applications.allSatisfy({ $0.key == key }) else {
            return differ(key, "payment \(payment.number) of \(movement.intent) is applied to another document")
        }
        guard let applied = payment.applied(to: key), let paid = movement.amount else {
            return differ(key, "payment \(payment.number) has an amount that cannot be read")
        }
        // Less than was paid is right only when there was nothing more to apply it to.
        let isUsedUp = documents[key]?.balanceMinor == 0
        if applied != paid, !(applied < paid && isUsedUp) {
            differ(key, "payment \(payment.number) of \(amount) is applied with another amount")
        }
    }

    /// A charge that succeeded and the invoice payments of its intent belong together.
    mutating func compareCharges() {
        let intents = Set(charges.map(\.intent) + invoicePayments.map(\.intent)).subtracting([""])
        for intent in intents.sorted() {
            let movements = invoicePayments.filter { $0.intent == intent }
            let paid = movements.filter { $0.status == "paid" }
            let succeeded = charges.filter { $0.intent == intent && $0.status == "succeeded" }
            let key = documentOfIntent(intent)
            if movements.isEmpty, !succeeded.isEmpty {
                differ(nil, "the charge of \(intent) belongs to no invoice")
                continue
            }
            guard paid.isEmpty == succeeded.isEmpty else {
                differ(key, "\(intent): \(succeeded.count) charges succeeded, \(paid.count) invoice payments are paid")
                continue
            }
            let charged = succeeded.reduce(0) { $0 + ($1.amount ?? 0) }
            let allocated = paid.reduce(0) { $0 + ($1.amount ?? 0) }
            let currencies = Set(paid.map(\.currency) + succeeded.map(\.currency))
            if currencies.count > 1 || allocated > charged {
                differ(key, "\(intent): charged and allocated amounts disagree")
            }
        }
    }

    /// Each refund that succeeded is one released Visma refund that has its id as reference, and back.
    mutating func compareRefunds() {
        var pool = payments.filter { $0.type == "Refund" && $0.status != "Voided" && $0.reference.hasPrefix("re_") }
        let succeeded = refunds.filter { $0.status == "succeeded" && !isForeign($0) }
        for refund in succeeded.sorted(by: { $0.id < $1.id }) {
            let key = document(of: refund)
            let amount = BookMoney.text(refund.amount, refund.currency)
            guard let position = pool.firstIndex(where: { $0.reference == refund.id }) else {
                differ(key, "refund \(refund.id) of \(amount) is not booked in Visma")
                continue
            }
            let booked = pool.remove(at: position)
            let isEqual = booked.currency == refund.currency.uppercased() && booked.amountMinor == refund.amount
            if !isEqual || !booked.isReleased { differ(key, "refund \(refund.id) of \(amount) is booked otherwise") }
        }
        for payment in pool {
            differ(payment.applications.first?.key, "refund \(payment.number) (\(payment.reference)) is not in Stripe")
        }
    }
}
