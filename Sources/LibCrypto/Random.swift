import COpenSSL

/// Bytes from libcrypto's generator, seeded by the system.
package func secureRandomBytes(_ count: Int) throws(CryptoFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard RAND_bytes(&bytes, Int32(count)) == 1 else { throw .library(call: "RAND_bytes") }
    return bytes
}
