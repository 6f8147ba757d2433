import Domain
import Foundation
import Sandbox

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
    }

    let clock: SandboxClock
    let stripe: StripeSimulator
    let visma: VismaSimulator
    let nord: Company
    let kyst: Company
    var all: [Company] { [nord, kyst] }

    init(seed: UInt64, manifests: [String]) throws {
        clock = .running()
        stripe = StripeSimulator(clock: clock, seed: seed)
        visma = VismaSimulator(clock: clock, seed: seed)
        var random = SandboxRandom(seed: seed)
        nord = Self.company(
            manifests[0], "11111111-1111-4111-8111-111111111111", account: "acct_demo_nord", "isv_nord", &random)
        kyst = Self.company(
            manifests[1], "22222222-2222-4222-8222-222222222222", account: "acct_demo_kyst", "isv_kyst", &random)
        let today = Timestamp(microseconds: clock.now()).day(in: .gmt)
        try plantNord(today)
        try plantKyst(today)
    }

    private static func company(
        _ manifest: String, _ tenant: String, account: String, _ client: String, _ random: inout SandboxRandom
    ) -> Company {
        Company(
            manifest: manifest, vismaTenant: tenant, account: account, vismaClientID: client,
            vismaClientSecret: "sandbox-secret-" + random.idText(24), stripeKey: "rk_test_" + random.idText(24))
    }

    // MARK: Nord: NOK, SEK, EUR

    private func plantNord(_ today: LocalDate) throws {
        let accounts = [("1580", "NOK"), ("1581", "SEK"), ("1582", "EUR")]
        visma.addCompany(
            VismaCompany(
                tenantID: nord.vismaTenant, number: "1", name: "Nord Verktøy AS", clientID: nord.vismaClientID,
                clientSecret: nord.vismaClientSecret, baseCurrency: "NOK",
                cashAccounts: accounts.map { .init(number: $0.0, description: "Stripe \($0.1)", currency: $0.1) },
                paymentMethods: [.init(id: "5", description: "Stripe")]))
        stripe.addAccount(
            id: nord.account, secretKey: nord.stripeKey, country: "NO", supportedCurrencies: ["nok", "sek", "eur"],
            defaultCurrency: "nok")
        let tenant = nord.vismaTenant
        let fjord = try visma.addCustomer(
            .init(name: "Fjord Bygg AS", invoiceEmail: "faktura@fjord.example"), in: tenant)
        let skog = try visma.addCustomer(
            .init(name: "Skog & Sag AB", mainEmail: "lev@skog.example", country: "SE"), in: tenant)
        let alp = try visma.addCustomer(
            .init(name: "Alpen GmbH", invoiceEmail: "ap@alpen.example", country: "DE"), in: tenant)
        let silent = try visma.addCustomer(.init(name: "Stille Kunde AS"), in: tenant)
        let sale = Sale(visma: visma, tenant: tenant, today: today)
        try sale.invoice(fjord, "NOK", [.init("Drill", quantity: "2", unitPrice: "1499.50")])
        try sale.invoice(fjord, "NOK", [.init("Food box", quantity: "7", unitPrice: "89.93", vat: .middle15)])
        try sale.invoice(fjord, "NOK", [.init("Book", quantity: "3", unitPrice: "249.00", vat: .zero)])
        try sale.invoice(
            fjord, "NOK",
            [
                .init("Saw", unitPrice: "899.90"), .init("Lunch", quantity: "4", unitPrice: "112.17", vat: .middle15),
                .init("Manual", unitPrice: "150.00", vat: .zero),
            ])
        try sale.invoice(
            fjord, "NOK", (1...7).map { .init("Screws, size \($0)", quantity: "3", unitPrice: "33.33") })
        try sale.invoice(fjord, "NOK", [.init("Shop sale", quantity: "3", unitPrice: "199.90")], inclusive: true)
        try sale.invoice(
            fjord, "NOK", [.init("Rental", unitPrice: "1234.56"), .init("Cleaning", unitPrice: "99.99")], rounded: "1")
        try sale.invoice(fjord, "NOK", [.init("Overdue work", quantity: "5", unitPrice: "850.00")], dueIn: -20)
        let partly = try sale.invoice(fjord, "NOK", [.init("Scaffolding", unitPrice: "20000.00")])
        try visma.applyOutsidePayment(to: partly, amount: "5000.00", in: tenant)
        try sale.invoice(fjord, "NOK", [.init("Hammer", quantity: "10", unitPrice: "179.00", discountPercent: "12.5")])
        try sale.invoice(skog, "SEK", [.init("Blade", quantity: "12", unitPrice: "76.45")], rate: "0.98")
        try sale.invoice(skog, "SEK", [.init("Catering", unitPrice: "3999.95", vat: .middle15)], rate: "0.98")
        try sale.invoice(alp, "EUR", [.init("Bit set", quantity: "25", unitPrice: "19.99", vat: .zero)], rate: "11.52")
        try sale.invoice(alp, "EUR", [.init("Training", unitPrice: "1200.07")], rate: "11.52", inclusive: true)
        // These two cannot be collected and become reviews.
        try sale.invoice(silent, "NOK", [.init("Clamp", unitPrice: "410.00")])
        try sale.invoice(fjord, "PLN", [.init("Export", unitPrice: "500.00", vat: .zero)], rate: "2.7")
    }

    // MARK: Kyst: DKK, JPY

    private func plantKyst(_ today: LocalDate) throws {
        var behaviour = VismaBehaviour()
        behaviour.recordEdits = .noteAllowed
        behaviour.releaseDelaySeconds = 1
        visma.addCompany(
            VismaCompany(
                tenantID: kyst.vismaTenant, number: "2", name: "Kyst Handel ApS", clientID: kyst.vismaClientID,
                clientSecret: kyst.vismaClientSecret, baseCurrency: "DKK",
                cashAccounts: [
                    .init(number: "5820", description: "Stripe DKK", currency: "DKK"),
                    .init(number: "5821", description: "Stripe JPY", currency: "JPY"),
                ],
                paymentMethods: [.init(id: "5", description: "Stripe")], behaviour: behaviour))
        stripe.addAccount(
            id: kyst.account, secretKey: kyst.stripeKey, country: "DK", supportedCurrencies: ["dkk", "jpy"],
            defaultCurrency: "dkk")
        let tenant = kyst.vismaTenant
        let havn = try visma.addCustomer(
            .init(name: "Havn Shipping A/S", invoiceEmail: "bilag@havn.example", country: "DK"), in: tenant)
        let tokyo = try visma.addCustomer(
            .init(name: "Tokyo Trading KK", mainEmail: "ap@tokyo.example", country: "JP"), in: tenant)
        let sale = Sale(visma: visma, tenant: tenant, today: today)
        for index in 1...6 {
            try sale.invoice(havn, "DKK", [.init("Rope \(index)", quantity: "\(index)", unitPrice: "149.95")])
        }
        try sale.invoice(havn, "DKK", [.init("Anchor", unitPrice: "7499.00")], inclusive: true)
        try sale.invoice(
            havn, "DKK", [.init("Paint", unitPrice: "333.33"), .init("Brush", quantity: "3", unitPrice: "11.11")],
            rounded: "1")
        for index in 1...4 {
            try sale.invoice(
                tokyo, "JPY", [.init("Fish \(index)", quantity: "\(index)", unitPrice: "12800", vat: .zero)],
                rate: "0.045")
        }
    }

    private struct Sale {
        let visma: VismaSimulator
        let tenant: String
        let today: LocalDate

        @discardableResult
        func invoice(
            _ customer: String, _ currency: String, _ lines: [VismaLineSeed], rate: String = "1", dueIn days: Int = 14,
            inclusive: Bool = false, rounded: String? = nil
        ) throws -> String {
            try visma.addInvoice(
                VismaInvoiceSeed(
                    customer: customer, date: today.adding(days: min(-2, days - 14)).description,
                    dueDate: today.adding(days: days).description, lines: lines, currency: currency,
                    exchangeRate: rate, pricesIncludeVAT: inclusive, roundTotalTo: rounded), in: tenant)
        }
    }
}
