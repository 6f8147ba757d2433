/// Which open documents are collected through Stripe.
package struct Selection: Hashable, Sendable, Codable {
    package enum Mode: String, Hashable, Sendable, Codable, CaseIterable {
        /// Every document that nothing excludes.
        case all
        /// Only those with a payment method of `markedPaymentMethods`, and those that a person asked for.
        case marked
    }

    /// What is collected in another way already, or not yet for its whole amount.
    package enum Skip: String, Hashable, Sendable, Codable, CaseIterable {
        /// A direct debit mandate draws the amount.
        case directDebit = "direct_debit"
        /// It goes out through an e-invoice channel.
        case eInvoice = "e_invoice"
        case debtCollector = "debt_collector"
        /// The customer may still pay less than Stripe would ask for.
        case cashDiscount = "cash_discount"
    }

    package var documentTypes: Set<DocumentType> = [.invoice]
    package var mode: Mode = .all
    /// Ids of Visma's payment methods.
    package var markedPaymentMethods: Set<String> = []
    /// Customer numbers, branches and currencies: all of them when empty.
    package var includedCustomers: Set<String> = []
    package var includedBranches: Set<String> = []
    package var includedCurrencies: Set<Currency> = []
    package var excludedCustomers: Set<String> = []
    package var excludedBranches: Set<String> = []
    package var excludedCurrencies: Set<Currency> = []
    /// An e-invoice is how most companies are invoiced at all, so that one is collected unless the policy says no.
    package var skips: Set<Skip> = [.directDebit, .debtCollector, .cashDiscount]
    /// By currency code. They are held against the document's total, which a part payment does not change.
    package var minimumAmounts: [String: Money] = [:]
    package var maximumAmounts: [String: Money] = [:]

    package init() {}

    /// Why a document is left alone, in words, or the collection of one stopped.
    package struct Exclusion: Hashable, Sendable, CustomStringConvertible {
        package var reason: String
        /// The last day on which it holds; nil when it does not end by itself.
        package var until: LocalDate?
        package var description: String { reason }
    }

    /// `day` is today in the company's zone.
    func exclusion(of receivable: Receivable, isRequested: Bool, on day: LocalDate) -> Exclusion? {
        let reason =
            listed(receivable) ?? limited(receivable) ?? skipped(receivable)
            ?? (isRequested ? nil : unmarked(receivable))
        if let reason { return Exclusion(reason: reason) }
        if skips.contains(.cashDiscount), let until = receivable.cashDiscountUntil, day <= until {
            return Exclusion(reason: "its cash discount is open until \(until)", until: until)
        }
        return nil
    }

    private func listed(_ receivable: Receivable) -> String? {
        let type = receivable.document.type
        if !documentTypes.contains(type) { return "documents of type \(type) are not pushed" }
        let customer = receivable.customer.number.rawValue
        if excludedCustomers.contains(customer) { return "its customer is excluded" }
        if !includedCustomers.isEmpty, !includedCustomers.contains(customer) { return "its customer is not included" }
        if let branch = receivable.branch, excludedBranches.contains(branch) { return "branch \(branch) is excluded" }
        if !includedBranches.isEmpty, !includedBranches.contains(receivable.branch ?? "") {
            return "branch \(receivable.branch ?? "(none)") is not included"
        }
        let currency = receivable.currency
        if excludedCurrencies.contains(currency) { return "currency \(currency) is excluded" }
        if !includedCurrencies.isEmpty, !includedCurrencies.contains(currency) {
            return "currency \(currency) is not included"
        }
        return nil
    }

    private func limited(_ receivable: Receivable) -> String? {
        let total = receivable.total
        if let minimum = minimumAmounts[total.currency.code], total.minorUnits < minimum.minorUnits {
            return "\(total) is under the policy's minimum of \(minimum)"
        }
        if let maximum = maximumAmounts[total.currency.code], total.minorUnits > maximum.minorUnits {
            return "\(total) is over the policy's maximum of \(maximum)"
        }
        return nil
    }

    /// What collects it in another way.
    func skipped(_ receivable: Receivable) -> String? {
        if skips.contains(.debtCollector), receivable.isWithDebtCollector { return "it is with a debt collector" }
        if skips.contains(.directDebit), receivable.hasDirectDebitMandate { return "a direct debit mandate draws it" }
        if skips.contains(.eInvoice), receivable.isEInvoice { return "it goes out through an e-invoice channel" }
        return nil
    }

    private func unmarked(_ receivable: Receivable) -> String? {
        guard mode == .marked else { return nil }
        guard let method = receivable.paymentMethod else { return "it is not marked for collection" }
        return markedPaymentMethods.contains(method)
            ? nil : "it is not marked for collection: its payment method is \(method)"
    }
}

extension Selection {
    private enum CodingKeys: String, CodingKey {
        case documentTypes, mode, markedPaymentMethods, includedCustomers, includedBranches, includedCurrencies
        case excludedCustomers, excludedBranches, excludedCurrencies, skips, minimumAmounts, maximumAmounts
    }

    /// What a stored policy does not name has the default.
    package init(from decoder: any Decoder) throws {
        let stored = try decoder.container(keyedBy: CodingKeys.self)
        func value<T: Decodable>(_ key: CodingKeys, or preset: T) throws -> T {
            try stored.decodeIfPresent(T.self, forKey: key) ?? preset
        }
        documentTypes = try value(.documentTypes, or: documentTypes)
        mode = try value(.mode, or: mode)
        markedPaymentMethods = try value(.markedPaymentMethods, or: markedPaymentMethods)
        includedCustomers = try value(.includedCustomers, or: includedCustomers)
        includedBranches = try value(.includedBranches, or: includedBranches)
        includedCurrencies = try value(.includedCurrencies, or: includedCurrencies)
        excludedCustomers = try value(.excludedCustomers, or: excludedCustomers)
        excludedBranches = try value(.excludedBranches, or: excludedBranches)
        excludedCurrencies = try value(.excludedCurrencies, or: excludedCurrencies)
        skips = try value(.skips, or: skips)
        minimumAmounts = try value(.minimumAmounts, or: minimumAmounts)
        maximumAmounts = try value(.maximumAmounts, or: maximumAmounts)
    }

    /// Sets in a fixed order: policies are compared as text, and an unchanged one must not look like a new version.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(documentTypes.sorted(), forKey: .documentTypes)
        try container.encode(mode, forKey: .mode)
        try container.encode(markedPaymentMethods.sorted(), forKey: .markedPaymentMethods)
        try container.encode(includedCustomers.sorted(), forKey: .includedCustomers)
        try container.encode(includedBranches.sorted(), forKey: .includedBranches)
        try container.encode(includedCurrencies.sorted(), forKey: .includedCurrencies)
        try container.encode(excludedCustomers.sorted(), forKey: .excludedCustomers)
        try container.encode(excludedBranches.sorted(), forKey: .excludedBranches)
        try container.encode(excludedCurrencies.sorted(), forKey: .excludedCurrencies)
        try container.encode(Skip.allCases.filter(skips.contains), forKey: .skips)
        try container.encode(minimumAmounts, forKey: .minimumAmounts)
        try container.encode(maximumAmounts, forKey: .maximumAmounts)
    }
}

extension Situation {
    /// A person asked for this document to be collected.
    package var isPushRequested: Bool { requests.contains { $0.kind == .push } }

    /// Why `receivable` is not for collection as things are now, before the push and after it.
    package func exclusion(of receivable: Receivable) -> Selection.Exclusion? {
        policy.exclusion(of: receivable, isRequested: isPushRequested, on: now.day(in: policy.zone))
    }
}
