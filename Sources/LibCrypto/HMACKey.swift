import COpenSSL

/// An HMAC-SHA256 key (RFC 2104) whose key schedule is computed once: what SHA-256 has made of the two padded keys,
/// from which each message goes on. That is 64 bytes, one line of the cache; OpenSSL's own contexts can be kept too,
/// but copying one allocates three times, and with thousands of endpoint secrets to try that is what costs.
package final class HMACKey: Sendable {
    private typealias Words = (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)

    private static let blockLength = Int(SHA256_CBLOCK)

    // SAFETY: both are written in init only; deinit, when nobody reads them any more, wipes them.
    private nonisolated(unsafe) var inner: Words
    // SAFETY: as above.
    private nonisolated(unsafe) var outer: Words

    package init(_ secret: borrowing Secret) throws(CryptoFailure) {
        // A key longer than a block counts by its hash.
        var block = secret.withBytes { raw in
            raw.count > Self.blockLength ? sha256(raw) : Array(raw)
        }
        defer { wipe(&block) }
        block += [UInt8](repeating: 0, count: Self.blockLength - block.count)
        inner = try Self.hashed(block, pad: 0x36)
        outer = try Self.hashed(block, pad: 0x5c)
    }

    deinit {
        OPENSSL_cleanse(&inner, MemoryLayout<Words>.size)
        OPENSSL_cleanse(&outer, MemoryLayout<Words>.size)
    }

    private static func hashed(_ block: [UInt8], pad: UInt8) throws(CryptoFailure) -> Words {
        var padded = block.map { $0 ^ pad }
        var state = SHA256_CTX()
        defer {
            wipe(&padded)
            erase(&state)
        }
        guard SHA256_Init(&state) == 1, SHA256_Update(&state, padded, padded.count) == 1 else {
            throw .library(call: "SHA256_Update")
        }
        return state.h
    }

    /// The state of a hash that has taken in exactly the one block that `words` came from.
    private static func state(after words: Words) -> SHA256_CTX {
        var state = SHA256_CTX()
        state.h = words
        state.Nl = UInt32(blockLength * 8)
        state.md_len = UInt32(SHA256_DIGEST_LENGTH)
        return state
    }

    private static func erase(_ state: inout SHA256_CTX) { OPENSSL_cleanse(&state, MemoryLayout<SHA256_CTX>.size) }

    /// The 32-byte code over the parts, one after the other.
    package func code(_ parts: [UInt8]...) throws(CryptoFailure) -> [UInt8] {
        var state = Self.state(after: inner)
        var isFed = true
        for part in parts where !part.isEmpty { isFed = isFed && SHA256_Update(&state, part, part.count) == 1 }
        return try lend(state, isFed) { Array($0) }
    }

    /// Lends the code over two parts; nothing is allocated, as a search does this thousands of times.
    package func withCode<R>(
        over head: [UInt8], _ body: [UInt8], _ use: (UnsafeRawBufferPointer) -> R
    ) throws(CryptoFailure) -> R {
        var state = Self.state(after: inner)
        let isFed = SHA256_Update(&state, head, head.count) == 1 && SHA256_Update(&state, body, body.count) == 1
        return try lend(state, isFed, use)
    }

    private func lend<R>(
        _ fed: SHA256_CTX, _ isFed: Bool, _ use: (UnsafeRawBufferPointer) -> R
    ) throws(CryptoFailure) -> R {
        var (state, last) = (fed, Self.state(after: outer))
        defer {
            Self.erase(&state)
            Self.erase(&last)
        }
        let length = Int(SHA256_DIGEST_LENGTH)
        let result = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: length) { code -> R? in
            guard isFed, let base = code.baseAddress, SHA256_Final(base, &state) == 1,
                SHA256_Update(&last, base, length) == 1, SHA256_Final(base, &last) == 1
            else { return nil }
            return use(UnsafeRawBufferPointer(code))
        }
        guard let result else { throw .library(call: "SHA256_Final") }
        return result
    }
}
