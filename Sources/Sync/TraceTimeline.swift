import Domain
import Storage

/// Every moment that is known of a document, in order.
struct TraceTimeline {
    typealias Entry = InvoiceTrace.Entry

    let rows: TraceRows
    let seen: TraceSight?

    var entries: [Entry] {
        let all = visma + stripe + effects + trail + events
        // Within one moment the trail's own order, behind what happened outside.
        return all.enumerated().sorted { left, right in
            (left.element.at, left.element.auditSequence ?? 0, left.offset)
                < (right.element.at, right.element.auditSequence ?? 0, right.offset)
        }.map(\.element)
    }

    // MARK: The two systems

    private var visma: [Entry] {
        guard let seen, let receivable = seen.receivable else { return [] }
        let document = Entry(
            at: beginning(of: receivable.documentDate, seen), day: receivable.documentDate, place: .visma,
            what: "invoice",
            id: rows.document.description, state: receivable.status, amount: receivable.total)
        return [document]
            + receivable.applications.compactMap { application in
                application.date.map { date in
                    Entry(
                        at: beginning(of: date, seen), day: date, place: .visma, what: "application",
                        id: application.key,
                        state: application.isVoided ? "voided" : application.isReleased ? "released" : "unreleased",
                        amount: application.amount, text: application.paymentReference)
                }
            }
    }

    private func beginning(of day: LocalDate, _ seen: TraceSight) -> Timestamp {
        day.adding(days: -1).endOfDay(in: seen.zone).adding(seconds: 1)
    }

    private var stripe: [Entry] {
        guard let collection = seen?.collection else { return [] }
        var entries = [
            Entry(
                at: collection.createdAt, place: .stripe, what: "invoice", id: collection.invoice.rawValue,
                state: collection.status, amount: collection.total, text: collection.number)
        ]
        entries += collection.payments.compactMap { payment in
            payment.paidAt.map {
                Entry(
                    at: $0, place: .stripe, what: "payment", id: payment.id.rawValue, state: payment.status,
                    amount: payment.amountPaid)
            }
        }
        for charge in collection.charges {
            let failure = [charge.failureCode, charge.failureMessage].compactMap { $0 }.joined(separator: ": ")
            entries.append(
                Entry(
                    at: charge.createdAt, place: .stripe, what: "charge", id: charge.id.rawValue,
                    state: charge.status, amount: charge.amount, text: failure.isEmpty ? nil : failure))
            entries += charge.movement.map { [fee($0)] } ?? []
        }
        entries += collection.refunds.map {
            Entry(
                at: $0.createdAt, place: .stripe, what: "refund", id: $0.id.rawValue, state: $0.status,
                amount: $0.amount, text: $0.failureReason)
        }
        for dispute in collection.disputes {
            entries.append(
                Entry(
                    at: dispute.createdAt, place: .stripe, what: "dispute", id: dispute.id.rawValue,
                    state: dispute.status, amount: dispute.amount, text: dispute.reason))
            entries += dispute.movements.map(fee)
        }
        return entries
    }

    private func fee(_ movement: BalanceMovement) -> Entry {
        Entry(
            at: movement.createdAt, place: .stripe, what: "fee", id: movement.id.rawValue, state: movement.type,
            amount: movement.fee, text: "\(movement.net) net")
    }

    // MARK: Ourselves

    private var effects: [Entry] {
        rows.effects.map { effect in
            let entry = rows.entry(of: effect)
            return Entry(
                at: effect.sentAt, place: .connector, what: effect.step, id: effect.externalID,
                state: effect.state.rawValue,
                amount: entry.flatMap { rows.amounts[$0.sequence] },
                requestID: effect.requestID, auditSequence: entry?.sequence, actor: entry?.actor,
                cause: effect.cause,
                text: Self.joined([effect.failure, rows.place(effect.subject)]))
        }
    }

    /// The entries that are no outcome of a write: what people asked, matched and decided, and what we noted.
    private var trail: [Entry] {
        let outcomes = Set(rows.effects.compactMap { rows.entry(of: $0)?.sequence })
        return rows.audit.filter { !outcomes.contains($0.sequence) && rows.details[$0.sequence]?["key"] == nil }
            .map { entry in
                let details = rows.details[entry.sequence] ?? [:]
                let review = details["review"].flatMap { id in rows.reviews.first { String($0.id) == id } }
                let words = details.filter { !["cause", "review", "amount"].contains($0.key) }
                    .sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                return Entry(
                    at: entry.at, place: entry.actor == "system" ? .connector : .person, what: entry.action,
                    id: details["cause"] ?? details["review"], state: entry.outcome,
                    amount: rows.amounts[entry.sequence], auditSequence: entry.sequence, actor: entry.actor,
                    text: review.map { "\($0.code): \($0.found)" } ?? words.joined(separator: ", "))
            }
    }

    private var events: [Entry] {
        rows.events.map { event in
            Entry(
                at: event.receivedAt, place: .stripe, what: event.type, id: event.eventID,
                state: event.state.rawValue, text: Self.joined([event.objectID, rows.place(event.subject)]))
        }
    }

    private static func joined(_ texts: [String?]) -> String? {
        let said = texts.compactMap { $0 }
        return said.isEmpty ? nil : said.joined(separator: ", ")
    }
}
