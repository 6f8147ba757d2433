import Foundation
import LibCrypto

/// Takes a secret from a file, from standard input, or from a person without echo: never from an argument, which
/// every user of the machine could read.
enum SecretInput {
    static let bytesMax = 8192

    /// Without the newline that files and pipes end with. Throws a usage failure when nothing is left.
    static func read(file path: String?, prompt: String) throws -> Secret {
        var bytes: [UInt8]
        if let path {
            bytes = try read(file: path)
        } else if isatty(STDIN_FILENO) == 1 {
            bytes = try ask(prompt)
        } else {
            bytes = try read(STDIN_FILENO, from: "standard input")
        }
        defer { wipe(&bytes) }
        while let last = bytes.last, last == 10 || last == 13 { bytes.removeLast() }
        guard !bytes.isEmpty else {
            throw Failure(.usage, "the secret is empty: give it with --file, or on standard input")
        }
        guard !bytes.contains(where: { $0 < 32 || $0 == 127 }) else {
            throw Failure(.usage, "the secret has more than one line or control characters: give the secret alone")
        }
        return Secret(copying: bytes)
    }

    private static func read(file path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Failure(.usage, "--file: cannot read \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        return try read(descriptor, from: path)
    }

    private static func read(_ descriptor: Int32, from origin: String) throws -> [UInt8] {
        var all = [UInt8]()
        var buffer = [UInt8](repeating: 0, count: bytesMax + 1)
        defer { wipe(&buffer) }
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw Failure(.usage, "cannot read \(origin): \(String(cString: strerror(errno)))")
            }
            if count == 0 { return all }
            all += buffer[..<count]
            guard all.count <= bytesMax else {
                throw Failure(.usage, "\(origin) holds more than \(bytesMax) bytes: that is no credential")
            }
        }
    }

    private static func ask(_ prompt: String) throws -> [UInt8] {
        var former = termios()
        guard tcgetattr(STDIN_FILENO, &former) == 0 else {
            throw Failure(.failed, "the terminal cannot be set to hide what is typed: use --file")
        }
        var quiet = former
        quiet.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &former)
            Terminal.error("")
        }
        Terminal.error(prompt)
        var line = [UInt8]()
        var byte: UInt8 = 0
        while Foundation.read(STDIN_FILENO, &byte, 1) == 1, byte != 10, line.count <= bytesMax { line.append(byte) }
        return line
    }
}
