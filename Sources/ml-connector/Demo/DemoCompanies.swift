import Domain
import Foundation
import Sandbox

/// An invoice of the demo by what happens to it.
enum DemoCase: String, Sendable, CaseIterable {
    case refunded, partlyRefunded, refundFails, refundWaits, refundedByVoid
    case partlyPaid, cardFails, overpaid, together, togetherToo, foreign, staysOpen
    case paidOutside, partlyPaidOutside, credited, reversed, writtenOff
    case disputeWon, disputeLost, disputeLostToReview, disputeOpen, bookingVoided
}

/// The two companies of the demo in both simulators, with their customers and invoices. Nothing here is known to the
/// connector but what it reads over HTTP.
struct DemoCompanies: Sendable {
    struct Company: Sendable {
        let manifest: String
        let vismaTenant: String
        let account: String
        let vismaClientID: String
        let vismaClientSecret: String
        let stripeKey: String
        let baseCurrency: String
        /// Before Visma's number in Stripe's, as its manifest says.
        let numberPrefix: String
    }

    /// Where an invoice stands.
    struct Place: Sendable {
        let company: Company
        let number: String
        /// Decimal text: what was open when it was planted.
        let openAmount: String
    }

    /// In both companies: money that does not pass through Stripe.
    static let bankAccount = "1920"

    let clock: SandboxClock
    let stripe: StripeSimulator
    let visma: VismaSimulator
    let nord: Company
    let kyst: Company
    private(set) var cases: [DemoCase: Place] = [:]
    var all: [Company] { [nord, kyst] }

    init(seed: UInt64, manifests: [String]) throws {
        clock = .running()
        stripe = StripeSimulator(clock: clock, seed: seed)
        visma = VismaSimulator(clock: clock, seed: seed)
        var random = SandboxRandom(seed: seed)
        nord = Self.company(
            manifests[0], "11111111-1111-4111-8111-111111111111", account: "acct_demo_nord", "isv_nord", "NOK", "N-",
            &random)
        kyst = Self.company(
            manifests[1], "22222222-2222-4222-8222-222222222222", account: "acct_demo_kyst", "isv_kyst", "DKK", "K-",
            &random)
        let today = Timestamp(microseconds: clock.now()).day(in: .gmt)
        try plantNord(today)
        try plantKyst(today)
    }

    private static func company(
        _ manifest: String, _ tenant: String, account: String, _ client: String, _ base: String, _ prefix: String,
        _ random: inout SandboxRandom
    ) -> Company {
        Company(
            manifest: manifest, vismaTenant: tenant, account: account, vismaClientID: client,
            vismaClientSecret: "sandbox-secret-" + random.idText(24), stripeKey: "rk_test_" + random.idText(24),
            baseCurrency: base, numberPrefix: prefix)
    }

    /// The accounts that stand for Stripe, with what fees and losses are booked as, and the bank.
    private static func accounts(
        _ clearing: [(number: String, currency: String)], base: String
    ) -> [VismaCompany.CashAccount] {
        let stripe = clearing.map { account in
            VismaCompany.CashAccount(
                number: account.number, description: "Stripe \(account.currency)", currency: account.currency,
                entryTypes: [.init("FEE", offsetAccount: "7770"), .init("LOSS", offsetAccount: "7830")])
        }
        return stripe + [.init(number: bankAccount, description: "Bank", currency: base)]
    }

    // MARK: Nord: NOK, SEK, EUR

