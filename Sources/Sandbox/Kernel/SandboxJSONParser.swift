/// Why a text is not JSON, and where.
package struct SandboxJSONError: Error, Sendable, CustomStringConvertible {
    package let reason: String
    /// Bytes from the start of the text.
    package let offset: Int
    package var description: String { "\(reason) at byte \(offset)" }
}

extension SandboxJSON {
    /// Deeper nesting than this is refused.
    package static let depthMax = 64

    package static func parse(_ bytes: some Sequence<UInt8>) throws(SandboxJSONError) -> SandboxJSON {
        var parser = SandboxJSONParser(bytes: Array(bytes))
        return try parser.document()
    }

    package static func parse(_ text: String) throws(SandboxJSONError) -> SandboxJSON { try parse(text.utf8) }

    /// One value per line; empty lines are skipped.
    package static func parseLines(_ text: String) throws(SandboxJSONError) -> [SandboxJSON] {
        var values: [SandboxJSON] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: true)
        where !line.allSatisfy(\.isWhitespace) {
            values.append(try parse(line.utf8))
        }
        return values
    }
}

/// A strict reader (RFC 8259) over bytes.
private struct SandboxJSONParser {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(SandboxJSONError) -> SandboxJSON {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw failure("something follows the value") }
        return value
    }

    private func failure(_ reason: String) -> SandboxJSONError { SandboxJSONError(reason: reason, offset: position) }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(SandboxJSONError) -> SandboxJSON {
        guard depth < SandboxJSON.depthMax else { throw failure("nested too deep") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", is: .bool(true))
        case UInt8(ascii: "f"): return try word("false", is: .bool(false))
        case UInt8(ascii: "n"): return try word("null", is: .null)
        case .some: return .number(try number())
        case nil: throw failure("the text ends where a value should be")
        }
    }

    private mutating func word(_ text: String, is value: SandboxJSON) throws(SandboxJSONError) -> SandboxJSON {
        for byte in text.utf8 where !take(byte) { throw failure("expected \(text)") }
        return value
    }

    private mutating func object(depth: Int) throws(SandboxJSONError) -> SandboxJSON {
        position += 1
        var members: [(String, SandboxJSON)] = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw failure("expected a member name") }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw failure("expected a colon") }
            members.append((name, try value(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw failure("expected a comma or a closing brace") }
        }
    }

    private mutating func array(depth: Int) throws(SandboxJSONError) -> SandboxJSON {
        position += 1
        var elements: [SandboxJSON] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw failure("expected a comma or a closing bracket") }
        }
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = current, (48...57).contains(byte) { position += 1 }
        return position - start
    }

    private mutating func number() throws(SandboxJSONError) -> String {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let leadingZero = current == 48
        let whole = digits()
        guard whole > 0, !(leadingZero && whole > 1) else { throw failure("expected a value") }
        if take(UInt8(ascii: ".")), digits() == 0 { throw failure("a fraction needs digits") }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard digits() > 0 else { throw failure("an exponent needs digits") }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func string() throws(SandboxJSONError) -> String {
        position += 1
        var content: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else { throw failure("not UTF-8") }
                return text
            case UInt8(ascii: "\\"): try escape(into: &content)
            case 0..<0x20: throw failure("a control character in a string")
            default: content.append(byte)
            }
        }
        throw failure("a string without an end")
    }

    private mutating func escape(into content: inout [UInt8]) throws(SandboxJSONError) {
        guard let byte = current else { throw failure("an escape without an end") }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "u"):
            var scalar = try hexadecimal()
            if (0xD800..<0xDC00).contains(scalar) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw failure("half a surrogate pair") }
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw failure("half a surrogate pair") }
                scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let character = Unicode.Scalar(scalar) else { throw failure("half a surrogate pair") }
            content.append(contentsOf: String(Character(character)).utf8)
        default: throw failure("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(SandboxJSONError) -> UInt32 {
        guard position + 4 <= bytes.count,
            bytes[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw failure("four hexadecimal digits are needed") }
        position += 4
        return value
    }
}
