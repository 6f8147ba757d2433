import Foundation

/// What a person may decide about a review. Whatever is to happen outside is done by the next look, under its lease.
package enum ReviewResolution: String, Hashable, Sendable, CaseIterable {
    case lookAgain = "look_again"
    case push
    case mapCustomer = "map_customer"
    case markSettled = "mark_settled"
    case ignore

    /// What it will do, for the person who decides.
    package var effect: String {
        switch self {
        case .lookAgain: "looks at it now; what still holds opens under a new number"
        case .push: "the document goes out all the same, as by `invoice push`"
        case .mapCustomer: "its customer is the one that --customer cus_... names"
        case .markSettled: "leaves the document alone from now on, also when money comes"
        case .ignore: "stays closed until something else is found"
        }
    }

    /// What is offered, the likeliest first; nothing else is taken.
    package static func offered(for code: Review.Code, on subject: Subject) -> [ReviewResolution] {
        offered(for: code).filter { $0.isFor(subject) }
    }

    /// Closed, a review of the cap holds nothing back any more: only a word that says what becomes of the push will do.
    /// The endpoint is asked for again in every turn that finds no review of it. What is not settled by anybody's word,
    /// as it is no matter of one document's money, cannot be marked as settled.
    static func offered(for code: Review.Code) -> [ReviewResolution] {
        switch code {
        case .pushCap: [.push, .markSettled]
        case .amountTooLarge, .deductible: [.push, .lookAgain, .markSettled, .ignore]
        case .customerEmailMissing, .customerAmbiguous, .customerUnknown:
            [.mapCustomer, .lookAgain, .markSettled, .ignore]
        case .currencyUnsupported, .amountsDisagree, .amountTooSmall, .totalMismatch, .creditBalance,
            .changedAfterPush, .changedInStripe, .paidOutsideStripe, .paidTwice, .overpaid, .cashAccountMissing,
            .bookingChanged, .refund, .refundUnmatched, .settlementUndone, .creditedInStripe, .periodClosed,
            .feeUnbooked, .notForCollection, .disputeClosed, .effectRefused:
            [.lookAgain, .markSettled, .ignore]
        case .unreadable, .strayDocument, .refundInVisma, .payoutUnbooked, .recordRefused, .conflictLoop:
            [.lookAgain, .ignore]
        case .endpointRefused: [.lookAgain]
        }
    }

    private func isFor(_ subject: Subject) -> Bool {
        switch self {
        case .lookAgain, .ignore: true
        case .push, .mapCustomer, .markSettled: if case .document = subject { true } else { false }
        }
    }
}

extension ReviewResolution {
    private static let separator = ": "

    /// As it is stored with the review.
    package func stored(reason: String) -> String { rawValue + Self.separator + reason }

    /// Nil for what nobody decided, or decided in other words.
    package init?(stored: String) {
        guard let end = stored.range(of: Self.separator) else { return nil }
        self.init(rawValue: String(stored[..<end.lowerBound]))
    }
}

extension Review {
    /// Whether two findings say the same: the id of the request that told of it is another one each time.
    package static func isSameFinding(_ one: String, _ other: String) -> Bool {
        one == other || withoutRequest(one) == withoutRequest(other)
    }

    private static func withoutRequest(_ found: String) -> String {
        found.replacing(/, request [^\s,;]+/, with: "")
    }
}
