/// Money that came: each paid invoice payment against one Visma payment, and back.
extension PairComparison {
    mutating func comparePayments() {
        var pool = books.payments.filter { $0.isPayment && $0.status != "Voided" && $0.isStripes }
        var voided = books.payments.filter { $0.isPayment && $0.status == "Voided" && $0.isStripes }
        let paid = books["invoice_payment"].filter { $0.status == "paid" && !$0.means.isEmpty }
        // Two passes: who is applied to the very document goes first, so that of one intent over two invoices
        // neither takes the other's payment.
        for movement in paid {
            let key = document(of: movement) ?? ""
            let exact = pool.firstIndex {
                $0.reference == movement.means && $0.isReleased && $0.applications.contains { $0.key == key }
            }
            if let exact { booked[movement.id] = pool.remove(at: exact) }
        }
        for movement in paid where booked[movement.id] == nil {
            let candidates = pool.indices.filter { pool[$0].reference == movement.means }
            let best =
                candidates.first { pool[$0].isReleased && pool[$0].applications.isEmpty }
                ?? candidates.first { pool[$0].isReleased } ?? candidates.first
            if let best { booked[movement.id] = pool.remove(at: best) }
        }
        for movement in paid where booked[movement.id] == nil {
            let key = document(of: movement) ?? ""
            let candidates = voided.indices.filter { voided[$0].reference == movement.means }
            let best =
                candidates.first { position in voided[position].applications.contains { $0.key == key } }
                ?? candidates.first
            if let best { takeBack(movement, voided.remove(at: best), key) }
        }
        for movement in paid where booked[movement.id]?.isReleased == false && pair.holds {
            guard let key = document(of: movement), let payment = booked[movement.id] else { continue }
            owed[key, default: 0] += payment.applied(to: key) ?? 0
        }
        for movement in paid { compare(movement, with: booked[movement.id]) }
        for payment in pool {
            let document = payment.applications.first?.key ?? documentOfMeans(payment.reference)
            differ(document, "payment \(payment.number) (\(payment.reference)) has no Stripe payment of its own")
        }
    }

    /// Right only as long as all of it is refunded or lost.
    private mutating func takeBack(_ movement: BookMovement, _ payment: BookPayment, _ key: String) {
        let charges = books["charge"].filter { isOn($0, movement) && $0.status == "succeeded" }
        let isGone = charges.contains { isFullyRefunded($0) || lost(of: $0) >= movement.received ?? .max }
        guard isGone else { return }
        takenBack[movement.id] = payment
        owed[key, default: 0] += payment.applied(to: key) ?? 0
    }

    private func isOn(_ charge: BookMovement, _ payment: BookMovement) -> Bool {
        payment.intent.isEmpty ? charge.id == payment.charge : charge.intent == payment.intent
    }

    func isFullyRefunded(_ charge: BookMovement) -> Bool {
        let refunds = books["refund"].filter { $0.charge == charge.id && $0.status == "succeeded" }
        return refunds.reduce(0) { $0 + ($1.amount ?? 0) } >= charge.amount ?? .max
    }

    private func lost(of charge: BookMovement) -> Int64 {
        books["dispute"].filter { $0.charge == charge.id && $0.status == "lost" }.reduce(0) { $0 + ($1.amount ?? 0) }
    }

    /// Whether a payment of that charge was voided in Visma because the money went back.
    func isTakenBack(_ charge: String) -> Bool {
        guard let charge = books["charge"].first(where: { $0.id == charge }) else { return false }
        return books["invoice_payment"].contains { takenBack[$0.id] != nil && isOn(charge, $0) }
    }

    func documentOfMeans(_ means: String) -> String? {
        books["invoice_payment"].first { $0.means == means }.flatMap { document(of: $0) }
    }

    private mutating func compare(_ movement: BookMovement, with payment: BookPayment?) {
        let amount = BookMoney.text(movement.received, movement.currency)
        guard let key = document(of: movement) else {
            return differ(payment?.applications.first?.key, "\(movement.id) of \(amount) belongs to no invoice of ours")
        }
        guard let payment else {
            if takenBack[movement.id] == nil { differ(key, "\(movement.means) of \(amount) is not booked in Visma") }
            return
        }
        guard isBooked(payment.isReleased, payment.status) else {
            return differ(key, "payment \(payment.number) (\(amount)) is \(payment.status), not released")
        }
        guard payment.currency == movement.currency.uppercased() else {
            return differ(key, "payment \(payment.number) is in \(payment.currency), \(movement.means) of \(amount)")
        }
        guard payment.amountMinor == movement.received else {
            return differ(key, "payment \(payment.number) is of \(payment.amount), \(movement.means) of \(amount)")
        }
        guard pair.isClearing(payment.cashAccount, payment.currency) else {
            return differ(
                key, "payment \(payment.number) is on \(payment.cashAccount), which does not stand for Stripe")
        }
        guard let applied = payment.applied(to: key), let received = movement.received else {
            return differ(key, "payment \(payment.number) has an amount that cannot be read")
        }
        // Less than came is right only when there was nothing more to apply it to.
        let isUsedUp = books.documents[key]?.balanceMinor == owed[key] ?? 0
        if applied != received, !(applied < received && isUsedUp) {
            differ(key, "payment \(payment.number) of \(amount) is applied with another amount")
        }
    }

    /// A charge that succeeded and the invoice payments of its intent belong together, to the minor unit.
    mutating func compareCharges() {
        let (charges, payments) = (books["charge"], books["invoice_payment"])
        for intent in Set(charges.map(\.intent) + payments.map(\.intent)).subtracting([""]).sorted() {
            let movements = payments.filter { $0.intent == intent }
            let paid = movements.filter { $0.status == "paid" }
            let succeeded = charges.filter { $0.intent == intent && $0.status == "succeeded" }
            let key = documentOfMeans(intent)
            if movements.isEmpty, !succeeded.isEmpty {
                differ(nil, "the charge of \(intent) belongs to no invoice")
                continue
            }
            guard paid.isEmpty == succeeded.isEmpty else {
                differ(key, "\(intent): \(succeeded.count) charges succeeded, \(paid.count) invoice payments are paid")
                continue
            }
            let charged = succeeded.reduce(0) { $0 + ($1.amount ?? 0) }
            let allocated = paid.reduce(0) { $0 + ($1.received ?? 0) }
            if Set(paid.map(\.currency) + succeeded.map(\.currency)).count > 1 || allocated != charged {
                differ(key, "\(intent): charged and allocated amounts disagree")
            }
        }
    }
}
