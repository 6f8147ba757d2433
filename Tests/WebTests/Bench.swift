import Dispatch
import Domain
import Foundation
import LibCrypto
import Logging
import Outbound
import Storage
import Sync
import Synchronization
import Vault
import Web

/// A request that Stripe would have sent, or somebody else.
struct Delivery {
    var body: [UInt8]
    var signature: String?
    var path = "/webhooks/stripe"

    static func event(_ id: String, live: Bool = false) -> [UInt8] {
        Array(
            """
            {"id":"\(id)","object":"event","type":"invoice.paid","livemode":\(live),"created":1790000000,
             "data":{"object":{"id":"in_1","object":"invoice","note":"payload-marker"}}}
            """.utf8)
    }

    static func header(_ body: [UInt8], secret: String, at seconds: Int64) throws -> String {
        let code = try HMACKey(Secret(secret)).code(Array("\(seconds).".utf8), body)
        return "t=\(seconds),v1=\(hex(code))"
    }
}

/// What a commit does that has been armed.
enum CommitFault: Sendable {
    case none, fails
    /// Says so and waits to be released.
    case stalls(reached: @Sendable () -> Void, release: DispatchSemaphore)
}

/// Everything a log says, as text.
final class LogBook: Sendable {
    private let book = Mutex<[String]>([])
    var text: String { book.withLock { $0.joined(separator: "\n") } }
    func add(_ line: String) { book.withLock { $0.append(line) } }

    func logger() -> Logger {
        Logger(label: "test") { _ in Handler(book: self) }
    }

    private struct Handler: LogHandler {
        let book: LogBook
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            book.add("\(event.level) \(event.message) \(all) \(event.error.map { "\($0)" } ?? "")")
        }
    }
}

/// A network that nobody may use: receiving a webhook calls nobody.
private struct NoNetwork: Transport {
    func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse {
        throw TransportFailure(kind: .notSent, text: "there is no network here")
    }
}

/// A real ingress on a real database with two tenants in test mode, each with one endpoint.
struct Bench: Sendable {
    static let now = Timestamp(unixSeconds: 1_790_000_000)
    static let alpha = TenantID("alpha")
    static let beta = TenantID("beta")

    let database: SQLiteDatabase
    let vault: Vault
    let ingress: WebhookIngress
    let visma: VismaWebhooks
    let fault: @Sendable (CommitFault) -> Void
    let log: LogBook

    static func secret(_ tenant: TenantID) -> String { "whsec_\(tenant)_0123456789abcdef" }
    static func endpointKey(_ tenant: TenantID) -> String { "key\(tenant)" }

    static func open(_ mode: SQLiteDatabase.Mode = .inline(path: nil)) async throws -> Bench {
        let armed = FaultBox()
        let database = try SQLiteDatabase(mode, beforeCommit: { try armed.strike() })
        try await Migrator(database: database).migrate(now: now)
        let keys = try MasterKeyRing(
            parsing: Secret("test:" + String(repeating: "A", count: 43) + "="), origin: "the test")
        let vault = Vault(database: database, keys: keys, randomBytes: { try secureRandomBytes($0) })
        for tenant in [alpha, beta] { try await add(tenant, to: database, vault) }
        let nowhere = try HostRules().baseURL("http://127.0.0.1:1")
        let log = LogBook()
        let environment = SyncEnvironment(
            database: database, vault: vault, now: { now }, makeID: { "unused" }, transport: NoNetwork(),
            endpoints: .init(vismaAPI: nowhere, vismaConnect: nowhere, stripe: nowhere), log: log.logger(),
            node: "test")
        let ingress = WebhookIngress(environment: environment) { _ in }
        try await ingress.reload()
        return Bench(
            database: database, vault: vault, ingress: ingress, visma: VismaWebhooks(environment: environment) { _ in },
            fault: { armed.arm($0) }, log: log)
    }

    private static func add(_ tenant: TenantID, to database: SQLiteDatabase, _ vault: Vault) async throws {
        try await database.write { db in
            try TenantsTable.insert(
                db,
                TenantRecord(
                    id: tenant, name: "Company \(tenant)", vismaTenant: "visma-\(tenant)", company: "\(tenant)",
                    stripeAccount: "acct_\(tenant)", mode: .test, state: .active, createdAt: now, updatedAt: now))
            try vault.createDataKey(db, tenant: tenant, now: now)
            let key = endpointKey(tenant)
            try EndpointsTable.insert(
                db, tenant: tenant,
                EndpointRecord(
                    endpointKey: key, stripeEndpointID: "we_\(tenant)", url: "https://example.test/\(key)",
                    state: .active, createdAt: now))
            let sealed = try vault.sealBytes(
                db, Secret(secret(tenant)), purpose: WebhookKeys.purpose, tenant: tenant,
                label: WebhookKeys.label(key, version: 1))
            try WebhookSecretsTable.insert(
                db, tenant: tenant, SealedSecret(endpointKey: key, version: 1, sealed: sealed))
        }
    }

    /// A delivery signed by `tenant`'s secret, `age` seconds ago.
    func signed(_ body: [UInt8], by tenant: TenantID = Bench.alpha, age: Int64 = 0) throws -> Delivery {
        Delivery(
            body: body,
            signature: try Delivery.header(
                body, secret: Self.secret(tenant), at: Self.now.unixSeconds - age))
    }

    func events(_ tenant: TenantID = Bench.alpha) async throws -> [StoredEvent] {
        try await database.read { try EventsTable.list($0, tenant: tenant, limit: 100) }
    }

    func app(
        checks: [ReadinessCheck] = [], remarks: [String] = [], metrics: PrometheusRegistry = PrometheusRegistry(),
        trust: PeerTrust = PeerTrust()
    ) -> WebApp {
        let count = Counting()
        return WebApp(
            ingress: ingress, visma: visma, checks: checks, metrics: metrics, remarks: remarks,
            gauges: TenantGauges(database: database).samples, trust: trust,
            makeRequestID: { "request-\(count.next())" }, uptime: { .milliseconds(count.next()) })
    }
}

private final class FaultBox: Sendable {
    private let fault = Mutex(CommitFault.none)
    func arm(_ next: CommitFault) { fault.withLock { $0 = next } }

    func strike() throws {
        switch fault.withLock({ $0 }) {
        case .none: return
        case .fails: throw StorageError(.ioFailure, "the disk did not take it")
        case .stalls(let reached, let release):
            reached()
            release.wait()
        }
    }
}

final class Counting: Sendable {
    private let count = Mutex(0)
    func next() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }
}

/// A new empty directory for the length of `body`.
func withDirectory<R>(_ body: (String) async throws -> R) async throws -> R {
    var template = Array("/tmp/web-tests-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw StorageError(.notWritable, "no temporary directory") }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
