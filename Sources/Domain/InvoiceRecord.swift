import Foundation

/// The marked block that the connector keeps on a Visma invoice: payment link, failed charges, disputes. Everything
/// outside the two marks belongs to the accountant and is never touched.
package enum InvoiceRecord {
    package static let opening = "[Stripe]"
    static let linkPrefix = "Payment link "
    package static let closing = "[/Stripe]"
    /// Failures beyond this many are counted, not listed: the newest are what a person needs.
    package static let failuresMax = 50

    /// What the block should say now; nil when there is nothing to say.
    package static func desired(for collection: Collection, policy: Policy) -> String? {
        var lines: [String] = []
        if let url = collection.hostedURL { lines.append(linkPrefix + oneLine(url, characters: 1000)) }
        let failures = collection.charges.filter { $0.status == "failed" }.sorted { $0.createdAt < $1.createdAt }
        if failures.count > failuresMax { lines.append("\(failures.count - failuresMax) earlier failed payments") }
        lines += failures.suffix(failuresMax).map { failureLine($0, policy: policy) }
        lines += collection.payments.filter(\.isInFlight).sorted { $0.id < $1.id }.map(pendingLine)
        lines += collection.refunds.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }.suffix(failuresMax)
            .map { refundLine($0, policy: policy) }
        lines += collection.disputes.sorted { $0.id < $1.id }.map { disputeLine($0, policy: policy) }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    static func failureLine(_ charge: Collection.Charge, policy: Policy) -> String {
        let day = charge.createdAt.day(in: policy.zone)
        let code = oneLine(charge.failureCode ?? "no code")
        let message = charge.failureMessage.map { ", \(oneLine($0))" } ?? ""
        return "\(day) Payment of \(charge.amount) failed: \(code)\(message) (\(charge.id))"
    }

    static func pendingLine(_ payment: Collection.Payment) -> String {
        "Payment of \(payment.amountRequested) is under way, not paid yet (\(payment.id))"
    }

    static func refundLine(_ refund: Collection.Refund, policy: Policy) -> String {
        let day = refund.createdAt.day(in: policy.zone)
        let reason = refund.failureReason.map { ", \(oneLine($0))" } ?? ""
        return "\(day) Refund of \(refund.amount): \(oneLine(refund.status))\(reason) (\(refund.id))"
    }

    static func disputeLine(_ dispute: Collection.Dispute, policy: Policy) -> String {
        let day = dispute.createdAt.day(in: policy.zone)
        let name = dispute.status.hasPrefix("warning_") ? "Inquiry" : "Dispute"
        let due = dispute.evidenceDueBy.map { ", evidence due by \($0.day(in: policy.zone))" } ?? ""
        return "\(day) \(name) of \(dispute.amount): \(oneLine(dispute.reason)), \(oneLine(dispute.status))\(due) "
            + "(\(dispute.id), charge \(dispute.charge))"
    }

    /// The block inside `note`, without its marks. Line ends are compared as `\n`, whatever Visma made of them.
    package static func block(in note: String?) -> String? {
        guard let note, let marks = marks(in: note) else { return nil }
        return note[marks.inner].split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .joined(separator: "\n")
    }

    /// `note` with its block replaced by `block`, or with a new one at its end.
    package static func note(_ note: String?, with block: String) -> String {
        let marked = "\(opening)\n\(block)\n\(closing)"
        guard let note, !note.isEmpty else { return marked }
        guard let marks = marks(in: note) else { return note + "\n" + marked }
        return note[..<marks.outer.lowerBound] + marked + note[marks.outer.upperBound...]
    }

    /// Our block is the last one: a mark that stands alone is the accountant's text, and a new block goes to the end.
    /// A mark counts only as a whole line, so that no text inside the block can end it.
    private static func marks(in note: String) -> (outer: Range<String.Index>, inner: Range<String.Index>)? {
        let lines = note.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard let last = lines.lastIndex(where: { $0 == closing }),
            let first = lines[..<last].lastIndex(where: { $0 == opening }), first + 1 < last
        else { return nil }
        return (
            lines[first].startIndex..<lines[last].endIndex,
            lines[first + 1].startIndex..<lines[last - 1].endIndex
        )
    }

    private static func oneLine(_ text: String, characters: Int = 200) -> String {
        text.prefix(characters).split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
