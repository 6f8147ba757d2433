import Domain
import Outbound
import Storage
import Stripe
import VismaNet

/// Finds out what became of a write whose answer was lost. Reads, with one exception: a Stripe POST younger than its
/// idempotency key is sent again with the same bytes and key, which Stripe defines as asking for the first answer.
struct EffectLookup {
    let journal: Journal

    enum Finding {
        case tookEffect(Answer, requestID: String? = nil)
        case hadNone(why: String)
        case notKnownYet(until: Timestamp, why: String)
    }

    /// Stripe prunes idempotency keys after 24 hours; an hour is left for clocks that differ.
    static let keyLifeSeconds: Int64 = 23 * 3600
    /// Between two looks at something that may still be under way.
    static let lookSeconds: Int64 = 5
    static let writesOffSeconds: Int64 = 60
    static let recordsSeconds: Int64 = 3600
    /// Stripe's clock and ours may differ by this much when objects are listed by creation time.
    static let clockSlackSeconds: Int64 = 3600

    private var tenant: TenantContext { journal.tenant }
    private var now: Timestamp { journal.environment.now() }

    func find(_ effect: Effect, _ request: JournaledRequest) async throws -> Finding {
        switch effect.step {
        case Step.createPayment, Step.createRefund, Step.createCreditNote, Step.createCashEntry,
            Step.createJournalEntry:
            return try await PostingLookup(journal: journal).posting(effect, request)
        case Step.releasePayment, Step.releaseRefund, Step.releaseCreditNote, Step.releaseCashEntry,
            Step.releaseJournalEntry, Step.voidPayment, Step.voidRefund, Step.deleteCreditNote:
            return try await PostingLookup(journal: journal).change(effect, request)
        case Step.setDunning: return try await dunning(effect, request)
        case Step.writeNote: return try await note(effect, request)
        case Step.attachRecord: return try await attachment(effect, request)
        case Step.deleteDraft: return try await deletion(request)
        default: return try await stripePost(effect, request)
        }
    }

    // MARK: Stripe

    private func stripePost(_ effect: Effect, _ request: JournaledRequest) async throws -> Finding {
        guard journal.environment.writesOn else {
            return .notKnownYet(
                until: now.adding(seconds: Self.writesOffSeconds), why: "outside writes are switched off")
        }
        if now.seconds(since: effect.sentAt) < Self.keyLifeSeconds {
            switch await journal.send(effect.step, request) {
            case .success(let reply): return .tookEffect(reply.answer, requestID: reply.requestID)
            case .failure(let error):
                switch error.disposition {
                // Nothing was done, and the content may only have grown old (a due date that has passed): the plan
                // decides anew, and a true refusal comes again at once.
                case .reject: return .hadNone(why: error.description)
                case .uncertain where error.httpStatus == nil: break
                case .uncertain: return try await list(effect, request)
                default: break
                }
                let wait = max(Self.lookSeconds, error.withheldSeconds ?? 0)
                return .notKnownYet(until: now.adding(seconds: wait), why: error.description)
            }
        }
        return try await list(effect, request)
    }

    /// By listing, never by the search that lags.
    private func list(_ effect: Effect, _ request: JournaledRequest) async throws -> Finding {
        guard now > effect.deadlineAt.adding(seconds: journal.environment.lateEffectSeconds) else {
            return .notKnownYet(
                until: now.adding(seconds: Self.lookSeconds), why: "\(effect.step) may still be under way")
        }
        let from = effect.sentAt.adding(seconds: -Self.clockSlackSeconds)
        let key = effect.key.rawValue
        switch effect.step {
        case Step.createCustomer:
            let made = try await tenant.stripe.customersCreated(from: from)
            let internalID = request.visma.map { String($0.internalID) }
            let customer = made.first {
                $0.metadata[MetadataKey.company] == tenant.company && $0.metadata[MetadataKey.customer] == internalID
            }
            if let customer {
                return .tookEffect(.customer(customer.id))
            }
            return .hadNone(why: "no such customer was made")
        case Step.createInvoice:
            guard let customer = request.target else { return .hadNone(why: "the request names no customer") }
            let made = try await tenant.stripe.invoices(customer: StripeCustomerID(customer), createdFrom: from)
            if let invoice = made.first(where: { $0.metadata[MetadataKey.effect] == key }) {
                return .tookEffect(.collection(invoice))
            }
            return .hadNone(why: "no invoice of this key was made")
        case Step.reportPayment:
            return try await record(key, from: from)
        case Step.creditInvoice:
            guard let invoice = request.target.map({ StripeInvoiceID($0) }) else {
                return .hadNone(why: "the request names no invoice")
            }
            let made = try await tenant.stripe.creditNotes(invoice: invoice)
            let note = made.first { $0.metadata[MetadataKey.effect] == key }
            return note.map { .tookEffect(.creditNote($0.id)) } ?? .hadNone(why: "no credit note of this key was made")
        case Step.sendInvoice:
            // Nothing tells whether an e-mail went out; a second one would say no more than the first.
            guard let target = request.target, let invoice = try await tenant.stripe.invoice(StripeInvoiceID(target))
            else { return .hadNone(why: "the invoice is gone") }
            return .tookEffect(.collection(invoice))
        case Step.createEndpoint:
            // Its secret was told once and is lost: whatever was made is deleted before another is.
            return .hadNone(why: "the answer with the endpoint's secret is lost")
        default:
            return try await state(effect, request)
        }
    }

