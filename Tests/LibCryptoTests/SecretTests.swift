import LibCrypto
import Testing

@Suite("Secret")
struct SecretTests {
    @Test("a fingerprint shows four characters of a long secret and none of a short one")
    func fingerprint() {
        let long = Secret("sk_test_51ABCDEFwxyz").fingerprint()
        #expect(long == "…wxyz")
        let short = Secret("12345678901").fingerprint()
        #expect(short == "…")
    }

    @Test("a duplicate has the same bytes and outlives the original")
    func duplicate() {
        let copy = Secret("whsec_example").duplicate()
        let text = copy.withText { $0 }
        #expect(text == "whsec_example")
    }

    @Test("base64 answers RFC 4648's vectors in both directions")
    func base64() throws {
        let vectors = [
            "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "fooba": "Zm9vYmE=", "foobar": "Zm9vYmFy",
        ]
        for (plain, encoded) in vectors {
            let written = Secret(plain).withBase64 { String(decoding: $0, as: UTF8.self) }
            #expect(written == encoded)
            let read = try read(encoded)
            #expect(read == Array(plain.utf8))
        }
        let all = [UInt8](0...255)
        let encoded = Secret(copying: all).withBase64 { String(decoding: $0, as: UTF8.self) }
        let decoded = try read(encoded)
        #expect(decoded == all)
    }

    @Test(
        "base64 that is cut, padded wrongly or spelled in another way is refused",
        arguments: ["", "Zg", "Zg=", "Z===", "Zg==Zg==", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "Zm-_"])
    func badBase64(_ text: String) {
        switch Secret(base64: Array(text.utf8)) {
        case .none: break
        case .some: Issue.record("\(text) was read")
        }
    }

    @Test("no failure's description repeats what it was about")
    func descriptions() {
        let sealed = AESGCM.Sealed(
            nonce: [UInt8](repeating: 0, count: 12), ciphertext: Array("hunter2".utf8),
            tag: [UInt8](repeating: 0, count: 16))
        do throws(CryptoFailure) {
            _ = try AESGCM.open(sealed, key: Secret("a key that is thirty-two bytes!!"), context: [])
            Issue.record("it opened")
        } catch {
            #expect(error == .notAuthentic)
            #expect(!String(describing: error).contains("hunter2"))
            #expect(!String(reflecting: error).contains("thirty-two"))
        }
    }

    @Test("random bytes differ from call to call and have the length asked for")
    func random() throws {
        let first = try secureRandomBytes(32)
        #expect(first.count == 32)
        #expect(try secureRandomBytes(32) != first)
    }

    private func read(_ text: String) throws -> [UInt8] {
        switch Secret(base64: Array(text.utf8)) {
        case .some(let secret): return secret.withBytes { Array($0) }
        case .none:
            Issue.record("\(text) was not read")
            return []
        }
    }
}
