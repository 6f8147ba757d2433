import ArgumentParser
import Domain
import Storage
import Sync
import Vault

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Who did what: an append-only chain for each company.",
        subcommands: [List.self, Verify.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the entries of a company's trail, the newest first.",
            discussion: "Example: ml-connector audit list acme --limit 20")

        @OptionGroup var tenant: TenantArgument
        @OptionGroup var page: PageOptions
        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let id = try tenant.id
            let before = try page.afterNumber()
            let limit = page.limit
            let entries = try await Assembly.read(Settings.load(store.given)) { db in
                _ = try TenantsTable.require(db, id)
                return try AuditTable.list(db, tenant: id, before: before, limit: limit)
            }
            let hasMore = entries.count == limit && (entries.last?.sequence ?? 1) > 1
            format.show(
                entries.map(view), as: "entries",
                columns: ["sequence", "at", "actor", "action", "subject", "outcome", "details"],
                next: hasMore ? entries.last.map { String($0.sequence) } : nil)
        }

        private func view(_ entry: AuditEntry) -> Record {
            [
                "sequence": .whole(entry.sequence), "at": Value(entry.at), "actor": .text(entry.actor),
                "action": .text(entry.action), "subject": Value(entry.subject), "outcome": .text(entry.outcome),
                "details": .json(entry.details),
            ]
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Recomputes a company's chain from its first entry to its head.",
            discussion: """
                Exit status 1, and the entry's number, when an entry was altered, is missing, or the end was cut off.

                Example: ml-connector audit verify acme
                """)

        @OptionGroup var tenant: TenantArgument
        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let id = try tenant.id
            let found = try await Assembly.run(Settings.load(store.given)) { assembly in
                _ = try await assembly.database.read { try TenantsTable.require($0, id) }
                let trail = AuditTrail(tenant: id, key: try await assembly.environment.vault.auditKey(tenant: id))
                return try await assembly.database.read { try trail.verify($0) }
            }
            format.show([
                "tenant": Value(id), "audit_verified": .flag(found.isWhole), "entries": Value(found.entries),
                "fault": Value(found.fault),
            ])
            if let fault = found.fault { throw Failure(.failed, "the audit trail of '\(id)' is broken: \(fault)") }
        }
    }
}
