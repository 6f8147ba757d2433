import ArgumentParser
import Domain
import Storage
import Sync

extension SyncCommand {
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what is left to do for a company, what it waits for, and how much it pushed.",
            discussion: """
                Gates are shown where calls to a system wait: reserved (pushes and polls wait, money goes on), spent \
                (all wait for the next hour) or broken (the system does not answer).

                Example: ml-connector sync status acme
                """)

        @OptionGroup var tenant: TenantArgument
        @OptionGroup var store: StoreOptions
        @OptionGroup var systems: SystemOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let id = try tenant.id
            let settings = try Settings.load(store.given, systems.given)
            let now = SystemSource.now()
            format.show(
                try await Assembly.read(settings) { db in
                    try Self.view(db, TenantsTable.require(db, id), writesOn: settings.writesOn, now: now)
                })
        }

        private static func view(
            _ db: any SQLConnection, _ tenant: TenantRecord, writesOn: Bool, now: Timestamp
        ) throws -> Record {
            let id = tenant.id
            let backlog = try Backlog.read(db, tenant: id)
            let pushed = try PushesTable.tally(db, tenant: id, since: now.adding(seconds: -PushCap.hourSeconds))
            let sums = pushed.amounts.sorted { $0.key < $1.key }
                .map { Money(minorUnits: $0.value, currency: $0.key).description }
            return [
                "tenant": Value(id), "state": .text(tenant.state.rawValue), "writes": .text(writesOn ? "on" : "off"),
                "is_clean": .flag(backlog.isClean), "dirty": Value(backlog.dirty), "failing": Value(backlog.failing),
                "events_unread": Value(backlog.unread), "next_due": Value(backlog.waiting.first?.dueAt),
                "lists_due_at": Value(try SchedulesTable.find(db, tenant: id)),
                "gates": Value(try GatesTable.list(db, tenant: id).map(TenantView.gate)),
                "pushed_last_hour": Value(pushed.invoices), "pushed_amounts": Value(texts: sums),
                "reviews_open": Value(try ReviewsTable.countOpen(db, tenant: id)),
            ]
        }
    }
}
