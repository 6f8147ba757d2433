import Domain
import Sandbox
import Storage

/// What must hold at the end of any course of any acts. A difference that an open review of its document tells of is
/// a person's; everything else must be explained by what both sides' books say.
extension World {
    /// What is wrong, in words; nil when nothing is.
    package func faultInEveryState() async throws -> String? {
        if let fault = try await unfinished() { return fault }
        for company in companies {
            let check = try await EveryState(company, self)
            trace.note("at rest \(company.tenant): \(check.summary)")
            let faults = check.faults()
            guard let first = faults.first else { continue }
            try await noteStory(of: company, fault: first)
            return "\(company.tenant): \(first) (\(faults.count) in all)"
        }
        return nil
    }
}

/// Both books and the connector's own memory of one company, at rest.
struct EveryState {
    let policy: PostingPolicy
    let reviews: Set<Subject>
    let bookings: [Booking]
    let links: [Link]
    let settlements: [DocumentRef: [Settlement]]
    let documents: [String: SandboxJSON]
    /// Customer payments, refunds and what voids them.
    let payments: [SandboxJSON]
    let cash: [SandboxJSON]
    let journals: [SandboxJSON]
    let stripe: [SandboxJSON]
    /// Of each Stripe invoice of ours.
    let documentOfInvoice: [String: DocumentRef]
    let account: String

    init(_ company: World.Company, _ world: World) async throws {
        let tenant = company.tenant
        let memory = try await world.database.read { db in
            let links = try LinksTable.list(db, tenant: tenant, limit: 10_000)
            var settlements: [DocumentRef: [Settlement]] = [:]
            for link in links {
                settlements[link.document] = try SettlementsTable.list(
                    db, tenant: tenant, document: link.document, revision: link.revision)
            }
            return (
                try ReviewsTable.list(db, tenant: tenant, state: .open, limit: 10_000),
                try CollectedTable.list(db, tenant: tenant, subject: nil), links, settlements
            )
        }
        guard let policy = try await world.policy(of: company) else { throw WorldFault("\(tenant) has no policy") }
        self.policy = policy.posting
        reviews = Set(memory.0.map(\.subject))
        bookings = memory.1
        links = memory.2
        settlements = memory.3
        let invoices = world.vismaRows("document", in: company).filter { $0.value(of: "type") == "Invoice" }
        documents = Dictionary(uniqueKeysWithValues: invoices.map { ("Invoice:" + $0.value(of: "number"), $0) })
        payments = world.vismaRows("payment", in: company)
        cash = world.vismaRows("cash_transaction", in: company)
        journals = world.vismaRows("journal", in: company)
        let rows = try world.stripeBooks(of: company)
        stripe = rows
        var documentOfInvoice: [String: DocumentRef] = [:]
        for row in rows where row.value(of: "kind") == "invoice" {
            documentOfInvoice[row.value(of: "id")] = (row["metadata"]?["mlc_document"]?.stringValue)
                .flatMap { DocumentRef($0) }
        }
        self.documentOfInvoice = documentOfInvoice
        account = company.account
    }

    func faults() -> [String] {
        paymentFaults() + strayFaults() + refundFaults() + toldFaults() + amountFaults() + unpushedFaults()
            + feeFaults() + disputeFaults() + payoutFaults()
    }

    /// How much was held to the books, and how much is a person's.
    var summary: String {
        let reviewed = links.filter { isReviewed($0.document) }.count
        let told = settlements.values.flatMap { $0 }.count { $0.way != .pushed }
        return "\(links.count) documents, \(reviewed) of them reviewed, \(bookings.count) bookings, \(told) told"
    }

    // MARK: What is asked of the books

    func rows(_ kind: String) -> [SandboxJSON] { stripe.filter { $0.value(of: "kind") == kind } }

    func isReviewed(_ document: DocumentRef?) -> Bool {
        document.map { reviews.contains(.document($0)) } ?? false
    }

    /// The documents that a payment intent pays.
    func documents(ofIntent intent: String) -> Set<DocumentRef> {
        Set(
            rows("invoice_payment").filter { $0.value(of: "payment_intent") == intent }
                .compactMap { documentOfInvoice[$0.value(of: "invoice")] })
    }

