import Domain
package import Storage

/// One thing without which this process should get no traffic. `check` throws when it does not hold; what it throws
/// is logged and not shown to the caller.
package struct ReadinessCheck: Sendable {
    package let name: String
    package let check: @Sendable () async throws -> Void

    /// `name` is shown to anyone who asks: a word like `database`, nothing about a tenant.
    package init(_ name: String, check: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.check = check
    }

    /// `database`: it answers a read of one row.
    package static func database(_ database: any Database) -> ReadinessCheck {
        ReadinessCheck("database") {
            _ = try await database.read { try TenantsTable.find($0, tenant: TenantID("-")) }
        }
    }

    /// `draining`: this node leaves, and others are to get its traffic.
    package static func serving(_ isServing: @escaping @Sendable () -> Bool) -> ReadinessCheck {
        ReadinessCheck("draining") {
            guard isServing() else { throw NodeDrains() }
        }
    }

    private struct NodeDrains: Error, CustomStringConvertible {
        var description: String { "this node was told to drain, or stops" }
    }

    /// `migrations`: the schema is the one that this binary knows.
    package static func migrations(_ database: any Database) -> ReadinessCheck {
        ReadinessCheck("migrations") {
            let status = try await Migrator(database: database).status()
            guard status.isCurrent else {
                throw StorageError(
                    .other, "\(status.pending.count) migrations are pending: run `ml-connector migrate`")
            }
        }
    }
}
