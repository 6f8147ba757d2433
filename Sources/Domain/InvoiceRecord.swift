import Foundation

/// The marked block that the connector keeps on a Visma invoice: payment link, failed charges, disputes. Everything
/// outside the two marks belongs to the accountant and is never touched.
package enum InvoiceRecord {
    package static let opening = "[Stripe]"
    package static let closing = "[/Stripe]"
    /// Failures beyond this many are counted, not listed: the newest are what a person needs.
    package static let failuresMax = 5

    /// What the block should say now; nil when there is nothing to say.
    package static func desired(for collection: Collection, policy: Policy) -> String? {
        var lines: [String] = []
        if let url = collection.hostedURL { lines.append("Payment link \(url)") }
        let failures = collection.charges.filter { $0.status == "failed" }.sorted { $0.createdAt < $1.createdAt }
        if failures.count > failuresMax { lines.append("\(failures.count - failuresMax) earlier failed payments") }
        lines += failures.suffix(failuresMax).map { failureLine($0, policy: policy) }
        lines += collection.disputes.sorted { $0.id < $1.id }.map { disputeLine($0, policy: policy) }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    static func failureLine(_ charge: Collection.Charge, policy: Policy) -> String {
        let day = charge.createdAt.day(in: policy.zone)
        let code = charge.failureCode ?? "no code"
        let message = charge.failureMessage.map { ", \(oneLine($0))" } ?? ""
        return "\(day) Payment of \(charge.amount) failed: \(code)\(message) (\(charge.id))"
    }

    static func disputeLine(_ dispute: Collection.Dispute, policy: Policy) -> String {
        let day = dispute.createdAt.day(in: policy.zone)
        let name = dispute.status.hasPrefix("warning_") ? "Inquiry" : "Dispute"
        let due = dispute.evidenceDueBy.map { ", evidence due by \($0.day(in: policy.zone))" } ?? ""
        return "\(day) \(name) of \(dispute.amount): \(dispute.reason), \(dispute.status)\(due) "
            + "(\(dispute.id), charge \(dispute.charge))"
    }

    /// The block inside `note`, without its marks.
    package static func block(in note: String?) -> String? {
        guard let note, let start = note.range(of: opening + "\n"), let end = note.range(of: "\n" + closing),
            start.upperBound <= end.lowerBound
        else { return nil }
        return String(note[start.upperBound..<end.lowerBound])
    }

    /// `note` with its block replaced by `block`, or with a new one at its end.
    package static func note(_ note: String?, with block: String) -> String {
        let marked = "\(opening)\n\(block)\n\(closing)"
        guard let note, !note.isEmpty else { return marked }
        guard let start = note.range(of: opening + "\n"), let end = note.range(of: "\n" + closing),
            start.upperBound <= end.lowerBound
        else { return note + "\n" + marked }
        return note[..<start.lowerBound] + marked + note[end.upperBound...]
    }

    private static func oneLine(_ text: String) -> String {
        String(text.prefix(200)).split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
