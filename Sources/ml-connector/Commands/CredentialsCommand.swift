import ArgumentParser
import Domain
import Outbound
import Storage
import Sync

struct CredentialsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credentials", abstract: "A company's secrets: sealed, and never shown again.",
        subcommands: [Set.self])

    /// What may be set by hand.
    enum Purpose: String, ExpressibleByArgument, CaseIterable {
        case vismaClientID = "visma-client-id"
        case vismaClientSecret = "visma-client-secret"
        case stripeKey = "stripe-key"
        case vismaWebhookKey = "visma-webhook-key"

        /// As the database and error texts spell it, with underscores, it is understood too.
        init?(argument: String) { self.init(rawValue: argument.replacing("_", with: "-")) }

        var stored: CredentialPurpose {
            switch self {
            case .vismaClientID: .vismaClientID
            case .vismaClientSecret: .vismaClientSecret
            case .stripeKey: .stripeKey
            case .vismaWebhookKey: .vismaWebhookKey
            }
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seals a secret of a company.",
            discussion: """
                The secret comes from --file, from standard input, or from a prompt without echo; never from an \
                argument. A newline at its end is taken off. Setting it again makes a new version. Once the company \
                has all its credentials they are tried by a ping; what that finds is told, and the secret stays set.

                Example: pass show acme/stripe | ml-connector credentials set acme stripe-key
                """)

        @OptionGroup var tenant: TenantArgument

        @Argument(help: "visma-client-id, visma-client-secret, stripe-key or visma-webhook-key.")
        var purpose: Purpose

        @Option(name: .long, help: "Read the secret from this file.")
        var file: String?

        @OptionGroup var store: StoreOptions
        @OptionGroup var systems: SystemOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let id = try tenant.id
            let settings = try Settings.load(store.given, systems.given)
            let purpose = purpose
            let file = file
            let shown = try await Assembly.run(settings) { assembly in
                // Asked for first: nobody should type a secret for a tenant that is not there.
                _ = try await assembly.database.read { try TenantsTable.require($0, id) }
                let secret = try SecretInput.read(file: file, prompt: "\(purpose.rawValue) of \(id) (not shown):")
                assembly.redaction.register(secret)
                let fingerprint = try await assembly.admin.setCredential(purpose.stored, secret, of: id)
                let set = try await assembly.database.read {
                    try CredentialsTable.latest($0, tenant: id, purpose: purpose.stored)
                }
                let steps = try await Ping(environment: assembly.environment).runIfComplete(id)
                return (fingerprint: fingerprint, version: set?.version ?? 1, steps: steps)
            }
            format.show([
                "tenant": Value(id), "purpose": .text(purpose.rawValue), "fingerprint": .text(shown.fingerprint),
                "version": Value(shown.version), "ping": .text(PingView.outcome(shown.steps)),
                "ping_steps": Value(PingView.notable(shown.steps ?? []).map(PingView.step)),
            ])
            if shown.steps?.contains(where: { $0.outcome == .failed }) == true {
                format.remark("\nThe credential is set. Try it again with: ml-connector tenant ping \(id)")
            }
        }
    }
}
