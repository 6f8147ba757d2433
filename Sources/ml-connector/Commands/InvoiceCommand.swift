import ArgumentParser
import Domain
import Storage
import Sync

struct InvoiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invoice", abstract: "Visma documents and what collects for them in Stripe.",
        subcommands: [List.self, Show.self, Push.self, Confirm.self, Trace.self, Undo.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists a company's documents that the connector knows.",
            discussion: "Example: ml-connector invoice list acme --state collecting")

        @OptionGroup var tenant: TenantArgument

        @Option(name: .long, help: "seen, drafted, collecting, settled or stopped.")
        var state: LinkState?

        @OptionGroup var page: PageOptions
        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let id = try tenant.id
            let after = try page.after.map(Documents.parse)
            let (state, limit) = (state?.stored, page.limit)
            let links = try await Assembly.read(Settings.load(store.given)) { db in
                _ = try TenantsTable.require(db, id)
                return try LinksTable.list(db, tenant: id, state: state, after: after, limit: limit)
            }
            format.show(
                links.map(InvoiceView.link), as: "invoices",
                columns: ["document", "state", "customer", "pushed", "stripe_invoice", "revision"],
                next: links.count == limit ? links.last?.document.description : nil)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a document: its link, bookings, outside effects and reviews.",
            discussion: "Example: ml-connector invoice show acme Invoice:000123")

        @OptionGroup var tenant: TenantArgument

        @Argument(help: "TYPE:NUMBER, like Invoice:000123; a bare number is an invoice's.")
        var document: String

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let id = try tenant.id
            let document = try Documents.parse(document)
            format.show(
                try await Assembly.read(Settings.load(store.given)) { db in
                    _ = try TenantsTable.require(db, id)
                    guard let view = try InvoiceView.details(db, id, document) else {
                        throw Failure(
                            .notFound,
                            "tenant '\(id)' knows no document \(document); `ml-connector invoice list \(id)` "
                                + "shows those it knows")
                    }
                    return view
                })
        }
    }

    struct Push: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Asks for one document to be collected.",
            discussion: """
                It goes out even if the policy waits for a mark, if it has a ROT/RUT deduction, if it is larger than \
                most payment methods take, and beyond push_cap. Start date, exclusions and limits of the policy still \
                hold. The next turn does it: that of a running server, or of `ml-connector sync run`.

                Example: ml-connector invoice push acme Invoice:000123 --reason "agreed by telephone"
                """)

        static let reasonCharactersMax = 500

        @OptionGroup var tenant: TenantArgument

        @Argument(help: "TYPE:NUMBER, like Invoice:000123; a bare number is an invoice's.")
        var document: String

        @Option(name: .long, help: "Why, for the audit trail.")
        var reason = "asked for on the command line"

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func validate() throws { try Self.requireReason(reason) }

        static func requireReason(_ reason: String) throws {
            guard (1...reasonCharactersMax).contains(reason.count) else {
                throw ValidationError("--reason must have 1 to \(reasonCharactersMax) characters")
            }
        }

        func run() async throws {
            let id = try tenant.id
            let document = try Documents.parse(document)
            let reason = reason
            try await Assembly.run(Settings.load(store.given)) { assembly in
                try await assembly.admin.push(document, of: id, reason: reason)
            }
            format.show([
                "tenant": Value(id), "document": .text(document.description), "state": .text("asked"),
                "reason": .text(reason),
            ])
        }
    }

    enum LinkState: String, ExpressibleByArgument, CaseIterable {
        case seen, drafted, collecting, settled, stopped
        var stored: Link.State? { Link.State(rawValue: rawValue) }
    }
}

/// A document as it is shown.
enum InvoiceView {
    static func link(_ link: Link) -> Record {
        [
            "document": .text(link.document.description), "state": .text(link.state.rawValue),
            "customer": Value(link.vismaCustomer),
            "pushed": Value(
                link.pushedAmount.map { Money(minorUnits: $0, currency: link.currency).description }),
            "currency": .text(link.currency.code), "pushed_minor": Value(link.pushedAmount),
            "stripe_customer": Value(link.stripeCustomer), "stripe_invoice": Value(link.invoice),
            "revision": Value(link.revision),
        ]
    }

    /// Nil when nothing is known of the document.
    static func details(
        _ db: any SQLConnection, _ tenant: TenantID, _ document: DocumentRef
    ) throws -> Record? {
        let subject = Subject.document(document)
        let link = try LinksTable.find(db, tenant: tenant, document: document)
        let work = try WorkTable.find(db, tenant: tenant, subject: subject)
        let reviews = try ReviewsTable.list(db, tenant: tenant, subject: subject, limit: PageOptions.rowsMax)
        guard link != nil || work != nil || !reviews.isEmpty else { return nil }
        let bookings = try CollectedTable.list(db, tenant: tenant, subject: subject)
        let effects = try JournalTable.list(db, tenant: tenant, subject: subject)
        var view: Record = ["tenant": Value(tenant), "document": .text(document.description)]
        view.fields += [
            (name: "link", value: link.map { .record(self.link($0)) } ?? .none),
            (name: "work", value: work.map { .record(self.work($0)) } ?? .none),
            (name: "bookings", value: Value(bookings.map(booking))),
            (name: "effects", value: Value(effects.map(effect))),
            (name: "reviews", value: Value(reviews.map { ReviewView.summary($0, tenant) })),
        ]
        return view
    }

    private static func work(_ item: WorkItem) -> Record {
        [
            "dirty": .flag(item.isDirty), "due_at": Value(item.dueAt), "cause": .text(item.cause),
            "attempts": Value(item.attempts), "last_error": Value(item.lastError),
        ]
    }

    private static func booking(_ booking: Booking) -> Record {
        [
            "cause": .text(booking.cause), "state": .text(booking.state.rawValue),
            "kind": .text(booking.kind.rawValue), "number": Value(booking.number),
            "amount": .text(booking.amount.description),
            "amount_minor": .whole(booking.amount.minorUnits), "applied": .text(booking.applied.description),
            "applied_minor": .whole(booking.applied.minorUnits), "currency": .text(booking.amount.currency.code),
            "reference": .text(booking.reference),
        ]
    }

    private static func effect(_ effect: Effect) -> Record {
        [
            "step": .text(effect.step), "state": .text(effect.state.rawValue), "sent_at": Value(effect.sentAt),
            "external_id": Value(effect.externalID), "request_id": Value(effect.requestID),
            "attempt": Value(effect.attempt), "failure": Value(effect.failure), "cause": .text(effect.cause),
            "term": .whole(effect.term), "key": Value(effect.key),
        ]
    }
}
