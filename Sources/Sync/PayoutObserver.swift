import Domain
import Storage
import Stripe
import VismaNet

/// Reads what Stripe says now of one payout, and what became of its bookings in Visma.
struct PayoutObserver: Observing {
    let tenant: TenantContext
    let environment: SyncEnvironment
    let id: PayoutID
    var askedAt: Timestamp?

    var subject: Subject { .payout(id) }

    func observe() async throws -> PayoutSituation {
        var situation = PayoutSituation(
            id: id, payout: try await tenant.stripe.payout(id), policy: tenant.policy, now: environment.now())
        situation.forgivesBefore = askedAt
        situation = try await refresh(situation)
        situation.posted = try await PostedDocuments(tenant: tenant).read(situation.bookings)
        return situation
    }

    /// A payout has no row of its own.
    func remember(_ seen: PayoutSituation) async throws {}

    func refresh(_ seen: PayoutSituation) async throws -> PayoutSituation {
        let subject = subject
        return try await environment.database.read { [tenant] db in
            var situation = seen
            situation.bookings = try CollectedTable.list(db, tenant: tenant.id, subject: subject)
            situation.requests = try RequestsTable.list(db, tenant: tenant.id, subject: subject)
            situation.effects = try JournalTable.list(db, tenant: tenant.id, subject: subject)
            return situation
        }
    }

    func read(_ action: Action, _ seen: PayoutSituation) async throws -> PayoutSituation? {
        guard case .findOpenPeriod(let day) = action else { return nil }
        var situation = seen
        situation.openDays[day] = try await tenant.visma.firstOpenDay(onOrAfter: day) ?? day
        return situation
    }

    func order(_ action: Action, _ seen: PayoutSituation) throws -> EffectOrder? {
        try EffectOrder.posting(action, zone: tenant.policy.zone)
    }

    func brought(up seen: PayoutSituation, by answer: Answer, of action: Action) async throws -> PayoutSituation {
        guard answer == .releaseAccepted, case .release(let kind, let number, _) = action else { return seen }
        var situation = seen
        situation.posted.removeAll { $0.kind == kind && $0.number == number }
        situation.posted += try await tenant.visma.posted(kind, number).map { [$0] } ?? []
        return situation
    }
}

/// A customer's refund documents in Visma that pay out of Stripe's clearing account and stand for no refund in Stripe:
/// nobody but a person can make that refund.
struct CustomerTurn: Sendable {
    let tenant: TenantContext
    let environment: SyncEnvironment
    let customer: VismaCustomerNumber
    static let daysBack = 90

    func run() async throws -> TurnEnding {
        do {
            let from = environment.now().day(in: tenant.policy.zone).adding(days: -Self.daysBack)
            let posting = tenant.policy.posting
            let refunds = try await tenant.visma.allPayments(of: customer, from: from).filter {
                $0.type == "Refund" && $0.applicationDate >= tenant.policy.startDate && $0.status != "Voided"
                    && posting.isCashAccount($0.cashAccount)
            }
            let (unmatched, stripe) = try await environment.database.read { [tenant, customer] db in
                (
                    try refunds.filter {
                        try CollectedTable.list(db, tenant: tenant.id, kind: .refund, number: $0.number).isEmpty
                    }, try CustomerLinksTable.find(db, tenant: tenant.id, vismaNumber: customer).first?.stripeCustomer
                )
            }
            guard !unmatched.isEmpty else { return .settled(reviews: []) }
            return .settled(reviews: [review(unmatched, stripe)])
        } catch let error as ConnectorError {
            return .failed(error)
        }
    }

    private func review(_ refunds: [VismaPayment], _ stripe: StripeCustomerID?) -> Review {
        let mode = tenant.isLive ? "" : "test/"
        let link = stripe.map { "https://dashboard.stripe.com/\(mode)customers/\($0)" } ?? "the Stripe Dashboard"
        let named = refunds.prefix(5).map { "\($0.number) of \($0.amount)" }.joined(separator: ", ")
        return Review(
            .refundInVisma,
            found:
                "Visma refund \(named) of customer \(customer) pays out of Stripe's account; Stripe has no such refund",
            proposals: ["make the refund at \(link)", "book the refund on another cash account"])
    }
}
