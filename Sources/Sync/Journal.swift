import Domain
import LibCrypto
import Outbound
import Storage
import Stripe
import Vault
import VismaNet

/// The only way out: commits the intent, calls, commits the outcome with its audit entry. No system here offers
/// exactly-once, so what makes it is that nothing is sent that is not written down, and nothing whose outcome is not
/// known is sent again before it has been looked up.
struct Journal: Sendable {
    let tenant: TenantContext
    let environment: SyncEnvironment
    let lease: Lease

    /// Sends one effect. Throws what went wrong, as it was committed.
    func perform(_ effect: Effect, _ request: JournaledRequest) async throws -> Answer {
        guard environment.writesOn else {
            throw ConnectorError(
                code: "writes_off", text: "outside writes are switched off", disposition: .retry(afterSeconds: 60))
        }
        // Nothing is written down that would not be sent.
        if let refusal = tenant.gates?[request.call.system].refusal() {
            throw ErrorClassifier.error(refusal, system: request.call.system, method: request.call.method)
        }
        try await commitIntent(effect, request)
        try await environment.reached(.effectSent(effect.step))
        let outcome = await send(effect.step, request)
        try await environment.reached(.effectAnswered(effect.step))
        try await commit(outcome, of: effect, request)
        try await environment.reached(.effectSettled(effect.step))
        return try outcome.get().answer
    }

    /// Looks up an effect whose outcome is not known and commits what was found. Nil when it cannot be known yet.
    func resolve(_ effect: Effect) async throws -> Resolution {
        let stored = try await environment.database.read { [tenant, environment] db -> JournaledRequest? in
            guard let sealed = try JournalTable.request(db, tenant: tenant.id, key: effect.key) else { return nil }
            let opened = try environment.vault.openBytes(
                db, sealed, purpose: Self.purpose, tenant: tenant.id, label: effect.key.rawValue)
            return try opened.withBytes { try JournaledRequest(decoding: Array($0)) }
        }
        guard let request = stored else {
            throw ConnectorError(
                code: "journal.request_missing", text: "the request of \(effect.key) is not in the journal",
                disposition: .uncertain)
        }
        switch try await EffectLookup(journal: self).find(effect, request) {
        case .tookEffect(let answer, let requestID):
            try await commit(.success(Reply(answer: answer, requestID: requestID)), of: effect, request)
        case .hadNone(let why):
            try await commit(.failure(try await absence(of: effect, why)), of: effect, request)
        case .notKnownYet(let moment, let why):
            return .notYet(moment, why)
        }
        try await environment.reached(.effectSettled(effect.step))
        return .known
    }

    /// How often one step is answered with an error of the server's before it counts as refused.
    static let answeredErrorsMax = 3
    private static let answered = "; the answer had been "

    /// Visma answers refusals with 500, too. What had no effect may be sent again, but not what is answered so every
    /// time; and a closed period is one at once.
    private func absence(of effect: Effect, _ why: String) async throws -> ConnectorError {
        guard let failure = effect.failure, effect.state == .uncertain, failure.contains(", HTTP 5") else {
            return ConnectorError(code: "effect.absent", text: why, disposition: .retry(afterSeconds: nil))
        }
        let before = try await environment.database.read { [tenant] db in
            try JournalTable.list(db, tenant: tenant.id, subject: effect.subject)
        }.filter {
            $0.step == effect.step && $0.cause == effect.cause && $0.revision == effect.revision
                && $0.state == .absent && $0.failure?.contains(Self.answered) == true
        }
        guard before.count + 1 < Self.answeredErrorsMax, !failure.contains(VismaErrors.periodClosed) else {
            return ConnectorError(code: "effect.refused", text: failure, disposition: .reject)
        }
        return ConnectorError(
            code: "effect.absent", text: why + Self.answered + failure, disposition: .retry(afterSeconds: nil))
    }

    enum Resolution { case known, notYet(Timestamp, String) }

    /// An answer understood, with what the other side's support asks for.
    struct Reply: Sendable {
        var answer: Answer
        var requestID: String?
    }

    /// The call itself, and its answer understood.
    func send(_ step: String, _ request: JournaledRequest) async -> Result<Reply, ConnectorError> {
        do {
            let response =
                switch request.call.system {
                case .visma: try await tenant.visma.perform(request.call)
                case .stripe: try await tenant.stripe.perform(request.call)
                }
            let requestID = response.header("Request-Id") ?? response.header("Ipp-Request-Id")
            return .success(Reply(answer: try await answer(step, response, request), requestID: requestID))
        } catch let error as ConnectorError {
            // What is to be gone and is not there has been deleted, by an earlier attempt or by a person.
            guard request.call.method == "DELETE", error.httpStatus == 404 else { return .failure(error) }
            switch request.call.system {
            case .stripe where error.code == "stripe.resource_missing":
                return .success(Reply(answer: .deleted, requestID: error.requestID))
            case .visma: return .success(Reply(answer: .discarded, requestID: error.requestID))
            case .stripe: return .failure(error)
            }
        } catch {
            // An answer that cannot be read says nothing about the effect.
            return .failure(
                ConnectorError(
                    code: "answer.unreadable", text: "the answer to \(step) cannot be read", disposition: .uncertain,
                    system: request.call.system))
        }
    }

