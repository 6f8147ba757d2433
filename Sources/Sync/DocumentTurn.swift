import Domain
import Storage
import VismaNet

/// One look at one document: does what `TurnMachine` says. Thin on purpose: what to do next is decided there and in
/// `Plan`, how a write is made safe in `Journal`.
struct DocumentTurn: Sendable {
    let tenant: TenantContext
    let environment: SyncEnvironment
    let lease: Lease
    let document: DocumentRef
    /// A person asked for this look.
    var isAskedFor = false

    private var journal: Journal { Journal(tenant: tenant, environment: environment, lease: lease) }

    func run() async throws -> TurnMachine.Ending {
        let unsettled = try await environment.database.read { [tenant, document] db in
            try JournalTable.unsettled(db, tenant: tenant.id, subject: .document(document))
        }
        let beganAt = environment.now()
        var machine = TurnMachine(unresolved: unsettled)
        var situation: Situation?
        while true {
            do {
                switch machine.next() {
                case .finish(let ending):
                    return ending
                case .resolve(let effect):
                    switch try await journal.resolve(effect) {
                    case .known: machine.resolved(effect)
                    case .notYet(let moment, let why): machine.unresolvable(until: moment, why: why)
                    }
                    situation = nil
                case .observe:
                    var seen = try await Observer(tenant: tenant, environment: environment, document: document)
                        .observe()
                    seen.forgivesBefore = isAskedFor ? beganAt : nil
                    try await environment.reached(.observed)
                    situation = seen
                    machine.observed(seen)
                case .note(let actions):
                    let after = try await note(actions, situation)
                    situation = after
                    if let after { machine.noted(actions, now: after) }
                case .perform(let action):
                    let after = try await perform(action, situation)
                    situation = after
                    if let after { machine.performed(now: after) }
                }
            } catch let refusal as Refused {
                machine.refused(refusal.error, now: environment.now())
            } catch let error as ConnectorError {
                machine.failed(error, now: environment.now())
            }
        }
    }

    /// What the journal says of an effect that did not come about.
    private struct Refused: Error {
        let error: ConnectorError
    }

    /// Commits facts about ourselves: link state, what became of a booking, reviews.
    private func note(_ actions: [Action], _ situation: Situation?) async throws -> Situation? {
        guard let situation else { return nil }
        try await environment.database.write { [tenant, environment, lease, document] db in
            let now = environment.now()
            try LeasesTable.check(db, tenant: tenant.id, owner: lease.owner, term: lease.term, now: now)
            for action in actions {
                switch action {
                case .setLink(let state):
                    guard var link = try LinksTable.find(db, tenant: tenant.id, document: document) else { continue }
                    link.state = state
                    try LinksTable.upsert(db, tenant: tenant.id, link, now: now)
                case .markBooking(let cause, let state):
                    try CollectedTable.setState(
                        db, tenant: tenant.id, subject: .document(document), cause: cause, state, now: now)
                    try tenant.audit.append(
                        .init(
                            actor: "system", action: "booking", subject: document.description,
                            outcome: state.rawValue, details: ["cause": cause]), at: now, db)
                case .review(let review):
                    try ReviewLog(tenant: tenant, now: now).open(review, on: .document(document), db)
                default:
                    break
                }
            }
        }
        try await environment.reached(.noted)
        return try await Memory.refresh(situation, tenant: tenant, database: environment.database)
    }

    private func perform(_ action: Action, _ situation: Situation?) async throws -> Situation? {
        guard var situation else { return nil }
        if action == .findCustomer {
            situation.customer = try await CustomerFinder(tenant: tenant, environment: environment)
                .find(for: situation)
            return situation
        }
        guard let order = try EffectOrder(action, situation, environment: environment) else { return situation }
        let effect = order.effect(tenant: tenant.id, situation, lease: lease, now: environment.now())
        let request = try order.request(effect.key)
        let answer: Answer
        do {
            answer = try await journal.perform(effect, request)
        } catch let error as ConnectorError {
            throw Refused(error: error)
        }
        situation = try await Memory.refresh(situation, tenant: tenant, database: environment.database)
        return try await brought(up: situation, by: answer, of: action)
    }

    /// What an answer tells of the other side, so that it need not be read again.
    private func brought(up situation: Situation, by answer: Answer, of action: Action) async throws -> Situation {
        var situation = situation
        switch (answer, action) {
        case (.customer(let id), .createCustomer):
            if case .unknown(let visma) = situation.customer {
                situation.customer = .found(id, visma: visma, rule: "created", hasEmail: visma.email != nil)
            }
        case (.collection(var collection), _):
            collection.charges = situation.collection?.charges ?? []
            collection.disputes = situation.collection?.disputes ?? []
            situation.collection = collection
        case (.deleted, _):
            situation.collection = nil
        case (.releaseAccepted, .release(let kind, let number, _)):
            situation.posted.removeAll { $0.kind == kind && $0.number == number }
            if let seen = try await tenant.visma.payment(number, type: "Payment") {
                situation.posted.append(seen.posted)
            }
        case (.recordWritten, .writeRecord(let block, let way)):
            guard let collection = situation.collection else { break }
            if way == .note {
                let note = situation.receivable?.note
                situation.receivable?.note = InvoiceRecord.note(note, with: block)
            } else {
                situation.receivable?.attachmentNames.append(InvoiceRecord.fileName(for: block, of: collection))
            }
        default:
            break
        }
        return situation
    }
}
