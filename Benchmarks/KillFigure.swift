import Domain
import Foundation
import LibCrypto
import Sandbox
import Storage
import Sync

/// Kills the real server under load at random moments and looks in the database for everything that it had
/// acknowledged.
struct KillFigure: Figure {
    let names = ["acknowledged_lost"]

    private static let tenantCount = 20
    private static let patienceSeconds = 30.0
    /// More than are sent before the kill.
    private static let messagesMax = 6000

    func measure(_ options: FigureOptions) async throws -> [Reading] {
        let stage = try await Stage.open(options.scratch)
        try await stage.add(0..<Self.tenantCount, tenantCount: Self.tenantCount)
        try stage.database.shutDown()
        var random = SandboxRandom(seed: options.seed)
        var acknowledged = 0
        var lost = 0
        for kill in 0..<options.kills {
            let messages = try Self.messages(kill)
            let answered = try await playOne(
                options.scratch, messages, afterMilliseconds: Int(20 + random.next() % 400))
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

    /// Which messages were answered 200 by a server that was killed so long after the first of them.
    private func playOne(_ directory: String, _ messages: [[UInt8]], afterMilliseconds: Int) async throws -> [Int] {
        let portFile = directory + "/port"
        try? FileManager.default.removeItem(atPath: portFile)
        let server = Process()
        server.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "ml-connector")
        server.arguments = [
            "serve", "--port", "0", "--port-file", portFile, "--database", directory + "/ml-connector.sqlite",
            "--key-file", directory + "/master.key", "--log-level", "error",
        ]
        server.standardError = FileHandle.nullDevice
        try server.run()
        defer {
            kill(server.processIdentifier, SIGKILL)
            server.waitUntilExit()
        }
        let port = try await Self.port(in: portFile, of: server)
        async let result = Load(port: port, connections: 32, messages: messages, seconds: 20).run()
        try await Task.sleep(for: .milliseconds(afterMilliseconds))
        kill(server.processIdentifier, SIGKILL)
        return try await result.acknowledged
    }

    private static func port(in file: String, of server: Process) async throws -> Int {
        let limit = ContinuousClock.now + .seconds(patienceSeconds)
        while ContinuousClock.now < limit, server.isRunning {
            if let data = FileManager.default.contents(atPath: file),
                let port = Int(String(decoding: data, as: UTF8.self).filter(\.isNumber))
            {
                return port
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw Load.Failed(description: "the server did not start")
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
