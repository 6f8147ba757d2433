/// From what settles a document in Visma to what Stripe is told of it.
enum SettlementPlan {
    /// What is applied to the document and counts, by application: Visma may give one payment in several rows.
    static func totals(_ receivable: Receivable) -> [(key: String, type: String, amount: Money)] {
        var totals: [String: (type: String, amount: Money)] = [:]
        for application in receivable.applications where application.counts {
            let before = totals[application.key]?.amount ?? .zero(receivable.currency)
            totals[application.key] = (application.documentType, before + application.amount)
        }
        return totals.sorted { $0.key < $1.key }.map { (key: $0.key, type: $0.value.type, amount: $0.value.amount) }
    }
}
