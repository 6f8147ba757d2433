import Domain

/// Visma's side of a random history, written from what is known of Visma and not from the plan: documents, what is
/// applied to them, and the background work that releases and voids. Amounts are minor units of the document's
/// currency.
struct VismaBooks {
    /// A payment, refund, credit note, write-off or cash transaction.
    struct Paper {
        enum State { case hold, balanced, open, voided, deleted }
        enum Order { case release, void }
        enum Target: Hashable {
            case nothing, invoice(Int)
            /// A credit note, by its place among the papers.
            case paper(Int)
        }

        var number: String
        /// As Visma spells it in `applications[]`; `CashEntry` for a cash transaction.
        var type: String
        var state: State
        /// Asked for and not done yet.
        var order: Order?
        var amount: Money
        var applied: Int64 = 0
        var target: Target = .nothing
        /// Where the connector posted it from.
        var reference = ""
        var fee: Int64 = 0
        var isOurs = false
        var texts: [String] = []
        var day: LocalDate

        var stands: Bool { state != .voided && state != .deleted }
    }

    var invoices: [Receivable]
    var papers: [Paper] = []
    /// Days up to and with this one belong to closed periods.
    var closedThrough: LocalDate?
    /// Visma may say so when the document is made, or only when it is released.
    var refusesClosedAtRelease = false
    /// Visma computes VAT by its own rounding: how far it is off for credit notes.
    var creditNoteResidual: Int64 = 0
    static let periodClosed = "visma.period_closed"
    private var made = 0

    init(invoices: [Receivable]) { self.invoices = invoices }

    // MARK: What stands

    func applied(to target: Paper.Target, isReleased: Bool) -> Int64 {
        papers.reduce(0) { sum, paper in
            guard paper.target == target, paper.stands, !isReleased || paper.state == .open else { return sum }
            return sum + paper.applied
        }
    }

    func balance(_ invoice: Int) -> Int64 {
        invoices[invoice].total.minorUnits - applied(to: .invoice(invoice), isReleased: true)
    }

    /// What another document may be applied to: what waits to be released has its part already.
    func free(_ invoice: Int) -> Int64 {
        invoices[invoice].total.minorUnits - applied(to: .invoice(invoice), isReleased: false)
    }

    func receivable(_ invoice: Int) -> Receivable {
        var seen = invoices[invoice]
        let balance = balance(invoice)
        seen.balance.minorUnits = balance
        seen.status = balance > 0 ? "Open" : "Closed"
        for paper in papers where paper.target == .invoice(invoice) && paper.state != .deleted && paper.applied != 0 {
            seen.applications.append(
                .init(
                    documentType: paper.type, number: paper.number,
                    amount: Money(minorUnits: paper.applied, currency: seen.currency),
                    isReleased: paper.state == .open || paper.state == .voided, isVoided: paper.state == .voided,
                    paymentReference: paper.reference, date: paper.day))
        }
        return seen
    }

    func posted(_ booking: Booking) -> PostedDocument? {
        guard let paper = papers.first(where: { $0.number == booking.number.rawValue }), paper.state != .deleted
        else { return nil }
        return PostedDocument(
            kind: booking.kind, number: booking.number, status: "\(paper.state)", total: paper.amount,
            isReleased: paper.state == .open, isVoided: paper.state == .voided)
    }

    /// Credit notes and refunds that people made, as the connector finds them.
    func credits(taken: Set<String>, currency: Currency, account: String?) -> Situation.Credits {
        var credits = Situation.Credits(creditNotes: [], refundDocuments: [])
        let version = RowVersion(modified: "", stamp: "")
        for (index, paper) in papers.enumerated() where !paper.isOurs && paper.stands && !taken.contains(paper.number) {
            let number = VismaNumber(paper.number)
            let customer = invoices[0].customer.number
            if paper.type == "CreditNote", paper.state == .open {
                let left = paper.amount.minorUnits - paper.applied - applied(to: .paper(index), isReleased: false)
                let balance = Money(minorUnits: left, currency: currency)
                credits.creditNotes.append(
                    VismaCreditNote(
                        number: number, status: left > 0 ? "Open" : "Closed", customer: customer, total: paper.amount,
                        balance: balance, date: paper.day, texts: paper.texts, version: version))
            } else if paper.type == "Refund" {
                credits.refundDocuments.append(
                    VismaPayment(
                        number: number, type: "Refund", status: "Closed",
                        reference: paper.reference.isEmpty ? nil : paper.reference, customer: customer,
                        amount: paper.amount, cashAccount: account, applicationDate: paper.day, applications: [],
                        version: version))
            }
        }
        return credits
    }

