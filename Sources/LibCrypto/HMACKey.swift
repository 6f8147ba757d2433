import COpenSSL

/// An HMAC-SHA256 key (RFC 2104) whose key schedule is computed once: the two hash states behind the padded key, which
/// each message starts from a copy of. With thousands of endpoint secrets to try, the schedule is what costs; OpenSSL's
/// own contexts can be kept too, but copying one allocates three times.
package final class HMACKey: Sendable {
    private static let blockLength = Int(SHA256_CBLOCK)

    // SAFETY: the two states (inner, outer) are written in init and only read afterwards; deinit wipes and frees them.
    private nonisolated(unsafe) let states: UnsafeMutablePointer<SHA256_CTX>

    package init(_ secret: borrowing Secret) throws(CryptoFailure) {
        // A key longer than a block counts by its hash.
        var block = secret.withBytes { raw in
            raw.count > Self.blockLength ? sha256(raw) : Array(raw)
        }
        block += [UInt8](repeating: 0, count: Self.blockLength - block.count)
        states = .allocate(capacity: 2)
        states.initialize(repeating: SHA256_CTX(), count: 2)
        var isKeyed = true
        for (index, pad) in [UInt8(0x36), 0x5c].enumerated() {
            var padded = block.map { $0 ^ pad }
            isKeyed =
                isKeyed && SHA256_Init(states + index) == 1
                && SHA256_Update(states + index, padded, padded.count) == 1
            wipe(&padded)
        }
        wipe(&block)
        guard isKeyed else { throw .library(call: "SHA256_Update") }
    }

    deinit {
        OPENSSL_cleanse(states, 2 * MemoryLayout<SHA256_CTX>.stride)
        states.deallocate()
    }

    /// The 32-byte code over the parts, one after the other.
    package func code(_ parts: [UInt8]...) throws(CryptoFailure) -> [UInt8] {
        var (inner, outer) = (states[0], states[1])
        defer {
            OPENSSL_cleanse(&inner, MemoryLayout<SHA256_CTX>.size)
            OPENSSL_cleanse(&outer, MemoryLayout<SHA256_CTX>.size)
        }
        var isDone = true
        for part in parts where !part.isEmpty { isDone = isDone && SHA256_Update(&inner, part, part.count) == 1 }
        var code = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        isDone =
            isDone && SHA256_Final(&code, &inner) == 1 && SHA256_Update(&outer, code, code.count) == 1
            && SHA256_Final(&code, &outer) == 1
        guard isDone else { throw .library(call: "SHA256_Final") }
        return code
    }
}
