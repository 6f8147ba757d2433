import Domain
import Storage
import VismaNet

/// Finds out what became of a posting in Visma, which has no idempotency key: by its reference, amount and kind among
/// all that could be it, whatever their status. What is found counts at once; that nothing is found counts only once
/// nothing can be under way any more.
struct PostingLookup {
    let journal: Journal

    /// Visma keeps days without a zone, and people move dates.
    static let dateSlackDays = 2

    private var tenant: TenantContext { journal.tenant }
    private var now: Timestamp { journal.environment.now() }
    private var lookup: EffectLookup { EffectLookup(journal: journal) }

    func posting(_ effect: Effect, _ request: JournaledRequest) async throws -> EffectLookup.Finding {
        guard let amount = request.amount, let reference = request.reference else {
            throw unreadable(effect)
        }
        let kind = request.kind ?? .payment
        let beganAt = now
        let made = try await candidates(kind, reference, effect, request)
        let taken = try await booked(kind, made.map(\.number), besides: effect)
        // A voided one was made too: making it again is not ours to decide.
        // Visma computes a credit note's VAT: one of another total is ours too, and is dealt with as such.
        let found = made.first {
            ($0.total == amount || kind == .creditNote) && !taken.contains($0.number)
        }
        if let found { return .tookEffect(.posted(kind, found.number)) }
        return lookup.absent(
            effect, beganAt: beganAt, what: "no \(BookingPlan.noun(kind)) \(reference) of \(amount)")
    }

    /// A release, a void or a deletion is to be seen on the document itself.
    func change(_ effect: Effect, _ request: JournaledRequest) async throws -> EffectLookup.Finding {
        guard let target = request.target else { throw unreadable(effect) }
        let kind = request.kind ?? .payment
        let beganAt = now
        let document = try await tenant.visma.posted(kind, VismaNumber(target))
        let name = "\(BookingPlan.noun(kind)) \(target)"
        switch effect.step {
        case Step.deleteCreditNote:
            if document == nil { return .tookEffect(.discarded) }
            return lookup.absent(effect, beganAt: beganAt, what: "\(name) is not deleted")
        case Step.voidPayment, Step.voidRefund:
            if document?.isVoided == true { return .tookEffect(.voidAccepted) }
            return lookup.absent(effect, beganAt: beganAt, what: "\(name) is not voided")
        default:
            if document?.isReleased == true { return .tookEffect(.releaseAccepted) }
            return lookup.absent(effect, beganAt: beganAt, what: "\(name) is not released")
        }
    }

    private func candidates(
        _ kind: Booking.Kind, _ reference: String, _ effect: Effect, _ request: JournaledRequest
    ) async throws -> [PostedDocument] {
        let sent = effect.sentAt.day(in: tenant.policy.zone)
        let dated = request.target.flatMap { LocalDate($0) } ?? sent
        let from = min(sent, dated).adding(days: -Self.dateSlackDays)
        // Rows of a version that knew payments only name neither kind nor document.
        var document = request.document
        if document == nil, case .document(let subject) = effect.subject { document = subject }
        switch kind {
        case .payment, .refund:
            return try await underEitherNumber(request, document) { customer in
                try await tenant.visma.allPayments(of: customer, from: from)
            }.filter { payment in
                payment.posted.kind == kind && (kind == .refund) == (payment.type == "Refund")
                    && payment.type != "VoidPayment" && payment.type != "VoidRefund"
                    && payment.reference == reference
                    && (payment.applications.isEmpty
                        || payment.applications.contains { $0.document == document })
            }.map(\.posted)
        case .creditNote:
            return try await underEitherNumber(request, document) { customer in
                try await tenant.visma.creditNotes(reference: reference, of: customer, from: from)
            }.map {
                PostedDocument(
                    kind: .creditNote, number: $0.number, status: $0.status, total: $0.total, isReleased: false,
                    isVoided: false)
            }
        case .cashEntry:
            return try await tenant.visma.cashEntries(reference: reference, from: sent)
        case .journalEntry:
            return try await tenant.visma.journalEntries(reference: reference, from: sent)
        }
    }

    /// What was posted under one customer number is listed under another when the customer was renumbered since: the
    /// document says which.
    private func underEitherNumber<Row>(
        _ request: JournaledRequest, _ document: DocumentRef?, _ list: (VismaCustomerNumber) async throws -> [Row]
    ) async throws -> [Row] {
        guard let sent = request.visma?.number else { return [] }
        let rows = try await list(sent)
        guard rows.isEmpty, let document, let seen = try await tenant.visma.invoice(document),
            seen.customer.number != sent
        else { return rows }
        return try await list(seen.customer.number)
    }

    /// Nothing may be concluded from a row that does not say what it was about.
    private func unreadable(_ effect: Effect) -> ConnectorError {
        ConnectorError(
            code: "journal.request_unreadable", text: "the request of \(effect.key) does not say what it was about",
            disposition: .uncertain)
    }

    /// The numbers that stand for another booking already.
    private func booked(
        _ kind: Booking.Kind, _ numbers: [VismaNumber], besides effect: Effect
    ) async throws -> Set<VismaNumber> {
        try await journal.environment.database.read { [tenant] db in
            try Set(
                numbers.filter { number in
                    try CollectedTable.list(db, tenant: tenant.id, kind: kind, number: number).contains {
                        $0.subject != effect.subject || $0.cause != effect.cause
                    }
                })
        }
    }
}
