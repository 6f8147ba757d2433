import COpenSSL

/// AES-256-GCM through EVP: 32-byte key, 12-byte nonce, 16-byte tag.
package enum AESGCM {
    package static let keyLength = 32
    package static let nonceLength = 12
    package static let tagLength = 16

    /// A fresh nonce, the ciphertext and the tag.
    package struct Sealed: Hashable, Sendable {
        package var nonce: [UInt8]
        package var ciphertext: [UInt8]
        package var tag: [UInt8]

        package init(nonce: [UInt8], ciphertext: [UInt8], tag: [UInt8]) {
            self.nonce = nonce
            self.ciphertext = ciphertext
            self.tag = tag
        }

        /// nonce ‖ ciphertext ‖ tag
        package var combined: [UInt8] { nonce + ciphertext + tag }

        package init(combined: [UInt8]) throws(CryptoFailure) {
            guard combined.count >= nonceLength + tagLength else { throw .badLength(what: "the sealed value") }
            nonce = Array(combined[..<nonceLength])
            ciphertext = Array(combined[nonceLength..<(combined.count - tagLength)])
            tag = Array(combined[(combined.count - tagLength)...])
        }
    }

    /// Seals `plaintext` under `key`, bound to `context`. The nonce must never repeat under one key.
    package static func seal(
        _ plaintext: borrowing Secret, key: borrowing Secret, nonce: [UInt8], context: [UInt8]
    ) throws(CryptoFailure) -> Sealed {
        let cipher = try start(key: key, nonce: nonce, encrypting: true)
        defer { EVP_CIPHER_CTX_free(cipher) }
        var written: Int32 = 0
        guard EVP_EncryptUpdate(cipher, nil, &written, context, Int32(context.count)) == 1 else {
            throw .library(call: "EVP_EncryptUpdate")
        }
        var ciphertext = [UInt8](repeating: 0, count: plaintext.count)
        let outcome = plaintext.withBytes { raw in
            EVP_EncryptUpdate(
                cipher, &ciphertext, &written, raw.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(raw.count))
        }
        guard outcome == 1 else { throw .library(call: "EVP_EncryptUpdate") }
        var tail = [UInt8](repeating: 0, count: 16)
        guard EVP_EncryptFinal_ex(cipher, &tail, &written) == 1 else { throw .library(call: "EVP_EncryptFinal_ex") }
        var tag = [UInt8](repeating: 0, count: tagLength)
        guard EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, Int32(tagLength), &tag) == 1 else {
            throw .library(call: "EVP_CTRL_GCM_GET_TAG")
        }
        return Sealed(nonce: nonce, ciphertext: ciphertext, tag: tag)
    }

    /// Opens what `seal` made with the same key and context, or throws `.notAuthentic`.
    package static func open(
        _ sealed: Sealed, key: borrowing Secret, context: [UInt8]
    ) throws(CryptoFailure) -> Secret {
        guard sealed.tag.count == tagLength else { throw .badLength(what: "the tag") }
        let cipher = try start(key: key, nonce: sealed.nonce, encrypting: false)
        defer { EVP_CIPHER_CTX_free(cipher) }
        var written: Int32 = 0
        guard EVP_DecryptUpdate(cipher, nil, &written, context, Int32(context.count)) == 1 else {
            throw .library(call: "EVP_DecryptUpdate")
        }
        var plaintext = [UInt8](repeating: 0, count: sealed.ciphertext.count)
        defer { plaintext.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        let count = Int32(sealed.ciphertext.count)
        guard EVP_DecryptUpdate(cipher, &plaintext, &written, sealed.ciphertext, count) == 1 else {
            throw .library(call: "EVP_DecryptUpdate")
        }
        var tag = sealed.tag
        guard EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, Int32(tagLength), &tag) == 1 else {
            throw .library(call: "EVP_CTRL_GCM_SET_TAG")
        }
        var tail = [UInt8](repeating: 0, count: 16)
        guard EVP_DecryptFinal_ex(cipher, &tail, &written) == 1 else { throw .notAuthentic }
        return Secret(copying: plaintext)
    }

    private static func start(
        key: borrowing Secret, nonce: [UInt8], encrypting: Bool
    ) throws(CryptoFailure) -> OpaquePointer {
        guard key.count == keyLength else { throw .badLength(what: "the key") }
        guard nonce.count == nonceLength else { throw .badLength(what: "the nonce") }
        guard let cipher = EVP_CIPHER_CTX_new() else { throw .library(call: "EVP_CIPHER_CTX_new") }
        let outcome = key.withBytes { raw in
            EVP_CipherInit_ex(
                cipher, EVP_aes_256_gcm(), nil, raw.baseAddress?.assumingMemoryBound(to: UInt8.self), nonce,
                encrypting ? 1 : 0)
        }
        guard outcome == 1 else {
            EVP_CIPHER_CTX_free(cipher)
            throw .library(call: "EVP_CipherInit_ex")
        }
        return cipher
    }
}
