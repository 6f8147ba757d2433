package import Foundation

/// What a company wants: the part of its manifest that decides. Kept as JSON with a version in `tenants`.
package struct Policy: Hashable, Sendable, Codable {
    /// IANA name; every date that the connector derives is a day in this zone.
    package var timeZone: String
    /// Documents dated before it are never pushed.
    package var startDate: LocalDate
    /// Put before Visma's reference to make Stripe's invoice number.
    package var numberPrefix: String
    /// A due date in the past is moved to this many days from now; the true one is shown on the invoice.
    package var pastDueGraceDays: Int
    package var excludedCustomers: Set<String>
    package var excludedBranches: Set<String>
    package var excludedCurrencies: Set<Currency>
    /// Tried in order when a Visma customer has no Stripe customer of ours yet.
    package var customerRules: [CustomerRule]
    /// Make a Stripe customer when no rule finds one; otherwise a review.
    package var createsCustomers: Bool
    /// Visma cash account by currency: where Stripe's money is booked.
    package var cashAccounts: [String: String]
    package var paymentMethod: String
    package var booking: BookingMode
    /// How often each of Visma's lists is polled.
    package var pollSeconds: Int
    /// How far behind the newest value known a poll begins again.
    package var pollOverlapSeconds: Int
    /// Writes link, failures and disputes on the Visma invoice.
    package var writesInvoiceRecord: Bool

    package init(
        timeZone: String, startDate: LocalDate, numberPrefix: String = "", pastDueGraceDays: Int = 3,
        excludedCustomers: Set<String> = [], excludedBranches: Set<String> = [],
        excludedCurrencies: Set<Currency> = [], customerRules: [CustomerRule] = [.email],
        createsCustomers: Bool = true, cashAccounts: [String: String], paymentMethod: String,
        booking: BookingMode = .release, pollSeconds: Int = 60, pollOverlapSeconds: Int = 7200,
        writesInvoiceRecord: Bool = true
    ) {
        self.timeZone = timeZone
        self.startDate = startDate
        self.numberPrefix = numberPrefix
        self.pastDueGraceDays = pastDueGraceDays
        self.excludedCustomers = excludedCustomers
        self.excludedBranches = excludedBranches
        self.excludedCurrencies = excludedCurrencies
        self.customerRules = customerRules
        self.createsCustomers = createsCustomers
        self.cashAccounts = cashAccounts
        self.paymentMethod = paymentMethod
        self.booking = booking
        self.pollSeconds = pollSeconds
        self.pollOverlapSeconds = pollOverlapSeconds
        self.writesInvoiceRecord = writesInvoiceRecord
    }

    package enum BookingMode: String, Hashable, Sendable, Codable, CaseIterable {
        /// The Visma payment is released at once.
        case release
        /// It stays on hold until a person releases it.
        case hold
    }

    /// How an existing Stripe customer may be recognised. Only an equality that exactly one customer meets counts.
    package enum CustomerRule: Hashable, Sendable, Codable, CustomStringConvertible {
        case email
        /// The Stripe customer's metadata field of this name holds the Visma customer number.
        case metadata(String)

        package var description: String {
            switch self {
            case .email: "email"
            case .metadata(let field): "metadata:\(field)"
            }
        }

        package init?(_ text: String) {
            if text == "email" {
                self = .email
            } else if text.hasPrefix("metadata:"), text.count > 9 {
                self = .metadata(String(text.dropFirst(9)))
            } else {
                return nil
            }
        }

        package init(from decoder: any Decoder) throws {
            let text = try decoder.singleValueContainer().decode(String.self)
            guard let rule = CustomerRule(text) else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "a rule is 'email' or 'metadata:FIELD'"))
            }
            self = rule
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(description)
        }
    }

    /// The zone named by `timeZone`; a manifest with an unknown name is refused when it is read.
    package var zone: TimeZone { TimeZone(identifier: timeZone) ?? .gmt }

    /// Why the connector leaves `receivable` alone, or nil when it is for collection.
    package func exclusion(of receivable: Receivable) -> String? {
        if receivable.document.type != .invoice {
            return "documents of type \(receivable.document.type) are not pushed"
        }
        if receivable.documentDate < startDate { return "dated before the start date \(startDate)" }
        if excludedCustomers.contains(receivable.customer.number.rawValue) { return "its customer is excluded" }
        if let branch = receivable.branch, excludedBranches.contains(branch) { return "branch \(branch) is excluded" }
        if excludedCurrencies.contains(receivable.currency) { return "currency \(receivable.currency) is excluded" }
        return nil
    }
}

/// How the company's Visma lets us write on a released invoice: found out by trying, remembered per tenant.
package enum RecordAbility: String, Hashable, Sendable, CaseIterable {
    case note, attachment, none

    /// The next way when this one was refused.
    package var fallback: RecordAbility {
        switch self {
        case .note: .attachment
        case .attachment, .none: .none
        }
    }
}
