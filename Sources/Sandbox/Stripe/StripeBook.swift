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
    /// Some accounts switch automatic tax on whenever a request leaves the parameter out.
    let isAutomaticTaxDefault: Bool
    let searchLagSeconds: Int64

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
    var intents = StripeTable<StripePaymentIntentRecord>()
    var charges = StripeTable<StripeChargeRecord>()
    var refunds = StripeTable<StripeRefundRecord>()
    var disputes = StripeTable<StripeDisputeRecord>()
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
        isAutomaticTaxDefault: Bool, searchLagSeconds: Int64, seed: UInt64
    ) {
        self.account = account
        self.isLive = isLive
        self.country = country
        self.defaultCurrency = defaultCurrency
        self.supportedCurrencies = supportedCurrencies
        self.isAutomaticTaxDefault = isAutomaticTaxDefault
        self.searchLagSeconds = searchLagSeconds
        random = SandboxRandom(seed: seed)
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
