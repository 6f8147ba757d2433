import ArgumentParser
import Domain
import Sync

extension InvoiceCommand {
    struct Confirm: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets go what waits because more would go out within an hour than the policy's push_cap.",
            discussion: """
                Every document of the company that waits for it now is pushed, each with its entry in the audit trail; \
                look first with `ml-connector review list`. One alone is let go by `ml-connector invoice push`.

                Example: ml-connector invoice confirm acme --reason "first sync, looked through with Kari"
                """)

        @OptionGroup var tenant: TenantArgument

        @Option(name: .long, help: "Why, for the audit trail.")
        var reason = "confirmed on the command line"

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func validate() throws { try Push.requireReason(reason) }

        func run() async throws {
            let id = try tenant.id
            let reason = reason
            let count = try await Assembly.run(Settings.load(store.given)) { assembly in
                try await assembly.admin.confirmPushes(of: id, reason: reason)
            }
            format.show(["tenant": Value(id), "confirmed": Value(count), "reason": .text(reason)])
        }
    }
}
