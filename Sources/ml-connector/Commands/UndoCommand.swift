import ArgumentParser
import Domain
import Storage
import Sync

extension InvoiceCommand {
    struct Undo: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Voids a payment or refund that the connector booked in Visma.",
            discussion: """
                The reason stands in the audit trail. What was voided is not booked again by itself; the invoice is \
                open again in Visma. While a server runs on the same database, it does the work and this command \
                waits for it; otherwise this command does it. Exit status 4 when it cannot be taken back, 5 when it \
                was not done in time.

                Example: ml-connector invoice undo acme Invoice:000123 --cause inpay_1Q2w --reason "paid by mistake"
                """)

        @OptionGroup var tenant: TenantArgument

        @Argument(help: "TYPE:NUMBER, like Invoice:000123; a bare number is an invoice's.")
        var document: String

        @Option(name: .long, help: "What is booked: the cause that `invoice show` lists, inpay_... or re_...")
        var cause: String

        @Option(name: .long, help: "Why, for the trail: one line.")
        var reason: String

        @Flag(name: .long, help: "Do not ask.")
        var yes = false

        @Option(name: .long, help: "How many seconds to wait at most.")
        var timeout: Int64 = 120

        @OptionGroup var store: StoreOptions
        @OptionGroup var systems: SystemOptions
        @OptionGroup var format: OutputOptions

        func validate() throws {
            guard (1...SyncCommand.Run.timeoutSecondsMax).contains(timeout) else {
                throw ValidationError("--timeout must be from 1 to \(SyncCommand.Run.timeoutSecondsMax) seconds")
            }
        }

        func run() async throws {
            let id = try tenant.id
            let document = try Documents.parse(document)
            let settings = try Settings.load(store.given, systems.given)
            let (cause, reason, yes, timeout) = (cause, reason, yes, timeout)
            let (result, booking) = try await Assembly.run(settings) { assembly in
                let admin = assembly.admin
                let booking = try await admin.undoable(id, document: document, cause: cause)
                if !yes { try Self.confirm(booking, document) }
                try await admin.undo(id, document: document, cause: cause, reason: reason)
                let result = try await SyncWait(assembly: assembly, tenant: id, timeoutSeconds: timeout).run()
                let after = try await assembly.database.read {
                    try CollectedTable.find($0, tenant: id, subject: .document(document), cause: cause)
                }
                return (result, after ?? booking)
            }
            format.show([
                "tenant": Value(id), "document": .text(document.description), "cause": .text(cause),
                "kind": .text(booking.kind.rawValue), "number": Value(booking.number),
                "amount": .text(booking.amount.description), "state": .text(booking.state.rawValue),
                "reason": .text(reason), "worked_by": .text(result.isOwn ? "this_command" : "server"),
            ])
            guard booking.state != .voided else { return }
            let why = result.report.stopped ?? "it is \(booking.state.rawValue)"
            throw Failure(
                .partly,
                "asked, and not done yet: \(why); `ml-connector review list \(id)` says whether something stands in "
                    + "the way, `ml-connector sync run \(id) --document \(document)` goes on")
        }

        private static func confirm(_ booking: Booking, _ document: DocumentRef) throws {
            Terminal.error(
                "This voids Visma \(BookingPlan.noun(booking.kind)) \(booking.number) of \(booking.amount) on "
                    + "\(document). Type \(booking.cause) to go on:")
            guard readLine() == booking.cause else {
                throw Failure(
                    .usage, "not confirmed, nothing was changed: type \(booking.cause) when asked, or give --yes")
            }
        }
    }
}
