#if POSTGRES
    import Domain
    import Foundation
    import LibCrypto
    import Sandbox
    import Storage

    /// Companies on one PostgreSQL with both simulators in this process, for real servers that share them.
    final class Fleet: Sendable {
        /// Of the leases; short, so that a handover does not take long.
        static let leaseSeconds = 3

        let companies: Companies
        let cluster: PrivateCluster
        let database: PostgresDatabase
        let url: String
        let scratch: String

        var tenants: [TenantID] { companies.tenants }
        var invoicesPerCompany: Int { companies.plan.invoicesEach }
        var stripe: StripeSimulator { companies.stripe }
        var visma: VismaSimulator { companies.visma }

        /// - Parameter invoices: so many at least, the same for each company.
        init(scratch: String, tenantCount: Int, invoices: Int, seed: UInt64) async throws {
            self.scratch = scratch
            cluster = try PrivateCluster(.none, password: hex(try secureRandomBytes(16)))
            url = try cluster.makeDatabase("fleet")
            database = PostgresDatabase(try PostgresAddress(url: url))
            companies = try await Companies(
                .init(count: tenantCount, invoicesEach: (invoices + tenantCount - 1) / tenantCount, seed: seed),
                database: database, scratch: scratch)
        }

        func end() {
            database.shutDown()
            cluster.stop()
        }

        // MARK: Servers

        func start(_ name: String, _ systems: Simulators.Systems, _ more: [String: String] = [:]) throws -> Node {
            try Node(
                name: name, scratch: scratch,
                environment: companies.settings(database: url, systems).merging([
                    // Nobody listens there: webhooks are carried to the servers as a load balancer would.
                    "MLC_PUBLIC_URL": "http://127.0.0.1:9", "MLC_LEASE_SECONDS": "\(Self.leaseSeconds)",
                ]) { $1 }.merging(more) { $1 })
        }
    }
#endif
