import Domain
import Outbound
import Storage
import Stripe
import VismaNet

/// An action of the plan as an outside write: which step and cause name it, and which call it is.
struct EffectOrder {
    let step: String
    let cause: String
    private let timeoutMilliseconds: Int64
    private let build: (EffectKey) throws -> JournaledRequest

    /// Nil for an action that is no outside write.
    init?(_ action: Action, _ situation: Situation, environment: SyncEnvironment) throws {
        let push = situation.receivable.map(PushPlan.pushCause) ?? "none"
        let order: (step: String, cause: String, build: (EffectKey) throws -> JournaledRequest)
        switch action {
        case .createCustomer(let draft):
            order = (Step.createCustomer, PushPlan.customerCause(draft), { try Self.customer(draft, situation, $0) })
        case .createInvoice(let draft, let amount, let settled):
            order = (Step.createInvoice, push, { try Self.invoice(draft, amount, settled, $0) })
        case .addLines(let invoice, let lines):
            order = (
                Step.addLines, push,
                { key in
                    let call = try StripeRequests.addLines(invoice, lines, key: key.rawValue)
                    return JournaledRequest(call: call, target: invoice.rawValue)
                }
            )
        case .finalizeInvoice(let invoice):
            order = (
                Step.finalizeInvoice, push,
                { key in
                    let call = try StripeRequests.finalize(invoice, key: key.rawValue)
                    return JournaledRequest(call: call, target: invoice.rawValue)
                }
            )
        case .deleteDraft(let invoice):
            order = (
                Step.deleteDraft, push,
                { _ in
                    JournaledRequest(call: try StripeRequests.deleteDraft(invoice), target: invoice.rawValue)
                }
            )
        case .voidInvoice(let invoice, _):
            order = (
                Step.voidInvoice, push,
                { key in
                    let call = try StripeRequests.voidInvoice(invoice, key: key.rawValue)
                    return JournaledRequest(call: call, target: invoice.rawValue)
                }
            )
        case .post(.payment(let draft), let cause):
            order = (Step.createPayment, cause, { _ in Self.payment(draft) })
        case .release(.payment, let number, let cause):
            order = (
                Step.releasePayment, cause,
                { _ in
                    let call = VismaRequests.releasePayment(number, type: "Payment")
                    return JournaledRequest(call: call, target: number.rawValue)
                }
            )
        case .writeRecord(let block, let way):
            let step = way == .note ? Step.writeNote : Step.attachRecord
            order = (step, InvoiceRecord.contentKey(block), { try Self.record(block, way, situation, $0) })
        default:
            return nil
        }
        step = order.step
        cause = order.cause
        build = order.build
        let isVisma = [Step.createPayment, Step.releasePayment, Step.writeNote, Step.attachRecord].contains(step)
        timeoutMilliseconds =
            isVisma
            ? environment.endpoints.vismaTimeoutMilliseconds : environment.endpoints.stripeTimeoutMilliseconds
    }

    /// The attempt rises only past one that is known to have had no effect, or whose effect was undone since.
    func effect(tenant: TenantID, _ situation: Situation, lease: Lease, now: Timestamp) -> Effect {
        let subject = Subject.document(situation.document)
        let revision = situation.link?.revision ?? 1
        // The highest, not the last by time: the clock may have been set back in between.
        let attempts = situation.effects.filter { $0.step == step && $0.cause == cause && $0.revision == revision }
        let attempt = (attempts.map(\.attempt).max() ?? 0) + 1
        let key = EffectKey.make(
            tenant: tenant, subject: subject, revision: revision, step: step, cause: cause, attempt: attempt)
        return Effect(
            key: key, subject: subject, revision: revision, step: step, cause: cause, attempt: attempt, state: .sent,
            term: lease.term, sentAt: now, deadlineAt: now.adding(milliseconds: timeoutMilliseconds))
    }

    func request(_ key: EffectKey) throws -> JournaledRequest { try build(key) }

    private static func customer(
        _ draft: CustomerDraft, _ situation: Situation, _ key: EffectKey
    ) throws -> JournaledRequest {
        guard case .unknown(let visma) = situation.customer else {
            throw ConnectorError(
                code: "plan.customer", text: "no Visma customer to make one from", disposition: .reject)
        }
        // Two documents of one customer must not make it twice: the key is the customer's, not the document's. A later
        // attempt follows a look-up that found nothing, and must not be answered with the first one's stored error.
        let marks = draft.metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "|")
        let content = "\(PushPlan.customerCause(draft))/\(Digest.short(marks))"
        let attempt = key.rawValue.split(separator: "/").last ?? "1"
        let shared = "\(situation.tenant)/customer/\(visma.internalID)/\(content)/\(attempt)"
        return JournaledRequest(
            call: try StripeRequests.createCustomer(draft, key: shared),
            visma: .init(internalID: visma.internalID, number: visma.number))
    }

    private static func invoice(
        _ draft: InvoiceDraft, _ amount: Money, _ settled: [Settlement], _ key: EffectKey
    ) throws -> JournaledRequest {
        var draft = draft
        draft.metadata[MetadataKey.effect] = key.rawValue
        return JournaledRequest(
            call: try StripeRequests.createInvoice(draft, key: key.rawValue), amount: amount,
            target: draft.customer.rawValue)
    }

    private static func payment(_ draft: PaymentDraft) -> JournaledRequest {
        JournaledRequest(
            call: VismaRequests.createPayment(draft), amount: draft.amount, applied: draft.applied,
            reference: draft.reference, visma: .init(internalID: 0, number: draft.customer),
            target: draft.applicationDate.description, isOnHold: draft.isOnHold)
    }

    private static func record(
        _ block: String, _ way: RecordAbility, _ situation: Situation, _ key: EffectKey
    ) throws -> JournaledRequest {
        guard let receivable = situation.receivable, let etag = receivable.etag else {
            throw ConnectorError(
                code: "visma.no_etag", text: "Visma gave no ETag for \(situation.document); nothing is written without",
                disposition: .reject, system: .visma)
        }
        guard way == .attachment, let collection = situation.collection else {
            let note = InvoiceRecord.note(receivable.note, with: block)
            let call = VismaRequests.putNote(situation.document, note: note, etag: etag)
            return JournaledRequest(call: call, target: block, isDocumentOpen: receivable.isOpen)
        }
        let name = InvoiceRecord.fileName(for: block, of: collection)
        let call = VismaRequests.attachText(
            situation.document, fileName: name, text: block, etag: etag, boundary: "mlc\(Digest.short(key.rawValue))")
        return JournaledRequest(call: call, target: name, isDocumentOpen: receivable.isOpen)
    }
}
