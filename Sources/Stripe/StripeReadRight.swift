package import Domain

/// A list that the connector reads, and the permission that a restricted key needs for it. The names are those that
/// Stripe's refusals and the Dashboard's prefilled links use.
package struct StripeReadRight: Hashable, Sendable {
    /// Like `customers`.
    package var name: String
    package var permission: String

    package static let all = [
        StripeReadRight("customers", "rak_customer_read"),
        StripeReadRight("invoices", "rak_invoice_read"),
        StripeReadRight("invoice_payments", "rak_invoice_read"),
        StripeReadRight("credit_notes", "rak_credit_note_read"),
        StripeReadRight("charges", "rak_charge_read"),
        StripeReadRight("refunds", "rak_charge_read"),
        StripeReadRight("payment_intents", "rak_payment_intent_read"),
        StripeReadRight("disputes", "rak_dispute_read"),
        StripeReadRight("balance_transactions", "rak_balance_transaction_read"),
        StripeReadRight("payouts", "rak_payout_read"),
        StripeReadRight("events", "rak_event_read"),
    ]

    private init(_ name: String, _ permission: String) {
        self.name = name
        self.permission = permission
    }
}

extension StripeClient {
    /// Reads one row of the list. Throws `permissionMissing` where the key may not.
    package func tryRead(_ right: StripeReadRight) async throws(ConnectorError) {
        _ = try await get("/v1/" + right.name, [("limit", "1")])
    }
}
