/// Keeps the block on the Visma invoice as it should read, by the way that this company's Visma accepts.
enum RecordPlan {
    static func actions(_ receivable: Receivable, _ collection: Collection, _ situation: Situation) -> [Action] {
        guard situation.policy.writesInvoiceRecord,
            let desired = InvoiceRecord.desired(for: collection, policy: situation.policy)
        else { return [] }
        switch situation.recordAbility {
        case .note:
            let isCurrent = InvoiceRecord.block(in: receivable.note) == desired
            return isCurrent ? [] : [.writeRecord(desired, by: .note)]
        case .attachment:
            let isCurrent = receivable.attachmentNames.contains(fileName(desired, collection))
            return isCurrent ? [] : [.writeRecord(desired, by: .attachment)]
        case .none:
            let needsPerson = collection.charges.contains { $0.status == "failed" } || !collection.disputes.isEmpty
            guard needsPerson else { return [] }
            let found = "Visma accepts no text on the invoice; it would have read:\n\(desired)"
            return [.review(Review(.recordRefused, found: found, proposals: ["note it in Visma by hand"]))]
        }
    }

    static func fileName(_ block: String, _ collection: Collection) -> String {
        "stripe-\(collection.invoice)-\(Digest.short(block).prefix(12)).txt"
    }
}

extension InvoiceRecord {
    /// The attachment's name holds a digest of its text, so that reading the names tells whether it is there.
    package static func fileName(for block: String, of collection: Collection) -> String {
        RecordPlan.fileName(block, collection)
    }
}
