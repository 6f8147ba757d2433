import Domain
import Foundation
import LibCrypto
import Sandbox
import Storage
import Sync

/// Kills the real server under load at random answers and looks in the database for everything that it had
/// acknowledged.
struct KillFigure: Figure {
    let names = ["acknowledged_lost"]

    private static let tenantCount = 20
    private static let patienceSeconds = 30.0
    /// Of 6000 that are sent, so that the server is always killed under load.
    private static let answersMax: UInt64 = 2500
    private static let messagesMax = 6000

    func measure(_ options: FigureOptions) async throws -> [Reading] {
        let stage = try await Stage.open(options.scratch)
        try await stage.add(0..<Self.tenantCount, tenantCount: Self.tenantCount)
        try stage.engine.end()
        var random = SandboxRandom(seed: options.seed)
        var acknowledged = 0
        var lost = 0
        for kill in 0..<options.kills {
            let messages = try Self.messages(kill)
            let answered = try await playOne(
                options.scratch, messages, answers: Int(1 + random.next() % Self.answersMax))
            let missing = try await Self.missing(answered.map { "evt_\(kill)_\($0)" }, options.scratch)
            acknowledged += answered.count
            lost += missing.count
            if !missing.isEmpty { tell("  lost at kill \(kill): \(missing.prefix(5))") }
        }
        guard acknowledged > 0 else { throw Load.Failed(description: "nothing was acknowledged before any kill") }
        return [
            Reading(
                "acknowledged_lost", Double(lost), aim: .atMost(0),
                "of \(acknowledged) that were acknowledged before \(options.kills) kills, seed \(options.seed)"),
            Reading("acknowledged_before_kills", Double(acknowledged)),
        ]
    }

    /// Which messages were answered 200 by a server that was killed at the answer with that number, while the others
    /// were under way.
    private func playOne(_ directory: String, _ messages: [[UInt8]], answers: Int) async throws -> [Int] {
        let server = Process()
        server.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "ml-connector")
        server.arguments = [
            "serve", "--port", "0", "--output", "json", "--database", directory + "/ml-connector.sqlite",
            "--key-file", directory + "/master.key", "--log-level", "error",
        ]
        let output = Pipe()
        server.standardOutput = output
        server.standardError = FileHandle.nullDevice
        try server.run()
        defer {
            kill(server.processIdentifier, SIGKILL)
            server.waitUntilExit()
        }
        let port = try await Self.port(saidTo: output.fileHandleForReading)
        var load = Load(port: port, connections: 32, messages: messages, seconds: Self.patienceSeconds)
        let process = server.processIdentifier
        load.interruption = Load.Interruption(answers: answers) { kill(process, SIGKILL) }
        return try await load.run().acknowledged
    }

    /// From the line that a server says when it listens; a server that ends says no more.
    private static func port(saidTo output: FileHandle) async throws -> Int {
        let line = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                var line: [UInt8] = []
                while line.last != UInt8(ascii: "\n"), let byte = try? output.read(upToCount: 1)?.first {
                    line.append(byte)
                }
                continuation.resume(returning: String(decoding: line, as: UTF8.self))
            }
        }
        guard let port = line.split(separator: ":").last.flatMap({ Int($0.filter(\.isNumber)) }) else {
            throw Load.Failed(description: "the server did not start")
        }
        return port
    }

    private static func missing(_ ids: [String], _ directory: String) async throws -> [String] {
        let database = try SQLiteDatabase(.pool(path: directory + "/ml-connector.sqlite"))
        let missing = try await database.read { db in
            try ids.filter { id in
                let index = id.split(separator: "_").last.flatMap { Int($0) } ?? 0
                let event = try EventsTable.find(db, tenant: Stage.tenant(index % tenantCount), eventID: id)
                return event?.body != Stage.event(id)
            }
        }
        try database.shutDown()
        return missing
    }

    private static func messages(_ kill: Int) throws -> [[UInt8]] {
        let keys = try (0..<tenantCount).map { try HMACKey(Secret(Stage.secret($0))) }
        return try (0..<messagesMax).map { index in
            let door = index % tenantCount
            let body = Stage.event("evt_\(kill)_\(index)")
            return Load.message(
                "/webhooks/stripe/\(Stage.endpointKey(door))", body, signature: try Stage.signature(body, keys[door]))
        }
    }
}
