import Sandbox

/// Payers: in part, in full, too much, twice, later, and one payment for several invoices.
extension People {
    static let payers = [
        Habit(name: "pays", weight: 12) { try $0.pay($1, $2) },
        Habit(name: "pays a part", weight: 5) { try $0.payPart($1, $2) },
        Habit(name: "pays too much", weight: 2) { try $0.payTooMuch($1, $2) },
        Habit(name: "begins to pay", weight: 5) { try $0.beginToPay($1, $2) },
        Habit(name: "pays what it has begun to pay", weight: 2) { try $0.payTwice($1, $2) },
        Habit(name: "has a payment decided", weight: 5) { try $0.decide($1, $2) },
        Habit(name: "pays several", weight: 4) { try $0.payTogether($1, $2) },
        Habit(name: "transfers", weight: 4) { try $0.transfer($1, $2) },
        Habit(name: "has a card declined", weight: 4) { try $0.fail($1, $2) },
        Habit(name: "must prove who it is", weight: 1) { try $0.prove($1, $2) },
        Habit(name: "gives a payment up", weight: 1) { try $0.giveUp($1, $2) },
        Habit(name: "pays for nothing, which somebody attaches", weight: 1) { try $0.payAndAttach($1, $2) },
    ]

    private mutating func open(_ company: World.Company, _ world: World) throws -> SandboxJSON? {
        pick(try Self.stripeInvoices(company, world, ["open"]).filter { $0.units("amount_remaining") > 1000 })
    }

    private static func word(_ made: StripePaymentMade) -> String {
        "\(made.invoice) by \(made.paymentIntent) \(made.charge)"
    }

    private mutating func pay(_ company: World.Company, _ world: World) throws -> String? {
        guard let invoice = try open(company, world) else { return nil }
        return Self.word(try world.stripe.pay(invoice: invoice.value(of: "id")))
    }

    private mutating func payPart(_ company: World.Company, _ world: World) throws -> String? {
        guard let invoice = try open(company, world) else { return nil }
        let amount = max(400, part(of: invoice.units("amount_remaining")))
        return "\(amount) of " + Self.word(try world.stripe.pay(invoice: invoice.value(of: "id"), amount: amount))
    }

    private mutating func payTooMuch(_ company: World.Company, _ world: World) throws -> String? {
        guard let invoice = try open(company, world) else { return nil }
        let amount = invoice.units("amount_remaining") + 1 + number(below: 50_000)
        return "\(amount) on " + Self.word(try world.stripe.pay(invoice: invoice.value(of: "id"), amount: amount))
    }

    private mutating func beginToPay(_ company: World.Company, _ world: World) throws -> String? {
        guard let invoice = try open(company, world) else { return nil }
        let amount = isOne(in: 3) ? max(400, part(of: invoice.units("amount_remaining"))) : nil
        return Self.word(try world.stripe.startPayment(invoice: invoice.value(of: "id"), amount: amount))
    }

    private static func intentsInFlight(_ company: World.Company, _ world: World) throws -> [SandboxJSON] {
        try world.stripeRows("charge", in: company).filter { $0.value(of: "status") == "pending" }
    }

    /// By card, while the bank is still at it.
    private mutating func payTwice(_ company: World.Company, _ world: World) throws -> String? {
        let begun = Set(try Self.intentsInFlight(company, world).map { $0.value(of: "payment_intent") })
        let invoices = Set(
            try world.stripeRows("invoice_payment", in: company).filter {
                $0.value(of: "status") == "open" && begun.contains($0.value(of: "payment_intent"))
            }.map { $0.value(of: "invoice") })
        guard let invoice = pick(invoices.sorted()) else { return nil }
        return Self.word(try world.stripe.pay(invoice: invoice))
    }

    private mutating func decide(_ company: World.Company, _ world: World) throws -> String? {
        guard let intent = pick(try Self.intentsInFlight(company, world))?.value(of: "payment_intent") else {
            return nil
        }
        return isOne(in: 3)
            ? "\(intent) failed: \(try world.stripe.failPayment(intent))"
            : "\(intent) came: \(try world.stripe.finishPayment(intent))"
    }

