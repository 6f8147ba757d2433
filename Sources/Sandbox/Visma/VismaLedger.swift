/// One company's customer ledger, with its rate window and what is still to take effect. A plain value: the
/// simulator keeps it behind a lock and tells it the time before every use.
struct VismaLedger: Sendable {
    /// Something that the server has accepted and does later.
    enum Pending: Sendable {
        /// The key of a payment, a document, a cash transaction or a journal.
        case release(key: String)
        case void(payment: String)
        case request(SandboxRequest)
    }

    var company: VismaCompany
    var behaviour: VismaBehaviour
    var random: SandboxRandom
    /// Microseconds since 1970, UTC.
    var now: Int64 = 0
    /// Microseconds since 1970 of the running rate window's start.
    var windowStart: Int64 = 0
    var windowCalls = 0
    var calls: [String: Int] = [:]

    private(set) var customers: [VismaCustomerRecord] = []
    private(set) var documents: [VismaDocument] = []
    private(set) var payments: [VismaPaymentRecord] = []
    var creditApplications: [VismaCreditApplication] = []
    var cashTransactions: [VismaCashTransaction] = []
    var journals: [VismaJournal] = []
    private(set) var pending: [(due: Int64, what: Pending)] = []
    private var customerPositions: [String: Int] = [:]
    private var documentPositions: [String: Int] = [:]
    private var paymentPositions: [String: Int] = [:]
    private var paymentsOfDocument: [String: [Int]] = [:]
    private var lastRow: UInt64
    private var series: [String: Int] = [
        "Customer": 10_000, "Invoice": 100, "CreditNote": 700_000, "Payment": 200_000, "Refund": 200_000,
        "SmallBalanceWo": 900_000,
    ]
    /// Types of payments, in the order in which a number alone finds them.
    static let paymentTypes = ["Payment", "Prepayment", "Refund", "SmallBalanceWo"]

    init(company: VismaCompany, behaviour: VismaBehaviour, random: SandboxRandom) {
        self.company = company
        self.behaviour = behaviour
        self.random = random
        lastRow = 0x4D18_2200 + UInt64(self.random.next() % 0x1_0000)
    }

    // MARK: Time, ids and versions

    /// Milliseconds of the company's wall clock.
    var localNow: Int64 { VismaTime.local(now, offsetMinutes: company.timeZoneOffsetMinutes) }

