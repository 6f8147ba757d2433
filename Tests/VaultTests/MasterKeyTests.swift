import Foundation
import LibCrypto
import Testing
import Vault

@Suite("Master keys")
struct MasterKeyTests {
    @Test("a generated file has mode 0600, one key, and is read back")
    func generate() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/master.key"
        let id = try MasterKeyFile.generate(at: path, randomBytes: random)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        let ring = try MasterKeyRing(file: path)
        #expect(ring.primaryID == id)
        #expect(ring.ids == [id])
    }

    @Test("an existing file is never overwritten")
    func noOverwrite() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/master.key"
        try MasterKeyFile.generate(at: path, randomBytes: random)
        let before = FileManager.default.contents(atPath: path)
        let error = #expect(throws: VaultError.self) {
            try MasterKeyFile.generate(at: path, randomBytes: random)
        }
        #expect(error?.code == .keyFileExists)
        #expect(FileManager.default.contents(atPath: path) == before)
    }

    @Test("a file that others can read or write is refused with the remedy", arguments: [0o644, 0o640, 0o602, 0o604])
    func exposed(_ mode: Int) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/master.key"
        try MasterKeyFile.generate(at: path, randomBytes: random)
        #expect(chmod(path, mode_t(mode)) == 0)
        let error = #expect(throws: VaultError.self) { try MasterKeyRing(file: path) }
        #expect(error?.code == .keyFileExposed)
        #expect(error?.text.contains("chmod 600 \(path)") == true)
    }

    @Test("a stricter mode is accepted")
    func strict() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/master.key"
        let id = try MasterKeyFile.generate(at: path, randomBytes: random)
        #expect(chmod(path, 0o400) == 0)
        #expect(try MasterKeyRing(file: path).primaryID == id)
    }

    @Test("without a file, or with an empty one, the error says how to make a key")
    func noKey() throws {
        let directory = try TemporaryDirectory()
        for path in ["/absent.key", "/empty.key"].map({ directory.path + $0 }) {
            if path.hasSuffix("empty.key") {
                _ = FileManager.default.createFile(
                    atPath: path, contents: Data("# none\n\n".utf8), attributes: [.posixPermissions: 0o600])
            }
            let error = #expect(throws: VaultError.self) { try MasterKeyRing(file: path) }
            #expect(error?.code == .noMasterKey)
            #expect(error?.text.contains("ml-connector key generate") == true)
        }
    }

    @Test("a directory in place of the file is refused")
    func directory() throws {
        let directory = try TemporaryDirectory()
        #expect(chmod(directory.path, 0o700) == 0)
        let error = #expect(throws: VaultError.self) { try MasterKeyRing(file: directory.path) }
        #expect(error?.code == .keyFileUnreadable)
    }

    @Test("several keys: the first is primary; comments, blank lines and commas separate")
    func several() throws {
        let text = "# new\n" + keyLine("k2", 2) + "\n\n  " + keyLine("k1", 1) + "  \r\n"
        let ring = try MasterKeyRing(parsing: Secret(text), origin: "the test")
        #expect(ring.primaryID == "k2")
        #expect(ring.ids == ["k1", "k2"])
        let inline = try MasterKeyRing(parsing: Secret(keyLine("a", 1) + "," + keyLine("b", 2)), origin: "the test")
        #expect(inline.primaryID == "a")
        #expect(inline.ids == ["a", "b"])
    }

    @Test(
        "a malformed key is refused without being repeated",
        arguments: [
            "no-colon-c2VjcmV0", "k1:", "k1:c2VjcmV0", "k 1:" + keyLine("", 1), ":" + keyLine("", 1),
            keyLine("k1", 1) + "x", keyLine("k1", 1) + "\n" + keyLine("k1", 2),
        ])
    func malformed(_ text: String) throws {
        let error = #expect(throws: VaultError.self) {
            try MasterKeyRing(parsing: Secret(text), origin: "the test")
        }
        #expect(error?.code == .keyMalformed)
        #expect(error?.description.contains("c2VjcmV0") == false)
        #expect(error?.description.contains("AQEBAQ") == false)
        #expect(error?.description.contains("the test") == true)
    }
}
