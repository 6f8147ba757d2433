/// What Stripe says right now of one invoice and of everything that hangs on it.
package struct Collection: Hashable, Sendable {
    package var invoice: StripeInvoiceID
    package var customer: StripeCustomerID
    /// `draft`, `open`, `paid`, `uncollectible`, `void`; an unknown one is data. `deleted` when it is gone.
    package var status: String
    package var currency: Currency
    package var total: Money
    package var amountDue: Money
    package var amountPaid: Money
    package var amountRemaining: Money
    /// Minor units; Stripe's sign: negative is a credit that it will spend on this invoice.
    package var startingBalance: Int64
    package var lineCount: Int
    package var number: String?
    package var hostedURL: String?
    /// What we wrote on the invoice: `mlc_tenant`, `mlc_company`, `mlc_document`, `mlc_revision`, `mlc_key`.
    package var metadata: [String: String]
    package var createdAt: Timestamp
    /// What came beyond the amount and went to the customer's credit balance.
    package var amountOverpaid: Money
    /// What credit notes took off before and after the payment.
    package var amountCredited: Money
    package var payments: [Payment]
    package var charges: [Charge]
    package var refunds: [Refund]
    package var disputes: [Dispute]
    /// Read only when `amountCredited` is not zero.
    package var creditNotes: [CreditNote]

    package init(
        invoice: StripeInvoiceID, customer: StripeCustomerID, status: String, currency: Currency, total: Money,
        amountDue: Money, amountPaid: Money, amountRemaining: Money, startingBalance: Int64 = 0, lineCount: Int,
        number: String? = nil, hostedURL: String? = nil, metadata: [String: String] = [:], createdAt: Timestamp,
        amountOverpaid: Money? = nil, amountCredited: Money? = nil, payments: [Payment] = [], charges: [Charge] = [],
        refunds: [Refund] = [], disputes: [Dispute] = [], creditNotes: [CreditNote] = []
    ) {
        self.invoice = invoice
        self.customer = customer
        self.status = status
        self.currency = currency
        self.total = total
        self.amountDue = amountDue
        self.amountPaid = amountPaid
        self.amountRemaining = amountRemaining
        self.startingBalance = startingBalance
        self.lineCount = lineCount
        self.number = number
        self.hostedURL = hostedURL
        self.metadata = metadata
        self.createdAt = createdAt
        self.amountOverpaid = amountOverpaid ?? .zero(currency)
        self.amountCredited = amountCredited ?? .zero(currency)
        self.payments = payments
        self.charges = charges
        self.refunds = refunds
        self.disputes = disputes
        self.creditNotes = creditNotes
    }

    /// An InvoicePayment: how much of one payment was allocated to this invoice.
    package struct Payment: Hashable, Sendable {
        package var id: InvoicePaymentID
        /// `open`, `paid`, `canceled`.
        package var status: String
        package var amountRequested: Money
        /// Zero until paid.
        package var amountPaid: Money
        package var paidAt: Timestamp?
        package var source: Source
        /// The payment intent's `status` (`processing`, `succeeded`, ...) while it is known; an unknown one is data.
        package var intentStatus: String?
        /// The intent received something, but not all of it yet.
        package var isPartlyFunded: Bool
        package init(
            id: InvoicePaymentID, status: String, amountRequested: Money, amountPaid: Money, paidAt: Timestamp?,
            source: Source, intentStatus: String? = nil, isPartlyFunded: Bool = false
        ) {
            self.id = id
            self.status = status
            self.amountRequested = amountRequested
            self.amountPaid = amountPaid
            self.paidAt = paidAt
            self.source = source
            self.intentStatus = intentStatus
            self.isPartlyFunded = isPartlyFunded
        }

        /// Money may come at any moment: nothing is changed about the invoice meanwhile.
        package var isInFlight: Bool {
            guard status == "open" else { return false }
            return isPartlyFunded || intentStatus == "processing" || intentStatus == "requires_capture"
        }
    }

    /// What stands behind an InvoicePayment.
    package enum Source: Hashable, Sendable {
        case intent(PaymentIntentID)
        case charge(ChargeID)
        /// A `payment_record`, or nothing at all: money that did not pass through Stripe.
        case outsideStripe(String?)
    }

    package struct Charge: Hashable, Sendable {
        package var id: ChargeID
        package var intent: PaymentIntentID?
        package var amount: Money
        /// `succeeded`, `pending`, `failed`.
        package var status: String
        package var failureCode: String?
        package var failureMessage: String?
        package var createdAt: Timestamp
        package var isDisputed: Bool
        package var amountRefunded: Money
        /// Nil while Stripe does not know it yet.
        package var movement: BalanceMovement?
        package init(
            id: ChargeID, intent: PaymentIntentID?, amount: Money, status: String, failureCode: String?,
            failureMessage: String?, createdAt: Timestamp, isDisputed: Bool, amountRefunded: Money,
            movement: BalanceMovement? = nil
        ) {
            self.id = id
            self.intent = intent
            self.amount = amount
            self.status = status
            self.failureCode = failureCode
            self.failureMessage = failureMessage
            self.createdAt = createdAt
            self.isDisputed = isDisputed
            self.amountRefunded = amountRefunded
            self.movement = movement
        }
    }

    package struct Refund: Hashable, Sendable {
        package var id: RefundID
        package var charge: ChargeID?
        package var intent: PaymentIntentID?
        package var amount: Money
        /// `pending`, `requires_action`, `succeeded`, `failed`, `canceled`; an unknown one is data.
        package var status: String
        package var failureReason: String?
        package var createdAt: Timestamp
        package init(
            id: RefundID, charge: ChargeID?, intent: PaymentIntentID?, amount: Money, status: String,
            failureReason: String?, createdAt: Timestamp
        ) {
            self.id = id
            self.charge = charge
            self.intent = intent
            self.amount = amount
            self.status = status
            self.failureReason = failureReason
            self.createdAt = createdAt
        }
    }

    /// A credit note in Stripe on this invoice.
    package struct CreditNote: Hashable, Sendable {
        package var id: String
        package var number: String?
        package var amount: Money
        /// `issued`, `void`.
        package var status: String
        package var metadata: [String: String]
        /// What was given back of money that had come, neither by a refund nor by taking it off the open amount: to the
        /// customer's credit balance, or outside Stripe.
        package var givenBack: Money
        package init(
            id: String, number: String?, amount: Money, status: String, metadata: [String: String],
            givenBack: Money? = nil
        ) {
            self.givenBack = givenBack ?? .zero(amount.currency)
            self.id = id
            self.number = number
            self.amount = amount
            self.status = status
            self.metadata = metadata
        }
    }

    package struct Dispute: Hashable, Sendable {
        package var id: DisputeID
        package var charge: ChargeID
        package var amount: Money
        /// `fraudulent`, `product_not_received`, ...
        package var reason: String
        /// `needs_response`, `warning_needs_response`, `under_review`, `won`, `lost`, ...
        package var status: String
        package var evidenceDueBy: Timestamp?
        package var createdAt: Timestamp
        /// Funds withdrawn, and given back when it was won.
        package var movements: [BalanceMovement]
        package init(
            id: DisputeID, charge: ChargeID, amount: Money, reason: String, status: String, evidenceDueBy: Timestamp?,
            createdAt: Timestamp, movements: [BalanceMovement] = []
        ) {
            self.id = id
            self.charge = charge
            self.amount = amount
            self.reason = reason
            self.status = status
            self.evidenceDueBy = evidenceDueBy
            self.createdAt = createdAt
            self.movements = movements
        }
    }
}

/// A Stripe customer, reduced to what matching compares.
package struct StripeCustomer: Hashable, Sendable {
    package var id: StripeCustomerID
    package var name: String?
    package var email: String?
    package var description: String?
    package var metadata: [String: String]
    package init(id: StripeCustomerID, name: String?, email: String?, description: String?, metadata: [String: String])
    {
        self.id = id
        self.name = name
        self.email = email
        self.description = description
        self.metadata = metadata
    }
}