    private mutating func plantNord(_ today: LocalDate) throws {
        visma.addCompany(
            VismaCompany(
                tenantID: nord.vismaTenant, number: "1", name: "Nord Verktøy AS", clientID: nord.vismaClientID,
                clientSecret: nord.vismaClientSecret, baseCurrency: "NOK",
                cashAccounts: Self.accounts([("1580", "NOK"), ("1581", "SEK"), ("1582", "EUR")], base: "NOK"),
                paymentMethods: [.init(id: "5", description: "Stripe")]))
        stripe.addAccount(
            id: nord.account, secretKey: nord.stripeKey, country: "NO", supportedCurrencies: ["nok", "sek", "eur"],
            defaultCurrency: "nok")
        let tenant = nord.vismaTenant
        let fjord = try visma.addCustomer(
            .init(name: "Fjord Bygg AS", invoiceEmail: "faktura@fjord.example"), in: tenant)
        let silent = try visma.addCustomer(.init(name: "Stille Kunde AS"), in: tenant)
        var sale = Sale(visma: visma, company: nord, today: today)
        try sellInNOK(fjord, &sale)
        try settleInNOK(fjord, &sale)
        try sellAbroad(&sale)
        // These two cannot be collected and become reviews.
        try sale.invoice(nil, silent, "NOK", [.init("Clamp", unitPrice: "410.00")])
        try sale.invoice(nil, fjord, "PLN", [.init("Export", unitPrice: "500.00", vat: .zero)], rate: "2.7")
        cases.merge(sale.cases) { $1 }
    }

    private func sellInNOK(_ fjord: String, _ sale: inout Sale) throws {
        try sale.invoice(.refunded, fjord, "NOK", [.init("Drill", quantity: "2", unitPrice: "1499.50")])
        try sale.invoice(
            .partlyRefunded, fjord, "NOK", [.init("Food box", quantity: "7", unitPrice: "89.93", vat: .middle15)])
        try sale.invoice(.refundFails, fjord, "NOK", [.init("Book", quantity: "3", unitPrice: "249.00", vat: .zero)])
        try sale.invoice(
            .refundWaits, fjord, "NOK",
            [
                .init("Saw", unitPrice: "899.90"), .init("Lunch", quantity: "4", unitPrice: "112.17", vat: .middle15),
                .init("Manual", unitPrice: "150.00", vat: .zero),
            ])
        try sale.invoice(
            .disputeWon, fjord, "NOK", (1...7).map { .init("Screws, size \($0)", quantity: "3", unitPrice: "33.33") })
        try sale.invoice(
            .disputeLost, fjord, "NOK", [.init("Shop sale", quantity: "3", unitPrice: "199.90")], inclusive: true)
        try sale.invoice(
            .partlyPaid, fjord, "NOK",
            [.init("Rental", unitPrice: "1234.56"), .init("Cleaning", unitPrice: "99.99")], rounded: "1")
        try sale.invoice(
            .cardFails, fjord, "NOK", [.init("Overdue work", quantity: "5", unitPrice: "850.00")], dueIn: -20)
        try sale.invoice(.bookingVoided, fjord, "NOK", [.init("Ladder", unitPrice: "2399.00")])
        try sale.invoice(.staysOpen, fjord, "NOK", [.init("Gloves", quantity: "20", unitPrice: "49.90")])
    }

    /// What is settled past Stripe.
    private func settleInNOK(_ fjord: String, _ sale: inout Sale) throws {
        let partly = try sale.invoice(
            .paidOutside, fjord, "NOK", [.init("Scaffolding", unitPrice: "20000.00")], openAmount: "20000.00")
        try visma.applyOutsidePayment(
            to: partly, amount: "5000.00", cashAccount: Self.bankAccount, in: nord.vismaTenant)
        try sale.invoice(
            .partlyPaidOutside, fjord, "NOK",
            [.init("Hammer", quantity: "10", unitPrice: "179.00", discountPercent: "12.5")])
        try sale.invoice(.credited, fjord, "NOK", [.init("Bench", unitPrice: "3250.00")])
        try sale.invoice(.reversed, fjord, "NOK", [.init("Wrong address", unitPrice: "640.00")])
        try sale.invoice(.writtenOff, fjord, "NOK", [.init("Old debt", unitPrice: "96.00")])
    }

