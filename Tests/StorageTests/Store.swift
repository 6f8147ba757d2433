import Domain
import Foundation
import Migrations
import Storage
import Testing

/// The engines that the conformance suite runs on.
enum Engine: String, CaseIterable, Sendable {
    case pool, inline
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

/// A migrated database in a file of its own, with two tenants.
struct Store {
    let directory: TemporaryDirectory
    let database: SQLiteDatabase

    var path: String { directory.path + "/store.sqlite" }

    init(_ engine: Engine, beforeCommit: (@Sendable () throws -> Void)? = nil) async throws {
        directory = try TemporaryDirectory()
        let path = directory.path + "/store.sqlite"
        database = try SQLiteDatabase(
            engine == .pool ? .pool(path: path) : .inline(path: path), beforeCommit: beforeCommit)
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
