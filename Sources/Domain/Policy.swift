package import Foundation

/// What a company wants: the part of its manifest that decides. Kept as JSON with a version in `tenants`; what a stored
/// policy does not name has the default. `tenants/README.md` says for each value what it does.
package struct Policy: Hashable, Sendable, Codable {
    /// IANA name; every date that the connector derives is a day in this zone.
    package var timeZone: String
    /// Documents dated before it are never pushed.
    package var startDate: LocalDate
    package var selection = Selection()
    package var invoice = InvoiceStyle()
    /// Tried in order when a Visma customer has no Stripe customer of ours yet.
    package var customerRules: [CustomerRule] = [.email]
    /// Make a Stripe customer when no rule finds one; otherwise a review.
    package var createsCustomers = true
    package var posting: PostingPolicy
    /// How often each of Visma's lists is polled.
    package var pollSeconds = 60
    /// When they are not.
    package var quietHours: QuietHours?
    /// How much of a turn the tenant gets among the others that have work: so many times the least.
    package var weight = 1
    /// How far behind the newest value known a poll begins again.
    package var pollOverlapSeconds = 7200
    package var pushCap = PushCap()
    /// Writes link, failures and disputes on the Visma invoice.
    package var writesInvoiceRecord = true

    package init(timeZone: String, startDate: LocalDate, posting: PostingPolicy) {
        self.timeZone = timeZone
        self.startDate = startDate
        self.posting = posting
    }

    package init(from decoder: any Decoder) throws {
        let stored = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            timeZone: try stored.decode(String.self, forKey: .timeZone),
            startDate: try stored.decode(LocalDate.self, forKey: .startDate),
            posting: try stored.decode(PostingPolicy.self, forKey: .posting))
        selection = try stored.decodeIfPresent(Selection.self, forKey: .selection) ?? selection
        invoice = try stored.decodeIfPresent(InvoiceStyle.self, forKey: .invoice) ?? invoice
        customerRules = try stored.decodeIfPresent([CustomerRule].self, forKey: .customerRules) ?? customerRules
        createsCustomers = try stored.decodeIfPresent(Bool.self, forKey: .createsCustomers) ?? createsCustomers
        pollSeconds = try stored.decodeIfPresent(Int.self, forKey: .pollSeconds) ?? pollSeconds
        quietHours = try stored.decodeIfPresent(QuietHours.self, forKey: .quietHours)
        weight = try stored.decodeIfPresent(Int.self, forKey: .weight) ?? weight
        pollOverlapSeconds = try stored.decodeIfPresent(Int.self, forKey: .pollOverlapSeconds) ?? pollOverlapSeconds
        pushCap = try stored.decodeIfPresent(PushCap.self, forKey: .pushCap) ?? pushCap
        writesInvoiceRecord = try stored.decodeIfPresent(Bool.self, forKey: .writesInvoiceRecord) ?? writesInvoiceRecord
    }

    /// How an existing Stripe customer may be recognised. Only an equality that exactly one customer meets counts.
    package enum CustomerRule: Hashable, Sendable, Codable, CustomStringConvertible {
        /// The Stripe customer's description is the Visma customer's name.
        case description
        case email
        /// The Stripe customer's metadata field of this name holds the Visma customer number.
        case metadata(String)

        package var description: String {
            switch self {
            case .description: "description"
            case .email: "email"
            case .metadata(let field): "metadata:\(field)"
            }
        }

        package init?(_ text: String) {
            if text == "description" {
                self = .description
            } else if text == "email" {
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
                    .init(
                        codingPath: decoder.codingPath,
                        debugDescription: "a rule is description, email or metadata:FIELD"))
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

    /// Why the connector leaves `receivable` alone, or nil when it is for collection. `day` is today in the company's
    /// zone; a document that a person asked for needs no mark.
    package func exclusion(of receivable: Receivable, isRequested: Bool, on day: LocalDate) -> Selection.Exclusion? {
        if receivable.documentDate < startDate {
            return Selection.Exclusion(reason: "dated before the start date \(startDate)")
        }
        return selection.exclusion(of: receivable, isRequested: isRequested, on: day)
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
