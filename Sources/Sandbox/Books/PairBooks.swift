/// One company's books and those of its Stripe account, read: a row that stands there twice is told of, and counts
/// once after that.
struct PairBooks {
    let pair: BookPair
    private(set) var documents: [String: BookDocument] = [:]
    private(set) var payments: [BookPayment] = []
    private(set) var cashEntries: [BookCashEntry] = []
    private(set) var journals: [BookJournal] = []
    /// By id; those of this pair.
    private(set) var invoices: [String: BookInvoice] = [:]
    /// By kind, in the order of their ids.
    private var movements: [String: [BookMovement]] = [:]
    /// All balance transactions of the account, whosever they are, and the objects that they come of.
    private var exchanges = BookExchange.Ground([])
    /// Every id in the account's books.
    private(set) var knownIDs: Set<String> = []
    /// Whether what belongs to no invoice counts here: only for the first of the companies that share an account.
    let isFirst: Bool
    private(set) var faults: [(document: String?, what: String)] = []

    private static let kinds: Set<String> = [
        "invoice", "invoice_payment", "charge", "refund", "dispute", "credit_note", "payment_record",
        "balance_transaction", "payout", "customer_balance",
    ]

    init(pair: BookPair, pairs: [BookPair], visma: [SandboxJSON], stripe: [SandboxJSON]) {
        self.pair = pair
        let sharing = pairs.filter { $0.stripeAccount == pair.stripeAccount }
        isFirst = sharing.first == pair
        readVisma(visma)
        readStripe(stripe.filter { $0.bookText("account") == pair.stripeAccount }, sharing: sharing)
    }

    func exchange(of payout: BookMovement) -> BookExchange { BookExchange(exchanges, payout.id) }

    subscript(kind: String) -> [BookMovement] { movements[kind] ?? [] }

    private mutating func readVisma(_ rows: [SandboxJSON]) {
        var seen: Set<String> = []
        for row in rows where row.bookText("visma_tenant") == pair.vismaTenant {
            let kind = row.bookText("kind")
            let document = BookDocument(row)
            guard seen.insert(kind + " " + document.key).inserted else {
                faults.append((document.key, "Visma's books have this \(kind) twice"))
                continue
            }
            switch kind {
            case "document": documents[document.key] = document
            case "payment": payments.append(BookPayment(row))
            case "cash_transaction": cashEntries.append(BookCashEntry(row))
            case "journal": journals.append(BookJournal(row))
            default: faults.append((nil, "Visma's books have a row of unknown kind '\(kind)'"))
            }
        }
    }

    private mutating func readStripe(_ rows: [SandboxJSON], sharing: [BookPair]) {
        let companies = Set(sharing.map(\.vismaTenant))
        let all = rows.map(BookMovement.init)
        let threads = Threads(rows.filter { $0.bookText("kind") == "invoice" }.map(BookInvoice.init), all)
        knownIDs = Set(all.map(\.id))
        exchanges = BookExchange.Ground(all)
        var seen: Set<String> = []
        for (row, movement) in zip(rows, all) where movement.kind != "balance" {
            let thread = threads.follow(movement)
            let isOurs = thread.company == pair.vismaTenant || (isFirst && !companies.contains(thread.company))
            guard isOurs else { continue }
            let currency = movement.kind == "customer_balance" ? movement.currency : ""
            guard seen.insert("\(movement.kind) \(movement.id) \(currency)").inserted else {
                faults.append((nil, "Stripe's books have \(movement.id) twice"))
                continue
            }
            guard Self.kinds.contains(movement.kind) else {
                faults.append((nil, "Stripe's books have a row of unknown kind '\(movement.kind)'"))
                continue
            }
            if movement.kind == "invoice" { invoices[movement.id] = BookInvoice(row) }
            movements[movement.kind, default: []].append(thread.movement)
        }
        for kind in movements.keys { movements[kind]?.sort { ($0.id, $0.currency) < ($1.id, $1.currency) } }
    }

    /// How rows lead to invoices, and these to companies.
    private struct Threads {
        private var companyOfInvoice: [String: String] = [:]
        private var companyOfCustomer: [String: String] = [:]
        private var invoiceOfIntent: [String: String] = [:]
        private var intentOfCharge: [String: String] = [:]
        private var invoiceOfSource: [String: String] = [:]

        init(_ invoices: [BookInvoice], _ movements: [BookMovement]) {
            var documents: [String: String] = [:]
            for invoice in invoices {
                companyOfInvoice[invoice.id] = invoice.company
                documents[invoice.id] = invoice.document
            }
            // A customer of several companies is the one's who was overpaid.
            for invoice in invoices.sorted(by: { ($0.overpaid != 0 ? 0 : 1, $0.id) > ($1.overpaid != 0 ? 0 : 1, $1.id) }
            ) {
                companyOfCustomer[invoice.customer] = invoice.company
            }
            for movement in movements where movement.kind == "invoice_payment" && !movement.intent.isEmpty {
                // Of several documents that one payment pays, the first answers for it.
                let (new, old) = (movement.invoice, invoiceOfIntent[movement.intent])
                let isFirst =
                    old.map { (documents[new] ?? "", new) < (documents[$0] ?? "", $0) } ?? true
                if isFirst { invoiceOfIntent[movement.intent] = new }
            }
            for movement in movements where movement.kind == "charge" { intentOfCharge[movement.id] = movement.intent }
            for movement in movements where ["charge", "refund", "dispute"].contains(movement.kind) {
                invoiceOfSource[movement.id] = followed(movement).invoice
            }
        }

        private func followed(_ movement: BookMovement) -> BookMovement {
            var movement = movement
            if movement.intent.isEmpty { movement.intent = intentOfCharge[movement.charge] ?? "" }
            if movement.kind == "invoice" {
                movement.invoice = movement.id
            } else if movement.kind == "balance_transaction" {
                movement.invoice = invoiceOfSource[movement.source] ?? ""
            } else if movement.invoice.isEmpty {
                movement.invoice = invoiceOfIntent[movement.intent] ?? ""
            }
            return movement
        }

        func follow(_ movement: BookMovement) -> (movement: BookMovement, company: String) {
            let result = followed(movement)
            let company =
                switch movement.kind {
                case "payment_record": movement.company
                case "customer_balance": companyOfCustomer[movement.id] ?? ""
                default: companyOfInvoice[result.invoice] ?? ""
                }
            return (result, company)
        }
    }
}
