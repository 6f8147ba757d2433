import Sandbox

/// Accountants in Visma: money that came past Stripe, and what they do to documents and payments, ours included.
extension People {
    static let bookkeepers = [
        Habit(name: "books a bank payment", weight: 6) { try $0.bankPayment($1, $2) },
        Habit(name: "books one payment on several", weight: 2) { try $0.bankPaymentOnSeveral($1, $2) },
        Habit(name: "credits", weight: 4) { try $0.credit($1, $2) },
        Habit(name: "credits for a refund", weight: 4) { try $0.creditForRefund($1, $2) },
        Habit(name: "books a refund", weight: 2) { try $0.bookRefund($1, $2) },
        Habit(name: "uses a credit note", weight: 2) { try $0.useCredit($1, $2) },
        Habit(name: "uses an open payment", weight: 2) { try $0.usePayment($1, $2) },
        Habit(name: "writes off", weight: 2) { try $0.writeOff($1, $2) },
        Habit(name: "reverses", weight: 1) { try $0.reverse($1, $2) },
        Habit(name: "corrects", weight: 1) { try $0.correct($1, $2) },
        Habit(name: "voids a payment", weight: 2) { try $0.voidPayment($1, $2) },
        Habit(name: "releases what waits", weight: 3) { try $0.release($1, $2) },
        Habit(name: "deletes what waits", weight: 1) { try $0.delete($1, $2) },
    ]

    private static func payments(_ company: World.Company, _ world: World) -> [SandboxJSON] {
        world.vismaRows("payment", in: company)
    }

    private static func waiting(_ company: World.Company, _ world: World) -> [SandboxJSON] {
        payments(company, world).filter { ["Hold", "Balanced"].contains($0.value(of: "status")) }
    }

    private static func waitingCredits(_ company: World.Company, _ world: World) -> [SandboxJSON] {
        world.vismaRows("document", in: company).filter {
            $0.value(of: "type") == "CreditNote" && ["Hold", "Balanced"].contains($0.value(of: "status"))
        }
    }

    private mutating func bankPayment(_ company: World.Company, _ world: World) throws -> String? {
        guard let document = pick(Self.openDocuments(company, world)) else { return nil }
        let invoice = document.value(of: "number")
        let currency = document.value(of: "currency")
        let balance = document.minor("balance")
        guard balance > 1 else { return nil }
        switch number(below: 5) {
        case 0, 1:
            let amount = Self.text(balance, currency)
            return try world.visma.applyOutsidePayment(to: invoice, amount: amount, in: company.vismaTenant)
        case 2:
            let amount = Self.text(balance + 1 + number(below: 5000), currency)
            return try world.visma.applyOutsidePayment(to: invoice, amount: amount, in: company.vismaTenant)
        case 3:
            let small = min(part(of: balance), 100)
            let isDiscount = isOne(in: 2)
            let use = VismaSimulator.PaymentUse(
                invoice, amount: Self.text(balance - small, currency),
                writeOff: Self.text(isDiscount ? 0 : small, currency),
                cashDiscount: Self.text(isDiscount ? small : 0, currency))
            return try world.visma.addPayment(on: [use], in: company.vismaTenant)
        default:
            let amount = Self.text(part(of: balance), currency)
            return try world.visma.applyOutsidePayment(to: invoice, amount: amount, in: company.vismaTenant)
        }
    }

    private mutating func bankPaymentOnSeveral(_ company: World.Company, _ world: World) throws -> String? {
        let open = Self.openDocuments(company, world)
        guard let first = pick(open) else { return nil }
        let mates = open.filter {
            $0.value(of: "customer") == first.value(of: "customer")
                && $0.value(of: "currency") == first.value(of: "currency")
        }.prefix(3)
        guard mates.count > 1 else { return nil }
        let uses = mates.map { document in
            let balance = document.minor("balance")
            return VismaSimulator.PaymentUse(
                document.value(of: "number"),
                amount: Self.text(isOne(in: 3) ? part(of: balance) : balance, document.value(of: "currency")))
        }
        return try world.visma.addPayment(on: uses, isReleased: !isOne(in: 5), in: company.vismaTenant)
    }

