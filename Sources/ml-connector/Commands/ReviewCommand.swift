import ArgumentParser
import Domain
import Storage

struct ReviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review", abstract: "What a person must decide.",
        subcommands: [List.self, Show.self, Resolve.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the reviews of a company, or of all.",
            discussion: "Example: ml-connector review list acme --state all")

        @Argument(help: "The tenant's id; all tenants without one.")
        var tenant: String?

        @Option(name: .long, help: "open, resolved or all.")
        var state: ReviewState = .open

        @Option(name: .long, help: "How many rows of one tenant at most, 1 to 10000.")
        var limit = 100

        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func validate() throws {
            guard (1...PageOptions.rowsMax).contains(limit) else {
                throw ValidationError("--limit must be from 1 to \(PageOptions.rowsMax)")
            }
        }

        func run() async throws {
            let only = try tenant.map(TenantArgument.parse)
            let (state, limit) = (state.stored, limit)
            let reviews = try await Assembly.read(Settings.load(store.given)) { db in
                let tenants = try only.map { [try TenantsTable.require(db, $0)] } ?? TenantsTable.list(db)
                return try tenants.flatMap { tenant in
                    try ReviewsTable.list(db, tenant: tenant.id, state: state, limit: limit)
                        .map { ReviewView.summary($0, tenant.id) }
                }
            }
            format.show(
                reviews, as: "reviews", columns: ["tenant", "id", "state", "subject", "code", "opened_at", "found"])
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a review: what was found, and the resolutions that are offered.",
            discussion: "Example: ml-connector review show acme 3")

        @OptionGroup var tenant: TenantArgument
        @Argument(help: "The review's number.") var number: Int
        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let id = try tenant.id
            let number = number
            let review = try await Assembly.read(Settings.load(store.given)) { db in
                _ = try TenantsTable.require(db, id)
                return try ReviewsTable.find(db, tenant: id, id: number)
            }
            guard let review else {
                throw Failure(
                    .notFound, "tenant '\(id)' has no review \(number); `ml-connector review list \(id)` shows them")
            }
            var view = ReviewView.summary(review, id)
            view.fields += [
                (name: "proposals", value: .json(review.proposals)),
                (name: "resolved_at", value: Value(review.resolvedAt)),
                (name: "resolved_by", value: Value(review.resolvedBy)),
                (name: "resolution", value: Value(review.resolution)),
                (name: "resolutions", value: Value(ReviewView.resolutions(review))),
            ]
            format.show(view)
        }
    }

    enum ReviewState: String, ExpressibleByArgument, CaseIterable {
        case open, resolved, all
        var stored: ReviewRecord.State? { ReviewRecord.State(rawValue: rawValue) }
    }
}

enum ReviewView {
    /// None once it is resolved.
    static func resolutions(_ review: ReviewRecord) -> [Record] {
        guard review.state == .open else { return [] }
        return review.offered.map { ["as": .text($0.rawValue), "what_it_does": .text($0.effect)] }
    }

    static func summary(_ review: ReviewRecord, _ tenant: TenantID) -> Record {
        [
            "tenant": Value(tenant), "id": Value(review.id), "state": .text(review.state.rawValue),
            "subject": .text(review.subject.key), "code": .text(review.code), "found": .text(review.found),
            "opened_at": Value(review.openedAt),
        ]
    }
}
