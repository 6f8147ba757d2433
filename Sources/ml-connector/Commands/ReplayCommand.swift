import ArgumentParser
import Domain
import Storage
import Stripe
import Sync

extension EventCommand {
    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Receives stored events again, so that they are resolved anew.",
            discussion: """
                The next turn looks again at what the events are about, as both systems have it then: what was booked \
                is not booked twice. Events are chosen by --id, or by all of --from, --until, --type and --state that \
                are given; those that still wait to be looked at are left as they are. `--state ignored` takes what \
                was of no use so far; `event list --state ignored` and `event show` say why.

                Times are when the connector received the event. A date is the whole day in the company's time zone, \
                so that --until 2026-11-02 takes in that day; a time is UTC, like 2026-11-01T08:00:00Z, and --until \
                ends before it. At most 500 events of a company are received again within a minute, by however many \
                commands; the oldest go first, and exit status 5 says that some are left and how to go on.

                Example: ml-connector event replay acme --from 2026-11-01 --until 2026-11-02 --type invoice.paid
                """)

        /// More than so many are confirmed by a person first.
        static let unconfirmedMax = 20

        @OptionGroup var tenant: TenantArgument

        @Option(name: .long, help: "An event, evt_...; may be given several times.")
        var id: [String] = []

        @Option(name: .long, help: "Received at this time or later: a date or a time.")
        var from: String?

        @Option(name: .long, help: "Received until the end of this date, or before this time.")
        var until: String?

        @Option(name: .long, help: "Only events of this type, like invoice.paid.")
        var type: String?

        @Option(name: .long, help: "resolved or ignored.")
        var state: LookedAt?

        @Option(name: .long, help: "Go on after this event: the `next` of the page before.")
        var after: String?

        @Flag(name: .long, help: "Do not ask.")
        var yes = false

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        enum LookedAt: String, ExpressibleByArgument, CaseIterable {
            case resolved, ignored
            var stored: StoredEvent.State? { StoredEvent.State(rawValue: rawValue) }
        }

        func validate() throws {
            let isByQuality = from != nil || until != nil || type != nil || state != nil
            guard isByQuality || !id.isEmpty else {
                throw ValidationError("say which events: --id, or --from, --until, --type or --state")
            }
            guard id.isEmpty || !isByQuality else {
                throw ValidationError("--id names the events: leave out --from, --until, --type and --state")
            }
            guard id.count <= TenantAdmin.replayedIDsMax else {
                throw ValidationError("--id may be given \(TenantAdmin.replayedIDsMax) times at most")
            }
            if let wrong = id.first(where: { !$0.hasPrefix("evt_") }) {
                throw ValidationError("'\(wrong)' is no event; its id begins with evt_")
            }
        }

        private static func bound(_ text: String, _ name: String) throws -> EventReplay.Bound {
            if text.count == 10, let day = LocalDate(text) { return .day(day) }
            if let moment = Timestamp(text) { return .moment(moment) }
            throw Failure(
                .usage, "\(name) '\(text)' must be a date like 2026-11-01 or a time like 2026-11-01T08:00:00Z")
        }

        func run() async throws {
            let tenant = try tenant.id
            let replay = EventReplay(
                ids: id, from: try from.map { try Self.bound($0, "--from") },
                until: try until.map { try Self.bound($0, "--until") }, type: type.map(EventType.canonical),
                state: state?.stored, after: after)
            let isAsking = !yes
            let outcome = try await Assembly.run(Settings.load(store.given)) { assembly in
                let count = try await assembly.admin.countReplayable(replay, of: tenant)
                if isAsking, count > Self.unconfirmedMax { try Self.confirm(count, tenant) }
                return try await assembly.admin.replay(replay, of: tenant)
            }
            let next = outcome.left > 0 ? outcome.events.last?.eventID : nil
            format.show([
                "tenant": Value(tenant), "replayed": Value(outcome.events.count), "left": Value(outcome.left),
                "from": Value(outcome.selection.from), "until": Value(outcome.selection.until), "next": Value(next),
                "events": Value(outcome.events.map(Self.row)),
            ])
            guard let next else { return }
            throw Failure(
                .partly,
                "\(outcome.left) events are left: \(TenantAdmin.replayedPerMinuteMax) are received again within a "
                    + "minute at most; go on with the same command and --after \(next)")
        }

        private static func row(_ event: StoredEvent) -> Record {
            [
                "id": .text(event.eventID), "type": .text(event.type), "was": .text(event.state.rawValue),
                "reason": Value(event.reason), "received_at": Value(event.receivedAt),
            ]
        }

        private static func confirm(_ count: Int, _ tenant: TenantID) throws {
            Terminal.error("This receives \(count) events of '\(tenant)' again. Type \(tenant) to go on:")
            guard readLine() == tenant.rawValue else {
                throw Failure(
                    .usage, "not confirmed, nothing was changed: type \(tenant) when asked, or give --yes")
            }
        }
    }
}
