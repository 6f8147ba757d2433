import Domain
import Logging
import Storage
import Stripe

/// Finds the documents that Stripe's events are about, one pass over the unread ones. Asks our own tables first, then
/// Stripe, and nothing twice: ten events about one charge that is not known yet cost no more reads than one does.
struct OwnerSearch {
    enum Finding: Sendable {
        /// The subjects, each with the ids by which later events find it without asking.
        case subjects([Subject: Set<String>])
        case nothing(reason: String)
    }

    /// Questions in a row that Stripe may leave unanswered before the others wait for the next turn.
    static let unansweredMax = 3

    private let tenant: TenantContext
    private let environment: SyncEnvironment
    /// What this pass has found out, by the object's id.
    private var learned: [String: Set<Subject>] = [:]
    private var owners: [StripeInvoiceID: Subject?] = [:]
    private var paid: [PaymentIntentID: [StripeInvoiceID]] = [:]
    private var traced: [String: EventEnvelope.Objects?] = [:]
    private var unanswered = 0
    private var trouble: ConnectorError?

    init(tenant: TenantContext, environment: SyncEnvironment) {
        self.tenant = tenant
        self.environment = environment
    }

    /// What these hang on is found without asking; asked after them, most others are known.
    static func isByInvoice(_ event: EventEnvelope) -> Bool {
        ["invoice", "invoice_payment", "credit_note"].contains(event.objects.kind)
    }

    mutating func find(_ event: EventEnvelope) async throws -> Finding {
        let finding = Self.isByInvoice(event) ? try await byInvoice(event) : try await byPayment(event)
        if case .subjects(let found) = finding {
            for (subject, ids) in found { for id in ids { learned[id, default: []].insert(subject) } }
        }
        return finding
    }

    /// What hangs on one invoice is that invoice's, and nobody else's. A payment intent may pay others too: each of
    /// those has an event of its own that says so, and until it is here a charge of more than this invoice was paid
    /// (`PaymentPlan.isSole`) is known to be shared.
    private mutating func byInvoice(_ event: EventEnvelope) async throws -> Finding {
        var objects = event.objects
        if objects.invoice == nil {
            let known = try await known(objects)
            if !known.isEmpty { return .subjects(Self.each(known, objects.ids)) }
            guard event.form == .thin, let kind = objects.kind, let id = objects.id,
                let read = try await trace(kind, id)
            else { return .nothing(reason: Self.noInvoice) }
            objects = read
        }
        guard let invoice = objects.invoice else { return .nothing(reason: Self.noInvoice) }
        guard let owner = try await owner(of: invoice) else { return .nothing(reason: Self.notOurs) }
        return .subjects([owner: objects.ids.union([invoice.rawValue])])
    }

    /// A payment intent, and its charges, refunds and disputes, belong to every document that it pays.
    private mutating func byPayment(_ event: EventEnvelope) async throws -> Finding {
        var objects = event.objects
        guard !objects.ids.isEmpty || objects.invoice != nil else { return .nothing(reason: "names no object") }
        var known = try await known(objects)
        if known.isEmpty, objects.intent == nil {
            objects = try await traceIntent(of: event)
            known = try await self.known(objects)
        }
        if !known.isEmpty { return .subjects(Self.each(known, objects.ids)) }
        // Before basil the payment itself named its invoice.
        var invoices = Set([objects.invoice].compactMap { $0 })
        if let intent = objects.intent {
            do {
                invoices.formUnion(try await invoicesPaid(by: intent))
            } catch let error as ConnectorError where error.disposition == .reject && !invoices.isEmpty {
                environment.log.info(
                    "a payment's invoices are not told", metadata: ["tenant": "\(tenant.id)", "error": "\(error)"])
            }
        }
        guard !invoices.isEmpty else { return .nothing(reason: Self.noInvoice) }
        var found: [Subject: Set<String>] = [:]
        for invoice in invoices {
            guard let owner = try await owner(of: invoice) else { continue }
            found[owner, default: []].formUnion(objects.ids.union([invoice.rawValue]))
        }
        return found.isEmpty ? .nothing(reason: Self.notOurs) : .subjects(found)
    }

    private static let noInvoice = "belongs to no invoice"
    private static let notOurs = "its invoice is not one of ours"

