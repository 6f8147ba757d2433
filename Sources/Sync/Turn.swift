import Domain
import Storage

/// How one kind of subject is looked at: what a turn needs besides the plan.
protocol Observing: Sendable {
    associatedtype Seen: Plannable

    var tenant: TenantContext { get }
    var environment: SyncEnvironment { get }
    var subject: Subject { get }

    /// What both systems say now. Only reads.
    func observe() async throws -> Seen
    /// Writes down what was learned of our own side by reading.
    func remember(_ seen: Seen) async throws
    /// `seen` with our own side as it is now.
    func refresh(_ seen: Seen) async throws -> Seen
    /// What a reading action brings; nil when it is none. Only reads.
    func read(_ action: Action, _ seen: Seen) async throws -> Seen?
    /// Nil for an action that is no outside write.
    func order(_ action: Action, _ seen: Seen) throws -> EffectOrder?
    /// What an answer tells of the other side, so that it need not be read again; what it does not tell is read.
    func brought(up seen: Seen, by answer: Answer, of action: Action) async throws -> Seen
}

/// One look at one subject: does what `TurnMachine` says. Thin on purpose: what to do next is decided there and in the
/// plan, how a write is made safe in `Journal`.
struct Turn<Sight: Observing>: Sendable {
    let sight: Sight
    let lease: Lease

    private var tenant: TenantContext { sight.tenant }
    private var environment: SyncEnvironment { sight.environment }
    private var journal: Journal { Journal(tenant: tenant, environment: environment, lease: lease) }

    func run() async throws -> TurnEnding {
        let subject = sight.subject
        let unsettled = try await environment.database.read { [tenant] db in
            try JournalTable.unsettled(db, tenant: tenant.id, subject: subject)
        }
        var machine = TurnMachine<Sight.Seen>(unresolved: unsettled)
        var seen: Sight.Seen?
        while true {
            do {
                switch machine.next() {
                case .finish(let ending):
                    return ending
                case .resolve(let effect):
                    switch try await journal.resolve(effect) {
                    case .known: machine.resolved(effect)
                    case .notYet(let moment, let why):
                        try await tell(of: effect, why)
                        machine.unresolvable(until: moment, why: why)
                    }
                    seen = nil
                case .observe:
                    let now = try await sight.observe()
                    try await sight.remember(now)
                    try await environment.reached(.observed)
                    seen = now
                    machine.observed(now)
                case .note(let actions):
                    guard let before = seen else { continue }
                    let after = try await note(actions, before)
                    seen = after
                    machine.noted(actions, now: after)
                case .perform(let action):
                    guard let before = seen else { continue }
                    let after = try await perform(action, before)
                    seen = after
                    machine.performed(now: after)
                }
            } catch let refusal as Refused {
                machine.refused(refusal.error, now: environment.now())
            } catch let error as ConnectorError {
                machine.failed(error, now: environment.now())
            }
        }
    }

    /// What stays unknown for long stands in the way of everything else about the subject: a person should know.
    private func tell(of effect: Effect, _ why: String) async throws {
        let now = environment.now()
        guard now.seconds(since: effect.sentAt) >= TurnNotes.unknownSecondsMax else { return }
        let review = Review(
            .effectRefused, found: "whether \(effect.step) took effect is not known since \(effect.sentAt): \(why)",
            proposals: ["look in the other system for what it should have made", "wait"])
        let subject = sight.subject
        try await environment.commit { [tenant] db in
            try ReviewLog(tenant: tenant, now: now).open(review, on: subject, db)
        }
    }

    /// What the journal says of an effect that did not come about.
    private struct Refused: Error {
        let error: ConnectorError
    }

    /// Commits facts about ourselves: link state, what became of a booking, reviews.
    private func note(_ actions: [Action], _ seen: Sight.Seen) async throws -> Sight.Seen {
        let subject = sight.subject
        try await environment.commit { [tenant, environment] db in
            let now = environment.now()
            let notes = TurnNotes(tenant: tenant, subject: subject, now: now)
            for action in actions { try notes.write(action, db) }
        }
        try await environment.reached(.noted)
        return try await sight.refresh(seen)
    }

    private func perform(_ action: Action, _ seen: Sight.Seen) async throws -> Sight.Seen {
        if let more = try await sight.read(action, seen) {
            try await sight.remember(more)
            return more
        }
        guard let order = try sight.order(action, seen) else {
            throw ConnectorError(
                code: "plan.no_order", text: "no outside write is known for \(action)", disposition: .reject)
        }
        let effect = order.effect(tenant: tenant.id, seen, term: lease.term, environment: environment)
        let request = try order.request(effect.key)
        let answer: Answer
        do {
            answer = try await journal.perform(effect, request)
        } catch let error as ConnectorError {
            throw Refused(error: error)
        }
        return try await sight.brought(up: try await sight.refresh(seen), by: answer, of: action)
    }
}

/// What a turn writes down about our own side.
struct TurnNotes {
    let tenant: TenantContext
    let subject: Subject
    let now: Timestamp
    /// How long an outcome may stay unknown before a person is told.
    static let unknownSecondsMax: Int64 = 3600

    func write(_ action: Action, _ db: any SQLConnection) throws {
        switch action {
        case .setLink(let state):
            guard case .document(let document) = subject,
                var link = try LinksTable.find(db, tenant: tenant.id, document: document)
            else { return }
            link.state = state
            try LinksTable.upsert(db, tenant: tenant.id, link, now: now)
        case .markBooking(let cause, let state):
            let before = try CollectedTable.find(db, tenant: tenant.id, subject: subject, cause: cause)
            try CollectedTable.setState(
                db, tenant: tenant.id, subject: subject, cause: cause, state, voidedFor: before?.voidedFor, now: now)
            try audit("booking", outcome: state.rawValue, ["cause": cause], db)
        case .adoptBooking(let booking):
            try CollectedTable.insert(db, tenant: tenant.id, booking, now: now)
            try lookAtCustomer(db)
            try audit(
                "booking", outcome: "matched",
                [
                    "cause": booking.cause, "number": booking.number.rawValue, "kind": booking.kind.rawValue,
                    "amount": booking.amount.description,
                ], db)
        case .review(let review):
            try ReviewLog(tenant: tenant, now: now).open(review, on: subject, db)
        default:
            break
        }
    }

    /// A refund document that stood for nothing stands for something now.
    private func lookAtCustomer(_ db: any SQLConnection) throws {
        guard case .document(let document) = subject,
            let link = try LinksTable.find(db, tenant: tenant.id, document: document)
        else { return }
        try WorkTable.dirty(
            db, tenant: tenant.id, subject: .customer(link.vismaCustomer), cause: "booking", dueAt: now)
    }

    private func audit(
        _ action: String, outcome: String, _ details: [String: String], _ db: any SQLConnection
    ) throws {
        try tenant.audit.append(
            .init(actor: "system", action: action, subject: Self.name(subject), outcome: outcome, details: details),
            at: now, db)
    }

    /// A document is named in the trail as people name it.
    private static func name(_ subject: Subject) -> String {
        if case .document(let document) = subject { document.description } else { subject.key }
    }
}
