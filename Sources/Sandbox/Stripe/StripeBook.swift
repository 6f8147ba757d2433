/// Everything that one simulated account holds in one mode. All of it is changed in one go under the simulator's
/// lock; a refused request changes nothing, as each operation checks before it writes.
struct StripeBook: Sendable {
    /// The version whose shapes are written here, and the one of events nobody asked another version for.
    static let version = "2026-08-26.dahlia"

    let account: String
    let isLive: Bool
    let country: String
    let defaultCurrency: String
    let supportedCurrencies: Set<String>
    let searchLagSeconds: Int64
    var settings: StripeAccountSettings

    /// Unix seconds, set before each operation.
    var now: Int64 = 0
    var request: (id: String?, idempotencyKey: String?) = (nil, nil)
    private var random: SandboxRandom

    var customers = StripeTable<StripeCustomerRecord>()
    /// What the search index saw of customers and when; the search answers from what is old enough.
    var customerHistory: [String: [(at: Int64, row: StripeCustomerRecord)]] = [:]
    var invoices = StripeTable<StripeInvoiceRecord>()
    /// Who holds which number: a number is given once per account.
    var invoiceNumbers: [String: String] = [:]
    var taxRateIDs: [String: String] = [:]
    var invoicePayments = StripeTable<StripeInvoicePaymentRecord>()
    /// The ids of the payments that an invoice, a payment intent or a payment record has, oldest first.
    var paymentIDs: [String: [String]] = [:]
    var intents = StripeTable<StripePaymentIntentRecord>()
    var charges = StripeTable<StripeChargeRecord>()
    var refunds = StripeTable<StripeRefundRecord>()
    /// Succeeded charges whose balance transaction is not known yet.
    var chargesWithoutFee: [String] = []
    var disputes = StripeTable<StripeDisputeRecord>()
    var transactions = StripeTable<StripeBalanceTransactionRecord>()
    var payouts = StripeTable<StripePayoutRecord>()
    var paymentRecords = StripeTable<StripePaymentRecordRecord>()
    var creditNotes = StripeTable<StripeCreditNoteRecord>()
    var endpoints = StripeTable<StripeEndpointRecord>()
    var events = StripeTable<StripeEventRecord>()

    /// Deliveries that have not succeeded and not been given up.
    var deliveries: [Int: StripeDeliveryRecord] = [:]
    var nextDelivery = 0
    var pendingWebhooks: [String: Int] = [:]
    var abandonedEvents: Set<String> = []

    var replays: [String: StripeReplay] = [:]
    var calls: [String: Int] = [:]

    init(
        account: String, isLive: Bool, country: String, defaultCurrency: String, supportedCurrencies: Set<String>,
        settings: StripeAccountSettings, searchLagSeconds: Int64, seed: UInt64
    ) {
        self.account = account
        self.isLive = isLive
        self.country = country
        self.defaultCurrency = defaultCurrency
        self.supportedCurrencies = supportedCurrencies
        self.settings = settings
        self.searchLagSeconds = searchLagSeconds
        random = SandboxRandom(seed: seed)
    }

    /// Before each operation: what time has brought about happens first, and was asked for by nobody.
    mutating func begin(
        at seconds: Int64, request: (id: String?, idempotencyKey: String?) = (nil, nil)
    ) {
        now = seconds
        self.request = (nil, nil)
        learnFees()
        self.request = request
    }

    mutating func makeID(_ prefix: String, length: Int = 24) -> String { "\(prefix)_\(random.idText(length))" }

    /// Records that something happened and queues it for the endpoints that ask for it. The object is kept as it is
    /// now: an event is a snapshot.
    mutating func emit(_ type: String, _ object: StripeJSON) {
        let event = StripeEventRecord(
            id: makeID("evt"), created: now, type: type, object: object, requestID: request.id,
            idempotencyKey: request.idempotencyKey)
        events.add(event)
        for endpoint in endpoints.all where endpoint.isEnabled {
            if endpoint.enabledEvents.contains(where: { StripeEventNames.matches($0, type) }) {
                queue(event.id, to: endpoint.id)
            }
        }
    }

    mutating func queue(_ event: String, to endpoint: String) {
        let record = StripeDeliveryRecord(
            id: nextDelivery, eventID: event, endpointID: endpoint, attempt: 1, dueAt: now, queuedAt: now)
        deliveries[nextDelivery] = record
        nextDelivery += 1
        pendingWebhooks[event, default: 0] += 1
    }

    mutating func store(_ row: StripeCustomerRecord) {
        customers[row.id] = row
        customerHistory[row.id, default: []].append((now, row))
    }

    mutating func store(_ row: StripeInvoiceRecord, emitting types: String...) {
        invoices[row.id] = row
        if let number = row.number { invoiceNumbers[number] = row.id }
        for type in types { emit(type, json(row)) }
    }

    /// Changes the customer's balance; negative is credit in the customer's favour.
    mutating func changeBalance(of id: String, by amount: Int64, _ currency: String) {
        guard amount != 0, var row = customers[id] else { return }
        let balance = (row.balances[currency] ?? 0) + amount
        row.balances[currency] = balance == 0 ? nil : balance
        store(row)
        emit("customer.updated", json(row))
    }

    /// Merges metadata as Stripe does: an empty value removes its key, an empty whole removes all.
    func merged(_ old: [String: String], _ form: StripeForm) -> [String: String] {
        if form.isCleared("metadata") { return [:] }
        return old.merging(form.map("metadata")) { $1 }.filter { !$0.value.isEmpty }
    }
}

/// A saved answer under an idempotency key.
struct StripeReplay: Sendable {
    /// Kept at least a day; afterwards the key counts as new.
    static let keptSeconds: Int64 = 24 * 3600

    var fingerprint: String
    var status: Int
    var body: [UInt8]
    var requestID: String
    var savedAt: Int64
}

/// A request that has passed routing and parameter checks.
struct StripeCall: Sendable {
    var form: StripeForm
    /// The ids of the path, in its order.
    var ids: [String]
    var expand: StripeExpansion

    var id: String { ids.first ?? "" }
}
