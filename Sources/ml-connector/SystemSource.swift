import Domain
import Foundation
import LibCrypto

/// Time, randomness and names as the machine has them: handed out by Assembly, used nowhere else.
enum SystemSource {
    static let idLength = 24

    /// Through Foundation, which asks clock_gettime: the C struct itself cannot be named beside NIO's C modules here.
    /// A Double holds today's microseconds exactly.
    static let now: @Sendable () -> Timestamp = {
        Timestamp(microseconds: Int64((Date.now.timeIntervalSince1970 * 1_000_000).rounded()))
    }

    static let randomBytes: @Sendable (Int) throws -> [UInt8] = { try secureRandomBytes($0) }

    /// 24 lower-case base32 characters: 120 random bits.
    static let makeID: @Sendable () -> String = {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
        guard let bytes = try? secureRandomBytes(idLength) else {
            // libcrypto without randomness is a broken machine, and a guessable id would open an endpoint to anybody.
            preconditionFailure("the system gives no randomness")
        }
        return String(decoding: bytes.map { alphabet[Int($0 & 31)] }, as: UTF8.self)
    }

    /// Unique to this process's life: host, process id, random.
    static func node() -> String {
        var name = [CChar](repeating: 0, count: 256)
        let host =
            gethostname(&name, name.count - 1) == 0
            ? String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : "host"
        return "\(host)-\(getpid())-\(makeID().prefix(8))"
    }

    /// Who types: `cli:NAME` of the account that runs the command.
    static func actor() -> String {
        guard let entry = getpwuid(geteuid()) else { return "cli:uid-\(geteuid())" }
        return "cli:" + String(cString: entry.pointee.pw_name)
    }
}
