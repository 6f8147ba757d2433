import ArgumentParser
import Domain
import Storage
import Sync

struct CustomerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "customer", abstract: "Which Stripe customer a Visma customer is.",
        subcommands: [Map.self, List.self, Unmap.self])

    struct Map: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says by hand which Stripe customer a Visma customer is.",
            discussion: """
                It wins over every rule, and its documents that are not in Stripe yet are looked at again. Both \
                sides are read; a Stripe customer that stands for another Visma customer is refused.

                Example: ml-connector customer map acme 10001 cus_Q1w2e3r4
                """)

        @OptionGroup var tenant: TenantArgument
        @Argument(help: "The customer's number in Visma.") var number: String
        @Argument(help: "The Stripe customer: cus_...") var customer: String
        @OptionGroup var store: StoreOptions
        @OptionGroup var systems: SystemOptions
        @OptionGroup var format: OutputOptions

        func validate() throws {
            guard !number.isEmpty else { throw ValidationError("the customer's number in Visma is empty") }
            guard customer.hasPrefix("cus_"), customer.utf8.count > 4 else {
                throw ValidationError("'\(customer)' is no Stripe customer; its id begins with cus_")
            }
        }

        func run() async throws {
            let id = try tenant.id
            let (number, customer) = (VismaCustomerNumber(number), StripeCustomerID(customer))
            let link = try await Assembly.run(Settings.load(store.given, systems.given)) { assembly in
                try await assembly.admin.mapCustomer(number, to: customer, of: id)
            }
            format.show(CustomerView.link(link))
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists which Stripe customers a company's customers are.",
            discussion: "Example: ml-connector customer list acme")

        @OptionGroup var tenant: TenantArgument
        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let id = try tenant.id
            let links = try await Assembly.read(Settings.load(store.given)) { db in
                _ = try TenantsTable.require(db, id)
                return try CustomerLinksTable.list(db, tenant: id)
            }
            format.show(
                links.map(CustomerView.link), as: "customers",
                columns: ["number", "stripe_customer", "matched_by", "matched_at"])
        }
    }

    struct Unmap: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forgets which Stripe customer a Visma customer is.",
            discussion: """
                The next push finds it by the policy's rules again. What is in Stripe already stays.

                Example: ml-connector customer unmap acme 10001
                """)

        @OptionGroup var tenant: TenantArgument
        @Argument(help: "The customer's number in Visma.") var number: String
        @OptionGroup var store: StoreOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let id = try tenant.id
            let number = VismaCustomerNumber(number)
            let links = try await Assembly.run(Settings.load(store.given)) { assembly in
                try await assembly.admin.unmapCustomer(number, of: id)
            }
            format.show(
                links.map(CustomerView.link), as: "customers",
                columns: ["number", "stripe_customer", "matched_by", "matched_at"])
        }
    }
}

enum CustomerView {
    static func link(_ link: CustomerLink) -> Record {
        [
            "number": Value(link.vismaNumber), "visma_internal_id": Value(link.vismaInternalID),
            "stripe_customer": Value(link.stripeCustomer), "matched_by": .text(link.matchedBy),
            "matched_at": Value(link.matchedAt),
        ]
    }
}
