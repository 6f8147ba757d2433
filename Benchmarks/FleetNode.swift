import Foundation

/// A real server in a process of its own.
final class Node: Sendable {
    let name: String
    private let process: Process
    private let scratch: String
    private let settings: [String: String]
    let log: String

    private static let binary = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "ml-connector")

    /// - Parameter environment: its settings, all of them.
    init(name: String, scratch: String, environment: [String: String]) throws {
        self.name = name
        self.scratch = scratch
        settings = environment
        log = scratch + "/\(name).log"
        guard FileManager.default.createFile(atPath: log, contents: nil) else {
            throw Load.Failed(description: "cannot write \(log)")
        }
        process = Process()
        process.executableURL = Self.binary
        process.arguments = ["serve", "--port", "0", "--port-file", scratch + "/\(name).port"]
        process.environment = environment
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle(forWritingAtPath: log)
        try Self.start(process)
    }

    deinit { signal(SIGKILL) }

    /// A child inherits the blocked signals of the thread that starts it, and a server must hear SIGTERM.
    private static func start(_ process: Process) throws {
        var none = sigset_t()
        var former = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &former)
        defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
        try process.run()
    }

    /// How the log names it: `host-process-random`.
    var processID: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }
    var status: Int32 { process.terminationStatus }

    func signal(_ signal: Int32) { if process.isRunning { kill(process.processIdentifier, signal) } }

    /// It stands still, by SIGSTOP.
    var isPaused: Bool {
        guard let text = FileManager.default.contents(atPath: "/proc/\(processID)/stat") else { return false }
        // The state follows the name, which may hold anything and ends with the last parenthesis.
        return String(decoding: text, as: UTF8.self).split(separator: ")").last?.hasPrefix(" T") == true
    }

    /// Nil until it takes requests.
    var port: Int? {
        guard let text = FileManager.default.contents(atPath: scratch + "/\(name).port") else { return nil }
        return Int(String(decoding: text, as: UTF8.self).filter(\.isNumber))
    }

    func said() -> String {
        FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Another command of the program, with the same settings: its exit status.
    func run(_ arguments: String...) async throws -> Int32 {
        let command = Process()
        command.executableURL = Self.binary
        command.arguments = arguments
        command.environment = settings
        command.standardOutput = FileHandle.nullDevice
        command.standardError = FileHandle(forWritingAtPath: log)
        try Self.start(command)
        try await Node.until("\(arguments) ends") { !command.isRunning }
        return command.terminationStatus
    }

    // MARK: Waiting

    private static let patienceSeconds = 600
    private static let pauseMilliseconds: Int64 = 20

    /// Asks again and again until it is so: another process tells nobody when.
    static func until(
        _ what: String, pauseMilliseconds: Int64 = pauseMilliseconds, _ isSo: () async throws -> Bool
    ) async throws {
        let limit = ContinuousClock.now + .seconds(patienceSeconds)
        while try await !isSo() {
            guard ContinuousClock.now < limit else { throw Load.Failed(description: "never: \(what)") }
            try await Task.sleep(for: .milliseconds(pauseMilliseconds))
        }
    }

    /// Until it takes requests: the port. Throws when it ends instead.
    func listening() async throws -> Int {
        try await Self.until("\(name) listens") {
            guard isRunning else { throw Load.Failed(description: "\(name) ended: \(said().suffix(500))") }
            return port != nil
        }
        return port ?? 0
    }

    // MARK: Memory

    /// Of its memory what is in the machine's now, and what was at the most.
    enum Memory: String {
        case resident = "VmRSS"
        case peak = "VmHWM"
    }

    func megabytes(_ memory: Memory) throws -> Double {
        let status = FileManager.default.contents(atPath: "/proc/\(processID)/status") ?? Data()
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first {
            $0.hasPrefix(memory.rawValue + ":")
        }
        // In units of 1024 bytes, which the kernel calls kB.
        guard let kibibytes = line.flatMap({ Int($0.filter(\.isNumber)) }) else {
            throw Load.Failed(description: "the kernel does not tell the memory of \(name)")
        }
        return Double(kibibytes) * 1024 / 1_000_000
    }
}

extension Companies {
    /// Of a server on them, with short patience: what became of a call is known soon after its server was killed.
    func settings(database: String, _ systems: Simulators.Systems) -> [String: String] {
        let visma = "http://127.0.0.1:\(systems.vismaPort)"
        return [
            "MLC_DATABASE": database, "MLC_KEY_FILE": keyFile,
            "MLC_STRIPE_URL": "http://127.0.0.1:\(systems.stripePort)", "MLC_VISMA_API_URL": visma,
            "MLC_VISMA_CONNECT_URL": visma, "MLC_VISMA_TIMEOUT_SECONDS": "2", "MLC_STRIPE_TIMEOUT_SECONDS": "2",
            "MLC_LATE_EFFECT_SECONDS": "1",
        ]
    }
}
