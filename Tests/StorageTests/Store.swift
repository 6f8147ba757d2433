import Domain
import Foundation
import Migrations
import Storage
import Testing

/// The engines that the conformance suite runs on.
enum Engine: String, CaseIterable, Sendable {
    case pool, inline
    #if POSTGRES
        case postgres
    #endif

    /// One engine for each dialect of SQL: for what does not depend on threads and files.
    static let dialects = allCases.filter { $0 != .pool }
}

/// A directory of its own that goes when the test does.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array((NSTemporaryDirectory() + "mlc-storage-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw StorageError(.ioFailure, "mkdtemp failed") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

let now = Timestamp(unixSeconds: 1_790_000_000)
let nord = TenantID("nord")
let kyst = TenantID("kyst")
let invoice = Subject.document(DocumentRef(type: .invoice, number: "000224"))
let invoiceRef = DocumentRef(type: .invoice, number: "000224")

/// The rows of a test, which go when it does.
enum Place: Sendable {
    case file(TemporaryDirectory, isPooled: Bool)
    #if POSTGRES
        case postgres(TestDatabase)
    #endif

    /// - Parameter isMigrated: whether a server's database has its schema already, which is quicker.
    init(_ engine: Engine, isMigrated: Bool) async throws {
        switch engine {
        case .pool: self = .file(try TemporaryDirectory(), isPooled: true)
        case .inline: self = .file(try TemporaryDirectory(), isPooled: false)
        #if POSTGRES
            case .postgres: self = .postgres(try await TestCluster.makeDatabase(isMigrated: isMigrated))
        #endif
        }
    }

    func open(beforeCommit: (@Sendable () throws -> Void)? = nil) throws -> any Database {
        switch self {
        case .file(let directory, let isPooled):
            let path = directory.path + "/store.sqlite"
            return try SQLiteDatabase(
                isPooled ? .pool(path: path) : .inline(path: path), beforeCommit: beforeCommit)
        #if POSTGRES
            case .postgres(let place):
                return PostgresDatabase(try PostgresAddress(url: place.url)) {
                    // The database goes with its place, so an open one keeps it.
                    try withExtendedLifetime(place) { try beforeCommit?() }
                }
        #endif
        }
    }
}

/// A migrated database of its own, with two tenants.
struct Store {
    let place: Place
    let database: any Database

    /// Of a SQLite engine.
    var path: String {
        guard case .file(let directory, _) = place else { return "" }
        return directory.path + "/store.sqlite"
    }

    /// Of a SQLite engine.
    var sqlite: SQLiteDatabase {
        get throws { try #require(database as? SQLiteDatabase) }
    }

    init(_ engine: Engine, beforeCommit: (@Sendable () throws -> Void)? = nil) async throws {
        place = try await Place(engine, isMigrated: true)
        database = try place.open(beforeCommit: beforeCommit)
        try await Migrator(database: database).migrate(now: now)
        try await database.write { db in
            for tenant in [nord, kyst] {
                try TenantsTable.insert(
                    db,
                    TenantRecord(
                        id: tenant, name: tenant.rawValue, mode: .test, state: .active, createdAt: now,
                        updatedAt: now))
            }
        }
    }
}

/// The code that `body` fails with.
func code(_ body: () throws -> Void) -> StorageError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? StorageError)?.code
    }
}

/// The code that `body` fails with.
func asyncCode(_ body: () async throws -> Void) async -> StorageError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? StorageError)?.code
    }
}
