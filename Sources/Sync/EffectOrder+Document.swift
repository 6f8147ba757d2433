import Domain
import Outbound
import Stripe
import VismaNet

/// What is written in Stripe for a document, and on the document itself.
extension EffectOrder {
    static func document(_ action: Action, _ situation: Situation) throws -> EffectOrder? {
        try push(action, situation) ?? told(action) ?? record(action, situation)
    }

    // MARK: The push

    private static func push(_ action: Action, _ situation: Situation) throws -> EffectOrder? {
        let cause = situation.receivable.map(PushPlan.pushCause) ?? "none"
        switch action {
        case .createCustomer(let draft):
            return EffectOrder(Step.createCustomer, cause: PushPlan.customerCause(draft), .stripe) {
                try customer(draft, situation, $0)
            }
        case .createInvoice(let draft, let amount, let settled):
            return EffectOrder(Step.createInvoice, cause: cause, .stripe) { key in
                var draft = draft
                draft.metadata[MetadataKey.effect] = key.rawValue
                return JournaledRequest(
                    call: try StripeRequests.createInvoice(draft, key: key.rawValue), amount: amount,
                    target: draft.customer.rawValue, settled: settled)
            }
        case .addLines(let invoice, let lines):
            return onInvoice(Step.addLines, cause, invoice) {
                try StripeRequests.addLines(invoice, lines, key: $0)
            }
        case .finalizeInvoice(let invoice):
            return onInvoice(Step.finalizeInvoice, cause, invoice) { try StripeRequests.finalize(invoice, key: $0) }
        case .sendInvoice(let invoice):
            return onInvoice(Step.sendInvoice, cause, invoice) { try StripeRequests.sendInvoice(invoice, key: $0) }
        case .deleteDraft(let invoice, let reason):
            return onInvoice(Step.deleteDraft, reason.cause(cause), invoice) { _ in
                try StripeRequests.deleteDraft(invoice)
            }
        case .voidInvoice(let invoice, nil):
            return onInvoice(Step.voidInvoice, cause, invoice) { try StripeRequests.voidInvoice(invoice, key: $0) }
        default:
            return nil
        }
    }

    private static func onInvoice(
        _ step: String, _ cause: String, _ invoice: StripeInvoiceID, _ settlement: Settlement? = nil,
        call: @escaping (String) throws -> OutboundCall
    ) -> EffectOrder {
        EffectOrder(step, cause: cause, .stripe) { key in
            JournaledRequest(
                call: try call(key.rawValue), amount: settlement?.amount, target: invoice.rawValue,
                settled: settlement.map { [$0] })
        }
    }

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

    // MARK: What Stripe is told of settlements in Visma

    private static func told(_ action: Action) throws -> EffectOrder? {
        switch action {
        case .voidInvoice(let invoice, let settlement?):
            return onInvoice(Step.voidInvoice, settlement.cause, invoice, settlement) {
                try StripeRequests.voidInvoice(invoice, key: $0)
            }
        case .payOutOfBand(let invoice, let settlement):
            return onInvoice(Step.payOutOfBand, settlement.cause, invoice, settlement) {
                try StripeRequests.payOutOfBand(invoice, key: $0)
            }
        case .markUncollectible(let invoice, let settlement):
            return onInvoice(Step.markUncollectible, settlement.cause, invoice, settlement) {
                try StripeRequests.markUncollectible(invoice, key: $0)
            }
        case .attachPayment(let invoice, let record, let settlement):
            return onInvoice(Step.attachPayment, settlement.cause, invoice, settlement) {
                try StripeRequests.attachPayment(invoice, record: record, key: $0)
            }
        case .creditInvoice(let draft, let settlement):
            return onInvoice(Step.creditInvoice, settlement.cause, draft.invoice, settlement) {
                try StripeRequests.createCreditNote(draft, key: $0)
            }
        case .reportPayment(let report, let settlement):
            return EffectOrder(Step.reportPayment, cause: settlement.cause, .stripe) { key in
                JournaledRequest(
                    call: try StripeRequests.reportPayment(report, key: key.rawValue), amount: report.amount,
                    reference: report.reference, target: report.customer.rawValue, settled: [settlement])
            }
        default:
            return nil
        }
    }

    // MARK: On the document

    private static func record(_ action: Action, _ situation: Situation) throws -> EffectOrder? {
        switch action {
        case .writeRecord(let block, let way):
            let step = way == .note ? Step.writeNote : Step.attachRecord
            return EffectOrder(step, cause: InvoiceRecord.contentKey(block), .visma) {
                try record(block, way, situation, $0)
            }
        case .setDunning(let isStopped):
            return EffectOrder(Step.setDunning, cause: DisputePlan.dunningCause(isStopped), .visma) { _ in
                let etag = try etag(situation)
                let call = VismaRequests.setDunning(situation.document, isStopped: isStopped, etag: etag)
                return JournaledRequest(call: call, target: isStopped ? "stop" : "resume")
            }
        default:
            return nil
        }
    }

    private static func etag(_ situation: Situation) throws -> String {
        guard let etag = situation.receivable?.etag else {
            throw ConnectorError(
                code: "visma.no_etag", text: "Visma gave no ETag for \(situation.document); nothing is written without",
                disposition: .reject, system: .visma)
        }
        return etag
    }

    private static func record(
        _ block: String, _ way: RecordAbility, _ situation: Situation, _ key: EffectKey
    ) throws -> JournaledRequest {
        let etag = try etag(situation)
        let isOpen = situation.receivable?.isOpen
        guard way == .attachment, let collection = situation.collection else {
            let note = InvoiceRecord.note(situation.receivable?.note, with: block)
            let call = VismaRequests.putNote(situation.document, note: note, etag: etag)
            return JournaledRequest(call: call, target: block, isDocumentOpen: isOpen)
        }
        let name = InvoiceRecord.fileName(for: block, of: collection)
        let call = VismaRequests.attachText(
            situation.document, fileName: name, text: block, etag: etag, boundary: "mlc\(Digest.short(key.rawValue))")
        return JournaledRequest(call: call, target: name, isDocumentOpen: isOpen)
    }
}
