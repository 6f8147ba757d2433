import Domain
import Storage
import Stripe
import VismaNet

/// Reads what both systems say now of one document. Never what an event's body said: that may be old, and may have
/// been overtaken. What was learned by reading is written down apart, by `remember`.
struct DocumentObserver: Observing {
    let tenant: TenantContext
    let environment: SyncEnvironment
    let document: DocumentRef
    /// When a person asked for this look: what was refused before then may be tried again.
    var askedAt: Timestamp?
    /// Stripe customers that are foreseen for Visma customers, and not stored.
    var foreseen: [Int: StripeCustomerID] = [:]
    /// False for a look that writes nothing, not even into the index of customers.
    var keepsIndex = true

    var subject: Subject { .document(document) }

    func observe() async throws -> Situation {
        let remembered = try await memory()
        // Before the document: what is released between the two reads must show on the document, or it would seem to
        // be open still.
        let posted = try await PostedDocuments(tenant: tenant).read(remembered.bookings)
        let receivable = try await tenant.visma.invoice(document)
        var situation = Situation(
            tenant: tenant.id, company: tenant.company, document: document, receivable: receivable,
            link: remembered.link ?? receivable.map(Self.firstLink), bookings: remembered.bookings,
            settlements: remembered.settlements, requests: remembered.requests, effects: remembered.effects,
            recordAbility: remembered.ability, policy: tenant.policy, now: environment.now())
        situation.forgivesBefore = askedAt
        situation.pushed = remembered.pushed
        situation.pushHold = remembered.pushHold
        situation.settledByWordAt = remembered.settledByWordAt
        if let invoice = remembered.link?.invoice {
            let hasRefunds = remembered.bookings.contains {
                $0.kind == .refund || $0.kind == .creditNote || $0.voidedFor == .refund
            }
            let collection = try await tenant.stripe.collection(invoice, withRefunds: hasRefunds)
            situation.collection = collection
            if let collection {
                situation.sharers = try await sharers(of: collection)
                situation.bookedElsewhere = try await bookedElsewhere(collection)
            }
        }
        situation.posted = posted
        return situation
    }

    /// The link of a document that is seen for the first time; the ids that hang on its invoice, so that events about
    /// them find it without a call; who shares its payments, to be looked at too; the customer that was recognised, and
    /// the number it has now.
    func remember(_ seen: Situation) async throws {
        if case .found = seen.customer { try await finder.remember(seen.customer) }
        let subject = subject
        let found = seen.collection?.objectIDs ?? []
        let (stored, unknown, strangers) = try await environment.database.read { [tenant, document] db in
            let known = try StripeObjectsTable.subjects(
                db, tenant: tenant.id, of: found + seen.sharers.keys.map(\.rawValue))
            let strangers = seen.sharers.flatMap { intent, others in
                others.map { (intent: intent.rawValue, subject: Subject.document($0)) }
            }.filter { known[$0.intent]?.contains($0.subject) != true }
            return (
                try LinksTable.find(db, tenant: tenant.id, document: document),
                found.filter { known[$0]?.contains(subject) != true }, strangers
            )
        }
        var link = stored ?? seen.link
        if let number = seen.receivable?.customer.number { link?.vismaCustomer = number }
        guard link != stored || !unknown.isEmpty || !strangers.isEmpty else { return }
        try await environment.commit { [tenant, environment, link] db in
            let now = environment.now()
            if let link, link != stored {
                try LinksTable.upsert(db, tenant: tenant.id, link, now: now)
                if let stored, let customer = stored.stripeCustomer {
                    // The others are hastened by their customer's number, which they would learn of too late.
                    try LinksTable.renumber(
                        db, tenant: tenant.id, of: customer, from: stored.vismaCustomer, to: link.vismaCustomer,
                        now: now)
                }
            }
            try StripeObjectsTable.put(db, tenant: tenant.id, objectIDs: unknown, subject: subject)
            for (intent, other) in strangers {
                try StripeObjectsTable.put(db, tenant: tenant.id, objectIDs: [intent], subject: other)
                try WorkTable.dirty(db, tenant: tenant.id, subject: other, cause: "shared payment", dueAt: now)
            }
        }
    }

    func refresh(_ seen: Situation) async throws -> Situation {
        let remembered = try await memory()
        var situation = seen
        situation.link = remembered.link
        // What people made of refunds is free only until it is taken.
        if situation.bookings != remembered.bookings { situation.credits = nil }
        situation.bookings = remembered.bookings
        situation.settlements = remembered.settlements
        situation.requests = remembered.requests
        situation.effects = remembered.effects
        situation.pushed = remembered.pushed
        situation.pushHold = remembered.pushHold
        situation.settledByWordAt = remembered.settledByWordAt
        situation.recordAbility = remembered.ability
        return situation
    }

