import Domain
import Foundation

/// Any field name.
struct AnyKey: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringLiteral value: String) { stringValue = value }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

typealias Fields = KeyedDecodingContainer<AnyKey>

/// A scalar as Visma may write it: bare, or inside an object as `value`, `id` or `number`; a number as text or text as
/// a number. Both are seen in the wild, from one endpoint to the next.
enum LooseScalar: Decodable {
    case none
    case text(String)
    case number(Decimal)
    case flag(Bool)

    init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: AnyKey.self) {
            for key in ["value", "id", "number"] as [AnyKey] where object.contains(key) {
                self = try object.decode(LooseScalar.self, forKey: key)
                return
            }
            self = .none
            return
        }
        let single = try decoder.singleValueContainer()
        if single.decodeNil() {
            self = .none
        } else if let flag = try? single.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? single.decode(Decimal.self) {
            self = .number(number)
        } else {
            self = .text(try single.decode(String.self))
        }
    }

    var text: String? {
        switch self {
        case .none: nil
        case .text(let text): text
        case .number(let number): number.description
        case .flag(let flag): flag ? "true" : "false"
        }
    }
}

/// A field whose amount cannot be taken.
struct AmountProblem: Error {
    var field: String
    var error: AmountError
}

/// A field without which a row means nothing.
struct FieldMissing: Error {
    var field: String
}

extension KeyedDecodingContainer where Key == AnyKey {
    func scalar(_ key: AnyKey) throws -> LooseScalar {
        try decodeIfPresent(LooseScalar.self, forKey: key) ?? .none
    }

    /// Trimmed; nil when absent or empty.
    func text(_ key: AnyKey) throws -> String? {
        guard let text = try scalar(key).text?.trimmingCharacters(in: .whitespacesAndNewlines) else { return nil }
        return text.isEmpty ? nil : text
    }

    /// As it came, with its blanks and line ends.
    func verbatim(_ key: AnyKey) throws -> String? { try scalar(key).text }

    func required(_ key: AnyKey) throws -> String {
        guard let text = try text(key) else { throw FieldMissing(field: key.stringValue) }
        return text
    }

    func amount(_ key: AnyKey) throws -> ExactAmount? {
        do {
            switch try scalar(key) {
            case .none: return nil
            case .number(let number): return try ExactAmount(number)
            case .text(let text): return try ExactAmount(parsing: text)
            case .flag: throw AmountError.notANumber
            }
        } catch let error as AmountError {
            throw AmountProblem(field: key.stringValue, error: error)
        }
    }

    func whole(_ key: AnyKey) throws -> Int? { try text(key).flatMap { Int($0) } }

    func flag(_ key: AnyKey) throws -> Bool {
        switch try scalar(key) {
        case .flag(let flag): flag
        case .text(let text): text.lowercased() == "true" || text == "1"
        case .number(let number): number != 0
        case .none: false
        }
    }

    /// Empty when absent or null.
    func list<Element: Decodable>(_ key: AnyKey, of type: Element.Type) throws -> [Element] {
        try decodeIfPresent([Element].self, forKey: key) ?? []
    }

    /// The object under `key` when there is one.
    func object(_ key: AnyKey) -> Fields? {
        if let wrapped = try? nestedContainer(keyedBy: AnyKey.self, forKey: key) {
            let inner = try? wrapped.nestedContainer(keyedBy: AnyKey.self, forKey: "value")
            return inner ?? wrapped
        }
        return nil
    }
}

/// A number or id with the name that goes with it: `{number, name}`, `{id, description}`, or the bare number.
struct Named: Decodable {
    var code: String?
    var name: String?

    init(from decoder: any Decoder) throws {
        if let fields = try? decoder.container(keyedBy: AnyKey.self) {
            let value = fields.object("value") ?? fields
            code = try value.text("number") ?? value.text("id") ?? value.text("value")
            name = try value.text("name") ?? value.text("description")
        } else {
            code = try LooseScalar(from: decoder).text
        }
    }
}

/// A row that does not spoil the others of its list.
struct Lenient<Row: Decodable>: Decodable {
    var row: Row?
    var problem: (any Error)?
    var metadata: MetadataDTO?

    init(from decoder: any Decoder) {
        metadata = try? MetadataDTO(from: decoder)
        do {
            row = try Row(from: decoder)
        } catch {
            problem = error
        }
    }
}
