import Foundation
import Testing

/// The real binary, run in a directory of its own that is removed at the end.
final class Tool {
    /// How long one command, or one line of its output, may take. A server under test lives as long as its test,
    /// which shares few threads with all others: this only ends what hangs.
    static let secondsMax = 600

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
        let status = running.wait()
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
        let output = path("python-" + Self.unique())
        let process = try Spawn.start(
            ["/usr/bin/python3", "-c", script] + arguments, environment: [:], input: "/dev/null", output: output,
            errors: output)
        let status = Spawn.wait(process)
        let text = try String(contentsOfFile: output, encoding: .utf8)
        try #require(status == 0, "the Python script failed: \(text)")
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// A command under way, its output in files. `timeout` kills it when it takes too long, so that every wait ends.
final class Running {
    enum Stream: String { case output, errors }

    private let folder: String
    private let process: pid_t
    private var ended: Int32?

    init(_ tool: Tool, _ arguments: [String], input: String, settings: [String: String]) throws {
        folder = tool.path("run-" + ProcessInfo.processInfo.globallyUniqueString)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(input.utf8).write(to: URL(fileURLWithPath: folder + "/input"))
        for stream in [Stream.output, .errors] {
            try Data().write(to: URL(fileURLWithPath: folder + "/" + stream.rawValue))
        }
        process = try Spawn.start(
            [
                "/usr/bin/env", "-C", tool.directory.path, "timeout", "-s", "KILL", "\(Tool.secondsMax)",
                Tool.binary.path,
            ]
                + arguments,
            environment: ["PATH": "/usr/bin:/bin", "HOME": tool.directory.path]
                .merging(tool.environment) { $1 }.merging(settings) { $1 },
            input: folder + "/input", output: folder + "/output", errors: folder + "/errors")
    }

    deinit {
        guard ended == nil else { return }
        // `timeout` passes SIGTERM on to the command and ends with it.
        kill(process, SIGTERM)
        _ = Spawn.wait(process)
    }

    func signal(_ signal: Int32) { kill(process, signal) }

    /// The exit status, or the negative signal.
    func wait() -> Int32 {
        if let ended { return ended }
        let status = Spawn.wait(process)
        ended = status
        return status
    }

    func text(_ stream: Stream) -> String {
        String(decoding: FileManager.default.contents(atPath: folder + "/" + stream.rawValue) ?? Data(), as: UTF8.self)
    }

    /// The first line that contains `mark`, waited for until the command ends.
    func line(of stream: Stream, containing mark: String) throws -> String {
        let found = folder + "/line-" + ProcessInfo.processInfo.globallyUniqueString
        let script = #"grep -m 1 -F -- "$1" <(exec tail -n +1 -f --pid="$2" "$3")"#
        let reader = try Spawn.start(
            [
                "/usr/bin/timeout", "-s", "KILL", "\(Tool.secondsMax)", "/bin/bash", "-c", script, "bash", mark,
                "\(process)", folder + "/" + stream.rawValue,
            ],
            environment: ["PATH": "/usr/bin:/bin"], input: "/dev/null", output: found, errors: found)
        let status = Spawn.wait(reader)
        try #require(status == 0, "no line with '\(mark)' came; errors were: \(text(.errors))")
        return try String(contentsOfFile: found, encoding: .utf8).trimmingCharacters(in: .newlines)
    }
}
