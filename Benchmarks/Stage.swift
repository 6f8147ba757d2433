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

/// A network that nobody may use: receiving a webhook calls nobody.
struct NoNetwork: Transport {
    func send(_ request: OutboundRequest) async throws(TransportFailure) -> OutboundResponse {
        throw TransportFailure(kind: .notSent, text: "there is no network here")
    }
}

/// A durable database as `serve` opens it, with endpoints whose secrets are known here.
struct Stage: Sendable {
    static let bodyBytes = 3072

    let engine: any StageEngine
    let environment: SyncEnvironment
    let keyFile: String

    var database: any Database { engine.database }

    final class Counter: Sendable {
        private let count = Atomic<Int>(0)
        func add() { count.wrappingAdd(1, ordering: .relaxed) }
        var value: Int { count.load(ordering: .relaxed) }
    }

    static let now: @Sendable () -> Timestamp = {
        Timestamp(microseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000))
    }

    static func open(_ directory: String) async throws -> Stage {
        try await open(directory, on: try SQLiteStage(directory))
    }

    /// - Parameter directory: for the key file.
    static func open(_ directory: String, on engine: any StageEngine) async throws -> Stage {
        let database = engine.database
        try await Migrator(database: database).migrate(now: now())
        let keyFile = directory + "/master.key"
        _ = try MasterKeyFile.generate(at: keyFile, randomBytes: { try secureRandomBytes($0) })
        let vault = Vault(
            database: database, keys: try MasterKeyRing(file: keyFile), randomBytes: { try secureRandomBytes($0) })
        let nowhere = try HostRules().baseURL("http://127.0.0.1:1")
        let environment = SyncEnvironment(
            database: database, vault: vault, now: now, makeID: { UUID().uuidString }, transport: NoNetwork(),
            endpoints: .init(vismaAPI: nowhere, vismaConnect: nowhere, stripe: nowhere),
            log: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }, node: "bench")
        return Stage(engine: engine, environment: environment, keyFile: keyFile)
    }

    // MARK: Endpoints

    static func tenant(_ index: Int) -> TenantID { TenantID("tenant-\(index)") }
    /// As long as the connector makes them.
    static func endpointKey(_ index: Int) -> String { digits("endpoint", index) }
    static func secret(_ index: Int) -> String { "whsec_bench_\(index)_0123456789abcdef" }

    /// 24 characters that end in the number.
    static func digits(_ word: String, _ index: Int) -> String {
        let number = String(index)
        return word + String(repeating: "0", count: 24 - word.count - number.count) + number
    }

    private static let perTransaction = 1000

    /// Adds endpoints `range`, shared out among `tenantCount` tenants, which are made where they are missing: paused,
    /// so that a server that runs on this database stores their events and does nothing else, or active with nothing
    /// due.
    func add(_ range: Range<Int>, tenantCount: Int, state: TenantRecord.State = .paused) async throws {
        try await eachPart(of: range) { [environment] db, part in
            for index in part {
                let tenant = Self.tenant(index % tenantCount)
                if try TenantsTable.find(db, tenant: tenant) == nil { try Self.add(tenant, state, db, environment) }
                try Self.add(index, of: tenant, db, environment)
            }
        }
    }

    /// Adds active tenants with nothing due and without endpoints.
    func addTenants(_ range: Range<Int>) async throws {
        try await eachPart(of: range) { [environment] db, part in
            for index in part { try Self.add(Self.tenant(index), .active, db, environment) }
        }
    }

    private func eachPart(
        of range: Range<Int>, _ body: @escaping @Sendable (any SQLConnection, Range<Int>) throws -> Void
    ) async throws {
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.perTransaction) {
            try await database.write { try body($0, start..<min(start + Self.perTransaction, range.upperBound)) }
        }
    }

    private static func add(
        _ tenant: TenantID, _ state: TenantRecord.State, _ db: any SQLConnection, _ environment: SyncEnvironment
    ) throws {
        try TenantsTable.insert(
            db,
            TenantRecord(
                id: tenant, name: "\(tenant)", vismaTenant: "visma-\(tenant)", mode: .test, state: state,
                createdAt: now(), updatedAt: now()))
        if state == .active { try SchedulesTable.set(db, tenant: tenant, dueAt: idleUntil()) }
        try environment.vault.createDataKey(db, tenant: tenant, now: now())
    }

    /// When nothing will be measured any more.
    static func idleUntil() -> Timestamp { now().adding(seconds: 86_400) }

    private static func add(
        _ index: Int, of tenant: TenantID, _ db: any SQLConnection, _ environment: SyncEnvironment
    ) throws {
        let key = endpointKey(index)
        try EndpointsTable.insert(
            db, tenant: tenant,
            EndpointRecord(endpointKey: key, url: "https://bench.invalid/\(key)", state: .active, createdAt: now()))
        let sealed = try environment.vault.sealBytes(
            db, Secret(secret(index)), purpose: WebhookKeys.purpose, tenant: tenant,
            label: WebhookKeys.label(key, version: 1))
        try WebhookSecretsTable.insert(
            db, tenant: tenant, SealedSecret(endpointKey: key, version: 1, sealed: sealed))
    }

    // MARK: Events

    /// A snapshot event of about 3 KB, like an invoice's.
    static func event(_ id: String) -> [UInt8] { Array(#"{"id":"\#(id)""#.utf8) + rest }

    /// All of it but the id.
    private static let rest: [UInt8] = {
        var line = 0
        var lines = ""
        while lines.utf8.count < bodyBytes - 320 {
            line += 1
            lines +=
                (line > 1 ? "," : "")
                + #"{"id":"il_\#(line)","object":"line_item","amount":\#(line * 1250),"currency":"nok","# + "\n   "
                + #""description":"Services of period \#(line)","livemode":false,"metadata":{},"quantity":1}"#
        }
        let text =
            #","object":"event","api_version":"2026-09-30.basil","created":1795000000,"data":{"# + "\n "
            + #""object":{"id":"in_1PbenchInvoice0001","object":"invoice","customer":"cus_bench","lines":["# + lines
            + #"]}},"livemode":false,"pending_webhooks":1,"request":{"id":null,"idempotency_key":null},"#
            + #""type":"invoice.paid"}"#
        return Array(text.utf8)
    }()

    static func signature(_ body: [UInt8], _ key: HMACKey) throws -> String {
        let seconds = now().unixSeconds
        return "t=\(seconds),v1=\(hex(try key.code(Array("\(seconds).".utf8), body)))"
    }

    func app(_ ingress: WebhookIngress) -> WebApp {
        let ids = Counter()
        let start = ContinuousClock.now
        return WebApp(
            ingress: ingress, visma: VismaWebhooks(environment: environment) { _ in }, checks: [],
            metrics: PrometheusRegistry(),
            makeRequestID: {
                ids.add()
                return "request-\(ids.value)"
            }, uptime: { ContinuousClock.now - start })
    }
}