    func read(_ action: Action, _ seen: Situation) async throws -> Situation? {
        var situation = seen
        switch action {
        case .findCustomer:
            situation.customer = try await finder.find(for: seen)
        case .findCredits:
            situation.credits = try await CreditFinder(tenant: tenant, environment: environment).find(for: seen)
        case .findOpenPeriod(let day):
            situation.openDays[day] = try await tenant.visma.firstOpenDay(onOrAfter: day) ?? day
        default:
            return nil
        }
        return situation
    }

    func order(_ action: Action, _ seen: Situation) throws -> EffectOrder? {
        if let posting = try EffectOrder.posting(action, zone: tenant.policy.zone) { return posting }
        return try EffectOrder.document(action, seen)
    }

    func brought(up seen: Situation, by answer: Answer, of action: Action) async throws -> Situation {
        var situation = seen
        switch (answer, action) {
        case (.customer(let id), .createCustomer):
            if case .unknown(let visma) = situation.customer {
                situation.customer = .found(id, visma: visma, rule: "created", hasEmail: visma.email != nil)
            }
        case (.collection(let collection), _):
            situation.collection = Self.updated(situation.collection, by: collection)
        case (.creditNote, _):
            guard let invoice = situation.link?.invoice else { break }
            situation.collection = try await tenant.stripe.collection(invoice, withRefunds: true)
        case (.deleted, _):
            situation.collection = nil
        case (.releaseAccepted, .release(let kind, let number, _)), (.voidAccepted, .void(let kind, let number, _, _)):
            // A payment's application shows on the invoice, whose ETag the next write on it needs.
            let isOnInvoice = situation.bookings.contains {
                $0.kind == .payment && kind == .payment && $0.number == number && $0.applied.isPositive
            }
            if !isOnInvoice || answer == .voidAccepted {
                situation.posted.removeAll { $0.kind == kind && $0.number == number }
                situation.posted += try await tenant.visma.posted(kind, number).map { [$0] } ?? []
            }
            // What is open on the document has changed by more than our own rows can tell.
            situation.receivable = try await tenant.visma.invoice(document)
        case (.posted(let kind, let number), _) where kind == .creditNote:
            situation.posted += try await tenant.visma.posted(kind, number).map { [$0] } ?? []
        case (.dunningSet, .setDunning):
            // The ETag has changed with it.
            situation.receivable = try await tenant.visma.invoice(document)
        case (.recordWritten, .writeRecord(let block, .note)):
            let note = situation.receivable?.note
            situation.receivable?.note = InvoiceRecord.note(note, with: block)
        case (.recordWritten, .writeRecord(let block, _)):
            guard let collection = situation.collection else { break }
            situation.receivable?.attachmentNames.append(InvoiceRecord.fileName(for: block, of: collection))
        default:
            break
        }
        return situation
    }

    /// Answers of writes hold the invoice and its payments, not what hangs on those.
    private static func updated(
        _ before: Domain.Collection?, by answer: Domain.Collection
    ) -> Domain.Collection {
        var collection = answer
        // Not every write asks for the payments: an answer without them does not say that there are none, nor does
        // one that names them tell how far their intents are.
        if collection.payments.isEmpty { collection.payments = before?.payments ?? [] }
        for index in collection.payments.indices {
            guard let known = before?.payments.first(where: { $0.id == collection.payments[index].id }) else {
                continue
            }
            collection.payments[index].intentStatus = collection.payments[index].intentStatus ?? known.intentStatus
            collection.payments[index].isPartlyFunded = known.isPartlyFunded
        }
        collection.charges = before?.charges ?? []
        collection.refunds = before?.refunds ?? []
        collection.disputes = before?.disputes ?? []
        collection.creditNotes = before?.creditNotes ?? []
        return collection
    }

    private func memory() async throws -> Memory.Remembered {
        try await environment.database.read { [tenant, environment, document] db in
            try Memory.read(db, tenant: tenant.id, document: document, now: environment.now())
        }
    }

    private var finder: CustomerFinder {
        CustomerFinder(
            tenant: tenant, environment: environment, foreseen: foreseen, keepsIndex: keepsIndex)
    }

    /// Of a document that is seen for the first time.
    private static func firstLink(_ receivable: Receivable) -> Link {
        Link(
            document: receivable.document, state: .seen, revision: 1, vismaCustomer: receivable.customer.number,
            currency: receivable.currency)
    }

