import Domain
import Outbound
import Sync

/// A preview as it is shown.
struct PreviewView {
    let tenant: TenantID
    let report: Preview.Report
    let showsBodies: Bool

    // MARK: For programs

    var record: Record {
        [
            "tenant": Value(tenant), "subjects": Value(report.subjects.map(subject)),
            "calls": Value(callCount), "left_out": Value(report.leftOut), "lists_read": .flag(report.readLists),
            "registers_endpoint": .flag(report.registersEndpoint),
            "unforeseen": Value(texts: report.unforeseen.map(\.key)),
        ]
    }

    private var callCount: Int { report.subjects.reduce(0) { $0 + $1.calls.count } }

    private func subject(_ preview: SubjectPreview) -> Record {
        var record: Record = [
            "subject": .text(preview.subject.key), "cause": .text(preview.cause), "due_at": Value(preview.dueAt),
            "customer": Value(preview.receivable?.customer.name), "status": Value(preview.receivable?.status),
            "open": Value(preview.receivable?.balance.description),
            "link_before": Value(preview.linkBefore?.rawValue), "link_after": Value(preview.linkAfter?.rawValue),
            "steps": Value(preview.steps.map(step)),
        ]
        record.fields += ending(preview.ending).fields
        return record
    }

    private func ending(_ ending: SubjectPreview.Ending) -> Record {
        switch ending {
        case .settled: ["ending": .text("settled"), "until": .none, "why": .none]
        case .postponed(let moment, let why):
            ["ending": .text("postponed"), "until": Value(moment), "why": .text(why)]
        case .failed(let error): ["ending": .text("failed"), "until": .none, "why": .text(error.description)]
        case .uncertain(let effects):
            [
                "ending": .text("uncertain"), "until": .none,
                "why": .text("not known: " + effects.map(\.key.rawValue).joined(separator: ", ")),
            ]
        }
    }

    private func step(_ step: SubjectPreview.Step) -> Record {
        switch step {
        case .call(let planned): call(planned)
        case .adopt(let booking):
            [
                "kind": .text("adopt"), "cause": .text(booking.cause), "number": Value(booking.number),
                "posting": .record(Self.posting(booking)),
            ]
        case .review(let review, let isOpen):
            [
                "kind": .text("review"), "code": .text(review.code.rawValue), "found": .text(review.found),
                "proposals": Value(texts: review.proposals), "is_open": .flag(isOpen),
            ]
        }
    }

    private func call(_ planned: PlannedCall) -> Record {
        var record: Record = [
            "kind": .text("call"), "system": .text(planned.call.system.rawValue),
            "method": .text(planned.call.method), "path": .text(planned.call.path), "step": .text(planned.step),
            "cause": .text(planned.cause), "amount": Value(planned.amount?.description),
            "amount_minor": Value(planned.amount?.minorUnits), "currency": Value(planned.amount?.currency.code),
            "facts": Value(planned.facts.map { ["name": .text($0.name), "value": .text($0.value)] }),
            "posting": planned.posting.map { .record(Self.posting($0)) } ?? .none,
        ]
        if showsBodies {
            record.fields.append((name: "body", value: .text(String(decoding: planned.call.body, as: UTF8.self))))
        }
        return record
    }

    private static func posting(_ posting: Posting) -> Record {
        [
            "kind": .text(posting.kind.rawValue), "amount": .text(posting.amount.description),
            "applied": .text(posting.applied.description), "fee": Value(posting.fee?.description),
            "account": Value(posting.cashAccount), "date": .text(posting.date.description),
        ]
    }

    private static func posting(_ booking: Booking) -> Record {
        [
            "kind": .text(booking.kind.rawValue), "amount": .text(booking.amount.description),
            "applied": .text(booking.applied.description), "fee": .none, "account": .none, "date": .none,
        ]
    }

    // MARK: For people

