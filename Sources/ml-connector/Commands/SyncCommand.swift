import ArgumentParser
import Domain
import Storage
import Stripe
import Sync

struct SyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Brings both sides of a company in step.",
        subcommands: [Run.self, Preview.self, Status.self, Backfill.self])

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reads a company's lists now and works until nothing is left to do.",
            discussion: """
                While a server runs on the same database, it does the work and this command waits for it; otherwise \
                this command does it. What waits for a person is looked at again, and what was refused is tried \
                again: sync once the cause is mended. Exit status 5 when something was left at the end of the time.

                Example: ml-connector sync run acme --document Invoice:000123 --timeout 60
                """)

        static let timeoutSecondsMax: Int64 = 86_400

        @OptionGroup var tenant: TenantArgument

        @Option(name: .long, help: "Look at this document too: TYPE:NUMBER, like Invoice:000123.")
        var document: String?

        @Option(name: .long, help: "Look at this Stripe payout too: po_...")
        var payout: String?

        @Option(name: .long, help: "How many seconds to wait at most.")
        var timeout: Int64 = 120

        @OptionGroup var store: StoreOptions
        @OptionGroup var systems: SystemOptions
        @OptionGroup var format: OutputOptions

        func validate() throws {
            guard (1...Self.timeoutSecondsMax).contains(timeout) else {
                throw ValidationError("--timeout must be from 1 to \(Self.timeoutSecondsMax) seconds")
            }
        }

        func run() async throws {
            let id = try tenant.id
            let document = try document.map(Documents.parse)
            let payout = try payout.map(Payouts.parse)
            let settings = try Settings.load(store.given, systems.given)
            let timeout = timeout
            let result = try await Assembly.run(settings) { assembly in
                try await assembly.admin.syncNow(id, document: document, payout: payout)
                var result = try await SyncWait(assembly: assembly, tenant: id, timeoutSeconds: timeout).run()
                if let document {
                    result.isDocumentKnown = try await assembly.database.read {
                        try LinksTable.find($0, tenant: id, document: document) != nil
                    }
                }
                if let payout {
                    let context = try await TenantContext.make(id, environment: assembly.environment)
                    result.isPayoutKnown = try await context.stripe.payout(payout) != nil
                }
                return result
            }
            format.show(result.record)
            try result.requireClean()
            guard result.isDocumentKnown else {
                throw Failure(.notFound, "Visma has no document \(self.document ?? "") of '\(id)': look at its number")
            }
            guard result.isPayoutKnown else {
                throw Failure(.notFound, "Stripe has no payout \(self.payout ?? "") of '\(id)': look at its id")
            }
        }
    }
}

/// What a `sync run` saw.
struct SyncResult: Sendable {
    var tenant: TenantID
    /// The work was done by this process, not by a server.
    var isOwn: Bool
    var report = TenantSync.Report()
    var backlog: Backlog
    var milliseconds: Int64
    /// False when a document was asked for that Visma does not have.
    var isDocumentKnown = true
    /// False when a payout was asked for that Stripe does not have.
    var isPayoutKnown = true

    var record: Record {
        [
            "tenant": Value(tenant), "worked_by": .text(isOwn ? "this_command" : "server"),
            "is_clean": .flag(backlog.isClean && report.stopped == nil), "rows_changed": Value(report.rowsChanged),
            "events_resolved": Value(report.eventsResolved), "looks": Value(report.looks),
            "failures": Value(report.failures), "dirty": Value(backlog.dirty), "failing": Value(backlog.failing),
            "events_unread": Value(backlog.unread), "stopped": Value(report.stopped),
            "milliseconds": .whole(milliseconds),
            "waiting": Value(
                backlog.waiting.map { item in
                    [
                        "subject": .text(item.subject.key), "due_at": Value(item.dueAt),
                        "attempts": Value(item.attempts), "last_error": Value(item.lastError),
                    ]
                }),
        ]
    }

    func requireClean() throws {
        if let stopped = report.stopped { throw Failure(.failed, "the turn of '\(tenant)' stopped: \(stopped)") }
        guard !backlog.isClean else { return }
        var text =
            "time is over and something of '\(tenant)' is left: \(backlog.dirty) subjects to look at, "
            + "\(backlog.failing) of them failed, \(backlog.unread) events unread"
        if let first = backlog.waiting.first { text += "; next is \(first.subject) at \(first.dueAt)" }
        throw Failure(.partly, text + ". Look with `ml-connector invoice show`, or wait with a larger --timeout")
    }
}

/// Works, or waits for the server that works, until the tenant is clean or the time is over.
struct SyncWait {
    static let pollMilliseconds: Int64 = 200

    let assembly: Assembly
    let tenant: TenantID
    let timeoutSeconds: Int64

    func run() async throws -> SyncResult {
        let start = SystemSource.now()
        let deadline = start.adding(seconds: timeoutSeconds)
        var lock: (any ProcessLock)?
        var result = SyncResult(tenant: tenant, isOwn: false, backlog: try await backlog(), milliseconds: 0)
        while true {
            // A server may come or go while we wait.
            if lock == nil { lock = try await assembly.takeOwnership() }
            if lock != nil {
                result.isOwn = true
                add(try await assembly.registry.sync(tenant).turn(), to: &result.report)
            }
            result.backlog = try await backlog()
            let now = SystemSource.now()
            result.milliseconds = (now.microseconds - start.microseconds) / 1000
            // With nothing due before the end, waiting for it would show nothing new.
            let isIdle = (result.backlog.nextDue ?? now) > deadline
            if result.backlog.isClean || result.report.stopped != nil || isIdle || now >= deadline { break }
            try await Task.sleep(for: .milliseconds(Self.pollMilliseconds))
        }
        withExtendedLifetime(lock) {}
        return result
    }

    private func backlog() async throws -> Backlog {
        try await assembly.database.read { [tenant] in try Backlog.read($0, tenant: tenant) }
    }

    private func add(_ turn: TenantSync.Report, to sum: inout TenantSync.Report) {
        sum.eventsResolved += turn.eventsResolved
        sum.rowsChanged += turn.rowsChanged
        sum.looks += turn.looks
        sum.failures += turn.failures
        sum.stopped = turn.stopped
    }
}
