import Foundation
import LibCrypto

/// The file that master keys are kept in.
package enum MasterKeyFile {
    package static let lengthBytesMax = 65_536

    /// Makes a new file with one new key, mode 0600, and answers the key's id. An existing file is never touched.
    @discardableResult
    package static func generate(
        at path: String, randomBytes: @Sendable (Int) throws -> [UInt8]
    ) throws -> String {
        let id = "kek-" + hex(try randomBytes(4))
        var random = try randomBytes(MasterKeyRing.keyLengthBytes)
        defer { wipe(&random) }
        let key = Secret(copying: random)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST {
                throw VaultError(
                    .keyFileExists, "\(path) exists and is left as it is: a lost key loses every secret under it")
            }
            throw VaultError(.keyFileUnreadable, "cannot create \(path): \(reason())")
        }
        defer { close(descriptor) }
        let written = key.withBase64 { encoded in
            var line = Array("\(id):".utf8) + encoded + [10]
            defer { wipe(&line) }
            return write(descriptor, line, line.count) == line.count && fsync(descriptor) == 0
        }
        guard written else {
            let failure = VaultError(.keyFileUnreadable, "cannot write \(path): \(reason())")
            unlink(path)
            throw failure
        }
        return id
    }

    /// Checks the open file, not the name: between two looks at a name another file could take its place.
    static func read(_ path: String) throws(VaultError) -> SecretBox {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw MasterKeyRing.missing(path) }
            throw VaultError(.keyFileUnreadable, "cannot read the key file \(path): \(reason())")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw VaultError(.keyFileUnreadable, "cannot examine the key file \(path): \(reason())")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw VaultError(.keyFileUnreadable, "the key file \(path) is not a regular file")
        }
        guard status.st_uid == geteuid() else {
            throw VaultError(
                .keyFileExposed, "the key file \(path) belongs to another user: `chown` it to the one that runs this")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw VaultError(
                .keyFileExposed, "the key file \(path) can be read or written by others: run `chmod 600 \(path)`")
        }
        guard status.st_size <= lengthBytesMax else {
            throw VaultError(.keyFileUnreadable, "the key file \(path) is larger than \(lengthBytesMax) bytes")
        }
        var buffer = [UInt8](repeating: 0, count: lengthBytesMax)
        defer { wipe(&buffer) }
        let count = Foundation.read(descriptor, &buffer, buffer.count)
        guard count >= 0 else {
            throw VaultError(.keyFileUnreadable, "cannot read the key file \(path): \(reason())")
        }
        return SecretBox(Secret(copying: buffer[..<count]))
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
