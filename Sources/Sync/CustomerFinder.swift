import Domain
import Storage
import Stripe
import VismaNet

/// Finds the Stripe customer of a Visma customer: the stored link, our own mark in Stripe's metadata, then the
/// policy's rules in their order. A rule counts only when exactly one candidate is equal, not merely found. What it
/// finds is written down apart, by `remember`.
struct CustomerFinder: Sendable {
    let tenant: TenantContext
    let environment: SyncEnvironment
    /// So many that one would do already are several in any case.
    private static let candidatesReadMax = 10
    /// Stripe customers that are foreseen for Visma customers by their internal id, and not stored.
    var foreseen: [Int: StripeCustomerID] = [:]
    /// Whether the account's customers may be kept in the index as they are read.
    var keepsIndex = true

    func find(for situation: Situation) async throws -> Situation.CustomerFinding {
        guard let number = situation.receivable?.customer.number else { return .missingInVisma }
        guard let visma = try await tenant.visma.customer(number) else { return .missingInVisma }
        let stored = try await environment.database.read { [tenant] db in
            try CustomerLinksTable.find(db, tenant: tenant.id, vismaInternalID: visma.internalID)
        }
        if let stored { return .found(stored.stripeCustomer, visma: visma, rule: stored.matchedBy, hasEmail: true) }
        if let made = foreseen[visma.internalID] {
            return .found(made, visma: visma, rule: "foreseen", hasEmail: true)
        }
        let marked = try await tenant.stripe.customers(metadata: [
            MetadataKey.company: tenant.company, MetadataKey.customer: String(visma.internalID),
        ]).filter {
            $0.metadata[MetadataKey.company] == tenant.company
                && $0.metadata[MetadataKey.tenant] == tenant.id.rawValue
                && $0.metadata[MetadataKey.customer] == String(visma.internalID)
        }
        if let finding = Self.only(marked, visma, rule: "our metadata") { return finding }
        for rule in tenant.policy.customerRules {
            let candidates = try await candidates(rule, visma)
            if let finding = Self.only(candidates, visma, rule: rule.description) { return finding }
        }
        return .unknown(visma)
    }

    /// The customer was given another number in Visma: the same customer still, and the same one in Stripe.
    private func follow(_ stored: CustomerLink, to number: VismaCustomerNumber) async throws {
        try await environment.commit { [tenant, environment] db in
            let now = environment.now()
            try CustomerLinksTable.setNumber(
                db, tenant: tenant.id, vismaInternalID: stored.vismaInternalID, number: number)
            try LinksTable.renumber(
                db, tenant: tenant.id, of: stored.stripeCustomer, from: stored.vismaNumber, to: number, now: now)
            try tenant.audit.append(
                .init(
                    actor: "system", action: "customer.renumber", subject: "customer/\(number)", outcome: "done",
                    details: [
                        "former": stored.vismaNumber.rawValue, "stripe_customer": stored.stripeCustomer.rawValue,
                    ]), at: now, db)
        }
    }

    private func candidates(_ rule: Policy.CustomerRule, _ visma: VismaCustomer) async throws -> [StripeCustomer] {
        switch rule {
        case .description:
            guard !visma.name.isEmpty else { return [] }
            let indexed = try await CustomerIndex(tenant: tenant, environment: environment, keeps: keepsIndex)
                .customers(
                    described: visma.name)
            var found: [StripeCustomer] = []
            // The index may be behind: what counts is what Stripe says now.
            for id in indexed.prefix(Self.candidatesReadMax) {
                if let customer = try await tenant.stripe.customer(id) { found.append(customer) }
            }
            found.removeAll { $0.description != visma.name || $0.metadata[MetadataKey.customer] != nil }
            return try await unclaimed(found, visma)
        case .email:
            guard let email = visma.email else { return [] }
            let found = try await tenant.stripe.customers(email: email).filter { $0.email == email }
            // Somebody else's mark: that customer belongs to another Visma customer of ours.
            return try await unclaimed(found.filter { $0.metadata[MetadataKey.customer] == nil }, visma)
        case .metadata(let field):
            let found = try await tenant.stripe.customers(metadata: [field: visma.number.rawValue])
            return try await unclaimed(found.filter { $0.metadata[field] == visma.number.rawValue }, visma)
        }
    }

    /// Without those that stand for another Visma customer: two that share a mailbox must not share a Stripe customer.
    private func unclaimed(_ candidates: [StripeCustomer], _ visma: VismaCustomer) async throws -> [StripeCustomer] {
        let others = Set(foreseen.filter { $0.key != visma.internalID }.values)
        return try await environment.database.read { [tenant] db in
            try candidates.filter { !others.contains($0.id) }.filter { candidate in
                try CustomerLinksTable.vismaInternalIDs(db, tenant: tenant.id, of: candidate.id)
                    .allSatisfy { $0 == visma.internalID }
            }
        }
    }

    private static func only(
        _ candidates: [StripeCustomer], _ visma: VismaCustomer, rule: String
    ) -> Situation.CustomerFinding? {
        guard let only = candidates.first else { return nil }
        guard candidates.count == 1 else { return .ambiguous(rule: rule, candidates: candidates.map(\.id)) }
        return .found(only.id, visma: visma, rule: rule, hasEmail: only.email?.isEmpty == false)
    }

    /// Links the customer that a rule recognised, or follows one that was renumbered. Without an e-mail it cannot be
    /// invoiced yet: it is linked once it has one.
    func remember(_ finding: Situation.CustomerFinding) async throws {
        guard case .found(let customer, let visma, let rule, hasEmail: true) = finding else { return }
        let stored = try await environment.database.read { [tenant] db in
            try CustomerLinksTable.find(db, tenant: tenant.id, vismaInternalID: visma.internalID)
        }
        if let stored {
            if stored.vismaNumber != visma.number { try await follow(stored, to: visma.number) }
            return
        }
        try await environment.commit { [tenant, environment] db in
            let now = environment.now()
            try CustomerLinksTable.put(
                db, tenant: tenant.id,
                CustomerLink(
                    vismaInternalID: visma.internalID, vismaNumber: visma.number, stripeCustomer: customer,
                    matchedBy: rule, matchedAt: now))
            try tenant.audit.append(
                .init(
                    actor: "system", action: "customer.match", subject: "customer/\(visma.number)", outcome: "linked",
                    details: ["stripe_customer": customer.rawValue, "rule": rule]), at: now, db)
        }
    }
}
