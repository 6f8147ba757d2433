import Foundation

/// A lock of the kernel's on `<database>.lock`.
final class FileLock: ProcessLock {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// One process has a SQLite file, whoever asks.
    func share() {}

    /// Nil when another process holds it.
    static func acquire(database path: String) throws -> FileLock? {
        let name = path + ".lock"
        let descriptor = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StorageError(.ioFailure, "cannot open the lock file \(name): \(String(cString: strerror(errno)))")
        }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let reason = errno
            if reason == EINTR { continue }
            close(descriptor)
            if reason == EWOULDBLOCK { return nil }
            throw StorageError(.ioFailure, "cannot lock \(name): \(String(cString: strerror(reason)))")
        }
        note(getpid(), in: descriptor)
        return FileLock(descriptor: descriptor)
    }

    /// For the error's text only: who holds it is known to the kernel, not to the file.
    static func holder(database path: String) -> String {
        let text = (try? String(contentsOfFile: path + ".lock", encoding: .utf8)) ?? ""
        let digits = text.prefix { $0.isNumber }
        return digits.isEmpty ? "another process" : "process \(digits)"
    }

    private static func note(_ process: Int32, in descriptor: Int32) {
        let line = Array("\(process)\n".utf8)
        guard ftruncate(descriptor, 0) == 0 else { return }
        _ = pwrite(descriptor, line, line.count, 0)
    }
}
