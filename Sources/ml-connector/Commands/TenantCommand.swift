import ArgumentParser
import Domain
import Storage
import Sync

struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant", abstract: "Companies: one Visma.net company with one Stripe account each.",
        subcommands: [Add.self, List.self, Show.self, Apply.self, PingIt.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds the company of a manifest, with keys of its own.",
            discussion: """
                It begins in state onboarding, whatever the manifest says: set its credentials, ping it, then apply \
                the manifest to make it active.

                Example: ml-connector tenant add tenants/acme.yaml
                """)

        @Argument(help: "The manifest, a YAML file.") var manifest: String
        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let manifest = try Manifest(yaml: ManifestFile.read(manifest))
            let settings = try Settings.load(store.given)
            let record = try await Assembly.run(settings) { assembly in
                try await assembly.admin.add(manifest)
                return try await assembly.database.read { try TenantsTable.require($0, manifest.id) }
            }
            format.show(TenantView.summary(record))
            format.remark("\nNext: ml-connector credentials set \(manifest.id) visma-client-id")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists all companies.", discussion: "Example: ml-connector tenant list --output json")

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let records = try await Assembly.read(Settings.load(store.given)) { db in
                try TenantsTable.list(db).map { record in
                    var view = TenantView.summary(record)
                    view.fields += try TenantView.counts(db, record.id).fields
                    return view
                }
            }
            format.show(
                records, as: "tenants",
                columns: ["id", "name", "mode", "state", "subjects", "dirty", "failing", "reviews_open"])
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a company: policy, credentials (never their values), lists, endpoints, last ping.",
            discussion: "Example: ml-connector tenant show acme")

        @OptionGroup var tenant: TenantArgument
        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let id = try tenant.id
            format.show(
                try await Assembly.read(Settings.load(store.given)) { db in
                    try TenantView.details(db, TenantsTable.require(db, id))
                })
        }
    }

    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a company what its manifest says: policy and state.",
            discussion: """
                Mode and Visma tenant cannot be changed. A company becomes active only with all three credentials.

                Example: ml-connector tenant apply tenants/acme.yaml
                """)

        @Argument(help: "The manifest, a YAML file.") var manifest: String
        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let manifest = try Manifest(yaml: ManifestFile.read(manifest))
            let settings = try Settings.load(store.given)
            let (changes, record) = try await Assembly.run(settings) { assembly in
                let changes = try await assembly.admin.apply(manifest)
                return (changes, try await assembly.database.read { try TenantsTable.require($0, manifest.id) })
            }
            var view = TenantView.summary(record)
            view.fields.append((name: "changes", value: Value(texts: changes)))
            format.show(view)
        }
    }

    struct PingIt: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ping",
            abstract: "Tries a company's credentials against Visma and Stripe, by reads only.",
            discussion: """
                Each step says what was seen and, where it failed, what to do. Exit status 1 when a step failed. \
                `serve` does the same once a day for every active company, and `credentials set` at every change; \
                --history lists the last pings and makes none.

                Example: ml-connector tenant ping acme
                """)

        @OptionGroup var tenant: TenantArgument

        @Flag(name: .long, help: "List the last pings, newest first, in place of making one.")
        var history = false

        @OptionGroup var store: StoreOptions
        @OptionGroup var systems: SystemOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let id = try tenant.id
            if history { return try await showHistory(id) }
            let steps = try await Assembly.run(Settings.load(store.given, systems.given)) { assembly in
                _ = try await assembly.database.read { try TenantsTable.require($0, id) }
                return try await Ping(environment: assembly.environment).run(id)
            }
            let failed = steps.filter { $0.outcome == .failed }
            format.show([
                "tenant": Value(id), "passed": .flag(failed.isEmpty),
                "steps": Value(steps.map(PingView.step)),
            ])
            guard failed.isEmpty else {
                throw Failure(.failed, "ping of '\(id)' failed at \(failed.map(\.name).joined(separator: ", "))")
            }
        }

        private func showHistory(_ id: TenantID) async throws {
            let pings = try await Assembly.read(Settings.load(store.given, systems.given)) { db in
                _ = try TenantsTable.require(db, id)
                return try PingsTable.list(db, tenant: id, limit: Ping.keptMax).map(PingView.past)
            }
            format.show(pings, as: "pings", columns: ["at", "outcome", "failed", "warned"])
        }
    }
}

