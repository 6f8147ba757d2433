import Domain
import Foundation
import Outbound
import Storage
import Stripe
import VismaNet

/// An action of the plan as an outside write: which step and cause name it, and which call it is.
struct EffectOrder {
    let step: String
    let cause: String
    let system: RemoteSystem
    private let build: (EffectKey) throws -> JournaledRequest

    init(
        _ step: String, cause: String, _ system: RemoteSystem, build: @escaping (EffectKey) throws -> JournaledRequest
    ) {
        self.step = step
        self.cause = cause
        self.system = system
        self.build = build
    }

    /// The attempt rises only past one that is known to have had no effect, or whose effect was undone since.
    func effect(tenant: TenantID, _ seen: some Plannable, term: Int64, environment: SyncEnvironment) -> Effect {
        let endpoints = environment.endpoints
        let timeout =
            system == .visma ? endpoints.vismaTimeoutMilliseconds : endpoints.stripeTimeoutMilliseconds
        // The highest, not the last by time: the clock may have been set back in between.
        let attempts = seen.effects.filter {
            $0.step == step && $0.cause == cause && $0.revision == seen.revision
        }
        let attempt = (attempts.map(\.attempt).max() ?? 0) + 1
        let key = EffectKey.make(
            tenant: tenant, subject: seen.subject, revision: seen.revision, step: step, cause: cause, attempt: attempt)
        let now = environment.now()
        return Effect(
            key: key, subject: seen.subject, revision: seen.revision, step: step, cause: cause, attempt: attempt,
            state: .sent, term: term, sentAt: now, deadlineAt: now.adding(milliseconds: timeout))
    }

    func request(_ key: EffectKey) throws -> JournaledRequest { try build(key) }
}

// MARK: Documents in Visma

extension EffectOrder {
    /// What is posted, released, voided or deleted in Visma, for whatever subject.
    static func posting(_ action: Action, zone: TimeZone) throws -> EffectOrder? {
        switch action {
        case .post(let posting, let cause):
            return EffectOrder(Step.create(posting.kind), cause: cause, .visma) { _ in request(posting) }
        case .release(let kind, let number, let cause):
            return EffectOrder(Step.release(kind), cause: cause, .visma) { _ in
                JournaledRequest(call: releaseCall(kind, number), kind: kind, target: number.rawValue)
            }
        case .void(let kind, let number, let cause, let reason):
            guard let step = Step.void(kind) else { return nil }
            return EffectOrder(step, cause: cause, .visma) { _ in
                let call = VismaRequests.voidPayment(number, type: kind == .refund ? "Refund" : "Payment")
                return JournaledRequest(call: call, kind: kind, target: number.rawValue, voidedFor: reason)
            }
        case .discard(.creditNote, let number, let cause):
            return EffectOrder(Step.deleteCreditNote, cause: cause, .visma) { _ in
                JournaledRequest(
                    call: VismaRequests.deleteCreditNote(number), kind: .creditNote, target: number.rawValue)
            }
        default:
            return nil
        }
    }

    private static func releaseCall(_ kind: Booking.Kind, _ number: VismaNumber) -> OutboundCall {
        switch kind {
        case .payment: VismaRequests.releasePayment(number, type: "Payment")
        case .refund: VismaRequests.releasePayment(number, type: "Refund")
        case .creditNote: VismaRequests.releaseCreditNote(number)
        case .cashEntry: VismaRequests.releaseCashEntry(number)
        case .journalEntry: VismaRequests.releaseJournalEntry(number)
        }
    }

    private static func request(_ posting: Posting) -> JournaledRequest {
        var request = JournaledRequest(
            call: call(posting), amount: posting.amount, applied: posting.applied, fee: posting.fee,
            reference: posting.reference, kind: posting.kind, target: posting.date.description,
            isOnHold: posting.isOnHold)
        switch posting {
        case .payment(let draft), .refund(let draft):
            request.visma = .init(internalID: 0, number: draft.customer)
            request.document = draft.document
        case .creditNote(let draft):
            request.visma = .init(internalID: 0, number: draft.customer)
        case .cashEntry, .journalEntry: break
        }
        return request
    }

    private static func call(_ posting: Posting) -> OutboundCall {
        switch posting {
        case .payment(let draft): VismaRequests.createPayment(draft, type: "Payment")
        case .refund(let draft): VismaRequests.createPayment(draft, type: "Refund")
        case .creditNote(let draft): VismaRequests.createCreditNote(draft)
        case .cashEntry(let draft): VismaRequests.createCashEntry(draft)
        case .journalEntry(let draft): VismaRequests.createJournalEntry(draft)
        }
    }
}
