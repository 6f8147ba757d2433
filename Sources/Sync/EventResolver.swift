import Domain
import Storage
import Stripe

/// Turns stored Stripe events into dirt. Of an event only its ids are read; what is true is asked of Stripe when the
/// document is looked at. What belongs to nothing of ours is marked so, with the reason, never dropped.
struct EventResolver: Sendable {
    static let batchSize = 100

    let tenant: TenantContext
    let environment: SyncEnvironment

    private enum Finding: Sendable {
        case subjects([Subject], objectIDs: [String])
        case nothing(reason: String)
    }

    /// How many events were looked at; less than a batch means that there are no more.
    func resolveBatch() async throws -> Int {
        let events = try await environment.database.read { [tenant] db in
            try EventsTable.nextReceived(db, tenant: tenant.id, limit: Self.batchSize)
        }
        guard !events.isEmpty else { return 0 }
        var findings: [(String, String, Finding)] = []
        var trouble: ConnectorError?
        for event in events {
            do {
                findings.append((event.eventID, event.type, try await find(event)))
            } catch let error as ConnectorError where error.disposition == .reject {
                findings.append((event.eventID, event.type, .nothing(reason: "Stripe refused to tell: \(error)")))
            } catch let error as ConnectorError {
                // It stays unread and is asked about again; the others go on.
                trouble = error
            }
        }
        let resolved = findings
        try await environment.database.write { [tenant, environment] db in
            let now = environment.now()
            for (id, type, finding) in resolved {
                switch finding {
                case .subjects(let subjects, let objectIDs):
                    for subject in subjects {
                        try StripeObjectsTable.put(db, tenant: tenant.id, objectIDs: objectIDs, subject: subject)
                        try WorkTable.dirty(db, tenant: tenant.id, subject: subject, cause: type, dueAt: now)
                    }
                    guard let first = subjects.first else { continue }
                    try EventsTable.markResolved(db, tenant: tenant.id, eventID: id, subject: first)
                case .nothing(let reason):
                    try EventsTable.markIgnored(db, tenant: tenant.id, eventID: id, reason: reason)
                }
            }
        }
        try await environment.reached(.eventsResolved)
        if let trouble { throw trouble }
        return events.count
    }

    private func find(_ event: StoredEvent) async throws -> Finding {
        let envelope: EventEnvelope
        do {
            envelope = try EventEnvelope.parse(event.body)
        } catch {
            return .nothing(reason: "unreadable: \(error)")
        }
        let objects = envelope.objects
        let ids = [objects.id, objects.invoice?.rawValue, objects.intent?.rawValue, objects.charge?.rawValue]
            .compactMap { $0 }
        guard !ids.isEmpty else { return .nothing(reason: "names no object") }
        let known = try await environment.database.read { [tenant] db in
            try StripeObjectsTable.subjects(db, tenant: tenant.id, of: ids)
        }
        if let subjects = ids.lazy.compactMap({ known[$0] }).first { return .subjects(subjects, objectIDs: ids) }
        return try await ask(objects, ids)
    }

    /// By the payment intent's InvoicePayments, else by the metadata that we put on the invoice.
    private func ask(_ objects: EventEnvelope.Objects, _ ids: [String]) async throws -> Finding {
        var invoices = [objects.invoice].compactMap { $0 }
        if objects.kind == "invoice", let id = objects.id { invoices.append(StripeInvoiceID(id)) }
        if invoices.isEmpty, let intent = try await intent(of: objects) {
            invoices = try await tenant.stripe.invoicePayments(intent: intent).map(\.1)
        }
        guard !invoices.isEmpty else { return .nothing(reason: "belongs to no invoice") }
        for invoice in invoices {
            let link = try await environment.database.read { [tenant] db in
                try LinksTable.byInvoice(db, tenant: tenant.id, invoice: invoice)
            }
            if let link { return .subjects([.document(link.document)], objectIDs: ids + [invoice.rawValue]) }
            guard let collection = try await tenant.stripe.invoice(invoice) else { continue }
            if collection.metadata[MetadataKey.tenant] == tenant.id.rawValue,
                collection.metadata[MetadataKey.company] == tenant.company,
                let document = collection.metadata[MetadataKey.document].flatMap({ DocumentRef($0) })
            {
                return .subjects([.document(document)], objectIDs: ids + [invoice.rawValue])
            }
        }
        return .nothing(reason: "its invoice is not one of ours")
    }

    private func intent(of objects: EventEnvelope.Objects) async throws -> PaymentIntentID? {
        if let intent = objects.intent { return intent }
        if objects.kind == "payment_intent", let id = objects.id { return PaymentIntentID(id) }
        guard let charge = objects.charge ?? (objects.kind == "charge" ? objects.id.map { ChargeID($0) } : nil) else {
            return nil
        }
        return try await tenant.stripe.charge(charge)?.intent
    }
}
