package import Domain
package import Storage
import Stripe
import VismaNet

/// Which Stripe customer a Visma customer is, by a person's choice: it wins over every rule.
extension TenantAdmin {
    /// Both sides are read first: the Visma customer's internal id is what the mapping is kept by, and a Stripe
    /// customer that stands for another Visma customer is refused. Documents that wait for it are looked at again.
    package func mapCustomer(
        _ number: VismaCustomerNumber, to customer: StripeCustomerID, of tenant: TenantID
    ) async throws -> CustomerLink {
        let mapping = try await mapping(of: number, to: customer, of: tenant)
        return try await commit(tenant) { try map(mapping, of: tenant, $0) }
    }

    /// Which Stripe customer is to stand for which Visma customer, as both sides have them.
    struct CustomerMapping {
        var visma: VismaCustomer
        var stripe: StripeCustomerID
        /// The Stripe customer says itself that it is another one's.
        var isMarkedForAnother: Bool
    }

    /// Only reads.
    func mapping(
        of number: VismaCustomerNumber, to customer: StripeCustomerID, of tenant: TenantID
    ) async throws -> CustomerMapping {
        let context = try await TenantContext.make(tenant, environment: environment)
        guard let visma = try await context.visma.customer(number) else {
            throw ConnectorError(
                code: "customer.unknown", text: "Visma has no customer \(number) of '\(tenant)': look at the number",
                disposition: .reject)
        }
        guard let found = try await context.stripe.customer(customer) else {
            throw ConnectorError(
                code: "customer.unknown", text: "the Stripe account of '\(tenant)' has no customer \(customer)",
                disposition: .reject)
        }
        guard found.email?.isEmpty == false else {
            throw ConnectorError(
                code: "customer.email_missing",
                text: "Stripe customer \(customer) has no e-mail address, which Stripe needs to send an invoice; "
                    + "give it one there first", disposition: .reject)
        }
        let isMarkedForAnother =
            found.metadata[MetadataKey.company] == context.company
            && found.metadata[MetadataKey.customer].map { $0 != String(visma.internalID) } ?? false
        return CustomerMapping(visma: visma, stripe: customer, isMarkedForAnother: isMarkedForAnother)
    }

    func map(_ mapping: CustomerMapping, of tenant: TenantID, _ db: any SQLConnection) throws -> CustomerLink {
        let now = environment.now()
        let (visma, customer) = (mapping.visma, mapping.stripe)
        let others = try CustomerLinksTable.vismaInternalIDs(db, tenant: tenant, of: customer)
            .filter { $0 != visma.internalID }
        guard others.isEmpty, !mapping.isMarkedForAnother else { throw Self.taken(customer) }
        let link = CustomerLink(
            vismaInternalID: visma.internalID, vismaNumber: visma.number, stripeCustomer: customer,
            matchedBy: CustomerLinksTable.operatorRule, matchedAt: now)
        let former = try CustomerLinksTable.find(db, tenant: tenant, vismaInternalID: visma.internalID)
        try CustomerLinksTable.put(db, tenant: tenant, link)
        try lookAgain(db, tenant, link, now)
        try trail(db, tenant).append(
            .init(
                actor: actor, action: "customer.map", subject: "customer/\(visma.number)", outcome: "done",
                details: [
                    "stripe_customer": customer.rawValue, "former": former?.stripeCustomer.rawValue ?? "none",
                ]), at: now, db)
        return link
    }

    /// Forgets which Stripe customer a Visma customer is: the next push finds it by the policy's rules again.
    /// Invoices that were pushed stay as they are.
    package func unmapCustomer(_ number: VismaCustomerNumber, of tenant: TenantID) async throws -> [CustomerLink] {
        try await commit(tenant) { [environment, actor] db in
            let now = environment.now()
            guard try TenantsTable.find(db, tenant: tenant) != nil else { throw Self.unknown(tenant) }
            let links = try CustomerLinksTable.find(db, tenant: tenant, vismaNumber: number)
            guard !links.isEmpty else {
                throw ConnectorError(
                    code: "customer.unknown",
                    text: "no Stripe customer is known for customer \(number); `ml-connector customer list \(tenant)` "
                        + "shows those there are", disposition: .reject)
            }
            for link in links {
                try CustomerLinksTable.remove(db, tenant: tenant, vismaInternalID: link.vismaInternalID)
                try lookAgain(db, tenant, link, now)
                try trail(db, tenant).append(
                    .init(
                        actor: actor, action: "customer.unmap", subject: "customer/\(number)", outcome: "done",
                        details: ["stripe_customer": link.stripeCustomer.rawValue, "matched_by": link.matchedBy]),
                    at: now, db)
            }
            return links
        }
    }

    private func lookAgain(
        _ db: any SQLConnection, _ tenant: TenantID, _ link: CustomerLink, _ now: Timestamp
    ) throws {
        for document in try LinksTable.unpushed(db, tenant: tenant, of: link.vismaNumber) {
            try WorkTable.dirty(
                db, tenant: tenant, subject: .document(document), cause: Self.askedCause, dueAt: now, askedAt: now)
        }
    }

    private static func taken(_ customer: StripeCustomerID) -> ConnectorError {
        ConnectorError(
            code: "customer.taken",
            text: "Stripe customer \(customer) stands for another Visma customer: two that share one would share its "
                + "credit balance and its invoices; unmap that one first, or make another in Stripe",
            disposition: .reject)
    }
}
