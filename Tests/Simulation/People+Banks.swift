import Domain
import Sandbox

/// What becomes of money that was collected: refunds, disputes of every course, payouts and fees.
extension People {
    static let banks = [
        Habit(name: "refunds", weight: 7) { try $0.refund($1, $2) },
        Habit(name: "has a refund decided", weight: 3) { try $0.decideRefund($1, $2) },
        Habit(name: "disputes", weight: 5) { try $0.dispute($1, $2) },
        Habit(name: "goes on with a dispute", weight: 8) { try $0.goOn($1, $2) },
        Habit(name: "is paid out", weight: 3) { try $0.payOut($1, $2) },
        Habit(name: "has a payout decided", weight: 3) { try $0.decidePayout($1, $2) },
        Habit(name: "is charged a fee", weight: 1) { try $0.charge($1, $2) },
    ]

    private mutating func collected(_ company: World.Company, _ world: World) throws -> SandboxJSON? {
        pick(try world.stripeRows("charge", in: company).filter { $0.value(of: "status") == "succeeded" })
    }

    private mutating func refund(_ company: World.Company, _ world: World) throws -> String? {
        guard let charge = try collected(company, world) else { return nil }
        let left = charge.units("amount") - charge.units("amount_refunded")
        guard left > 0 else { return nil }
        let id = charge.value(of: "id")
        let amount = isOne(in: 2) ? part(of: left) : nil
        let refund = try world.stripe.refund(charge: id, amount: amount, isPending: isOne(in: 3))
        return "\(amount ?? left) of \(id): \(refund)"
    }

    private mutating func decideRefund(_ company: World.Company, _ world: World) throws -> String? {
        let refunds = try world.stripeRows("refund", in: company)
        guard let refund = pick(refunds.filter { ["pending", "succeeded"].contains($0.value(of: "status")) }) else {
            return nil
        }
        let id = refund.value(of: "id")
        if refund.value(of: "status") == "succeeded" {
            // Long after it succeeded the payer's bank sends it back, which is rare.
            guard isOne(in: 3) else { return nil }
            try world.stripe.failRefund(id)
            return "\(id) came back"
        }
        switch number(below: 4) {
        case 0: try world.stripe.failRefund(id)
        case 1: try world.stripe.cancelRefund(id)
        default: try world.stripe.finishRefund(id)
        }
        return id
    }

    private mutating func dispute(_ company: World.Company, _ world: World) throws -> String? {
        guard let charge = try collected(company, world) else { return nil }
        let id = charge.value(of: "id")
        let whole = charge.units("amount")
        let amount = isOne(in: 3) ? part(of: whole) : isOne(in: 6) ? whole + number(below: 2000) : nil
        let opening: StripeDisputeOpening =
            switch number(below: 8) {
            case 0: .notYetWithdrawn
            case 1, 2: .inquiry
            case 3: .prevented
            default: .withdrawn
            }
        let dispute = try world.stripe.dispute(charge: id, amount: amount, opening: opening)
        return "\(id) \(opening) \(dispute)"
    }

    private mutating func goOn(_ company: World.Company, _ world: World) throws -> String? {
        guard let dispute = pick(try world.stripeRows("dispute", in: company))?.value(of: "id") else { return nil }
        switch number(below: 9) {
        case 0:
            try world.stripe.withdrawDispute(dispute)
            return "\(dispute) withdrawn"
        case 1:
            try world.stripe.reinstateDispute(dispute)
            return "\(dispute) reinstated"
        case 2:
            try world.stripe.answerDispute(dispute)
            return "\(dispute) answered"
        case 3:
            try world.stripe.moveDisputeDeadline(dispute, to: world.now().unixSeconds + 86_400 * number(below: 20))
            return "\(dispute) deadline moved"
        case 4:
            try world.stripe.appealDispute(dispute)
            return "\(dispute) appealed"
        default:
            let isWon = isOne(in: 2)
            try world.stripe.closeDispute(dispute, isWon: isWon)
            return "\(dispute) \(isWon ? "won" : "lost")"
        }
    }

    private mutating func payOut(_ company: World.Company, _ world: World) throws -> String? {
        let currency = pick(company.currencies)?.lowercased() ?? ""
        let amount = isOne(in: 4) ? 100 + number(below: 10_000) : nil
        return try world.stripe.payOut(account: company.account, currency: currency, manually: amount)
    }

    /// What can be paid out is, and what is on its way to the bank arrives.
    func endPayouts(in world: World) throws {
        for company in world.companies {
            for currency in company.currencies.map({ $0.lowercased() }) {
                do {
                    _ = try world.stripe.payOut(account: company.account, currency: currency)
                } catch {
                    world.trace.note("\(company.tenant) has no payout at the end: \(error)")
                }
            }
            for payout in try world.stripeRows("payout", in: company) where payout.value(of: "status") == "in_transit" {
                try world.stripe.finishPayout(payout.value(of: "id"))
            }
        }
    }

    private mutating func decidePayout(_ company: World.Company, _ world: World) throws -> String? {
        guard let payout = pick(try world.stripeRows("payout", in: company))?.value(of: "id") else { return nil }
        guard isOne(in: 5) else {
            try world.stripe.finishPayout(payout)
            return "\(payout) came"
        }
        try world.stripe.failPayout(payout)
        return "\(payout) failed"
    }

    private mutating func charge(_ company: World.Company, _ world: World) throws -> String? {
        let currency = pick(company.currencies)?.lowercased() ?? ""
        return try world.stripe.takeFee(account: company.account, currency: currency, amount: 100 + number(below: 900))
    }
}
