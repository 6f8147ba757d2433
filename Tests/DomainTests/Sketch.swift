import Domain

extension PlanCase {
    /// An action in a few words: what it does, to what, with which amount.
    static func sketch(_ action: Action) -> String {
        stripeSketch(action) ?? vismaSketch(action) ?? "\(action)"
    }

    private static func stripeSketch(_ action: Action) -> String? {
        switch action {
        case .findCustomer: "find customer"
        case .createCustomer(let draft): "create customer \(draft.name)"
        case .createInvoice(_, let amount, _): "create invoice \(amount)"
        case .addLines(_, let lines): "add \(lines.count) lines"
        case .finalizeInvoice: "finalize"
        case .sendInvoice: "send"
        case .deleteDraft: "delete draft"
        case .voidInvoice(_, let settlement): "void" + told(settlement)
        case .payOutOfBand(_, let settlement): "pay out of band" + told(settlement)
        case .reportPayment(let report, let settlement): "report payment of \(report.amount)" + told(settlement)
        case .attachPayment(_, let record, let settlement): "attach \(record)" + told(settlement)
        case .creditInvoice(let draft, let settlement): "credit \(draft.amount)" + told(settlement)
        case .markUncollectible(_, let settlement): "mark uncollectible" + told(settlement)
        default: nil
        }
    }

    private static func told(_ settlement: Settlement?) -> String {
        settlement.map { " for \($0.cause)" } ?? ""
    }

    private static func vismaSketch(_ action: Action) -> String? {
        switch action {
        case .findCredits: "find credits"
        case .findOpenPeriod(let day): "find open period from \(day)"
        case .post(let posting, let cause): "post \(sketch(posting)) for \(cause)"
        case .release(let kind, let number, _): "release \(kind.rawValue) \(number)"
        case .void(let kind, let number, _, let reason): "void \(kind.rawValue) \(number) for \(reason.rawValue)"
        case .discard(let kind, let number, _): "discard \(kind.rawValue) \(number)"
        case .setDunning(let isStopped): isStopped ? "stop dunning" : "resume dunning"
        case .markBooking(let cause, let state): "mark \(cause) \(state)"
        case .adoptBooking(let booking): "adopt \(booking.kind.rawValue) \(booking.number) for \(booking.cause)"
        case .writeRecord(_, let way): "write record by \(way)"
        case .setLink(let state): "link \(state)"
        case .review(let review): "review \(review.code.rawValue)"
        case .lookAgain(let moment, _): "look again in \(moment.seconds(since: Samples.now)) s"
        default: nil
        }
    }

    private static func sketch(_ posting: Posting) -> String {
        switch posting {
        case .payment(let draft):
            "payment \(draft.amount) applied \(draft.applied.majorText)"
                + draft.charges.map { " less \($0.amount.majorText)" }.joined()
        case .refund(let draft): "refund \(draft.amount) on \(draft.document)"
        case .creditNote(let draft): "credit note \(draft.total)"
        case .cashEntry(let draft): "cash entry \(draft.paidOut) \(draft.entryType)"
        case .journalEntry(let draft): "journal of \(draft.lines.count) lines"
        }
    }
}