    private func answer(
        _ step: String, _ response: OutboundResponse, _ request: JournaledRequest
    ) async throws -> Answer {
        switch step {
        case Step.createCustomer:
            return .customer(try StripeAnswers.customer(from: response).id)
        case Step.createInvoice, Step.addLines, Step.finalizeInvoice, Step.sendInvoice, Step.voidInvoice,
            Step.payOutOfBand, Step.markUncollectible, Step.attachPayment:
            return .collection(try StripeAnswers.collection(from: response))
        case Step.reportPayment:
            return .paymentRecord(try StripeAnswers.paymentRecord(from: response).id)
        case Step.creditInvoice:
            return .creditNote(try StripeAnswers.creditNote(from: response).id)
        case Step.deleteDraft, Step.deleteEndpoint:
            _ = try StripeAnswers.deletedID(from: response)
            return .deleted
        case Step.createPayment, Step.createRefund, Step.createCreditNote, Step.createCashEntry,
            Step.createJournalEntry:
            return .posted(request.kind ?? .payment, try VismaAnswers.createdNumber(from: response))
        case Step.releasePayment, Step.releaseRefund, Step.releaseCreditNote, Step.releaseCashEntry,
            Step.releaseJournalEntry:
            try VismaAnswers.checkAction(response)
            return .releaseAccepted
        case Step.voidPayment, Step.voidRefund:
            try VismaAnswers.checkAction(response)
            return .voidAccepted
        case Step.deleteCreditNote:
            return .discarded
        case Step.setDunning:
            return .dunningSet
        case Step.writeNote, Step.attachRecord:
            return .recordWritten
        case Step.createEndpoint:
            return try await endpoint(response, request)
        default:
            throw ConnectorError(code: "step.unknown", text: "no step is called \(step)", disposition: .uncertain)
        }
    }

    /// Sealed as soon as it is read: the answer holds the only copy of the endpoint's secret.
    private func endpoint(_ response: OutboundResponse, _ request: JournaledRequest) async throws -> Answer {
        let created = try StripeAnswers.endpoint(from: response)
        let id = created.id
        guard let secret = created.takeSecret(), let endpointKey = request.target else {
            throw ConnectorError(
                code: "stripe.endpoint_without_secret", text: "Stripe's answer holds no endpoint secret",
                disposition: .uncertain, system: .stripe)
        }
        let bytes = secret.withBytes { Array($0) }
        let sealed = try await environment.database.read { [tenant, environment] db in
            try environment.vault.sealBytes(
                db, Secret(copying: bytes), purpose: WebhookKeys.purpose, tenant: tenant.id,
                label: WebhookKeys.label(endpointKey, version: 1))
        }
        return .endpoint(id: id, sealedSecret: sealed)
    }

    static let purpose = "journal"
    static let tenantChanged = "tenant.changed"

    private func commitIntent(_ effect: Effect, _ request: JournaledRequest) async throws {
        let plain = try request.encoded()
        // Held until well after the call's deadline, so that its outcome can be committed; where leases are shorter
        // than that the heartbeat holds it.
        try await environment.commitRenewing { [tenant, environment] db in
            guard let record = try TenantsTable.find(db, tenant: tenant.id), record.state == .active,
                record.policyVersion == tenant.policyVersion
            else {
                throw ConnectorError(
                    code: Self.tenantChanged, text: "the tenant's state or policy changed meanwhile",
                    disposition: .retry(afterSeconds: 0))
            }
            let sealed = try environment.vault.sealBytes(
                db, Secret(copying: plain), purpose: Self.purpose, tenant: tenant.id, label: effect.key.rawValue)
            try JournalTable.insert(db, tenant: tenant.id, effect, request: sealed)
            if effect.step == Step.createInvoice, let amount = request.amount {
                try PushesTable.add(db, tenant: tenant.id, amount, at: effect.sentAt)
            }
        }
    }

    /// The outcome, the rows that follow from it and the audit entry: one transaction.
    private func commit(
        _ outcome: Result<Reply, ConnectorError>, of effect: Effect, _ request: JournaledRequest
    ) async throws {
        try await environment.commit { [tenant, environment, lease] db in
            let now = environment.now()
            var settled = effect
            var details = ["key": effect.key.rawValue]
            switch outcome {
            case .success(let reply):
                let answer = reply.answer
                settled.state = .done
                settled.externalID = answer.externalID
                settled.requestID = reply.requestID
                try EffectOutcome(tenant: tenant.id, effect: effect, request: request, now: now).adopt(answer, db)
                details["external_id"] = answer.externalID
            case .failure(let error):
                settled.state = Self.state(after: error)
                settled.failure = error.description
                settled.requestID = error.requestID
                details["error"] = error.description
                // Uncertain again: the row keeps its state, and there is nothing new to tell.
                if effect.state == .uncertain, settled.state == .uncertain { return }
                try EffectOutcome(tenant: tenant.id, effect: effect, request: request, now: now).learn(error, db)
                if settled.state != .uncertain, effect.step == Step.createInvoice, let amount = request.amount {
                    try PushesTable.remove(db, tenant: tenant.id, amount, at: effect.sentAt)
                }
            }
            if let requestID = settled.requestID { details["request_id"] = requestID }
            if let amount = request.amount { details["amount"] = amount.description }
            if let reference = request.reference { details["reference"] = reference }
            try JournalTable.settle(
                db, tenant: tenant.id, key: effect.key, state: settled.state, externalID: settled.externalID,
                requestID: settled.requestID, failure: settled.failure, now: now, underTerm: lease.term)
            try tenant.audit.append(
                .init(
                    actor: "system", action: effect.step, subject: effect.subject.key,
                    outcome: settled.state.rawValue, details: details),
                at: now, db)
        }
    }

    static func state(after error: ConnectorError) -> Effect.State {
        switch error.disposition {
        case .retry, .reauthorise, .conflict: .absent
        case .reject: .failed
        case .uncertain: .uncertain
        }
    }
}
