/// The `expand[]` paths of a request as a tree. `data` and plain sub-objects are steps on the way, not expansions.
struct StripeExpansion: Sendable {
    static let none = StripeExpansion()
    /// At most four expansions along one path.
    static let depthMax = 4

    private var children: [String: StripeExpansion] = [:]

    subscript(name: String) -> StripeExpansion? { children[name] }

    /// Checks each path from `kind` on (see `reach`), so that a path nobody offers is refused.
    init(_ paths: [String], from kind: String) throws(StripeFailure) {
        for path in paths {
            let steps = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            var (here, depth) = (kind, 0)
            for step in steps {
                guard let next = Self.reach[here]?[step] else {
                    throw .parameter("expand[]", "This property cannot be expanded (\(path)).")
                }
                if !next.hasPrefix("(") { depth += 1 }
                here = next.trimmingPrefix("(").description
            }
            if depth > Self.depthMax {
                throw .parameter(
                    "expand[]", "You cannot expand more than \(Self.depthMax) levels of a property. Property: \(path)")
            }
            insert(steps[...])
        }
    }

    private init() {}

    private mutating func insert(_ steps: ArraySlice<String>) {
        guard let first = steps.first else { return }
        children[first, default: StripeExpansion()].insert(steps.dropFirst())
    }

    /// What can be reached from each kind of object; a leading parenthesis marks a step that is no expansion.
    private static let reach: [String: [String: String]] = [
        "invoice": ["customer": "customer", "payments": "invoice_payments"],
        "invoices": ["data": "(invoice"],
        "invoice_payment": ["invoice": "invoice", "payment": "(payment"],
        "invoice_payments": ["data": "(invoice_payment"],
        "payment": ["payment_intent": "payment_intent", "payment_record": "payment_record"],
        "payment_intent": ["latest_charge": "charge", "customer": "customer"],
        "payment_intents": ["data": "(payment_intent"],
        "charge": [
            "payment_intent": "payment_intent", "customer": "customer", "refunds": "refunds",
            "balance_transaction": "balance_transaction",
        ],
        "charges": ["data": "(charge"],
        "refund": [
            "charge": "charge", "payment_intent": "payment_intent", "balance_transaction": "balance_transaction",
            "failure_balance_transaction": "balance_transaction",
        ],
        "refunds": ["data": "(refund"],
        "dispute": ["charge": "charge", "payment_intent": "payment_intent"],
        "disputes": ["data": "(dispute"],
        "customers": ["data": "(customer"],
        "credit_note": ["invoice": "invoice", "customer": "customer"],
        "credit_notes": ["data": "(credit_note"],
        "balance_transaction": ["source": "source"],
        "balance_transactions": ["data": "(balance_transaction"],
        "payout": [
            "balance_transaction": "balance_transaction", "failure_balance_transaction": "balance_transaction",
        ],
        "payouts": ["data": "(payout"],
    ]
}
