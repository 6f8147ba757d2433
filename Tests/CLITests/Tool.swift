import Foundation
import Testing

/// The real binary, run in a directory of its own that is removed at the end.
final class Tool {
    /// How long one command, or one line of its output, may take.
    static let secondsMax = 60

    struct Result {
        var status: Int32
        var output: String
        var errors: String

        /// The last line of standard output as a JSON object.
        func json() throws -> [String: Any] {
            let last = try #require(output.split(separator: "\n").last)
            return try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
        }
    }

    let directory: URL
    /// Settings of every command of this tool.
    var environment: [String: String] = [:]

    static let binary: URL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("ml-connector")

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("clitests-" + Self.unique())
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    private static func unique() -> String {
        ProcessInfo.processInfo.globallyUniqueString
    }

    func path(_ name: String) -> String { directory.appendingPathComponent(name).path }
    var database: String { path(".state/ml-connector.sqlite") }
    var keyFile: String { path(".state/master.key") }

    /// A database and a key, as `key generate` and `migrate` make them.
    func setUp() throws {
        try #require(run("key", "generate").status == 0)
        try #require(run("migrate").status == 0)
    }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: directory.appendingPathComponent(name))
        return path(name)
    }

    func run(_ arguments: String..., input: String = "", settings: [String: String] = [:]) throws -> Result {
        try run(arguments, input: input, settings: settings)
    }

    func run(_ arguments: [String], input: String = "", settings: [String: String] = [:]) throws -> Result {
        let running = try start(arguments, input: input, settings: settings)
        let status = try running.wait()
        return Result(status: status, output: running.text(.output), errors: running.text(.errors))
    }

    /// Starts a command and leaves it running; it is killed when the value ends.
    func start(_ arguments: [String], input: String = "", settings: [String: String] = [:]) throws -> Running {
        try Running(self, arguments, input: input, settings: settings)
    }

    /// A hash over everything that the database holds, read by another program.
    func contents() throws -> String {
        try python(
            """
            import hashlib, sqlite3, sys
            rows = "\\n".join(sqlite3.connect(sys.argv[1]).iterdump())
            print(hashlib.sha256(rows.encode()).hexdigest())
            """, database)
    }

    /// Runs a script of Python's standard library and answers what it printed.
    @discardableResult
    func python(_ script: String, _ arguments: String...) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "the Python script failed")
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// A command under way. Its output goes to files, so that no pipe can fill up; lines are awaited through a pipe that
/// `tail` holds open.
final class Running {
    enum Stream: String { case output, errors }

    private let process = Process()
    private let ended = DispatchSemaphore(value: 0)
    private let folder: URL
    private var followers: [Process] = []

    init(_ tool: Tool, _ arguments: [String], input: String, settings: [String: String]) throws {
        folder = tool.directory.appendingPathComponent("run-" + ProcessInfo.processInfo.globallyUniqueString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["input", Stream.output.rawValue, Stream.errors.rawValue] {
            let text = name == "input" ? input : ""
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        }
        process.executableURL = Tool.binary
        process.arguments = arguments
        process.currentDirectoryURL = tool.directory
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": tool.directory.path]
            .merging(tool.environment) { $1 }.merging(settings) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: folder.appendingPathComponent("input"))
        process.standardOutput = try FileHandle(forWritingTo: folder.appendingPathComponent(Stream.output.rawValue))
        process.standardError = try FileHandle(forWritingTo: folder.appendingPathComponent(Stream.errors.rawValue))
        process.terminationHandler = { [ended] _ in ended.signal() }
        try process.run()
    }

    deinit {
        for follower in followers where follower.isRunning { follower.terminate() }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    func signal(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// The exit status, or the negative signal. Fails when the command does not end in time.
    func wait() throws -> Int32 {
        guard ended.wait(timeout: .now() + .seconds(Tool.secondsMax)) == .success else {
            kill(process.processIdentifier, SIGKILL)
            Issue.record("the command did not end within \(Tool.secondsMax) seconds")
            throw CancellationError()
        }
        return process.terminationReason == .uncaughtSignal ? -process.terminationStatus : process.terminationStatus
    }

    func text(_ stream: Stream) -> String {
        let data = FileManager.default.contents(atPath: folder.appendingPathComponent(stream.rawValue).path)
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    /// The first line that contains `mark`, waited for by blocking reads that end with the process or in time.
    func line(of stream: Stream, containing mark: String) throws -> String {
        let tail = Process()
        tail.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tail.arguments = [
            "timeout", "\(Tool.secondsMax)", "tail", "-n", "+1", "--pid=\(process.processIdentifier)", "-f",
            folder.appendingPathComponent(stream.rawValue).path,
        ]
        let pipe = Pipe()
        tail.standardOutput = pipe
        try tail.run()
        followers.append(tail)
        defer { tail.terminate() }
        var seen = ""
        while let part = try pipe.fileHandleForReading.read(upToCount: 4096), !part.isEmpty {
            seen += String(decoding: part, as: UTF8.self)
            let lines = seen.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let found = lines.first(where: { $0.contains(mark) }) { return String(found) }
        }
        Issue.record("no line with '\(mark)' came; errors were: \(text(.errors))")
        throw CancellationError()
    }
}
