import Domain
package import Storage

/// The backlog as gauges, counted in the database when somebody scrapes. Offboarded tenants are only counted.
package struct TenantGauges: Sendable {
    private let database: any Database

    package init(database: any Database) { self.database = database }

    /// Throws `StorageError`.
    package func samples() async throws -> [MetricSample] {
        try await database.read { db in
            // Counted there: with 100,000 tenants their rows would be 80 MB at every scrape.
            let counts = try TenantsTable.countByState(db)
            var samples = TenantRecord.State.allCases.map { state in
                MetricSample(
                    MetricName.tenants, labels: [("state", state.rawValue)], value: Double(counts[state] ?? 0))
            }
            for tenant in try TenantsTable.presentIDs(db, limit: WebLimits.gaugedTenantsMax) {
                samples += try Self.samples(db, tenant)
            }
            return samples
        }
    }

    private static func samples(_ db: any SQLConnection, _ tenant: TenantID) throws -> [MetricSample] {
        let label = (name: "tenant", value: tenant.rawValue)
        let events = try EventsTable.countByState(db, tenant: tenant)
        let work = try WorkTable.counts(db, tenant: tenant)
        let gates = try GatesTable.list(db, tenant: tenant).map { gate in
            MetricSample(
                MetricName.gates,
                labels: [label, ("system", gate.system.rawValue), ("state", gate.state.rawValue)], value: 1)
        }
        return StoredEvent.State.allCases.map { state in
            MetricSample(
                MetricName.events, labels: [label, ("state", state.rawValue)], value: Double(events[state] ?? 0))
        } + [
            MetricSample(MetricName.workSubjects, labels: [label], value: Double(work.subjects)),
            MetricSample(MetricName.workDirty, labels: [label], value: Double(work.dirty)),
            MetricSample(MetricName.workFailing, labels: [label], value: Double(work.failing)),
            MetricSample(
                MetricName.reviewsOpen, labels: [label],
                value: Double(try ReviewsTable.countOpen(db, tenant: tenant))),
        ] + gates
    }
}