    private func sellAbroad(_ sale: inout Sale) throws {
        let skog = try visma.addCustomer(
            .init(name: "Skog & Sag AB", mainEmail: "lev@skog.example", country: "SE"), in: nord.vismaTenant)
        let alp = try visma.addCustomer(
            .init(name: "Alpen GmbH", invoiceEmail: "ap@alpen.example", country: "DE"), in: nord.vismaTenant)
        try sale.invoice(
            .together, skog, "SEK", [.init("Blade", quantity: "12", unitPrice: "76.45")], rate: "0.98")
        try sale.invoice(
            .togetherToo, skog, "SEK", [.init("Catering", unitPrice: "3999.95", vat: .middle15)], rate: "0.98")
        try sale.invoice(
            .overpaid, alp, "EUR", [.init("Bit set", quantity: "25", unitPrice: "19.99", vat: .zero)], rate: "11.52")
        try sale.invoice(
            .foreign, alp, "EUR", [.init("Training", unitPrice: "1200.07")], rate: "11.52", inclusive: true)
    }

    // MARK: Kyst: DKK, JPY

    private mutating func plantKyst(_ today: LocalDate) throws {
        var behaviour = VismaBehaviour()
        behaviour.recordEdits = .noteAllowed
        behaviour.releaseDelaySeconds = 1
        visma.addCompany(
            VismaCompany(
                tenantID: kyst.vismaTenant, number: "2", name: "Kyst Handel ApS", clientID: kyst.vismaClientID,
                clientSecret: kyst.vismaClientSecret, baseCurrency: "DKK",
                cashAccounts: Self.accounts([("5820", "DKK"), ("5821", "JPY")], base: "DKK"),
                paymentMethods: [.init(id: "5", description: "Stripe")], behaviour: behaviour))
        stripe.addAccount(
            id: kyst.account, secretKey: kyst.stripeKey, country: "DK", supportedCurrencies: ["dkk", "jpy"],
            defaultCurrency: "dkk")
        let tenant = kyst.vismaTenant
        let havn = try visma.addCustomer(
            .init(name: "Havn Shipping A/S", invoiceEmail: "bilag@havn.example", country: "DK"), in: tenant)
        let tokyo = try visma.addCustomer(
            .init(name: "Tokyo Trading KK", mainEmail: "ap@tokyo.example", country: "JP"), in: tenant)
        var sale = Sale(visma: visma, company: kyst, today: today)
        let ropes: [DemoCase?] = [.refundedByVoid, .disputeLostToReview, .disputeOpen, nil, nil, nil]
        for (index, name) in ropes.enumerated() {
            let line = VismaLineSeed("Rope \(index + 1)", quantity: "\(index + 1)", unitPrice: "149.95")
            try sale.invoice(name, havn, "DKK", [line])
        }
        try sale.invoice(nil, havn, "DKK", [.init("Anchor", unitPrice: "7499.00")], inclusive: true)
        try sale.invoice(
            nil, havn, "DKK", [.init("Paint", unitPrice: "333.33"), .init("Brush", quantity: "3", unitPrice: "11.11")],
            rounded: "1")
        for index in 1...4 {
            try sale.invoice(
                nil, tokyo, "JPY", [.init("Fish \(index)", quantity: "\(index)", unitPrice: "12800", vat: .zero)],
                rate: "0.045")
        }
        cases.merge(sale.cases) { $1 }
    }

    private struct Sale {
        let visma: VismaSimulator
        let company: Company
        let today: LocalDate
        private(set) var cases: [DemoCase: Place] = [:]

        init(visma: VismaSimulator, company: Company, today: LocalDate) {
            self.visma = visma
            self.company = company
            self.today = today
        }

        /// Answers the invoice's number.
        @discardableResult
        mutating func invoice(
            _ name: DemoCase?, _ customer: String, _ currency: String, _ lines: [VismaLineSeed], rate: String = "1",
            dueIn days: Int = 14, inclusive: Bool = false, rounded: String? = nil, openAmount: String = ""
        ) throws -> String {
            let number = try visma.addInvoice(
                VismaInvoiceSeed(
                    customer: customer, date: today.adding(days: min(-2, days - 14)).description,
                    dueDate: today.adding(days: days).description, lines: lines, currency: currency,
                    exchangeRate: rate, pricesIncludeVAT: inclusive, roundTotalTo: rounded), in: company.vismaTenant)
            if let name { cases[name] = Place(company: company, number: number, openAmount: openAmount) }
            return number
        }
    }
}
