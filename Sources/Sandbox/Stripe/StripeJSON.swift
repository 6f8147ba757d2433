/// A JSON value as the simulated Stripe writes it: integers stay exact, members keep the order they were given in.
package enum StripeJSON: Sendable {
    case null
    case bool(Bool)
    case whole(Int64)
    /// A number in its decimal text, for the few fields that are not integers (a percentage).
    case number(String)
    case string(String)
    case array([StripeJSON])
    case object([(key: String, value: StripeJSON)])

    /// The text, or null when there is none.
    static func text(_ value: String?) -> StripeJSON { value.map { .string($0) } ?? .null }
    /// The integer, or null when there is none.
    static func integer(_ value: Int64?) -> StripeJSON { value.map { .whole($0) } ?? .null }
    /// A string map; sorted, so that the same object is always the same bytes.
    static func map(_ values: [String: String]) -> StripeJSON {
        .object(values.sorted { $0.key < $1.key }.map { (key: $0.key, value: .string($0.value)) })
    }

    package subscript(name: String) -> StripeJSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == name }?.value
    }

    /// The UTF-8 bytes, without white space.
    package var bytes: [UInt8] {
        var output = [UInt8]()
        output.reserveCapacity(1024)
        write(to: &output)
        return output
    }

    package var text: String { String(decoding: bytes, as: UTF8.self) }

    private func write(to output: inout [UInt8]) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .whole(let value): output.append(contentsOf: String(value).utf8)
        case .number(let digits): output.append(contentsOf: digits.utf8)
        case .string(let value): Self.quote(value, to: &output)
        case .array(let items):
            output.append(UInt8(ascii: "["))
            for (position, item) in items.enumerated() {
                if position > 0 { output.append(UInt8(ascii: ",")) }
                item.write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (position, member) in members.enumerated() {
                if position > 0 { output.append(UInt8(ascii: ",")) }
                Self.quote(member.key, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    private static func quote(_ value: String, to output: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        output.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case 10: output.append(contentsOf: "\\n".utf8)
            case 0..<32:
                output.append(contentsOf: "\\u00".utf8)
                output.append(contentsOf: [digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}

extension StripeJSON: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(arrayLiteral elements: StripeJSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, StripeJSON)...) {
        self = .object(elements.map { (key: $0.0, value: $0.1) })
    }
}
