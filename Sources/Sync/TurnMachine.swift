package import Domain

/// The course of one look at one document, as a value: what to do next follows from what has been learned so far.
/// It does nothing itself; `DocumentTurn` does what it says and tells it what came of it.
package struct TurnMachine<Seen: Plannable>: Sendable {
    /// Outside writes and look-ups in one look; a document that wants more is looked at again later.
    package static var stepsMax: Int { 24 }
    /// How often a 412 is answered by observing and planning again.
    package static var conflictsMax: Int { 5 }
    /// Until the next look after one that could not be brought to its end.
    static var conflictSeconds: Int64 { 3600 }
    static var unreadableSeconds: Int64 { 6 * 3600 }

    package enum Next: Hashable, Sendable {
        /// An effect whose outcome is not known: look it up before anything else.
        case resolve(Effect)
        case observe
        /// Facts about ourselves to be committed together.
        case note([Action])
        /// One outside write, or a look for more.
        case perform(Action)
        case finish(TurnEnding)
    }

    private var unresolved: [Effect]
    private var situation: Seen?
    private var noted: Set<Action> = []
    private var steps = 0
    private var conflicts = 0
    private var ending: TurnEnding?

    package init(unresolved: [Effect]) { self.unresolved = unresolved }

    package func next() -> Next {
        if let ending { return .finish(ending) }
        if let effect = unresolved.first { return .resolve(effect) }
        guard let situation else { return .observe }
        let actions = situation.plan
        let reviews = actions.compactMap { if case .review(let review) = $0 { review } else { nil } }
        let notes = actions.filter { isNote($0) && !isKnown($0, in: situation) }
        if !notes.isEmpty { return .note(notes) }
        if let action = actions.first(where: isOutside) {
            let now = situation.now
            guard steps < Self.stepsMax else {
                return .finish(
                    .postponed(until: now.adding(seconds: 1), why: "many steps in one look", reviews: nil))
            }
            return .perform(action)
        }
        return .finish(
            soonest(actions).map { .postponed(until: $0.moment, why: $0.why, reviews: reviews) }
                ?? .settled(reviews: reviews))
    }

    /// Several things may be waited for: the first of them to come due.
    private func soonest(_ actions: [Action]) -> (moment: Timestamp, why: String)? {
        actions.compactMap { action in
            if case .lookAgain(let moment, let why) = action { (moment, why) } else { nil }
        }
        .min { $0.moment < $1.moment }
    }

    package mutating func observed(_ situation: Seen) { self.situation = situation }

    package mutating func noted(_ actions: [Action], now: Seen) {
        noted.formUnion(actions)
        situation = now
    }

    /// The write took effect, or the look brought something: `situation` is what is known now.
    package mutating func performed(now: Seen) {
        steps += 1
        situation = now
    }

    /// The effect's outcome is known now; everything is observed anew.
    package mutating func resolved(_ effect: Effect) {
        unresolved.removeAll { $0.key == effect.key }
        situation = nil
    }

    /// It cannot be known yet.
    package mutating func unresolvable(until moment: Timestamp, why: String) {
        ending = .postponed(until: moment, why: why, reviews: nil)
    }

    /// An outside write went wrong, and the journal holds how.
    package mutating func refused(_ error: ConnectorError, now: Timestamp) {
        guard error.disposition == .reject else { return failed(error, now: now) }
        // The plan turns the refusal into a review or another way.
        situation = nil
        steps += 1
    }

    /// A read went wrong, or a write that was never begun.
    package mutating func failed(_ error: ConnectorError, now: Timestamp) {
        switch error.disposition {
        case .conflict where conflicts < Self.conflictsMax:
            conflicts += 1
            situation = nil
        case .conflict:
            let review = Review(
                .conflictLoop,
                found: "the document changed under every one of \(Self.conflictsMax) attempts to write on it",
                proposals: ["look whether another program edits it"])
            ending = .stopped(review, until: now.adding(seconds: Self.conflictSeconds))
        case .reject:
            let review = Review(
                situation == nil ? .unreadable : .effectRefused, found: error.description,
                proposals: ["correct what it names, then sync the document again"])
            ending = .stopped(review, until: now.adding(seconds: Self.unreadableSeconds))
        default:
            ending = .failed(error)
        }
    }

    private func isNote(_ action: Action) -> Bool {
        switch action {
        case .markBooking, .adoptBooking, .setLink, .review: true
        default: false
        }
    }

    private func isOutside(_ action: Action) -> Bool {
        switch action {
        case .markBooking, .adoptBooking, .setLink, .review, .lookAgain: false
        default: true
        }
    }

    private func isKnown(_ action: Action, in situation: Seen) -> Bool {
        switch action {
        // A document that Visma does not have never got a link: there is nothing to set, and to try would not end.
        case .setLink(let state): situation.linkState.map { $0 == state } ?? true
        default: noted.contains(action)
        }
    }
}

/// How a look ended.
package enum TurnEnding: Hashable, Sendable {
    /// Nothing more to do; the open reviews are exactly these.
    case settled(reviews: [Review])
    /// To be looked at again; `reviews` is nil when it is not known which ones hold.
    case postponed(until: Timestamp, why: String, reviews: [Review]?)
    /// A person is needed; what else holds is not known. To be looked at again all the same, as it may be over by then.
    case stopped(Review, until: Timestamp)
    case failed(ConnectorError)
}
