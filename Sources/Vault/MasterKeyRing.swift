import Foundation
package import LibCrypto

/// The master keys (KEK) that were given at start. One is primary and wraps what is new; the others still unwrap.
package struct MasterKeyRing: Sendable {
    package static let keyLengthBytes = 32
    package static let idLengthMax = 64

    /// The id of the first key given.
    package let primaryID: String
    private let keys: [String: SecretBox]

    /// Reads lines `id:base64` of 32 bytes each; the first is primary. Blank lines and lines that begin with `#` are
    /// skipped; commas separate like line ends, for the environment. `origin` names the source in errors.
    package init(parsing text: borrowing Secret, origin: String) throws(VaultError) {
        var bytes = text.withBytes { Array($0) }
        defer { wipe(&bytes) }
        var keys: [String: SecretBox] = [:]
        var primaryID: String?
        for (index, line) in bytes.split(whereSeparator: { $0 == 10 || $0 == 13 || $0 == 44 }).enumerated() {
            let trimmed = line.drop { $0 == 32 || $0 == 9 }
            guard let first = trimmed.first, first != 35 else { continue }
            let (id, key) = try Self.entry(trimmed, place: "entry \(index + 1) of \(origin)")
            guard keys.updateValue(key, forKey: id) == nil else {
                throw VaultError(.keyMalformed, "\(origin) has two keys with the id \(id)")
            }
            primaryID = primaryID ?? id
        }
        guard let primaryID else { throw Self.missing(origin) }
        self.primaryID = primaryID
        self.keys = keys
    }

    /// Reads a key file. It must be a regular file of this user that nobody else can read.
    package init(file path: String) throws(VaultError) {
        let content = try MasterKeyFile.read(path)
        try self.init(parsing: content.secret, origin: path)
    }

    /// Nothing was configured, or what was holds no key.
    package static func missing(_ origin: String) -> VaultError {
        VaultError(
            .noMasterKey,
            "\(origin) holds no master key and nothing starts without one: make one with `ml-connector key generate`")
    }

    package var ids: Set<String> { Set(keys.keys) }

    func key(_ id: String) -> SecretBox? { keys[id] }

    /// `place` never quotes the line: it holds a key.
    private static func entry(
        _ line: ArraySlice<UInt8>, place: String
    ) throws(VaultError) -> (id: String, key: SecretBox) {
        let malformed = VaultError(
            .keyMalformed, "\(place) is not `id:base64` with 32 bytes: make one with `ml-connector key generate`")
        guard let colon = line.firstIndex(of: 58) else { throw malformed }
        let id = line[..<colon]
        let encoded = line[(colon + 1)...].prefix { $0 != 32 && $0 != 9 }
        let allowed = id.allSatisfy {
            (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || [45, 46, 95].contains($0)
        }
        guard (1...idLengthMax).contains(id.count), allowed else { throw malformed }
        guard let key = SecretBox(base64: encoded), key.secret.count == keyLengthBytes else { throw malformed }
        return (String(decoding: id, as: UTF8.self), key)
    }
}

/// A secret that several may hold: it is wiped when the last lets go.
final class SecretBox: Sendable {
    let secret: Secret

    init(_ secret: consuming Secret) { self.secret = secret }

    convenience init?(base64 text: some Swift.Collection<UInt8>) {
        guard let secret = Secret(base64: text) else { return nil }
        self.init(secret)
    }
}
