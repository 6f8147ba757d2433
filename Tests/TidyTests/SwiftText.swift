/// A Swift file read just well enough to tell code from strings and comments.
struct SwiftText: Sendable {
    /// Line by line, with what is inside comments and string literals blanked; code inside `\(...)` stays.
    let code: [String]
    /// Line by line, with only the comments blanked.
    let withoutComments: [String]

    private enum Frame {
        case code(openParentheses: Int)
        case string(hashes: Int, isMultiline: Bool)
        case lineComment
        case blockComment(depth: Int)
    }

    init(_ text: String) {
        var reader = Reader(bytes: Array(text.utf8))
        reader.read()
        code = Self.lines(reader.code)
        withoutComments = Self.lines(reader.withoutComments)
    }

    private static func lines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private struct Reader {
        let bytes: [UInt8]
        var code: [UInt8] = []
        var withoutComments: [UInt8] = []
        var position = 0
        var frames: [Frame] = [.code(openParentheses: 0)]

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func read() {
            while position < bytes.count {
                switch frames[frames.count - 1] {
                case .code(let open): readCode(open)
                case .string(let hashes, let isMultiline): readString(hashes, isMultiline)
                case .lineComment:
                    if bytes[position] == UInt8(ascii: "\n") { frames.removeLast() }
                    take(1, isCode: false, isComment: true)
                case .blockComment(let depth): readBlockComment(depth)
                }
            }
        }

        private func startsWith(_ text: String, offset: Int = 0) -> Bool {
            bytes[min(position + offset, bytes.count)...].starts(with: text.utf8)
        }

        private mutating func take(_ count: Int, isCode: Bool, isComment: Bool = false) {
            for byte in bytes[position..<min(position + count, bytes.count)] {
                let blank = byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " ")
                code.append(isCode ? byte : blank)
                withoutComments.append(isComment ? blank : byte)
            }
            position += count
        }

        private mutating func readCode(_ open: Int) {
            if startsWith("//") {
                frames.append(.lineComment)
                return take(2, isCode: false, isComment: true)
            }
            if startsWith("/*") {
                frames.append(.blockComment(depth: 1))
                return take(2, isCode: false, isComment: true)
            }
            let hashes = bytes[position...].prefix { $0 == UInt8(ascii: "#") }.count
            if startsWith("\"", offset: hashes) {
                let isMultiline = startsWith("\"\"\"", offset: hashes)
                frames.append(.string(hashes: hashes, isMultiline: isMultiline))
                return take(hashes + (isMultiline ? 3 : 1), isCode: true)
            }
            if let length = lengthOfRegex(hashes) { return take(length, isCode: false) }
            if bytes[position] == UInt8(ascii: "(") {
                frames[frames.count - 1] = .code(openParentheses: open + 1)
            } else if bytes[position] == UInt8(ascii: ")") {
                // The parenthesis that opened an interpolation is the one below its frame.
                if open == 0, frames.count > 1 {
                    frames.removeLast()
                } else {
                    frames[frames.count - 1] = .code(openParentheses: max(0, open - 1))
                }
            }
            take(max(1, hashes), isCode: true)
        }

        /// A regular expression begins where a value may stand, on which a division never does, and ends on its line.
        private func lengthOfRegex(_ hashes: Int) -> Int? {
            guard startsWith("/", offset: hashes), hashes > 0 || !startsWith("/ ") else { return nil }
            let before = code.last { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") }
            guard let before, "(,=:[{&|!?".utf8.contains(before) else { return nil }
            let end = Array(("/" + String(repeating: "#", count: hashes)).utf8)
            var index = position + hashes + 1
            while index < bytes.count, bytes[index] != UInt8(ascii: "\n") {
                if bytes[index...].starts(with: end) { return index + end.count - position }
                index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
            }
            return nil
        }

        private mutating func readString(_ hashes: Int, _ isMultiline: Bool) {
            let escape = "\\" + String(repeating: "#", count: hashes)
            if startsWith(escape + "(") {
                frames.append(.code(openParentheses: 0))
                return take(escape.utf8.count + 1, isCode: true)
            }
            if startsWith(escape) { return take(escape.utf8.count + 1, isCode: false) }
            let end = (isMultiline ? "\"\"\"" : "\"") + String(repeating: "#", count: hashes)
            let isUnterminated = !isMultiline && bytes[position] == UInt8(ascii: "\n")
            guard startsWith(end) || isUnterminated else { return take(1, isCode: false) }
            frames.removeLast()
            take(isUnterminated ? 1 : end.utf8.count, isCode: true)
        }

        private mutating func readBlockComment(_ depth: Int) {
            if startsWith("*/") {
                frames.removeLast()
                if depth > 1 { frames.append(.blockComment(depth: depth - 1)) }
                return take(2, isCode: false, isComment: true)
            }
            if startsWith("/*") {
                frames[frames.count - 1] = .blockComment(depth: depth + 1)
                return take(2, isCode: false, isComment: true)
            }
            take(1, isCode: false, isComment: true)
        }
    }
}
