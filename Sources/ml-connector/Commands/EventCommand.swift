import ArgumentParser
import Domain
import LibCrypto
import Storage
import Stripe

struct EventCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "event", abstract: "Stripe events as they were received.",
        subcommands: [List.self, Show.self, Replay.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists a company's events, the newest first.",
            discussion: """
                charge.completed and dispute.created are understood as Stripe's charge.succeeded and \
                charge.dispute.created.

                Example: ml-connector event list acme --state ignored
                """)

        @OptionGroup var tenant: TenantArgument

        @Option(name: .long, help: "received, resolved or ignored.")
        var state: EventState?

        @Option(name: .long, help: "Only events of this type, like invoice.paid.")
        var type: String?

        @OptionGroup var page: PageOptions
        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let id = try tenant.id
            let (state, type) = (state?.stored, type.map(EventType.canonical))
            let (after, limit) = (page.after, page.limit)
            let events = try await Assembly.read(Settings.load(store.given)) { db in
                _ = try TenantsTable.require(db, id)
                return try EventsTable.list(db, tenant: id, state: state, type: type, after: after, limit: limit)
            }
            format.show(
                events.map(EventView.summary), as: "events",
                columns: ["id", "type", "object", "state", "subject", "deliveries", "received_at", "reason"],
                next: events.count == limit ? events.last?.eventID : nil)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows an event and what became of it.",
            discussion: """
                The body holds personal data and is shown only with --body.

                Example: ml-connector event show acme evt_1Q2w3e
                """)

        @OptionGroup var tenant: TenantArgument
        @Argument(help: "The event's id, evt_...") var event: String

        @Flag(name: .long, help: "Show the body as it was received.")
        var body = false

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let id = try tenant.id
            let eventID = event
            let found = try await Assembly.read(Settings.load(store.given)) { db in
                _ = try TenantsTable.require(db, id)
                return try EventsTable.find(db, tenant: id, eventID: eventID)
            }
            guard let found else {
                throw Failure(
                    .notFound, "tenant '\(id)' has no event '\(eventID)'; `ml-connector event list \(id)` shows them")
            }
            var view = EventView.summary(found)
            view.fields += [
                (name: "endpoint_key", value: Value(found.endpointKey)),
                (name: "body_bytes", value: Value(found.body.count)),
                (name: "body_sha256", value: .text(hex(sha256(found.body)))),
            ]
            if body { view.fields.append((name: "body", value: .text(String(decoding: found.body, as: UTF8.self)))) }
            format.show(view)
        }
    }

    enum EventState: String, ExpressibleByArgument, CaseIterable {
        case received, resolved, ignored
        var stored: StoredEvent.State? { StoredEvent.State(rawValue: rawValue) }
    }
}

enum EventView {
    static func summary(_ event: StoredEvent) -> Record {
        [
            "id": .text(event.eventID), "type": .text(event.type), "object": Value(event.objectID),
            "live": .flag(event.isLive), "state": .text(event.state.rawValue), "subject": Value(event.subject?.key),
            "deliveries": Value(event.deliveries), "received_at": Value(event.receivedAt),
            "reason": Value(event.reason),
        ]
    }
}
