import Domain
import Sandbox

/// The small simulated world of `ml-connector sandbox`: one company with a few open invoices, and its Stripe account.
/// Its credentials open nothing but the simulators.
struct SandboxWorld: Sendable {
    static let vismaTenant = "7e57ab1e-0000-4000-8000-000000000001"
    static let clientID = "isv_sandbox"
    static let stripeAccount = "acct_sandbox"
    private static let currencies = ["NOK", "SEK", "EUR"]
    /// For policies that book fees and lost disputes.
    static let feeEntryType = "FEE"
    static let disputeEntryType = "LOSS"

    let clock: SandboxClock
    let stripe: StripeSimulator
    let visma: VismaSimulator
    let credentials: Record

    init(seed: UInt64, invoices: Int, behaviour: VismaBehaviour = VismaBehaviour()) throws {
        clock = .running()
        stripe = StripeSimulator(clock: clock, seed: seed)
        visma = VismaSimulator(clock: clock, seed: seed)
        var random = SandboxRandom(seed: seed)
        let clientSecret = "sandbox-secret-" + random.idText(24)
        let stripeKey = "rk_test_" + random.idText(24)
        stripe.addAccount(
            id: Self.stripeAccount, secretKey: stripeKey, country: "NO",
            supportedCurrencies: Set(Self.currencies.map { $0.lowercased() }), defaultCurrency: "nok")
        let accounts = Self.currencies.enumerated().map { index, currency in
            VismaCompany.CashAccount(
                number: "158\(index)", description: "Stripe \(currency)", currency: currency,
                entryTypes: [.init(Self.feeEntryType), .init(Self.disputeEntryType)])
        }
        visma.addCompany(
            VismaCompany(
                tenantID: Self.vismaTenant, number: "1", name: "Sandbox AS", clientID: Self.clientID,
                clientSecret: clientSecret, baseCurrency: "NOK", cashAccounts: accounts,
                paymentMethods: [.init(id: "3", description: "Stripe")],
                behaviour: behaviour))
        try Self.plant(invoices, in: visma, today: Timestamp(microseconds: clock.now()))
        credentials = [
            "visma_tenant": .text(Self.vismaTenant), "visma_client_id": .text(Self.clientID),
            "visma_client_secret": .text(clientSecret), "stripe_account": .text(Self.stripeAccount),
            "stripe_key": .text(stripeKey), "payment_method": .text("3"),
            "cash_accounts": .record(
                Record(accounts.map { (name: $0.currency, value: .text($0.number)) })),
        ]
    }

    func control(_ faults: FaultPlan) -> SandboxControl {
        SandboxControl(
            stripe: stripe, clock: clock, faults: faults,
            bookkeeper: SandboxBookkeeper(visma: visma, tenant: Self.vismaTenant, clock: clock),
            otherBooks: { [visma] in visma.books().map(\.serialised) },
            otherCalls: { [visma] in
                Dictionary(uniqueKeysWithValues: visma.tenantIDs.map { ($0, visma.calls(of: $0)) })
            })
    }

    private static func plant(_ count: Int, in visma: VismaSimulator, today now: Timestamp) throws {
        let customer = try visma.addCustomer(
            VismaCustomerSeed(
                name: "Fjord Consulting AS", mainEmail: "invoices@fjord.example", street: "Storgata 1",
                postalCode: "0155", city: "Oslo"),
            in: vismaTenant)
        let today = LocalDate(daysSince1970: Int(now.unixSeconds / 86_400))
        for index in 0..<count {
            try visma.addInvoice(
                VismaInvoiceSeed(
                    customer: customer, date: today.adding(days: -3).description,
                    dueDate: today.adding(days: 11).description,
                    lines: [.init("Consulting", quantity: "\(index + 1)", unitPrice: "1250.00")]),
                in: vismaTenant)
        }
    }
}
