import Domain
import Outbound
import Simulation
import Testing
import VismaNet

// Skipped, and reported so, where the descriptions do not stand beside the repository.
@Suite("Visma's requests, one by one, against its API description", .enabled(if: OpenAPIDescription.arePresent))
struct VismaRequestTests {
    private static let number = VismaNumber("000117")
    private static let document = DocumentRef(type: .invoice, number: "000224")
    private static let date = LocalDate(daysSince1970: 20_700)

    private static func amount(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: .nok) }

    private static var payment: PaymentDraft {
        PaymentDraft(
            customer: VismaCustomerNumber("10002"), location: "Main", branch: "1", paymentMethod: "5",
            cashAccount: "1912", currency: .nok, amount: amount(100), applied: amount(100), document: document,
            applicationDate: date, reference: "pi_1", text: "t", isOnHold: false,
            charges: [.init(entryType: "FEE", amount: amount(2))])
    }

    private static var creditNote: CreditNoteDraft {
        CreditNoteDraft(
            customer: VismaCustomerNumber("10002"), location: "Main", branch: "1", currency: .nok, date: date,
            reference: "re_1", text: String(repeating: "t", count: 60),
            lines: [.init(description: "Work", amount: amount(80), vatCode: "3", account: "3000")],
            total: amount(100), applied: amount(100), document: document)
    }

    private static var cashEntry: CashEntryDraft {
        CashEntryDraft(
            cashAccount: "1912", branch: "1", entryType: "FEE", currency: .nok, date: date, paidOut: amount(-2),
            reference: "txn_1", text: "t")
    }

    private static var journalEntry: JournalDraft {
        JournalDraft(
            branch: "1", date: date, currency: .nok, reference: "po_1", text: "t",
            lines: [
                .init(account: "1920", debit: amount(5), text: "a"),
                .init(account: "1912", debit: amount(-5), text: "b"),
            ])
    }

    private static let described: [OutboundCall] =
        ["Payment", "Refund"].flatMap { type in
            [
                VismaRequests.createPayment(payment, type: type), VismaRequests.releasePayment(number, type: type),
                VismaRequests.voidPayment(number, type: type, etag: nil),
            ]
        } + [
            VismaRequests.setDunning(document, isStopped: true, etag: nil),
            VismaRequests.createCreditNote(creditNote), VismaRequests.releaseCreditNote(number),
            VismaRequests.deleteCreditNote(number), VismaRequests.createCashEntry(cashEntry),
            VismaRequests.releaseCashEntry(number), VismaRequests.reverseCashEntry(number),
            VismaRequests.creditNotes(of: VismaCustomerNumber("10002"), from: date, page: 1, pageSize: 500),
            VismaRequests.cashEntries(changedFrom: date, page: 1, pageSize: 500),
            VismaRequests.payments(number: number, type: "Refund", page: 1, pageSize: 500),
            VismaRequests.financialPeriods(after: 2024), VismaRequests.cashAccounts(), VismaRequests.paymentMethods(),
            VismaRequests.posted(.payment, number), VismaRequests.posted(.creditNote, number),
            VismaRequests.posted(.cashEntry, number),
        ]

    private func request(_ call: OutboundCall) -> OutboundRequest {
        OutboundRequest(
            method: call.method, url: MemoryTransport.vismaOrigin + call.path,
            headers: call.contentType.map { [(name: "content-type", value: $0)] } ?? [], body: call.body,
            timeoutMilliseconds: 1)
    }

    @Test("Each is described, with known parameters and fields of the right kind", arguments: described.indices)
    func areDescribed(_ index: Int) throws {
        let call = Self.described[index]
        #expect(try OpenAPIDescription.visma().problems(of: request(call)) == [], "\(call.method) \(call.path)")
    }

    // Written from what public clients know of them; once described here, they belong to the others.
    @Test("Journal transactions are not in this part of the description")
    func journals() throws {
        let visma = try OpenAPIDescription.visma()
        for call in [
            VismaRequests.createJournalEntry(Self.journalEntry), VismaRequests.releaseJournalEntry(Self.number),
            VismaRequests.journalEntries(changedFrom: Self.date, page: 1, pageSize: 500),
        ] {
            let path = call.path.prefix { $0 != "?" }
            #expect(visma.problems(of: request(call)) == ["\(call.method) \(path) is not described"])
        }
    }
}
