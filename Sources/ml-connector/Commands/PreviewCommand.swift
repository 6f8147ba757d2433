import ArgumentParser
import Domain
import Storage
import Sync

extension SyncCommand {
    struct Preview: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the calls and postings that a run would make, and makes none.",
            discussion: """
                Both systems are read and nothing is written: not there and not in the database. Each call is the \
                one that a run would make; cus_new, in_new and new-1 stand for what does not exist yet. A refusal \
                cannot be foreseen. The company may still be onboarding. Exit status 5 when a document could not be \
                read.

                Example: ml-connector sync preview acme --document Invoice:000123
                """)

        @OptionGroup var tenant: TenantArgument

        @Option(name: .long, help: "Only this document: TYPE:NUMBER, like Invoice:000123.")
        var document: String?

        @Flag(name: .long, help: "Read Visma's lists too, for documents that no run has come across yet.")
        var all = false

        @Option(name: .long, help: "How many documents to look at, 1 to 10000.")
        var limit = 100

        @Flag(name: .long, help: "Show the calls' bodies too; they hold names and addresses.")
        var body = false

        @OptionGroup var store: StoreOptions
        @OptionGroup var systems: SystemOptions
        @OptionGroup var format: OutputOptions

        func validate() throws {
            guard (1...PageOptions.rowsMax).contains(limit) else {
                throw ValidationError("--limit must be from 1 to \(PageOptions.rowsMax)")
            }
            guard document == nil || !all else {
                throw ValidationError("--all reads whole lists: leave it out, or leave out --document")
            }
        }

        func run() async throws {
            let id = try tenant.id
            let scope = Sync.Preview.Scope(
                document: try document.map(Documents.parse), readsLists: all, limit: limit)
            let report = try await Assembly.run(Settings.load(store.given, systems.given)) { assembly in
                _ = try await assembly.database.read { try TenantsTable.require($0, id) }
                let context = try await TenantContext.make(id, environment: assembly.environment)
                return try await Sync.Preview(tenant: context, environment: assembly.environment).run(scope)
            }
            let view = PreviewView(tenant: id, report: report, showsBodies: body)
            switch format.output {
            case .json: format.show(view.record)
            case .table: Terminal.out(view.text)
            }
            try requireWhole(report, id)
        }

        private func requireWhole(_ report: Sync.Preview.Report, _ id: TenantID) throws {
            if let document, let first = report.subjects.first, first.isUnknown {
                throw Failure(.notFound, "Visma has no document \(document) of '\(id)': look at its number")
            }
            let failures = report.subjects.compactMap { subject in
                if case .failed(let error) = subject.ending { "\(subject.subject): \(error)" } else { nil }
            }
            guard let first = failures.first else { return }
            throw Failure(.partly, "\(failures.count) of \(report.subjects.count) could not be foreseen; \(first)")
        }
    }
}

extension SubjectPreview {
    /// A document that neither Visma nor the connector has.
    fileprivate var isUnknown: Bool {
        guard case .settled = ending else { return false }
        return receivable == nil && linkBefore == nil && steps.isEmpty
    }
}
