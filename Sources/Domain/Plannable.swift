/// What a look at one subject rests on, whatever the subject: the plan is asked of it again after every step.
package protocol Plannable: Hashable, Sendable {
    var subject: Subject { get }
    /// Of the link, for a document that is pushed anew; 1 for what has no link.
    var revision: Int { get }
    var linkState: Link.State? { get }
    /// The effects of this subject, all attempts.
    var effects: [Effect] { get }
    var now: Timestamp { get }
    var plan: [Action] { get }
}

extension Situation: Plannable {
    package var subject: Subject { .document(document) }
    package var revision: Int { link?.revision ?? 1 }
    package var linkState: Link.State? { link?.state }
    package var plan: [Action] { Plan.actions(for: self) }
}

extension PayoutSituation: Plannable {
    package var subject: Subject { .payout(id) }
    package var revision: Int { 1 }
    package var linkState: Link.State? { nil }
    package var plan: [Action] { PayoutPlan.actions(for: self) }
}
