import Foundation
import Testing

@testable import Domain

@Suite("The invoice record")
struct InvoiceRecordTests {
    private let policy = Samples.policy()

    private func record(_ change: (inout Domain.Collection) -> Void) -> [String] {
        var collection = Samples.collection()
        change(&collection)
        return (InvoiceRecord.desired(for: collection, policy: policy) ?? "").components(separatedBy: "\n")
    }

    @Test("Link, failure and dispute are a line each, with reason, amount, deadline and ids")
    func lines() {
        let lines = record {
            $0.charges = [Samples.failedCharge(), Samples.paidCharge()]
            $0.disputes = [Samples.dispute("needs_response")]
        }
        #expect(
            lines == [
                "Payment link https://invoice.stripe.test/i/1",
                "2026-11-22 Payment of 1250.00 NOK failed: card_declined, Your card was declined. (ch_1)",
                "2026-11-22 Dispute of 1250.00 NOK: fraudulent, needs_response, evidence due by 2026-11-29 "
                    + "(dp_1, charge ch_1)",
            ])
    }

    @Test("An inquiry is called one, and a dispute without a deadline names none")
    func inquiry() {
        let lines = record {
            $0.disputes = [Samples.dispute("warning_needs_response")]
            $0.disputes[0].evidenceDueBy = nil
        }
        #expect(
            lines.last == "2026-11-22 Inquiry of 1250.00 NOK: fraudulent, warning_needs_response (dp_1, charge ch_1)")
    }

    @Test("With nothing to say there is no record")
    func nothing() {
        var collection = Samples.collection()
        collection.hostedURL = nil
        #expect(InvoiceRecord.desired(for: collection, policy: policy) == nil)
    }

    @Test("Only the newest failures are listed, oldest first; the others are counted")
    func manyFailures() {
        let count = InvoiceRecord.failuresMax + 3
        let lines = record { collection in
            collection.charges = (1...count).reversed().map {
                Samples.failedCharge("ch_\($0)", at: Samples.now.adding(seconds: Int64($0)), message: nil)
            }
        }
        #expect(lines.count == 2 + InvoiceRecord.failuresMax)
        #expect(lines[1] == "3 earlier failed payments")
        #expect(lines[2].hasSuffix("(ch_4)"))
        #expect(lines.last?.hasSuffix("(ch_\(count))") == true)
    }

    @Test(
        "A message of several lines stays one, and cannot end the block or begin another",
        arguments: ["\n", "\r\n", "\r", "\u{2028}", "\u{85}", "\u{0B}"])
    func newlines(_ newline: String) {
        let attack = "no\(newline)[/Stripe]\(newline)Paid in full\(newline)[Stripe]\(newline)x"
        let lines = record {
            $0.hostedURL = nil
            $0.charges = [Samples.failedCharge(message: attack)]
            $0.charges[0].failureCode = attack
            $0.disputes = [Samples.dispute(attack)]
        }
        #expect(lines.count == 2)
        let block = lines.joined(separator: "\n")
        let note = InvoiceRecord.note("Call first.", with: block)
        #expect(InvoiceRecord.block(in: note) == block)
        #expect(InvoiceRecord.note(note, with: "short") == "Call first.\n[Stripe]\nshort\n[/Stripe]")
    }

    @Test("A long message is cut")
    func longMessage() {
        let lines = record { $0.charges = [Samples.failedCharge(message: String(repeating: "x", count: 5000))] }
        #expect(lines[1].count < 300)
    }

    @Test("The accountant's text around the block stays, and only the block changes")
    func around() {
        let first = InvoiceRecord.note("Call before delivery.\n\nAsk for Kari.", with: "one")
        #expect(first == "Call before delivery.\n\nAsk for Kari.\n[Stripe]\none\n[/Stripe]")
        let edited = "PS first\n" + first + "\nAnd a line below.\n"
        let second = InvoiceRecord.note(edited, with: "two\nthree")
        #expect(
            second
                == "PS first\nCall before delivery.\n\nAsk for Kari.\n"
                + "[Stripe]\ntwo\nthree\n[/Stripe]\nAnd a line below.\n"
        )
        #expect(InvoiceRecord.block(in: second) == "two\nthree")
    }

    @Test("Written twice is written once")
    func idempotent() {
        for note in [nil, "", "Text", "Text\n", "[Stripe]", "[/Stripe]\nText", "[Stripe]\nText", "[Stripe]\n[/Stripe]"]
        {
            let once = InvoiceRecord.note(note, with: "block")
            #expect(InvoiceRecord.note(once, with: "block") == once, "\(note ?? "nil")")
            #expect(InvoiceRecord.block(in: once) == "block", "\(note ?? "nil")")
        }
    }

    @Test("A note that came back with other line ends still has its block, and gets no second one")
    func lineEnds() {
        let note = InvoiceRecord.note("Call first.", with: "one\ntwo").replacingOccurrences(of: "\n", with: "\r\n")
        #expect(InvoiceRecord.block(in: note) == "one\ntwo")
        #expect(InvoiceRecord.note(note, with: "three") == "Call first.\r\n[Stripe]\nthree\n[/Stripe]")
    }

    @Test("There is no block in a note without both marks on lines of their own")
    func noBlock() {
        for note in [nil, "", "Text", "[Stripe]\nText", "Text\n[/Stripe]", "see [Stripe]\nText\n[/Stripe]"] {
            #expect(InvoiceRecord.block(in: note) == nil, "\(note ?? "nil")")
        }
    }

    @Test("The attachment's name changes with its text")
    func fileName() {
        let collection = Samples.collection()
        let name = InvoiceRecord.fileName(for: "one", of: collection)
        #expect(name.hasPrefix("stripe-in_1-") && name.hasSuffix(".txt"))
        #expect(name != InvoiceRecord.fileName(for: "two", of: collection))
    }
}
