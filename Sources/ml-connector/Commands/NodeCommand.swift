import ArgumentParser
import Domain
import Outbound
import Storage
import Sync

struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Servers that share one database.", subcommands: [List.self, Drain.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the servers, with how many companies each has a turn of now.",
            discussion: """
                States are active, draining (it takes no more turns) and gone (its heartbeat ended without a goodbye; \
                it is forgotten after a day).

                Example: ml-connector node list --output json
                """)

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let now = SystemSource.now()
            let records = try await Assembly.read(Settings.load(store.given)) { db in
                let now = try db.serverTime() ?? now
                return try NodesTable.list(db).map { try NodeView.record($0, db, now: now) }
            }
            format.show(records, as: "nodes", columns: ["node", "state", "version", "started_at", "beat_at", "leases"])
        }
    }

    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has a server let go of its companies, and waits until it holds none.",
            discussion: """
                The others take over at once; the server ends the turns under way, answers 503 at /readyz, so that a \
                load balancer leaves it, and goes on taking webhooks. It stays so until it is stopped. Exit status 5 \
                when it still held something at the end of the time.

                Example: ml-connector node drain connector-1-4711-abcdefgh && systemctl restart ml-connector
                """)

        static let timeoutSecondsMax: Int64 = 86_400
        static let pollMilliseconds: Int64 = 100

        @Argument(help: "The server, as `node list` names it.") var node: String

        @Option(name: .long, help: "How many seconds to wait at most.")
        var timeout: Int64 = 120

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func validate() throws {
            guard (1...Self.timeoutSecondsMax).contains(timeout) else {
                throw ValidationError("--timeout must be from 1 to \(Self.timeoutSecondsMax) seconds")
            }
        }

        func run() async throws {
            let settings = try Settings.load(store.given)
            LogOutput.start(format: settings.logFormat, level: settings.logLevel, redaction: .init())
            let database = try await Assembly.open(settings)
            defer { try? database.shutDown() }
            let node = node
            guard try await database.write({ try NodesTable.drain($0, id: node) }) else {
                throw Failure(.notFound, "there is no node '\(node)'; `ml-connector node list` shows them")
            }
            let view = try await emptied(database)
            format.show(view.record)
            guard view.isEmpty else {
                throw Failure(.partly, "node '\(node)' still holds \(view.leases) leases: wait with a larger --timeout")
            }
        }

        /// Looks until the node holds nothing, or the time is over. One that has left meanwhile holds nothing.
        private func emptied(_ database: any Database) async throws -> NodeView {
            let patience = ContinuousClock.now + .seconds(timeout)
            while true {
                let (node, local) = (node, SystemSource.now())
                let view = try await database.read { db in
                    let now = try db.serverTime() ?? local
                    return NodeView(
                        id: node, node: try NodesTable.find(db, id: node),
                        leases: try LeasesTable.countAcrossTenants(db, owner: node, now: now), now: now)
                }
                if view.isEmpty || ContinuousClock.now > patience { return view }
                try await Task.sleep(for: .milliseconds(Self.pollMilliseconds))
            }
        }
    }
}

/// A node as it is shown.
struct NodeView: Sendable {
    var id: String
    /// Nil when it has left.
    var node: NodeRecord?
    var leases: Int
    /// By the database.
    var now: Timestamp

    var isEmpty: Bool { leases == 0 }

    private var state: String {
        guard let node else { return "left" }
        return node.expiresAt > now ? node.state.rawValue : "gone"
    }

    var record: Record {
        [
            "node": .text(id), "state": .text(state), "version": Value(node?.version),
            "started_at": Value(node?.startedAt), "beat_at": Value(node?.beatAt), "expires_at": Value(node?.expiresAt),
            "leases": Value(leases),
        ]
    }

    static func record(_ node: NodeRecord, _ db: any SQLConnection, now: Timestamp) throws -> Record {
        let leases = try LeasesTable.countAcrossTenants(db, owner: node.id, now: now)
        return NodeView(id: node.id, node: node, leases: leases, now: now).record
    }
}
