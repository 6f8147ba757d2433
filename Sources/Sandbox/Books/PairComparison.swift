/// The comparison of one company's books with one Stripe account's.
struct PairComparison {
    let books: PairBooks
    /// The Visma payment that stands for an invoice payment, by its id.
    var booked: [String: BookPayment] = [:]
    /// The Visma payment that stood for one, and was voided because the money went back.
    var takenBack: [String: BookPayment] = [:]
    /// What is open in Visma although Stripe has nothing to collect (positive), or the other way round, by document:
    /// payments taken back, and those that wait on hold.
    var owed: [String: Int64] = [:]
    private(set) var differences: [DriftReport.Difference] = []

    var pair: BookPair { books.pair }

    init(pair: BookPair, pairs: [BookPair], visma: [SandboxJSON], stripe: [SandboxJSON]) {
        books = PairBooks(pair: pair, pairs: pairs, visma: visma, stripe: stripe)
    }

    mutating func differ(_ document: String?, _ what: String) {
        differences.append(.init(vismaTenant: pair.vismaTenant, document: document, what: what))
    }

    mutating func compare() {
        for fault in books.faults { differ(fault.document, fault.what) }
        comparePayments()
        compareDocuments()
        compareInvoices()
        addUp()
        compareSettlements()
        compareCharges()
        compareRefunds()
        compareDisputes()
        compareFees()
        comparePayouts()
        compareCredits()
        compareRecords()
    }

    // MARK: Finding

    func document(of movement: BookMovement) -> String? {
        books.invoices[movement.invoice].flatMap { $0.document.isEmpty ? nil : $0.document }
    }

    /// A charge without a payment intent has nothing to do with invoices, nor has what hangs on it.
    func isForeign(_ movement: BookMovement) -> Bool {
        movement.intent.isEmpty && movement.invoice.isEmpty
            && books["charge"].contains { $0.id == movement.id || $0.id == movement.charge }
    }

    func isCollectable(_ document: BookDocument) -> Bool {
        document.isInvoice && document.isReleased && document.date >= pair.startDate
    }

    func isOfCompany(_ invoice: BookInvoice) -> Bool {
        invoice.company.isEmpty || invoice.company == pair.vismaTenant
    }

    /// Booked as the company has decided: released, or waiting on hold for a person.
    func isBooked(_ isReleased: Bool, _ status: String) -> Bool {
        isReleased || (pair.holds && (status == "Hold" || status == "Balanced"))
    }

    // MARK: What stands on the documents

    /// Failures, refunds and disputes can be read on their documents, and nothing else of the kind.
    private mutating func compareRecords() {
        for charge in books["charge"] where charge.status == "failed" { compareRecord(charge, "failed charge", nil) }
        for refund in books["refund"] { compareRecord(refund, "refund", refund.status) }
        for dispute in books["dispute"] { compareRecord(dispute, "dispute", dispute.status) }
        for (key, document) in books.documents.sorted(by: { $0.key < $1.key }) {
            let words = texts(on: document).flatMap { text in
                text.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) && $0 != "_" }
            }
            for word in Set(words).sorted() where ["ch_", "py_", "dp_", "du_", "re_"].contains(word.prefix(3)) {
                if !books.knownIDs.contains(String(word)) {
                    differ(key, "the document names \(word), unknown in Stripe")
                }
            }
        }
    }

    private func texts(on document: BookDocument) -> [String] {
        let posted = books.payments.filter { $0.applications.contains { $0.key == document.key } }
        return document.texts + posted.map(\.text)
    }

    /// Recorded is what one line on its document tells with its id, its amount with the currency, and its state.
    private mutating func compareRecord(_ movement: BookMovement, _ what: String, _ state: String?) {
        if isForeign(movement) { return }
        guard let key = document(of: movement), let document = books.documents[key] else {
            return differ(nil, "\(what) \(movement.id) belongs to no document")
        }
        let amount = BookMoney.text(movement.amount, movement.currency)
        let isRecorded = texts(on: document).contains { text in
            text.split(whereSeparator: \.isNewline).contains { line in
                line.contains(movement.id) && line.contains(amount) && (state.map { line.contains($0) } ?? true)
            }
        }
        if !isRecorded { differ(key, "\(what) \(movement.id) of \(amount) is not on the document as it is now") }
    }
}