    private mutating func payTogether(_ company: World.Company, _ world: World) throws -> String? {
        let open = try Self.stripeInvoices(company, world, ["open"]).filter { $0.units("amount_remaining") > 1000 }
        guard let first = pick(open) else { return nil }
        let mates = open.filter {
            $0.value(of: "customer") == first.value(of: "customer")
                && $0.value(of: "currency") == first.value(of: "currency")
        }.prefix(3)
        guard mates.count > 1 else { return nil }
        let parts = mates.map { invoice in
            let rest = invoice.units("amount_remaining")
            return StripePaymentPart(
                invoice: invoice.value(of: "id"), amount: isOne(in: 4) ? max(400, part(of: rest)) : rest)
        }
        let sum = parts.reduce(0) { $0 + ($1.amount ?? 0) }
        let received = isOne(in: 5) ? max(400, part(of: sum)) : isOne(in: 5) ? sum + number(below: 5000) : nil
        let made = try world.stripe.pay(together: parts, received: received, isPending: isOne(in: 3))
        return "\(parts.map(\.invoice).joined(separator: ", ")) by \(made.paymentIntent)"
    }

    private mutating func transfer(_ company: World.Company, _ world: World) throws -> String? {
        guard let invoice = try open(company, world) else { return nil }
        let rest = invoice.units("amount_remaining")
        let amount = isOne(in: 3) ? rest : part(of: rest)
        return "\(amount) to " + Self.word(try world.stripe.transfer(invoice: invoice.value(of: "id"), amount: amount))
    }

    private mutating func fail(_ company: World.Company, _ world: World) throws -> String? {
        guard let invoice = try open(company, world)?.value(of: "id") else { return nil }
        return "\(invoice) \(try world.stripe.failCard(invoice: invoice))"
    }

    private mutating func prove(_ company: World.Company, _ world: World) throws -> String? {
        guard let invoice = try open(company, world)?.value(of: "id") else { return nil }
        return "\(invoice) \(try world.stripe.requireAction(invoice: invoice))"
    }

    private mutating func giveUp(_ company: World.Company, _ world: World) throws -> String? {
        let open = try world.stripeRows("invoice_payment", in: company).filter { $0.value(of: "status") == "open" }
        guard let intent = pick(open)?.value(of: "payment_intent") else { return nil }
        try world.stripe.cancelPayment(intent)
        return intent
    }

    private mutating func payAndAttach(_ company: World.Company, _ world: World) throws -> String? {
        guard let invoice = try open(company, world) else { return nil }
        let made = try world.stripe.payUnattached(
            customer: invoice.value(of: "customer"), currency: invoice.value(of: "currency"),
            amount: max(400, part(of: invoice.units("amount_remaining"))))
        _ = try world.stripe.byHand(
            account: company.account, "POST", "/v1/invoices/\(invoice.value(of: "id"))/attach_payment",
            [("payment_intent", made.paymentIntent)])
        return "\(invoice.value(of: "id")) by \(made.paymentIntent)"
    }

    /// What is under way comes or fails in the end: a payment that never ends says nothing about the books.
    package mutating func endPayments(in world: World) throws {
        for company in world.companies {
            for charge in try Self.intentsInFlight(company, world) {
                let intent = charge.value(of: "payment_intent")
                if isOne(in: 3) {
                    try world.stripe.failPayment(intent)
                } else {
                    try world.stripe.finishPayment(intent)
                }
            }
            for invoice in try Self.stripeInvoices(company, world, ["open"]) where invoice.units("amount_remaining") > 0
            {
                // Only one that is partly funded already takes the rest: of what was asked for when the transfer began,
                // whatever has been paid in another way since.
                while world.fundedPart(of: invoice, in: company) > 0 {
                    _ = try world.stripe.transfer(
                        invoice: invoice.value(of: "id"), amount: invoice.units("amount_remaining"))
                }
            }
        }
    }
}

extension World {
    /// What a bank transfer has brought for an invoice so far, not enough yet.
    func fundedPart(of invoice: SandboxJSON, in company: Company) -> Int64 {
        let id = invoice.value(of: "id")
        guard let intents = try? stripeList("/v1/payment_intents", of: company) else { return 0 }
        let open = Set(
            ((try? stripeRows("invoice_payment", in: company)) ?? []).filter {
                $0.value(of: "status") == "open" && $0.value(of: "invoice") == id
            }.map { $0.value(of: "payment_intent") })
        return intents.filter { open.contains($0.value(of: "id")) && $0.value(of: "status") == "requires_action" }
            .reduce(0) { $0 + $1.units("amount_received") }
    }
}
