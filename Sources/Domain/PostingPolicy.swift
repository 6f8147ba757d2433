/// What is booked in Visma for what happens in Stripe, and what Stripe is told of what happens in Visma: one policy per
/// row of the posting table, each with the default that a bookkeeper would accept.
package struct PostingPolicy: Hashable, Sendable, Codable {
    package enum Booking: String, Hashable, Sendable, Codable, CaseIterable {
        /// What is made in Visma is released at once.
        case release
        /// It stays on hold until a person releases it.
        case hold
    }

    package enum BookingDate: String, Hashable, Sendable, Codable, CaseIterable {
        /// The day on which the money was paid, in the company's zone.
        case paid
        /// The day on which it is booked.
        case booked
    }

    package enum ClosedPeriod: String, Hashable, Sendable, Codable, CaseIterable {
        case review
        /// The first day of the next open period, with the true date in the text.
        case nextOpenPeriod = "next_open_period"
    }

    package enum Refunds: String, Hashable, Sendable, Codable, CaseIterable {
        /// Wait for the company's credit note and book a Refund document on it.
        case creditNote = "credit_note"
        /// Void the payment, when the refund is full, the payment paid this invoice alone and carries no fee; else wait
        /// as for `creditNote`.
        case void
        /// Make the credit note too.
        case ownCreditNote = "own_credit_note"
    }

    package enum Disputes: String, Hashable, Sendable, Codable, CaseIterable {
        /// A lost dispute is a review with the postings proposed.
        case review
        /// A lost dispute is booked: the payment is voided when the dispute is of the whole of it and it paid this
        /// invoice alone, else the amount leaves the clearing account by a cash transaction.
        case post
    }

    package enum Fees: String, Hashable, Sendable, Codable, CaseIterable {
        case none
        /// On the payment when known before its release and in its currency, else as a cash transaction.
        case post
    }

    package enum Payouts: String, Hashable, Sendable, Codable, CaseIterable {
        case report
        /// One journal per payout, from clearing to bank, and one more for each currency that Stripe exchanged into it.
        case journal
    }

    package enum WriteOffs: String, Hashable, Sendable, Codable, CaseIterable {
        /// The Stripe invoice is voided; where Stripe voids no more, marked uncollectible.
        case void
        case uncollectible
    }

    package enum StripeCredits: String, Hashable, Sendable, Codable, CaseIterable {
        /// A credit note that a person makes in Stripe is a review.
        case review
        /// It becomes a Visma credit note on the invoice.
        case creditNote = "credit_note"
    }

    /// Cash account by currency: where Stripe's money is booked.
    package var cashAccounts: [String: String]
    /// Other cash accounts of a branch, by branch and currency.
    package var branchCashAccounts: [String: [String: String]] = [:]
    package var paymentMethod: String
    package var booking: Booking = .release
    package var bookingDate: BookingDate = .paid
    package var closedPeriod: ClosedPeriod = .review
    package var refunds: Refunds = .creditNote
    /// A refund that still waits for a credit note after so many days is a review.
    package var refundReviewDays = 7
    package var disputes: Disputes = .review
    /// Visma sends no reminders while a dispute is open.
    package var stopsDunning = true
    package var fees: Fees = .none
    package var payouts: Payouts = .report
    package var writeOffs: WriteOffs = .void
    package var stripeCredits: StripeCredits = .review
    /// Entry types of the cash accounts, for `fees: post` and `disputes: post`.
    package var feeEntryType: String?
    package var disputeEntryType: String?
    /// General ledger accounts for `payouts: journal`: bank and clearing by currency.
    package var bankLedgerAccounts: [String: String] = [:]
    package var clearingLedgerAccounts: [String: String] = [:]
    /// General ledger account of exchange differences, kept in no single currency. Without it a payout of which Stripe
    /// exchanged a part is a review.
    package var exchangeLedgerAccount: String?

    package init(cashAccounts: [String: String], paymentMethod: String) {
        self.cashAccounts = cashAccounts
        self.paymentMethod = paymentMethod
    }

    /// What a stored policy does not name has the default.
    package init(from decoder: any Decoder) throws {
        let stored = try decoder.container(keyedBy: CodingKeys.self)
        func value<T: Decodable>(_ key: CodingKeys, or preset: T) throws -> T {
            try stored.decodeIfPresent(T.self, forKey: key) ?? preset
        }
        cashAccounts = try stored.decode([String: String].self, forKey: .cashAccounts)
        paymentMethod = try stored.decode(String.self, forKey: .paymentMethod)
        branchCashAccounts = try value(.branchCashAccounts, or: branchCashAccounts)
        booking = try value(.booking, or: booking)
        bookingDate = try value(.bookingDate, or: bookingDate)
        closedPeriod = try value(.closedPeriod, or: closedPeriod)
        refunds = try value(.refunds, or: refunds)
        refundReviewDays = try value(.refundReviewDays, or: refundReviewDays)
        disputes = try value(.disputes, or: disputes)
        stopsDunning = try value(.stopsDunning, or: stopsDunning)
        fees = try value(.fees, or: fees)
        payouts = try value(.payouts, or: payouts)
        writeOffs = try value(.writeOffs, or: writeOffs)
        stripeCredits = try value(.stripeCredits, or: stripeCredits)
        bankLedgerAccounts = try value(.bankLedgerAccounts, or: bankLedgerAccounts)
        clearingLedgerAccounts = try value(.clearingLedgerAccounts, or: clearingLedgerAccounts)
        exchangeLedgerAccount = try stored.decodeIfPresent(String.self, forKey: .exchangeLedgerAccount)
        feeEntryType = try stored.decodeIfPresent(String.self, forKey: .feeEntryType)
        disputeEntryType = try stored.decodeIfPresent(String.self, forKey: .disputeEntryType)
    }

    /// Visma computes the total of these, and one that comes out wrong is deleted again.
    package var makesCreditNotes: Bool { refunds == .ownCreditNote || stripeCredits == .creditNote }

    /// Whether Stripe's money is booked there.
    package func isCashAccount(_ number: String?) -> Bool {
        guard let number else { return false }
        return cashAccounts.values.contains(number)
            || branchCashAccounts.values.contains { $0.values.contains(number) }
    }

    package func cashAccount(branch: String?, currency: Currency) -> String? {
        branch.flatMap { branchCashAccounts[$0]?[currency.code] } ?? cashAccounts[currency.code]
    }
}
