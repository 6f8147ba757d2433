/// On which day something is posted: its own, or by policy the first day of the next open period when Visma has closed
/// its own. Says also what stands in the way of posting at all.
enum PostingDay {
    case on(LocalDate, isMoved: Bool)
    case needs([Action])

    /// How Visma's refusal of a closed period is recognised in an effect's failure.
    static let periodClosed = "visma.period_closed"

    static func choose(
        _ fact: Timestamp?, step: String, cause: String, what: String, hasChanged: Bool = false, _ situation: Situation
    ) -> PostingDay {
        let policy = situation.policy
        let moment = policy.posting.bookingDate == .paid ? fact ?? situation.now : situation.now
        return choose(
            moment.day(in: policy.zone), step: step, cause: cause, what: what, hasChanged: hasChanged, Ground(situation)
        )
    }

    /// What the choice rests on, of a document or of a payout.
    struct Ground {
        var effects: [Effect]
        var openDays: [LocalDate: LocalDate]
        var posting: PostingPolicy
        var refused: (String, String) -> Effect?
        var isForgiven: (Effect) -> Bool

        init(_ situation: Situation) {
            effects = situation.effects
            openDays = situation.openDays
            posting = situation.policy.posting
            refused = { situation.refused($0, cause: $1) }
            isForgiven = situation.isForgiven
        }

        init(_ situation: PayoutSituation) {
            effects = situation.effects
            openDays = situation.openDays
            posting = situation.policy.posting
            refused = { situation.refused($0, cause: $1) }
            isForgiven = situation.isForgiven
        }
    }

    /// - Parameter hasChanged: what is to be posted may be something else than what was refused: once more is tried.
    static func choose(
        _ day: LocalDate, step: String, cause: String, what: String, hasChanged: Bool = false, _ ground: Ground
    ) -> PostingDay {
        guard let effect = ground.refused(step, cause) else { return .on(day, isMoved: false) }
        let failure = effect.failure ?? "no reason given"
        let attempts = ground.effects.filter {
            $0.step == step && $0.cause == cause && $0.state == .failed && !ground.isForgiven($0)
        }.count
        guard failure.contains(periodClosed) else {
            if hasChanged, attempts < 2 { return .on(day, isMoved: false) }
            let found = "Visma refused \(what): \(failure)"
            return .needs([
                .review(Review(.effectRefused, found: found, proposals: ["correct what it names", "book it by hand"]))
            ])
        }
        let closed = Action.review(
            Review(
                .periodClosed, found: "Visma refused \(what) of \(day), as its period is closed: \(failure)",
                proposals: ["open the period, then sync the document again", "book it by hand"]))
        // Once on its own day, once on the first open one: a third refusal would say nothing new.
        guard ground.posting.closedPeriod == .nextOpenPeriod, attempts < 2 else { return .needs([closed]) }
        guard let open = ground.openDays[day] else { return .needs([.findOpenPeriod(day)]) }
        return open > day ? .on(open, isMoved: true) : .needs([closed])
    }
}
