/// A JSON value as it stands on the wire: members keep their order and numbers their exact text, so that an amount
/// never passes through a binary float.
package enum SandboxJSON: Sendable {
    case object([(String, SandboxJSON)])
    case array([SandboxJSON])
    case string(String)
    /// The number's text, such as `360.0000`, written as it is.
    case number(String)
    case bool(Bool)
    case null

    package static func integer(_ value: some BinaryInteger) -> SandboxJSON { .number(String(value)) }

    /// `.null` for nil.
    package static func text(_ value: String?) -> SandboxJSON { value.map(SandboxJSON.string) ?? .null }

    /// The first member of that name; nil too when this is no object.
    package subscript(_ name: String) -> SandboxJSON? { members?.first { $0.0 == name }?.1 }

    package var members: [(String, SandboxJSON)]? {
        if case .object(let members) = self { members } else { nil }
    }

    package var elements: [SandboxJSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var stringValue: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var numberText: String? {
        if case .number(let text) = self { text } else { nil }
    }

    package var intValue: Int64? { numberText.flatMap { Int64($0) } }

    package var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// A copy of an object in which `name` has another value (added at the end when it was absent).
    package func setting(_ name: String, to value: SandboxJSON) -> SandboxJSON {
        guard var members else { return self }
        if let position = members.firstIndex(where: { $0.0 == name }) {
            members[position].1 = value
        } else {
            members.append((name, value))
        }
        return .object(members)
    }

    /// A copy without members that are null, all the way down, as Visma answers.
    package var withoutNulls: SandboxJSON {
        switch self {
        case .object(let members):
            .object(members.filter { !$0.1.isNull }.map { ($0.0, $0.1.withoutNulls) })
        case .array(let elements): .array(elements.map(\.withoutNulls))
        default: self
        }
    }
}

extension SandboxJSON: Equatable {
    package static func == (left: SandboxJSON, right: SandboxJSON) -> Bool {
        switch (left, right) {
        case (.object(let a), .object(let b)):
            a.count == b.count && zip(a, b).allSatisfy { $0.0 == $1.0 && $0.1 == $1.1 }
        case (.array(let a), .array(let b)): a == b
        case (.string(let a), .string(let b)), (.number(let a), .number(let b)): a == b
        case (.bool(let a), .bool(let b)): a == b
        case (.null, .null): true
        default: false
        }
    }
}

extension SandboxJSON {
    /// Compact JSON text.
    package var serialised: String { String(decoding: bytes, as: UTF8.self) }

    package var bytes: [UInt8] {
        var output: [UInt8] = []
        write(to: &output)
        return output
    }

    private func write(to output: inout [UInt8]) {
        switch self {
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (position, member) in members.enumerated() {
                if position > 0 { output.append(UInt8(ascii: ",")) }
                Self.write(member.0, to: &output)
                output.append(UInt8(ascii: ":"))
                member.1.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (position, element) in elements.enumerated() {
                if position > 0 { output.append(UInt8(ascii: ",")) }
                element.write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .string(let text): Self.write(text, to: &output)
        case .number(let text): output.append(contentsOf: text.utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .null: output.append(contentsOf: "null".utf8)
        }
    }

    private static func write(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): output.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\\"): output.append(contentsOf: "\\\\".utf8)
            case 0x0A: output.append(contentsOf: "\\n".utf8)
            case 0x0D: output.append(contentsOf: "\\r".utf8)
            case 0x09: output.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                output.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