    var text: String {
        var lines: [String] = []
        if report.registersEndpoint {
            lines += ["the webhook endpoint is registered first: stripe POST /v1/webhook_endpoints", ""]
        }
        for preview in report.subjects { lines += self.lines(preview) + [""] }
        if !report.unforeseen.isEmpty {
            let names = report.unforeseen.map(\.key).joined(separator: ", ")
            lines += TextBlock.lines("looked at too, by reading only: \(names)", rest: "  ")
        }
        lines.append("\(report.subjects.count) looked at, \(callCount) calls would be made; none was")
        if report.leftOut > 0 { lines.append("\(report.leftOut) more are due: look at them with a larger --limit") }
        if !report.readLists, report.subjects.isEmpty {
            lines.append("nothing is due; --all reads Visma's lists for what no run has come across yet")
        }
        return lines.joined(separator: "\n")
    }

    private func lines(_ preview: SubjectPreview) -> [String] {
        var head = preview.subject.key
        if let receivable = preview.receivable {
            head += "  \(receivable.status), \(receivable.balance) open, \(receivable.customer.name)"
        }
        var lines = TextBlock.lines(head + "  (\(preview.cause))", rest: "  ")
        var number = 0
        for step in preview.steps {
            switch step {
            case .call(let planned):
                number += 1
                lines += call(planned, number)
            case .adopt(let booking):
                let kind = BookingPlan.noun(booking.kind)
                lines += TextBlock.lines(
                    "Visma \(kind) \(booking.number) of \(booking.amount) is taken as the booking of \(booking.cause)",
                    first: "      ", rest: "      ")
            case .review(let review, let isOpen):
                let title = "review\(isOpen ? " (open already)" : "") \(review.code.rawValue): "
                lines += TextBlock.lines(title + review.found, first: "   ", rest: "      ")
                lines += review.proposals.flatMap { TextBlock.lines($0, first: "      - ", rest: "        ") }
            }
        }
        return lines + tail(preview)
    }

    private func call(_ planned: PlannedCall, _ number: Int) -> [String] {
        let amount = planned.amount.map { "  \($0)" } ?? ""
        let place = String(repeating: " ", count: max(0, 4 - String(number).count)) + "\(number). "
        var lines = TextBlock.lines(
            "\(planned.call.system) \(planned.call.method) \(planned.call.path)\(amount)", first: place, rest: "      ")
        if let posting = planned.posting {
            var words = "posting: \(BookingPlan.noun(posting.kind)) \(posting.amount), applied \(posting.applied)"
            if let account = posting.cashAccount { words += ", account \(account)" }
            lines += TextBlock.lines(words + ", dated \(posting.date)", first: "      ", rest: "        ")
        }
        if !planned.facts.isEmpty {
            let words = planned.facts.map { "\($0.name.replacing("_", with: " ")) \($0.value)" }
            lines += TextBlock.lines(words.joined(separator: ", "), first: "      ", rest: "        ")
        }
        if showsBodies, !planned.call.body.isEmpty {
            lines += TextBlock.lines(
                String(decoding: planned.call.body, as: UTF8.self), first: "      ", rest: "        ")
        }
        return lines
    }

    private func tail(_ preview: SubjectPreview) -> [String] {
        var lines: [String] = []
        if preview.steps.isEmpty, case .settled = preview.ending { lines.append("   nothing to do") }
        if preview.linkBefore != preview.linkAfter, let after = preview.linkAfter {
            lines.append("   link \(preview.linkBefore?.rawValue ?? "none") -> \(after.rawValue)")
        }
        switch preview.ending {
        case .settled: break
        case .postponed(let moment, let why):
            lines += TextBlock.lines("looked at again at \(moment): \(why)", first: "   ", rest: "      ")
        case .failed(let error):
            lines += TextBlock.lines("could not be foreseen: \(error)", first: "   ", rest: "      ")
        case .uncertain(let effects):
            let keys = effects.map { "\($0.step) of \($0.sentAt)" }.joined(separator: ", ")
            lines += TextBlock.lines(
                "the outcome is not known of \(keys); a run looks it up before anything else", first: "   ",
                rest: "      ")
        }
        return lines
    }
}
