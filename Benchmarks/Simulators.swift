import Domain
import Logging
import Sandbox

/// Companies in both simulators, each with one customer and its invoices. The same plan gives the same ids.
struct Simulators: Sendable {
    /// More than any figure makes: it is not the simulator's budget that is measured.
    private static let hourlyCallsMax = 100_000_000

    let plan: Companies.Plan
    let stripe: StripeSimulator
    let visma: VismaSimulator
    private let customers: [String]

    init(_ plan: Companies.Plan) throws {
        let clock = SandboxClock.running()
        let stripe = StripeSimulator(clock: clock, seed: plan.seed)
        let visma = VismaSimulator(clock: clock, seed: plan.seed)
        self.plan = plan
        self.stripe = stripe
        self.visma = visma
        customers = try (1...plan.count).map { try Self.plant($0, stripe, visma) }
        for index in 1...plan.count { try addInvoices(plan.invoicesEach, to: index) }
    }

    private static func plant(_ index: Int, _ stripe: StripeSimulator, _ visma: VismaSimulator) throws -> String {
        var behaviour = VismaBehaviour()
        behaviour.hourlyCallsMax = hourlyCallsMax
        visma.addCompany(
            VismaCompany(
                tenantID: Companies.vismaTenant(index), number: "\(index)", name: "Company \(index)",
                clientID: "client-\(index)", clientSecret: Companies.secret(index), baseCurrency: "NOK",
                cashAccounts: [.init(number: "1580", description: "Stripe", currency: "NOK", entryTypes: [])],
                paymentMethods: [.init(id: "3", description: "Stripe")], behaviour: behaviour))
        stripe.addAccount(
            id: Companies.account(index), secretKey: Companies.key(index), country: "NO", supportedCurrencies: ["nok"])
        return try visma.addCustomer(
            VismaCustomerSeed(
                name: "Customer \(index)", mainEmail: "customer\(index)@example.com", street: "Storgata 1",
                postalCode: "0155", city: "Oslo"), in: Companies.vismaTenant(index))
    }

    /// Releases more invoices in Visma. Answers their numbers.
    @discardableResult
    func addInvoices(_ count: Int, to index: Int) throws -> [String] {
        let today = LocalDate(daysSince1970: Int(Stage.now().unixSeconds / 86_400))
        return try (0..<count).map { number in
            try visma.addInvoice(
                VismaInvoiceSeed(
                    customer: customers[index - 1], date: today.adding(days: -3).description,
                    dueDate: today.adding(days: 11).description,
                    // Below what is a large amount for Stripe.
                    lines: [.init("Consulting", quantity: "\(1 + number % 500)", unitPrice: "1250.00")]),
                in: Companies.vismaTenant(index))
        }
    }

    /// Invoices that can be paid in Stripe: one of each company, then the next of each.
    func openInvoices() -> [String] {
        let open = stripe.invoices().filter { $0.status == "open" }
        let companies = Dictionary(grouping: open, by: \.account).sorted { $0.key < $1.key }.map(\.value)
        let most = companies.map(\.count).max() ?? 0
        return (0..<most).flatMap { number in companies.filter { number < $0.count }.map { $0[number].id } }
    }

    struct Systems: Sendable {
        var stripePort: Int
        var vismaPort: Int
    }

    /// Runs both simulators over HTTP for the length of `body`.
    func whileServing<R: Sendable>(_ body: @escaping @Sendable (Systems) async throws -> R) async throws -> R {
        var quiet = Logger(label: "bench")
        quiet.logLevel = .error
        let (log, visma) = (quiet, visma)
        return try await SandboxServer(stripe: stripe, logger: log).whileServing { stripePort in
            try await SandboxServer(other: { visma.handle($0) }, logger: log).whileServing { vismaPort in
                try await body(Systems(stripePort: stripePort, vismaPort: vismaPort))
            }
        }
    }
}
