import AsyncHTTPClient
import Domain
import Foundation
import LibCrypto
import Logging
import Outbound
import Storage
import Sync
import Vault

/// Makes the live things, once each: database, vault, network, environment. The composition root; whoever asks for
/// one gets it closed again at the end.
struct Assembly: Sendable {
    /// How long a node waits for a process that has the database alone.
    private static let joinSecondsMax: Int64 = 30
    private static let joinPauseMilliseconds: Int64 = 100

    let settings: Settings
    let database: any Database
    let redaction: Redaction
    let environment: SyncEnvironment
    let registry: TenantRegistry
    /// Of use only in a process that joins.
    let membership: NodeMembership
    let calls: CallCounter
    private let client: HTTPClient

    /// `database` must be open and current.
    private init(settings: Settings, database: any Database, isNode: Bool) async throws {
        self.settings = settings
        self.database = database
        redaction = Redaction()
        LogOutput.start(format: settings.logFormat, level: settings.logLevel, redaction: redaction)
        let vault = Vault(
            database: database, keys: try settings.masterKeys(), randomBytes: SystemSource.randomBytes)
        try await vault.requireMasterKeys()
        client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: HTTPClientTransport.configuration())
        calls = CallCounter()
        let stripe = settings.endpoints.stripe.text + "/"
        let limited = LimitedTransport(HTTPClientTransport(client: client, rules: settings.rules)) { request in
            request.url.hasPrefix(stripe) ? .stripe : .visma
        }
        let transport = WatchedTransport(
            limited, redaction: redaction, calls: calls, endpoints: settings.endpoints)
        let switches = [
            settings.killAt.map { KillSwitch($0, isPause: false) },
            settings.pauseAt.map { KillSwitch($0, isPause: true) },
        ].compactMap { $0 }
        var environment = SyncEnvironment(
            database: database, vault: vault, now: SystemSource.now, makeID: SystemSource.makeID,
            transport: transport, endpoints: settings.endpoints, log: Logger(label: "sync"),
            reached: { checkpoint in for one in switches { one.reached(checkpoint) } }, node: SystemSource.node(),
            lateEffectSeconds: settings.lateEffectSeconds, writesOn: settings.writesOn,
            publicURL: settings.publicURL, redaction: redaction)
        // Without a heartbeat a lease must outlast the longest call.
        if isNode {
            environment.leaseSeconds = settings.leaseSeconds
            environment.pingEverySeconds = SyncEnvironment.pingEverySecondsDefault
        }
        let membership = NodeMembership(environment: environment, version: Product.version)
        environment.isLeaving = { membership.isDraining }
        self.environment = environment
        self.membership = membership
        registry = TenantRegistry(environment: environment)
    }

    var admin: TenantAdmin { TenantAdmin(environment: environment, actor: SystemSource.actor()) }

    private func shutDown() async throws {
        try await client.shutdown()
    }

    // MARK: Opening and closing

    /// Runs `body` with everything: keys are needed. The database must be there and current.
    static func run<R: Sendable>(
        _ settings: Settings, _ body: (Assembly) async throws -> R
    ) async throws -> R {
        try await run(settings, database: open(settings), isNode: false, body)
    }

    /// Runs `body` as a node of the database, made or migrated first: for `serve`. Throws a refusal when a process is
    /// in the way, before anything could disturb that.
    static func runAsNode<R: Sendable>(
        _ settings: Settings, _ body: (Assembly) async throws -> R
    ) async throws -> R {
        // Nothing is made on disk before the keys are known to be good.
        _ = try settings.masterKeys()
        let address = settings.database
        try makeParent(of: address)
        let (lock, database) = try await joinLock(settings)
        defer { withExtendedLifetime(lock) {} }
        return try await run(settings, database: database, isNode: true) { assembly in
            try await assembly.membership.join()
            return try await body(assembly)
        }
    }

    /// The first node brings the schema up and ends what is left of processes that died; the others come to it as it
    /// is.
    private static func joinLock(_ settings: Settings) async throws -> (any ProcessLock, any Database) {
        let address = settings.database
        let patience = ContinuousClock.now + .seconds(joinSecondsMax)
        repeat {
            if let lock = try await address.acquireLock() {
                let database = try address.open()
                do {
                    try await Migrator(database: database).migrate(now: SystemSource.now())
                    try await database.write { db in
                        _ = try LeasesTable.clearAcrossTenants(db)
                        try NodesTable.removeAll(db)
                    }
                    try await lock.share()
                    return (lock, database)
                } catch {
                    try? database.shutDown()
                    throw error
                }
            }
            if let lock = try await address.acquireSharedLock() { return (lock, try await open(settings)) }
            guard address.isForMany else { break }
            // Another node migrates, or a command works for a moment.
            try await Task.sleep(for: .milliseconds(joinPauseMilliseconds))
        } while ContinuousClock.now < patience
        throw Failure(
            .refused,
            "\(address.lockHolder) works on the database \(address) already: stop it, or give another with "
                + "--database")
    }

    private static func run<R: Sendable>(
        _ settings: Settings, database: any Database, isNode: Bool, _ body: (Assembly) async throws -> R
    ) async throws -> R {
        do {
            let assembly = try await Assembly(settings: settings, database: database, isNode: isNode)
            do {
                let result = try await body(assembly)
                try await assembly.shutDown()
                try database.shutDown()
                return result
            } catch {
                try? await assembly.shutDown()
                throw error
            }
        } catch {
            try? database.shutDown()
            throw error
        }
    }

    /// Runs `body` with the database alone: for commands that only read, and need no key.
    static func read<R: Sendable>(
        _ settings: Settings, _ body: @escaping @Sendable (any SQLConnection) throws -> R
    ) async throws -> R {
        LogOutput.start(format: settings.logFormat, level: settings.logLevel, redaction: Redaction())
        let database = try await open(settings)
        defer { try? database.shutDown() }
        return try await database.read(body)
    }

    /// Opens the database, which must be there and have exactly this version's history.
    static func open(_ settings: Settings) async throws -> any Database {
        let address = settings.database
        if let path = address.path, !FileManager.default.fileExists(atPath: path) {
            throw Failure(
                .refused,
                "there is no database at \(path): make it with `ml-connector migrate`, or name another with "
                    + "--database")
        }
        let database = try address.open()
        do {
            let status = try await Migrator(database: database).status()
            guard status.isCurrent else {
                throw Failure(
                    .refused,
                    "the database at \(address) lacks \(status.pendingTitles.joined(separator: ", ")): "
                        + "run `ml-connector migrate`")
            }
            return database
        } catch {
            try? database.shutDown()
            throw error
        }
    }

    /// The directory that a file is to be made in, for its owner only.
    static func makeParent(of address: DatabaseAddress) throws {
        if let path = address.path { try makeParent(of: path) }
    }

    static func makeParent(of path: String) throws {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent()
        guard !FileManager.default.fileExists(atPath: parent.path) else { return }
        do {
            try FileManager.default.createDirectory(
                at: parent, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure(.failed, "cannot make the directory \(parent.path): \(error.localizedDescription)")
        }
    }

    // MARK: Ownership

    /// Takes the lock of the database, and ends the leases of processes that died. Nil when another process holds it.
    func takeOwnership() async throws -> (any ProcessLock)? {
        guard let lock = try await settings.database.acquireLock() else { return nil }
        try await database.write { _ = try LeasesTable.clearAcrossTenants($0) }
        return lock
    }
}