    /// Applied at once, to the invoice that it names or not.
    private mutating func credit(_ company: World.Company, _ world: World) throws -> String? {
        guard let document = pick(Self.openDocuments(company, world)) else { return nil }
        let number = document.value(of: "number")
        let currency = document.value(of: "currency")
        let balance = document.minor("balance")
        let amount = Self.text(isOne(in: 3) ? balance : part(of: balance), currency)
        let note = try world.visma.creditInvoice(
            number, amount: amount, text: isOne(in: 2) ? "Gjelder faktura \(number)" : nil, in: company.vismaTenant)
        try world.visma.applyCreditNote(note, to: number, amount: amount, in: company.vismaTenant)
        return "\(note) of \(amount) on \(number)"
    }

    private mutating func refunded(
        _ company: World.Company, _ world: World
    ) throws -> (refund: SandboxJSON, document: String)? {
        guard let refund = pick(try world.stripeRows("refund", in: company)) else { return nil }
        let intent = refund.value(of: "payment_intent")
        let invoices = Set(
            try world.stripeRows("invoice_payment", in: company).filter { $0.value(of: "payment_intent") == intent }
                .map { $0.value(of: "invoice") })
        let documents = try world.stripeRows("invoice", in: company).filter { invoices.contains($0.value(of: "id")) }
            .compactMap { $0["metadata"]?["mlc_document"]?.stringValue?.split(separator: ":").last }
        return pick(documents.map(String.init)).map { (refund, $0) }
    }

    /// Left open, for the refund to be paid on.
    private mutating func creditForRefund(_ company: World.Company, _ world: World) throws -> String? {
        guard let (refund, document) = try refunded(company, world) else { return nil }
        let amount = Self.text(refund.units("amount"), refund.value(of: "currency").uppercased())
        let note = try world.visma.creditInvoice(
            document, amount: amount, text: isOne(in: 3) ? nil : "Kreditering av \(document)", in: company.vismaTenant)
        return "\(note) of \(amount) for \(refund.value(of: "id"))"
    }

    private mutating func bookRefund(_ company: World.Company, _ world: World) throws -> String? {
        let notes = world.vismaRows("document", in: company).filter {
            $0.value(of: "type") == "CreditNote" && $0.value(of: "status") == "Open"
        }
        guard let note = pick(notes) else { return nil }
        let balance = note.minor("balance")
        let currency = note.value(of: "currency")
        let amount = isOne(in: 3) ? part(of: balance) : balance
        let refunds = try world.stripeRows("refund", in: company).filter { $0.units("amount") == amount }
        let reference = isOne(in: 2) ? pick(refunds)?.value(of: "id") : nil
        let number = try world.visma.addRefund(
            of: note.value(of: "number"), amount: Self.text(amount, currency), reference: reference ?? "BANK",
            isReleased: !isOne(in: 4), in: company.vismaTenant)
        return "\(number) on \(note.value(of: "number")) as \(reference ?? "BANK")"
    }

    private mutating func useCredit(_ company: World.Company, _ world: World) throws -> String? {
        let notes = world.vismaRows("document", in: company).filter {
            $0.value(of: "type") == "CreditNote" && $0.value(of: "status") == "Open"
        }
        guard let note = pick(notes) else { return nil }
        let mates = Self.openDocuments(company, world).filter {
            $0.value(of: "customer") == note.value(of: "customer")
                && $0.value(of: "currency") == note.value(of: "currency")
        }
        guard let document = pick(mates) else { return nil }
        let amount = Self.text(
            min(note.minor("balance"), document.minor("balance")), document.value(of: "currency"))
        let (from, to) = (note.value(of: "number"), document.value(of: "number"))
        try world.visma.applyCreditNote(from, to: to, amount: amount, in: company.vismaTenant)
        return "\(from) on \(to)"
    }

