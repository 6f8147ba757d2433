import ArgumentParser
import Domain
import Storage
import Sync

extension InvoiceCommand {
    struct Trace: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Follows a document from Visma to Stripe and back, as a tree and in the order of time.",
            discussion: """
                Both systems are read; nothing is written. With --offline it is what the connector itself remembers, \
                and neither keys nor network are needed.

                Example: ml-connector invoice trace acme Invoice:000123
                """)

        @OptionGroup var tenant: TenantArgument

        @Argument(help: "TYPE:NUMBER, like Invoice:000123; a bare number is an invoice's.")
        var document: String

        @Flag(name: .long, help: "From the connector's own tables alone.")
        var offline = false

        @OptionGroup var store: StoreOptions
        @OptionGroup var systems: SystemOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let id = try tenant.id
            let document = try Documents.parse(document)
            let settings = try Settings.load(store.given, systems.given)
            let trace = try await offline ? remembered(settings, id, document) : live(settings, id, document)
            guard let trace else {
                let known = "`ml-connector invoice list \(id)` shows those that are known"
                throw Failure(
                    .notFound,
                    offline
                        ? "tenant '\(id)' knows no document \(document); \(known)"
                        : "neither Visma nor tenant '\(id)' knows a document \(document); \(known)")
            }
            let view = TraceView(trace: trace)
            switch format.output {
            case .json: format.show(view.record)
            case .table: Terminal.out(view.text)
            }
        }

        private func remembered(
            _ settings: Settings, _ id: TenantID, _ document: DocumentRef
        ) async throws -> InvoiceTrace? {
            try await Assembly.read(settings) { db in
                _ = try TenantsTable.require(db, id)
                return try InvoiceTrace.remembered(db, tenant: id, document: document)
            }
        }

        private func live(
            _ settings: Settings, _ id: TenantID, _ document: DocumentRef
        ) async throws -> InvoiceTrace? {
            try await Assembly.run(settings) { assembly in
                _ = try await assembly.database.read { try TenantsTable.require($0, id) }
                let context = try await TenantContext.make(id, environment: assembly.environment)
                do {
                    return try await InvoiceTrace.live(context, assembly.environment, document: document)
                } catch let error as ConnectorError {
                    throw Failure(.failed, "\(error); --offline shows what the connector itself remembers")
                }
            }
        }
    }
}
