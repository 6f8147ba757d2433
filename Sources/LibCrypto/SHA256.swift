import COpenSSL

/// SHA-256 of `bytes`: 32 bytes.
package func sha256(_ bytes: some Swift.Collection<UInt8>) -> [UInt8] {
    let source = Array(bytes)
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    let outcome = EVP_Digest(source, source.count, &digest, &length, EVP_sha256(), nil)
    precondition(outcome == 1 && length == 32, "SHA-256 of memory cannot fail unless libcrypto is broken")
    return digest
}

/// Lower-case hexadecimal.
package func hex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text = [UInt8]()
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

/// The bytes that `text` spells in hexadecimal of either case, or nil.
package func bytes(hex text: some StringProtocol) -> [UInt8]? {
    let source = Array(text.utf8)
    guard source.count.isMultiple(of: 2) else { return nil }
    var result = [UInt8]()
    result.reserveCapacity(source.count / 2)
    for index in stride(from: 0, to: source.count, by: 2) {
        guard let high = nibble(source[index]), let low = nibble(source[index + 1]) else { return nil }
        result.append(high << 4 | low)
    }
    return result
}

private func nibble(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
}
