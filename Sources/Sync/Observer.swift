import Domain
import Storage
import Stripe
import VismaNet

/// Reads what both systems say now. Never what an event's body said: that may be old, and may have been overtaken.
struct Observer: Sendable {
    let tenant: TenantContext
    let environment: SyncEnvironment
    let document: DocumentRef

    func observe() async throws -> Situation {
        let receivable = try await tenant.visma.invoice(document)
        let remembered = try await remember(receivable)
        var situation = Situation(
            tenant: tenant.id, company: tenant.company, document: document, receivable: receivable,
            link: remembered.link, bookings: remembered.bookings, effects: remembered.effects,
            recordAbility: remembered.ability, policy: tenant.policy, now: environment.now())
        if let invoice = remembered.link?.invoice {
            situation.collection = try await tenant.stripe.collection(invoice)
            try await know(situation.collection)
        }
        let unconfirmed: Set<Booking.State> = [.created, .releasing, .held]
        for booking in remembered.bookings where unconfirmed.contains(booking.state) {
            guard let seen = try await tenant.visma.payment(booking.number, type: "Payment") else { continue }
            situation.posted.append(seen.posted)
        }
        return situation
    }

    /// Our own side, with a link for a document that is seen for the first time.
    private func remember(_ receivable: Receivable?) async throws -> Memory.Remembered {
        let remembered = try await environment.database.read { [tenant, document] db in
            try Memory.read(db, tenant: tenant.id, document: document)
        }
        guard remembered.link == nil, let receivable else { return remembered }
        var known = remembered
        let link = Link(
            document: document, state: .seen, revision: 1, vismaCustomer: receivable.customer.number,
            currency: receivable.currency)
        try await environment.database.write { [tenant, environment] db in
            try LinksTable.upsert(db, tenant: tenant.id, link, now: environment.now())
        }
        known.link = link
        return known
    }

    /// The ids that hang on the invoice, so that events about them find their document without a call.
    private func know(_ collection: Collection?) async throws {
        guard let collection else { return }
        let subject = Subject.document(document)
        let found = collection.objectIDs
        let unknown = try await environment.database.read { [tenant] db in
            let known = try StripeObjectsTable.subjects(db, tenant: tenant.id, of: found)
            return found.filter { known[$0]?.contains(subject) != true }
        }
        guard !unknown.isEmpty else { return }
        try await environment.database.write { [tenant] db in
            try StripeObjectsTable.put(db, tenant: tenant.id, objectIDs: unknown, subject: subject)
        }
    }
}
