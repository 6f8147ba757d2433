import ArgumentParser
import Foundation
import Outbound

/// The root of all commands.
@main
struct MLConnector: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ml-connector",
        abstract: "Keeps Visma.net ERP's receivables and Stripe's collections in step, for many companies.",
        discussion: """
            Settings come from options, else from the environment (MLC_...), else from their defaults; \
            `ml-connector doctor` shows them all.

            Exit status: 0 done, 1 failed, 2 wrong usage or input, 3 not found, 4 refused by the state of things, \
            5 partly done.
            """,
        version: Product.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Running",
                subcommands: [
                    DemoCommand.self, ServeCommand.self, MigrateCommand.self, KeyCommand.self, NodeCommand.self,
                    DoctorCommand.self, SandboxCommand.self,
                ]),
            CommandGroup(name: "Companies", subcommands: [TenantCommand.self, CredentialsCommand.self]),
            CommandGroup(
                name: "Their work",
                subcommands: [
                    SyncCommand.self, InvoiceCommand.self, CustomerCommand.self, EventCommand.self,
                    ReviewCommand.self, AuditCommand.self,
                ]),
        ])

    static func main() async {
        do {
            var command = try await asyncParseAsRoot(nil)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            end(error)
        }
    }

    private static func end(_ error: any Error) -> Never {
        guard let failure = Failure.understood(error) else {
            Terminal.out(fullMessage(for: error))
            Foundation.exit(ExitStatus.done.rawValue)
        }
        Terminal.error("error: " + Redaction.byPattern(failure.text))
        Foundation.exit(failure.status.rawValue)
    }
}