    /// Whether a step on an invoice was taken can be read off the invoice.
    private func state(_ effect: Effect, _ request: JournaledRequest) async throws -> Finding {
        guard let target = request.target,
            let collection = try await tenant.stripe.invoice(StripeInvoiceID(target))
        else { return .hadNone(why: "the invoice is gone") }
        let isTaken =
            switch effect.step {
            case Step.addLines: collection.lineCount > 0
            case Step.finalizeInvoice: collection.status != "draft"
            case Step.voidInvoice: collection.status == "void"
            case Step.payOutOfBand: collection.status == "paid"
            case Step.markUncollectible: collection.status == "uncollectible"
            case Step.attachPayment:
                collection.payments.contains { payment in
                    guard case .outsideStripe(let record?) = payment.source else { return false }
                    return request.settled?.contains { $0.stripeObject == record } == true
                }
            default: false
            }
        return isTaken
            ? .tookEffect(.collection(collection)) : .hadNone(why: "\(effect.step) is not to be seen on \(target)")
    }

    /// An account whose list of payment records cannot be read tells nothing, not even absence.
    private func record(_ key: String, from: Timestamp) async throws -> Finding {
        guard let made = try await tenant.stripe.paymentRecords(createdFrom: from) else {
            return .notKnownYet(
                until: now.adding(seconds: Self.recordsSeconds), why: "Stripe does not list the payment records")
        }
        let record = made.first { $0.metadata[MetadataKey.effect] == key }
        return record.map { .tookEffect(.paymentRecord($0.id)) } ?? .hadNone(why: "no payment record of this key")
    }

    private func deletion(_ request: JournaledRequest) async throws -> Finding {
        guard let target = request.target else { return .hadNone(why: "the request names no invoice") }
        let collection = try await tenant.stripe.invoice(StripeInvoiceID(target))
        return collection == nil ? .tookEffect(.deleted) : .hadNone(why: "\(target) is still there")
    }

    // MARK: Visma

    /// The ETag protects: a note that lands late under the old ETag is refused once another has been written.
    private func note(_ effect: Effect, _ request: JournaledRequest) async throws -> Finding {
        guard case .document(let document) = effect.subject else { return .hadNone(why: "no document") }
        let receivable = try await tenant.visma.invoice(document)
        if InvoiceRecord.block(in: receivable?.note) == request.target { return .tookEffect(.recordWritten) }
        return .hadNone(why: "the note does not read so")
    }

    private func attachment(_ effect: Effect, _ request: JournaledRequest) async throws -> Finding {
        guard case .document(let document) = effect.subject, let name = request.target else {
            return .hadNone(why: "the request names no file")
        }
        let beganAt = now
        let receivable = try await tenant.visma.invoice(document)
        if receivable?.attachmentNames.contains(name) == true { return .tookEffect(.recordWritten) }
        return absent(effect, beganAt: beganAt, what: "no attachment \(name)")
    }

    private func dunning(_ effect: Effect, _ request: JournaledRequest) async throws -> Finding {
        guard case .document(let document) = effect.subject else { return .hadNone(why: "no document") }
        let receivable = try await tenant.visma.invoice(document)
        let isStopped = request.target == DisputePlan.dunningCause(true)
        if receivable?.isDunningStopped == isStopped { return .tookEffect(.dunningSet) }
        return .hadNone(why: "reminders are as they were")
    }

    func absent(_ effect: Effect, beganAt: Timestamp, what: String) -> Finding {
        let limit = effect.deadlineAt.adding(seconds: journal.environment.lateEffectSeconds)
        guard beganAt > limit else {
            return .notKnownYet(
                until: max(limit, now).adding(milliseconds: 1), why: "\(what) is there yet, and it may still come")
        }
        return .hadNone(why: what)
    }
}
