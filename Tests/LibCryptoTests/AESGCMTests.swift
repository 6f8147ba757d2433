import LibCrypto
import Testing

@Suite("AES-256-GCM")
struct AESGCMTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        var source: String
        var key: String
        var nonce: String
        var plaintext: String
        var context: String
        var ciphertext: String
        var tag: String
        var testDescription: String { source }
    }

    private static let longKey = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
    private static let longText =
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
        + "b16aedf5aa0de657ba637b39"
    private static let longCipher =
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
        + "c5f61e6393ba7a0abcc9f662"

    /// The cases for 256-bit keys of the GCM specification that SP 800-38D refers to, and the first cases of three
    /// groups of NIST's CAVP file gcmEncryptExtIV256.
    static let vectors: [Vector] = [
        Vector(
            source: "specification, case 13", key: String(repeating: "00", count: 32),
            nonce: String(repeating: "00", count: 12), plaintext: "", context: "", ciphertext: "",
            tag: "530f8afbc74536b9a963b4f1c4cb738b"),
        Vector(
            source: "specification, case 14", key: String(repeating: "00", count: 32),
            nonce: String(repeating: "00", count: 12), plaintext: String(repeating: "00", count: 16), context: "",
            ciphertext: "cea7403d4d606b6e074ec5d3baf39d18", tag: "d0d1c8a799996bf0265b98b5d48ab919"),
        Vector(
            source: "specification, case 15", key: longKey, nonce: "cafebabefacedbaddecaf888",
            plaintext: longText + "1aafd255", context: "", ciphertext: longCipher + "898015ad",
            tag: "b094dac5d93471bdec1a502270e3cc6c"),
        Vector(
            source: "specification, case 16", key: longKey, nonce: "cafebabefacedbaddecaf888", plaintext: longText,
            context: "feedfacedeadbeeffeedfacedeadbeefabaddad2", ciphertext: longCipher,
            tag: "76fc6ece0f4e1768cddf8853bb2d551b"),
        Vector(
            source: "CAVP, empty text, no context",
            key: "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4",
            nonce: "516c33929df5a3284ff463d7", plaintext: "", context: "", ciphertext: "",
            tag: "bdc1ac884d332457a1d2664f168c76f0"),
        Vector(
            source: "CAVP, 16 bytes, no context",
            key: "31bdadd96698c204aa9ce1448ea94ae1fb4a9a0b3c9d773b51bb1822666b8f22",
            nonce: "0d18e06c7c725ac9e362e1ce", plaintext: "2db5168e932556f8089a0622981d017d", context: "",
            ciphertext: "fa4362189661d163fcd6a56d8bf0405a", tag: "d636ac1bbedd5cc3ee727dc2ab4a9489"),
        Vector(
            source: "CAVP, 16 bytes, 16 bytes of context",
            key: "92e11dcdaa866f5ce790fd24501f92509aacf4cb8b1339d50c9c1240935dd08b",
            nonce: "ac93a1a6145299bde902f21a", plaintext: "2d71bcfa914e4ac045b2aa60955fad24",
            context: "1e0889016f67601c8ebea4943bc23ad6", ciphertext: "8995ae2e6df3dbf96fac7b7137bae67f",
            tag: "eca5aa77d51d4a0a14d9c51e1da474ab"),
    ]

    @Test("known answers, sealed and opened", arguments: vectors)
    func knownAnswers(_ vector: Vector) throws {
        let key = Secret(copying: try #require(bytes(hex: vector.key)))
        let nonce = try #require(bytes(hex: vector.nonce))
        let context = try #require(bytes(hex: vector.context))
        let plaintext = try #require(bytes(hex: vector.plaintext))
        let sealed = try AESGCM.seal(Secret(copying: plaintext), key: key, nonce: nonce, context: context)
        #expect(hex(sealed.ciphertext) == vector.ciphertext)
        #expect(hex(sealed.tag) == vector.tag)
        let opened = try AESGCM.open(sealed, key: key, context: context)
        let openedBytes = opened.withBytes { Array($0) }
        #expect(openedBytes == plaintext)
    }

    @Test("a bit flipped anywhere in nonce, ciphertext, tag, context or key does not open")
    func flippedBits() throws {
        let keyBytes = [UInt8](0..<32)
        let context = Array("tenant/purpose".utf8)
        let sealed = try AESGCM.seal(
            Secret("sk_test_example"), key: Secret(copying: keyBytes), nonce: [UInt8](repeating: 7, count: 12),
            context: context)
        for bit in 0..<(sealed.combined.count * 8) {
            let altered = try AESGCM.Sealed(combined: flipped(sealed.combined, bit))
            #expect(throws: CryptoFailure.notAuthentic) {
                _ = try AESGCM.open(altered, key: Secret(copying: keyBytes), context: context)
            }
        }
        for bit in 0..<(context.count * 8) {
            #expect(throws: CryptoFailure.notAuthentic) {
                _ = try AESGCM.open(sealed, key: Secret(copying: keyBytes), context: flipped(context, bit))
            }
        }
        for bit in 0..<(keyBytes.count * 8) {
            #expect(throws: CryptoFailure.notAuthentic) {
                _ = try AESGCM.open(sealed, key: Secret(copying: flipped(keyBytes, bit)), context: context)
            }
        }
    }

    @Test("keys, nonces, tags and sealed values of another length are refused")
    func lengths() throws {
        #expect(throws: CryptoFailure.badLength(what: "the key")) {
            _ = try AESGCM.seal(
                Secret("x"), key: Secret(copying: [UInt8](repeating: 0, count: 16)),
                nonce: [UInt8](repeating: 0, count: 12), context: [])
        }
        #expect(throws: CryptoFailure.badLength(what: "the nonce")) {
            _ = try AESGCM.seal(
                Secret("x"), key: Secret(copying: [UInt8](repeating: 0, count: 32)),
                nonce: [UInt8](repeating: 0, count: 16), context: [])
        }
        #expect(throws: CryptoFailure.badLength(what: "the tag")) {
            // A short tag would be accepted by libcrypto and be easier to forge.
            _ = try AESGCM.open(
                AESGCM.Sealed(nonce: [UInt8](repeating: 0, count: 12), ciphertext: [1], tag: [1, 2, 3, 4]),
                key: Secret(copying: [UInt8](repeating: 0, count: 32)), context: [])
        }
        #expect(throws: CryptoFailure.badLength(what: "the sealed value")) {
            _ = try AESGCM.Sealed(combined: [UInt8](repeating: 0, count: 27))
        }
    }

    private func flipped(_ source: [UInt8], _ bit: Int) -> [UInt8] {
        var copy = source
        copy[bit / 8] ^= 1 << UInt8(bit % 8)
        return copy
    }
}
