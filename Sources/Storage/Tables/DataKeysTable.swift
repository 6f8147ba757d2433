package import Domain

/// A tenant's data key as it is kept: wrapped by the master key `kekID`.
package struct WrappedDataKey: Hashable, Sendable {
    /// From 1.
    package var version: Int
    package var kekID: String
    package var wrapped: [UInt8]
    package var createdAt: Timestamp

    package init(version: Int, kekID: String, wrapped: [UInt8], createdAt: Timestamp) {
        self.version = version
        self.kekID = kekID
        self.wrapped = wrapped
        self.createdAt = createdAt
    }
}

package enum DataKeysTable {
    private static let columns: SQLStatement = "version, kek_id, wrapped, created_at"

    package static func insert(_ db: any SQLConnection, tenant: TenantID, _ key: WrappedDataKey) throws {
        try db.execute(
            """
            INSERT INTO data_keys (tenant_id, \(columns))
            VALUES (\(tenant), \(key.version), \(key.kekID), \(key.wrapped), \(key.createdAt))
            """)
    }

    package static func find(_ db: any SQLConnection, tenant: TenantID, version: Int) throws -> WrappedDataKey? {
        try db.query("SELECT \(columns) FROM data_keys WHERE tenant_id = \(tenant) AND version = \(version)")
            .first.map(key)
    }

    package static func latest(_ db: any SQLConnection, tenant: TenantID) throws -> WrappedDataKey? {
        try db.query("SELECT \(columns) FROM data_keys WHERE tenant_id = \(tenant) ORDER BY version DESC LIMIT 1")
            .first.map(key)
    }

    package static func list(_ db: any SQLConnection, tenant: TenantID) throws -> [WrappedDataKey] {
        try db.query("SELECT \(columns) FROM data_keys WHERE tenant_id = \(tenant) ORDER BY version").map(key)
    }

    /// The ids of all master keys that some data key is wrapped by. Crosses tenants: asked once at start.
    package static func kekIDsInUse(_ db: any SQLConnection) throws -> [String] {
        try db.query("SELECT DISTINCT kek_id FROM data_keys ORDER BY kek_id").map { try $0.text("kek_id") }
    }

    private static func key(_ row: SQLRow) throws -> WrappedDataKey {
        WrappedDataKey(
            version: try row.int("version"), kekID: try row.text("kek_id"), wrapped: try row.blob("wrapped"),
            createdAt: try row.timestamp("created_at"))
    }
}
