import COpenSSL

extension Secret {
    /// The secret that `text` spells in padded base64 (RFC 4648), or nil. The decoded copy is wiped.
    package init?(base64 text: some Swift.Collection<UInt8>) {
        let source = Array(text)
        guard !source.isEmpty, source.count.isMultiple(of: 4) else { return nil }
        let padding = source.suffix(2).reversed().prefix { $0 == 61 }.count
        let body = source.dropLast(padding)
        var decoded = [UInt8]()
        decoded.reserveCapacity(source.count / 4 * 3)
        defer { decoded.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        var (pending, bits): (UInt32, Int) = (0, 0)
        for character in body {
            guard let value = base64Value(character) else { return nil }
            pending = pending << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                decoded.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
            }
        }
        // Bits left over must be zero, so that one secret has one spelling.
        guard pending & (1 << UInt32(bits) - 1) == 0 else { return nil }
        self.init(copying: decoded)
    }

    /// Lends the secret in padded base64; the lent copy is wiped.
    package borrowing func withBase64<R, E: Error>(_ body: ([UInt8]) throws(E) -> R) throws(E) -> R {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text = withBytes { raw in
            stride(from: 0, to: raw.count, by: 3).flatMap { start in
                let group = (0..<3).map { start + $0 < raw.count ? UInt32(raw[start + $0]) : 0 }
                let word = group[0] << 16 | group[1] << 8 | group[2]
                let present = min(3, raw.count - start)
                return (0..<4).map { $0 <= present ? alphabet[Int(word >> UInt32(18 - 6 * $0)) & 63] : 61 }
            }
        }
        defer { text.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        return try body(text)
    }
}

private func base64Value(_ character: UInt8) -> UInt32? {
    switch character {
    case 65...90: UInt32(character) - 65
    case 97...122: UInt32(character) - 71
    case 48...57: UInt32(character) + 4
    case 43: 62
    case 47: 63
    default: nil
    }
}

/// Overwrites bytes that held something secret, in a way that the compiler may not leave out.
package func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
}
