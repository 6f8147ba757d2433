/// A short name for a content, to tell one from another in effect keys and file names. Not for secrets and not
/// against an adversary: what it names was written by the same company.
package enum Digest {
    /// 128 bits of FNV-1a in hexadecimal.
    package static func short(_ text: String) -> String {
        var hash = UInt128(0x6c62_272e_07bb_0142) << 64 | UInt128(0x62b8_2175_6295_c58d)
        let prime = UInt128(0x0000_0000_0100_0000) << 64 | UInt128(0x0000_0000_0000_013b)
        for byte in text.utf8 {
            hash ^= UInt128(byte)
            hash = hash &* prime
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
}
