// The answers, with no more fields than are used. Amounts are whole minor units on Stripe's wire.

import Foundation

struct ListAnswer<Row: Decodable & Sendable>: Decodable, Sendable {
    var data: [Row]
    var hasMore: Bool
    /// Only in answers of a search.
    var nextPage: String?
    enum CodingKeys: String, CodingKey {
        case data
        case hasMore = "has_more"
        case nextPage = "next_page"
    }
}

protocol Listed: Decodable, Sendable {
    var id: String { get }
}

struct DeletedAnswer: Decodable {
    var id: String
    var deleted: Bool?
}

struct InvoiceAnswer: Listed {
    var id: String
    var customer: RawReference
    var status: String?
    var currency: String
    var total: Int64
    var amountDue: Int64
    var amountPaid: Int64
    var amountRemaining: Int64
    var startingBalance: Int64
    var amountOverpaid: Int64?
    var creditedBefore: Int64?
    var creditedAfter: Int64?
    var accountCountry: String?
    var lines: ListAnswer<LineAnswer>
    var number: String?
    var hostedURL: String?
    var metadata: [String: String]?
    var created: Int64
    var payments: ListAnswer<InvoicePaymentAnswer>?

    enum CodingKeys: String, CodingKey {
        case id, customer, status, currency, total, lines, number, metadata, created, payments
        case amountDue = "amount_due"
        case amountPaid = "amount_paid"
        case amountRemaining = "amount_remaining"
        case startingBalance = "starting_balance"
        case amountOverpaid = "amount_overpaid"
        case creditedBefore = "pre_payment_credit_notes_amount"
        case creditedAfter = "post_payment_credit_notes_amount"
        case accountCountry = "account_country"
        case hostedURL = "hosted_invoice_url"
    }
}

struct LineAnswer: Listed {
    var id: String
}

struct InvoicePaymentAnswer: Listed {
    var id: String
    var invoice: RawReference
    var status: String
    var currency: String
    var amountRequested: Int64
    var amountPaid: Int64?
    var transitions: Transitions
    var payment: Settlement

    struct Transitions: Decodable, Sendable {
        var paidAt: Int64?
        enum CodingKeys: String, CodingKey { case paidAt = "paid_at" }
    }

    struct Settlement: Decodable, Sendable {
        var type: String
        var intent: Expandable<IntentAnswer>?
        var charge: RawReference?
        var record: RawReference?
        enum CodingKeys: String, CodingKey {
            case type, charge
            case intent = "payment_intent"
            case record = "payment_record"
        }
    }

    enum CodingKeys: String, CodingKey {
        case id, invoice, status, currency, payment
        case amountRequested = "amount_requested"
        case amountPaid = "amount_paid"
        case transitions = "status_transitions"
    }
}

/// The id of another object, and the object itself where the request expanded it.
struct Expandable<Object: Listed>: Decodable, Sendable {
    var id: String
    /// Nil where only the id came.
    var object: Object?

    init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            id = text
        } else {
            let whole = try Object(from: decoder)
            id = whole.id
            object = whole
        }
    }
}

struct IntentAnswer: Listed {
    var id: String
    var status: String?
    var amount: Int64?
    var amountReceived: Int64?
    var latestCharge: RawReference?
    var nextAction: NextAction?

    /// What a customer who pays by bank transfer is shown.
    struct NextAction: Decodable, Sendable {
        var transfer: Transfer?
        enum CodingKeys: String, CodingKey { case transfer = "display_bank_transfer_instructions" }
    }

    struct Transfer: Decodable, Sendable {
        var amountRemaining: Int64?
        enum CodingKeys: String, CodingKey { case amountRemaining = "amount_remaining" }
    }

    enum CodingKeys: String, CodingKey {
        case id, status, amount
        case amountReceived = "amount_received"
        case latestCharge = "latest_charge"
        case nextAction = "next_action"
    }

    /// Nobody has tried to pay yet: there is no charge to be read.
    var isUntouched: Bool { latestCharge == nil && status != "succeeded" && status != "processing" }

    /// A transfer that is too small stands in the customer's instructions before it counts as received.
    var isPartlyFunded: Bool {
        guard let amount else { return false }
        let missing = [amount - (amountReceived ?? 0), nextAction?.transfer?.amountRemaining ?? amount].min() ?? amount
        return (1..<amount).contains(missing)
    }
}

struct ChargeAnswer: Listed {
    var id: String
    var intent: RawReference?
    var amount: Int64
    var amountRefunded: Int64
    var currency: String
    var status: String
    var disputed: Bool
    var failureCode: String?
    var failureMessage: String?
    var created: Int64
    /// Nil while Stripe does not know it yet: right after some payments.
    var movement: Expandable<MovementAnswer>?

    enum CodingKeys: String, CodingKey {
        case id, amount, currency, status, disputed, created
        case movement = "balance_transaction"
        case intent = "payment_intent"
        case amountRefunded = "amount_refunded"
        case failureCode = "failure_code"
        case failureMessage = "failure_message"
    }
}