/// A tenant as it is shown.
enum TenantView {
    static func summary(_ record: TenantRecord) -> Record {
        [
            "id": Value(record.id), "name": .text(record.name), "group": Value(record.groupName),
            "mode": .text(record.mode.rawValue), "state": .text(record.state.rawValue),
            "visma_tenant": Value(record.vismaTenant), "company": Value(record.company),
            "stripe_account": Value(record.stripeAccount), "policy_version": Value(record.policyVersion),
            "created_at": Value(record.createdAt), "updated_at": Value(record.updatedAt),
        ]
    }

    static func counts(_ db: any SQLConnection, _ tenant: TenantID) throws -> Record {
        let work = try WorkTable.counts(db, tenant: tenant)
        let events = try EventsTable.countByState(db, tenant: tenant)
        let reviews = try ReviewsTable.list(db, tenant: tenant, state: .open, limit: PageOptions.rowsMax)
        return [
            "subjects": Value(work.subjects), "dirty": Value(work.dirty), "failing": Value(work.failing),
            "events": Value(events.values.reduce(0, +)), "events_unread": Value(events[.received] ?? 0),
            "reviews_open": Value(reviews.count),
        ]
    }

    static func details(_ db: any SQLConnection, _ record: TenantRecord) throws -> Record {
        let tenant = record.id
        var view = summary(record)
        view.fields += try counts(db, tenant).fields
        view.fields += [
            (name: "policy", value: .json(record.policy)),
            (name: "credentials", value: Value(try CredentialsTable.list(db, tenant: tenant).map(credential))),
            (
                name: "lists",
                value: Value(
                    try SyncStream.allCases.compactMap { stream in
                        try CursorsTable.get(db, tenant: tenant, stream: stream).map { cursor in
                            [
                                "name": .text(stream.rawValue), "read_up_to": .text(cursor.value),
                                "swept_at": Value(cursor.sweptAt),
                            ]
                        }
                    })
            ),
            (name: "endpoints", value: Value(try EndpointsTable.list(db, tenant: tenant).map(endpoint))),
            (
                name: "abilities",
                value: Value(
                    try AbilitiesTable.list(db, tenant: tenant).map { ability in
                        [
                            "name": .text(ability.name), "value": .text(ability.value),
                            "learned_at": Value(ability.learnedAt),
                        ]
                    })
            ),
            (name: "gates", value: Value(try GatesTable.list(db, tenant: tenant).map(gate))),
            (name: "last_ping", value: try lastPing(db, tenant)),
        ]
        return view
    }

    private static func credential(_ credential: SealedCredential) -> Record {
        [
            "purpose": .text(credential.purpose.rawValue), "version": Value(credential.version),
            "fingerprint": .text(credential.fingerprint), "set_at": Value(credential.rotatedAt),
        ]
    }

    private static func endpoint(_ endpoint: EndpointRecord) -> Record {
        [
            "url": .text(endpoint.url), "state": .text(endpoint.state.rawValue),
            "stripe_endpoint": Value(endpoint.stripeEndpointID), "created_at": Value(endpoint.createdAt),
        ]
    }

    /// Why calls to a system wait; a gate that is free is not shown.
    static func gate(_ gate: GateRecord) -> Record {
        [
            "system": .text(gate.system.rawValue), "state": .text(gate.state.rawValue), "until": Value(gate.until),
            "reason": Value(gate.reason), "since": Value(gate.changedAt),
        ]
    }

    private static func lastPing(_ db: any SQLConnection, _ tenant: TenantID) throws -> Value {
        guard let ping = try PingsTable.list(db, tenant: tenant, limit: 1).first else { return .none }
        return .record([
            "at": Value(ping.at), "outcome": .text(ping.outcome.rawValue), "steps": .json(ping.steps),
        ])
    }
}