    /// The other documents that this one's payments pay too. Stripe is asked when a charge is larger than what it paid
    /// here and nobody is known for the rest.
    private func sharers(of collection: Domain.Collection) async throws -> [PaymentIntentID: [DocumentRef]] {
        let paid = Set(collection.charges.filter { $0.status == "succeeded" }.compactMap(\.intent))
        var sharers = try await known(sharers: paid)
        for intent in paid.sorted() where sharers[intent] == nil {
            let here = collection.payments.filter { $0.source == .intent(intent) }
                .reduce(collection.amountOverpaid.minorUnits) { $0 + $1.amountPaid.minorUnits }
            let charged = collection.charges.filter { $0.intent == intent && $0.status == "succeeded" }
                .reduce(0) { $0 + $1.amount.minorUnits }
            guard charged > here else { continue }
            let invoices = Set(try await tenant.stripe.invoicePayments(intent: intent).map(\.1))
            let others = try await environment.database.read { [tenant] db in
                try invoices.subtracting([collection.invoice]).compactMap {
                    try LinksTable.byInvoice(db, tenant: tenant.id, invoice: $0)?.document
                }
            }
            if !others.isEmpty { sharers[intent] = others.sorted() }
        }
        return sharers
    }

    private func bookedElsewhere(_ collection: Domain.Collection) async throws -> Set<String> {
        let movements = collection.charges.compactMap(\.movement) + collection.disputes.flatMap(\.movements)
        let facts =
            movements.map(\.id.rawValue) + collection.refunds.map(\.id.rawValue)
            + collection.disputes.map(\.id.rawValue)
        guard !facts.isEmpty else { return [] }
        let subject = subject
        return try await environment.database.read { [tenant] db in
            try Set(facts.filter { try CollectedTable.isBooked(db, tenant: tenant.id, cause: $0, besides: subject) })
        }
    }

    private func known(sharers intents: Set<PaymentIntentID>) async throws -> [PaymentIntentID: [DocumentRef]] {
        try await environment.database.read { [tenant, document] db in
            let known = try StripeObjectsTable.subjects(db, tenant: tenant.id, of: intents.map(\.rawValue))
            var sharers: [PaymentIntentID: [DocumentRef]] = [:]
            for (id, subjects) in known {
                let others = subjects.compactMap { subject -> DocumentRef? in
                    if case .document(let other) = subject, other != document { other } else { nil }
                }
                if !others.isEmpty { sharers[PaymentIntentID(id)] = others }
            }
            return sharers
        }
    }
}

/// Visma's own word on bookings that it has not confirmed yet, and on those whose undoing nothing else would show.
struct PostedDocuments {
    let tenant: TenantContext

    func read(_ bookings: [Booking]) async throws -> [PostedDocument] {
        var posted: [PostedDocument] = []
        for booking in bookings {
            let isOpen = booking.state != .booked && booking.state != .voided
            // A released payment shows on its invoice, if it is applied to it.
            let isUnseen = booking.kind == .refund || (booking.kind == .payment && booking.applied.isZero)
            guard isOpen || (booking.state == .booked && isUnseen) else { continue }
            posted.append(try await tenant.visma.posted(booking.kind, booking.number) ?? .gone(booking))
        }
        return posted
    }
}

/// What people made of a refund in Visma: the customer's credit notes with what is free of them, and refund documents
/// that stand for no booking yet.
struct CreditFinder {
    let tenant: TenantContext
    let environment: SyncEnvironment
    /// Credit notes are made about when the refund is; a year back covers those that wait for one.
    static let daysBack = 365

    func find(for situation: Situation) async throws -> Situation.Credits {
        guard let customer = situation.receivable?.customer.number else {
            return Situation.Credits(creditNotes: [], refundDocuments: [])
        }
        let from = environment.now().day(in: tenant.policy.zone).adding(days: -Self.daysBack)
        let payments = try await tenant.visma.allPayments(of: customer, from: from)
        let refunds = payments.filter { $0.type == "Refund" }
        let notes = try await tenant.visma.creditNotes(of: customer, from: from)
        let taken = try await environment.database.read { [tenant] db in
            try Set(
                refunds.map(\.number).filter {
                    try !CollectedTable.list(db, tenant: tenant.id, kind: .refund, number: $0).isEmpty
                })
        }
        return Situation.Credits(
            creditNotes: notes.map { Self.free($0, of: refunds) },
            refundDocuments: refunds.filter { !taken.contains($0.number) })
    }

    /// A refund that is not released yet has not lowered the balance of the credit note that it will pay out.
    private static func free(_ note: VismaCreditNote, of refunds: [VismaPayment]) -> VismaCreditNote {
        var note = note
        for refund in refunds where !refund.isReleased && refund.status != "Voided" {
            for application in refund.applications
            where application.document == DocumentRef(type: .creditNote, number: note.number.rawValue)
                && application.amount.currency == note.balance.currency
            {
                note.balance = note.balance - application.amount
            }
        }
        return note
    }
}
