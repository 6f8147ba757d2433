/// The version of a row: when it last changed, and a number that rises with every change in the company.
struct VismaVersion: Sendable {
    /// Milliseconds of company-local time.
    var created: Int64
    var modified: Int64
    var row: UInt64

    /// Base64 of the eight bytes, as `timeStamp` and (in quotes) the `ETag` show it.
    var stamp: String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        // Eight bytes are ten digits of six bits, four bits (padded) and one pad sign.
        for digit in 0..<10 { text.append(alphabet[Int((row >> UInt64(58 - 6 * digit)) & 63)]) }
        text.append(alphabet[Int((row << 2) & 63)])
        return text + "="
    }
}

struct VismaCustomerRecord: Sendable {
    var internalID: Int
    var number: String
    var seed: VismaCustomerSeed
    var excludeDebtCollection = false
    var version: VismaVersion
}

struct VismaAttachment: Sendable {
    var id: String
    var name: String
    var revision: Int
    var content: [UInt8]
}

/// An invoice or a credit note. Amounts are ten-thousandths of the document's currency.
struct VismaDocument: Sendable {
    struct Line: Sendable {
        var seed: VismaLineSeed
        var quantity: Int64
        var unitPrice: Int64
        var discountPercent: Int64
        var discount: Int64
        var amount: Int64
    }

    struct Tax: Sendable {
        var vat: VismaVATSeed
        var rate: Int64
        var taxable: Int64
        var amount: Int64
    }

    var type: String
    var number: String
    var status: String
    var customerID: Int
    var currency: String
    /// Eight places.
    var rate: Int64
    var date: String
    /// `202611`: by default that of the date, but a document may say another.
    var period: String
    var dueDate: String
    var cashDiscountDate: String?
    var cashDiscount: Int64
    var lines: [Line]
    var taxes: [Tax]
    var total: Int64
    var balance: Int64
    var vatTotal: Int64
    var detailTotal: Int64
    var discountTotal: Int64
    var taxableTotal: Int64
    var exemptTotal: Int64
    /// What was added to reach the total.
    var rounding: Int64
    var creditTerms: (id: String, description: String, days: Int)
    var branch: String
    var note: String?
    var invoiceText: String?
    var externalReference: String?
    var customerRefNumber: String?
    var paymentReference: String?
    var isRotRutDeductible: Bool
    var marks: VismaInvoiceMarks
    var attachments: [VismaAttachment] = []
    var isReleaseQueued = false
    var version: VismaVersion

    var key: String { type + ":" + number }
    var isReleased: Bool { status == "Open" || status == "Closed" }
    var isDraft: Bool { status == "Hold" || status == "Balanced" }
}

/// A customer payment, a refund, a write-off or the document that voids one. Amounts are ten-thousandths of its
/// currency.
struct VismaPaymentRecord: Sendable {
    struct Application: Sendable {
        var type: String
        var number: String
        var amount: Int64
        /// What settles the document besides the money.
        var cashDiscount: Int64 = 0
        var writeOff: Int64 = 0
        var writeOffReason: String?
        /// Nil: that of the payment.
        var date: String?
        var key: String { type + ":" + number }
        /// What comes off the document's balance.
        var settled: Int64 { amount + cashDiscount + writeOff }
    }

    /// What the payment provider kept back. `entryType` is one of the cash account's.
    struct Charge: Sendable {
        var entryType: String
        var amount: Int64
        var description: String?
        var offsetAccount: String?
    }

    var type: String
    var number: String
    var status: String
    var date: String
    /// `202611`.
    var period: String
    var reference: String
    var customerID: Int
    var method: String
    var cashAccount: String
    var currency: String
    /// Eight places.
    var rate: Int64
    var amount: Int64
    var charges: [Charge] = []
    var text: String?
    var branch: String
    var applications: [Application]
    /// A release or a void is accepted and not done yet.
    var isQueued = false
    var wasReleased = false
    var version: VismaVersion

    var key: String { type + ":" + number }
    var applied: Int64 { applications.reduce(0) { $0 + $1.amount } }
    var writtenOff: Int64 { applications.reduce(0) { $0 + $1.writeOff } }
    var charged: Int64 { charges.reduce(0) { $0 + $1.amount } }
    var isReleased: Bool { status == "Open" || status == "Closed" }
    var isDraft: Bool { status == "Hold" || status == "Balanced" }
    /// A document that voids another.
    var isCounter: Bool { type.hasPrefix("Void") }
}

/// A credit note used on an invoice; it counts once it is released (with the credit note, or at once by a person).
struct VismaCreditApplication: Sendable {
    var creditNote: String
    var invoice: String
    var amount: Int64
    var date: String
    var isReleased = true
}
