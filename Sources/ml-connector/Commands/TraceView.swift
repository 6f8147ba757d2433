import Domain
import Sync

/// A trace as it is shown.
struct TraceView {
    let trace: InvoiceTrace

    // MARK: For programs

    var record: Record {
        [
            "tenant": Value(trace.tenant), "document": .text(trace.document.description), "live": .flag(trace.isLive),
            "tree": .record(Self.node(trace.tree)), "timeline": Value(trace.timeline.map(Self.entry)),
        ]
    }

    private static func node(_ node: InvoiceTrace.Node) -> Record {
        [
            "place": .text(node.place.rawValue), "kind": .text(node.kind), "id": .text(node.id),
            "state": Value(node.state), "amount": Value(node.amount?.description),
            "amount_minor": Value(node.amount?.minorUnits), "currency": Value(node.amount?.currency.code),
            "at": Value(node.at), "request_id": Value(node.requestID), "text": Value(node.text),
            "children": Value(node.children.map(Self.node)),
        ]
    }

    private static func entry(_ entry: InvoiceTrace.Entry) -> Record {
        [
            "at": Value(entry.at), "day": Value(entry.day?.description), "place": .text(entry.place.rawValue),
            "what": .text(entry.what), "id": Value(entry.id), "state": Value(entry.state),
            "amount": Value(entry.amount?.description), "amount_minor": Value(entry.amount?.minorUnits),
            "currency": Value(entry.amount?.currency.code), "request_id": Value(entry.requestID),
            "audit_sequence": Value(entry.auditSequence), "actor": Value(entry.actor),
            "cause": Value(entry.cause), "text": Value(entry.text),
        ]
    }

    // MARK: For people

    var text: String {
        let source = trace.isLive ? "as both systems say now" : "as the connector remembers it"
        return
            (["\(trace.document) of \(trace.tenant), \(source)", ""] + tree(trace.tree, first: "", rest: "")
            + ["", "IN THE ORDER OF TIME"] + trace.timeline.flatMap(lines)).joined(separator: "\n")
    }

    private func tree(_ node: InvoiceTrace.Node, first: String, rest: String) -> [String] {
        let under = rest + (node.children.isEmpty ? "   " : "│  ")
        var title = "\(node.place.rawValue) \(node.kind.replacing("_", with: " ")) \(node.id)"
        title += node.state.map { " \($0)" } ?? ""
        for detail in [node.amount?.description, node.at?.description] { title += detail.map { ", \($0)" } ?? "" }
        var lines = TextBlock.lines(title, first: first, rest: under)
        if let text = node.text, !text.isEmpty { lines += TextBlock.lines(text, first: under, rest: under) }
        if let id = node.requestID { lines += TextBlock.lines("request \(id)", first: under, rest: under) }
        for (index, child) in node.children.enumerated() {
            let isLast = index == node.children.count - 1
            lines += tree(child, first: rest + (isLast ? "└─ " : "├─ "), rest: rest + (isLast ? "   " : "│  "))
        }
        return lines
    }

    private func lines(_ entry: InvoiceTrace.Entry) -> [String] {
        let time = entry.day?.description ?? entry.at.description
        var head = entry.what + (entry.state.map { " \($0)" } ?? "")
        for detail in [entry.amount?.description, entry.id] { head += detail.map { ", \($0)" } ?? "" }
        if let actor = entry.actor, entry.place == .person { head += ", by \(actor)" }
        let indent = String(repeating: " ", count: Self.timeColumns + Self.placeColumns)
        var lines = TextBlock.lines(
            head, first: padded(time, Self.timeColumns) + padded(entry.place.rawValue, Self.placeColumns), rest: indent)
        var below = [entry.text].compactMap { $0 }.filter { !$0.isEmpty }
        if let cause = entry.cause, !Self.isDigest(cause), cause != entry.id { below.append("for \(cause)") }
        // A refusal names it itself.
        if let id = entry.requestID, entry.text?.contains(id) != true { below.append("request \(id)") }
        if let sequence = entry.auditSequence { below.append("audit \(sequence)") }
        if !below.isEmpty {
            lines += TextBlock.lines(below.joined(separator: "; "), first: indent + "  ", rest: indent + "  ")
        }
        return lines
    }

    /// What a push is made for is a digest of the document, which tells a person nothing.
    private static func isDigest(_ cause: String) -> Bool { cause.count == 32 && cause.allSatisfy(\.isHexDigit) }

    private static let timeColumns = 22
    private static let placeColumns = 11

    private func padded(_ text: String, _ columns: Int) -> String {
        text + String(repeating: " ", count: max(1, columns - text.count))
    }
}
