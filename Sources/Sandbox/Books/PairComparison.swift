/// The comparison of one company's books with one Stripe account's.
struct PairComparison {
    let pair: BookPair
    private(set) var documents: [String: BookDocument] = [:]
    private(set) var payments: [BookPayment] = []
    /// By id; those of this pair.
    private(set) var invoices: [String: BookInvoice] = [:]
    private(set) var invoicePayments: [BookMovement] = []
    private(set) var charges: [BookMovement] = []
    private(set) var refunds: [BookMovement] = []
    private(set) var disputes: [BookMovement] = []
    /// Every id in the account's books.
    private var knownIDs: Set<String> = []
    private(set) var differences: [DriftReport.Difference] = []

    init(pair: BookPair, pairs: [BookPair], visma: [SandboxJSON], stripe: [SandboxJSON]) {
        self.pair = pair
        readVisma(visma)
        readStripe(stripe.filter { $0.bookText("account") == pair.stripeAccount }, pairs: pairs)
    }

    mutating func differ(_ document: String?, _ what: String) {
        differences.append(.init(vismaTenant: pair.vismaTenant, document: document, what: what))
    }

    // MARK: Reading; a row that stands there twice is a difference, and counts once after that

    private mutating func readVisma(_ rows: [SandboxJSON]) {
        var seen: Set<String> = []
        for row in rows where row.bookText("visma_tenant") == pair.vismaTenant {
            let kind = row.bookText("kind")
            let document = BookDocument(row)
            guard seen.insert(kind + " " + document.key).inserted else {
                differ(document.key, "Visma's books have this \(kind) twice")
                continue
            }
            if kind == "document" { documents[document.key] = document }
            if kind == "payment" { payments.append(BookPayment(row)) }
        }
    }

    private mutating func readStripe(_ rows: [SandboxJSON], pairs: [BookPair]) {
        let sharing = pairs.filter { $0.stripeAccount == pair.stripeAccount }
        let isFirst = sharing.first == pair
        func isOurs(_ company: String) -> Bool {
            company == pair.vismaTenant || (isFirst && !sharing.contains { $0.vismaTenant == company })
        }
        var seen: Set<String> = []
        var invoiceOfIntent: [String: String] = [:]
        var intentOfCharge: [String: String] = [:]
        var companyOfInvoice: [String: String] = [:]
        knownIDs = Set(rows.map { $0.bookText("id") })
        for row in rows {
            if row.bookText("kind") == "invoice" {
                companyOfInvoice[row.bookText("id")] = BookInvoice(row).company
            } else if row.bookText("kind") == "invoice_payment", !row.bookText("payment_intent").isEmpty {
                invoiceOfIntent[row.bookText("payment_intent")] = row.bookText("invoice")
            } else if row.bookText("kind") == "charge" {
                intentOfCharge[row.bookText("id")] = row.bookText("payment_intent")
            }
        }
        for row in rows {
            var movement = BookMovement(row)
            if movement.intent.isEmpty { movement.intent = intentOfCharge[movement.charge] ?? "" }
            let invoice =
                movement.kind == "invoice"
                ? movement.id : movement.invoice.isEmpty ? invoiceOfIntent[movement.intent] ?? "" : movement.invoice
            guard isOurs(companyOfInvoice[invoice] ?? "") else { continue }
            guard seen.insert(movement.kind + " " + movement.id).inserted else {
                differ(nil, "Stripe's books have \(movement.id) twice")
                continue
            }
            movement.invoice = invoice
            switch movement.kind {
            case "invoice": invoices[movement.id] = BookInvoice(row)
            case "invoice_payment": invoicePayments.append(movement)
            case "charge": charges.append(movement)
            case "refund": refunds.append(movement)
            case "dispute": disputes.append(movement)
            default: differ(nil, "Stripe's books have a row of unknown kind '\(movement.kind)'")
            }
        }
    }

    // MARK: Rules

    mutating func compare() {
        compareDocuments()
        compareInvoices()
        addUp()
        comparePayments()
        compareCharges()
        compareRefunds()
        for dispute in disputes { compareRecord(dispute, "dispute") }
        for charge in charges where charge.status == "failed" { compareRecord(charge, "failed charge") }
        compareTexts()
    }

