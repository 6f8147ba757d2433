/// How the Stripe invoice looks and goes out.
package struct InvoiceStyle: Hashable, Sendable, Codable {
    /// What a custom field of the invoice shows.
    package enum Field: String, Hashable, Sendable, Codable, CaseIterable {
        /// The true due date of a document that was past due; always shown then.
        case originalDueDate = "original_due_date"
        case customerNumber = "customer_number"
        case customerReference = "customer_reference"
        case branch
        /// The reference that a bank transfer would carry (KID, OCR).
        case paymentReference = "payment_reference"

        var usualLabel: String {
            switch self {
            case .originalDueDate: "Original due date"
            case .customerNumber: "Customer number"
            case .customerReference: "Your reference"
            case .branch: "Branch"
            case .paymentReference: "Payment reference"
            }
        }
    }

    /// Stripe's limit for an invoice; one of them is kept for the original due date.
    package static let customFieldsMax = 4
    private static let customFieldValueMax = 140

    /// Put before Visma's reference to make Stripe's invoice number.
    package var numberPrefix = ""
    /// A due date in the past is moved to this many days from now; the true one is shown on the invoice.
    package var pastDueGraceDays = 3
    /// Due this many days after the document's date; nil: on the document's own due date.
    package var dueDays: Int?
    /// Stripe e-mails the invoice once it is finalized: a call of its own.
    package var sendsEmail = false
    package var memo: String?
    package var footer: String?
    /// The language of the customers that are made in Stripe, as Stripe names it (`nb`, `sv`); by country before all.
    package var language: String?
    package var languages: [String: String] = [:]
    /// The label of each custom field that is shown, by `Field`'s name.
    package var customFields: [String: String] = [:]
    /// What a VAT code without VAT stands for.
    package var vatTreatments: [String: VATTreatment] = [:]

    package init() {}

    /// What a stored policy does not name has the default.
    package init(from decoder: any Decoder) throws {
        let stored = try decoder.container(keyedBy: CodingKeys.self)
        numberPrefix = try stored.decodeIfPresent(String.self, forKey: .numberPrefix) ?? numberPrefix
        pastDueGraceDays = try stored.decodeIfPresent(Int.self, forKey: .pastDueGraceDays) ?? pastDueGraceDays
        dueDays = try stored.decodeIfPresent(Int.self, forKey: .dueDays)
        sendsEmail = try stored.decodeIfPresent(Bool.self, forKey: .sendsEmail) ?? sendsEmail
        memo = try stored.decodeIfPresent(String.self, forKey: .memo)
        footer = try stored.decodeIfPresent(String.self, forKey: .footer)
        language = try stored.decodeIfPresent(String.self, forKey: .language)
        languages = try stored.decodeIfPresent([String: String].self, forKey: .languages) ?? languages
        customFields = try stored.decodeIfPresent([String: String].self, forKey: .customFields) ?? customFields
        vatTreatments = try stored.decodeIfPresent([String: VATTreatment].self, forKey: .vatTreatments) ?? vatTreatments
    }

    func language(of customer: VismaCustomer) -> String? {
        customer.address?.country.flatMap { languages[$0] } ?? language
    }

    /// The day on which the document is due by the company's own rule.
    func dueDate(of receivable: Receivable) -> LocalDate {
        dueDays.map { receivable.documentDate.adding(days: $0) } ?? receivable.dueDate ?? receivable.documentDate
    }

    /// Number of the invoice in Stripe, unique in the account: Visma numbers each type of document on its own, and a
    /// second push needs a number of its own.
    func number(of receivable: Receivable, revision: Int) -> String {
        let document = receivable.document
        let mark = document.type == .invoice ? "" : document.type.rawValue.prefix(1)
        let base = numberPrefix + mark + document.number
        return revision > 1 ? "\(base)-\(revision)" : base
    }

    /// Those of the policy that the document has a value for. Stripe refuses longer values, so they are cut.
    func customFields(of receivable: Receivable, originalDueDate: LocalDate?) -> [InvoiceDraft.CustomField] {
        Field.allCases.compactMap { field in
            let value: String?
            switch field {
            case .originalDueDate: value = originalDueDate?.description
            case .customerNumber: value = receivable.customer.number.rawValue
            case .customerReference: value = receivable.customerReference
            case .branch: value = receivable.branch
            case .paymentReference: value = receivable.paymentReference
            }
            let label = customFields[field.rawValue] ?? (field == .originalDueDate ? field.usualLabel : nil)
            guard let label, let value, !value.isEmpty else { return nil }
            return InvoiceDraft.CustomField(name: label, value: Self.cut(value))
        }
    }

    /// Whole characters, counted as Stripe counts them: in Unicode scalars.
    private static func cut(_ text: String) -> String {
        var room = customFieldValueMax
        return String(
            text.prefix { character in
                room -= character.unicodeScalars.count
                return room >= 0
            })
    }
}

/// Why a VAT code has no VAT. The books know the code only; what it stands for is the company's knowledge.
package enum VATTreatment: String, Hashable, Sendable, Codable, CaseIterable {
    /// The customer owes the VAT.
    case reverseCharge = "reverse_charge"
    /// Taxable at nought per cent, like exports.
    case zeroRated = "zero_rated"
    /// Goods or services that the law exempts.
    case exempt
    /// Not under the VAT law at all.
    case outsideScope = "outside_scope"
}
