import Domain
import Outbound
import Testing
import VismaNet

@Suite("Postings looked up in Visma.net")
struct LookupTests {
    private func day(_ text: String) throws -> LocalDate { try #require(LocalDate(text)) }

    private static func payment(_ type: String, _ status: String) -> String {
        #"{"type":"\#(type)","refNbr":"7","status":"\#(status)","customer":{"number":"1"},"currency":"NOK","#
            + #""paymentAmount":12.5,"applicationDate":"2026-11-05T00:00:00"}"#
    }

    static func note(
        _ number: String, status: String = "Open", customer: String = "10002", date: String = "2026-11-05T00:00:00",
        type: String = "CreditNote", more: String = ""
    ) -> String {
        #"{"documentType":"\#(type)","referenceNumber":"\#(number)","status":"\#(status)","#
            + #""customer":{"number":"\#(customer)"},"currencyId":"NOK","documentDate":"\#(date)","#
            + #""amount":125.0,"amountInCurrency":125.0,"balance":25.0,"balanceInCurrency":25.0,"#
            + #""lastModifiedDateTime":"2026-11-06T08:00:00","timeStamp":"AA="\#(more)}"#
    }

    static func cash(
        _ number: String, _ amount: String = "2.10", status: String = "Released", reference: String = "txn_1",
        kind: String = "Disbursement", account: String = "1912"
    ) -> String {
        #"{"tranType":"Adjustment","referenceNbr":"\#(number)","status":"\#(status)","#
            + #""tranDate":"2026-11-05T00:00:00","cashAccount":{"number":"\#(account)","type":"A"},"currency":"NOK","#
            + #""disbReceipt":"\#(kind)","documentRef":"\#(reference)","amount":\#(amount),"#
            + #""lastModifiedDateTime":"2026-11-07T08:00:00"}"#
    }

    static func journal(
        _ number: String, status: String = "Posted", module: String = "GL", text: String = "po_1 Stripe payout",
        line: Int = 1, more: String = ""
    ) -> String {
        #"{"module":"\#(module)","batchNumber":"\#(number)","status":"\#(status)","currencyId":"NOK","#
            + #""description":"\#(text)","debitTotal":100.0,"debitTotalInCurrency":100.0,"#
            + #""journalTransactionLines":[{"lineNumber":\#(line)}]\#(more)}"#
    }

    @Test(
        "A document is read at its own place, and its status understood",
        arguments: [
            (Booking.Kind.payment, payment("Payment", "Balanced"), "/v1/customerPayment/7", 1250, false, false),
            (.payment, payment("Payment", "Closed"), "/v1/customerPayment/7", 1250, true, false),
            (.payment, payment("Payment", "Voided"), "/v1/customerPayment/7", 1250, false, true),
            (.refund, payment("Refund", "Open"), "/v1/customerPayment/7", 1250, true, false),
            (.creditNote, note("7", status: "Balanced"), "/v1/customerCreditNote/7", 12_500, false, false),
            (.creditNote, note("7", status: "Closed"), "/v1/customerCreditNote/7", 12_500, true, false),
            (.creditNote, note("7", status: "Voided"), "/v1/customerCreditNote/7", 12_500, false, true),
            (.cashEntry, cash("7", status: "Balanced"), "/v1/cashTransaction/7", 210, false, false),
            (
                .cashEntry, cash("7", status: "Hold", kind: "Receipt"), "/v1/cashTransaction/7", -210, false, false
            ),
            (.journalEntry, journal("7", status: "Balanced"), "/v2/journaltransaction/7", 10_000, false, false),
            (.journalEntry, journal("7", status: "Unposted"), "/v2/journaltransaction/7", 10_000, true, false),
            (
                .journalEntry, journal("7", status: "Posted", module: "ModuleGL"), "/v2/journaltransaction/7", 10_000,
                true, false
            ),
            (.journalEntry, journal("7", status: "Voided"), "/v2/journaltransaction/7", 10_000, false, true),
        ] as [(Booking.Kind, String, String, Int64, Bool, Bool)])
    func posted(
        _ kind: Booking.Kind, _ body: String, _ path: String, _ total: Int64, _ isReleased: Bool, _ isVoided: Bool
    ) async throws {
        let rig = try Rig(answering: answer(200, body))
        let found = try #require(try await rig.client.posted(kind, VismaNumber("7")))
        #expect(found.kind == kind)
        #expect(found.number.rawValue == "7")
        #expect(found.total == Money(minorUnits: total, currency: .nok))
        #expect(found.isReleased == isReleased)
        #expect(found.isVoided == isVoided)
        #expect(rig.api.paths == [path])
    }

    @Test("What is not there is nil, what is another document is refused", arguments: Booking.Kind.allCases)
    func absentOrOther(_ kind: Booking.Kind) async throws {
        let none = try Rig(api: { request, _ in
            request.url.contains("?") ? answer(200, "[]") : answer(404, #"{"message":"none"}"#)
        })
        #expect(try await none.client.posted(kind, VismaNumber("7")) == nil)
        let other: String? =
            switch kind {
            case .creditNote: Self.note("7", type: "Invoice")
            case .cashEntry: Self.cash("8")
            case .journalEntry: Self.journal("7", module: "AR")
            // A payment of another type is looked for in the list.
            case .payment, .refund: nil
            }
        guard let other else { return }
        let error = await (try Rig(answering: answer(200, other))).failure {
            _ = try await $0.posted(kind, VismaNumber("7"))
        }
        #expect(error?.code == "visma.wrong_document")
    }

    @Test("A foreign journal is read in its own currency, if both sides fit the rate")
    func foreignJournal() async throws {
        func body(_ bare: String) -> String {
            Self.journal("7").replacing("\"NOK\"", with: "\"EUR\"")
                .replacing("\"debitTotal\":100.0", with: "\"debitTotal\":\(bare),\"exchangeRate\":11.5")
        }
        let found = try await Rig(answering: answer(200, body("1150.0"))).client.posted(.journalEntry, VismaNumber("7"))
        #expect(found?.total == Money(minorUnits: 10_000, currency: .eur))
        let error = await (try Rig(answering: answer(200, body("100.0")))).failure {
            _ = try await $0.posted(.journalEntry, VismaNumber("7"))
        }
        #expect(error?.code == "visma.amounts_disagree")
    }

    @Test("A cash transaction is undone by a released opposite of the same reference and account, the first one first")
    func reversedCash() async throws {
        func isVoided(_ number: String, among rows: [String]) async throws -> Bool? {
            let rig = try Rig(api: { request, _ in
                if request.url.contains("?") { return answer(200, "[\(rows.joined(separator: ","))]") }
                return answer(200, rows.first { $0.contains("\"referenceNbr\":\"\(number)\"") } ?? "")
            })
            let found = try await rig.client.posted(.cashEntry, VismaNumber(number))
            #expect(
                rig.api.paths[1]
                    == "/v1/cashTransaction?lastModifiedDateTime=2026-11-04T00%3A00%3A00"
                    + "&lastModifiedDateTimeCondition=%3E%3D&pageNumber=1&pageSize=500")
            return found?.isVoided
        }
        let entry = Self.cash("9")
        #expect(try await isVoided("9", among: [entry]) == false)
        for other in [
            Self.cash("10", "-2.10", status: "Balanced"), Self.cash("10", "-2.10", reference: "txn_2"),
            Self.cash("10", "-2.10", account: "1913"), Self.cash("10", "-2.00"), Self.cash("10"),
        ] {
            #expect(try await isVoided("9", among: [entry, other]) == false)
        }
        #expect(try await isVoided("9", among: [entry, Self.cash("10", "-2.10")]) == true)
        #expect(try await isVoided("9", among: [entry, Self.cash("10", kind: "Receipt")]) == true)
        let again = [entry, Self.cash("10", "-2.10"), Self.cash("11")]
        #expect(try await isVoided("9", among: again) == true)
        #expect(try await isVoided("11", among: again) == false)
    }

    @Test("A customer's credit notes are read to the last page, with the texts that may name the invoice")
    func creditNotes() async throws {
        let metadata = #","metadata":{"totalCount":5,"maxPageSize":2}"#
        let texts =
            #","externalReference":"000224","customerRefNumber":"PO 9","invoiceText":"Credit of 000224","note":"n","#
            + #""lines":[{"description":"Work","note":"see 000224","amountInCurrency":100}]"#
        let pages = [
            [Self.note("1", more: metadata + texts), Self.note("2", customer: "10003", more: metadata)],
            [
                Self.note("1", more: metadata),
                Self.note("3", date: "2026-11-03T00:00:00", more: metadata),
            ],
            [Self.note("4", type: "Invoice", more: metadata)],
        ]
        let rig = try Rig(api: { _, index in answer(200, "[\(pages[index].joined(separator: ","))]") })
        let found = try await rig.client.creditNotes(of: VismaCustomerNumber("10002"), from: try day("2026-11-04"))
        #expect(found.map(\.number.rawValue) == ["1"])
        #expect(found.first?.texts == ["000224", "PO 9", "Credit of 000224", "n", "Work", "see 000224"])
        #expect(found.first?.total.minorUnits == 12_500)
        #expect(found.first?.balance.minorUnits == 2_500)
        #expect(found.first?.date.description == "2026-11-05")
        #expect(found.first?.version == RowVersion(modified: "2026-11-06T08:00:00", stamp: "AA="))
        #expect(
            rig.api.paths.first
                == "/v1/customerCreditNote?customer=10002&documentDate=2026-11-04&documentDateCondition=%3E%3D"
                + "&pageNumber=1&pageSize=500")
        #expect(rig.api.requests.count == 3)
        let all = try Rig()
        #expect(try await all.client.creditNotes(of: VismaCustomerNumber("10002"), from: nil) == [])
        #expect(all.api.paths == ["/v1/customerCreditNote?customer=10002&pageNumber=1&pageSize=500"])
    }

