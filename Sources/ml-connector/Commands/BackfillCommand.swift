import ArgumentParser
import Domain
import Storage
import Sync

extension SyncCommand {
    struct Backfill: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has a company's lists in Visma read again from a date on.",
            discussion: """
                The date is the day on which rows were last changed in Visma, in whatever zone Visma keeps its times: \
                the day before is read too. What a poll has missed is found; what is known as it is makes no work, \
                and nothing is done twice. The next turn begins with it; one that is cut off is begun anew by the \
                turn after it. Documents from before the policy's start date are not pushed.

                Example: ml-connector sync backfill acme --from 2026-11-01
                """)

        @OptionGroup var tenant: TenantArgument

        @Option(name: .long, help: "A date, like 2026-11-01.")
        var from: String

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let id = try tenant.id
            guard from.count == 10, let day = LocalDate(from) else {
                throw Failure(.usage, "--from '\(from)' must be a date like 2026-11-01")
            }
            let lists = try await Assembly.run(Settings.load(store.given)) { assembly in
                try await assembly.admin.backfill(id, from: day)
            }
            format.show([
                "tenant": Value(id), "from": .text(day.description), "lists": Value(texts: lists.map(\.rawValue)),
            ])
            if lists.isEmpty { format.remark("No list had been read further than that.") }
        }
    }
}
