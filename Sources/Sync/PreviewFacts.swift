import Domain
import Foundation

/// What matters of a write, in words. The drafts that it is read from are those that the call is built from.
enum PreviewFacts {
    typealias Fact = PlannedCall.Fact

    static func facts(of action: Action, zone: TimeZone) -> [Fact] {
        stripe(action, zone) ?? told(action, zone) ?? visma(action)
    }

    private static func facts(_ pairs: [(String, String?)]) -> [Fact] {
        pairs.compactMap { name, value in value.map { Fact(name: name, value: $0) } }
    }

    private static func stripe(_ action: Action, _ zone: TimeZone) -> [Fact]? {
        switch action {
        case .createCustomer(let draft):
            return facts([("name", draft.name), ("email", draft.email), ("country", draft.address?.country)])
        case .createInvoice(let draft, _, let settled):
            let original = draft.customFields.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
            return facts([
                ("number", draft.number), ("customer", draft.customer.rawValue),
                ("due", draft.dueAt.day(in: zone).description), ("dated", draft.effectiveAt.day(in: zone).description),
                ("fields", original.isEmpty ? nil : original),
                ("settled_before", settled.isEmpty ? nil : settled.map(\.application).joined(separator: ", ")),
            ])
        case .addLines(_, let lines): return self.lines(lines)
        case .finalizeInvoice, .sendInvoice, .deleteDraft, .voidInvoice(_, nil): return []
        default: return nil
        }
    }

    private static func lines(_ lines: [InvoiceLine]) -> [Fact] {
        guard let currency = lines.first?.amount.currency else { return [] }
        let zero = Money.zero(currency)
        let taxes = lines.flatMap(\.taxes)
        let sum = lines.reduce(zero) { $0 + $1.amount }
        let exclusive = taxes.filter { !$0.isInclusive }.reduce(zero) { $0 + $1.amount }
        let byName = Dictionary(grouping: taxes, by: \.displayName).map { name, taxes in
            "\(name) \(taxes.reduce(zero) { $0 + $1.amount }.majorText)"
        }.sorted()
        return facts([
            ("lines", String(lines.count)), ("sum", sum.description),
            ("tax", byName.isEmpty ? nil : byName.joined(separator: ", ")), ("total", (sum + exclusive).description),
        ])
    }

    private static func told(_ action: Action, _ zone: TimeZone) -> [Fact]? {
        switch action {
        case .voidInvoice(_, let settlement?), .payOutOfBand(_, let settlement),
            .markUncollectible(_, let settlement):
            return facts([("settled_by", settlement.application)])
        case .reportPayment(let report, let settlement):
            return facts([
                ("settled_by", settlement.application), ("reference", report.reference),
                ("paid", report.paidAt.day(in: zone).description), ("customer", report.customer.rawValue),
            ])
        case .attachPayment(_, let record, let settlement):
            return facts([("settled_by", settlement.application), ("record", record)])
        case .creditInvoice(let draft, let settlement):
            return facts([("settled_by", settlement.application), ("memo", draft.memo), ("email", "none")])
        default: return nil
        }
    }

    private static func visma(_ action: Action) -> [Fact] {
        switch action {
        case .post(let posting, let cause): self.posting(posting) + facts([("cause", cause)])
        case .release(let kind, let number, let cause):
            facts([("release", "\(BookingPlan.noun(kind)) \(number)"), ("cause", cause)])
        case .void(let kind, let number, let cause, let reason):
            facts([
                ("void", "\(BookingPlan.noun(kind)) \(number)"), ("reason", reason.rawValue), ("cause", cause),
            ])
        case .discard(let kind, let number, let cause):
            facts([("delete", "\(BookingPlan.noun(kind)) \(number)"), ("cause", cause)])
        case .setDunning(let isStopped): facts([("reminders", isStopped ? "stopped" : "resumed")])
        case .writeRecord(let block, let way):
            facts([("by", way.rawValue)])
                + block.split(whereSeparator: \.isNewline).map {
                    Fact(name: "text", value: String($0))
                }
        default: []
        }
    }

    private static func posting(_ posting: Posting) -> [Fact] {
        switch posting {
        case .payment(let draft), .refund(let draft):
            facts([
                ("customer", draft.customer.rawValue), ("on", draft.document.description),
                ("method", draft.paymentMethod), ("fee", draft.charges.isEmpty ? nil : posting.fee?.description),
                ("reference", draft.reference), ("text", draft.text), ("hold", draft.isOnHold ? "yes" : nil),
            ])
        case .creditNote(let draft):
            facts([
                ("customer", draft.customer.rawValue), ("of", draft.document.description),
                ("lines", String(draft.lines.count)), ("reference", draft.reference), ("text", draft.text),
            ])
        case .cashEntry(let draft):
            facts([("entry_type", draft.entryType), ("reference", draft.reference), ("text", draft.text)])
        case .journalEntry(let draft):
            facts([
                ("accounts", draft.lines.map { "\($0.account) \($0.debit.majorText)" }.joined(separator: ", ")),
                ("reference", draft.reference), ("text", draft.text),
            ])
        }
    }
}