    @Test("A credit note of ours is found by its reference alone, not by a text that holds it")
    func creditNoteByReference() async throws {
        let rows = [
            Self.note("1", more: #","externalReference":"re_1""#),
            Self.note("2", more: #","customerRefNumber":"re_1""#),
            Self.note("3", more: #","externalReference":"re_12""#),
        ]
        let rig = try Rig(answering: answer(200, "[\(rows.joined(separator: ","))]"))
        let found = try await rig.client.creditNotes(
            reference: "re_1", of: VismaCustomerNumber("10002"), from: try day("2026-11-05"))
        #expect(found.map(\.number.rawValue) == ["1", "2"])
    }

    @Test("Cash transactions are looked for until a page brings nothing new, as their rows say no total")
    func cashByReference() async throws {
        let pages = [
            [Self.cash("1", reference: "txn_0"), Self.cash("2")], [Self.cash("2"), Self.cash("3", "-2.10")],
            [Self.cash("3", "-2.10")],
        ]
        let rig = try Rig(api: { _, index in answer(200, "[\(pages[index].joined(separator: ","))]") })
        let found = try await rig.client.cashEntries(reference: "txn_1", from: try day("2026-11-05"))
        #expect(found.map(\.number.rawValue) == ["2", "3"])
        #expect(found.map(\.total.minorUnits) == [210, -210])
        #expect(rig.api.requests.count == 3)
        #expect(rig.api.paths.last?.hasSuffix("&pageNumber=3&pageSize=500") == true)
    }

    @Test("A journal that is spread over pages is found once, by a word of its description")
    func journalByReference() async throws {
        let metadata = #","metadata":{"totalCount":6,"maxPageSize":2}"#
        func row(_ number: String, line: Int, module: String = "GL", text: String = "po_1 Stripe payout") -> String {
            Self.journal(number, module: module, text: text, line: line, more: metadata)
        }
        let pages = [
            [row("1", line: 1, text: "po_12 Stripe payout"), row("2", line: 1)],
            [row("2", line: 2), row("3", line: 1, module: "ModuleAR")], [row("4", line: 1, module: "ModuleGL")],
        ]
        let rig = try Rig(api: { _, index in answer(200, "[\(pages[index].joined(separator: ","))]") })
        let found = try await rig.client.journalEntries(reference: "po_1", from: try day("2026-11-05"))
        #expect(found.map(\.number.rawValue) == ["2", "4"])
        #expect(
            rig.api.paths.first
                == "/v2/journaltransaction?lastModifiedDateTime=2026-11-04T00%3A00%3A00"
                + "&lastModifiedDateTimeCondition=%3E%3D&module=GL&pageNumber=1&pageSize=500")
        #expect(rig.api.requests.count == 3)
    }

    @Test("A row that can not be read fails the look-up; one of another reference need not be readable")
    func unreadable() async throws {
        let other = #"{"referenceNbr":"1","documentRef":"txn_0","status":"Released"}"#
        let rig = try Rig(answering: answer(200, "[\(other)]"))
        #expect(try await rig.client.cashEntries(reference: "txn_1", from: try day("2026-11-05")) == [])
        for row in [#"{"referenceNbr":"1","documentRef":"txn_1","status":"Released"}"#, #"{"documentRef":"txn_1"}"#] {
            let error = await (try Rig(answering: answer(200, "[\(row)]"))).failure {
                _ = try await $0.cashEntries(reference: "txn_1", from: LocalDate(daysSince1970: 0))
            }
            #expect(error?.code == "visma.field_missing")
        }
        let half = await (try Rig(answering: answer(200, "[\(Self.cash("1").prefix(80))"))).failure {
            _ = try await $0.cashEntries(reference: "txn_1", from: LocalDate(daysSince1970: 0))
        }
        #expect(half?.code == "visma.answer_unreadable")
    }
}

@Suite("The company's own lists in Visma.net")
struct CompanyListTests {
    private func period(_ start: String, _ end: String, _ more: String = "") -> String {
        #"{"startDate":"\#(start)T00:00:00","endDate":"\#(end)T00:00:00","active":true\#(more)}"#
    }

    @Test(
        "The first day that takes postings, whether a period's end is its last day or the day after",
        arguments: [
            ("2026-11-21", "2027-01-01"), ("2026-10-31", "2026-10-31"), ("2026-11-01", "2027-01-01"),
            ("2026-09-10", "2026-10-01"), ("2027-01-30", "2027-01-30"), ("2027-02-01", nil),
        ] as [(String, String?)])
    func firstOpenDay(_ from: String, _ expected: String?) async throws {
        let closed = #","closedInCustomerLedger":true"#
        for ends in [
            ["2026-09-30", "2026-10-31", "2026-11-30", "2026-12-31", "2027-01-31"],
            ["2026-10-01", "2026-11-01", "2026-12-01", "2027-01-01", "2027-02-01"],
        ] {
            let rows = [
                period("2027-01-01", ends[4]), period("2026-12-01", ends[3], #","closedInCashManagement":true"#),
                // For adjustments.
                period("2026-12-31", "2026-12-31"), period("2026-09-01", ends[0], #","closedInGeneralLedger":true"#),
                period("2026-10-01", ends[1]), period("2026-11-01", ends[2], closed),
            ]
            let rig = try Rig(answering: answer(200, "[\(rows.joined(separator: ","))]"))
            let found = try await rig.client.firstOpenDay(onOrAfter: try #require(LocalDate(from)))
            #expect(found?.description == expected)
            #expect(
                rig.api.paths == ["/v1/financialPeriod?greaterThanValue=\(Int(from.prefix(4)).map { $0 - 2 } ?? 0)"])
        }
    }

    @Test("An inactive period takes no postings, and one without dates is refused")
    func inactive() async throws {
        let inactive = #"[{"startDate":"2026-11-01T00:00:00","endDate":"2026-12-01T00:00:00","active":false}]"#
        let day = try #require(LocalDate("2026-11-21"))
        #expect(try await Rig(answering: answer(200, inactive)).client.firstOpenDay(onOrAfter: day) == nil)
        let error = await (try Rig(answering: answer(200, #"[{"active":true}]"#))).failure {
            _ = try await $0.firstOpenDay(onOrAfter: day)
        }
        #expect(error?.code == "visma.field_missing")
    }

    @Test("Cash accounts come with their entry types, payment methods with whether they are in use")
    func pickLists() async throws {
        let accounts = #"""
            [{"number":"1912","description":"Stripe NOK","currency":"NOK","account":{"number":"1912","type":"Asset"},
              "entryTypes":[{"entryTypeId":"FEE","description":"Fee","disableReceipt":"Disbursement"},
               {"entryTypeId":"IN","disableReceipt":"Receipt"}]}]
            """#
        let account = try #require(try await Rig(answering: answer(200, accounts)).client.cashAccounts().first)
        #expect(account.number == "1912")
        #expect(account.name == "Stripe NOK")
        #expect(account.currency == .nok)
        #expect(account.ledgerAccount == "1912")
        #expect(account.entryTypes.map(\.id) == ["FEE", "IN"])
        #expect(account.entryTypes.map(\.isReceipt) == [false, true])
        let methods = #"[{"paymentMethodID":"5","active":true,"description":"Card"},{"paymentMethodID":"6"}]"#
        let rig = try Rig(answering: answer(200, methods))
        let found = try await rig.client.paymentMethods()
        #expect(found.map(\.name) == ["Card", "6"])
        #expect(found.map(\.isActive) == [true, false])
        #expect(rig.api.paths == ["/v1/paymentmethod"])
    }
}
