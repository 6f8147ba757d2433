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
    var discount: StripeDiscountRecord?
    /// Deleted customers stay known by id, and nothing more can be done with them.
    var isDeleted = false
}

/// A coupon that a person gave to a customer; invoices inherit it unless their creation says otherwise.
struct StripeDiscountRecord: Sendable {
    var id: String
    var coupon: String
    var percentOff: Int64
    var start: Int64
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
    var discountAmount: Int64 = 0
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
    var discount: StripeDiscountRecord?
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
    /// What finalization asked for; a draft's is computed.
    var amountBilled: Int64 = 0
    /// What credit notes took off while it was open, and what they gave back after it was paid.
    var prePaymentCredit: Int64 = 0
    var postPaymentCredit: Int64 = 0
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

    var isPayable: Bool { status == "open" || status == "uncollectible" }
    var subtotal: Int64 { lines.reduce(0) { $0 + $1.amount } }
    private var taxes: [StripeTaxRecord] { lines.flatMap(\.taxes) }
    var exclusiveTax: Int64 { taxes.reduce(0) { $0 + ($1.isInclusive ? 0 : $1.amount) } }
    var inclusiveTax: Int64 { taxes.reduce(0) { $0 + ($1.isInclusive ? $1.amount : 0) } }
    /// Given amounts, added as they are: Stripe does not round them.
    var total: Int64 { subtotal - discountAmount + exclusiveTax }
    var discountAmount: Int64 { lines.reduce(0) { $0 + $1.discountAmount } }
    var amountDue: Int64 { amountBilled - prePaymentCredit }
    var amountRemaining: Int64 { max(0, amountDue - amountPaid) }
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
    /// Thin endpoints are told of a change and nothing of its object.
    var isThin = false
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