    private static func each(_ subjects: Set<Subject>, _ ids: Set<String>) -> [Subject: Set<String>] {
        Dictionary(uniqueKeysWithValues: subjects.map { ($0, ids) })
    }

    // MARK: Our own side

    private func known(_ objects: EventEnvelope.Objects) async throws -> Set<Subject> {
        try await subjects(of: objects.ids)
    }

    private func subjects(of ids: Set<String>) async throws -> Set<Subject> {
        let stored = try await environment.database.read { [tenant] db in
            try StripeObjectsTable.subjects(db, tenant: tenant.id, of: Array(ids))
        }
        return Set(stored.values.joined()).union(ids.flatMap { learned[$0] ?? [] })
    }

    /// By the link, else by the metadata that we put on the invoice: the answer that told us of it may be lost.
    private mutating func owner(of invoice: StripeInvoiceID) async throws -> Subject? {
        if let owner = owners[invoice] { return owner }
        let link = try await environment.database.read { [tenant] db in
            try LinksTable.byInvoice(db, tenant: tenant.id, invoice: invoice)
        }
        var owner = link.map { Subject.document($0.document) }
        if owner == nil { owner = try await subjects(of: [invoice.rawValue]).min() }
        if owner == nil {
            let stripe = tenant.stripe
            let marks = try await ask { try await stripe.metadata(of: invoice) }
            if let marks, marks[MetadataKey.tenant] == tenant.id.rawValue,
                marks[MetadataKey.company] == tenant.company,
                let document = marks[MetadataKey.document].flatMap({ DocumentRef($0) })
            {
                owner = .document(document)
            }
        }
        owners[invoice] = .some(owner)
        return owner
    }

    // MARK: Stripe

    private mutating func invoicesPaid(by intent: PaymentIntentID) async throws -> [StripeInvoiceID] {
        if let invoices = paid[intent] { return invoices }
        let stripe = tenant.stripe
        let invoices = try await ask { try await stripe.invoicePayments(intent: intent).map(\.1) }
        paid[intent] = invoices
        return invoices
    }

    /// A thin event names only its object; a refund or a dispute at times only its charge. A charge whose own snapshot
    /// names no intent has none.
    private mutating func traceIntent(of event: EventEnvelope) async throws -> EventEnvelope.Objects {
        var objects = event.objects
        if event.form == .thin, let kind = objects.kind, let id = objects.id, let read = try await trace(kind, id) {
            objects.add(read)
        }
        if objects.intent == nil, objects.kind != "charge", let charge = objects.charge,
            let read = try await trace("charge", charge.rawValue)
        {
            objects.add(read)
        }
        return objects
    }

    private mutating func trace(_ kind: String, _ id: String) async throws -> EventEnvelope.Objects? {
        if let read = traced[id] { return read }
        let stripe = tenant.stripe
        let read = try await ask { try await stripe.objects(of: kind, id: id) }
        traced[id] = .some(read)
        return read
    }

    private mutating func ask<Told: Sendable>(_ question: () async throws -> Told) async throws -> Told {
        if let trouble { throw trouble }
        do {
            let told = try await question()
            unanswered = 0
            return told
        } catch let error as ConnectorError where error.disposition != .reject {
            unanswered += 1
            if unanswered >= Self.unansweredMax || error.disposition == .reauthorise { trouble = error }
            throw error
        }
    }
}

extension EventEnvelope.Objects {
    /// What later events may name. An invoice is left to the links: it has one document, a payment may have several.
    fileprivate var ids: Set<String> {
        Set([id, intent?.rawValue, charge?.rawValue].compactMap { $0 })
    }

    fileprivate mutating func add(_ read: EventEnvelope.Objects) {
        intent = intent ?? read.intent
        charge = charge ?? read.charge
        invoice = invoice ?? read.invoice
    }
}

extension Collection {
    /// The ids of the invoice and of all that hangs on it, by which events find its document without a call.
    var objectIDs: [String] {
        var ids = [invoice.rawValue] + charges.map(\.id.rawValue) + refunds.map(\.id.rawValue)
        ids += disputes.map(\.id.rawValue) + creditNotes.map(\.id)
        for payment in payments {
            ids.append(payment.id.rawValue)
            switch payment.source {
            case .intent(let intent): ids.append(intent.rawValue)
            case .charge(let charge): ids.append(charge.rawValue)
            case .outsideStripe: break
            }
        }
        return ids
    }
}
