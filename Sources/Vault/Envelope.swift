import Domain
import LibCrypto

/// A data key in the clear, for as long as the process keeps it.
struct DataKey: Sendable {
    var version: Int
    var box: SecretBox
}

/// How a sealed value looks in the database: format 1, the data key's version (4 bytes, big endian), nonce,
/// ciphertext, tag.
enum Envelope {
    static let format: UInt8 = 1
    static let headerLength = 5

    static func seal(
        _ plaintext: borrowing Secret, key: DataKey, place: Place, nonce: [UInt8]
    ) throws(CryptoFailure) -> [UInt8] {
        let sealed = try AESGCM.seal(
            plaintext, key: key.box.secret, nonce: nonce, context: place.context(dataKeyVersion: key.version))
        return header(key.version) + sealed.combined
    }

    static func open(_ bytes: [UInt8], key: DataKey, place: Place) throws(CryptoFailure) -> Secret {
        guard dataKeyVersion(bytes) == key.version else { throw .notAuthentic }
        return try AESGCM.open(
            AESGCM.Sealed(combined: Array(bytes[headerLength...])), key: key.box.secret,
            context: place.context(dataKeyVersion: key.version))
    }

    /// Which data key sealed it; nil when it is not of this format. It is bound by the tag, not believed.
    static func dataKeyVersion(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= headerLength, bytes[0] == format else { return nil }
        return bytes[1..<headerLength].reduce(0) { $0 << 8 | Int($1) }
    }

    private static func header(_ version: Int) -> [UInt8] { [format] + bigEndian(version) }
}

/// Where a sealed value belongs. All of it is associated data: a value moved elsewhere does not open.
struct Place: Hashable, Sendable {
    enum Kind: String {
        case dataKey = "data-key"
        case credential
        case bytes
    }

    var kind: Kind
    var tenant: TenantID
    /// The purpose of a credential or of bytes, the master key's id of a data key.
    var purpose: String
    /// A version, or the label of the row.
    var label: String

    /// Each part with its length before it, so that no two places have the same bytes.
    func context(dataKeyVersion: Int) -> [UInt8] {
        var context: [UInt8] = []
        for part in ["ml-connector/1", kind.rawValue, tenant.rawValue, purpose, label] {
            context += bigEndian(part.utf8.count)
            context += part.utf8
        }
        return context + bigEndian(dataKeyVersion)
    }
}

/// The low 32 bits, highest byte first.
private func bigEndian(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
}
