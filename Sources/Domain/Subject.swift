/// A Visma document type, as the API spells it. Open: a type we do not know is data, not a crash.
package struct DocumentType: TextID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package static let invoice = DocumentType("Invoice")
    package static let creditNote = DocumentType("CreditNote")
    package static let debitNote = DocumentType("DebitNote")
    /// Not a subject: what a refund of money without an invoice is paid from.
    package static let payment = DocumentType("Payment")
}

/// A Visma customer document: the number is unique only within its type.
package struct DocumentRef: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package var type: DocumentType
    package var number: String

    package init(type: DocumentType, number: String) {
        self.type = type
        self.number = number
    }

    package var description: String { "\(type):\(number)" }

    package init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else { return nil }
        let number = String(text[text.index(after: colon)...])
        guard !number.isEmpty else { return nil }
        self.init(type: DocumentType(String(text[..<colon])), number: number)
    }

    package static func < (left: DocumentRef, right: DocumentRef) -> Bool {
        (left.type.rawValue, left.number) < (right.type.rawValue, right.number)
    }
}

/// What can be dirty: something whose relation between the two systems must be looked at.
package enum Subject: Hashable, Sendable, Comparable, CustomStringConvertible {
    case document(DocumentRef)
    /// What a customer's refund documents and balance ask of a person.
    case customer(VismaCustomerNumber)
    case payout(PayoutID)
    case endpoint

    /// The stored form: `document/Invoice:000224`, `customer/10002`, `payout/po_1`, `endpoint`.
    package var key: String {
        switch self {
        case .document(let reference): "document/\(reference)"
        case .customer(let number): "customer/\(number)"
        case .payout(let id): "payout/\(id)"
        case .endpoint: "endpoint"
        }
    }

    package var description: String { key }

    package init?(key: String) {
        if key == "endpoint" {
            self = .endpoint
        } else if key.hasPrefix("document/"), let reference = DocumentRef(String(key.dropFirst(9))) {
            self = .document(reference)
        } else if key.hasPrefix("customer/"), key.utf8.count > 9 {
            self = .customer(VismaCustomerNumber(String(key.dropFirst(9))))
        } else if key.hasPrefix("payout/"), key.utf8.count > 7 {
            self = .payout(PayoutID(String(key.dropFirst(7))))
        } else {
            return nil
        }
    }

    package static func < (left: Subject, right: Subject) -> Bool { left.key < right.key }
}