    func isReviewed(intent: String) -> Bool { documents(ofIntent: intent).contains { isReviewed($0) } }

    func bookings(ofFact fact: String, _ kind: Booking.Kind) -> [Booking] {
        bookings.filter { $0.fact == fact && $0.kind == kind }
            .sorted { ($0.cause.utf8.count, $0.cause) < ($1.cause.utf8.count, $1.cause) }
    }

    func payment(_ number: VismaNumber, type: String) -> SandboxJSON? {
        payments.first { $0.value(of: "number") == number.rawValue && $0.value(of: "type") == type }
    }

    static func isWaiting(_ row: SandboxJSON) -> Bool { ["Hold", "Balanced"].contains(row.value(of: "status")) }

    // MARK: Payments

    /// Every paid InvoicePayment is booked exactly once, or voided for a reason that stands.
    private func paymentFaults() -> [String] {
        rows("invoice_payment").filter {
            $0.value(of: "status") == "paid" && !$0.value(of: "payment_intent").isEmpty
        }.compactMap { paid in
            let id = paid.value(of: "id")
            let what = "\(id) (\(paid.value(of: "payment_intent"))) of \(paid.units("amount_paid"))"
            guard let document = documentOfInvoice[paid.value(of: "invoice")] else { return nil }
            let booked = bookings(ofFact: id, .payment)
            let standing = booked.filter(\.stands)
            if standing.count > 1 { return "\(what) is booked \(standing.count) times" }
            guard let booking = standing.first else {
                return isExcused(booked.last, paid, document) ? nil : "\(what) is not booked on \(document)"
            }
            return fault(of: booking, paid, document).map { "\(what): \($0)" }
        }
    }

    private func isExcused(_ last: Booking?, _ paid: SandboxJSON, _ document: DocumentRef) -> Bool {
        if isReviewed(document) { return true }
        let intent = paid.value(of: "payment_intent")
        switch last?.voidedFor {
        case .refund:
            let refunded = rows("refund").filter {
                $0.value(of: "payment_intent") == intent && $0.value(of: "status") == "succeeded"
            }.reduce(0) { $0 + $1.units("amount") }
            return refunded >= charged(intent)
        case .dispute:
            return rows("dispute").contains {
                $0.value(of: "payment_intent") == intent && $0.value(of: "status") == "lost"
            }
        case .undo: return true
        // A person voided it for the refund or the loss.
        case nil: return last != nil && isGivenBack(intent)
        case .failure: return false
        }
    }

    /// All of it was refunded or lost without a document of ours that stands for it.
    private func isGivenBack(_ intent: String) -> Bool {
        let back = ["refund": "succeeded", "dispute": "lost"].flatMap { kind, status in
            rows(kind).filter { $0.value(of: "payment_intent") == intent && $0.value(of: "status") == status }
        }
        let booked = Set(bookings.filter(\.stands).map(\.fact))
        return back.filter { !booked.contains($0.value(of: "id")) }.reduce(0) { $0 + $1.units("amount") }
            >= charged(intent)
    }

    func charged(_ intent: String) -> Int64 {
        rows("charge").filter {
            $0.value(of: "payment_intent") == intent && $0.value(of: "status") == "succeeded"
        }.reduce(0) { $0 + $1.units("amount") }
    }

    private func fault(of booking: Booking, _ paid: SandboxJSON, _ document: DocumentRef) -> String? {
        guard let row = payment(booking.number, type: "Payment") else {
            return isReviewed(document) ? nil : "Visma has no payment \(booking.number)"
        }
        if row.value(of: "reference") != paid.value(of: "payment_intent") {
            return "payment \(booking.number) has reference \(row.value(of: "reference"))"
        }
        let isHeld = booking.state == .held && policy.booking == .hold && Self.isWaiting(row)
        guard isHeld || row["released"]?.boolValue == true || isReviewed(document) else {
            return "payment \(booking.number) is \(row.value(of: "status")), and we believe \(booking.state)"
        }
        let amount = paid.units("amount_paid")
        let most = amount + paid.units("amount_overpaid")
        guard row.minor("amount") == amount || row.minor("amount") == most || isReviewed(document) else {
            return "payment \(booking.number) is of \(row.value(of: "amount"))"
        }
        return nil
    }

