/// Keeps the block on the Visma invoice as it should read, by the way that this company's Visma accepts.
enum RecordPlan {
    static func actions(_ receivable: Receivable, _ collection: Collection, _ situation: Situation) -> [Action] {
        guard situation.policy.writesInvoiceRecord,
            let desired = InvoiceRecord.desired(for: collection, policy: situation.policy),
            !isThere(desired, receivable, collection, situation)
        else { return [] }
        switch way(for: desired, situation) {
        case .note: return [.writeRecord(desired, by: .note)]
        case .attachment: return [.writeRecord(desired, by: .attachment)]
        case .none:
            let needsPerson = collection.charges.contains { $0.status == "failed" } || !collection.disputes.isEmpty
            guard needsPerson else { return [] }
            let found = "Visma accepts no text on the invoice; it would have read:\n\(desired)"
            return [.review(Review(.recordRefused, found: found, proposals: ["note it in Visma by hand"]))]
        }
    }

    /// How long a payment link that has changed meanwhile is left as it is: Stripe gives another one from time to time,
    /// and the one before leads to the same invoice for about a month.
    static let linkSeconds: Int64 = 25 * 86_400

    /// Whether the invoice says it already, in either way; or said it when it was last written, and a person took it
    /// away since.
    private static func isThere(
        _ desired: String, _ receivable: Receivable, _ collection: Collection, _ situation: Situation
    ) -> Bool {
        let key = InvoiceRecord.contentKey(desired)
        let last = situation.effects.filter { $0.step == Step.writeNote || $0.step == Step.attachRecord }
            .max { ($0.sentAt, $0.attempt) < ($1.sentAt, $1.attempt) }
        if let block = InvoiceRecord.block(in: receivable.note), InvoiceRecord.contentKey(block) == key {
            return InvoiceRecord.link(in: block) == InvoiceRecord.link(in: desired) || isFresh(last, situation)
        }
        if receivable.attachmentNames.contains(InvoiceRecord.fileName(for: desired, of: collection)) { return true }
        return last.map { $0.cause == key && $0.state == .done && isFresh($0, situation) } ?? false
    }

    /// Written for this very Stripe invoice, not long ago.
    private static func isFresh(_ last: Effect?, _ situation: Situation) -> Bool {
        guard let last, last.revision == situation.revision else { return false }
        return situation.now.seconds(since: last.sentAt) < linkSeconds
    }

    /// The company's way, or the next one where this very text was refused on this document.
    private static func way(for desired: String, _ situation: Situation) -> RecordAbility {
        let key = InvoiceRecord.contentKey(desired)
        var way = situation.recordAbility
        if way == .note, situation.refused(Step.writeNote, cause: key) != nil { way = .attachment }
        if way == .attachment, situation.refused(Step.attachRecord, cause: key) != nil { way = .none }
        return way
    }
}

extension InvoiceRecord {
    /// Names what a block says. The payment link is left out: Stripe gives another one from time to time, and both lead
    /// to the same invoice.
    package static func contentKey(_ block: String) -> String {
        let lines = block.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix(linkPrefix) }
        return Digest.short(lines.joined(separator: "\n"))
    }

    static func link(in block: String) -> Substring? {
        block.split(whereSeparator: \.isNewline).first { $0.hasPrefix(linkPrefix) }
    }

    /// The attachment's name holds the key of its text, so that reading the names tells whether it is there.
    package static func fileName(for block: String, of collection: Collection) -> String {
        "stripe-\(collection.invoice)-\(contentKey(block).prefix(12)).txt"
    }
}
