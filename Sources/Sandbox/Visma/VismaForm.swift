/// Reads what stands in a query, a form body or a multipart body.
enum VismaForm {
    /// Names in lower case, as the real server does not mind their case; of a repeated name the first counts.
    static func parse(_ text: String) -> [String: String] {
        var values: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = decode(parts[0]).lowercased()
            let value = parts.count > 1 ? decode(parts[1]) : ""
            if values[name] == nil { values[name] = value }
        }
        return values
    }

    static func decode(_ text: Substring) -> String {
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var position = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "%"), position + 2 < bytes.count,
                let value = UInt8(String(decoding: bytes[position + 1...position + 2], as: UTF8.self), radix: 16)
            {
                output.append(value)
                position += 3
                continue
            }
            output.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            position += 1
        }
        return String(decoding: output, as: UTF8.self)
    }

    struct Part {
        var name: String
        var fileName: String?
        var content: [UInt8]
    }

    /// The parts of a `multipart/form-data` body; nil when it is not one.
    static func multipart(_ body: [UInt8], contentType: String) -> [Part]? {
        guard contentType.lowercased().hasPrefix("multipart/form-data"),
            let boundary = parameter("boundary", of: contentType), !boundary.isEmpty
        else { return nil }
        let mark = Array(("--" + boundary).utf8)
        var starts: [Int] = []
        var position = 0
        while let found = find(mark, in: body, from: position) {
            starts.append(found)
            position = found + mark.count
        }
        guard starts.count >= 2 else { return nil }
        var parts: [Part] = []
        for (start, next) in zip(starts, starts.dropFirst()) {
            // Between a mark and the next: CRLF, headers, an empty line, the content, CRLF.
            let from = start + mark.count + 2
            guard from <= next - 2, let split = find(Array("\r\n\r\n".utf8), in: body, from: from),
                split + 4 <= next - 2
            else { return nil }
            let head = String(decoding: body[from..<split], as: UTF8.self)
            let disposition = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-disposition:") }
            guard let disposition, let name = parameter("name", of: String(disposition)) else { return nil }
            parts.append(
                Part(
                    name: name, fileName: parameter("filename", of: String(disposition)),
                    content: Array(body[split + 4..<next - 2])))
        }
        return parts
    }

    private static func parameter(_ name: String, of header: String) -> String? {
        for piece in header.split(separator: ";").dropFirst() {
            let trimmed = piece.drop { $0 == " " }
            guard trimmed.lowercased().hasPrefix(name + "=") else { continue }
            let value = trimmed.dropFirst(name.count + 1)
            return value.hasPrefix("\"") ? String(value.dropFirst().prefix { $0 != "\"" }) : String(value)
        }
        return nil
    }

    private static func find(_ needle: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= needle.count, start <= bytes.count - needle.count else { return nil }
        return (start...bytes.count - needle.count).first { position in
            bytes[position] == needle[0] && bytes[position..<position + needle.count].elementsEqual(needle)
        }
    }
}