    /// Nothing of ours stands in Visma that we do not know of.
    private func strayFaults() -> [String] {
        let known = Set(bookings.map { "\($0.kind) \($0.number)" })
        let types = ["Payment": Booking.Kind.payment, "Refund": .refund]
        let strays = payments.compactMap { row -> String? in
            guard let kind = types[row.value(of: "type")], row.value(of: "status") != "Voided" else { return nil }
            let reference = row.value(of: "reference")
            guard kind == .payment && reference.hasPrefix("pi_") else { return nil }
            return known.contains("\(kind) \(row.value(of: "number"))")
                ? nil : "stray \(kind) \(row.value(of: "number")) (\(reference))"
        }
        let entries = (cash.filter { $0.value(of: "reverses").isEmpty }).map { $0.value(of: "reference") }
        let twice = Dictionary(grouping: entries) { $0 }.filter { $1.count > 1 }.keys.sorted()
        return strays + twice.map { "cash transactions with reference \($0) are there twice" }
    }

    // MARK: Refunds

    /// At most once each, and exactly once where it succeeded and nothing stands in the way.
    private func refundFaults() -> [String] {
        rows("refund").compactMap { refund in
            let id = refund.value(of: "id")
            let intent = refund.value(of: "payment_intent")
            guard !documents(ofIntent: intent).isEmpty else { return nil }
            let standing = bookings(ofFact: id, .refund).filter(\.stands)
            let made = payments.filter {
                // A person may make one while ours is on hold: then one of the two cannot be released.
                $0.value(of: "type") == "Refund" && $0.value(of: "status") != "Voided"
                    && $0.value(of: "reference") == id && !(policy.booking == .hold && Self.isWaiting($0))
            }
            let counted = standing.filter { booking in
                made.isEmpty || !(payment(booking.number, type: "Refund").map(Self.isWaiting) ?? false)
            }
            let numbers = Set(counted.map(\.number.rawValue)).union(made.map { $0.value(of: "number") })
            if numbers.count > 1, !isReviewed(intent: intent), !isToldAsSurplus(made, beside: counted) {
                return "refund \(id) is booked as \(numbers.sorted()): \(documents(ofIntent: intent))"
            }
            let succeeded = refund.value(of: "status") == "succeeded"
            if !succeeded {
                return standing.isEmpty || isReviewed(intent: intent)
                    ? nil : "refund \(id) is \(refund.value(of: "status")) and booked"
            }
            let isVoided = rows("invoice_payment").contains { paid in
                guard paid.value(of: "payment_intent") == intent,
                    let last = bookings(ofFact: paid.value(of: "id"), .payment).last
                else { return false }
                return last.voidedFor == .refund
                    || last.state == .voided && last.voidedFor == nil && isGivenBack(intent)
            }
            // A person releases the credit note that it is to be paid from, and has not.
            let awaitsRelease =
                policy.booking == .hold && bookings.contains { $0.cause == "\(id):credit" && $0.state == .held }
            return !standing.isEmpty || isVoided || awaitsRelease || isReviewed(intent: intent)
                ? nil : "refund \(id) of \(refund.units("amount")) is not booked: \(documents(ofIntent: intent))"
        }
    }

    /// People made more although one of ours, or one that was taken for it, stands: their customer has a review.
    private func isToldAsSurplus(_ made: [SandboxJSON], beside counted: [Booking]) -> Bool {
        let known = Set(counted.map(\.number.rawValue))
        guard known.count <= 1 else { return false }
        return made.filter { !known.contains($0.value(of: "number")) }.allSatisfy {
            // What we make carries a text.
            $0.value(of: "text").isEmpty
                && reviews.contains(.customer(VismaCustomerNumber($0.value(of: "customer"))))
        }
    }

    // MARK: What Stripe is told

