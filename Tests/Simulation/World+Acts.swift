package import Domain
import Foundation
package import Sandbox
package import Storage
package import Sync

/// What proofs do in a world, in few words. Where no company is named it is the first one, whose currency is NOK.
extension World {
    package var nord: Company { companies[0] }
    package var kyst: Company { companies[1] }

    // MARK: People

    @discardableResult
    package func addCustomer(
        _ name: String = "Fjord Handel AS", email: String? = "faktura@fjord.invalid", in company: Company? = nil
    ) throws -> String {
        try visma.addCustomer(
            VismaCustomerSeed(name: name, invoiceEmail: email), in: (company ?? nord).vismaTenant)
    }

    /// An open invoice of one line, `price` plus 25 % VAT, of `customer` (nil: a new one).
    package func addInvoice(
        _ price: String = "1000", of customer: String? = nil, in company: Company? = nil,
        change: (inout VismaInvoiceSeed) -> Void = { _ in }
    ) throws -> DocumentRef {
        let company = company ?? nord
        let customer = try customer ?? addCustomer(in: company)
        var seed = VismaInvoiceSeed(
            customer: customer, date: "2026-11-20", dueDate: "2026-12-20",
            lines: [VismaLineSeed("Vare", unitPrice: price)])
        change(&seed)
        return DocumentRef(type: .invoice, number: try visma.addInvoice(seed, in: company.vismaTenant))
    }

    /// A new customer's invoice, pushed and paid: all of it, or `amount` in minor units.
    package func pushAndPay(
        _ price: String = "1000", amount: Int64? = nil
    ) async throws -> (document: DocumentRef, made: StripePaymentMade) {
        let document = try addInvoice(price)
        try await quiet()
        let made = try stripe.pay(invoice: live(document).id, amount: amount)
        try await quiet()
        return (document, made)
    }

    // MARK: Time

    /// Deliveries, polls and looks until nothing moves any more and nothing is to be looked at again soon.
    package func quiet() async throws {
        var random = SandboxRandom(seed: 42)
        for _ in 0..<Self.looksAheadMax {
            try await becomeQuiet(&random)
            guard let due = try await nextLook(), due.seconds(since: now()) <= Self.soonSeconds else { return }
            clock.advance(bySeconds: max(0, due.seconds(since: now())))
        }
        trace.note("did not become quiet")
    }

    /// What waits for a payment under way or for a queued release is looked at again within this time; what waits for
    /// a person or a credit note much later.
    private static let soonSeconds: Int64 = 1200
    private static let looksAheadMax = 20

    private func nextLook() async throws -> Timestamp? {
        var dues: [Timestamp] = []
        for company in companies {
            dues += try await database.read { try WorkTable.nextDue($0, tenant: company.tenant) }.map { [$0] } ?? []
        }
        return dues.min()
    }

    /// Hands over what Stripe has to deliver, as it stands, and answers the statuses.
    @discardableResult
    package func deliverAll() async -> [Int] {
        var statuses: [Int] = []
        for delivery in stripe.takeDeliveries() {
            let status = await receive(delivery)
            stripe.report(delivery, status: status)
            statuses.append(status)
        }
        return statuses
    }

    // MARK: What is there

    /// The invoices at Stripe that were pushed for a document, deleted ones not counted.
    package func pushed(_ document: DocumentRef, in company: Company? = nil) -> [StripeInvoiceGlimpse] {
        stripe.invoices().filter { invoice in
            invoice.account == (company ?? nord).account
                && (invoice.number == document.number || invoice.number?.hasPrefix(document.number + "-") == true)
        }
    }

    /// The one live invoice of a document.
    package func live(_ document: DocumentRef, in company: Company? = nil) throws -> StripeInvoiceGlimpse {
        let found = pushed(document, in: company).filter { $0.status != "void" }
        guard found.count == 1 else { throw WorldFault("\(found.count) live Stripe invoices for \(document)") }
        return found[0]
    }

    package func link(_ document: DocumentRef, in company: Company? = nil) async throws -> Link? {
        let tenant = (company ?? nord).tenant
        return try await database.read { try LinksTable.find($0, tenant: tenant, document: document) }
    }

    package func openReviews(in company: Company? = nil) async throws -> [ReviewRecord] {
        let tenant = (company ?? nord).tenant
        return try await database.read { try ReviewsTable.list($0, tenant: tenant, state: .open, limit: 1000) }
    }

    package func events(in company: Company? = nil) async throws -> [StoredEvent] {
        let tenant = (company ?? nord).tenant
        return try await database.read { try EventsTable.list($0, tenant: tenant, limit: 1000) }
    }

    package func policy(of company: Company) async throws -> Policy? {
        let tenant = company.tenant
        return try await database.read { db in
            try TenantsTable.find(db, tenant: tenant).map {
                try JSONDecoder().decode(Policy.self, from: Data($0.policy.utf8))
            }
        }
    }

    package func cursor(_ stream: SyncStream) async throws -> StreamCursor? {
        let tenant = nord.tenant
        return try await database.read { try CursorsTable.get($0, tenant: tenant, stream: stream) }
    }

    /// Visma's rows of one kind (`document`, `payment`) as its own books have them.
    package func vismaRows(_ kind: String, in company: Company? = nil) -> [SandboxJSON] {
        visma.books().filter {
            $0["kind"]?.stringValue == kind && $0["visma_tenant"]?.stringValue == (company ?? nord).vismaTenant
        }
    }

    package func vismaDocument(_ document: DocumentRef, in company: Company? = nil) -> SandboxJSON? {
        vismaRows("document", in: company).first { $0["number"]?.stringValue == document.number }
    }

    /// Calls to Stripe that write, by operation.
    package func stripeWrites(in company: Company? = nil) -> [String: Int] {
        (stripe.calls()[(company ?? nord).account] ?? [:]).filter { !$0.key.hasPrefix("GET") }
    }

    package func stripeCallCount(in company: Company? = nil) -> Int {
        (stripe.calls()[(company ?? nord).account] ?? [:]).values.reduce(0, +)
    }

    // MARK: Operators

    package func admin() throws -> TenantAdmin { TenantAdmin(environment: try environment(), actor: "cli:proof") }

    /// Another process on the same database, which does not take itself for the only one.
    package func node(_ name: String) throws -> TenantRegistry {
        var other = try environment()
        other.node = name
        other.reached = { _ in }
        return TenantRegistry(environment: other)
    }
}

/// A proof's own expectation of the world that does not hold.
package struct WorldFault: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}
