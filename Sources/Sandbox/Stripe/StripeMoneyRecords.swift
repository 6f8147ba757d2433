/// What part of an invoice a payment intent, or a payment outside Stripe, is to pay or has paid.
struct StripeInvoicePaymentRecord: StripeRecord {
    var id: String
    var created: Int64
    var invoice: String
    /// One of the two is set.
    var paymentIntent: String?
    var paymentRecord: String?
    var status = "open"
    var amountRequested: Int64
    /// What counted towards the invoice; what came beyond it is the invoice's `amount_overpaid`. A choice: the
    /// description says "actually paid for this invoice".
    var amountPaid: Int64?
    /// What came with it beyond that. The API does not tell it by payment; the books do.
    var amountOverpaid: Int64 = 0
    var currency: String
    var isDefault: Bool
    var paidAt: Int64?
    var canceledAt: Int64?
}

struct StripePaymentIntentRecord: StripeRecord {
    var id: String
    var created: Int64
    var customer: String
    /// The invoice that it was made for; nil for one that pays several or was made apart from invoices.
    var invoice: String?
    var amount: Int64
    var amountReceived: Int64 = 0
    /// What became the customer's credit instead of paying an invoice.
    var amountOverpaid: Int64 = 0
    var currency: String
    var status = "requires_payment_method"
    var method = "card"
    var latestCharge: String?
    var canceledAt: Int64?
    var cancellationReason: String?
    var failureCode: String?
    var failureMessage: String?
    var declineCode: String?
    var clientSecret: String

    /// A bank transfer came that was too small.
    var isPartlyFunded: Bool { status == "requires_action" && amountReceived > 0 }
    /// Money is under way: nothing can be cancelled now.
    var isInFlight: Bool { status == "processing" || isPartlyFunded }
}

struct StripeChargeRecord: StripeRecord {
    var id: String
    var created: Int64
    var customer: String
    var paymentIntent: String
    var paymentMethod: String
    var method: String
    var amount: Int64
    var amountRefunded: Int64 = 0
    var currency: String
    /// `succeeded`, `pending` or `failed`.
    var status: String
    var isDisputed = false
    var succeededAt: Int64?
    var failureCode: String?
    var failureMessage: String?
    var balanceTransaction: String?

    var isSuccess: Bool { status == "succeeded" }
}

struct StripeRefundRecord: StripeRecord {
    var id: String
    var created: Int64
    var charge: String
    var paymentIntent: String
    var amount: Int64
    var currency: String
    /// `pending`, `succeeded`, `failed` or `canceled`.
    var status: String
    var reason: String?
    var failureReason: String?
    var balanceTransaction: String
    var failureBalanceTransaction: String?

    /// Whether the money is the merchant's again.
    var isUndone: Bool { status == "failed" || status == "canceled" }
}

struct StripeDisputeRecord: StripeRecord {
    var id: String
    var created: Int64
    var charge: String
    var paymentIntent: String
    var amount: Int64
    var currency: String
    var reason: String
    var status: String
    var evidenceDueBy: Int64
    var submissions: Int64 = 0
    var balanceTransactions: [String] = []
    /// Whether the amount is with the payer's bank now.
    var isWithdrawn = false

    var isInquiry: Bool { status.hasPrefix("warning_") }
    var isClosed: Bool { ["won", "lost", "warning_closed", "prevented"].contains(status) }
}

/// A row of the account's balance, in the settlement currency's wire integer.
struct StripeBalanceTransactionRecord: StripeRecord {
    var id: String
    var created: Int64
    var type: String
    var reportingCategory: String
    /// nil for what Stripe takes without an object, such as a monthly fee.
    var source: String?
    var currency: String
    var amount: Int64
    var fee: Int64 = 0
    var feeDescription: String?
    /// Millionths of a settlement unit for one unit of the payment's currency; nil when both are the same.
    var rateMillionths: Int64?
    var availableOn: Int64
    /// The automatic payout that it left with.
    var payout: String?
    var description: String?

    var net: Int64 { amount - fee }
}

struct StripePayoutRecord: StripeRecord {
    var id: String
    var created: Int64
    var amount: Int64
    var currency: String
    var isAutomatic: Bool
    var arrivalDate: Int64
    /// `in_transit`, `paid` or `failed`.
    var status = "in_transit"
    var isReconciled = false
    var balanceTransaction: String
    var failureBalanceTransaction: String?
    var failureCode: String?
    var failureMessage: String?
}

/// A payment that happened elsewhere and was reported to Stripe.
struct StripePaymentRecordRecord: StripeRecord {
    var id: String
    var created: Int64
    var amountRequested: Int64
    var currency: String
    /// `guaranteed`, `failed` or nil while nothing is known.
    var outcome: String?
    var customer: String?
    var description: String?
    var methodName: String?
    var methodType: String?
    var reference: String?
    var metadata: [String: String]

    var amountGuaranteed: Int64 { outcome == "guaranteed" ? amountRequested : 0 }
}

struct StripeCreditNoteRecord: StripeRecord {
    struct Line: StripeRecord {
        var id: String
        var created: Int64
        /// nil for a custom line.
        var invoiceLine: String?
        var amount: Int64
        var quantity: Int64?
        var unitAmount: Int64?
        var description: String?
        var metadata: [String: String]
        var taxes: [StripeTaxRecord]
    }

    var id: String
    var created: Int64
    var invoice: String
    var customer: String
    var currency: String
    var number: String
    var status = "issued"
    var lines: [Line]
    /// What lowered the invoice's rest, and what was given back beyond it.
    var prePayment: Int64
    var postPayment: Int64
    var creditAmount: Int64
    var outOfBandAmount: Int64
    var refunds: [(refund: String, amount: Int64)]
    var memo: String?
    var reason: String?
    var emailType: String
    var effectiveAt: Int64
    var metadata: [String: String]
    var voidedAt: Int64?

    var subtotal: Int64 { lines.reduce(0) { $0 + $1.amount } }
    var exclusiveTax: Int64 { lines.flatMap(\.taxes).reduce(0) { $0 + ($1.isInclusive ? 0 : $1.amount) } }
    var inclusiveTax: Int64 { lines.flatMap(\.taxes).reduce(0) { $0 + ($1.isInclusive ? $1.amount : 0) } }
    var total: Int64 { subtotal + exclusiveTax }
}
