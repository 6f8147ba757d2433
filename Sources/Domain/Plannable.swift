import Foundation

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
    package var plan: [Action] { Review.merged(Plan.actions(for: self)) }
}

extension PayoutSituation: Plannable {
    package var subject: Subject { .payout(id) }
    package var revision: Int { 1 }
    package var linkState: Link.State? { nil }
    package var plan: [Action] { Review.merged(PayoutPlan.actions(for: self)) }
}

extension Review {
    /// A subject has one open review of each code, so what several say under one code is said in one, in place of the
    /// first.
    static func merged(_ actions: [Action]) -> [Action] {
        var places: [Code: Int] = [:]
        var merged: [Action] = []
        for action in actions {
            guard case .review(let review) = action else {
                merged.append(action)
                continue
            }
            guard let place = places[review.code], case .review(let first) = merged[place] else {
                places[review.code] = merged.count
                merged.append(action)
                continue
            }
            guard !first.found.components(separatedBy: separator).contains(review.found) else { continue }
            let proposals = first.proposals + review.proposals.filter { !first.proposals.contains($0) }
            merged[place] = .review(
                Review(review.code, found: first.found + separator + review.found, proposals: proposals))
        }
        return merged
    }

    private static let separator = "; and "
}
