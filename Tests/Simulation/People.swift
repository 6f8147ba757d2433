import Domain
import Foundation
import Sandbox

/// What people do on both sides while the connector runs: they invoice, pay, decline, dispute and write notes.
package struct People {
    private var random: SandboxRandom
    private var customers: [String: [String]] = [:]

    package init(seed: UInt64) { random = SandboxRandom(seed: seed ^ 0x9E0_91E) }

    package mutating func act(in world: World) throws {
        let company = world.companies[Int(random.next() % UInt64(world.companies.count))]
        switch random.next() % 10 {
        case 0...2: try invoice(company, world)
        case 3...5: try pay(company, world)
        case 6: try fail(company, world)
        case 7: try dispute(company, world)
        case 8: try writeNote(company, world)
        default: break
        }
    }

    package mutating func invoice(_ company: World.Company, _ world: World) throws {
        let known = customers[company.vismaTenant] ?? []
        let customer: String
        if known.isEmpty || random.next() % 4 == 0 {
            let name = "Kunde \(known.count + 1)"
            customer = try world.visma.addCustomer(
                VismaCustomerSeed(name: name, invoiceEmail: "kunde\(known.count + 1)@\(company.tenant).invalid"),
                in: company.vismaTenant)
            customers[company.vismaTenant, default: []].append(customer)
        } else {
            customer = known[Int(random.next() % UInt64(known.count))]
        }
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
        let due = random.next() % 5 == 0 ? today.adding(days: -10) : today.adding(days: 14)
        let number = try world.visma.addInvoice(
            VismaInvoiceSeed(
                customer: customer, date: today.adding(days: -20).description, dueDate: due.description, lines: lines,
                currency: currency, exchangeRate: currency == company.currencies[0] ? "1" : "7.5",
                pricesIncludeVAT: random.next() % 3 == 0), in: company.vismaTenant)
        world.trace.note("person invoices \(company.tenant) \(number) \(currency)")
    }

    private mutating func choose(
        _ company: World.Company, _ world: World, where isWanted: (StripeInvoiceGlimpse) -> Bool
    ) -> StripeInvoiceGlimpse? {
        let choices = world.stripe.invoices().filter { $0.account == company.account && isWanted($0) }
        return choices.isEmpty ? nil : choices[Int(random.next() % UInt64(choices.count))]
    }

    private mutating func pay(_ company: World.Company, _ world: World) throws {
        guard let invoice = choose(company, world, where: { $0.status == "open" && $0.amountRemaining > 1000 }) else {
            return
        }
        let part: Int64? = random.next() % 4 == 0 ? invoice.amountRemaining / 2 : nil
        let made = try world.stripe.pay(invoice: invoice.id, amount: part)
        world.trace.note("person pays \(invoice.id) \(made.charge)")
    }

    private mutating func fail(_ company: World.Company, _ world: World) throws {
        guard let invoice = choose(company, world, where: { $0.status == "open" }) else { return }
        let charge = try world.stripe.failCard(invoice: invoice.id)
        world.trace.note("person's card fails \(invoice.id) \(charge)")
    }

    private mutating func dispute(_ company: World.Company, _ world: World) throws {
        guard let invoice = choose(company, world, where: { $0.charge != nil && !$0.isDisputed }),
            let charge = invoice.charge
        else { return }
        let dispute = try world.stripe.dispute(charge: charge)
        world.trace.note("person disputes \(charge) \(dispute)")
    }

    private mutating func writeNote(_ company: World.Company, _ world: World) throws {
        guard let invoice = choose(company, world, where: { $0.number != nil }), let number = invoice.number else {
            return
        }
        let note = try world.visma.note(of: number, in: company.vismaTenant)
        try world.visma.editNote(of: number, to: "Ring kunden.\n" + (note ?? ""), in: company.vismaTenant)
        world.trace.note("accountant writes on \(number)")
    }
}