struct DisputeAnswer: Listed {
    var id: String
    var charge: RawReference
    var amount: Int64
    var currency: String
    var reason: String
    var status: String
    var evidence: Evidence?
    var created: Int64
    /// Whole objects without being expanded.
    var movements: [MovementAnswer]?

    struct Evidence: Decodable, Sendable {
        var dueBy: Int64?
        enum CodingKeys: String, CodingKey { case dueBy = "due_by" }
    }

    enum CodingKeys: String, CodingKey {
        case id, charge, amount, currency, reason, status, created
        case evidence = "evidence_details"
        case movements = "balance_transactions"
    }
}

struct RefundAnswer: Listed {
    var id: String
    var charge: RawReference?
    var intent: RawReference?
    var amount: Int64
    var currency: String
    var status: String?
    var failureReason: String?
    var created: Int64

    enum CodingKeys: String, CodingKey {
        case id, charge, amount, currency, status, created
        case intent = "payment_intent"
        case failureReason = "failure_reason"
    }
}

struct CreditNoteAnswer: Listed {
    var id: String
    var number: String?
    var total: Int64
    var currency: String
    var status: String
    var metadata: [String: String]?
    var postPaymentAmount: Int64?
    var refunds: [Refunded]?

    struct Refunded: Decodable {
        var amountRefunded: Int64

        enum CodingKeys: String, CodingKey {
            case amountRefunded = "amount_refunded"
        }
    }

    enum CodingKeys: String, CodingKey {
        case id, number, total, currency, status, metadata, refunds
        case postPaymentAmount = "post_payment_amount"
    }
}

/// A balance transaction.
struct MovementAnswer: Listed {
    var id: String
    var type: String
    var amount: Int64
    var fee: Int64
    var currency: String
    var source: Expandable<SourceAnswer>?
    var description: String?
    var created: Int64
    /// Null where what was paid and what it was settled in are the same currency.
    var exchangeRate: Decimal?

    enum CodingKeys: String, CodingKey {
        case id, type, amount, fee, currency, source, description, created
        case exchangeRate = "exchange_rate"
    }
}

/// What a balance transaction comes of: one of some twenty kinds of object, of which these are read.
struct SourceAnswer: Listed {
    var id: String
    /// Of a charge, refund or dispute: what was paid, given back or disputed.
    var paid: Paid?
    /// Of a payout: Stripe made it, and can tell what it is made of.
    var isAutomaticPayout: Bool

    struct Paid: Decodable, Sendable {
        var amount: Int64
        /// Of a charge: less than was authorized where only a part was taken.
        var captured: Int64?
        var currency: String

        enum CodingKeys: String, CodingKey {
            case amount, currency
            case captured = "amount_captured"
        }
    }

    enum CodingKeys: String, CodingKey { case id, object, automatic }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        id = try fields.decode(String.self, forKey: .id)
        let kind = try fields.decodeIfPresent(String.self, forKey: .object) ?? ""
        paid = ["charge", "refund", "dispute"].contains(kind) ? try Paid(from: decoder) : nil
        isAutomaticPayout = kind == "payout" ? try fields.decode(Bool.self, forKey: .automatic) : false
    }
}

struct PayoutAnswer: Listed {
    var id: String
    var amount: Int64
    var currency: String
    var status: String
    var arrivalDate: Int64
    var automatic: Bool
    var failureCode: String?
    var failureMessage: String?
    /// `completed`, `in_progress`, `not_applicable`
    var reconciliation: String?

    enum CodingKeys: String, CodingKey {
        case id, amount, currency, status, automatic
        case arrivalDate = "arrival_date"
        case failureCode = "failure_code"
        case failureMessage = "failure_message"
        case reconciliation = "reconciliation_status"
    }
}

struct PaymentRecordAnswer: Listed {
    var id: String
    var requested: Amount
    var metadata: [String: String]?
    var created: Int64

    struct Amount: Decodable, Sendable {
        var value: Int64
        var currency: String
    }

    enum CodingKeys: String, CodingKey {
        case id, metadata, created
        case requested = "amount_requested"
    }
}

struct CustomerAnswer: Listed {
    var id: String
    var name: String?
    var email: String?
    var description: String?
    var metadata: [String: String]?
}

struct EndpointAnswer: Listed {
    var id: String
    var url: String
    var status: String
    var enabledEvents: [String]
    var apiVersion: String?
    var metadata: [String: String]?
    var secret: String?

    enum CodingKeys: String, CodingKey {
        case id, url, status, metadata, secret
        case enabledEvents = "enabled_events"
        case apiVersion = "api_version"
    }
}

/// A movement of the credit balance that a customer has with the company.
struct CustomerBalanceAnswer: Listed {
    var id: String
    var currency: String
    var endingBalance: Int64

    enum CodingKeys: String, CodingKey {
        case id, currency
        case endingBalance = "ending_balance"
    }
}

struct CountryAnswer: Decodable {
    var paymentCurrencies: [String]
    enum CodingKeys: String, CodingKey { case paymentCurrencies = "supported_payment_currencies" }
}

struct AccountAnswer: Decodable {
    var id: String?
    var country: String?
}
