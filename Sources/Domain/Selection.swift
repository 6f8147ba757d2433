/// Which open documents are collected through Stripe.
package struct Selection: Hashable, Sendable, Codable {
    package var documentTypes: Set<DocumentType> = [.invoice]
    package var excludedCustomers: Set<String> = []
    package var excludedBranches: Set<String> = []
    package var excludedCurrencies: Set<Currency> = []

    package init() {}

    func exclusion(of receivable: Receivable) -> String? {
        if !documentTypes.contains(receivable.document.type) {
            return "documents of type \(receivable.document.type) are not pushed"
        }
        if excludedCustomers.contains(receivable.customer.number.rawValue) { return "its customer is excluded" }
        if let branch = receivable.branch, excludedBranches.contains(branch) { return "branch \(branch) is excluded" }
        if excludedCurrencies.contains(receivable.currency) { return "currency \(receivable.currency) is excluded" }
        return nil
    }
}

/// How the Stripe invoice looks and goes out.
package struct InvoiceStyle: Hashable, Sendable, Codable {
    /// Put before Visma's reference to make Stripe's invoice number.
    package var numberPrefix = ""
    /// A due date in the past is moved to this many days from now; the true one is shown on the invoice.
    package var pastDueGraceDays = 3

    package init() {}
}