    /// Whatever carries our mark in Stripe is what we remember having told, once.
    private func toldFaults() -> [String] {
        let told = Set(settlements.values.flatMap { $0 }.compactMap(\.stripeObject))
        let twice = ["credit_note", "payment_record"].flatMap { kind in
            rows(kind).filter { row in
                row["metadata"]?["mlc_document"] != nil && row.value(of: "status") != "void"
                    && !told.contains(row.value(of: "id"))
            }.map { "\(kind) \($0.value(of: "id")) is not remembered" }
        }
        let attached = Dictionary(grouping: rows("invoice_payment").map { $0.value(of: "payment_record") }) { $0 }
        return twice
            + attached.filter { !$0.key.isEmpty && $0.value.count > 1 }.keys.sorted().map {
                "payment record \($0) is attached twice"
            }
    }

    // MARK: Open amounts

    private func amountFaults() -> [String] {
        links.compactMap { link in
            guard let id = link.invoice?.rawValue, let row = documents[link.document.description],
                let invoice = rows("invoice").first(where: { $0.value(of: "id") == id }),
                !isReviewed(link.document)
            else { return nil }
            let open = row.minor("balance") - unreleased(on: link.document)
            let status = invoice.value(of: "status")
            switch status {
            case "open", "paid":
                let rest = status == "paid" ? 0 : invoice.units("amount_remaining")
                let owed = owedBack(on: link.document)
                // What reopened may have been credited since.
                return open - owed == rest || (status == "paid" && open >= 0 && open <= owed)
                    ? nil : "\(link.document): \(open) open in Visma (\(owed) owed again), \(rest) in Stripe (\(id))"
            case "void" where !row.value(of: "debt_collection_case").isEmpty:
                // Somebody else collects it.
                return invoice.units("amount_paid") == 0 ? nil : "\(link.document): \(id) is void, and money came"
            case "void", "uncollectible":
                return open == owedBack(on: link.document)
                    ? nil : "\(link.document): \(open) open in Visma, \(id) is \(status)"
            default:
                return "\(link.document): \(id) is \(status)"
            }
        }
    }

    /// What our payments that nobody has released yet will take.
    private func unreleased(on document: DocumentRef) -> Int64 {
        bookings.filter { $0.subject == .document(document) && $0.kind == .payment && $0.stands }
            .filter { payment($0.number, type: "Payment").map(Self.isWaiting) ?? false }
            .reduce(0) { $0 + $1.applied.minorUnits }
    }

    /// What was paid and is open again, as the payment's booking was voided for a reason that stands.
    private func owedBack(on document: DocumentRef) -> Int64 {
        let ours = bookings.filter { $0.subject == .document(document) && $0.kind == .payment }
        return Dictionary(grouping: ours, by: \.fact).values.reduce(0) { sum, bookings in
            let last = bookings.max { ($0.cause.utf8.count, $0.cause) < ($1.cause.utf8.count, $1.cause) }
            guard let last, last.state == .voided, !bookings.contains(where: \.stands) else { return sum }
            return sum + last.applied.minorUnits
        }
    }

    /// Each open document is collected, or a review says why not.
    private func unpushedFaults() -> [String] {
        let numbers = Set(links.filter { $0.invoice != nil }.map(\.document.description))
        let collected = documents.filter { key, row in
            row["released"]?.boolValue == true && row.minor("balance") > 0 && !numbers.contains(key)
        }
        // Stopped without a review: the policy's selection leaves it out, as when a debt collector has it.
        let stopped = Set(links.filter { $0.state == .stopped }.map(\.document.description))
        let lost = collected.keys.filter { !stopped.contains($0) && !isReviewed(DocumentRef($0)) }.sorted()
        let live = Dictionary(
            grouping: rows("invoice").filter { !["void", "deleted"].contains($0.value(of: "status")) }
        ) { $0["metadata"]?["mlc_document"]?.stringValue ?? "" }
        let twice = live.filter { !$0.key.isEmpty && $0.value.count > 1 }.keys.sorted()
        return lost.map { "\($0) is open and not collected" } + twice.map { "\($0) has several live Stripe invoices" }
    }
}
