import ArgumentParser
import Domain
import Storage
import Sync

extension ReviewCommand {
    struct Resolve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Resolves a review in one of the ways that `review show` lists.",
            discussion: """
                look_again: the subject is looked at now, and what was refused is tried again; what still holds opens \
                under a new number.
                push: the document goes out all the same, as by `invoice push`.
                map_customer: the document's customer is the Stripe customer of --customer, as by `customer map`.
                mark_settled: the document is left alone in both systems from now on, also when money comes for it; \
                its other reviews close too. `invoice push` or `invoice undo` takes it up again.
                ignore: it stays closed while the same is found; another finding opens one, and so does the same \
                once it had gone.

                Which of them there are depends on the review. The reason stands in the audit trail. What is to be \
                done is done by the next turn, that of a running server or of `ml-connector sync run`. Exit status 4 \
                when the review is resolved already or this is not for it.

                Example: ml-connector review resolve acme 17 --as ignore --reason "agreed with the customer"
                """)

        @OptionGroup var tenant: TenantArgument
        @Argument(help: "The review's number.") var number: Int

        @Option(
            name: .customLong("as"),
            help: "look_again, push, map_customer, mark_settled or ignore.")
        var resolution: Resolution

        @Option(name: .long, help: "Why, for the trail: one line.")
        var reason: String

        @Option(name: .long, help: "Of map_customer: the Stripe customer, cus_...")
        var customer: String?

        @OptionGroup var store: StoreOptions
        @OptionGroup var systems: SystemOptions
        @OptionGroup var format: OutputOptions

        enum Resolution: String, ExpressibleByArgument, CaseIterable {
            case lookAgain = "look_again"
            case push
            case mapCustomer = "map_customer"
            case markSettled = "mark_settled"
            case ignore

            var meant: ReviewResolution {
                switch self {
                case .lookAgain: .lookAgain
                case .push: .push
                case .mapCustomer: .mapCustomer
                case .markSettled: .markSettled
                case .ignore: .ignore
                }
            }
        }

        func validate() throws {
            guard (customer != nil) == (resolution == .mapCustomer) else {
                throw ValidationError("--customer cus_... goes with --as map_customer, and with nothing else")
            }
            guard let customer else { return }
            guard customer.hasPrefix("cus_"), customer.utf8.count > 4 else {
                throw ValidationError("'\(customer)' is no Stripe customer; its id begins with cus_")
            }
        }

        func run() async throws {
            let id = try tenant.id
            let (number, resolution, reason) = (number, resolution.meant, reason)
            let customer = customer.map { StripeCustomerID($0) }
            let review = try await Assembly.run(Settings.load(store.given, systems.given)) { assembly in
                try await assembly.admin.resolve(
                    number, of: id, as: resolution, reason: reason, customer: customer)
            }
            var view = ReviewView.summary(review, id)
            view.fields += [
                (name: "resolved_at", value: Value(review.resolvedAt)),
                (name: "resolved_by", value: Value(review.resolvedBy)),
                (name: "resolution", value: Value(review.resolution)),
            ]
            format.show(view)
        }
    }
}
