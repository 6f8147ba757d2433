import COpenSSL

/// An HMAC-SHA256 key whose key schedule is computed once and copied for each message: with thousands of endpoint
/// secrets to try, the schedule is what costs.
package final class HMACKey: Sendable {
    // SAFETY: the context is initialised in init and only read (duplicated) afterwards; it is freed in deinit.
    private nonisolated(unsafe) let keyed: OpaquePointer

    package init(_ secret: borrowing Secret) throws(CryptoFailure) {
        guard let context = HMAC_CTX_new() else { throw .library(call: "HMAC_CTX_new") }
        let outcome = secret.withBytes { raw in
            HMAC_Init_ex(context, raw.baseAddress, Int32(raw.count), EVP_sha256(), nil)
        }
        guard outcome == 1 else {
            HMAC_CTX_free(context)
            throw .library(call: "HMAC_Init_ex")
        }
        keyed = context
    }

    deinit { HMAC_CTX_free(keyed) }

    /// The 32-byte code over the parts, one after the other.
    package func code(_ parts: [UInt8]...) throws(CryptoFailure) -> [UInt8] {
        guard let context = HMAC_CTX_new() else { throw .library(call: "HMAC_CTX_new") }
        defer { HMAC_CTX_free(context) }
        guard HMAC_CTX_copy(context, keyed) == 1 else { throw .library(call: "HMAC_CTX_copy") }
        for part in parts where !part.isEmpty {
            guard HMAC_Update(context, part, part.count) == 1 else { throw .library(call: "HMAC_Update") }
        }
        var code = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        guard HMAC_Final(context, &code, &length) == 1, length == 32 else { throw .library(call: "HMAC_Final") }
        return code
    }
}