    // MARK: What is asked of it

    private func isClosed(_ day: LocalDate) -> Bool { closedThrough.map { day <= $0 } ?? false }

    func firstOpenDay(from day: LocalDate) -> LocalDate {
        closedThrough.map { max(day, $0.adding(days: 1)) } ?? day
    }

    mutating func post(_ posting: Posting, for invoice: Int) -> Result<VismaNumber, Refusal> {
        var paper: Paper
        switch posting {
        case .payment(let draft):
            paper = Self.paper(draft, "Payment", .invoice(invoice))
            paper.fee = draft.charges.reduce(0) { $0 + $1.amount.minorUnits }
            if draft.applied.minorUnits > free(invoice) { return .failure(Refusal(text: "exceeds the balance")) }
        case .refund(let draft):
            guard let note = papers.firstIndex(where: { $0.type == "CreditNote" && $0.number == draft.document.number })
            else { return .failure(Refusal(text: "no such credit note")) }
            paper = Self.paper(draft, "Refund", .paper(note))
            let left =
                papers[note].amount.minorUnits - papers[note].applied - applied(to: .paper(note), isReleased: false)
            if papers[note].state != .open || draft.applied.minorUnits > left {
                return .failure(Refusal(text: "exceeds the balance"))
            }
        case .creditNote(let draft):
            var total = draft.total
            total.minorUnits += creditNoteResidual
            paper = Paper(number: "", type: "CreditNote", state: .balanced, amount: total, day: draft.date)
            paper.applied = draft.applied?.minorUnits ?? 0
            paper.target = draft.applied == nil ? .nothing : .invoice(invoice)
            paper.reference = draft.reference
            if paper.applied > free(invoice) { return .failure(Refusal(text: "exceeds the balance")) }
        case .cashEntry(let draft):
            paper = Paper(number: "", type: "CashEntry", state: .balanced, amount: draft.paidOut, day: draft.date)
            paper.reference = draft.reference
        case .journalEntry:
            return .failure(Refusal(text: "no document makes a journal"))
        }
        if isClosed(paper.day), !refusesClosedAtRelease { return .failure(Refusal(text: Self.periodClosed)) }
        made += 1
        paper.number = "P\(made)"
        paper.isOurs = true
        papers.append(paper)
        return .success(VismaNumber(paper.number))
    }

    private static func paper(_ draft: PaymentDraft, _ type: String, _ target: Paper.Target) -> Paper {
        var paper = Paper(
            number: "", type: type, state: draft.isOnHold ? .hold : .balanced, amount: draft.amount,
            day: draft.applicationDate)
        paper.applied = draft.applied.minorUnits
        paper.target = target
        paper.reference = draft.reference
        return paper
    }

    mutating func order(_ order: Paper.Order, _ number: VismaNumber) -> Refusal? {
        guard let index = papers.firstIndex(where: { $0.number == number.rawValue }) else {
            return Refusal(text: "no such document")
        }
        switch order {
        case .release:
            if papers[index].state != .balanced { return Refusal(text: "it is not balanced") }
            if isClosed(papers[index].day) { return Refusal(text: Self.periodClosed) }
        case .void:
            if papers[index].state != .open { return Refusal(text: "only what is released can be voided") }
        }
        papers[index].order = order
        return nil
    }

    mutating func delete(_ number: VismaNumber) -> Refusal? {
        guard let index = papers.firstIndex(where: { $0.number == number.rawValue && $0.state == .balanced }) else {
            return Refusal(text: "only what is not released can be deleted")
        }
        papers[index].state = .deleted
        return nil
    }

    /// What Visma does in the background; says whether there was anything to do.
    mutating func work() -> Bool {
        var worked = false
        for index in papers.indices {
            guard let order = papers[index].order else { continue }
            papers[index].order = nil
            papers[index].state = order == .release ? .open : .voided
            worked = true
        }
        return worked
    }
}
