import Sandbox

/// The company's own people in Stripe's Dashboard, past the connector.
extension People {
    static let dashboard = [
        Habit(name: "credits in Stripe", weight: 2) { try $0.creditInStripe($1, $2) },
        Habit(name: "voids a credit note in Stripe", weight: 1) { try $0.voidCreditInStripe($1, $2) },
        Habit(name: "voids in Stripe", weight: 1) { try $0.voidInStripe($1, $2) },
        Habit(name: "gives up in Stripe", weight: 1) { try $0.giveUpInStripe($1, $2) },
        Habit(name: "marks as paid in Stripe", weight: 1) { try $0.markPaidInStripe($1, $2) },
        Habit(name: "grants a coupon", weight: 1) { try $0.grantCoupon($1, $2) },
    ]

    private mutating func some(
        _ statuses: Set<String>, _ company: World.Company, _ world: World
    ) throws -> SandboxJSON? {
        pick(try Self.stripeInvoices(company, world, statuses))
    }

    private mutating func creditInStripe(_ company: World.Company, _ world: World) throws -> String? {
        guard let invoice = try some(["open", "paid"], company, world) else { return nil }
        let id = invoice.value(of: "id")
        let rest = invoice.units("amount_remaining")
        let amount = rest > 0 ? part(of: rest) : part(of: max(1, invoice.units("amount_paid")))
        var fields = [(name: "invoice", value: id), (name: "amount", value: "\(amount)")]
        if rest == 0 {
            let ways = ["refund_amount", "out_of_band_amount", "credit_amount"]
            fields.append((name: pick(ways) ?? "", value: "\(amount)"))
        }
        _ = try world.stripe.byHand(account: company.account, "POST", "/v1/credit_notes", fields)
        return "\(amount) of \(id)"
    }

    private mutating func voidCreditInStripe(_ company: World.Company, _ world: World) throws -> String? {
        guard let note = pick(try world.stripeRows("credit_note", in: company))?.value(of: "id") else { return nil }
        _ = try world.stripe.byHand(account: company.account, "POST", "/v1/credit_notes/\(note)/void")
        return note
    }

    private mutating func voidInStripe(_ company: World.Company, _ world: World) throws -> String? {
        guard let invoice = try some(["open", "uncollectible"], company, world)?.value(of: "id") else { return nil }
        _ = try world.stripe.byHand(account: company.account, "POST", "/v1/invoices/\(invoice)/void")
        return invoice
    }

    private mutating func giveUpInStripe(_ company: World.Company, _ world: World) throws -> String? {
        guard let invoice = try some(["open"], company, world)?.value(of: "id") else { return nil }
        _ = try world.stripe.byHand(account: company.account, "POST", "/v1/invoices/\(invoice)/mark_uncollectible")
        return invoice
    }

    private mutating func markPaidInStripe(_ company: World.Company, _ world: World) throws -> String? {
        guard let invoice = try some(["open"], company, world)?.value(of: "id") else { return nil }
        _ = try world.stripe.byHand(
            account: company.account, "POST", "/v1/invoices/\(invoice)/pay", [("paid_out_of_band", "true")])
        return invoice
    }

    private mutating func grantCoupon(_ company: World.Company, _ world: World) throws -> String? {
        guard let customer = try some(["open", "paid"], company, world)?.value(of: "customer") else { return nil }
        try world.stripe.grantCoupon(customer: customer, percentOff: 10)
        return customer
    }
}
