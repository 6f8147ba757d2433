import Domain
import Foundation
import LibCrypto

/// Time, randomness and names as the machine has them: handed out by Assembly, used nowhere else.
enum SystemSource {
    static let idLength = 24

    static let now: @Sendable () -> Timestamp = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
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
        let host = gethostname(&name, name.count - 1) == 0 ? String(cString: name) : "host"
        return "\(host)-\(getpid())-\(makeID().prefix(8))"
    }

    /// Who types: `cli:NAME` of the account that runs the command.
    static func actor() -> String {
        guard let entry = getpwuid(geteuid()) else { return "cli:uid-\(geteuid())" }
        return "cli:" + String(cString: entry.pointee.pw_name)
    }
}
