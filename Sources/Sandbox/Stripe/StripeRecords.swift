/// What one simulated account holds. Amounts are in the wire's integers, times in Unix seconds.
protocol StripeRecord: Sendable {
    var id: String { get }
    var created: Int64 { get }
}

struct StripeCustomerRecord: StripeRecord {
    var id: String
    var created: Int64
    var name: String?
    var email: String?
    var description: String?
    var phone: String?
    var businessName: String?
    var individualName: String?
    var address: [String: String]?
    var metadata: [String: String] = [:]
    var preferredLocales: [String] = []
    var taxExempt = "none"
    var taxIDs: [(type: String, value: String)] = []
    var footer: String?
    var invoicePrefix: String
    var nextInvoiceSequence: Int64 = 1
    var currency: String?
    /// Per currency; negative is credit in the customer's favour, as Stripe signs it.
    var balances: [String: Int64] = [:]
}

struct StripeTaxRecord: Sendable {
    var rateID: String
    var amount: Int64
    var taxable: Int64
    var isInclusive: Bool
    var reason: String
}

struct StripeLineRecord: StripeRecord {
    var id: String
    var created: Int64
    var itemID: String
    var priceID: String
    var productID: String
    var amount: Int64
    var unitAmount: String
    var quantity: Int64
    var description: String?
    var isDiscountable: Bool
    var metadata: [String: String]
    var periodStart: Int64
    var periodEnd: Int64
    var taxes: [StripeTaxRecord]
}

struct StripeInvoiceRecord: StripeRecord {
    var id: String
    var created: Int64
    var customer: String
    var currency: String
    var status = "draft"
    var collectionMethod: String
    var dueDate: Int64?
    var effectiveAt: Int64?
    var isAutoAdvance = false
    var isAutomaticTax = false
    var number: String?
    var description: String?
    var footer: String?
    var statementDescriptor: String?
    var customFields: [(name: String, value: String)] = []
    var paymentMethodTypes: [String] = []
    var amountTaxDisplay: String?
    var metadata: [String: String] = [:]
    var lines: [StripeLineRecord] = []

    var startingBalance: Int64 = 0
    var endingBalance: Int64?
    /// Set at finalization; a draft's is computed.
    var amountDue: Int64 = 0
    var amountPaid: Int64 = 0
    var amountPaidOffStripe: Int64 = 0
    var amountOverpaid: Int64 = 0
    var attemptCount: Int64 = 0
    var finalizedAt: Int64?
    var paidAt: Int64?
    var voidedAt: Int64?
    var uncollectibleAt: Int64?
    var hostedKey: String?
    /// The customer as the invoice shows it since it was finalized.
    var frozenCustomer: StripeCustomerRecord?

    var subtotal: Int64 { lines.reduce(0) { $0 + $1.amount } }
    private var taxes: [StripeTaxRecord] { lines.flatMap(\.taxes) }
    var exclusiveTax: Int64 { taxes.reduce(0) { $0 + ($1.isInclusive ? 0 : $1.amount) } }
    var inclusiveTax: Int64 { taxes.reduce(0) { $0 + ($1.isInclusive ? $1.amount : 0) } }
    /// Given amounts, added as they are: Stripe does not round them.
    var total: Int64 { subtotal + exclusiveTax }
    var amountRemaining: Int64 { max(0, amountDue - amountPaid) }
}

struct StripeInvoicePaymentRecord: StripeRecord {
    var id: String
    var created: Int64
    var invoice: String
    var paymentIntent: String
    var status = "open"
    var amountRequested: Int64
    var amountPaid: Int64?
    var currency: String
    var isDefault: Bool
    var paidAt: Int64?
    var canceledAt: Int64?
}

struct StripePaymentIntentRecord: StripeRecord {
    var id: String
    var created: Int64
    var customer: String
    var invoice: String
    var amount: Int64
    var amountReceived: Int64 = 0
    var currency: String
    var status = "requires_payment_method"
    var latestCharge: String?
    var canceledAt: Int64?
    var cancellationReason: String?
    var failureCode: String?
    var failureMessage: String?
    var clientSecret: String
}

struct StripeChargeRecord: StripeRecord {
    var id: String
    var created: Int64
    var customer: String
    var paymentIntent: String
    var paymentMethod: String
    var amount: Int64
    var amountRefunded: Int64 = 0
    var currency: String
    var isSuccess: Bool
    var isDisputed = false
    var failureCode: String?
    var failureMessage: String?
    var balanceTransaction: StripeBalanceTransactionRecord?
}

struct StripeRefundRecord: StripeRecord {
    var id: String
    var created: Int64
    var charge: String
    var paymentIntent: String
    var amount: Int64
    var currency: String
    var status = "succeeded"
    var balanceTransaction: StripeBalanceTransactionRecord
}

struct StripeDisputeRecord: StripeRecord {
    var id: String
    var created: Int64
    var charge: String
    var paymentIntent: String
    var amount: Int64
    var currency: String
    var reason: String
    var status = "needs_response"
    var evidenceDueBy: Int64
    var balanceTransactions: [StripeBalanceTransactionRecord]
}

struct StripeBalanceTransactionRecord: Sendable {
    var id: String
    var created: Int64
    var type: String
    var reportingCategory: String
    var source: String
    var currency: String
    var amount: Int64
    var fee: Int64
}

struct StripeEndpointRecord: StripeRecord {
    var id: String
    var created: Int64
    var url: String
    var enabledEvents: [String]
    var apiVersion: String?
    var description: String?
    var metadata: [String: String]
    var isEnabled = true
    var secret: String
}

struct StripeEventRecord: StripeRecord {
    var id: String
    var created: Int64
    var type: String
    var object: StripeJSON
    var requestID: String?
    var idempotencyKey: String?
}
