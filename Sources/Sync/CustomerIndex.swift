import Domain
import Storage
import Stripe

/// The Stripe account's customers by description, which Stripe can neither list nor search by: read whole once, page by
/// page, when a rule asks for them first, and kept fresh by their events from then on.
struct CustomerIndex: Sendable {
    let tenant: TenantContext
    let environment: SyncEnvironment
    /// False for a look that writes nothing: then what is not indexed yet is read through.
    var keeps = true

    static let pageRows = 100

    /// Whose description is, or was lately, exactly this one.
    func customers(described description: String) async throws -> [StripeCustomerID] {
        if keeps {
            try await complete()
        } else if try await !isComplete() {
            return try await readThrough(description)
        }
        return try await environment.database.read { [tenant] db in
            try StripeCustomersTable.find(db, tenant: tenant.id, description: description)
        }
    }

    private func isComplete() async throws -> Bool {
        try await environment.database.read { [tenant] db in
            try CursorsTable.get(db, tenant: tenant.id, stream: .stripeCustomers)?.sweptAt != nil
        }
    }

    private func readThrough(_ description: String) async throws -> [StripeCustomerID] {
        var found: [StripeCustomerID] = []
        var next: StripeCustomerID?
        repeat {
            let page = try await page(after: next)
            next = page.next
            found += page.customers.filter { $0.description == description }.map(\.id)
        } while next != nil
        return found
    }

    /// Goes on where a reading was cut off; nothing to do once all have been read.
    private func complete() async throws {
        let cursor = try await environment.database.read { [tenant] db in
            try CursorsTable.get(db, tenant: tenant.id, stream: .stripeCustomers)
        }
        guard cursor?.sweptAt == nil else { return }
        var next = cursor.flatMap { $0.value.isEmpty ? nil : StripeCustomerID($0.value) }
        repeat {
            // Taken before the call: what an event says of a customer meanwhile is newer.
            let asOf = environment.now()
            let page = try await page(after: next)
            next = page.next
            try await environment.commitRenewing { [tenant] db in
                for customer in page.customers {
                    try StripeCustomersTable.put(
                        db, tenant: tenant.id, customer: customer.id, description: customer.description, asOf: asOf)
                }
                try CursorsTable.set(
                    db, tenant: tenant.id, stream: .stripeCustomers,
                    StreamCursor(value: page.next?.rawValue ?? "", sweptAt: page.next == nil ? asOf : nil))
            }
        } while next != nil
    }

    private func page(after: StripeCustomerID?) async throws(ConnectorError) -> StripeCustomerPage {
        do throws(ConnectorError) {
            return try await tenant.stripe.customersPage(after: after, limit: Self.pageRows)
        } catch {
            // The customer that the last page ended with was deleted: from the beginning.
            guard error.code == "stripe.resource_missing", after != nil else { throw error }
            return try await tenant.stripe.customersPage(after: nil, limit: Self.pageRows)
        }
    }
}
