/// A Visma document type, as the API spells it. Open: a type we do not know is data, not a crash.
package struct DocumentType: TextID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package static let invoice = DocumentType("Invoice")
    package static let creditNote = DocumentType("CreditNote")
    package static let debitNote = DocumentType("DebitNote")
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
    case endpoint

    /// The stored form: `document/Invoice:000224`, `endpoint`.
    package var key: String {
        switch self {
        case .document(let reference): "document/\(reference)"
        case .endpoint: "endpoint"
        }
    }

    package var description: String { key }

    package init?(key: String) {
        if key == "endpoint" {
            self = .endpoint
        } else if key.hasPrefix("document/"), let reference = DocumentRef(String(key.dropFirst(9))) {
            self = .document(reference)
        } else {
            return nil
        }
    }

    package static func < (left: Subject, right: Subject) -> Bool { left.key < right.key }
}