    /// A document must not tell of a charge or a dispute that Stripe does not have.
    private mutating func compareTexts() {
        for (key, document) in documents.sorted(by: { $0.key < $1.key }) {
            let words = texts(on: document).flatMap { text in
                text.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) && $0 != "_" }
            }
            for word in Set(words).sorted() where ["ch_", "py_", "dp_", "du_"].contains(word.prefix(3)) {
                if !knownIDs.contains(String(word)) { differ(key, "the document names \(word), unknown in Stripe") }
            }
        }
    }

    private func texts(on document: BookDocument) -> [String] {
        let posted = payments.filter { $0.applications.contains { $0.key == document.key } }
        return document.texts + posted.map(\.text)
    }

    private func isCollectable(_ document: BookDocument) -> Bool {
        document.isInvoice && document.isReleased && document.date >= pair.startDate
    }

    /// Every selectable document has exactly one live Stripe invoice with its open amount in its currency.
    private mutating func compareDocuments() {
        for (key, document) in documents.sorted(by: { $0.key < $1.key }) where isCollectable(document) {
            let named = invoices.values.filter { $0.document == key && !$0.isGone && isOfCompany($0) }
            let isSettled = document.balanceMinor == 0
            guard !isSettled || !named.isEmpty else { continue }
            let live = named.filter {
                $0.status == "open" || $0.status == "paid" || ($0.status == "uncollectible" && isSettled)
            }
            guard live.count == 1, let invoice = live.first else {
                // A draft is told of by its own rule.
                if live.count > 1 { differ(key, "\(live.count) live Stripe invoices") }
                if live.isEmpty, !named.contains(where: { $0.status == "draft" }) {
                    differ(key, "open \(document.balance) \(document.currency), but no live Stripe invoice")
                }
                continue
            }
            guard invoice.currency.uppercased() == document.currency else {
                differ(key, "\(document.currency) in Visma, \(invoice.currency.uppercased()) in \(invoice.id)")
                continue
            }
            if invoice.status != "uncollectible", document.balanceMinor != invoice.amountRemaining {
                let open = BookMoney.text(invoice.amountRemaining, invoice.currency)
                differ(key, "open \(document.balance) \(document.currency) in Visma, \(open) in \(invoice.id)")
            }
        }
    }

    private func isOfCompany(_ invoice: BookInvoice) -> Bool {
        invoice.company.isEmpty || invoice.company == pair.vismaTenant
    }

    private mutating func compareInvoices() {
        for (id, invoice) in invoices.sorted(by: { $0.key < $1.key }) where !invoice.isGone {
            guard isOfCompany(invoice), let document = documents[invoice.document], isCollectable(document) else {
                differ(invoice.document.isEmpty ? nil : invoice.document, "\(id) has no document in Visma")
                continue
            }
            if invoice.status == "draft" { differ(invoice.document, "\(id) is not finalized") }
        }
    }

    /// Each side's books must agree with themselves, or an altered amount could hide behind another.
    private mutating func addUp() {
        var applied: [String: Int64] = [:]
        for payment in payments where payment.isReleased && payment.isPayment {
            for application in payment.applications {
                applied[application.key, default: 0] += BookMoney.minor(application.amount, payment.currency) ?? 0
            }
        }
        for note in documents.values {
            for application in note.applications {
                applied[application.key, default: 0] += BookMoney.minor(application.amount, note.currency) ?? 0
            }
        }
        for (key, document) in documents.sorted(by: { $0.key < $1.key }) where document.isInvoice && document.isReleased
        {
            let total = BookMoney.minor(document.total, document.currency)
            let balance = document.balanceMinor
            guard let total, let balance, total - balance == applied[key] ?? 0 else {
                differ(key, "total less balance is not what was applied in Visma")
                continue
            }
        }
        for (id, invoice) in invoices.sorted(by: { $0.key < $1.key }) where !invoice.isGone {
            let paid = invoicePayments.filter { $0.invoice == id && $0.status == "paid" }
            let isSumKnown = !paid.isEmpty && paid.allSatisfy { !$0.intent.isEmpty }
            let sum = paid.reduce(0) { $0 + ($1.amount ?? 0) }
            if isSumKnown, sum != invoice.amountPaid {
                differ(invoice.document, "\(id): payments are not what is paid")
            }
            guard let due = invoice.amountDue, let settled = invoice.amountPaid, let rest = invoice.amountRemaining
            else {
                differ(invoice.document, "\(id) lacks an amount")
                continue
            }
            if invoice.status == "open" ? rest != due - settled : invoice.status == "paid" && rest != 0 {
                differ(invoice.document, "\(id): what is due, paid and left does not add up")
            }
        }
    }

    func document(of movement: BookMovement) -> String? {
        invoices[movement.invoice].flatMap { $0.document.isEmpty ? nil : $0.document }
    }

    /// A charge without a payment intent has nothing to do with invoices, nor has what hangs on it.
    func isForeign(_ movement: BookMovement) -> Bool {
        movement.intent.isEmpty && movement.invoice.isEmpty
            && charges.contains { $0.id == movement.id || $0.id == movement.charge }
    }

    /// A failure or dispute is recorded when one text on its document has its id and its amount with the currency.
    private mutating func compareRecord(_ movement: BookMovement, _ what: String) {
        if isForeign(movement) { return }
        guard let key = document(of: movement), let document = documents[key] else {
            return differ(nil, "\(what) \(movement.id) belongs to no document")
        }
        let amount = BookMoney.text(movement.amount, movement.currency)
        let isRecorded = texts(on: document).contains { $0.contains(movement.id) && $0.contains(amount) }
        if !isRecorded { differ(key, "\(what) \(movement.id) of \(amount) is not on the document") }
    }
}
