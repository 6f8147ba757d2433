import Domain
import Foundation
import Sandbox

/// What people do on both sides while the connector runs. Each act draws whom and how much from one seed; what the
/// other side refuses, or what there is nothing to do it to, is noted and passes.
package struct People {
    /// What was done, in words for the trace; nil when there was nothing to do it to.
    typealias Act = @Sendable (inout People, World.Company, World) throws -> String?

    struct Habit: Sendable {
        var name: String
        /// How often, against the others.
        var weight: UInt64
        var act: Act
    }

    private static let habits: [Habit] = everyday + payers + banks + dashboard + bookkeepers + closers

    private static let everyday = [
        Habit(name: "invoices", weight: 12) { try $0.invoice($1, $2) },
        Habit(name: "writes a note", weight: 3) { try $0.writeNote($1, $2) },
    ]

    private var random: SandboxRandom
    private var customerCount: [String: Int] = [:]

    package init(seed: UInt64) { random = SandboxRandom(seed: seed ^ 0x9E0_91E) }

    /// One act of somebody.
    package mutating func act(in world: World) throws {
        let company = world.companies[Int(random.next() % UInt64(world.companies.count))]
        var ticket = random.next() % Self.habits.reduce(0) { $0 + $1.weight }
        for habit in Self.habits {
            guard ticket >= habit.weight else { return try perform(habit, company, world) }
            ticket -= habit.weight
        }
    }

    private mutating func perform(_ habit: Habit, _ company: World.Company, _ world: World) throws {
        let done: String?
        do {
            done = try habit.act(&self, company, world)
        } catch let refused as StripeActionRefused {
            done = "refused: \(refused)"
        } catch let refused as VismaSeedError {
            done = "refused: \(refused)"
        }
        if let done { world.trace.note("person of \(company.tenant) \(habit.name): \(done)") }
    }

    // MARK: Chance

    mutating func pick<Value>(_ values: [Value]) -> Value? {
        values.isEmpty ? nil : values[Int(random.next() % UInt64(values.count))]
    }

    mutating func isOne(in count: UInt64) -> Bool { random.next() % count == 0 }

    /// Some of an amount, at least one unit.
    mutating func part(of amount: Int64) -> Int64 {
        amount < 2 ? amount : 1 + Int64(random.next() % UInt64(amount - 1))
    }

    mutating func number(below count: UInt64) -> Int64 { Int64(random.next() % count) }

    // MARK: What there is

    /// The company's invoices in Stripe.
    static func stripeInvoices(
        _ company: World.Company, _ world: World, _ statuses: Set<String>
    ) throws -> [SandboxJSON] {
        try world.stripeRows("invoice", in: company).filter { statuses.contains($0.value(of: "status")) }
    }

    static func openDocuments(_ company: World.Company, _ world: World) -> [SandboxJSON] {
        world.vismaRows("document", in: company).filter {
            $0.value(of: "type") == "Invoice" && $0.value(of: "status") == "Open"
        }
    }

    /// An amount of the books as the bookkeeper types it.
    static func text(_ minor: Int64, _ currency: String) -> String {
        currency == "JPY" ? "\(minor)" : "\(minor / 100).\(minor % 100 / 10)\(minor % 10)"
    }

    // MARK: Everyday

    package mutating func invoice(_ company: World.Company, _ world: World) throws -> String? {
        let count = customerCount[company.vismaTenant] ?? 0
        let known = Set(world.vismaRows("document", in: company).map { $0.value(of: "customer") }).sorted()
        let customer: String
        if known.isEmpty || isOne(in: 4) {
            customerCount[company.vismaTenant] = count + 1
            customer = try world.visma.addCustomer(
                VismaCustomerSeed(
                    name: "Kunde \(count + 1)", invoiceEmail: "kunde\(count + 1)@\(company.tenant).invalid"),
                in: company.vismaTenant)
        } else {
            customer = pick(known) ?? ""
        }
        let seed = invoiceSeed(for: customer, company, world)
        let number = try world.visma.addInvoice(seed, in: company.vismaTenant)
        return "\(number) \(seed.currency ?? "") of \(customer)"
    }

    mutating func invoiceSeed(
        for customer: String, _ company: World.Company, _ world: World
    ) -> VismaInvoiceSeed {
        let currency = company.currencies[Int(random.next() % UInt64(company.currencies.count))]
        let vats: [VismaVATSeed] = [.standard25, .middle15, .zero]
        var lines: [VismaLineSeed] = []
        for index in 0...(random.next() % 4) {
            let whole = 500 + random.next() % 20_000
            let price = currency == "JPY" ? "\(whole)" : "\(whole).\(random.next() % 10)\(random.next() % 10)"
            lines.append(
                VismaLineSeed(
                    "Vare \(index + 1)", quantity: "\(1 + random.next() % 5)", unitPrice: price,
                    vat: vats[Int(random.next() % 3)]))
        }
        let today = world.now().day(in: .gmt)
        let due = isOne(in: 5) ? today.adding(days: -10) : today.adding(days: 14)
        return VismaInvoiceSeed(
            customer: customer, date: today.adding(days: -20).description, dueDate: due.description, lines: lines,
            currency: currency, exchangeRate: currency == company.currencies[0] ? "1" : "7.5",
            pricesIncludeVAT: isOne(in: 3))
    }

    private mutating func writeNote(_ company: World.Company, _ world: World) throws -> String? {
        let documents = world.vismaRows("document", in: company).filter { $0.value(of: "type") == "Invoice" }
        guard let number = pick(documents)?.value(of: "number") else { return nil }
        let note = try world.visma.note(of: number, in: company.vismaTenant)
        try world.visma.editNote(of: number, to: "Ring kunden.\n" + (note ?? ""), in: company.vismaTenant)
        return number
    }
}