    /// What came too much, also through Stripe, on another invoice.
    private mutating func usePayment(_ company: World.Company, _ world: World) throws -> String? {
        let open = Self.payments(company, world).filter {
            $0.value(of: "status") == "Open" && $0.value(of: "type") == "Payment" && $0.minor("available") > 0
        }
        guard let payment = pick(open) else { return nil }
        let documents = Self.openDocuments(company, world).filter {
            $0.value(of: "currency") == payment.value(of: "currency")
        }
        guard let document = pick(documents) else { return nil }
        let amount = Self.text(
            min(payment.minor("available"), document.minor("balance")), document.value(of: "currency"))
        let (from, to) = (payment.value(of: "number"), document.value(of: "number"))
        try world.visma.applyPayment(from, to: to, amount: amount, in: company.vismaTenant)
        return "\(from) on \(to)"
    }

    private mutating func writeOff(_ company: World.Company, _ world: World) throws -> String? {
        guard let document = pick(Self.openDocuments(company, world)) else { return nil }
        let number = document.value(of: "number")
        let amount =
            isOne(in: 3)
            ? Self.text(part(of: document.minor("balance")), document.value(of: "currency")) : nil
        return "\(try world.visma.writeOff(number, amount: amount, in: company.vismaTenant)) on \(number)"
    }

    private mutating func reverse(_ company: World.Company, _ world: World) throws -> String? {
        let invoices = world.vismaRows("document", in: company).filter {
            $0.value(of: "type") == "Invoice" && $0["released"]?.boolValue == true
        }
        guard let number = pick(invoices)?.value(of: "number") else { return nil }
        return "\(number) by \(try world.visma.reverseInvoice(number, in: company.vismaTenant))"
    }

    private mutating func correct(_ company: World.Company, _ world: World) throws -> String? {
        guard let document = pick(Self.openDocuments(company, world)) else { return nil }
        let seed = invoiceSeed(for: document.value(of: "customer"), company, world)
        let made = try world.visma.correctInvoice(document.value(of: "number"), with: seed, in: company.vismaTenant)
        return "\(document.value(of: "number")) by \(made.invoice)"
    }

    private mutating func voidPayment(_ company: World.Company, _ world: World) throws -> String? {
        let released = Self.payments(company, world).filter {
            ["Open", "Closed"].contains($0.value(of: "status")) && !$0.value(of: "type").hasPrefix("Void")
        }
        guard let payment = pick(released) else { return nil }
        let (number, type) = (payment.value(of: "number"), payment.value(of: "type"))
        try world.visma.voidPayment(number, type: type, in: company.vismaTenant)
        return "\(type) \(number) (\(payment.value(of: "reference")))"
    }

    private mutating func release(_ company: World.Company, _ world: World) throws -> String? {
        guard let row = pick(Self.waiting(company, world) + Self.waitingCredits(company, world)) else { return nil }
        return try Self.release(row, company, world)
    }

    private static func release(_ row: SandboxJSON, _ company: World.Company, _ world: World) throws -> String {
        let (number, type) = (row.value(of: "number"), row.value(of: "type"))
        if type == "CreditNote" {
            try world.visma.releaseInvoice(number, type: type, in: company.vismaTenant)
        } else {
            try world.visma.releasePayment(number, type: type, in: company.vismaTenant)
        }
        return "\(type) \(number)"
    }

    private mutating func delete(_ company: World.Company, _ world: World) throws -> String? {
        guard let payment = pick(Self.waiting(company, world)) else { return nil }
        let (number, type) = (payment.value(of: "number"), payment.value(of: "type"))
        try world.visma.deletePayment(number, type: type, in: company.vismaTenant)
        return "\(type) \(number) (\(payment.value(of: "reference")))"
    }

    /// What the policy leaves on hold is released in the end, where the documents still take it.
    package mutating func releaseAll(in world: World) throws {
        for company in world.companies {
            for row in Self.waiting(company, world) + Self.waitingCredits(company, world) {
                do {
                    let done = try Self.release(row, company, world)
                    world.trace.note("person of \(company.tenant) releases at last \(done)")
                } catch let refused as VismaSeedError {
                    world.trace.note("person of \(company.tenant) cannot release: \(refused)")
                }
            }
        }
    }
}
