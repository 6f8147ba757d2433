import Domain
import Outbound
import Testing
import VismaNet

@Suite("Postings other than payments")
struct PostingTests {
    private func amount(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: .nok) }
    private func text(_ call: OutboundCall) -> String { String(decoding: call.body, as: UTF8.self) }

    private func note(applied: Money? = nil, text: String = "Refund") throws -> CreditNoteDraft {
        CreditNoteDraft(
            customer: VismaCustomerNumber("10002"), location: nil, branch: "1", currency: .nok,
            date: try #require(LocalDate("2026-01-15")), reference: "re_1", text: text,
            lines: [
                .init(description: "Work", amount: amount(8000), vatCode: "3", account: "3000"),
                .init(description: "Rest", amount: amount(5), vatCode: nil, account: nil),
            ], total: amount(10_005), applied: applied, document: DocumentTests.reference)
    }

    @Test("A credit note's body: the reference in both fields, lines without VAT, nothing applied")
    func creditNote() throws {
        let call = VismaRequests.createCreditNote(try note())
        #expect(call.method == "POST")
        #expect(call.path == "/v2/customerCreditNote")
        #expect(
            text(call)
                == #"{"hold":{"value":false},"customerNumber":{"value":"10002"},"currencyId":{"value":"NOK"},"#
                + #""documentDate":{"value":"2026-01-15T00:00:00"},"externalReference":{"value":"re_1"},"#
                + #""customerRefNumber":{"value":"re_1"},"invoiceText":{"value":"Refund"},"#
                + #""branchNumber":{"value":"1"},"#
                + #""lines":[{"operation":"Insert","description":{"value":"Work"},"quantity":{"value":1},"#
                + #""unitPriceInCurrency":{"value":80.00},"accountNumber":{"value":"3000"},"#
                + #""vatCodeId":{"value":"3"}},{"operation":"Insert","description":{"value":"Rest"},"#
                + #""quantity":{"value":1},"unitPriceInCurrency":{"value":0.05}}]}"#)
    }

    @Test("A credit note is applied only when the draft says by how much; a long text goes into the note in full")
    func appliedNote() throws {
        let long = String(repeating: "x", count: 51)
        var draft = try note(applied: amount(10_005), text: long)
        draft.isOnHold = true
        let body = text(VismaRequests.createCreditNote(draft))
        #expect(body.hasPrefix(#"{"hold":{"value":true}"#))
        #expect(body.contains(#""invoiceText":{"value":"\#(long.dropLast())"},"note":{"value":"\#(long)"}"#))
        #expect(
            body.hasSuffix(
                #""applicationLines":[{"operation":"Insert","documentType":{"value":"Invoice"},"#
                    + #""refNbr":{"value":"000224"},"amountPaid":{"value":100.05}}]}"#))
    }

    @Test("A cash transaction's body: what left the account, checked by the control total; what came back is negative")
    func cashEntry() throws {
        var draft = CashEntryDraft(
            cashAccount: "1912", branch: "1", entryType: "FEE", currency: .nok,
            date: try #require(LocalDate("2026-01-15")), paidOut: amount(210), reference: "txn_1", text: "Stripe fee")
        let call = VismaRequests.createCashEntry(draft)
        #expect(call.method == "POST")
        #expect(call.path == "/v1/cashTransaction")
        #expect(
            text(call)
                == #"{"hold":{"value":false},"tranDate":{"value":"2026-01-15T00:00:00"},"#
                + #""description":{"value":"Stripe fee"},"cashAccount":{"value":"1912"},"entryType":{"value":"FEE"},"#
                + #""documentRef":{"value":"txn_1"},"controlTotal":{"value":2.10},"#
                + #""cashTransactionDetails":[{"operation":"Insert","branchNumber":{"value":"1"},"#
                + #""description":{"value":"Stripe fee"},"quantity":{"value":1},"price":{"value":2.10},"#
                + #""amount":{"value":2.10}}]}"#)
        draft.paidOut = amount(-15_000)
        #expect(text(VismaRequests.createCashEntry(draft)).contains(#""amount":{"value":-150.00}"#))
    }

    @Test("A journal transaction's body: debit and credit apart, both positive; found again by its description")
    func journalEntry() throws {
        let draft = JournalDraft(
            branch: nil, date: try #require(LocalDate("2026-01-15")), currency: .nok, reference: "po_1",
            text: "Stripe payout",
            lines: [
                .init(account: "1920", debit: amount(9_790), text: "Bank"),
                .init(account: "7770", debit: amount(210), text: "Difference"),
                .init(account: "1912", debit: amount(-10_000), text: "Clearing"),
            ])
        let call = VismaRequests.createJournalEntry(draft)
        #expect(call.method == "POST")
        #expect(call.path == "/v2/journaltransaction")
        #expect(
            text(call)
                == #"{"hold":{"value":false},"transactionDate":{"value":"2026-01-15T00:00:00"},"#
                + #""currencyId":{"value":"NOK"},"description":{"value":"po_1 Stripe payout"},"#
                + #""controlTotalInCurrency":{"value":100.00},"journalTransactionLines":["#
                + #"{"operation":"Insert","accountNumber":{"value":"1920"},"transactionDescription":{"value":"Bank"},"#
                + #""debitAmountInCurrency":{"value":97.90}},"#
                + #"{"operation":"Insert","accountNumber":{"value":"7770"},"#
                + #""transactionDescription":{"value":"Difference"},"debitAmountInCurrency":{"value":2.10}},"#
                + #"{"operation":"Insert","accountNumber":{"value":"1912"},"#
                + #""transactionDescription":{"value":"Clearing"},"creditAmountInCurrency":{"value":100.00}}]}"#)
    }

    @Test("Releases go without a body, a reversal wraps nothing, a draft is deleted by number")
    func actions() {
        let number = VismaNumber("A/1")
        let releases = [
            (VismaRequests.releaseCreditNote(number), "/v1/customerCreditNote/A%2F1/action/release"),
            (VismaRequests.releaseCashEntry(number, etag: "\"e\""), "/v1/cashTransaction/A%2F1/action/release"),
            (VismaRequests.releaseJournalEntry(number), "/v2/journaltransaction/A%2F1/action/release"),
        ]
        for (call, path) in releases {
            #expect(call.method == "POST")
            #expect(call.path == path)
            #expect(call.body.isEmpty)
            #expect(call.contentType == nil)
        }
        #expect(releases.map(\.0.ifMatch) == [nil, "\"e\"", nil])
        let reversal = VismaRequests.reverseCashEntry(number, etag: "\"e\"")
        #expect(reversal.path == "/v1/cashTransaction/A%2F1/action/reverse")
        #expect(text(reversal) == #"{"returnCashTransaction":true}"#)
        #expect(reversal.ifMatch == "\"e\"")
        let deletion = VismaRequests.deleteCreditNote(number)
        #expect(deletion.method == "DELETE")
        #expect(deletion.path == "/v1/customerCreditNote/A%2F1")
    }
}
