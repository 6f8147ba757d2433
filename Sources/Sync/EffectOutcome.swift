import Domain
import Storage

/// The rows that follow from an effect's outcome. Works from the journal's own row alone, so that a look-up after a
/// restart ends in the same rows as the call would have.
struct EffectOutcome {
    let tenant: TenantID
    let effect: Effect
    let request: JournaledRequest
    let now: Timestamp

    func adopt(_ answer: Answer, _ db: any SQLConnection) throws {
        switch answer {
        case .customer(let customer):
            guard let visma = request.visma else { return }
            try CustomerLinksTable.put(
                db, tenant: tenant,
                CustomerLink(
                    vismaInternalID: visma.internalID, vismaNumber: visma.number, stripeCustomer: customer,
                    matchedBy: "created", matchedAt: now))
        case .collection(let collection):
            try adopt(collection, db)
        case .deleted where effect.subject == .endpoint:
            break
        case .deleted:
            try changeLink(db) { link in
                link.invoice = nil
                link.pushedAmount = nil
                link.revision += 1
                link.state = .stopped
            }
        case .paymentRecord(let id), .creditNote(let id):
            try remember(object: id, db)
            try StripeObjectsTable.put(db, tenant: tenant, objectIDs: [id], subject: effect.subject)
        case .posted(let kind, let number):
            try insertBooking(kind, number, db)
        case .releaseAccepted:
            try setBooking(.releasing, db)
        case .voidAccepted:
            try setBooking(.voiding, voidedFor: request.voidedFor, db)
        case .discarded:
            try setBooking(.voided, voidedFor: .failure, db)
        case .dunningSet:
            break
        case .recordWritten:
            let ability: RecordAbility = effect.step == Step.writeNote ? .note : .attachment
            try AbilitiesTable.put(
                db, tenant: tenant, Ability(name: Self.recordAbility, value: ability.rawValue, learnedAt: now))
        case .endpoint(let id, let sealed):
            guard let endpointKey = request.target else { return }
            try WebhookSecretsTable.insert(
                db, tenant: tenant, SealedSecret(endpointKey: endpointKey, version: 1, sealed: sealed))
            try EndpointsTable.update(
                db, tenant: tenant, endpointKey: endpointKey, state: .active, stripeEndpointID: id)
        }
    }

    /// A refusal teaches too: a record that Visma refuses is written another way from now on.
    func learn(_ error: ConnectorError, _ db: any SQLConnection) throws {
        // A closed document says nothing about open ones.
        guard error.disposition == .reject, request.isDocumentOpen == true else { return }
        let refused: RecordAbility
        switch effect.step {
        case Step.writeNote: refused = .note
        case Step.attachRecord: refused = .attachment
        default: return
        }
        try AbilitiesTable.put(
            db, tenant: tenant, Ability(name: Self.recordAbility, value: refused.fallback.rawValue, learnedAt: now))
    }

    static let recordAbility = "invoice_record"

    private func adopt(_ collection: Collection, _ db: any SQLConnection) throws {
        if effect.step == Step.createInvoice {
            try changeLink(db) { link in
                link.invoice = collection.invoice
                link.stripeCustomer = collection.customer
                link.pushedAmount = request.amount?.minorUnits
                link.state = .drafted
            }
            try remember(object: nil, db)
        }
        if [Step.voidInvoice, Step.payOutOfBand, Step.markUncollectible].contains(effect.step) {
            try remember(object: nil, db)
        }
        if effect.step == Step.attachPayment, case .document(let document) = effect.subject,
            let settlement = request.settled?.first
        {
            try SettlementsTable.setAttached(
                db, tenant: tenant, document: document, revision: effect.revision, cause: settlement.cause)
        }
        if effect.step == Step.addLines {
            try changeLink(db) { $0.pushedAmount = collection.total.minorUnits }
        }
        // An event about one of these that came before we knew it is looked at again.
        try StripeObjectsTable.put(db, tenant: tenant, objectIDs: collection.objectIDs, subject: effect.subject)
    }

    /// Stripe knows of these settlements in Visma now.
    private func remember(object: String?, _ db: any SQLConnection) throws {
        guard case .document(let document) = effect.subject else { return }
        for settlement in request.settled ?? [] {
            if settlement.way == .outOfBand,
                try SettlementsTable.giveUpRecord(
                    db, tenant: tenant, document: document, revision: effect.revision, cause: settlement.cause)
            {
                continue
            }
            var settlement = settlement
            settlement.stripeObject = object
            try SettlementsTable.insert(
                db, tenant: tenant, document: document, revision: effect.revision, settlement, now: now)
        }
    }

    private func insertBooking(
        _ kind: Booking.Kind, _ number: VismaNumber, _ db: any SQLConnection
    ) throws {
        guard let amount = request.amount, let applied = request.applied,
            let reference = request.reference
        else { throw StorageError(.invalidArgument, "the journal's row of \(effect.key) lacks what a booking needs") }
        try CollectedTable.insert(
            db, tenant: tenant,
            Booking(
                subject: effect.subject, cause: effect.cause, kind: kind,
                state: request.isOnHold == true ? .held : .created, amount: amount, applied: applied, fee: request.fee,
                number: number, reference: reference), now: now)
    }

    private func setBooking(
        _ state: Booking.State, voidedFor: Booking.VoidReason? = nil, _ db: any SQLConnection
    ) throws {
        try CollectedTable.setState(
            db, tenant: tenant, subject: effect.subject, cause: effect.cause, state, voidedFor: voidedFor, now: now)
    }

    private func changeLink(_ db: any SQLConnection, _ change: (inout Link) -> Void) throws {
        guard case .document(let document) = effect.subject,
            var link = try LinksTable.find(db, tenant: tenant, document: document)
        else { throw StorageError(.notFound, "no link for \(effect.subject)") }
        change(&link)
        try LinksTable.upsert(db, tenant: tenant, link, now: now)
    }
}