    mutating func guid() -> String {
        let digits = (0..<2).map { _ in
            let text = String(random.next(), radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
        var text = ""
        for (position, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(position) { text.append("-") }
            text.append(position == 12 ? "4" : position == 16 ? "a" : digit)
        }
        return text
    }

    /// The next number that is not taken, six digits.
    mutating func nextNumber(_ kind: String) -> String {
        while true {
            let next = (series[kind] ?? 0) + 1
            series[kind] = next
            let text = String(String(1_000_000 + next).suffix(6))
            let number = kind == "Customer" ? String(next) : text
            let isTaken = kind == "Customer" ? customerPositions[number] != nil : document("\(kind):\(number)") != nil
            if !isTaken { return number }
        }
    }

    /// The number of a new payment. Prepayments share the payments' series, refunds only by the company's setting.
    mutating func nextPaymentNumber(_ type: String) -> String {
        let isShared = behaviour.paymentNumbersAreShared
        let kind = type == "Prepayment" || (type == "Refund" && isShared) ? "Payment" : type
        let sharing: [String] =
            switch kind {
            case "Payment": ["Payment", "Prepayment"] + (isShared ? ["Refund"] : [])
            default: [kind]
            }
        while true {
            let number = nextNumber(kind)
            if sharing.allSatisfy({ payment("\($0):\(number)") == nil }) { return number }
        }
    }

    mutating func newVersion() -> VismaVersion {
        lastRow += 1
        return VismaVersion(created: localNow, modified: localNow, row: lastRow)
    }

    mutating func touched(_ version: VismaVersion) -> VismaVersion {
        lastRow += 1
        return VismaVersion(created: version.created, modified: localNow, row: lastRow)
    }

    // MARK: Finding

    func customer(_ number: String) -> VismaCustomerRecord? { customerPositions[number].map { customers[$0] } }
    func customer(internalID: Int) -> VismaCustomerRecord? { customers.first { $0.internalID == internalID } }
    func document(_ key: String) -> VismaDocument? { documentPositions[key].map { documents[$0] } }
    func payment(_ key: String) -> VismaPaymentRecord? { paymentPositions[key].map { payments[$0] } }

    /// By number alone, as the API's path has no type: the first type that has it is answered. A document that
    /// voids another has its number too, and stands behind all of them.
    func payment(number: String, type: String? = nil) -> VismaPaymentRecord? {
        let types = type.map { [$0] } ?? Self.paymentTypes
        return types.lazy.compactMap { self.payment("\($0):\(number)") }.first
    }

    func payments(of documentKey: String) -> [VismaPaymentRecord] {
        (paymentsOfDocument[documentKey] ?? []).map { payments[$0] }
    }

    // MARK: Changing

    mutating func append(_ customer: VismaCustomerRecord) {
        customerPositions[customer.number] = customers.count
        customers.append(customer)
    }

    mutating func append(_ document: VismaDocument) {
        documentPositions[document.key] = documents.count
        documents.append(document)
    }

    mutating func append(_ payment: VismaPaymentRecord) {
        paymentPositions[payment.key] = payments.count
        for application in payment.applications { note(payments.count, pays: application.key) }
        payments.append(payment)
    }

    private mutating func note(_ position: Int, pays key: String) {
        guard !paymentsOfDocument[key, default: []].contains(position) else { return }
        paymentsOfDocument[key, default: []].append(position)
    }

    /// Uses more of a released payment on a document.
    mutating func append(_ application: VismaPaymentRecord.Application, to key: String) {
        guard let position = paymentPositions[key] else { return }
        changePayment(key) { $0.applications.append(application) }
        note(position, pays: application.key)
    }

    /// Takes a draft out of the ledger, as if it had never been; its number is not given again.
    mutating func remove(_ key: String) {
        creditApplications.removeAll { "CreditNote:" + $0.creditNote == key }
        documents.removeAll { $0.key == key }
        documentPositions = [:]
        for (position, document) in documents.enumerated() { documentPositions[document.key] = position }
        let kept = payments.filter { $0.key != key }
        payments = []
        paymentPositions = [:]
        paymentsOfDocument = [:]
        for payment in kept { append(payment) }
    }

    mutating func changeCustomer(_ number: String, _ change: (inout VismaCustomerRecord) -> Void) {
        guard let position = customerPositions[number] else { return }
        change(&customers[position])
        customers[position].version = touched(customers[position].version)
        let renamed = customers[position].number
        if renamed != number {
            customerPositions[number] = nil
            customerPositions[renamed] = position
        }
    }

    /// `isVisible` false keeps time and row version as they are.
    mutating func changeDocument(_ key: String, isVisible: Bool = true, _ change: (inout VismaDocument) -> Void) {
        guard let position = documentPositions[key] else { return }
        change(&documents[position])
        if isVisible { documents[position].version = touched(documents[position].version) }
    }

    mutating func changePayment(_ key: String, isVisible: Bool = true, _ change: (inout VismaPaymentRecord) -> Void) {
        guard let position = paymentPositions[key] else { return }
        change(&payments[position])
        if isVisible { payments[position].version = touched(payments[position].version) }
    }

    // MARK: Later effects

    mutating func schedule(_ what: Pending, afterSeconds seconds: Int64) {
        pending.append((now + seconds * 1_000_000, what))
    }

    /// Does what is due, in order, each at its own time.
    mutating func settle(now current: Int64) {
        while let next = pending.indices.filter({ pending[$0].due <= current })
            .min(by: { (pending[$0].due, $0) < (pending[$1].due, $1) })
        {
            let (due, what) = pending.remove(at: next)
            now = due
            switch what {
            case .release(let key): applyRelease(key, isChecked: true)
            case .void(let key): applyVoid(key)
            case .request(let request): _ = dispatch(request)
            }
        }
        now = current
    }
}
