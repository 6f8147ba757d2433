import Domain

/// JSON that is written by hand: the order of the fields is ours, so that the same draft gives the same bytes, and an
/// amount is the digits we mean, never a binary fraction.
indirect enum JSONText {
    case string(String)
    /// Digits as they shall stand.
    case number(String)
    case bool(Bool)
    case array([JSONText])
    case object([(String, JSONText)])

    /// `{"value": x}`: how Visma takes nearly every scalar that is written.
    static func wrapped(_ value: JSONText) -> JSONText { .object([("value", value)]) }
    static func wrapped(_ text: String) -> JSONText { wrapped(.string(text)) }
    static func wrapped(_ amount: Money) -> JSONText { wrapped(.number(amount.majorText)) }

    var bytes: [UInt8] {
        var output = [UInt8]()
        write(to: &output)
        return output
    }

    private func write(to output: inout [UInt8]) {
        switch self {
        case .string(let text): Self.write(text, to: &output)
        case .number(let digits): output += Array(digits.utf8)
        case .bool(let value): output += Array((value ? "true" : "false").utf8)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                element.write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let fields):
            output.append(UInt8(ascii: "{"))
            for (index, field) in fields.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                Self.write(field.0, to: &output)
                output.append(UInt8(ascii: ":"))
                field.1.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
            case 10: output += Array("\\n".utf8)
            case 0..<32:
                let digits = Array("0123456789abcdef".utf8)
                output += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}

/// Percent-encoding by RFC 3986: everything but letters, digits and `-._~` is encoded.
enum PercentText {
    static func encode(_ text: String) -> String {
        var output = ""
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: output.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                output += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return output
    }

    /// For one segment of a path: `.` and `..` alone would be read as steps in the path.
    static func segment(_ text: String) -> String {
        text == "." || text == ".." ? text.replacing(".", with: "%2E") : encode(text)
    }

    /// What `encode` was given, or nil for a broken escape.
    static func decode(_ text: some StringProtocol) -> String? {
        var output = [UInt8]()
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                output.append(byte)
                continue
            }
            let hex = String(decoding: rest.prefix(2), as: UTF8.self)
            guard hex.utf8.count == 2, let value = UInt8(hex, radix: 16) else { return nil }
            output.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: output, as: UTF8.self)
    }

    /// `a=1&b=%3E%3D`, for a query and for a form.
    static func pairs(_ pairs: [(String, String)]) -> String {
        pairs.map { "\(encode($0.0))=\(encode($0.1))" }.joined(separator: "&")
    }
}
